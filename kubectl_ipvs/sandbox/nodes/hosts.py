"""The machines: each node's name, address, kernel and faults; and the clock that everything waits on."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from kubectl_ipvs.sandbox.faults import Faults
from kubectl_ipvs.sandbox.nodes.defects import Virtual
from kubectl_ipvs.sandbox.nodes.kernel import Kernel, names_of
from kubectl_ipvs.sandbox.nodes.kubeproxy import ALWAYS_LOADED
from kubectl_ipvs.sandbox.nodes.network import Network
from kubectl_ipvs.sandbox.nodes.traffic import Counters
from kubectl_ipvs.sandbox.options import Options

Action = Callable[[], None]
Obj = dict[str, Any]
NEWER_NFT = (1, 37)
FOREIGN = Virtual("TCP", "192.168.50.10", 6443, (("172.18.0.2", 6443), ("172.18.0.3", 6443)))
STALE = Virtual("TCP", "10.96.250.1", 80, (("10.244.0.250", 8080), ("10.244.0.251", 8080)))


class Timers:
    """Calls later, in the event loop; before there is one they are kept for it."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[tuple[float, Action]] = []

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on calls are made in this loop."""
        self._loop = loop
        early, self._early = self._early, []
        for delay, action in early:
            loop.call_later(delay, action)

    def later(self, delay: float, action: Action) -> None:
        """Call `action` in `delay` seconds."""
        if self._loop is None:
            self._early.append((delay, action))
        else:
            self._loop.call_later(delay, action)


class Host:
    """One node's machine. `restarts` counts the kube-proxy pods that were replaced on it; `files` are by their paths.

    `from_start`: faults that the first pod of the node has too, where others show when it is replaced.
    """

    def __init__(self, node: Obj, options: Options, local: tuple[str, ...]) -> None:
        self.name = str(node["metadata"]["name"])
        self.local = local
        self.address = local[0]
        self.faults: Faults = {}
        self.from_start: set[str] = set()
        self.files: dict[str, str] = {}
        self.restarts = 0
        self._options = options
        release = str(((node.get("status") or {}).get("nodeInfo") or {}).get("kernelVersion") or options.kernel)
        self._modules = names_of(options.modules, release)
        loaded = {*ALWAYS_LOADED, *options.loaded, options.scheduler}
        self.kernel = Kernel(self.name, release, self._modules, loaded)
        self.network = Network(self.kernel, local)
        self.counters = Counters()

    @property
    def reachable(self) -> bool:
        """The kubelet can be reached, and reports."""
        return not self.faults.keys() & {"not-ready", "kubeedge"}

    @property
    def vs_sysctls(self) -> dict[str, int]:
        """Those of net.ipv4.vs that ipvs mode sets, and nobody sets back; none without IPVS in the kernel."""
        names = ("conntrack", "expire_nodest_conn", "expire_quiescent_template") if self.kernel.has_ipvs else ()
        return dict.fromkeys(names, int(self.network.used_ipvs))

    @property
    def nft_version(self) -> str:
        """The version of nft in kube-proxy's image: the official one has a later one from 1.37 on."""
        return "1.0.6.1" if self._options.release >= NEWER_NFT else "1.0.6"

    @property
    def keeps_pods(self) -> bool:
        """Its pods stay as they are, whatever becomes of the node."""
        return "kubeedge" in self.faults

    @property
    def wants_pod(self) -> bool:
        """No fault keeps DaemonSets off this node."""
        return not self.faults.keys() & {"no-pod", "windows"}

    @property
    def ahead(self) -> float:
        """Seconds its clock is ahead."""
        return float(self.faults.get("skew", 0))

    def stats_text(self) -> str:
        """Return what /proc/net/ip_vs_stats holds now."""
        return self.counters.text(self.kernel.tool_text(), time.monotonic())

    def add(self, kind: str, parameter: str) -> None:
        """Break something."""
        self.faults[kind] = parameter
        if kind == "zeroed":
            self.counters.zero()
        self._apply()

    def remove(self, kind: str) -> None:
        """Mend it."""
        self.faults.pop(kind, None)
        self.from_start.discard(kind)
        self._apply()

    def _apply(self) -> None:
        faults, kernel = self.faults, self.kernel
        kernel.has_ipvs = "no-ipvs" not in faults
        if not kernel.has_ipvs:
            kernel.scheduler = None
        kernel.foreign = ((FOREIGN, faults["foreign"]),) if "foreign" in faults else ()
        kernel.stale = (STALE,) if "stale-row" in faults else ()
        kernel.is_busy = "busy" in faults
        kernel.defects = faults
        kernel.modules = set(self._modules) - {faults.get("no-module", "")}
        kernel.loaded &= kernel.modules
