"""One look at one node: its table beside the expected one. Made in the thread that reads, so that no table is kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic, time
from typing import NamedTuple

from kubectl_ipvs.ipvs.plain import read_rows
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.verify.inputs import node_of, settings_of, version_of
from kubectl_ipvs.proxy.release import version_of_image
from kubectl_ipvs.services.compare import compare
from kubectl_ipvs.services.expected import Expectations, ExpectedTable
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.named_table import EVERYTHING, Narrow
from kubectl_ipvs.services.names import with_port

IPVS = "ipvs"  # the mode whose tables are judged


class NodeLook(NamedTuple):
    """What a look at a node found.

    `state`: that of `status` where its table was not judged, "" where it was; `reason` says why, or what is odd.
    `rows`: virtual servers that were expected and asked for. `expected`: the table that it was compared with, without
    its rows. `at`: seconds since the epoch; `clock`: those of a clock that never jumps. `has_no_ipvs`: the mode is
    ipvs, and the kernel has no such table.
    """

    node: str
    state: str
    reason: str
    version: str
    source: str = ""
    rows: int = 0
    findings: tuple[Finding, ...] = ()
    expected: ExpectedTable | None = None
    at: float = 0.0
    clock: float = 0.0
    has_no_ipvs: bool = False

    @property
    def judged(self) -> bool:
        """Its table was compared."""
        return not self.state


@dataclass(slots=True)
class Verifier:
    """Looks at nodes by one list of Services; for any number of threads. `narrow`: what is asked for."""

    looker: Looker
    expectations: Expectations
    narrow: Narrow = EVERYTHING

    def look(self, node: ProxyNode) -> NodeLook:
        """Read a node's table and compare it; never raises for what one node does."""
        seen = self.looker.look(node)
        version = version_of_image(node.pod.image) if node.pod is not None else ""
        found = NodeLook(node.name, "", "", version, seen.reading.source, at=time(), clock=monotonic())
        judge = self._judges.get(node.source.mode or IPVS)
        if judge is None:
            state = seen.verdict.state if seen.verdict.state == "restart-needed" else "not-ipvs"
            reason = seen.verdict.reason or f"kube-proxy's mode is {node.source.mode}"
            return found._replace(state=state, reason=reason)
        return judge(found, seen)

    @property
    def _judges(self) -> Mapping[str, Callable[[NodeLook, Look], NodeLook]]:
        """How a node is judged, by its mode."""
        return {IPVS: self._by_table}

    def _by_table(self, found: NodeLook, seen: Look) -> NodeLook:
        state, reason = _unjudged(seen)
        if state:
            has_no_ipvs = seen.reading.failure == "not-ipvs" and seen.node.source.mode == IPVS
            return found._replace(state=state, reason=reason, has_no_ipvs=has_no_ipvs)
        text, source, read = seen.reading.text, seen.node.source, seen.node.source.configuration
        if text is None or read is None:
            return found._replace(state="unknown", reason=seen.verdict.reason)
        rows = read_rows(text.listing)
        if rows.unparsed:
            first = f"{len(rows.unparsed)} lines of the table not understood, first: {rows.unparsed[0][:200]}"
            return found._replace(state="unreadable", reason=first)
        node = node_of(seen.node, text, seen.reading.said)
        candidates = self.expectations.of(node, version_of(seen.node), settings_of(source, read))
        findings = tuple(filter(self._is_asked_for, compare(rows, candidates)))
        expected = candidates[0]
        odd = seen.verdict.state == "restart-needed" or not rows.plain
        return found._replace(
            reason=seen.verdict.reason if odd else seen.verdict.remark,
            rows=self._count(expected), findings=findings,
            expected=expected._replace(rows={}, node_ports={}, owners={}) if findings else None,
        )  # fmt: skip

    def _is_asked_for(self, finding: Finding) -> bool:
        services = () if finding.service is None else (finding.service[:2],)
        return self.narrow.concerns(services, (with_port(finding.address, finding.port), finding.real_server))

    def _count(self, expected: ExpectedTable) -> int:
        if self.narrow == EVERYTHING:
            return len(expected.rows)
        return sum(
            self.narrow.concerns((row.origin[:2], *(each[:2] for each in row.rivals)), (key[1], *row.members.pods))
            for key, row in expected.rows.items()
        )


def _unjudged(seen: Look) -> tuple[str, str]:
    """Return state and reason of a node whose table is not judged, "" for one whose table is."""
    verdict, reading, node = seen.verdict, seen.reading, seen.node
    if reading.summary is None:
        return (verdict.state if verdict.kernel_seen else reading.failure or verdict.state), verdict.reason
    if verdict.state in {"no-pod", "not-ready", "unknown"}:
        return verdict.state, verdict.reason
    if node.node is None:
        return "unknown", "its Node object cannot be read: its zone and its addresses are not known"
    return "", ""
