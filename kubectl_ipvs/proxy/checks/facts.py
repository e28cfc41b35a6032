"""What preflight evaluates, as others gathered it: of the change, of the cluster, of each node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kubectl_ipvs.proxy.checks.config_owners import Owner
from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.checks.modules import Modules
from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.process import Reference

IN_CONFIG_MAP = Reference("config-map")


class NodeFact(NamedTuple):
    """One node: `modules` None where nothing of its kernel could be read."""

    name: str
    ready: bool = True
    kernel: str = ""
    crashing: str = ""  # how its pod crashes, "" if it does not
    modules: Modules | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that preflight evaluates. `values` are the fields to be changed; a plain restart has none.

    `before` are the effective values as the configuration stands. `startup` is what `startup()` says of the
    configuration that kube-proxy will read once the change is written. `unreadable` and `left_out` map a node to the
    reason: its table cannot be read; it is not restarted because it was ill before or was skipped by hand. An image
    without cat and ipvsadm makes no node unreadable. `in_the_way` maps what keeps a run from changing all that it
    covers to the flag that narrows the run. `services` are Services' addresses by name, where they can be listed.
    """

    values: Mapping[str, Value] = field(default_factory=dict)
    before: Mapping[str, Value] = field(default_factory=dict)
    mode: str = "ipvs"
    version: str = ""
    place: str = "ConfigMap"  # ConfigMap, Flags, StaticPods
    immutable: bool = False
    reference: Reference = IN_CONFIG_MAP
    startup: Sequence[Finding] = ()
    owners: Sequence[Owner] = ()
    nodes: Sequence[NodeFact] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    in_the_way: Mapping[str, str] = field(default_factory=dict)
    services: Mapping[str, Sequence[str]] = field(default_factory=dict)
    missing_rights: Sequence[str] = ()
    unknown_rights: str = ""
    restarts: bool = True
    rollout: str = ""  # what the DaemonSet is in the middle of, "" if it rests
    on_delete: bool = False
    strategy: str = "delete"
    namespace: str = "kube-system"
    daemon_set: str = "kube-proxy"

    @property
    def scheduler(self) -> str:
        """The scheduler that kube-proxy will read when it starts, whichever field is changed; "" in another mode."""
        now = self.before.get("scheduler", "") if self.mode == "ipvs" else ""
        return self.asked or (now if isinstance(now, str) else "")

    @property
    def asked(self) -> str:
        """The scheduler to be set, "" where that is not part of the change."""
        value = self.values.get("scheduler", "")
        return value if isinstance(value, str) else ""
