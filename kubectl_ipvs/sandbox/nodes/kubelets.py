"""The kubelets of all nodes: start kube-proxy's container, restart it when it crashes, end deleted pods.

One object for all of them, driven by changes of pods and by timers; it costs nothing while nothing happens.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kubectl_ipvs.sandbox.apiserver.resources import PODS
from kubectl_ipvs.sandbox.apiserver.store import Event, Store
from kubectl_ipvs.sandbox.nodes.hosts import Host, Timers
from kubectl_ipvs.sandbox.nodes.images import programs_of, programs_of_other
from kubectl_ipvs.sandbox.nodes.kubeproxy import Start, start
from kubectl_ipvs.sandbox.nodes.manifests import stamp
from kubectl_ipvs.sandbox.nodes.pods import Container, Static
from kubectl_ipvs.sandbox.nodes.processes import Process
from kubectl_ipvs.sandbox.nodes.reported import with_status
from kubectl_ipvs.sandbox.nodes.syncs import Syncs
from kubectl_ipvs.sandbox.nodes.wishes import Wishes
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
MOST_BACKOFF = 32  # a crash loop's pause doubles up to this many times the first


class Kubelets:
    """What happens to pods on their nodes."""

    def __init__(self, options: Options, store: Store, timers: Timers) -> None:
        self._options = options
        self._store = store
        self._timers = timers
        self.wishes = Wishes(store)
        self._processes: dict[str, Process] = {}  # by the pod's UID
        self._syncs = Syncs(options, timers, self.release, self._alive)
        self.tools: Mapping[str, Sequence[str]] = {}  # programs by container, where a world gives them
        self.recreate: Callable[[Process, Static], None] = lambda *_: None  # a static pod's mirror is gone
        store.listen(PODS, self._changed)

    def process(self, uid: str) -> Process | None:
        """Return the pod's process, None while it is not bound to a node."""
        return self._processes.get(uid)

    def release(self, process: Process) -> tuple[int, int]:
        """Return the release of a pod's kube-proxy."""
        return self._options.forced or process.release or self._options.release

    def programs(self, process: Process, container: str) -> tuple[str, ...]:
        """Return the programs in a container's image: as they are given, or the image's own, none in another's."""
        faults = process.host.faults
        if process.bare:
            return programs_of_other(process.image)
        is_main = container == process.main and process.is_proxy
        image = "eks" if "no-tools" in faults else self._options.image
        known = programs_of(image, self.release(process)) if is_main else ()
        given = known if "no-tools" in faults else self.tools.get(container, known)
        return tuple(each for each in given if each != "ipvsadm" or "no-ipvsadm" not in faults)

    def adopt(self, pod: Obj, host: Host, static: Static | None = None) -> None:
        """Take a bound pod whose containers have been running for long; its table is in order."""
        process = self._make(pod, host, static)
        if "pending" in host.faults:
            self._wait(process)
            return
        process.result = self._start(process, pod)
        if not process.result.runs or "crash-loop" in host.from_start:
            self._crash(process)
            return
        process.run(ready="never-ready" not in host.from_start)
        self._syncs.sync(process, first=True)
        self.report(process)

    def on(self, host: Host) -> list[Process]:
        """Return the processes of a node's pods."""
        return [process for process in self._processes.values() if process.host is host]

    def run(self, pod: Obj, host: Host, pull: float = 0) -> Process:
        """Take a pod that was just bound: its container starts in a moment, `pull` seconds later than usual."""
        process = self._make(pod, host, None)
        if host.reachable:
            self._first(process, pull)
        return process

    def _first(self, process: Process, pull: float) -> None:
        host = process.host
        if "pending" in host.faults:
            self._wait(process)
            return
        self.report(process)
        delay = pull + float(host.faults.get("slow-start", self._options.start))
        self._timers.later(delay, lambda: self._begin(process))

    def move(self, pod: Obj, process: Process) -> None:
        """Give a new object (a static pod's new mirror) to a process that has never stopped."""
        self._processes[pod["metadata"]["uid"]] = process
        self.report(process)

    def reconnect(self, host: Host) -> None:
        """Take note that the node was lost or is back: its pods' conditions follow, and what waited goes on."""
        for uid, process in list(self._processes.items()):
            if process.host is host:
                self.report(process)
                if process.ending and host.reachable:
                    self._end(uid)
                elif host.reachable and not process.container.running:
                    self._begin(process)

    def _make(self, pod: Obj, host: Host, static: Static | None) -> Process:
        process = self._processes[pod["metadata"]["uid"]] = Process(host, pod, static)
        return process

    def _wait(self, process: Process) -> None:
        """Leave a pod Pending for ever; without a reason not even its containers are told of."""
        reason = process.host.faults["pending"]
        if reason:
            process.container = process.beside = Container(reason=reason)
            self.report(process)

    def _alive(self, process: Process) -> bool:
        return process.static is not None or self._current(process) is not None

    def _current(self, process: Process) -> Obj | None:
        entry = self._store.get(PODS, process.namespace, process.name)
        if entry is None or self._processes.get(entry.obj["metadata"]["uid"]) is not process:
            return None
        return entry.obj

    def report(self, process: Process) -> None:
        """Put the pod's status as it is now."""
        pod, host = self._current(process), process.host
        if pod is not None:
            node_ready = host.reachable or host.keeps_pods
            containers = process.containers(pod)
            status = with_status(pod, host.address, containers, node_ready=node_ready, ahead=host.ahead)
            status["status"] |= process.failed
            self._store.put(PODS, status)

    def _start(self, process: Process, pod: Obj) -> Start:
        """Return what kube-proxy makes of its configuration now."""
        process.previous, process.log = process.log, []
        if not process.is_proxy:
            return Start(runs=True, mode="none")
        host = process.host
        result = start(self.wishes.wish(pod, host) or "", self.release(process), host.kernel)
        if "fallback" in host.faults:
            log = (*result.log, 'I "Using iptables Proxier"')
            result = Start(runs=True, mode="iptables", log=log, document=result.document)
        process.log += [f'I "Version info" version="{self._options.version}"', *result.log]
        return result

    def _clean(self, process: Process) -> None:
        """Let kube-proxy remove what another mode has left, before it serves."""
        programs = self.programs(process, process.main)
        modprobe = process.sees_modules and "modprobe" in programs
        network, release = process.host.network, self.release(process)
        network.clean(process.result.mode, release, modprobe=modprobe, nft="nft" in programs)

    def _begin(self, process: Process) -> None:
        """Start the container, if its pod is still wanted."""
        pod, host = self._current(process), process.host
        if pod is None or process.ending or process.container.running or not host.reachable or "pending" in host.faults:
            return
        if process.failed or process.container.reason == "ErrImagePull":
            return
        if process.is_proxy and self.wishes.wish(pod, host) is None:
            self._timers.later(self._options.backoff, lambda: self._begin(process))
            return
        faults = host.faults if process.is_proxy else {}
        process.result = self._start(process, pod)
        if process.is_proxy:
            self._clean(process)
        if "crash-loop" in faults:
            process.log.append('E "command failed" err="simulated crash"')
        if "crash-loop" in faults or not process.result.runs:
            self._crash(process)
            return
        process.run(ready="never-ready" not in faults)
        self.report(process)
        self._syncs.probe(process)
        if "never-ready" not in faults:
            restarts = process.container.restarts
            self._timers.later(self._options.sync, lambda: self._syncs.sync(process))
            if "crash-later" in faults:
                delay = float(faults["crash-later"])
                self._timers.later(delay, lambda: self._crash_later(process, restarts))

    def _crash_later(self, process: Process, restarts: int) -> None:
        if "crash-later" in process.host.faults and process.container.restarts == restarts:
            self._crash(process)

    def _crash(self, process: Process) -> None:
        if self._current(process) is None or process.ending:
            return
        process.crash()
        self.report(process)
        pause = self._options.backoff * min(2**process.container.restarts, MOST_BACKOFF)
        self._timers.later(pause, lambda: self._restart(process))

    def _restart(self, process: Process) -> None:
        container = process.container
        process.container = Container(
            reason=container.reason,
            message=container.message,
            restarts=container.restarts + 1,
            last=container.last,
        )
        self._begin(process)

    def _changed(self, event: Event) -> None:
        """Follow a change of a pod: end it when it is deleted, forget it when it is gone."""
        meta = event.entry.obj["metadata"]
        process = self._processes.get(meta["uid"])
        if process is None:
            return
        if event.type == "DELETED":
            del self._processes[meta["uid"]]
            if process.static is not None:
                self.recreate(process, process.static)
        elif "deletionTimestamp" in meta and not process.ending:
            process.ending = process.static is None
            self._end(meta["uid"])

    def _end(self, uid: str) -> None:
        self._timers.later(self._options.terminate, lambda: self._finish(uid))

    def _finish(self, uid: str) -> None:
        process = self._processes.get(uid)
        if process is not None and process.host.reachable and "stuck" not in process.host.faults:
            self._store.remove(PODS, process.namespace, process.name)


def marked(pod: Obj, seconds: int) -> Obj:
    """Return the pod with the marks of a graceful deletion."""
    marks = {"deletionTimestamp": stamp(), "deletionGracePeriodSeconds": seconds}
    return {**pod, "metadata": {**pod["metadata"], **marks}}
