"""The way out of IPVS mode that suits a cluster, and the commands that go it today (facts: KEP-3866, tried on 1.36).

isolated: a second ConfigMap, and the same DaemonSet with the update strategy OnDelete: a node moves only when its pod
is deleted. hitless: the same, and the new pods come without /lib/modules, so that kube-proxy from 1.34 on leaves the
IPVS table alone and open connections go on. shared: the one ConfigMap is changed. by-hand: nothing that we could write.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kubectl_ipvs.proxy.checks.config_owners import EKS, K0S, KUBERMATIC, Owner
from kubectl_ipvs.proxy.leaving.facts import ConfigurationFact, Facts
from kubectl_ipvs.proxy.release import parse_version

Name = Literal["isolated", "hitless", "shared", "by-hand"]
HITLESS = (1, 34)  # from then on kube-proxy asks modprobe before it removes what IPVS left
# Where the mode is set for good, as those projects document it.
DURABLE = {
    EKS: "aws eks update-addon --cluster-name NAME --addon-name kube-proxy --configuration-values "
    '\'{"mode":"nftables"}\' --resolve-conflicts OVERWRITE',
    K0S: "set spec.network.kubeProxy.mode: nftables in the ClusterConfig: k0s applies it, and restarts the pods",
    KUBERMATIC: "Kubermatic does not change proxyMode in place: ask for a new cluster, or its addon's template",
}
WRITES, SHARED_WRITES = ("create configmaps", "patch daemonsets", "delete pods"), ("patch configmaps", "delete pods")


class Way(NamedTuple):
    """A way, why it is this one, and in words what is to be changed where somebody else owns the configuration."""

    name: Name
    reason: str
    elsewhere: tuple[str, ...] = ()


def way(facts: Facts) -> Way:
    """Choose by who owns the configuration, what we may do, and how new every kube-proxy is."""
    ours = [entry for entry in facts.configurations if entry.seen.name]
    foreign = [entry for entry in ours if entry.kind != "ConfigMap"]
    if foreign or not ours:
        return Way("by-hand", _not_ours(foreign))
    owners = dict.fromkeys(owner for entry in ours for owner in entry.owners)
    if owners:
        names = ", ".join(owner.name for owner in owners)
        return Way("shared", f"{names} writes its own back", tuple(map(_durable, owners)))
    missing = _missing(facts, WRITES)
    if missing:
        return _without_rights(facts, missing)
    old = [node for node in facts.leaving if (parse_version(node.version) or (0, 0)) < HITLESS]
    if old:
        return Way("isolated", f"open connections go on from kube-proxy 1.34 on alone: {len(old)} older")
    blind = [entry for entry, read in facts.before if not read.finds_local]
    if blind:
        return Way("isolated", "open connections go on only where clusterCIDR or a detectLocalMode is set")
    return Way("hitless", "kube-proxy is 1.34 or newer, and its DaemonSet and ConfigMaps may be written")


def _not_ours(foreign: Sequence[ConfigurationFact]) -> str:
    if not foreign:
        return "where kube-proxy's configuration is, is not known"
    kinds = {"DaemonSet": "flags of a DaemonSet", "Pod": "flags of static pods", "File": "a file on each node",
             "Rendered": "a file that the pod makes"}  # fmt: skip
    said = dict.fromkeys(kinds.get(entry.kind, entry.kind) for entry in foreign)
    return f"kube-proxy is configured by {', '.join(said)}"


def _missing(facts: Facts, needed: Sequence[str]) -> list[str]:
    rights = facts.rights or {}
    return [right for right in needed if rights.get(right) is False]


def _without_rights(facts: Facts, missing: Sequence[str]) -> Way:
    if _missing(facts, SHARED_WRITES):
        return Way("by-hand", f"you may not: {', '.join(dict.fromkeys((*missing, *_missing(facts, SHARED_WRITES))))}")
    return Way("shared", f"you may not: {', '.join(missing)}")


def _durable(owner: Owner) -> str:
    return DURABLE.get(owner, f"set mode: nftables where {owner.name} takes it from, or it is written back")
