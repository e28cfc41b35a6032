"""Rows without counters: the fast way and parse() agree on every listing."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.plain import Rows, TableRows, read_rows
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from tests.unit.ipvs_render import render_ipvsadm, render_proc
from tests.unit.test_ipvs_properties import LISTINGS, tables

TITLE = render_proc(Table((), ())).encode()


def everything(rows: Rows) -> tuple[object, ...]:
    """Give all that rows have."""
    full = [rows.full(index) for index in range(len(rows.plain))]
    return list(rows.plain), full, list(rows.unparsed), rows.probe


@given(LISTINGS)
def test_any_bytes(listing: bytes) -> None:
    """Nothing raises, and both ways give the same."""
    assert everything(read_rows(listing)) == everything(TableRows(parse(listing)))


@given(data=st.data(), proc=st.booleans())
def test_any_table(data: st.DataObject, *, proc: bool) -> None:
    """The same for every table in both formats, also the second time, when its lines are known."""
    table = data.draw(tables(proc=proc, most=8))
    listing = (render_proc if proc else render_ipvsadm)(table).encode()
    for _ in range(2):
        assert everything(read_rows(listing)) == everything(TableRows(table))


@pytest.mark.parametrize("render", [render_proc, render_ipvsadm])
def test_kube_proxys_table_is_read_line_by_line(render: object) -> None:
    """Counters and the order of real servers are no part of a row; a row in full has them."""
    real = [RealServer(f"10.244.0.{n}:80", "Masq", 1, n, 2 * n) for n in range(9)]
    rows = tuple(
        VirtualServer("TCP", f"10.96.0.{n}:80", False, "rr", (), n == 3, None, "", "", False, tuple(real))  # noqa: FBT003
        for n in range(9)
    )
    mixed = [row._replace(real_servers=tuple(random.Random(1).sample(real, 9))) for row in rows]  # noqa: S311
    one, two = (read_rows(render(Table(tuple(each), ())).encode()) for each in (rows, mixed))  # type: ignore[operator]

    assert not isinstance(one, TableRows)
    assert list(one.plain) == list(two.plain)
    assert two.full(4).real_servers == mixed[4].real_servers


def test_what_the_fast_way_leaves_to_the_parser() -> None:
    """A cut listing, the probe, foreign words: nothing is lost and nothing is made up."""
    row = b"TCP  0A600001:0050 rr  \n  -> 0AF40001:1F90      Masq    1      0          0         \n"
    whole = TITLE + row
    for listing in (
        whole[:-9],
        whole + b"FWM  00000007 rr \n",
        whole + b"TCP  C6336400:4E20 rr  \n",
        row,
        whole + b"x\n",
    ):
        assert isinstance(read_rows(listing), TableRows)
    assert read_rows(whole[:-12]).unparsed
    assert not isinstance(read_rows(whole), TableRows)
