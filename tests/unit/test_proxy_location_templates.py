"""The pod templates of the field, and where each of them keeps its configuration."""

from typing import Any

import pytest

from kubectl_ipvs.proxy.process import Reference, process, runs_kube_proxy

Json = dict[str, Any]

HOSTNAME = "--hostname-override=$(NODE_NAME)"


def mount(name: str, folder: str) -> Json:
    """Give a volumeMounts entry."""
    return {"name": name, "mountPath": folder}


def held(name: str) -> Json:
    """Give a source of a ConfigMap, whole."""
    return {"configMap": {"name": name, "defaultMode": 420}}


def proxy(command: list[str], mounts: list[Json]) -> Json:
    """Give kube-proxy's container."""
    return {"name": "kube-proxy", "command": command, "volumeMounts": mounts}


def config_map(path: str, name: str, key: str) -> Reference:
    """Give the reference that is expected."""
    return Reference("config-map", path, name, key)


XTABLES = (mount("xtables-lock", "/run/xtables.lock"), mount("lib-modules", "/lib/modules"))
HOST = (
    {"name": "xtables-lock", "hostPath": {"path": "/run/xtables.lock", "type": "FileOrCreate"}},
    {"name": "lib-modules", "hostPath": {"path": "/lib/modules"}},
)
KUBEADM = {
    "hostNetwork": True,
    "priorityClassName": "system-node-critical",
    "containers": [
        proxy(
            ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", HOSTNAME],
            [mount("kube-proxy", "/var/lib/kube-proxy"), *XTABLES],
        )
    ],
    "volumes": [{"name": "kube-proxy", **held("kube-proxy")}, *HOST],
}
EKS = {
    "containers": [
        proxy(
            ["kube-proxy", "--v=2", "--config=/var/lib/kube-proxy-config/config", HOSTNAME],
            [
                mount("varlog", "/var/log"),
                *XTABLES,
                mount("kubeconfig", "/var/lib/kube-proxy/"),
                mount("config", "/var/lib/kube-proxy-config/"),
            ],
        )
    ],
    "volumes": [
        {"name": "varlog", "hostPath": {"path": "/var/log"}},
        *HOST,
        {"name": "kubeconfig", **held("kube-proxy")},
        {"name": "config", **held("kube-proxy-config")},
    ],
}
OPENSHIFT = {
    "containers": [
        proxy(
            [
                "/bin/bash",
                "-c",
                'exec /usr/bin/kube-proxy --config=/config/kube-proxy-config.yaml --hostname-override "${NODE}"',
            ],
            [mount("host-slash", "/host"), mount("config", "/config")],
        ),
        {
            "name": "kube-rbac-proxy",
            "command": ["/bin/bash", "-c", "set -eu\nexec /usr/bin/kube-rbac-proxy \\\n --upstream=http://127.0.0.1/"],
            "volumeMounts": [mount("kube-proxy-metrics-certs", "/etc/pki/tls/metrics-certs")],
        },
    ],
    "volumes": [{"name": "host-slash", "hostPath": {"path": "/"}}, {"name": "config", **held("proxy-config")}],
}
K0S = {
    "containers": [
        proxy(
            ["/usr/local/bin/kube-proxy", "--config=/var/lib/kube-proxy/config.conf", HOSTNAME],
            [mount("kube-proxy", "/var/lib/kube-proxy"), *XTABLES],
        )
    ],
    "initContainers": [{"name": "cleanup", "command": ["kube-proxy", "--cleanup", "--config=/other"]}],
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "volumes": [*HOST, {"name": "kube-proxy", **held("kube-proxy")}],
}
TALOS = {
    "containers": [
        proxy(
            ["/usr/local/bin/kube-proxy", "--config", "/etc/kubernetes/kube-proxy/config.conf"],
            [mount("kubeconfig", "/etc/kubernetes"), mount("config", "/etc/kubernetes/kube-proxy")],
        )
    ],
    "volumes": [
        {"name": "kubeconfig", "secret": {"secretName": "kubeconfig-in-cluster"}},
        {"name": "config", **held("kube-proxy-config-9f86d081")},
    ],
}
AKS = {
    "containers": [
        proxy(
            ["kube-proxy", "--conntrack-max-per-core=0", "--proxy-mode=ipvs", "--ipvs-scheduler=lc", "--v=3"],
            [mount("kubeconfig", "/var/lib/kubelet"), mount("certificates", "/etc/kubernetes/certs")],
        )
    ],
    "volumes": [{"name": "kubeconfig", "hostPath": {"path": "/var/lib/kubelet"}}],
}
KOPS_SCRIPT = """exec /usr/local/bin/kube-proxy --ipvs-scheduler=lc --kubeconfig=/var/lib/kube-proxy/kubeconfig \
 --proxy-mode=ipvs --v=2 2>&1 | /bin/tee -a /var/log/kube-proxy.log"""
KOPS = {
    "containers": [
        proxy(
            [
                "/bin/sh",
                "-c",
                KOPS_SCRIPT,
            ],
            [mount("kubeconfig", "/var/lib/kube-proxy/kubeconfig"), mount("logfile", "/var/log/kube-proxy.log")],
        )
    ],
    "volumes": [{"name": "kubeconfig", "hostPath": {"path": "/var/lib/kube-proxy/kubeconfig"}}],
}
TEMPLATES: dict[str, tuple[Json, Reference]] = {
    "kubeadm": (KUBEADM, config_map("/var/lib/kube-proxy/config.conf", "kube-proxy", "config.conf")),
    "EKS": (EKS, config_map("/var/lib/kube-proxy-config/config", "kube-proxy-config", "config")),
    "OpenShift": (
        OPENSHIFT,
        config_map("/config/kube-proxy-config.yaml", "proxy-config", "kube-proxy-config.yaml"),
    ),
    "k0s": (K0S, config_map("/var/lib/kube-proxy/config.conf", "kube-proxy", "config.conf")),
    "Talos": (
        TALOS,
        config_map("/etc/kubernetes/kube-proxy/config.conf", "kube-proxy-config-9f86d081", "config.conf"),
    ),
    "AKS": (AKS, Reference("flags")),
    "kops": (KOPS, Reference("flags")),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_of_the_field(name: str) -> None:
    """Each distribution's own template leads to its ConfigMap and key, or to flags, and is found without its name."""
    template, expected = TEMPLATES[name]

    found = process(template)

    assert found is not None
    assert (found.container, found.reference, runs_kube_proxy(template)) == ("kube-proxy", expected, True)
