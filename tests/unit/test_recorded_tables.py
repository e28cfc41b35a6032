"""The expected table beside a real one: what each release's kube-proxy made of the same Services and EndpointSlices."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
import yaml

from kubectl_ipvs.cluster.objects import endpoint_slice, node, service
from kubectl_ipvs.ipvs.local_addresses import parse_fib_trie, parse_if_inet6
from kubectl_ipvs.ipvs.plain import read_rows
from kubectl_ipvs.services.compare import compare
from kubectl_ipvs.services.expected import Expectations, ExpectedTable, Settings
from kubectl_ipvs.services.node_addresses import Node

RECORDED = Path(__file__).parent / "recorded"
FOLDERS = sorted(path.parent for path in RECORDED.glob("*/ipvs/services.json"))
NODE = "node2"  # tests/real/record_node.py has recorded that one
T = TypeVar("T")


def listed(folder: Path, name: str, read: Callable[[object], T]) -> list[T]:
    """Read the objects of a file, one to a line."""
    return [read(json.loads(line)) for line in (folder / name).read_text().splitlines()]


def expected(folder: Path) -> tuple[ExpectedTable, ...]:
    """Return what the node's table is to be, by all that is known of the node."""
    major, minor, patch = map(int, folder.parent.name.split("."))
    (mine,) = [each for each in listed(folder, "nodes.json", node) if each.name == NODE]
    here = Node(
        name=mine.name,
        zone=mine.labels.get("topology.kubernetes.io/zone", ""),
        internal_ips=mine.addresses,
        ipv4=parse_fib_trie((folder / "fib_trie.txt").read_bytes()),
        ipv6=parse_if_inet6((folder / "if_inet6.txt").read_bytes()),
    )
    scheduler = yaml.safe_load((folder.parent / "config.conf").read_text())["ipvs"]["scheduler"]
    services, slices = listed(folder, "services.json", service), listed(folder, "endpointslices.json", endpoint_slice)
    return Expectations(services, slices).of(here, (major, minor, patch), Settings(scheduler=scheduler))


def test_there_are_recordings() -> None:
    """The newest is there: a comparison over nothing would be green."""
    assert "1.37.2" in {folder.parent.name for folder in FOLDERS}


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.parent.name for folder in FOLDERS])
def test_a_real_table_differs_in_nothing(folder: Path) -> None:
    """Every row that kube-proxy made is expected, and every expected row is there, with its members."""
    rows = read_rows((folder / "ip_vs.txt").read_bytes())
    tables = expected(folder)

    assert list(rows.unparsed) == []
    assert (len(tables), len(rows.plain) > 0) == (1, True)
    assert [finding for finding in compare(rows, tables) if finding.is_difference] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.parent.name for folder in FOLDERS])
def test_one_line_less_is_found(folder: Path) -> None:
    """The same comparison finds a real server that is taken out of the recorded table."""
    lines = (folder / "ip_vs.txt").read_bytes().splitlines(keepends=True)
    cut = next(number for number, line in enumerate(lines) if number > 2 and line.startswith(b"  ->"))

    found = compare(read_rows(b"".join(lines[:cut] + lines[cut + 1 :])), expected(folder))

    assert [finding.kind for finding in found if finding.is_difference] == ["missing-real-server"]
