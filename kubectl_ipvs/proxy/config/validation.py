"""What kube-proxy's own validation refuses, once a text or a command line is decoded and the defaults are filled in.

Promises for each value of the right type the end of a sentence that says what is wrong with it. Seen on kube-proxy
itself (tests/real/judge.py), which validates before it writes or opens anything. Never asks what the type is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from kubectl_ipvs.ipvs.cidr import parse_address, parse_cidr
from kubectl_ipvs.proxy.config.document import shown
from kubectl_ipvs.proxy.config.fields import is_cidr, parse_duration
from kubectl_ipvs.proxy.config.logging_validation import refused as refused_logging
from kubectl_ipvs.proxy.config.releases import NEW, OLD, knows
from kubectl_ipvs.proxy.release import parse_version

# Since 1.31 those of the mode alone are validated.
LEAST_PERIODS = {"iptables": "1s", "nftables": "1s"}  # the default of minSyncPeriod; 0s for ipvs
PERIOD = "30s"
_LOCAL_MODES = {
    "ClusterCIDR": (),
    "NodeCIDR": (),
    "BridgeInterface": ("bridgeInterface",),
    "InterfaceNamePrefix": ("interfaceNamePrefix",),
}
_KEYWORDS = ("primary", "localhost", "all")
KEYWORDS = (1, 37)
_PORTS = re.compile(r"[0-9]+(?:[-+][0-9]+)?")
_LARGEST_PORT = 65535


class Refusal(NamedTuple):
    """What is wrong with the value at a path: the end of a sentence that begins with the path."""

    path: tuple[str, ...]
    sentence: str


def refusals(value: Mapping[str, object], mode: str, version: str) -> Iterator[Refusal]:
    """Yield what is refused of a document outside `mode` and `ipvs`; values of wrong types are passed over."""
    number = parse_version(version)
    for path, rule in _RULES.items():
        known = all(knows(number, ".".join(path[:length])) for length in range(1, len(path) + 1))
        found = _at(value, path) if known else None
        said = "" if found is None else rule(found)
        if said:
            yield Refusal(path, said)
    yield from _node_ports(value, number)
    yield from _logging(value, number)
    if number is not None and number >= NEW:
        yield from _detection(value)
    if number is not None and number <= OLD:
        yield from _old(value)
        yield from _periods(value, "iptables")
    elif mode in LEAST_PERIODS:
        yield from _periods(value, mode)
    yield from _hidden_metrics(value, version)
    if mode == "nftables":
        bit = _at(value, ("nftables", "masqueradeBit"))
        said = "" if bit is None else _bit(bit)
        if said:
            yield Refusal(("nftables", "masqueradeBit"), said)


def _at(value: Mapping[str, object], path: tuple[str, ...]) -> object:
    found: object = value
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def seconds(value: object) -> float | None:
    """Return the seconds of a duration, None for anything else."""
    try:
        return parse_duration(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _range(least: int, most: int) -> Callable[[object], str]:
    def rule(value: object) -> str:
        if isinstance(value, bool) or not isinstance(value, int | float) or least <= value <= most:
            return ""
        return f"is {shown(value)}, not from {least} to {most}"

    return rule


_bit = _range(0, 31)


def _not_negative(value: object) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        return f"is {shown(value)}: negative"
    return f"is {shown(value)}: negative" if (seconds(value) or 0.0) < 0 else ""


def _address(value: object) -> str:
    """Check an IP address; none at all is the default."""
    wrong = isinstance(value, str) and value != "" and parse_address(value) is None
    return f"is {shown(value)}, not an IP address" if wrong else ""


def _endpoint(value: object) -> str:
    """Check an IP address, with a port or without."""
    if not isinstance(value, str) or value == "" or parse_address(value) is not None:
        return ""
    host, _, port = value.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else "" if ":" in host else host
    number = port.lstrip("+") if port[:2] != "++" else ""
    fits = number.isascii() and number.isdigit() and 0 < int(number) <= _LARGEST_PORT
    return "" if parse_address(host) is not None and fits else f"is {shown(value)}, not an IP address and a port"


def _cluster_cidr(value: object) -> str:
    if not isinstance(value, str) or value == "":
        return ""
    networks = [parse_cidr(part) for part in value.split(",")]
    if None in networks:
        return f"is {shown(value)}, not a CIDR"
    families = {network.version for network in networks if network is not None}
    return "" if len(networks) == len(families) else f"is {shown(value)}: more than one CIDR of an IP family"


def _log_format(value: object) -> str:
    fits = not isinstance(value, str) or value in ("", "text", "json")
    return "" if fits else f"is {shown(value)}, not text or json"


_RULES: Mapping[tuple[str, ...], Callable[[object], str]] = {
    ("bindAddress",): _address,
    ("healthzBindAddress",): _endpoint,
    ("metricsBindAddress",): _endpoint,
    ("clusterCIDR",): _cluster_cidr,
    ("oomScoreAdj",): _range(-1000, 1000),
    ("configSyncPeriod",): _not_negative,  # 0s is the default
    ("clientConnection", "burst"): _not_negative,
    ("iptables", "masqueradeBit"): _bit,
    ("conntrack", "maxPerCore"): _not_negative,
    ("conntrack", "min"): _not_negative,
    ("conntrack", "tcpEstablishedTimeout"): _not_negative,
    ("conntrack", "tcpCloseWaitTimeout"): _not_negative,
    ("conntrack", "udpTimeout"): _not_negative,
    ("conntrack", "udpStreamTimeout"): _not_negative,
    ("udpIdleTimeout",): _not_negative,
    ("logging", "format"): _log_format,
    ("logging", "verbosity"): _range(0, 2**31 - 1),
    ("logging", "flushFrequency"): _not_negative,
}


def _node_ports(value: Mapping[str, object], number: tuple[int, int] | None) -> Iterator[Refusal]:
    """Check nodePortAddresses: CIDRs; primary alone before 1.37, no keyword up to 1.20."""
    items = _at(value, ("nodePortAddresses",))
    if not isinstance(items, list) or not all(item is None or isinstance(item, str) for item in items):
        return
    wrong = [item for item in items if item not in _KEYWORDS and (item is None or not is_cidr(item))]
    mixed = number is not None and NEW <= number < KEYWORDS and items != ["primary"]
    mixed = mixed or (number is not None and number <= OLD)
    wrong += [item for item in items if item in _KEYWORDS] if mixed else []
    if wrong:
        yield Refusal(("nodePortAddresses",), f"has {shown(wrong[0])}, not a CIDR and not primary alone")


def _logging(value: Mapping[str, object], number: tuple[int, int] | None) -> Iterator[Refusal]:
    section, gates = _at(value, ("logging",)), _at(value, ("featureGates",))
    if isinstance(section, Mapping) and knows(number, "logging"):
        for path, sentence in refused_logging(section, gates if isinstance(gates, Mapping) else {}):
            yield Refusal(("logging", *path), sentence)


def _detection(value: Mapping[str, object]) -> Iterator[Refusal]:
    mode = _at(value, ("detectLocalMode",))
    if not isinstance(mode, str) or mode == "":
        return
    if mode not in _LOCAL_MODES:
        yield Refusal(("detectLocalMode",), f"is {shown(mode)}, not one of {', '.join(_LOCAL_MODES)}")
    for name in _LOCAL_MODES.get(mode, ()):
        if _at(value, ("detectLocal", name)) in (None, ""):
            yield Refusal(("detectLocalMode",), f"is {mode}, and detectLocal.{name} is empty")


def _old(value: Mapping[str, object]) -> Iterator[Refusal]:
    """Check what is validated in 1.20 and not in 1.34."""
    ports, cidrs = _at(value, ("portRange",)), _at(value, ("clusterCIDR",))
    if isinstance(ports, str) and ports and not _is_port_range(ports):
        yield Refusal(("portRange",), f"is {shown(ports)}, not a range of ports")
    dual = _at(value, ("featureGates", "IPv6DualStack")) is True
    if isinstance(cidrs, str) and "," in cidrs and not dual:
        yield Refusal(("clusterCIDR",), f"is {shown(cidrs)}: more than one without the feature gate IPv6DualStack")


def _is_port_range(text: str) -> bool:
    if not _PORTS.fullmatch(text):
        return False
    first, sign, last = text.partition("+" if "+" in text else "-")
    end = int(last or first) + (int(first) if sign == "+" else 0)
    return int(first) <= end <= _LARGEST_PORT


def _periods(value: Mapping[str, object], mode: str) -> Iterator[Refusal]:
    written = {name: _at(value, (mode, name)) for name in ("syncPeriod", "minSyncPeriod")}
    least, period = seconds(written["minSyncPeriod"]), seconds(written["syncPeriod"])
    for name, number in (("syncPeriod", period), ("minSyncPeriod", least)):
        if number is not None and number < 0:
            yield Refusal((mode, name), f"is {shown(written[name])}: negative")
            return
    if (least or parse_duration(LEAST_PERIODS[mode])) > (period or parse_duration(PERIOD)):
        least_said = written["minSyncPeriod"] if least else f"{LEAST_PERIODS[mode]} (default)"
        period_said = written["syncPeriod"] if period else f"{PERIOD} (default)"
        at = "minSyncPeriod" if least else "syncPeriod"
        yield Refusal((mode, at), f"is not fit: minSyncPeriod {least_said} is greater than syncPeriod {period_said}")


def _hidden_metrics(value: Mapping[str, object], version: str) -> Iterator[Refusal]:
    given, number = _at(value, ("showHiddenMetricsForVersion",)), parse_version(version)
    if not isinstance(given, str) or given == "" or number is None:
        return
    previous = f"{number[0]}.{number[1] - 1}"
    if given != previous:
        yield Refusal(
            ("showHiddenMetricsForVersion",), f"is {shown(given)}: kube-proxy {version} takes {previous} alone"
        )
