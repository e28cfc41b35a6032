"""How kube-proxy brings a node's kernel in line with what it has read: its probe, its edits, what it makes.

Source: kube-proxy 1.36 and 1.37 on real nodes: for an instant the probe is there, and each virtual server is without a
scheduler while it is edited; pods are Ready long before.
"""

from collections.abc import Callable

from kubectl_ipvs.sandbox.nodes.hosts import Timers
from kubectl_ipvs.sandbox.nodes.manifests import now
from kubectl_ipvs.sandbox.nodes.processes import Process
from kubectl_ipvs.sandbox.options import Options

PROBES_SINCE = (1, 27)  # the first release that has the kernel load a scheduler's module, and sets mh-port


class Syncs:
    """The syncs of all kube-proxys; `release` and `alive` are asked of each process."""

    def __init__(
        self,
        options: Options,
        timers: Timers,
        release: Callable[[Process], tuple[int, int]],
        alive: Callable[[Process], bool],
    ) -> None:
        self._options = options
        self._timers = timers
        self._release = release
        self._alive = alive

    def probe(self, process: Process) -> None:
        """Let kube-proxy try a scheduler that no virtual server has yet; the kernel loads its module."""
        kernel, result = process.host.kernel, process.result
        if self._release(process) < PROBES_SINCE or result.mode != "ipvs" or kernel.scheduler == result.scheduler:
            return
        kernel.loaded.add(result.scheduler)
        kernel.probe = result.scheduler
        self._timers.later(self._options.edit, lambda: setattr(kernel, "probe", None))

    def sync(self, process: Process, *, first: bool = False) -> None:
        """kube-proxy brings the kernel's table in line with what it has read."""
        host, result = process.host, process.result
        if process.ending or not process.container.running or not self._alive(process):
            return
        kernel, follows = host.kernel, result.mode == "ipvs" and ("stale" not in host.faults or first)
        if follows and kernel.scheduler not in (None, result.scheduler) and result.scheduler in kernel.modules:
            kernel.next = result.scheduler
            self._timers.later(self._options.edit, lambda: self._synced(process, follows=follows, first=first))
        else:
            self._synced(process, follows=follows, first=first)

    def _synced(self, process: Process, *, follows: bool, first: bool) -> None:
        """End the first sync; `follows`: the table takes what the configuration says."""
        host, result, network = process.host, process.result, process.host.network
        kernel = host.kernel
        process.synced = now(host.ahead)
        if result.mode == "nftables":
            network.serve_nftables(result.document, host.name, self._release(process))
        if process.is_proxy and "fallback" in host.faults:
            kernel.scheduler = None
        if not follows:
            return
        kernel.bare = "no-real-servers" in host.faults and not first
        if not kernel.bind(result.scheduler, mh_port=self._release(process) >= PROBES_SINCE):
            process.log.append('E "Failed to add IPVS service" err="no such file or directory"')
        network.use_ipvs()
        if result.strict_arp:  # never put back to 0, whatever the configuration says later
            kernel.strict_arp = True
