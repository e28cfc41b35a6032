"""A cluster that nothing speaks against, as facts, to be made worse one thing at a time."""

from dataclasses import replace
from typing import Any

from kubectl_ipvs.proxy.leaving.diagnosis import RULES
from kubectl_ipvs.proxy.leaving.facts import ConfigurationFact, Facts, NodeFact, Text, Workload
from kubectl_ipvs.proxy.leaving.findings import Leaving, Seen
from kubectl_ipvs.proxy.leaving.settings import Settings
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Service, ServicePort, SlicePort

DEBIAN = "Debian GNU/Linux 12 (bookworm)"
ALWAYS = {"IPVS105", "IPVS124", "IPVS131", "IPVS135"}  # said of every cluster in IPVS mode: no fact decides them


def node(name: str = "node1", **more: Any) -> NodeFact:  # noqa: ANN401 - the fields' own types
    """Give a node that can run nftables mode."""
    base = NodeFact(name, "6.1.0", DEBIAN, "v1.36.3", "ipvs", ("172.18.0.2",), "1.0.6.1")
    return base._replace(**more)


def read(**more: Any) -> Settings:  # noqa: ANN401 - the fields' own types
    """Give the settings of kubeadm's own configuration."""
    return Settings(cluster_cidr="10.244.0.0/16", node_port_addresses=("primary",))._replace(**more)


CONFIG_MAP = Seen("ConfigMap", "kube-system", "kube-proxy")


def configuration(**more: Any) -> ConfigurationFact:  # noqa: ANN401 - the fields' own types
    """Give the one configuration, of one node."""
    return ConfigurationFact(CONFIG_MAP, settings=read(), nodes=("node1",))._replace(**more)


def settled(**more: Any) -> Facts:  # noqa: ANN401 - the settings' own types
    """Give a cluster with other settings."""
    return facts(configurations=[configuration(settings=read(**more))])


def facts(**more: Any) -> Facts:  # noqa: ANN401 - the fields' own types
    """Give the good cluster with other facts."""
    good = Facts("v1.36.3", [node()], [configuration()], [service()], [piece()])
    return replace(good, **more)


def service(name: str = "web", **more: Any) -> Service:  # noqa: ANN401 - the fields' own types
    """Give a Service without anything special."""
    return Service("default", name, "ClusterIP", ("10.96.0.10",), (ServicePort("TCP", 80),))._replace(**more)


def outside(name: str = "web", **more: Any) -> Service:  # noqa: ANN401 - the fields' own types
    """Give a Service with a NodePort."""
    return service(name, type="NodePort", ports=(ServicePort("TCP", 80, 30080),), **more)


def piece(name: str = "web", *nodes: str) -> EndpointSlice:
    """Give an EndpointSlice with an endpoint on each of some nodes."""
    endpoints = tuple(Endpoint(f"10.244.0.{at}", node=on) for at, on in enumerate(nodes or ("node1",), 1))
    return EndpointSlice("default", f"{name}-1", name, "IPv4", (SlicePort("", "TCP", 8080),), endpoints)


def daemon_set(name: str, *images: str, words: tuple[str, ...] = (), **environment: str) -> Workload:
    """Give a DaemonSet of kube-system."""
    return Workload(Seen("DaemonSet", "kube-system", name), images, words, environment)


def text(kind: str, name: str, written: str) -> Text:
    """Give an object of kube-system by what is written in it."""
    return Text(Seen(kind, "kube-system", name), written)


def found(given: Facts) -> list[Leaving]:
    """Run every rule; what is said of every cluster is left out."""
    return [each for rule in RULES for each in rule(given) if each.code not in ALWAYS]
