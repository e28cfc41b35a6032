"""What a kube-proxy of each release refuses in its configuration, in its own words. Pure.

Source: the words of 1.34.4 and 1.37.2, tried; those of older releases as their documents and issues show them.
"""

import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

Release = tuple[int, int]
CHECKED = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq")  # names <= 1.26 lets through
IPVS_GATE = "KubeProxyIPVS"
NFT_GATE = "NFTablesProxyMode"
NFT_MODE_SINCE, NFT_BY_DEFAULT_SINCE = (1, 29), (1, 31)
TOP_PERIODS_SINCE = (1, 31)  # where the sync periods are validated beside the modes' sections
NEVER = (9, 0)
# Gates that came or went: the first release that knows it, the first that does not any more. Others are let through.
GATES: Mapping[str, tuple[Release, Release]] = {
    "AllowServiceExternalIPs": ((1, 36), NEVER),
    "IPv6DualStack": ((1, 16), (1, 25)),
    IPVS_GATE: ((1, 37), NEVER),
    NFT_GATE: (NFT_MODE_SINCE, NEVER),
    "ServiceTopology": ((1, 17), (1, 22)),
    "TopologyAwareHints": ((1, 21), (1, 36)),
}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TIMEOUTS = {"tcpTimeout": "TCPTimeout", "tcpFinTimeout": "TCPFinTimeout", "udpTimeout": "UDPTimeout"}
_TOP = "KubeProxyConfiguration"
_IPVS = f"{_TOP}.KubeProxyIPVSConfiguration"


def unknown_gates(gates: Mapping[str, Any], release: Release) -> list[str]:
    """Return the gates that this release does not know."""
    ranges = {name: GATES.get(name, ((0, 0), NEVER)) for name in gates}
    return [name for name, (since, gone) in ranges.items() if not since <= release < gone]


def problems(mode: str, ipvs: Mapping[str, Any], gates: Mapping[str, Any], release: Release) -> str:
    """Return what is refused, as kube-proxy lists it: "" for nothing, brackets around several."""
    found = [*_of_mode(mode, gates, release), *(_of_ipvs(ipvs, release) if mode == "ipvs" else ())]
    return found[0] if len(found) == 1 else f"[{', '.join(found)}]" if found else ""


def _of_mode(mode: str, gates: Mapping[str, Any], release: Release) -> Iterable[str]:
    modes = ["iptables", "ipvs"]
    modes += ["nftables"] if release >= NFT_MODE_SINCE and gates.get(NFT_GATE, release >= NFT_BY_DEFAULT_SINCE) else []
    modes += ["userspace"] if release < (1, 26) else []
    if gates.get(IPVS_GATE) is False:
        modes.remove("ipvs")
    if mode not in ("", *modes):
        words = f"must be {', '.join(modes)} or blank (blank means the best-available proxy [currently iptables])"
        yield f'{_TOP}.Mode.ProxyMode: Invalid value: "{mode}": {words}'


def _of_ipvs(ipvs: Mapping[str, Any], release: Release) -> Iterable[str]:
    sync, least = (str(ipvs.get(name) or "0s") for name in ("syncPeriod", "minSyncPeriod"))
    where = _TOP if release >= TOP_PERIODS_SINCE else _IPVS
    seconds = duration(sync) or 30.0
    if seconds < 0:
        yield f'{where}.SyncPeriod: Invalid value: "{sync}": must be greater than 0'
    if duration(least) < 0:
        yield f'{where}.MinSyncPeriod: Invalid value: "{least}": must be greater than or equal to 0'
    if duration(least) > seconds:
        words = f"must be greater than or equal to {where}.MinSyncPeriod"
        yield f'{where}.SyncPeriod: Invalid value: "{_go(duration(least))}": {words}'
    for name, named in _TIMEOUTS.items():
        if duration(str(ipvs.get(name) or "0s")) < 0:
            yield f'{_IPVS}.{named}: Invalid value: "{ipvs[name]}": must be greater than or equal to 0'
    scheduler = ipvs.get("scheduler") or ""
    if release <= (1, 26) and scheduler not in ("", *CHECKED):
        words = f"must be in [{' '.join(CHECKED)} ] (blank means default algorithm method (currently rr))"
        yield f'{_IPVS}.Scheduler: Invalid value: "{scheduler}": {words}'
    for number, network in enumerate(ipvs.get("excludeCIDRs") or ()):
        if not _is_network(str(network)):
            yield f'{_IPVS}.ExcludeCidrs[{number}]: Invalid value: "{network}": must be a valid CIDR'


def duration(text: str) -> float:
    """Seconds of a Go duration that is one."""
    sign = -1 if text.startswith("-") else 1
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def _go(seconds: float) -> str:
    """Return whole seconds as Go prints them: 1m0s."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes or hours else "") + f"{rest}s"


def _is_network(text: str) -> bool:
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return "/" in text
