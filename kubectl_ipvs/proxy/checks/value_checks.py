"""Checks of the values that are asked for: what they do to traffic, to the kernel, to other Services."""

from collections.abc import Iterator, Sequence

from kubectl_ipvs.ipvs.cidr import parse_address, parse_cidr
from kubectl_ipvs.ipvs.schedulers import SCHEDULERS
from kubectl_ipvs.proxy.checks.facts import Facts
from kubectl_ipvs.proxy.checks.findings import Finding, some
from kubectl_ipvs.proxy.config.fields import parse_duration

MOST_TICKS, FASTEST, SLOWEST = 2**31 - 1, 1000, 100  # INT_MAX; ticks a second (CONFIG_HZ) of common kernels
API_SERVICE = "default/kubernetes"  # the first address of the range

# What suits where a trap was asked for.
_INSTEAD = {
    "dh": "for a client to stay on one pod: sh; else lc",
    "lblc": "for a client to stay on one pod: sh; else lc",
    "lblcr": "for a client to stay on one pod: sh; else lc",
    "fo": "for an even load: lc; else rr",
    "ovf": "for an even load: lc; else rr",
}


def worth(facts: Facts) -> Iterator[Finding]:
    """Say what the scheduler that is asked for comes to."""
    known = SCHEDULERS.get(facts.asked)
    if known is None:
        return
    name = known.name
    if known.trap:
        yield Finding("IPVS005", "error", f"{name} is a trap: {known.with_kube_proxy}", _INSTEAD[name])
    elif name in {"sh", "mh"}:
        yield Finding("IPVS006", "warning", f"{name}: {known.advice}")
    elif name in {"wrr", "wlc"}:
        reason = f"{name} does what {name[1:]} does under kube-proxy (all weights are 1)"
        yield Finding("IPVS007", "warning", reason)


def strict_arp(facts: Facts) -> Iterator[Finding]:
    """Say what strictARP leaves behind."""
    if facts.values.get("strictARP") is False and facts.before.get("strictARP") is True:
        yield Finding("IPVS008", "warning", "kube-proxy never sets arp_ignore and arp_announce back",
                      "on each node: sysctl net.ipv4.conf.all.{arp_ignore,arp_announce}=0, or a reboot")  # fmt: skip


def timeouts(facts: Facts) -> Iterator[Finding]:
    """Name timeouts that the kernel refuses: it counts them in ticks, in an int (ip_vs_ctl.c, ip_vs_set_timeout)."""
    for name in ("tcpTimeout", "tcpFinTimeout", "udpTimeout"):
        typed = str(facts.values.get(name, "0s"))
        seconds = parse_duration(typed)
        if seconds > MOST_TICKS // SLOWEST:
            reason = (
                f"{name} {typed} is more than any kernel takes: neither it nor the other timeouts would have an effect"
            )
            yield Finding("IPVS028", "error", reason, f"at most {_hours(FASTEST)} works everywhere")
        elif seconds > MOST_TICKS // FASTEST:
            reason = f"{name} {typed} is more than kernels with {FASTEST} ticks a second take"
            yield Finding("IPVS028", "warning", reason, f"at most {_hours(FASTEST)} works everywhere")


def _hours(ticks: int) -> str:
    return f"{MOST_TICKS // ticks // 3600}h"


def excluded_services(facts: Facts) -> Iterator[Finding]:
    """Warn of ranges that have Services' own addresses in them."""
    ranges = facts.values.get("excludeCIDRs")
    if not isinstance(ranges, tuple) or not ranges:
        return
    hit = [name for name, addresses in facts.services.items() if any(_inside(entry, ranges) for entry in addresses)]
    if hit:
        names = some(tuple(sorted(hit, key=lambda name: name != API_SERVICE)))
        yield Finding("IPVS029", "warning", f"excludeCIDRs {','.join(ranges)} covers addresses of Services ({names}): "
                      "kube-proxy never removes their virtual servers once they are out of date",
                      "name the addresses of the foreign virtual servers alone")  # fmt: skip


def _inside(address: str, ranges: Sequence[str]) -> bool:
    found, networks = parse_address(address), map(parse_cidr, ranges)
    return found is not None and any(network is not None and found in network for network in networks)
