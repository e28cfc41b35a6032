"""Who would overwrite an edit, and where the setting lives for good (facts: those projects' manifests and docs)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Owner(NamedTuple):
    """A manager of the configuration: its name, and where the durable setting is."""

    name: str
    durable: str


ARGO = Owner("Argo CD", "change it in the Git repository that Argo CD syncs from, or the next sync reverts it")
FLUX = Owner("Flux", "change it in the Git repository that Flux applies, or the next reconciliation reverts it")
EKS = Owner(
    "the EKS add-on kube-proxy",
    "aws eks update-addon --addon-name kube-proxy --configuration-values "
    '\'{"mode":"ipvs","ipvs":{"scheduler":"..."}}\' --resolve-conflicts OVERWRITE',
)
HELM = Owner("Helm", "change the release's values: the next helm upgrade writes its own")
ADDON = Owner("the addon manager", "it writes its own manifest back (mode Reconcile): change that, or set EnsureExists")
K0S = Owner("k0s", "set spec.network.kubeProxy.ipvs in the ClusterConfig: k0s applies its own again")
KUBERMATIC = Owner("Kubermatic", "its addon controller writes its own back: change the addon's template")
OPENSHIFT = Owner(
    "OpenShift's network operator",
    "set spec.kubeProxyConfig.proxyArguments of network.operator.openshift.io/cluster: the operator writes it back",
)
_BY_KEY = (  # beginnings of label and annotation keys
    ("argocd.argoproj.io/", ARGO), ("kustomize.toolkit.fluxcd.io/", FLUX), ("helm.toolkit.fluxcd.io/", FLUX),
    ("eks.amazonaws.com/", EKS), ("meta.helm.sh/release-name", HELM), ("k0s.k0sproject.io/", K0S),
    ("kubermatic.io/", KUBERMATIC), ("kubermatic.k8s.io/", KUBERMATIC), ("networkoperator.openshift.io/", OPENSHIFT),
)  # fmt: skip
_BY_MANAGER = (  # beginnings of field managers' names
    ("argocd", ARGO), ("kustomize-controller", FLUX), ("helm-controller", FLUX), ("eks", EKS), ("helm", HELM),
    ("k0s", K0S), ("kubermatic", KUBERMATIC), ("cluster-network-operator", OPENSHIFT), ("network-operator", OPENSHIFT),
)  # fmt: skip


def owners(keys: Mapping[str, str], managers: Iterable[str], namespace: str) -> tuple[Owner, ...]:
    """Return who manages an object, from its labels and annotations, its field managers and its namespace."""
    found = [owner for start, owner in _BY_KEY if any(key.startswith(start) for key in keys)]
    if keys.get("app.kubernetes.io/managed-by", "").lower() == "helm":
        found.append(HELM)
    if keys.get("addonmanager.kubernetes.io/mode") == "Reconcile":
        found.append(ADDON)
    found += [owner for start, owner in _BY_MANAGER for name in managers if name.lower().startswith(start)]
    if namespace.startswith("openshift-"):
        found.append(OPENSHIFT)
    return tuple(dict.fromkeys(found))
