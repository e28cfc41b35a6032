"""What the rules about leaving IPVS mode are asked with, as others gathered it. None everywhere: it is not known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from kubectl_ipvs.ipvs.rows import ForeignRow
from kubectl_ipvs.proxy.checks.config_owners import Owner
from kubectl_ipvs.proxy.leaving.findings import Seen
from kubectl_ipvs.proxy.leaving.settings import Settings
from kubectl_ipvs.services.objects import EndpointSlice, Service

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Leftovers(NamedTuple):
    """What IPVS mode left on a node that is in another mode; a part that could not be read is None.

    `rows`: virtual servers in the kernel's table; `device`: kube-ipvs0 is there; `sets`: ipsets named KUBE-*;
    `sysctls`: those that ipvs mode sets, with their values.
    """

    rows: int | None = None
    device: bool | None = None
    sets: tuple[str, ...] | None = None
    sysctls: Mapping[str, int] | None = None


class NodeFact(NamedTuple):
    """One node with a kube-proxy. `kernel` as `uname -r` prints it, `version` kube-proxy's, by its image's tag.

    `mode`: what its kube-proxy is in, "" where that is not known. `nft`: the version of nft in kube-proxy's image
    (`1.0.6`), "" where there is none. `foreign`: rows that kube-proxy did not make; `foreign_count` counts those that
    are not named, too.
    """

    name: str
    kernel: str = ""
    os_image: str = ""
    version: str = ""
    mode: str = "ipvs"
    addresses: tuple[str, ...] = ()
    nft: str | None = None
    foreign: tuple[ForeignRow, ...] | None = ()
    foreign_count: int = 0
    left: Leftovers | None = None


class ConfigurationFact(NamedTuple):
    """One configuration that some kube-proxys read.

    `kind`: ConfigMap; DaemonSet or Pod, where flags are the configuration; File; Rendered. `settings`: None where it
    cannot be read. `owners`: who writes it, or the DaemonSet, back.
    """

    seen: Seen
    kind: str = "ConfigMap"
    settings: Settings | None = Settings()
    nodes: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = ()


class Workload(NamedTuple):
    """A DaemonSet or a pod that may be concerned: its images, the words of its commands, its environment."""

    seen: Seen
    images: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    environment: Mapping[str, str] = NOTHING

    @property
    def name(self) -> str:
        """Its name."""
        return self.seen.name

    def runs(self, *names: str) -> bool:
        """Tell whether its name is one of these, or an image's is: `docker.io/calico/node:v3.30.0` -> calico/node."""
        paths = [image.partition("@")[0].rpartition("/")[0:3] for image in self.images]
        images = {f"{head.rpartition('/')[2]}/{tail.partition(':')[0]}" for head, _, tail in paths}
        images |= {tail.partition(":")[0] for _, _, tail in paths}
        return bool({self.seen.name, *images} & set(names))


class Text(NamedTuple):
    """An object by what is written in it: of a ConfigMap its values, of a PrometheusRule its expressions."""

    seen: Seen
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is known of a cluster on its way out of IPVS mode.

    `workloads`: DaemonSets, and the pods on nodes with foreign rows. `felix` and `installation` are the specs of
    Calico's FelixConfiguration and of its operator's Installation, empty where there are none. `rules`:
    PrometheusRules.
    """

    version: str = ""
    nodes: Sequence[NodeFact] = ()
    configurations: Sequence[ConfigurationFact] = ()
    services: Sequence[Service] | None = ()
    slices: Sequence[EndpointSlice] | None = ()
    workloads: Sequence[Workload] | None = ()
    config_maps: Sequence[Text] | None = ()
    rules: Sequence[Text] | None = ()
    felix: Mapping[str, Any] | None = field(default_factory=dict)
    installation: Mapping[str, Any] | None = field(default_factory=dict)
    rights: Mapping[str, bool] | None = field(default_factory=dict)  # what the ways need, by name; see `ways`

    @property
    def leaving(self) -> tuple[NodeFact, ...]:
        """The nodes that are in IPVS mode, or may be."""
        return tuple(node for node in self.nodes if node.mode in {"ipvs", ""})

    @property
    def before(self) -> tuple[tuple[ConfigurationFact, Settings], ...]:
        """The configurations of those nodes, as far as they can be read."""
        names = {node.name for node in self.leaving}
        return tuple(
            (entry, entry.settings)
            for entry in self.configurations
            if entry.settings is not None and (names & set(entry.nodes) or entry.settings.mode == "ipvs")
        )

    @property
    def served(self) -> tuple[Service, ...]:
        """The Services that kube-proxy serves."""
        found = self.services or ()
        return tuple(each for each in found if each.cluster_ips and not each.proxy_name)

    def workload(self, *names: str) -> Workload | None:
        """Return the first workload that is one of these by name or image."""
        return next((each for each in self.workloads or () if each.runs(*names)), None)
