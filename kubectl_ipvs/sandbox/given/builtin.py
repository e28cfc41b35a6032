"""The built-in cluster: what the options and their layout come to, as objects."""

from typing import Any

from kubectl_ipvs.sandbox.given.cluster import Cluster
from kubectl_ipvs.sandbox.nodes.layouts import layout_of
from kubectl_ipvs.sandbox.nodes.manifests import config_map, daemon_set, in_the_past, node
from kubectl_ipvs.sandbox.nodes.pods import Static, template
from kubectl_ipvs.sandbox.nodes.services import services_of
from kubectl_ipvs.sandbox.options import Options

Obj = dict[str, Any]
DAY = 86400.0
CONTROL_PLANE = "172.18.0.2"


def builtin(options: Options) -> Cluster:
    """Return the cluster that the options ask for."""
    made, layout = Cluster(), layout_of(options)
    with in_the_past(3 * DAY):
        add_services(made, options, [f"node{number}" for number in range(1, options.nodes + 1)])
        if layout.config_map:
            made.objects["ConfigMap"].append(config_map(layout, options))
        source = template(layout, options)
        if layout.daemon_set:
            made.objects["DaemonSet"].append(daemon_set(layout, options, source))
    with in_the_past(2 * DAY):
        for number in range(1, options.nodes + 1):
            made.objects["Node"].append(_node(number, options))
    if layout.static:
        static = Static(layout.namespace, "kube-proxy", source)
        made.static = {name: [static] for name in made.nodes if "no-pod" not in options.faults.get(name, ())}
    return made


def _node(number: int, options: Options) -> Obj:
    name = f"node{number}"
    kinds = options.faults.get(name, ())
    windows = "windows" in (kinds.split(",") if isinstance(kinds, str) else kinds)
    return node(name, address_of(number), options, control_plane=number == 1, windows=windows)


def add_services(made: Cluster, options: Options, nodes: list[str]) -> None:
    """Add the built-in Services and what is behind them, on these nodes."""
    for service in services_of(options, CONTROL_PLANE):
        own, endpoints, slices = service.objects(nodes)
        made.objects["Service"].append(own)
        made.objects["Endpoints"].append(endpoints)
        made.objects["EndpointSlice"] += slices


def address_of(number: int) -> str:
    """Return the address of the n-th node."""
    number += 1
    return f"172.{18 + number // 65536}.{number // 256 % 256}.{number % 256}"
