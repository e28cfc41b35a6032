"""The resources the simulated API server has, by name and path. A fixed list; nothing registers itself here."""

from typing import NamedTuple

READ = ("get", "list", "watch")
ALL = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


class Resource(NamedTuple):
    """One resource of the API: `pods` in the core group, `daemonsets` in apps."""

    group: str
    plural: str
    kind: str
    short: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[tuple[str, str, tuple[str, ...]], ...] = ()  # name, kind, verbs
    categories: tuple[str, ...] = ()

    @property
    def qualified(self) -> str:
        """Name with its group, as messages have it: `daemonsets.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def api_version(self) -> str:
        """`v1` or `apps/v1`."""
        return f"{self.group}/v1" if self.group else "v1"

    @property
    def singular(self) -> str:
        """Lower-case kind, as kubectl prints it."""
        return self.kind.lower()

    @property
    def list_kind(self) -> str:
        """Kind of its lists."""
        return f"{self.kind}List"


_STATUS = ("get", "patch", "update")
NODES = Resource("", "nodes", "Node", ("no",), namespaced=False, subresources=(("status", "Node", _STATUS),))
NAMESPACES = Resource("", "namespaces", "Namespace", ("ns",), namespaced=False)
PODS = Resource(
    "",
    "pods",
    "Pod",
    ("po",),
    subresources=(
        ("exec", "PodExecOptions", ("create", "get")),
        ("log", "Pod", ("get",)),
        ("portforward", "PodPortForwardOptions", ("create", "get")),
        ("status", "Pod", _STATUS),
    ),
    categories=("all",),
)
CONFIGMAPS = Resource("", "configmaps", "ConfigMap", ("cm",))
SERVICES = Resource("", "services", "Service", ("svc",), categories=("all",))
ENDPOINTS = Resource("", "endpoints", "Endpoints", ("ep",))
ENDPOINTSLICES = Resource("discovery.k8s.io", "endpointslices", "EndpointSlice")
EVENTS = Resource("", "events", "Event", ("ev",))
DAEMONSETS = Resource(
    "apps",
    "daemonsets",
    "DaemonSet",
    ("ds",),
    subresources=(("status", "DaemonSet", _STATUS),),
    categories=("all",),
)
LEASES = Resource("coordination.k8s.io", "leases", "Lease")

RESOURCES = (CONFIGMAPS, ENDPOINTS, EVENTS, NAMESPACES, NODES, PODS, SERVICES, DAEMONSETS, LEASES, ENDPOINTSLICES)
# Resources that others register, served where an object of that kind was given; discovery does not list them.
CUSTOM = (
    Resource("crd.projectcalico.org", "felixconfigurations", "FelixConfiguration", namespaced=False),
    Resource("operator.tigera.io", "installations", "Installation", namespaced=False),
    Resource("monitoring.coreos.com", "prometheusrules", "PrometheusRule"),
)
BY_PATH = {(resource.group, resource.plural): resource for resource in (*RESOURCES, *CUSTOM)}
BY_KIND = {resource.kind.lower(): resource for resource in (*RESOURCES, *CUSTOM)} | {
    name: resource for resource in RESOURCES for name in (resource.plural, *resource.short)
}

# Reviews are answered, never stored: group, plural, kind.
REVIEWS = (
    ("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ("authentication.k8s.io", "selfsubjectreviews", "SelfSubjectReview"),
)
