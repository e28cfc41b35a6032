"""Reads one node's IPVS table by exec in its kube-proxy pod: `ipvsadm -Ln`, else `cat /proc/net/ip_vs`.

No official kube-proxy image has ipvsadm, all from 1.8 on have cat (facts 4): the second way is the usual one. An image
that was once seen to lack ipvsadm is not asked again. The text is summed as it arrives and never held.
"""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.cluster.wire.command_result import MAX_OUTPUT, Finished
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.ipvs.rates import RowRates, parse_rates
from kubectl_ipvs.ipvs.stats import Stats, StatsFirst
from kubectl_ipvs.ipvs.summary import Summarizer, Summary
from kubectl_ipvs.operations.tables.kept_text import KeptText
from kubectl_ipvs.operations.tables.ways import Ways

IPVSADM, PROC = ("ipvsadm", "-Ln"), ("cat", "/proc/net/ip_vs")
RATE = (*IPVSADM, "--rate")
STATS = "/proc/net/ip_vs_stats"  # may be among what is looked for: it is read, then, and parted from the table
DIALING = ("dialing backend", "unable to upgrade connection", "no route to host", "connection refused", "i/o timeout")
NO_TOOLS = "no-ipvsadm"
ABOUT_TABLE = re.compile(re.escape(PROC[1]) + r"(?!\w)")  # in what cat says
ERROR = 1  # cat's exit code where it could not read some of its files


class Reading(NamedTuple):
    """One node's answer: a summary, or the kind of failure (a state of its row) and why."""

    summary: Summary | None
    source: str = ""
    failure: str = ""
    reason: str = ""
    said: str = ""  # what was said of the paths that were to be looked for
    short: bool = False  # what the user gave to look with (a helper image) did not serve
    rows: Listing | None = None  # the whole table, where it was asked for
    at: float = 0.0  # when its first bytes came (monotonic seconds)
    stats: Stats | None = None  # the kernel's counters, where they were asked for and there
    rates: tuple[RowRates, ...] | None = None  # of each virtual server, where they were asked for and ipvsadm is there
    text: KeptText | None = None  # its text and that of files beside it, where these were asked for


@dataclass(slots=True)
class Reader:
    """Reads tables; shared by all threads (a lost update of `lacking` costs one request, nothing else).

    `whole`: the rows are kept beside their sums. `rates`: where ipvsadm is there, it is asked for rates, too. `files`:
    further files whose text is read by the same `cat`, and kept beside that of the table.
    """

    cluster: Cluster
    timeout: float = 10.0
    max_output: int = MAX_OUTPUT
    whole: bool = False
    rates: bool = False
    files: Sequence[str] = ()
    lacking: set[str] = field(default_factory=set)
    ways: Ways = field(default_factory=Ways)

    def read(self, pod: Pod, exclude: Sequence[str] = (), look_for: Sequence[str] = ()) -> Reading:
        """Read the table of the node that `pod` runs on; never raises for what one node does.

        `look_for`: paths that end with a slash, about which the same `cat` is asked (see proxy/checks/modules); STATS.
        """
        return self.ways.read(pod, lambda target: self._by_exec(target, exclude, (*look_for, *self.files)))

    def _by_exec(self, pod: Pod, exclude: Sequence[str], look_for: Sequence[str]) -> Reading:
        deadline = time.monotonic() + self.timeout
        try:
            if look_for:
                return self._read_both(pod, exclude, look_for, deadline)
            first = None if pod.image in self.lacking else self._ipvsadm(pod, exclude, deadline)
            if first is not None and first.failure == "":
                return first
            if first is not None and first.failure == NO_TOOLS:
                self.lacking.add(pod.image)
            return self._try(pod, PROC, exclude, deadline)
        except ExecFailed as error:
            return Reading(None, failure=_kind(error), reason=str(error))

    def _read_both(self, pod: Pod, exclude: Sequence[str], look_for: Sequence[str], deadline: float) -> Reading:
        """Read the table and look for files by one command; by ipvsadm, without the files, where there is no cat."""
        both = self._try(pod, (PROC[0], *look_for, PROC[1]), exclude, deadline)
        if both.failure != NO_TOOLS or pod.image in self.lacking:
            return both
        table = self._ipvsadm(pod, exclude, deadline)
        return both if table.failure == NO_TOOLS else table

    def _ipvsadm(self, pod: Pod, exclude: Sequence[str], deadline: float) -> Reading:
        """Read the table by ipvsadm, and the rates where they are wanted: without them the table still is one."""
        table = self._try(pod, IPVSADM, exclude, deadline)
        if not self.rates or table.failure:
            return table
        text: list[bytes] = []
        left = max(deadline - time.monotonic(), 0.001)
        with suppress(ExecFailed):
            ended = self.cluster.run(pod, RATE, timeout=left, sink=text.append, max_output=self.max_output)
            if ended.code == 0:
                return table._replace(rates=tuple(parse_rates(b"".join(text))))
        return table

    def _try(self, pod: Pod, command: Sequence[str], exclude: Sequence[str], deadline: float) -> Reading:
        rows = Listing() if self.whole else None
        taken = _Taken(Summarizer(exclude, rows), counters=STATS in command, texts=bool(self.files))
        left = max(deadline - time.monotonic(), 0.001)
        ended = self.cluster.run(pod, command, timeout=left, sink=taken.feed, max_output=self.max_output)
        source = "ipvsadm" if command is IPVSADM else "proc"
        stats = taken.end()
        if ended.code == 0 or _fails_elsewhere(ended, command):
            read = _summed(taken.summing.finish(), source, taken.size, rows)
            return read._replace(said=ended.stderr, at=taken.at, stats=stats, text=taken.text)
        return _failed(ended, command)._replace(said=ended.stderr if ended.code == ERROR else "")


class _Taken:
    """What came of a command so far: the table is summed, `counters` before it are parted from it.

    `size`: bytes of the table; `at`: when the first bytes came. `texts`: everything is kept as text, too, for `text`.
    """

    def __init__(self, summing: Summarizer, *, counters: bool, texts: bool = False) -> None:
        self.summing = summing
        self.size, self.at = 0, 0.0
        self._first = StatsFirst() if counters else None
        self.text = KeptText(self._table) if texts else None

    def feed(self, chunk: bytes) -> None:
        self.at = self.at or time.monotonic()
        if self.text is not None:
            self.text.feed(chunk)
        else:
            self._table(chunk if self._first is None else self._first.feed(chunk))

    def end(self) -> Stats | None:
        if self.text is not None:
            self.text.finish()
        stats, rest = (None, b"") if self._first is None else self._first.finish()
        self._table(rest)
        return stats

    def _table(self, text: bytes) -> None:
        self.size += len(text)
        self.summing.feed(text)


def _summed(summary: Summary, source: str, size: int, rows: Listing | None) -> Reading:
    if size == 0:
        return Reading(None, source, "unreadable", "the table came back empty, without its header")
    if not summary.virtual_servers and not summary.foreign and summary.unparsed_lines:
        first = summary.unparsed[0][:80]
        return Reading(None, source, "unreadable", f"no line of the answer is an IPVS table's: {first}")
    return Reading(summary, source, rows=rows)


def _fails_elsewhere(ended: Finished, command: Sequence[str]) -> bool:
    """Tell whether what went wrong is about the paths that were looked for: then the table itself was read."""
    said = ended.stderr
    return ended.code == ERROR and not ABOUT_TABLE.search(said) and any(path in said for path in command[1:-1])


def _failed(ended: Finished, command: Sequence[str]) -> Reading:
    lines = [line for line in ended.stderr.splitlines() if not any(path in line for path in command[1:-1])]
    said = "\n".join(lines) or ended.problem or f"{command[0]} ended with code {ended.code}"
    if command[-1] == PROC[1] and ended.code is not None and "no such file" in said.lower():
        return Reading(None, failure="not-ipvs", reason="the kernel has no IPVS table (ip_vs is not loaded)")
    if ended.missing:
        return Reading(None, failure=NO_TOOLS, reason="the image has neither ipvsadm nor cat")
    if ended.code is None and any(words in said for words in DIALING):
        return Reading(None, failure="unreachable", reason=_clause(said))
    return Reading(None, failure="unreadable", reason=_clause(said))


def _clause(words: str) -> str:
    """Return a runtime's words without what it says twice."""
    again = "Internal error occurred: "
    return words.replace(again * 2, again)


def _kind(error: ExecFailed) -> str:
    if error.kind == "gone" and any(words in str(error) for words in DIALING):
        return "unreachable"
    return error.kind
