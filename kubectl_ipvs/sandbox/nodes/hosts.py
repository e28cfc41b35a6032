"""The machines: each node's name, address, kernel and faults; and the clock that everything waits on."""

import asyncio
from collections.abc import Callable
from ipaddress import ip_address

from kubectl_ipvs.sandbox.faults import Faults, parse
from kubectl_ipvs.sandbox.nodes.kernel import Kernel, Virtual, names_of
from kubectl_ipvs.sandbox.nodes.kubeproxy import ALWAYS_LOADED
from kubectl_ipvs.sandbox.nodes.services import Service, node_ports
from kubectl_ipvs.sandbox.options import Options

Action = Callable[[], None]
_FIRST = ip_address("172.18.0.2")
FOREIGN = Virtual("TCP", "192.168.50.10", 6443, (("172.18.0.2", 6443), ("172.18.0.3", 6443)))


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
    """One node's machine. `restarts` counts the pods that were replaced on it."""

    def __init__(self, index: int, options: Options, services: tuple[Service, ...]) -> None:
        self.name = f"node{index}"
        self.address = str(_FIRST + index - 1)
        self.faults: Faults = {}
        self.restarts = 0
        self.had_pod = False
        self._options = options
        self._local = (self.address, f"10.244.{index % 256}.1")
        loaded = {*ALWAYS_LOADED, *options.loaded, options.scheduler}
        self.kernel = Kernel(self.name, options.kernel, names_of(options.modules, options.kernel), loaded)
        self.kernel.own = node_ports(services, self._local)
        for kind, parameter in parse(options.faults.get(self.name, ())).items():
            self.add(kind, parameter)

    @property
    def reachable(self) -> bool:
        """The kubelet can be reached, and reports."""
        return "not-ready" not in self.faults

    @property
    def wants_pod(self) -> bool:
        """The DaemonSet has a pod for this node."""
        return not self.faults.keys() & {"no-pod", "windows"}

    def add(self, kind: str, parameter: str) -> None:
        """Break something."""
        self.faults[kind] = parameter
        self._apply()

    def remove(self, kind: str) -> None:
        """Mend it."""
        self.faults.pop(kind, None)
        self._apply()

    def _apply(self) -> None:
        faults, kernel = self.faults, self.kernel
        kernel.has_ipvs = "no-ipvs" not in faults
        if not kernel.has_ipvs:
            kernel.scheduler = None
        kernel.foreign = ((FOREIGN, faults["foreign"]),) if "foreign" in faults else ()
        kernel.modules = set(names_of(self._options.modules, self._options.kernel)) - {faults.get("no-module", "")}
        kernel.loaded &= kernel.modules
