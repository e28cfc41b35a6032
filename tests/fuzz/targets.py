"""What is fuzzed: functions of any bytes. Each ends, with what is promised for it, or fails an assertion.

Pure Python and no fuzzer: the corpus goes through them in `make test` too.
"""

import socket
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import websocket

from kubectl_ipvs.cluster.access.kubeconfig import load
from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.cluster.patches import annotate_patch, swap_patch
from kubectl_ipvs.cluster.wire import exec as execs
from kubectl_ipvs.cluster.wire.channel import Channel, TooMuchError
from kubectl_ipvs.errors import ConfigurationInvalid, EditRefused, ExecFailed, KubeconfigError, UsageError
from kubectl_ipvs.ipvs.address import canonical
from kubectl_ipvs.ipvs.connections import Connections
from kubectl_ipvs.ipvs.local_addresses import parse_fib_trie, parse_if_inet6
from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.plain import TableRows, read_rows
from kubectl_ipvs.ipvs.rates import parse_rates
from kubectl_ipvs.ipvs.stats import NOTHING, StatsFirst, parse_stats, per_second
from kubectl_ipvs.ipvs.summary import MOST_KEPT, Row, Summarizer, summarize
from kubectl_ipvs.proxy.config.configuration import read, read_flags
from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.fields import FIELDS, parse_value
from kubectl_ipvs.proxy.served import MODES, running
from kubectl_ipvs.sandbox.apiserver.patch import PatchError, json_patch

CORPUS = Path(__file__).with_name("corpus")
CUT = b"\x1e"  # parts a seed into its arguments
TYPED = ("rr", "lc", "true", "false", "30s", "0s", "10.0.0.0/8", "10.0.0.0/8,fd00::/8", "", "my-own_1")
LONGEST = 4096  # bytes of output let through by the frame reader, so that its limit is met


def tables(data: bytes) -> None:
    """Both parsers take any bytes, and agree, however the bytes are cut."""
    table, summary = parse(data), summarize(data)
    pieces = Summarizer()
    for at in range(0, len(data), 7):
        pieces.feed(data[at : at + 7])

    assert pieces.finish() == summary
    assert len(table.virtual_servers) == summary.virtual_servers
    assert sum(len(server.real_servers) for server in table.virtual_servers) == summary.real_servers
    assert len(table.unparsed) == summary.unparsed_lines
    assert sum(summary.schedulers.values()) + summary.foreign == summary.virtual_servers
    if all(count <= MOST_KEPT for count in summary.schedulers.values()) and summary.foreign <= len(
        summary.foreign_rows
    ):
        named = [row for rows in summary.examples.values() for row in rows]
        named += [foreign.row for foreign in summary.foreign_rows]
        assert sorted(named) == sorted(
            Row(server.protocol, server.address, server.scheduler) for server in table.virtual_servers
        )

    rows, slow = read_rows(data), TableRows(table)
    assert (list(rows.plain), rows.unparsed, rows.probe) == (slow.plain, slow.unparsed, slow.probe)
    assert tuple(rows.full(index) for index in range(len(rows.plain))) == table.virtual_servers


def addresses(data: bytes) -> None:
    """Every address that either file is said to have is one, of its family, in the one form that values have."""
    for found, version in ((parse_fib_trie(data), 4), (parse_if_inet6(data), 6)):
        for each in found:
            assert ip_address(each.address.strip("[]")).version == version
            assert each.address == canonical(each.address.encode() + b":1", hexadecimal=False)[:-2]


def counters(data: bytes) -> None:
    """Part counters from the table after them wherever the bytes are cut; no rate that is read is below 0."""
    first, table = StatsFirst(), b""
    for at in range(0, len(data), 7):
        table += first.feed(data[at : at + 7])
    stats, rest = first.finish()

    assert data.endswith(table + rest)
    assert stats is None or stats == parse_stats(data[: len(data) - len(table)])
    one, _, other = data.partition(CUT)
    looks = parse_stats(one), parse_stats(other)
    if looks[0] and looks[1]:
        assert min(per_second(looks[0], looks[1], 2.0) or NOTHING) >= 0
    assert all(min(row.rates) >= 0 and row.address for row in parse_rates(data))


def connections(data: bytes) -> None:
    """However the bytes are cut, the same connections are counted, and no line is lost."""
    whole, pieces = Connections(), Connections()
    whole.feed(data)
    for at in range(0, len(data), 7):
        pieces.feed(data[at : at + 7])
    whole.finish()
    pieces.finish()

    assert (whole.pairs, whole.total, whole.unparsed) == (pieces.pairs, pieces.total, pieces.unparsed)
    assert sum(entry.number for entry in whole.pairs.values()) <= whole.total


def edits(data: bytes) -> None:
    """Edit: a field gets its value and every other field and character stays, or the edit is refused."""
    which, _, body = data.partition(CUT)
    text = body.decode(errors="replace")
    field = FIELDS[sum(which) % len(FIELDS)]
    read_flags(text.split())
    try:
        value = parse_value(field, TYPED[len(which) % len(TYPED)])
        before = read(text)
        after = edit(text, {field.name: value})
    except (ConfigurationInvalid, EditRefused, UsageError):
        return
    found = read(after)
    assert found.ipvs[field.name].configured == value
    assert {**found.ipvs, field.name: None} == {**before.ipvs, field.name: None}
    assert (found.mode, found.kind, found.unknown) == (before.mode, before.kind, before.unknown)
    assert edit(after, {field.name: value}) == after


def kubeconfigs(data: bytes) -> None:
    """Load a kubeconfig: it is read, or it is a KubeconfigError."""
    with tempfile.NamedTemporaryFile(dir=_memory()) as file:
        file.write(data)
        file.flush()
        try:
            found = load(file.name, {})
        except KubeconfigError:
            return
    assert found.files == (file.name,)


def frames(data: bytes) -> None:
    """Whatever a peer sends after its handshake, a command's end or an ExecFailed comes of it, and never too much."""
    got: list[bytes] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(data[:60_000])
        theirs.shutdown(socket.SHUT_WR)
        channel = Channel(time.monotonic() + 5, LONGEST)
        channel.sock, channel.connected = ours, True
        endings = (TooMuchError, OSError, websocket.WebSocketException, ExecFailed)
        with suppress(*endings):  # what `run` turns into an ExecFailed
            execs._read(channel, got.append, LONGEST, 5)  # noqa: SLF001 - the part of `run` below the handshake
    assert sum(map(len, got)) <= LONGEST
    with suppress(ExecFailed):
        execs.outcome(data, data)


def patches(data: bytes) -> None:
    """Patch: what it says is done where the object is what we read, nothing where it is not, and no more is touched."""
    words = [part.decode(errors="replace") for part in data.split(CUT)] + [""] * 6
    key, old, new, name, value, other = words[:6]
    target = ConfigMap("n", "c", "7", {key: old}, False, {other: "x"} if other else {}, {}, (), {})  # noqa: FBT003 - as fields stand
    wanted = {name: value if len(data) % 2 else None}
    steps = swap_patch(target, key, new) + annotate_patch(target, wanted)

    done = json_patch(_plain(target), steps)
    done["metadata"] = {
        name: part for name, part in done["metadata"].items() if part
    }  # no annotation left: none at all

    assert done == _plain(target._replace(data={key: new}, annotations=_merged(target.annotations, wanted))), steps
    foreign = _plain(target._replace(data={key: f"{old}!"}))
    with suppress(PatchError):
        json_patch(foreign, steps)
        raise AssertionError(steps)


def served(data: bytes) -> None:
    """Whatever a kube-proxy's port answers: a mode that there is and a name, or nothing; never an exception."""
    mode, _, configz = data.partition(CUT)
    found = running(mode, configz)

    if found is not None:
        assert found.mode in MODES
        assert all(name.isascii() and name.isprintable() for name in (found.scheduler or "", found.configured))


def _plain(target: ConfigMap) -> dict[str, object]:
    meta: dict[str, object] = {"name": target.name, "resourceVersion": target.version}
    if target.annotations:
        meta["annotations"] = dict(target.annotations)
    return {
        "metadata": meta,
        "data": {**target.data, "untouched": "1"} if "untouched" not in target.data else dict(target.data),
    }


def _merged(before: Mapping[str, str], wanted: Mapping[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in {**before, **wanted}.items() if value is not None}


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a folder of its own kind, no name is guessed


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (tables, addresses, counters, connections, edits, kubeconfigs, frames, patches, served)
}
