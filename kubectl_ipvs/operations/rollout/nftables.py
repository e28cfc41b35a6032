"""How a restarted node is verified in nftables mode: its mode in effect, its first sync, its tables.

The mode and the sync are what kube-proxy itself serves on the node (by port-forward), the tables what nft lists in its
container (by exec). Tables alone prove nothing: those of the kube-proxy before stay over a restart.
"""

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.rollout.proof import COMING, Finding
from kubectl_ipvs.proxy.served import (
    METRICS_PATH,
    MODE_PATH,
    SERVICES_MAP,
    has_synced,
    mode_in,
    services_in,
)

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.wire.port_forward import Answer

MODE = "nftables"
OK = 200
FAMILIES = ("ip", "ip6")
NOT_THERE = "no such file or directory"


class Part(NamedTuple):
    """One of the three answers: seen to be right; not right yet; not seen: the image lacks it, for good, for a moment.

    `words`: what was found, or what was not seen; `why` it was not.
    """

    kind: Literal["seen", "not-yet", "lacking", "unseen", "passing"]
    words: str = ""
    why: str = ""


class NftablesInEffect:
    """A node whose kube-proxy is in nftables mode, has synced, and whose tables have Services.

    What cannot be seen is named, and is no failure: then the pod alone counts for that. `timeout`: seconds that one
    question may take; `patience`: seconds that a node may take as a whole.
    """

    looks_at = "its mode, its first sync and its nft tables"

    def __init__(self, cluster: Cluster, timeout: float, patience: float) -> None:
        self._cluster, self._timeout = cluster, timeout
        self._coming = min(COMING, patience / 3)  # a node is looked at less often as time goes on
        self._first: dict[str, float] = {}  # when a pod was looked at first

    def look(self, target: Target, pod: Pod) -> Finding:
        """Ask for all three."""
        since = time.monotonic() - self._first.setdefault(pod.uid, time.monotonic())
        port = target.node.source.metrics_port
        parts = [*self._served(pod, port), self._tables(pod)]
        return together(parts, final=since >= self._coming)

    def _served(self, pod: Pod, port: int) -> tuple[Part, Part]:
        """Ask kube-proxy itself for its mode and its first sync."""
        try:
            mode, metrics = self._cluster.http_get(pod, port, (MODE_PATH, METRICS_PATH), timeout=self._timeout)
        except ExecFailed as error:
            return _unseen("its mode", error), _unseen("its first sync", error)
        return _mode(mode, port), _synced(metrics, port)

    def _tables(self, pod: Pod) -> Part:
        counts = []
        for family in FAMILIES:
            told: list[bytes] = []
            command = ("nft", "-j", "list", "map", family, "kube-proxy", SERVICES_MAP)
            try:
                ended = self._cluster.run(pod, command, timeout=self._timeout, sink=told.append)
            except ExecFailed as error:
                return _unseen("its nft tables", error)
            if ended.code is None and ended.missing:
                return Part("lacking", "its nft tables", "the image has no nft")
            if ended.code == 0:
                counts.append(services_in(b"".join(told).decode(errors="replace")))
            elif NOT_THERE not in ended.stderr.lower():
                return Part("unseen", "its nft tables", (ended.stderr or ended.problem)[:200])
        return counted(counts)


def counted(counts: Sequence[int | None]) -> Part:
    """Judge the tables by how many addresses of Services each of those that are there has."""
    if None in counts:
        return Part("unseen", "its nft tables", "what nft lists is not understood")
    found = sum(filter(None, counts))
    if not found:
        return Part("not-yet", "its nft tables have no Service")
    return Part("seen", f"nftables mode, {found} {'address' if found == 1 else 'addresses'} of Services in nft")


def together(parts: Sequence[Part], *, final: bool) -> Finding:
    """Put the answers together: what is not so yet, what was not seen, or that all was seen.

    A kube-proxy that has just started serves nothing for a moment: until `final` what may pass is not unseen yet.
    """
    coming = next((part for part in parts if part.kind == "not-yet"), None)
    if coming is not None:
        return Finding("not-yet", coming.words)
    unseen = [part for part in parts if part.kind != "seen"]
    if not unseen:
        return Finding("verified", parts[-1].words)
    whys = dict.fromkeys(part.why for part in unseen)
    said = "; ".join(f"{' and '.join(part.words for part in unseen if part.why == why)} ({why})" for why in whys)
    if not final and any(part.kind == "passing" for part in unseen):
        return Finding("not-yet", f"not seen: {said}")
    return Finding("unseen", f"not seen: {said}", short=any(part.kind != "lacking" for part in unseen))


def _mode(answer: "Answer", port: int) -> Part:
    if answer.status != OK:
        return Part("unseen", "its mode", f"port {port} answers HTTP {answer.status}")
    mode = mode_in(answer.body)
    return Part("seen") if mode == MODE else Part("not-yet", f"kube-proxy's mode is {mode or 'none'}")


def _synced(answer: "Answer", port: int) -> Part:
    done = has_synced(answer.body.decode(errors="replace")) if answer.status == OK else None
    if done is None:
        return Part("unseen", "its first sync", f"port {port} has no such metric")
    return Part("seen") if done else Part("not-yet", "kube-proxy has not synced its rules yet")


def _unseen(what: str, error: ExecFailed) -> Part:
    return Part("unseen" if error.kind == "forbidden" else "passing", what, str(error))
