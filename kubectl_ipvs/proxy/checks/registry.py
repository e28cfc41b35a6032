"""Decides, from facts that others gathered, what speaks against a change. No I/O: facts in, findings out.

Each check is a function that yields findings; CHECKS runs them in the order in which a reader wants them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, available_since
from kubectl_ipvs.proxy.checks.facts import Facts
from kubectl_ipvs.proxy.checks.findings import Finding, some
from kubectl_ipvs.proxy.checks.lifecycle import standing
from kubectl_ipvs.proxy.checks.modules import Modules, consequence, must_be_loaded
from kubectl_ipvs.proxy.checks.startup import unknown_fields, unknown_scheduler
from kubectl_ipvs.proxy.checks.value_checks import excluded_services, strict_arp, timeouts, worth
from kubectl_ipvs.proxy.process import Reference


def findings(facts: Facts) -> list[Finding]:
    """Run every check; what two of them say in the same words is said once."""
    return list(dict.fromkeys(found for check in CHECKS for found in check(facts)))


def rollout_under_way(
    desired: int, updated: int, observed_generation: int, generation: int, not_ready_nodes_without_updated_pod: int
) -> str:
    """Say what a DaemonSet is in the middle of, "" if it rests.

    A pod that is missing on a node that is not ready alone is no rollout: it may be missing for ever.
    """
    if not observed_generation:
        return ""
    if observed_generation < generation:
        return "its last change is not taken in yet"
    if desired - updated > not_ready_nodes_without_updated_pod:
        return f"{updated} of {desired} pods are updated"
    return ""


def _place(facts: Facts) -> Iterator[Finding]:
    if not facts.values:
        return
    if facts.place == "Flags":
        yield Finding("IPVS025", "error", "flags of the DaemonSet configure kube-proxy: not ours to edit",
                      "change --ipvs-scheduler where the DaemonSet comes from (AKS: az aks update --kube-proxy-config)",
                      forcible=False)  # fmt: skip
    if facts.immutable:
        yield Finding("IPVS026", "error", "the ConfigMap is immutable: it cannot be changed",
                      "make a new one and let the DaemonSet mount it", forcible=False)  # fmt: skip
    if facts.reference.kind in {"host-file", "rendered", "unknown"}:
        yield _no_config_map(facts.reference)


def _no_config_map(reference: Reference) -> Finding:
    """Say where the configuration is, and which ConfigMaps may be what it is made of."""
    where = {
        "host-file": f"a file on each node ({reference.name or reference.path})",
        "rendered": f"{reference.path}, which the pod renders when it starts",
        "unknown": f"{reference.path}, which is in no ConfigMap that its pods mount",
    }[reference.kind]
    named = " or ".join(f"--configmap {'/'.join(filter(None, entry))}" for entry in reference.candidates)
    hint = f"is it made of a ConfigMap? name that: {named}" if named else "change it there, then `kubectl ipvs restart`"
    return Finding("IPVS027", "error", f"kube-proxy reads {where}: not ours to edit", hint, forcible=False)


def _several(facts: Facts) -> Iterator[Finding]:
    if facts.in_the_way:
        narrowing = " or ".join(dict.fromkeys(filter(None, facts.in_the_way.values())))
        yield Finding("IPVS019", "error", f"this covers several configurations, and not all can be changed: "
                      f"{'; '.join(facts.in_the_way)}", f"narrow it: {narrowing}" if narrowing else "",
                      forcible=False)  # fmt: skip


def _startup(facts: Facts) -> Iterator[Finding]:
    yield from facts.startup
    yield from unknown_fields(facts.values, facts.version)


def _static(facts: Facts) -> Iterator[Finding]:
    if facts.place == "StaticPods":
        yield Finding("IPVS024", "error", "kube-proxy runs as static pods: deleting one restarts nothing",
                      "change the manifest on each node (RKE2: kube-proxy-arg in config.yaml; kops: spec.kubeProxy)",
                      forcible=False)  # fmt: skip


def _mode(facts: Facts) -> Iterator[Finding]:
    if facts.values and facts.mode != "ipvs":
        yield Finding("IPVS001", "error", f"kube-proxy's mode is {facts.mode}: the value would have no effect",
                      "--force stores it all the same")  # fmt: skip


def _name(facts: Facts) -> Iterator[Finding]:
    if facts.scheduler and facts.scheduler not in SCHEDULERS and "$" not in facts.scheduler:
        yield unknown_scheduler(facts.scheduler)


def _kernel(facts: Facts) -> Iterator[Finding]:
    known = SCHEDULERS.get(facts.scheduler)
    if known is None:
        return
    old = {node.name: node.kernel for node in facts.nodes if facts.scheduler not in available_since(node.kernel)}
    if old:
        since = ".".join(map(str, known.kernel))
        kernels = ", ".join(sorted(set(old.values())))
        yield Finding("IPVS003", "error", f"{facts.scheduler} came with Linux {since}; {some(tuple(old))}: {kernels}",
                      consequence(facts.version), nodes=tuple(old))  # fmt: skip


def _modules(facts: Facts) -> Iterator[Finding]:
    name = facts.scheduler
    if name not in SCHEDULERS:
        return
    lacking: dict[str, list[str]] = defaultdict(list)
    for node in facts.nodes:
        if node.modules is not None:
            lacking[_lack(node.modules, name, facts.version)].append(node.name)
    for why, hint in (
        ("missing", "install the kernel's extra modules there, or choose another scheduler"),
        ("not loaded", f"load it first on each of them: modprobe ip_vs_{name}, and for good in /etc/modules-load.d"),
    ):
        nodes = tuple(lacking[why])
        if nodes:
            reason = f"ip_vs_{name} is {why} on {some(nodes)}: {consequence(facts.version)}"
            yield Finding("IPVS004", "error", reason, hint, nodes=nodes)


def _lack(modules: Modules, name: str, version: str) -> str:
    """Return `missing`, `not loaded`, or "" where the module is there or nobody can tell."""
    if modules.loaded is not None and name in modules.loaded:
        return ""
    if modules.available is not None and name not in modules.available:
        return "missing"
    return "not loaded" if modules.loaded is not None and must_be_loaded(version, name) else ""


def _rights(facts: Facts) -> Iterator[Finding]:
    if facts.missing_rights:
        yield Finding("IPVS010", "error", f"you may not: {'; '.join(facts.missing_rights)}",
                      "docs/rbac.yaml has a role with these rights; or try another user", forcible=False)  # fmt: skip
    if facts.unknown_rights:
        yield Finding("IPVS012", "warning", f"your rights could not be asked for: {facts.unknown_rights}")


def _owner(facts: Facts) -> Iterator[Finding]:
    for owner in facts.owners if facts.values else ():
        yield Finding(
            "IPVS011", "warning", f"{owner.name} owns this configuration and may write its own back", owner.durable
        )


def _health(facts: Facts) -> Iterator[Finding]:
    away = tuple(node.name for node in facts.nodes if not node.ready)
    if away and facts.restarts:
        yield Finding("IPVS020", "warning", f"not ready, so not restarted: {some(away)}",
                      "run `kubectl ipvs restart --stale` when they are back", nodes=away)  # fmt: skip
    crashing = tuple(node.name for node in facts.nodes if node.crashing)
    if crashing:
        first = next(node.crashing for node in facts.nodes if node.crashing)
        yield Finding("IPVS021", "warning", f"kube-proxy already crashes on {some(crashing)}: {first}", nodes=crashing)


def _tables(facts: Facts) -> Iterator[Finding]:
    """Whether the run can be verified: what cannot be read of all nodes, and who is left out of it."""
    if not facts.restarts:
        return
    out = {**facts.unreadable, **facts.left_out}
    reached = [node.name for node in facts.nodes if node.ready and node.name not in facts.left_out]
    if reached and all(name in facts.unreadable for name in reached):
        hint = "--force goes on, and verifies that each pod stays up and no more"
        reason = f"no node's table can be read: {_reasons(facts.unreadable)}"
        yield Finding("IPVS017", "error", reason, hint, nodes=tuple(reached))
        out = dict(facts.left_out)
    if out:
        yield Finding("IPVS018", "warning", f"left out: {_reasons(out)}",
                      "`kubectl ipvs restart --stale` restarts them once they are well", nodes=tuple(out))  # fmt: skip


def _reasons(nodes: Mapping[str, str]) -> str:
    """Name nodes by their reason: `a, b (timeout); c (Pending)`."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for name, reason in nodes.items():
        by_reason[reason].append(name)
    return "; ".join(f"{some(tuple(names))} ({reason})" for reason, names in by_reason.items())


def _daemon_set(facts: Facts) -> Iterator[Finding]:
    if facts.rollout and facts.restarts:
        yield Finding("IPVS022", "error", f"the DaemonSet is in the middle of a rollout: {facts.rollout}",
                      f"kubectl -n {facts.namespace} rollout status daemonset/{facts.daemon_set} --timeout=5m; "
                      "where it has stopped for good, --force goes on")  # fmt: skip
    if facts.on_delete and facts.strategy == "rollout":
        yield Finding("IPVS023", "error", "the DaemonSet's update strategy is OnDelete: it does not roll by itself",
                      "leave --strategy=rollout out", forcible=False)  # fmt: skip


def _lifecycle(facts: Facts) -> Iterator[Finding]:
    found = standing(facts.version, facts.mode)
    if found is not None:
        yield found


CHECKS = (
    _place, _several, _static, _mode, _startup, _name, _kernel, _modules, worth, strict_arp, timeouts,
    excluded_services, _rights, _owner, _health,
    _tables, _daemon_set, _lifecycle,
)  # fmt: skip
