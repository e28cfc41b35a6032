"""A node's table against the expected one: findings (facts: leaving-ipvs E4, E6).

Not judged, since the listing does not tell it or it may be anything: flags, the seconds of persistence in /proc, the
order of rows, members of contested rows, a family of which the node has no row, kube-proxy's probe (the parser leaves
it out), rows inside excludeCIDRs that are nobody's.
"""

from collections.abc import Iterator, Mapping, Sequence

from kubectl_ipvs.ipvs.plain import PlainRow, Rows, TableRows
from kubectl_ipvs.ipvs.table import Table
from kubectl_ipvs.services.expected import ExpectedTable, add_node_ports
from kubectl_ipvs.services.extra_rows import ExtraRows
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.node_addresses import family_of
from kubectl_ipvs.services.port_rows import Key, Row
from kubectl_ipvs.services.rows_compared import RowComparison


def compare(listed: Table | Rows, candidates: Sequence[ExpectedTable]) -> tuple[Finding, ...]:
    """Return what differs, in order of address; `candidates`: what `Expectations.of` gave for the node.

    Where there are several, since the version of kube-proxy is not known, the one that fits best counts.
    """
    rows = TableRows(listed) if isinstance(listed, Table) else listed
    found = [_Comparison(rows, expected).findings() for expected in candidates]
    return min(found, key=lambda findings: sum(finding.is_difference for finding in findings), default=())


class _Comparison:
    """One table, one expectation."""

    def __init__(self, listed: Rows, expected: ExpectedTable) -> None:
        self._listed, self._expected = listed, expected
        self._rows: Mapping[Key, Row] = expected.rows
        self._row_comparison = RowComparison(expected)

    def findings(self) -> tuple[Finding, ...]:
        different, extra = self._matched(range(len(self._listed.plain)))
        extra_rows = ExtraRows(self._expected, {self._listed.plain[index].scheduler for index in different})
        if extra:
            extra = self._by_node_ports(extra, extra_rows, different)
        if not different and not extra and len(self._rows) == len(self._listed.plain):
            return ()
        found = [extra_rows.finding(self._listed.full(index)) for index in extra]
        for index in different:
            server = self._listed.full(index)
            found += self._row_comparison.differences(server, self._rows[server.protocol, server.address])
        found += self._missing(extra, extra_rows)
        return tuple(sorted(found, key=lambda each: (*each.place, each.kind)))

    def _matched(self, indexes: Sequence[int]) -> tuple[list[int], list[int]]:
        """Return the rows that differ, and those that are not expected."""
        plain, rows, scheduler = self._listed.plain, self._rows, self._expected.scheduler
        different, extra = [], []
        for index in indexes:
            seen = plain[index]
            row = rows.get(seen.key)
            if row is None:
                extra.append(index)
            elif not _is_equal(seen, row, scheduler):
                different.append(index)
        return different, extra

    def _by_node_ports(self, extra: Sequence[int], extra_rows: ExtraRows, different: list[int]) -> list[int]:
        """Take the rows to be expected that are on addresses of which only the table itself says what they are.

        An address with a NodePort row that may be the node's must have all of them; one that has other rows and no
        NodePort row is on kube-ipvs0 alone, where fib_trie does not say so.
        """
        plain, rows = self._listed.plain, dict(self._rows)
        there = {row.key for row in plain}
        taken = set[str]()
        for index in extra:
            protocol, address = plain[index].key
            host = address.rpartition(":")[0]
            where = self._expected.addresses.get(family_of(address))
            if protocol == "FWM" or host in taken or where is None:
                continue
            node_ports = self._expected.node_ports.get(family_of(address), {})
            on_host = {(each, f"{host}:{number}"): row for (each, number), row in node_ports.items()}
            if host in where.likely:
                taken.add(host)
                if there.isdisjoint(on_host):
                    for key in on_host:
                        rows.pop(key, None)
            elif (protocol, address) in on_host and not extra_rows.is_excluded(address):
                owner = self._expected.owners.get(host)
                if where.may_have(host, cluster_ip=owner is not None and owner.kind == "clusterIP"):
                    taken.add(host)
                    add_node_ports(rows, host, node_ports)
        self._rows = rows
        more, left = self._matched(extra)
        different += more
        return left

    def _missing(self, extra: Sequence[int], extra_rows: ExtraRows) -> Iterator[Finding]:
        """Yield the rows that are not there, of the families that the node serves: it has a row of them."""
        plain = self._listed.plain
        there = {row.key for row in plain}
        nobodys = {plain[index].key for index in extra if extra_rows.is_excluded(plain[index].key[1])}
        served = {family_of(address) for protocol, address in there - nobodys if protocol != "FWM"}
        for key, row in self._rows.items():
            if key not in there and (not served or family_of(key[1]) in served):
                yield from self._row_comparison.missing(key, row)


def _is_equal(seen: PlainRow, row: Row, scheduler: str) -> bool:
    return (
        seen.real_servers == row.members.shape
        and seen.scheduler == scheduler
        and seen.persistent == (row.persistence is not None)
        and (seen.timeout is None or seen.timeout == row.persistence)
        and not seen.netmask
        and not row.rivals
    )
