"""parse, on what a real kernel printed: every protocol, scheduler, flag and forwarding method that it can be given.

`Local` was given over netlink: ipvsadm has no word for it, and kernel 6.1 lists an address of its own as it was given.
"""

from collections.abc import Iterable
from pathlib import Path

import pytest

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.summary import summarize
from kubectl_ipvs.ipvs.table import Table, VirtualServer
from tests.unit.ipvs_sums import summary_of
from tests.unit.recorded_real import GIVEN

RECORDED = Path(__file__).parent / "recorded"


def text(name: str) -> bytes:
    """Return a recorded text."""
    return (RECORDED / f"real-{name}.txt").read_bytes()


def ordered(servers: Iterable[VirtualServer]) -> list[VirtualServer]:
    """Return the servers without the order in which a kernel lists them, which is that of its hash table."""
    return sorted(
        (server._replace(real_servers=tuple(sorted(server.real_servers, key=repr))) for server in servers), key=repr
    )


@pytest.mark.parametrize("name", ["ipvsadm", "proc"])
def test_what_was_given_is_read(name: str) -> None:
    """Every virtual server and real server that the kernel was given is read from each format, and nothing else."""
    given = [entry.in_proc if name == "proc" else entry.in_ipvsadm for entry in GIVEN]

    table = parse(text(name))

    assert (ordered(table.virtual_servers), table.unparsed) == (ordered(given), ())


@pytest.mark.parametrize("name", ["ipvsadm", "proc"])
def test_what_was_given_is_counted(name: str) -> None:
    """The sums are those of what was given, in both formats: marks and other methods than Masq are foreign."""
    given = [entry.in_proc if name == "proc" else entry.in_ipvsadm for entry in GIVEN]
    expected = summary_of(Table(tuple(given), ()))

    summary = summarize(text(name))

    assert set(summary.foreign_rows) == set(expected.foreign_rows)
    assert {found.why for found in summary.foreign_rows} == {"firewall mark", "forwarding"}
    assert summary == expected._replace(foreign_rows=summary.foreign_rows)


@pytest.mark.parametrize("name", ["stats", "rate"])
def test_counters_are_not_taken_for_a_table(name: str) -> None:
    """--stats and --rate name no scheduler: nothing is made up from them, every row is returned as not understood."""
    recorded = text(name).decode()
    counted = next(line for line in recorded.splitlines() if "198.51.100.9:9001" in line)
    rows = [line for line in recorded.splitlines()[3:] if line]

    assert parse(text(name)) == Table((), tuple(rows))
    assert len(rows) == sum(1 + len(entry.real_servers) for entry in GIVEN)
    assert int(counted.split()[3]) > 0, "packets of the connections that were open"
