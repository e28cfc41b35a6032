"""Rules about kube-proxy's own settings that end with IPVS mode."""

from collections import defaultdict
from collections.abc import Iterator

from kubectl_ipvs.proxy.leaving.facts import Facts
from kubectl_ipvs.proxy.leaving.findings import Leaving, Seen

DEFAULT = "rr"


def scheduler(facts: Facts) -> Iterator[Leaving]:
    """IPVS112: nftables mode chooses an endpoint at random for each connection."""
    by_name: dict[str, list[Seen]] = defaultdict(list)
    for entry, read in facts.before:
        if read.scheduler != DEFAULT:
            by_name[read.scheduler].append(entry.seen)
    for name, seen in by_name.items():
        hint = "nothing takes its place"
        plain: tuple[Seen, ...] = ()
        if name in {"sh", "mh"}:
            hint = "sessionAffinity: ClientIP for Services that need the same pod for a client"
            plain = tuple(Seen("Service", each.namespace, each.name) for each in facts.served if each.affinity is None)
        yield Leaving(
            "IPVS112",
            "warning",
            f"scheduler {name}: nftables mode chooses at random for each connection",
            hint,
            objects=(*seen, *plain),
        )


def timeouts(facts: Facts) -> Iterator[Leaving]:
    """IPVS114: conntrack's own timeouts count from then on, a day for an idle TCP connection."""
    for entry, read in facts.before:
        if read.timeouts:
            said = ", ".join(f"{name} {value}" for name, value in read.timeouts.items())
            yield Leaving(
                "IPVS114",
                "info",
                f"{said}: without effect; conntrack's timeouts count, 24h for idle TCP",
                "conntrack.tcpEstablishedTimeout",
                objects=(entry.seen,),
            )


def strict_arp(facts: Facts) -> Iterator[Leaving]:
    """IPVS117: nobody sets the sysctls back."""
    for entry, read in facts.before:
        if read.strict_arp:
            yield Leaving(
                "IPVS117",
                "info",
                "strictARP's arp_ignore=1 and arp_announce=2 stay until a reboot; MetalLB no longer needs them",
                "on each node, afterwards: sysctl -w net.ipv4.conf.all.arp_ignore=0 net.ipv4.conf.all.arp_announce=0",
                objects=(entry.seen,),
            )


def sections(facts: Facts) -> Iterator[Leaving]:
    """IPVS129: nftables mode reads its own section."""
    for entry, read in facts.before:
        found = [f"ipvs.{name} {value}" for name, value in read.periods.items()]
        found += [f"iptables.masqueradeBit {read.masquerade_bit}"] if read.masquerade_bit else []
        if found:
            hint = "write it to a configuration file" if read.by_flags else "set it in the section nftables"
            yield Leaving(
                "IPVS129",
                "info",
                f"{', '.join(found)}: nftables mode reads its own section",
                hint,
                objects=(entry.seen,),
            )


RULES = (scheduler, timeouts, strict_arp, sections)
