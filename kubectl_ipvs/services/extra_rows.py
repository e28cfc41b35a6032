"""Rows on no address and port of a Service: kube-proxy's own that stayed, or somebody else's (facts: E4, F)."""

from collections.abc import Iterable

from kubectl_ipvs.ipvs.excluded import Excluded
from kubectl_ipvs.ipvs.rows import NO_SCHEDULER
from kubectl_ipvs.ipvs.table import VirtualServer
from kubectl_ipvs.services.describe import Describer
from kubectl_ipvs.services.expected import ExpectedTable
from kubectl_ipvs.services.findings import Finding
from kubectl_ipvs.services.members import FORWARDING, WEIGHT


class ExtraRows:
    """Judges such rows of one node; `schedulers`: those of the rows that are expected and there."""

    def __init__(self, expected: ExpectedTable, schedulers: Iterable[str]) -> None:
        self._expected = expected
        self._describer = Describer(expected)
        self._excluded = Excluded(expected.settings.exclude_cidrs)
        self._own = {expected.scheduler, NO_SCHEDULER, *schedulers}

    def is_excluded(self, address: str) -> bool:
        """Tell whether a row on this address:port is protected by excludeCIDRs."""
        return bool(self._excluded.range_of(address.encode()))

    def finding(self, server: VirtualServer) -> Finding:
        """Say whose it is: kube-proxy's rows are Masq, of weight 1 or 0, of one scheduler, without marks and masks."""
        key = server.protocol, server.address
        kept = self._kept(server)
        if kept:
            return self._describer.finding("foreign", key, None, kept, foreign_kept=True)
        owner = self._expected.owners.get(server.address.rpartition(":")[0])
        sign = self._foreign_sign(server)
        if sign:
            detail = f"{sign}; kube-proxy removes it with its next sync"
            return self._describer.finding("foreign", key, owner, detail)
        count = len(server.real_servers)
        where = "an address of no Service" if owner is None else f"no port of {owner.namespace}/{owner.name}"
        detail = f"the row is on {where} and has {count} real server{'' if count == 1 else 's'}"
        return self._describer.finding("stale-virtual-server", key, owner, detail)

    def _kept(self, server: VirtualServer) -> str:
        if server.protocol == "FWM":
            return "a firewall mark: kube-proxy makes none, and leaves it alone"
        cidr = self._excluded.range_of(server.address.encode())
        return f"inside {cidr} of excludeCIDRs: kube-proxy leaves it alone" if cidr else ""

    def _foreign_sign(self, server: VirtualServer) -> str:
        for real in server.real_servers:
            if real.forwarding != FORWARDING:
                return f"forwarding {real.forwarding}"
            if real.weight not in {0, WEIGHT}:
                return f"weight {real.weight}"
        if server.scheduler not in self._own:
            return f"scheduler {server.scheduler}"
        if server.persistence_engine or server.netmask or server.one_packet:
            return "options that kube-proxy does not use"
        return ""
