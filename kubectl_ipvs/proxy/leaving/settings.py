"""Settings of kube-proxy that mean something else, or nothing, in nftables mode: of a text, or of a command line.

Sources: kube-proxy's configuration v1alpha1 and its flags, 1.20 to 1.37.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from kubectl_ipvs.proxy.config.command_line import words
from kubectl_ipvs.proxy.config.configuration import Configuration
from kubectl_ipvs.proxy.config.document import configuration_document
from kubectl_ipvs.proxy.config.fields import parse_boolean

TIMEOUTS = ("tcpTimeout", "tcpFinTimeout", "udpTimeout")
PERIODS = ("syncPeriod", "minSyncPeriod")
_FLAGS = {
    "--nodeport-addresses": "nodePortAddresses",
    "--cluster-cidr": "clusterCIDR",
    "--detect-local-mode": "detectLocalMode",
    "--masquerade-all": "masqueradeAll",
    "--iptables-masquerade-bit": "masqueradeBit",
    "--conntrack-tcp-be-liberal": "tcpBeLiberal",
}


class Settings(NamedTuple):
    """One configuration's; `timeouts` and `periods`: those ipvs fields that are set, as they are written.

    `masquerade_bit`: iptables.masqueradeBit where it is set and the nftables section has none. `by_flags`: a command
    line is the configuration.
    """

    mode: str = "ipvs"
    scheduler: str = "rr"
    strict_arp: bool = False
    timeouts: Mapping[str, str] = MappingProxyType({})
    periods: Mapping[str, str] = MappingProxyType({})
    node_port_addresses: tuple[str, ...] = ()
    cluster_cidr: str = ""
    detect_local_mode: str = ""
    masquerade_all: bool = False
    masquerade_bit: str = ""
    tcp_be_liberal: bool = False
    by_flags: bool = False

    @property
    def finds_local(self) -> bool:
        """kube-proxy can tell pods' traffic from others': clusterCIDR is set, or another detectLocalMode."""
        return bool(self.cluster_cidr) or self.detect_local_mode not in {"", "ClusterCIDR"}


def settings(read: Configuration, text: str, arguments: Sequence[str]) -> Settings:
    """Return the settings of a configuration that was read from this text or, where that is "", from these words."""
    found = _of_text(text) if text else _of_flags(arguments)
    ipvs = read.ipvs
    return found._replace(
        mode=str(read.mode.effective),
        scheduler=str(ipvs["scheduler"].effective),
        strict_arp=ipvs["strictARP"].effective is True,
        timeouts={name: str(ipvs[name].effective) for name in TIMEOUTS if ipvs[name].origin == "configured"},
        periods={name: str(ipvs[name].effective) for name in PERIODS if ipvs[name].origin == "configured"},
        by_flags=not text,
    )


def _of_text(text: str) -> Settings:
    value = configuration_document(text).value
    iptables, nftables = _section(value, "iptables"), _section(value, "nftables")
    listed = value.get("nodePortAddresses")
    bit = "" if nftables.get("masqueradeBit") is not None else iptables.get("masqueradeBit")
    return Settings(
        node_port_addresses=tuple(map(str, listed)) if isinstance(listed, list) else (),
        cluster_cidr=str(value.get("clusterCIDR") or ""),
        detect_local_mode=str(value.get("detectLocalMode") or ""),
        masquerade_all=iptables.get("masqueradeAll") is True,
        masquerade_bit="" if bit is None else str(bit),
        tcp_be_liberal=_section(value, "conntrack").get("tcpBeLiberal") is True,
    )


def _section(value: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _of_flags(arguments: Sequence[str]) -> Settings:
    given: dict[str, str] = {}
    line = iter(words(arguments))
    for word in line:
        name, equals, value = word.partition("=")
        if name in _FLAGS:
            given[_FLAGS[name]] = value if equals else _value(name, line)
    return Settings(
        node_port_addresses=tuple(filter(None, given.get("nodePortAddresses", "").split(","))),
        cluster_cidr=given.get("clusterCIDR", ""),
        detect_local_mode=given.get("detectLocalMode", ""),
        masquerade_all=parse_boolean(given.get("masqueradeAll", "")) is True,
        masquerade_bit=given.get("masqueradeBit", ""),
        tcp_be_liberal=parse_boolean(given.get("tcpBeLiberal", "")) is True,
    )


def _value(name: str, line: Iterator[str]) -> str:
    """Return a flag's value in the next word; a switch has none."""
    if name in {"--masquerade-all", "--conntrack-tcp-be-liberal"}:
        return "true"
    return next(line, "")
