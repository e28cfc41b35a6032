"""Finds kube-proxy and its configuration in a cluster: the DaemonSet, what it mounts, what that says.

Order: the names the user gave; DaemonSet kube-proxy in the namespace; any DaemonSet there that runs kube-proxy;
OpenShift's own place; static (mirror) pods. The usual case takes two requests.
"""

from collections.abc import Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap, DaemonSet, items, mapping
from kubectl_ipvs.errors import ApiError, ConfigurationInvalid, IpvsError
from kubectl_ipvs.proxy.config import configuration
from kubectl_ipvs.proxy.config.configuration import Configuration
from kubectl_ipvs.proxy.config.last_change import ROLLED_BACK, in_force_between
from kubectl_ipvs.proxy.process import Reference, process, runs_kube_proxy
from kubectl_ipvs.proxy.release import version_of_image

NAMESPACE = "kube-system"
STATIC_SELECTORS = ("k8s-app=kube-proxy", "component=kube-proxy")
OPENSHIFT = "openshift-kube-proxy"
NOT_FOUND_HINT = (
    "k3s, RKE1 and MicroK8s run kube-proxy inside another process; Cilium and Calico's eBPF mode replace it; "
    "elsewhere name it with -n, --daemonset or -l"
)


class Where(NamedTuple):
    """What the user said about the place: None is "find it"."""

    namespace: str | None = None
    selector: str | None = None
    daemon_set: str | None = None
    config_map: str | None = None


class Located(NamedTuple):
    """kube-proxy as it was found. `config_map` and `key` are None and "" where flags are the configuration."""

    kind: str  # ConfigMap, Flags or StaticPods
    namespace: str
    name: str
    selector: str
    version: str
    configuration: Configuration
    daemon_set: DaemonSet | None = None
    config_map: ConfigMap | None = None
    key: str = ""

    @property
    def text(self) -> str:
        """The configuration's text, "" where flags are the configuration."""
        return self.config_map.data[self.key] if self.config_map else ""

    @property
    def changed(self) -> float | None:
        """When the configuration was last written, seconds since the epoch; None where the API does not say."""
        return self.config_map.changed.get(self.key) if self.config_map else None

    def older(self, started: float) -> bool:
        """Tell whether a kube-proxy that started then has not read this configuration.

        Both times are the API server's, in whole seconds. One that started while this very text was there before, until
        a change which was rolled back since, has read it and is not older.
        """
        if self.config_map is None or self.changed is None:
            return False
        before, since = in_force_between(self.config_map.annotations.get(ROLLED_BACK, ""), self.text)
        read_it = before is not None and since is not None and before <= started < since
        return started < self.changed and not read_it

    @property
    def scheduler(self) -> str:
        """The scheduler that this configuration asks for."""
        return str(self.configuration.ipvs["scheduler"].effective)

    @property
    def mode(self) -> str:
        """The mode that this configuration asks for."""
        return str(self.configuration.mode.effective)

    @property
    def excluded(self) -> Sequence[str]:
        """CIDRs whose virtual servers are not kube-proxy's."""
        value = self.configuration.ipvs["excludeCIDRs"].effective
        return value if isinstance(value, tuple) else ()


def locate(cluster: Cluster, where: Where) -> Located:
    """Find kube-proxy and read its configuration."""
    namespace = where.namespace or NAMESPACE
    found = _daemon_set(cluster, where, namespace)
    if found is None:
        return _static(cluster, where, namespace)
    running = process(mapping(found.template.get("spec")))
    if running is None:
        raise IpvsError(
            f"daemonset {found.namespace}/{found.name} runs no kube-proxy",
            hint="name another with --daemonset",
        )
    selector = where.selector or found.selector
    version = version_of_image(running.image)
    if running.reference.kind == "flags" and where.config_map is None:
        read = configuration.read_flags(running.arguments, version)
        return Located("Flags", found.namespace, found.name, selector, version, read, found)
    name, key = _source(where, running.reference)
    return _read(cluster, found, name, key, selector, version)


def _daemon_set(cluster: Cluster, where: Where, namespace: str) -> DaemonSet | None:
    if where.daemon_set is not None:
        found = cluster.daemon_set(namespace, where.daemon_set)
        if found is None:
            raise IpvsError(f"daemonset {namespace}/{where.daemon_set} not found", hint="try another -n or --daemonset")
        return found
    if where.selector is not None:
        return _by_selector(cluster, where.selector, namespace)
    found = cluster.daemon_set(namespace, "kube-proxy")
    if found is None:
        running = (entry for entry in cluster.daemon_sets(namespace) if _runs_proxy(entry))
        found = next(running, None)
    if found is None and where.namespace is None:
        found = _openshift(cluster)
    return found


def _openshift(cluster: Cluster) -> DaemonSet | None:
    try:
        return cluster.daemon_set(OPENSHIFT, OPENSHIFT)
    except ApiError:  # no right there: then it is not where this user's kube-proxy lives
        return None


def _by_selector(cluster: Cluster, selector: str, namespace: str) -> DaemonSet | None:
    pod = cluster.pod_json(namespace, selector)
    if pod is None:
        raise IpvsError(f'no pod in {namespace} matches the selector "{selector}"', hint="try another -l or -n")
    for owner in items(mapping(pod.get("metadata")).get("ownerReferences")):
        if owner.get("kind") == "DaemonSet":
            return cluster.daemon_set(namespace, str(owner.get("name")))
    return None


def _runs_proxy(entry: DaemonSet) -> bool:
    return runs_kube_proxy(mapping(entry.template.get("spec")))


def _source(where: Where, reference: Reference) -> tuple[str, str | None]:
    if where.config_map is not None:
        name, _, key = where.config_map.partition("/")
        return name, key or None
    if reference.kind != "config-map":
        raise IpvsError(
            f"kube-proxy reads {reference.path}, which is in no ConfigMap that its pods mount",
            hint="name the ConfigMap with --configmap NAME/KEY",
        )
    return reference.name, reference.key


def _read(cluster: Cluster, owner: DaemonSet, name: str, key: str | None, selector: str, version: str) -> Located:
    found = cluster.config_map(owner.namespace, name)
    if found is None:
        where = f"configmap {owner.namespace}/{name}"
        raise IpvsError(f"{where} not found: kube-proxy's configuration should be there",
                        hint="name the right one with --configmap NAME/KEY")  # fmt: skip
    if key is None and len(found.data) == 1:
        key = next(iter(found.data))
    chosen = key or "config.conf"
    if chosen not in found.data:
        held = ", ".join(sorted(found.data)) or "nothing"
        raise IpvsError(f'configmap {owner.namespace}/{name} has no key "{chosen}": it holds {held}',
                        hint="name the key with --configmap NAME/KEY")  # fmt: skip
    try:
        read = configuration.read(found.data[chosen])
    except ConfigurationInvalid as error:
        where = f"configmap {owner.namespace}/{name}, key {chosen}"
        raise ConfigurationInvalid(f"{where}: {error}", hint=error.hint) from error
    return Located("ConfigMap", owner.namespace, owner.name, selector, version, read, owner, found, chosen)


def _static(cluster: Cluster, where: Where, namespace: str) -> Located:
    for selector in (where.selector,) if where.selector else STATIC_SELECTORS:
        pod = cluster.pod_json(namespace, selector)
        running = process(mapping(mapping(pod).get("spec")))
        if running is not None:
            version = version_of_image(running.image)
            read = configuration.read_flags(running.arguments, version)
            return Located("StaticPods", namespace, "kube-proxy", selector, version, read)
    looked = (
        f"daemonset {namespace}/kube-proxy, a daemonset that runs kube-proxy in {namespace}, static pods labelled "
        + (" or ".join((where.selector,) if where.selector else STATIC_SELECTORS))
    )
    raise IpvsError(f"no kube-proxy found: looked for {looked}", hint=NOT_FOUND_HINT)
