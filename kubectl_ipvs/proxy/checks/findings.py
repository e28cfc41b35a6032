"""What preflight found: a stable code, how bad it is, why, what to do. docs/preflight.md has a paragraph for each."""

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Finding(NamedTuple):
    """One finding. An error blocks the change; --force overrides those marked `forcible`. `nodes`: whom it is about."""

    code: str
    severity: Severity
    reason: str
    hint: str = ""
    forcible: bool = True
    nodes: tuple[str, ...] = ()


# Each code once, with its meaning in a few words: the documentation and the tests are checked against this table.
CODES = {
    "IPVS001": "the mode is not ipvs",
    "IPVS002": "no scheduler has this name",
    "IPVS003": "a node's kernel is too old for the scheduler",
    "IPVS004": "a node's kernel does not have the scheduler's module",
    "IPVS005": "the scheduler is a trap under kube-proxy",
    "IPVS006": "the scheduler refuses connections while pods are replaced",
    "IPVS007": "the scheduler does what a simpler one does",
    "IPVS008": "strictARP leaves its sysctls behind",
    "IPVS009": "keys that kube-proxy does not know",
    "IPVS010": "a right is missing",
    "IPVS011": "somebody else owns the configuration",
    "IPVS012": "the rights are not known",
    "IPVS013": "kube-proxy will not start with this configuration",
    "IPVS014": "this kube-proxy does not know the field",
    "IPVS015": "the mode does not exist in this version",
    "IPVS016": "flags beside --config are void",
    "IPVS017": "no node's table can be read",
    "IPVS018": "nodes that are left out",
    "IPVS019": "several configurations",
    "IPVS020": "nodes that are not ready",
    "IPVS021": "kube-proxy already crashes",
    "IPVS022": "the DaemonSet is in the middle of a rollout",
    "IPVS023": "the DaemonSet does not roll by itself",
    "IPVS024": "static pods cannot be restarted by deletion",
    "IPVS025": "flags, not a ConfigMap, configure kube-proxy",
    "IPVS026": "the ConfigMap is immutable",
    "IPVS027": "the configuration is a file on the node, or is rendered",
    "IPVS028": "the kernel does not take the timeout",
    "IPVS029": "excludeCIDRs covers Services",
    "IPVS030": "IPVS mode is deprecated",
    "IPVS031": "IPVS mode is behind a feature gate",
    "IPVS032": "IPVS mode is off by default",
    "IPVS033": "IPVS mode was removed",
    "IPVS034": "the feature gate KubeProxyIPVS is off",
    "IPVS035": "feature gates that may not exist",
}


def some(nodes: tuple[str, ...], most: int = 5) -> str:
    """Name nodes in a message: the first few, and how many more."""
    shown = ", ".join(nodes[:most])
    return f"{shown} and {len(nodes) - most} more" if len(nodes) > most else shown
