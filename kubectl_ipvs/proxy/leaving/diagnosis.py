"""How far a cluster is on its way out of IPVS mode: every rule's findings, each node, the verdict, the way."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kubectl_ipvs.proxy.leaving.facts import Facts, NodeFact
from kubectl_ipvs.proxy.leaving.findings import LEVELS, Leaving
from kubectl_ipvs.proxy.leaving.rules import nodes, surroundings, tables, traffic, values
from kubectl_ipvs.proxy.leaving.schedule import Date, ahead
from kubectl_ipvs.proxy.leaving.ways import Way, way
from kubectl_ipvs.proxy.release import parse_kernel, parse_version

Verdict = Literal["ready", "ready-but", "not-yet"]
RULES = (*nodes.RULES, *traffic.RULES, *values.RULES, *tables.RULES, *surroundings.RULES)


class Unknown(NamedTuple):
    """A question that had no answer, and why."""

    question: str
    reason: str


class NodeDiagnosis(NamedTuple):
    """One node: whether it can run nftables mode, None where that is not known; the codes that are about it."""

    node: NodeFact
    ready: bool | None
    findings: tuple[str, ...]


class Diagnosis(NamedTuple):
    """What doctor has to say. `mode` and `scheduler`: of all nodes alike, "" where they differ or are not known."""

    version: str
    mode: str
    scheduler: str
    schedule: tuple[Date, ...]
    nodes: tuple[NodeDiagnosis, ...]
    findings: tuple[Leaving, ...]
    unknown: tuple[Unknown, ...]
    verdict: Verdict
    way: Way

    @property
    def left(self) -> bool:
        """Nodes are known, and none of them is in IPVS mode."""
        return bool(self.nodes) and all(each.node.mode not in {"ipvs", ""} for each in self.nodes)

    def of(self, *levels: str) -> tuple[Leaving, ...]:
        """Return the findings of some levels."""
        return tuple(each for each in self.findings if each.level in levels)

    @property
    def against(self) -> tuple[Leaving, ...]:
        """What speaks against leaving now."""
        return self.of("blocks", "error")

    @property
    def things(self) -> int:
        """How many things stand between ready and `ready but`."""
        return len(self.of("warning")) + len(self.unknown)


def diagnose(facts: Facts, unknown: Sequence[Unknown] = ()) -> Diagnosis:
    """Run every rule; the gravest findings first, each level in the order of the codes."""
    found = [finding for rule in RULES for finding in rule(facts)]
    found.sort(key=lambda each: (LEVELS.index(each.level), each.code))
    judged = tuple(_judged(node, found) for node in facts.nodes)
    read = [entry.settings for entry in facts.configurations if entry.settings is not None]
    versions = [node.version for node in facts.nodes if parse_version(node.version)]
    oldest = min(versions, key=lambda each: parse_version(each) or (0, 0), default=facts.version)
    return Diagnosis(
        version=facts.version,
        mode=_same([node.mode for node in facts.nodes] or [each.mode for each in read]),
        scheduler=_same([each.scheduler for each in read]),
        schedule=ahead(oldest),
        nodes=judged,
        findings=tuple(found),
        unknown=tuple(unknown),
        verdict=_verdict(judged, found, unknown),
        way=way(facts),
    )


def _judged(node: NodeFact, found: Sequence[Leaving]) -> NodeDiagnosis:
    about = [each for each in found if node.name in each.nodes]
    codes = tuple(dict.fromkeys(each.code for each in about))
    if any(each.level in {"blocks", "error"} for each in about):
        return NodeDiagnosis(node, ready=False, findings=codes)
    known = (
        parse_version(node.version) and parse_kernel(node.kernel) and node.foreign is not None and node.nft is not None
    )
    unclear = node.mode == "" or (node.mode == "ipvs" and not known)
    return NodeDiagnosis(node, ready=None if unclear else True, findings=codes)


def _verdict(judged: Sequence[NodeDiagnosis], found: Sequence[Leaving], unknown: Sequence[Unknown]) -> Verdict:
    """Nothing is ready of which nothing is known."""
    levels = {each.level for each in found}
    if levels & {"blocks", "error"} or not any(each.ready for each in judged):
        return "not-yet"
    doubtful = "warning" in levels or unknown or any(each.ready is None for each in judged)
    return "ready-but" if doubtful else "ready"


def _same(values: Sequence[str]) -> str:
    return values[0] if values and len(set(values)) == 1 else ""
