"""Where each distribution keeps kube-proxy's configuration and how it runs kube-proxy. Values only.

Sources: kubeadm's proxy addon, EKS, AKS and OpenShift as their documents and manifests show them.
"""

from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.nodes.kubeadm_text import kubeadm_text, release_of_text
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters:
- cluster:
    certificate-authority: /var/run/secrets/kubernetes.io/serviceaccount/ca.crt
    server: https://control-plane:6443
  name: default
contexts:
- context:
    cluster: default
    namespace: default
    user: default
  name: default
current-context: default
users:
- name: default
  user:
    tokenFile: /var/run/secrets/kubernetes.io/serviceaccount/token
"""


class Layout(NamedTuple):
    """One way to run kube-proxy. `config_map` is "" where flags are the configuration, `daemon_set` "" without one."""

    namespace: str
    labels: tuple[tuple[str, str], ...]
    command: tuple[str, ...]
    daemon_set: str = ""
    config_map: str = ""
    key: str = ""
    directory: str = ""  # where the volume is mounted
    image: str = "registry.k8s.io/kube-proxy"
    static: bool = False
    pods: bool = True


_FLAGS = (
    "--conntrack-max-per-core=0",
    "--metrics-bind-address=0.0.0.0:10249",
    "--kubeconfig=/var/lib/kubelet/kubeconfig",
    "--cluster-cidr=10.244.0.0/16",
    "--detect-local-mode=ClusterCIDR",
    "--pod-interface-name-prefix=",
)


_LAYOUTS = {
    "kubeadm": Layout(
        namespace="kube-system",
        labels=(("k8s-app", "kube-proxy"),),
        command=(
            "/usr/local/bin/kube-proxy",
            "--config=/var/lib/kube-proxy/config.conf",
            "--hostname-override=$(NODE_NAME)",
        ),
        daemon_set="kube-proxy",
        config_map="kube-proxy",
        key="config.conf",
        directory="/var/lib/kube-proxy",
    ),
    "eks": Layout(
        namespace="kube-system",
        labels=(("k8s-app", "kube-proxy"),),
        command=(
            "kube-proxy",
            "--v=2",
            "--config=/var/lib/kube-proxy-config/config",
            "--hostname-override=$(NODE_NAME)",
        ),
        daemon_set="kube-proxy",
        config_map="kube-proxy-config",
        key="config",
        directory="/var/lib/kube-proxy-config",
        image="602401143452.dkr.ecr.us-west-2.amazonaws.com/eks/kube-proxy",
    ),
    "openshift": Layout(
        namespace="openshift-kube-proxy",
        labels=(("app", "kube-proxy"), ("component", "network"), ("type", "infra")),
        command=("/usr/bin/kube-proxy", "--config=/config/kube-proxy-config.yaml", "-v=2"),
        daemon_set="openshift-kube-proxy",
        config_map="proxy-config",
        key="kube-proxy-config.yaml",
        directory="/config",
        image="quay.io/openshift/origin-kube-proxy",
    ),
    "none": Layout(namespace="kube-system", labels=(), command=(), pods=False),
}


def layout_of(options: Options) -> Layout:
    """Return the layout an option names."""
    if options.layout in _LAYOUTS:
        return _LAYOUTS[options.layout]
    scheduler = options.scheduler or "lc"
    is_static = options.layout == "static"
    return Layout(
        namespace="kube-system",
        labels=(("component", "kube-proxy"), ("tier", "node")),
        command=("kube-proxy", *_FLAGS, f"--proxy-mode={options.mode}", f"--ipvs-scheduler={scheduler}", "--v=3"),
        daemon_set="" if is_static else "kube-proxy",
        image="registry.k8s.io/kube-proxy" if is_static else "mcr.microsoft.com/oss/kubernetes/kube-proxy",
        static=is_static,
    )


def configuration(options: Options) -> str:
    """Return the text `options.config` gives, or kubeadm's own with the asked mode and scheduler (no final newline)."""
    if options.config is not None:
        return options.config
    text = kubeadm_text(release_of_text(options.version))
    return text.format(scheduler=options.scheduler or '""', mode=options.mode or '""')
