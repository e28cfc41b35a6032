"""Where IPVS mode stands with a version of kube-proxy, by the table of dates in `leaving/schedule.py`, in one sentence.

Which other modes a release has: userspace until 1.25, nftables as the same table says.
"""

from collections.abc import Iterable, Mapping

from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.leaving.schedule import (
    DEPRECATED,
    GATED,
    NFTABLES,
    NFTABLES_BETA,
    NFTABLES_STABLE,
    OFF,
    REMOVED,
    Release,
)
from kubectl_ipvs.proxy.release import parse_version

NO_USERSPACE = (1, 26)
STAGES = {"deprecated": "IPVS030", "gated": "IPVS031", "off-by-default": "IPVS032", "removed": "IPVS033"}
IPVS_GATE, NFTABLES_GATE = "KubeProxyIPVS", "NFTablesProxyMode"


def _named(release: Release) -> str:
    return f"{release[0]}.{release[1]}"


PLAN = f"off by default in {_named(OFF)} and removed in {_named(REMOVED)} (KEP-5495); nftables mode takes its place"


def stage(version: str) -> str:
    """Return `supported`, `deprecated`, `gated`, `off-by-default`, `removed`, or "" for an unknown version."""
    number = parse_version(version)
    if number is None:
        return ""
    for since, name in (
        (REMOVED, "removed"),
        (OFF, "off-by-default"),
        (GATED, "gated"),
        (DEPRECATED, "deprecated"),
    ):
        if number >= since:
            return name
    return "supported"


def notice(version: str) -> str:
    """Return what an operator on this version of kube-proxy must know, "" while IPVS mode is supported."""
    return {
        "deprecated": f"IPVS mode is deprecated since Kubernetes {_named(DEPRECATED)}, {PLAN}",
        "gated": f"IPVS mode is deprecated and behind the feature gate KubeProxyIPVS since {_named(GATED)}, {PLAN}",
        "off-by-default": f"IPVS mode is off by default since Kubernetes {_named(OFF)}: kube-proxy does not start in "
        f"it without the feature gate KubeProxyIPVS; it is removed in {_named(REMOVED)} (KEP-5495)",
        "removed": f"Kubernetes {_named(REMOVED)} removed IPVS mode (KEP-5495): this kube-proxy cannot run it",
    }.get(stage(version), "")


def standing(version: str, mode: str) -> Finding | None:
    """Return where this version's IPVS mode stands, as a finding; None while it is supported, and in another mode."""
    code = STAGES.get(stage(version)) if mode == "ipvs" else None
    if code is None:
        return None
    return Finding(code, "error" if code == "IPVS033" else "warning", f"kube-proxy {version}: {notice(version)}")


def in_words(found: Iterable[Finding], *, writes: bool) -> list[Finding]:
    """Return the findings that are said to a user; documents have all of them.

    That IPVS mode goes away is said where somebody looks at the configuration (`get`) or writes it (`set`, `undo`), not
    at each restart and each look at the nodes. What refuses is said everywhere.
    """
    return [entry for entry in found if writes or entry.severity == "error" or entry.code not in STAGES.values()]


def outlook(version: str) -> str:
    """Return, where IPVS mode is still supported, from when on it is deprecated; "" elsewhere."""
    number = parse_version(version)
    if number is None or stage(version) != "supported":
        return ""
    return f"deprecated from Kubernetes {_named(DEPRECATED)}; you run {_named(number)}"


def ipvs_is_off(version: str, gates: Mapping[str, bool]) -> bool:
    """Tell whether this kube-proxy refuses mode ipvs for its feature gate; False for an unknown version."""
    number = parse_version(version)
    if number is None or not GATED <= number < REMOVED:
        return False
    return not gates.get(IPVS_GATE, number < OFF)


def missing_mode(version: str, mode: str, gates: Mapping[str, bool]) -> str:
    """Return why this kube-proxy has no such mode on Linux, "" where it has, or where nobody can tell."""
    if mode in {"", "iptables", "ipvs"} or "$" in mode:
        return ""
    if mode not in {"userspace", "nftables"}:
        return f'kube-proxy has no mode "{mode}": there are iptables, ipvs and nftables'
    number = parse_version(version)
    if number is None:
        return ""
    if mode == "userspace":
        return "" if number < NO_USERSPACE else f"kube-proxy {version} has no mode userspace: it ended with 1.25"
    if number < NFTABLES:
        return f"kube-proxy {version} has no mode nftables: it came with {_named(NFTABLES)}"
    return _nftables_gate(number, version, gates)


def _nftables_gate(number: tuple[int, int], version: str, gates: Mapping[str, bool]) -> str:
    if number >= NFTABLES_STABLE:
        return ""
    beta = number >= NFTABLES_BETA
    on = gates.get(NFTABLES_GATE, gates.get("AllBeta" if beta else "AllAlpha", beta))
    return "" if on else f"kube-proxy {version} has mode nftables only with the feature gate {NFTABLES_GATE}"
