"""A cluster as values: its objects by kind, its static pods, and what cannot be seen in objects."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_ipvs.sandbox.nodes.pods import Static
from kubectl_ipvs.sandbox.nodes.rows import Row

Obj = dict[str, Any]
KINDS = (
    "Namespace", "Node", "ConfigMap", "DaemonSet", "Service", "Endpoints", "EndpointSlice", "FelixConfiguration",
    "Installation", "PrometheusRule",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Settings:
    """What a world.yaml says beside objects; see `given.settings` for its keys."""

    version: str = ""
    only: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    extra: dict[str, tuple[Row, ...]] = field(default_factory=dict)
    initial: dict[str, str] = field(default_factory=dict)
    faults: dict[str, list[str]] = field(default_factory=dict)
    deny: list[Obj] = field(default_factory=list)
    deny_exec: str = ""
    tools: dict[str, list[str]] = field(default_factory=dict)
    pod_age: float | None = None
    ds_status: dict[str, Obj] = field(default_factory=dict)
    files: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Cluster:
    """Complete objects, ready to be stored.

    `static`: static pods by node. `ages`: seconds since a node's kube-proxy pod was made. `ill`: the fault that a
    node's pod showed when it was listed. `left_out`: how many objects of a kind were given and are not needed.
    """

    objects: dict[str, list[Obj]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    static: dict[str, list[Static]] = field(default_factory=dict)
    ages: dict[str, float] = field(default_factory=dict)
    ill: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def nodes(self) -> list[str]:
        """Names of its nodes."""
        return [each["metadata"]["name"] for each in self.objects["Node"]]


def faults_of(given: Mapping[str, object]) -> dict[str, list[str]]:
    """Return faults by node, each as a list."""
    return {
        name: kinds.split(",") if isinstance(kinds, str) else [str(each) for each in _items(kinds)]
        for name, kinds in given.items()
    }


def _items(kinds: object) -> list[object]:
    return list(kinds) if isinstance(kinds, list | tuple) else [kinds]
