"""Two hundred nodes on 24 lines: what is the matter is in view, all the time and at the end (B16, D6, D13, D17)."""

import re
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import MakeSandbox
from tests.review.given import ended, environment, press_ctrl_c, started, until
from tests.review.terminal import CODES, Terminal

LINES, COLUMNS = 24, 100
SUM = re.compile(r"(\d+)/(\d+) nodes done, (\d+) in progress(?:, (\d+) failed)?(?:, (\d+) abandoned)?, (\d+) pending")
QUICKLY = ("--settle", "0.5s", "--timeout", "20s", "-y")


def frames(seen: str) -> list[list[str]]:
    """Take the live part of a run apart: the lines that were drawn together, for each time."""
    drawn = re.split(r"(?:\r?\x1b\[2K|\x1b\[1A)+", seen)
    return [CODES.sub("", part).split("\n") for part in drawn if SUM.search(part)]


@pytest.mark.timeout(180)
def test_a_failure_stays_in_view(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D6: the failed node is named at once with its reason; the sum is complete; the end lists what is not well."""
    box = sandbox(nodes=200, faults={"node77": "crash-loop", "node150": "hang"})

    with Terminal(
        ("--exec-timeout", "2s", "set", "--scheduler", "lc", "--max-unavailable", "40", *QUICKLY),
        environment(box, tmp_path),
        size=(LINES, COLUMNS),
    ) as it:
        it.until("node77: failed: pod kube-proxy-", 120)
        running = it.process.poll() is None
        code = it.end(120)

    sums = [match.groups(default="0") for match in SUM.finditer(it.text)]
    assert (code, running) == (1, True), it.text[-2000:]
    assert {total for _, total, *_ in sums[:5]} == {"199"}
    assert {total for _, total, *_ in sums[-3:]} != {"199"}, "a rollback counts the nodes that are rolled back"
    assert {int(total) - sum(map(int, (done, *others))) for done, total, *others in sums} == {0}
    assert any(int(failed) for _, _, _, failed, *_ in sums)
    assert max(map(len, frames(it.seen))) < LINES
    cut = [part for part in re.split(r"(?:\r?\x1b\[2K|\x1b\[1A)+", it.seen) if re.match(r"node\d+ +\d+s ", part)]
    assert [part for part in cut if not SUM.search(part)] == [], "the sum is never pushed off the screen"
    assert "rolling back: node77 failed" in it.text
    last = it.text.splitlines()[-LINES:]
    assert [line for line in last if line.startswith("node/node77 not rolled back: ")]
    assert [line for line in last if line.startswith("node/node150 skipped")]
    assert [line for line in last if line.startswith("error: the change failed on node77 (pod kube-proxy-")]
    assert not [
        line for line in it.text.splitlines() if re.match(r"node/node\d+ (\w+ )?(restarted|rolled back)$", line)
    ]
    assert [line for line in last if re.match(r"200 nodes: ", line)]


@pytest.mark.timeout(120)
def test_a_restart_that_failed_names_the_node(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D6: the last screen of a restart names the node that failed and why, and counts the others."""
    box = sandbox(nodes=60, faults={"node7": "crash-loop"})

    with Terminal(
        ("restart", "--max-unavailable", "20", *QUICKLY), environment(box, tmp_path), size=(LINES, COLUMNS)
    ) as it:
        code = it.end(90)

    last = it.text.splitlines()[-LINES:]
    assert (code, len([line for line in last if line.startswith("node/")])) == (3, 1), it.text[-3000:]
    assert [line for line in last if line.startswith("node/node7 failed: pod kube-proxy-")]
    assert [line for line in last if re.match(r"60 nodes: \d+ restarted, 1 failed", line)]


@pytest.mark.timeout(180)
def test_the_longest_stands_first(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D6: whoever waits longest stands first, whatever moved last; nodes that are done are no rows."""
    box = sandbox(nodes=100, faults={"node13": "slow-start=12"})

    with Terminal(
        ("restart", "--canary", "none", "--max-unavailable", "20", *QUICKLY),
        environment(box, tmp_path),
        size=(LINES, COLUMNS),
    ) as it:
        code = it.end(120)

    late = [lines for lines in frames(it.seen) if (match := SUM.search(lines[-1])) and 60 <= int(match[1]) < 99]
    assert (code, len(late) > 0) == (0, True)
    assert [lines for lines in late if not lines[0].startswith("node13 ")] == []
    assert not [lines for lines in late if any("verified:" in line for line in lines[:-1])]


@pytest.mark.timeout(120)
def test_watch_shows_what_fits(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D13: time and sum first, then the nodes that are not in sync, then as many others as fit; the rest is counted."""
    box = sandbox(nodes=200)
    box.set_scheduler("node150", "wlc")
    box.set_scheduler("node7", "wlc")

    with Terminal(("status", "--watch", "--interval", "1s"), environment(box, tmp_path), size=(LINES, COLUMNS)) as it:
        it.until(r"(?s)\x1b\[H.*\x1b\[H.*more in sync", 60)
        it.interrupt()
        code = it.end()

    tables = re.findall(r"(?s)\x1b\[H(.*?)\x1b\[J", it.seen)  # each is written over the one before, in one write
    looks = [CODES.sub("", part).rstrip("\n").split("\n") for part in tables]
    whole = [lines for lines in looks if any("more in sync" in line for line in lines)]
    assert (code, len(whole) > 0) == (130, True)
    for lines in whole:
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= COLUMNS
        assert re.match(r"\d\d:\d\d:\d\d  198 of 200 nodes in sync", lines[0])
        assert {line.split()[0] for line in lines[2:4]} == {"node7", "node150"}


@pytest.mark.timeout(90)
def test_watch_survives_a_blip(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """B16: an API server that says 403 or 500 once, or is away, ends no watch: it is said, and looked again."""
    box = sandbox(nodes=2)

    with started(box, tmp_path, "status", "--watch", "--interval", "0.3s") as process:
        until(lambda: _lists(box) >= 3)
        box.api_fault("list", "pods", 403, times=1)
        box.api_fault("list", "nodes", 500, times=4)
        count = _lists(box)
        until(lambda: _lists(box) >= count + 8, 30)
        alive = process.poll() is None
        press_ctrl_c(process)
        run = ended(process)

    assert (alive, run.code, "not seen" in run.err, "Traceback" in run.err) == (True, 130, True, False), run.err
    assert run.out.rstrip().endswith("2 of 2 nodes in sync on rr")


def _lists(box: Sandbox) -> int:
    return sum(seen.path.endswith("/pods") for seen in box.requests)


@pytest.mark.timeout(60)
def test_who_is_waited_for_is_named(sandbox: MakeSandbox, tmp_path: Path) -> None:
    """D17: while one node does not answer, its name, how long, and when it is given up stand on the terminal."""
    box = sandbox(nodes=11, faults={"node3": "hang"})

    with Terminal(("--exec-timeout", "4s", "status"), environment(box, tmp_path), size=(LINES, COLUMNS)) as it:
        found = it.until(r"10 of 11 nodes answered; waiting for (\S+) \((\d)s, gives up at (\S+)s\)", 20)
        code = it.end()

    assert (found[1], found[3], code) == ("node3", "4", 3)
    assert "node3: timeout: no answer within 4s" in it.text
