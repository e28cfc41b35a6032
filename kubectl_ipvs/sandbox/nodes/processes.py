"""A pod as its kubelet knows it: which container is kube-proxy, what runs, what was logged."""

from typing import Any

from kubectl_ipvs.sandbox.nodes.hosts import Host
from kubectl_ipvs.sandbox.nodes.kubeproxy import Start
from kubectl_ipvs.sandbox.nodes.pods import Container, Static
from kubectl_ipvs.sandbox.nodes.startup import container_of
from kubectl_ipvs.sandbox.nodes.wishes import release_of

Obj = dict[str, Any]
MODULES = "/lib/modules"


class Process:
    """One pod on one node. `container` is kube-proxy's, or the first where none is; `beside` stands for the others.

    `log` is that of the container's last start, `previous` that of the start before it. `synced` is when the rules
    were first synced since then, in seconds since 1970, 0.0 while they were not.
    """

    def __init__(self, host: Host, pod: Obj, static: Static | None) -> None:
        self.bare = static is None and not pod["metadata"].get("ownerReferences")  # somebody made it by hand
        proxy = None if self.bare else container_of(pod["spec"])
        self.host = host
        self.namespace: str = pod["metadata"]["namespace"]
        self.name: str = pod["metadata"]["name"]
        self.static = static
        self.is_proxy = proxy is not None
        main: Obj = proxy or pod["spec"]["containers"][0]
        self.main: str = main["name"]
        self.release = release_of(main)
        self.sees_modules = any(each["mountPath"] == MODULES for each in main.get("volumeMounts") or ())
        self.container = Container()
        self.beside = Container()
        self.result = Start(runs=False)
        self.log: list[str] = []
        self.previous: list[str] = []
        self.ending = False
        self.image = str(main.get("image", ""))
        self.failed: Obj = {}  # what the status of a pod that has failed for good says
        self.synced = 0.0

    def containers(self, pod: Obj) -> dict[str, Container]:
        """Return every container of its pod, by name."""
        names = [each["name"] for each in pod["spec"]["containers"]]
        return {name: self.container if name == self.main else self.beside for name in names}

    def run(self, *, ready: bool) -> None:
        """Let its container run from now on, and those beside it where they do not yet."""
        self.container = self.container.run(ready=ready, ahead=self.host.ahead)
        self.synced = 0.0
        if not self.beside.running:
            self.beside = self.beside.run(ready=True, ahead=self.host.ahead)

    def crash(self) -> None:
        """Let its container end; those beside it go on."""
        self.container = self.container.crash(self.main, self.host.ahead)
        self.result = Start(runs=False)
        if not self.beside.running:
            self.beside = self.beside.run(ready=True, ahead=self.host.ahead)
