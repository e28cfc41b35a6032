"""Who would overwrite an edit, told from labels, annotations, field managers and the namespace."""

import pytest

from kubectl_ipvs.proxy.checks.config_owners import (
    ADDON,
    ARGO,
    EKS,
    FLUX,
    HELM,
    K0S,
    KUBERMATIC,
    OPENSHIFT,
    Owner,
    owners,
)

CASES: dict[str, tuple[dict[str, str], list[str], str, tuple[Owner, ...]]] = {
    "nobody": ({"app": "kube-proxy"}, ["kubeadm", "kubectl-edit", "kubectl-ipvs"], "kube-system", ()),
    "kubeadm's own mark": ({"kubeadm.kubernetes.io/component-config.hash": "x"}, [], "kube-system", ()),
    "Argo CD, annotation": ({"argocd.argoproj.io/tracking-id": "x"}, [], "kube-system", (ARGO,)),
    "Argo CD, manager": ({}, ["argocd-controller"], "kube-system", (ARGO,)),
    "Flux, kustomization": ({"kustomize.toolkit.fluxcd.io/name": "x"}, [], "kube-system", (FLUX,)),
    "Flux, Helm release": (
        {"helm.toolkit.fluxcd.io/name": "x", "app.kubernetes.io/managed-by": "Helm"},
        ["helm-controller"],
        "kube-system",
        (FLUX, HELM),
    ),
    "Flux, manager": ({}, ["kustomize-controller"], "kube-system", (FLUX,)),
    "EKS, label": ({"eks.amazonaws.com/component": "kube-proxy"}, [], "kube-system", (EKS,)),
    "EKS, manager": ({}, ["eks"], "kube-system", (EKS,)),
    "Helm, label": ({"app.kubernetes.io/managed-by": "Helm"}, [], "kube-system", (HELM,)),
    "Helm, annotation": ({"meta.helm.sh/release-name": "x"}, [], "kube-system", (HELM,)),
    "Helm, manager": ({}, ["helm"], "kube-system", (HELM,)),
    "addon manager that reconciles": ({"addonmanager.kubernetes.io/mode": "Reconcile"}, [], "kube-system", (ADDON,)),
    "addon manager that leaves it": ({"addonmanager.kubernetes.io/mode": "EnsureExists"}, [], "kube-system", ()),
    "k0s": ({"k0s.k0sproject.io/stack": "kubeproxy"}, ["k0s"], "kube-system", (K0S,)),
    "Kubermatic": ({"kubermatic.io/addon": "kube-proxy"}, ["kubermatic-addon"], "kube-system", (KUBERMATIC,)),
    "OpenShift, namespace": ({}, [], "openshift-kube-proxy", (OPENSHIFT,)),
    "OpenShift, manager": ({}, ["cluster-network-operator"], "kube-system", (OPENSHIFT,)),
    "two of them": ({"argocd.argoproj.io/instance": "x"}, ["Helm"], "kube-system", (ARGO, HELM)),
}


@pytest.mark.parametrize(("keys", "managers", "namespace", "expected"), CASES.values(), ids=CASES)
def test_owners(keys: dict[str, str], managers: list[str], namespace: str, expected: tuple[Owner, ...]) -> None:
    """Each sign names its owner once."""
    assert owners(keys, managers, namespace) == expected


def test_every_owner_says_where_the_setting_lasts() -> None:
    """No owner is named without what to do instead."""
    known = (ARGO, FLUX, EKS, HELM, ADDON, K0S, KUBERMATIC, OPENSHIFT)
    assert [owner.name for owner in known if len(owner.durable) < 30] == []
