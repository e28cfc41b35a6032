"""What a sandbox is asked to be: size, configuration, layout, faults and times. Values only, nothing runs here."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubectl_ipvs.sandbox.nodes.images import IMAGES

LAYOUTS = ("kubeadm", "eks", "openshift", "flags", "static", "none")
MOST_NODES = 5000
VERSION = "v1.37.2"
VERSIONS = re.compile(r"v?(\d+)\.(\d+)(?:\.\d+)?(?:[.+-].*)?")


World = str | Path | Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a sandbox; times are seconds.

    `services` come on top of default/kubernetes, kube-system/kube-dns and default/hello, with `endpoints` each.
    `faults` maps a node to one kind or several (`faults.KINDS`), a kind may carry a parameter: `slow=3`.
    `config` is the whole text of the configuration key, instead of kubeadm's with `mode` and `scheduler`.
    `modules` are the schedulers the kernels have, `loaded` those loaded beside rr, wrr and sh (which matters
    for kube-proxy 1.20 to 1.26). `terminate`: a deleted pod is gone; `start`: its successor is Ready; `sync`:
    the kernel's table follows the configuration after that; `edit`: how long kube-proxy's probe and a table half
    changed can be seen when the scheduler is another one; `backoff`: first pause of a crash loop.
    `image`: what kube-proxy's image holds beside it (`nodes.images`), in a `world` where that does not say it.
    `world` is a cluster that is given by files or documents: objects as kubectl prints them, or a `world.yaml`.
    """

    nodes: int = 3
    services: int = 5
    endpoints: int = 2
    faults: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    mode: str = "ipvs"
    scheduler: str = ""
    config: str | None = None
    layout: str = "kubeadm"
    version: str = VERSION
    kernel: str = "6.1.0-18-amd64"
    terminate: float = 0.1
    start: float = 0.1
    sync: float = 0.1
    edit: float = 0.02
    backoff: float = 0.5
    exec_latency: float = 0.0
    image: str = "official"
    modules: Sequence[str] | None = None
    loaded: Sequence[str] = ()
    immutable: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)  # further labels of the ConfigMap
    annotations: Mapping[str, str] = field(default_factory=dict)  # further annotations of the ConfigMap
    manager: str = "kubeadm"  # who wrote the ConfigMap, in its managedFields
    strategy: str = "RollingUpdate"  # the DaemonSet's: RollingUpdate or OnDelete
    max_unavailable: int | str = 1  # the DaemonSet's
    bookmark: float = 10.0  # seconds between the bookmarks of a watch that asked for them
    history: int = 4000  # watch events kept for each resource
    world: World | Sequence[World] | None = None  # files or documents of a cluster, instead of the built-in one

    def __post_init__(self) -> None:
        """Raise ValueError for a number or a layout that no sandbox can have."""
        if not 1 <= self.nodes <= MOST_NODES:
            raise ValueError(f"nodes: {self.nodes} is not in 1..{MOST_NODES}")
        if self.services < 0 or self.endpoints < 0:
            raise ValueError("services and endpoints: not below 0")
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout: {self.layout!r} is none of {', '.join(LAYOUTS)}")
        if self.image not in IMAGES:
            raise ValueError(f"image: {self.image!r} is none of {', '.join(IMAGES)}")
        if not VERSIONS.fullmatch(self.version):
            raise ValueError(f"version: {self.version!r} is none, as {VERSION} is one")

    @property
    def forced(self) -> tuple[int, int] | None:
        """The release that was asked for by name; None where it is what the objects say."""
        return None if self.version == VERSION or self.world is None else self.release

    @property
    def release(self) -> tuple[int, int]:
        """Major and minor of the Kubernetes version: (1, 37)."""
        found = VERSIONS.fullmatch(self.version)
        return (int(found[1]), int(found[2])) if found else (0, 0)
