"""One row of a node's table against the expected one: what differs (facts: leaving-ipvs E4, the verdicts, and E6)."""

from collections.abc import Iterator

from kubectl_ipvs.ipvs.rows import NO_SCHEDULER
from kubectl_ipvs.ipvs.table import RealServer, VirtualServer
from kubectl_ipvs.services.describe import Describer
from kubectl_ipvs.services.expected import ExpectedTable
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.known_bugs import Symptom
from kubectl_ipvs.services.members import FORWARDING, WEIGHT
from kubectl_ipvs.services.port_rows import Key, Row

GRACEFUL = "TCP"  # of other protocols kube-proxy removes a real server at once


class RowComparison:
    """Compares rows of one node."""

    def __init__(self, expected: ExpectedTable) -> None:
        self._expected = expected
        self._describer = Describer(expected)

    def differences(self, server: VirtualServer, row: Row) -> Iterator[Finding]:
        """Yield what differs in a row that is expected."""
        key = server.protocol, server.address
        yield from self.contested(key, row)
        yield from self._scheduler(key, server, row)
        if row.rivals:
            return
        yield from self._persistence(key, server, row)
        listed = {real.address: real for real in server.real_servers}
        for address in sorted(row.members.pods.keys() - listed.keys() - row.members.unsure):
            symptoms: tuple[Symptom, ...] = () if server.real_servers else ("empty",)
            yield self._describer.finding(
                "missing-real-server", key, row.origin, "the endpoint is not in the row", real_server=address,
                pod=row.members.pods[address], symptoms=symptoms,
            )  # fmt: skip
        for real in server.real_servers:
            if real.address in row.members.pods:
                yield from self._member(key, row, real)
            elif real.address not in row.members.unsure:
                yield self._extra(key, row, real)

    def missing(self, key: Key, row: Row) -> Iterator[Finding]:
        """Yield what there is to say of a row that is expected and not there."""
        yield from self.contested(key, row)
        symptoms: list[Symptom] = []
        if row.origin.kind in {"nodePort", "loadBalancer"}:
            symptoms.append("outside")
        if (
            row.origin.kind == "externalIP"
            and key[1].rpartition(":")[0].strip("[]") in self._expected.node.internal_ips
        ):
            symptoms.append("node address")
        count = len(row.members.pods)
        endpoints = "no endpoints" if not count else "1 endpoint" if count == 1 else f"{count} endpoints"
        detail = f"no row for this address of the Service, which has {endpoints}"
        yield self._describer.finding("missing-virtual-server", key, row.origin, detail, symptoms=symptoms)

    def contested(self, key: Key, row: Row) -> Iterator[Finding]:
        """Yield that several Services have this key; members of the row are not judged then."""
        if row.rivals:
            others = ", ".join(f"{rival.namespace}/{rival.name}" for rival in row.rivals)
            detail = f"also claimed by {others}; which one has the row is chance, so its real servers are not compared"
            yield self._describer.finding("contested", key, row.origin, detail)

    def _scheduler(self, key: Key, server: VirtualServer, row: Row) -> Iterator[Finding]:
        wanted = self._expected.scheduler
        if server.scheduler == wanted:
            return
        detail = f"{server.scheduler}, configured is {wanted}"
        if server.scheduler == NO_SCHEDULER:
            detail = (
                f"no scheduler, configured is {wanted}: kube-proxy is changing the row, or the kernel lacks the module"
            )
        yield self._describer.finding("wrong-scheduler", key, row.origin, detail)

    def _persistence(self, key: Key, server: VirtualServer, row: Row) -> Iterator[Finding]:
        """Compare the seconds too where the listing has seconds: /proc counts jiffies."""
        wanted = row.persistence
        detail = ""
        if server.persistent != (wanted is not None):
            detail = f"the row is {_persistent(server.timeout, on=server.persistent)}, the Service {_affinity(wanted)}"
        elif wanted is not None and server.timeout not in {None, wanted}:
            detail = f"the row has {server.timeout} s, the Service {wanted} s"
        elif server.netmask:
            detail = f"the row keeps clients together by the mask {server.netmask}, kube-proxy each by itself"
        if detail:
            yield self._describer.finding("wrong-persistence", key, row.origin, detail)

    def _member(self, key: Key, row: Row, real: RealServer) -> Iterator[Finding]:
        pod = row.members.pods[real.address]
        connections = real.active + real.inactive
        if real.forwarding != FORWARDING or real.weight not in {0, WEIGHT}:
            yield self._describer.finding(
                "foreign", key, row.origin, _by_whom(real), real_server=real.address, pod=pod, connections=connections
            )
        elif real.weight == 0 and real.address not in row.members.unsure:
            detail = f"the endpoint gets no new connections; it has {_counted(real)}"
            yield self._describer.finding(
                "weight-zero", key, row.origin, detail, real_server=real.address, pod=pod, connections=connections
            )

    def _extra(self, key: Key, row: Row, real: RealServer) -> Finding:
        """Judge a real server that is no endpoint; whether a draining one is stuck takes two looks."""
        connections = real.active + real.inactive
        if real.forwarding != FORWARDING or real.weight not in {0, WEIGHT}:
            detail = f"no endpoint of the Service, and {_by_whom(real)}"
            return self._describer.finding(
                "foreign", key, row.origin, detail, real_server=real.address, connections=connections
            )
        if real.weight == 0 and key[0] == GRACEFUL:
            detail = f"no endpoint any more, weight 0, {_counted(real)}"
            return self._describer.finding(
                "draining", key, row.origin, detail, real_server=real.address, connections=connections
            )
        detail = f"no endpoint of the Service, weight {real.weight}, {_counted(real)}"
        return self._describer.finding(
            "extra-real-server", key, row.origin, detail, real_server=real.address, connections=connections
        )


def _by_whom(real: RealServer) -> str:
    return f"forwarding {real.forwarding}, weight {real.weight}: kube-proxy makes {FORWARDING} and {WEIGHT} or 0"


def _counted(real: RealServer) -> str:
    total = real.active + real.inactive
    return f"{total} connection{'' if total == 1 else 's'}" if total else "no connections"


def _persistent(seconds: int | None, *, on: bool) -> str:
    return "not persistent" if not on else "persistent" if seconds is None else f"persistent ({seconds} s)"


def _affinity(seconds: int | None) -> str:
    return "has no session affinity" if seconds is None else f"has session affinity ({seconds} s)"
