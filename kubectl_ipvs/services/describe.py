"""A finding in words: whose it is, which known bug it looks like, and the command that helps."""

from collections.abc import Iterable

from kubectl_ipvs.services.expected import ExpectedTable
from kubectl_ipvs.services.findings import Finding, Kind
from kubectl_ipvs.services.known_bugs import Symptom, issues_of
from kubectl_ipvs.services.port_rows import Key, Origin

_INFORMATION: frozenset[Kind] = frozenset({"draining", "contested"})
_KEEPS_WEIGHT_ZERO = (1, 26, 0)  # before, a restart of kube-proxy does not set the weight back: facts E4


class Describer:
    """Makes the findings about one node's table."""

    def __init__(self, expected: ExpectedTable) -> None:
        self._expected = expected

    def finding(
        self,
        kind: Kind,
        key: Key,
        origin: Origin | None,
        detail: str,
        *,
        real_server: str = "",
        pod: tuple[str, str] | None = None,
        connections: int = 0,
        symptoms: Iterable[Symptom] = (),
        foreign_kept: bool = False,
    ) -> Finding:
        """Make one; `foreign_kept`: it is somebody else's, and kube-proxy leaves it alone."""
        address, port = parts(key)
        return Finding(
            kind=kind, protocol=key[0], address=address, port=port, service=origin, real_server=real_server, pod=pod,
            detail=detail, connections=connections,
            issues=issues_of(kind, self._expected.version, symptoms),
            help="" if foreign_kept else self._help(kind, address, real_server, pod),
            is_difference=not foreign_kept and kind not in _INFORMATION,
        )  # fmt: skip

    def again(self, kind: Kind, finding: Finding, detail: str) -> Finding:
        """Make one of another kind about the same real server."""
        return finding._replace(
            kind=kind, detail=detail, issues=issues_of(kind, self._expected.version),
            help=self._help(kind, finding.address, finding.real_server, finding.pod), is_difference=True,
        )  # fmt: skip

    def _help(self, kind: Kind, address: str, real_server: str, pod: tuple[str, str] | None) -> str:
        restart = f"kubectl ipvs restart {self._expected.node.name}"
        if kind == "draining":
            return ""
        if kind == "contested":
            return "kubectl get services --all-namespaces --output wide"
        if kind == "foreign" and not real_server:
            mask = 128 if ":" in address else 32
            cidrs = ",".join((*self._expected.settings.exclude_cidrs, f"{address}/{mask}"))
            return f"kubectl ipvs set --exclude-cidrs {cidrs}"
        version = self._expected.version
        if kind == "foreign" or (kind == "weight-zero" and version is not None and version < _KEEPS_WEIGHT_ZERO):
            return "" if pod is None else f"kubectl delete pod --namespace {pod[0]} {pod[1]}"
        return restart


def parts(key: Key) -> tuple[str, int]:
    """Return address and port of a row, IPv6 without brackets; of a firewall mark the mark and 0."""
    address, colon, port = key[1].rpartition(":")
    if key[0] == "FWM" or not colon or not port.isdecimal():
        return key[1], 0
    return address.strip("[]"), int(port)
