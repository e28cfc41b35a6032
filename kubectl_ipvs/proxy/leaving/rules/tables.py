"""Rules about a node's IPVS table: who else writes to it, and what is left of it in another mode."""

from collections import Counter
from collections.abc import Iterator, Sequence

from kubectl_ipvs.ipvs.rows import ForeignRow
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.leaving.facts import Facts, Leftovers, NodeFact, Workload
from kubectl_ipvs.proxy.leaving.findings import Leaving

AFTER_NFTABLES = (
    "`kubectl ipvs restart` removes rows, kube-ipvs0 and IPv4's ipsets (and cuts what IPVS still forwards); a reboot "
    "removes all"
)
API_PORTS = (":6443", ":443", ":8443")
KUBE_VIP, KEEPALIVED, KUBE_ROUTER = ("kube-vip", "kube-vip-ds"), ("keepalived",), ("kube-router",)
SERVICES = "--run-service-proxy"


def foreign(facts: Facts) -> Iterator[Leaving]:
    """IPVS130: kube-proxy in nftables mode empties the whole table at each start, excludeCIDRs or not."""
    by_owner: dict[str, list[NodeFact]] = {}
    for node in facts.leaving:
        if node.foreign_count:
            by_owner.setdefault(_owner(node.foreign or (), facts), []).append(node)
    for owner, nodes in by_owner.items():
        rows = [f"{node.name}: {_rows(node)}" for node in nodes[:3]]
        more = f"; and on {len(nodes) - 3} more nodes" if len(nodes) > 3 else ""  # noqa: PLR2004 - three are named
        yield Leaving(
            "IPVS130",
            "error",
            f"rows that are not kube-proxy's, probably {owner}'s, will be deleted at "
            f"each start in nftables mode, excludeCIDRs or not: {'; '.join(rows)}{more}",
            _way_out(owner),
            tuple(node.name for node in nodes),
            tuple(each.seen for each in _suspects(facts)),
        )


def _rows(node: NodeFact) -> str:
    named = tuple(f"{entry.row.protocol} {entry.row.address} {entry.row.scheduler}" for entry in node.foreign or ())
    more = node.foreign_count - len(named[:3])
    return some(named, 3) if len(named) == node.foreign_count else f"{', '.join(named[:3])} and {more} more"


def _owner(rows: Sequence[ForeignRow], facts: Facts) -> str:
    """Name who probably made these rows: who is seen in the cluster, else who makes rows that look so."""
    if facts.workload(*KUBE_VIP) is not None and any(_is_api(entry) for entry in rows):
        return "kube-vip"
    if facts.workload(*KEEPALIVED) is not None:
        return "keepalived"
    if facts.workload(*KUBE_ROUTER) is not None:
        return "kube-router"
    if any(entry.row.protocol == "FWM" for entry in rows):
        return "keepalived or kube-router"
    return "kube-vip, keepalived or k0s" if any(_is_api(entry) for entry in rows) else "keepalived"


def _is_api(entry: ForeignRow) -> bool:
    return entry.row.address.endswith(API_PORTS)


def _way_out(owner: str) -> str:
    if owner == "kube-vip":
        return "set lb_enable to false in kube-vip first"
    if owner == "kube-router":
        return "let one of the two serve Services: --run-service-proxy=false"
    return "move these addresses to another load balancer first, or leave these nodes in IPVS mode"


def _suspects(facts: Facts) -> list[Workload]:
    return [each for each in facts.workloads or () if each.runs(*KUBE_VIP, *KEEPALIVED, *KUBE_ROUTER)]


def balancers(facts: Facts) -> Iterator[Leaving]:
    """IPVS130: who would write such rows, on a node whose table has none just now: kube-vip does so on its leader."""
    if any(node.foreign_count for node in facts.leaving) or not facts.leaving:
        return
    found = [each for each in facts.workloads or () if _writes_rows(each)]
    if found:
        names = ", ".join(dict.fromkeys(each.name for each in found))
        yield Leaving(
            "IPVS130",
            "error",
            f"{names} writes rows of its own into the IPVS table on some nodes: they will "
            "be deleted at each start in nftables mode",
            "set lb_enable to false in kube-vip, --run-service-proxy=false in kube-router",
            objects=tuple(each.seen for each in found),
        )


def _writes_rows(each: Workload) -> bool:
    if each.runs(*KUBE_VIP):
        return each.environment.get("lb_enable", "").lower() == "true"
    return each.runs(*KUBE_ROUTER) and any(word in {SERVICES, f"{SERVICES}=true"} for word in each.words)


def left_over(facts: Facts) -> Iterator[Leaving]:
    """IPVS140: what IPVS mode left on nodes that are in another mode."""
    by_mode: dict[str, list[tuple[str, list[str]]]] = {}
    for node in facts.nodes:
        if node.left is not None and (parts := _parts(node.left)):
            by_mode.setdefault(node.mode, []).append((node.name, parts))
    for mode, found in by_mode.items():
        counts = Counter(part for _, parts in found for part in parts)
        said = ", ".join(f"{part} ({_nodes(count)})" for part, count in counts.items())
        hint = AFTER_NFTABLES if mode == "nftables" else "a reboot removes it: iptables mode never does"
        yield Leaving("IPVS140", "warning", f"left over from IPVS mode: {said}", hint, tuple(name for name, _ in found))


def settings_left(facts: Facts) -> Iterator[Leaving]:
    """IPVS140: sysctls alone do no harm; nothing sets them back."""
    found: dict[str, list[str]] = {}
    for node in facts.nodes:
        set_so = {name: value for name, value in (node.left.sysctls or {}).items() if value} if node.left else {}
        if set_so:
            found.setdefault(" ".join(f"{name}={value}" for name, value in set_so.items()), []).append(node.name)
    for said, names in found.items():
        yield Leaving("IPVS140", "info", f"sysctls of IPVS mode stay until a reboot: {said}", nodes=tuple(names))


def _parts(left: Leftovers) -> list[str]:
    parts = ["rows in the IPVS table"] if left.rows else []
    parts += ["the device kube-ipvs0"] if left.device else []
    return parts + (["ipsets KUBE-*"] if left.sets else [])


def _nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count} nodes"


RULES = (foreign, balancers, left_over, settings_left)
