"""Asks which rights a run needs and lacks, before anything is written."""

from typing import TYPE_CHECKING

from kubectl_ipvs.cluster.cluster import Access, Cluster
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.support.fanout import fan_out

if TYPE_CHECKING:
    from kubectl_ipvs.operations.change.plan import Plan

WITHOUT_LEASE = "another change at the same time would not be noticed"


def missing_rights(cluster: Cluster, plan: "Plan", concurrency: int) -> tuple[tuple[str, ...], str, list[str]]:
    """Ask for every right that the run needs; return those that are missing, why they are not known, and warnings."""
    needed, lease = _needed(plan), _lease_rights(plan.change.found)

    def ask(access: Access) -> tuple[Access, bool | None, str]:
        try:
            return access, cluster.allowed(access), ""
        except IpvsError as error:
            return access, None, str(error)

    asked = [*needed, *lease]
    answers = list(fan_out(ask, asked, min(concurrency, len(asked))))
    missing = sorted(str(access) for access, allowed, _ in answers if allowed is False and access in needed)
    without = sorted(str(access) for access, allowed, _ in answers if allowed is False and access in lease)
    warnings = [f"you may not: {'; '.join(without)}: {WITHOUT_LEASE}"] if without else []
    return tuple(missing), next((why for _, allowed, why in answers if allowed is None), ""), warnings


def _needed(plan: "Plan") -> list[Access]:
    """Return the rights without which the run ends halfway; exec is not asked for, since every table was read by it."""
    found, options = plan.change.found, plan.options
    here = found.namespace
    needed = [Access("list", "pods", namespace=here)]
    for entry in plan.change.writes:
        name = entry.source.config_map.name if entry.source.config_map else ""
        needed.append(Access("patch", "configmaps", namespace=here, name=name))
    if plan.targets and options.verify:
        needed += [Access("list", "services"), Access("list", "endpointslices", group="discovery.k8s.io")]
    rollout = bool(plan.targets) and options.pace.strategy == "rollout"
    if rollout:
        needed += [Access("patch", "daemonsets", group="apps", namespace=here, name=owner.name)
                   for owner in found.daemon_sets]  # fmt: skip
    if bool(plan.targets) and (not rollout or (options.rollback and plan.change.changes_text)):
        needed.append(Access("delete", "pods", namespace=here))
    return needed


def _lease_rights(found: Installation) -> list[Access]:
    lease = {"group": "coordination.k8s.io", "namespace": found.namespace}
    return [Access("create", "leases", **lease), Access("update", "leases", name="kubectl-ipvs", **lease)]
