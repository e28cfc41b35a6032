"""Decides, from facts that others gathered, what speaks against a change. No I/O: facts in, findings out.

Each check is a function that yields findings; CHECKS runs them in the order in which a reader wants them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, available_since, suggest
from kubectl_ipvs.proxy.checks.config_owners import Owner
from kubectl_ipvs.proxy.checks.findings import Finding, some
from kubectl_ipvs.proxy.checks.lifecycle import notice, stage
from kubectl_ipvs.proxy.checks.modules import Modules, consequence, must_be_loaded
from kubectl_ipvs.proxy.config.fields import Value

STAGES = {"deprecated": "IPVS030", "gated": "IPVS031", "off-by-default": "IPVS032", "removed": "IPVS033"}


class NodeFact(NamedTuple):
    """One node: `modules` None where nothing of its kernel could be read."""

    name: str
    ready: bool = True
    kernel: str = ""
    crashing: str = ""  # how its pod crashes, "" if it does not
    modules: Modules | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that preflight weighs. `values` are the fields to be changed; a plain restart has none."""

    values: Mapping[str, Value] = field(default_factory=dict)
    before: Mapping[str, Value] = field(default_factory=dict)
    mode: str = "ipvs"
    version: str = ""
    place: str = "ConfigMap"  # ConfigMap, Flags, StaticPods
    immutable: bool = False
    unknown_keys: Sequence[str] = ()
    owners: Sequence[Owner] = ()
    nodes: Sequence[NodeFact] = ()
    missing_rights: Sequence[str] = ()
    unknown_rights: str = ""
    restarts: bool = True
    static_pods: bool = False
    rollout: str = ""  # what the DaemonSet is in the middle of, "" if it rests
    on_delete: bool = False
    strategy: str = "delete"

    @property
    def scheduler(self) -> str:
        """The scheduler to be set, "" where that is not part of the change."""
        value = self.values.get("scheduler", "")
        return value if isinstance(value, str) else ""


def findings(facts: Facts) -> list[Finding]:
    """Run every check."""
    return [found for check in CHECKS for found in check(facts)]


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


def _static(facts: Facts) -> Iterator[Finding]:
    if facts.place == "StaticPods" or facts.static_pods:
        yield Finding("IPVS024", "error", "kube-proxy runs as static pods: deleting one restarts nothing",
                      "change the manifest on each node (RKE2: kube-proxy-arg in config.yaml; kops: spec.kubeProxy)",
                      forcible=False)  # fmt: skip


def _mode(facts: Facts) -> Iterator[Finding]:
    if facts.values and facts.mode != "ipvs":
        yield Finding("IPVS001", "error", f"kube-proxy's mode is {facts.mode}: the value would have no effect",
                      "--force stores it all the same")  # fmt: skip


def _name(facts: Facts) -> Iterator[Finding]:
    if facts.scheduler and facts.scheduler not in SCHEDULERS:
        near = suggest(facts.scheduler)
        yield Finding("IPVS002", "error", f'no scheduler of the kernel is called "{facts.scheduler}"',
                      f"did you mean {near}?" if near else "`kubectl ipvs schedulers` lists them")  # fmt: skip


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


def _worth(facts: Facts) -> Iterator[Finding]:
    known = SCHEDULERS.get(facts.scheduler)
    if known is None:
        return
    if known.trap:
        yield Finding("IPVS005", "error", f"{known.name} is a trap: {known.with_kube_proxy}", known.advice)
    elif known.name in {"sh", "mh"}:
        yield Finding("IPVS006", "warning", f"{known.name}: {known.advice}")
    elif known.name in {"wrr", "wlc"}:
        yield Finding("IPVS007", "warning", f"{known.name} does what {known.name[1:]} does: {known.with_kube_proxy}")


def _strict_arp(facts: Facts) -> Iterator[Finding]:
    if facts.values.get("strictARP") is False and facts.before.get("strictARP") is True:
        yield Finding("IPVS008", "warning", "kube-proxy never sets arp_ignore and arp_announce back",
                      "on each node: sysctl net.ipv4.conf.all.{arp_ignore,arp_announce}=0, or a reboot")  # fmt: skip


def _unknown_keys(facts: Facts) -> Iterator[Finding]:
    if facts.unknown_keys:
        yield Finding(
            "IPVS009", "warning", f"the configuration holds what kube-proxy ignores: {'; '.join(facts.unknown_keys)}"
        )


def _rights(facts: Facts) -> Iterator[Finding]:
    if facts.missing_rights:
        yield Finding("IPVS010", "error", f"you may not: {'; '.join(facts.missing_rights)}",
                      "docs/rbac.yaml holds a role that may; or try another user", forcible=False)  # fmt: skip
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


def _daemon_set(facts: Facts) -> Iterator[Finding]:
    if facts.rollout and facts.restarts:
        yield Finding("IPVS022", "error", f"the DaemonSet is in the middle of a rollout: {facts.rollout}",
                      "wait for `kubectl rollout status` of it")  # fmt: skip
    if facts.on_delete and facts.strategy == "rollout":
        yield Finding("IPVS023", "error", "the DaemonSet's update strategy is OnDelete: it does not roll by itself",
                      "leave --strategy=rollout out", forcible=False)  # fmt: skip


def _lifecycle(facts: Facts) -> Iterator[Finding]:
    code = STAGES.get(stage(facts.version)) if facts.mode == "ipvs" else None
    if code is not None:
        bad = code == "IPVS033"
        yield Finding(code, "error" if bad else "warning", f"kube-proxy {facts.version}: {notice(facts.version)}")


CHECKS = (
    _place, _static, _mode, _name, _kernel, _modules, _worth, _strict_arp, _unknown_keys, _rights, _owner, _health,
    _daemon_set, _lifecycle,
)  # fmt: skip
