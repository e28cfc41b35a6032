"""A look at one node: its table is read and judged. Everybody who wants to know how a node is looks by this."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.tables.configz import Told, ask
from kubectl_ipvs.operations.tables.known_services import KnownServices
from kubectl_ipvs.operations.tables.reader import NO_TOOLS, Reader, Reading
from kubectl_ipvs.proxy.verdict import Age, NodeFacts, Verdict, judge, unfinished

AWAY = frozenset({"timeout", "unreachable", "gone"})  # what a second question would only wait for once more
NOT_READ = Reading(None, failure=NO_TOOLS, reason="its table was not asked for (--read=proxy)")
PAUSES = (0.05, 0.1, 0.2, 0.4)  # seconds between looks at a table that is being written


NOT_ASKED = Told()


class Look(NamedTuple):
    """What was seen of a node, and what that comes to."""

    node: ProxyNode
    reading: Reading
    verdict: Verdict
    told: Told = NOT_ASKED  # what kube-proxy itself said that it runs with, where it was asked

    @property
    def real_servers(self) -> int:
        """Real servers of kube-proxy's rows that were seen."""
        return self.reading.summary.own_real_servers if self.reading.summary is not None else 0


@dataclass(slots=True)
class Looker:
    """Looks at nodes; for any number of threads.

    `way` is the --read flag's: auto, exec, proxy or helper. kube-proxy itself is asked what it runs with where its
    image has no program to read the table with, and on every node where `asks` is true.
    """

    reader: Reader
    services: KnownServices
    way: str = "auto"
    asks: bool = False

    @property
    def timeout(self) -> float:
        """Seconds that one look may take."""
        return self.reader.timeout

    def look(self, node: ProxyNode, look_for: Sequence[str] = ()) -> Look:
        """Read one node's table through its pod, and judge it by its own configuration; `look_for`: see the reader."""
        source, deadline = node.source, time.monotonic() + self.timeout
        reading = Reading(None) if node.pod is None else self._settled(node.pod, source, look_for)
        told = NOT_ASKED if node.pod is None else self._told(node.pod, source, reading, deadline)
        if self.way == "proxy" and told.failure:
            reading = Reading(None, failure=told.failure, reason=told.reason)
        if reading.summary is not None and source.mode == "ipvs":
            reading = reading._replace(summary=self.services.sorted_out(reading.summary, source.scheduler))
        return Look(node, reading, judge(facts(node, reading, told, known=self.services.known)), told)

    def _told(self, pod: Pod, source: Source, reading: Reading, deadline: float) -> Told:
        """Ask kube-proxy itself, within what is left of the node's time."""
        unread = self.way in {"auto", "proxy"} and reading.failure == NO_TOOLS
        # A helper pod that was waited for has taken none of kube-proxy's time.
        left = self.timeout if self.reader.ways.helpers is not None else deadline - time.monotonic()
        if left <= 0 or not (unread or (self.asks and self.way != "exec" and reading.failure not in AWAY)):
            return NOT_ASKED
        return ask(self.reader.cluster, pod, source.metrics_port, left)

    def _settled(self, pod: Pod, source: Source, look_for: Sequence[str]) -> Reading:
        """Read a table; once more, and again, while kube-proxy is in the middle of writing it, for a moment."""
        if self.way == "proxy":
            return NOT_READ
        reading = self.reader.read(pod, source.excluded, look_for)
        for pause in PAUSES:
            if reading.summary is None or not unfinished(reading.summary, source.mode):
                break
            time.sleep(pause)
            reading = self.reader.read(pod, source.excluded, look_for)
        return reading


def facts(node: ProxyNode, reading: Reading, told: Told = NOT_ASKED, *, known: bool = False) -> NodeFacts:
    """Gather what the judgement needs; `known`: rows of no Service were sorted out."""
    pod, source = node.pod, node.source
    return NodeFacts(
        wanted=source.scheduler, mode=source.mode, has_pod=pod is not None,
        pod_ready=pod is not None and pod.ready and not pod.terminating,
        pod_reason="" if pod is None else describe_pod(pod),
        node_ready=node.ready, age="current" if pod is None else age(source, pod),
        summary=reading.summary, failure=reading.failure, reason=reading.reason, unread=source.problem,
        excluded=source.excluded, services_known=known, running=told.running, not_told=told.reason,
    )  # fmt: skip


def age(source: Source, pod: Pod) -> Age:
    """Say whether kube-proxy in this pod started after its configuration was last written."""
    return source.age(pod.began)


def describe_pod(pod: Pod) -> str:
    """Say in what way a pod is not ready."""
    what = "terminating" if pod.terminating else pod.waiting or pod.phase or "unknown"
    times = "once" if pod.restarts == 1 else f"{pod.restarts} times"
    return f"pod {pod.name} is not ready: {what}" + (f", restarted {times}" if pod.restarts else "")
