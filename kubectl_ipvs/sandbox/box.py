"""A whole simulated cluster as one object: start it, talk to it by HTTPS, look into it, break it, stop it.

    with Sandbox(nodes=5, scheduler="rr", faults={"node2": "hang"}) as box:
        Path("kubeconfig").write_text(box.kubeconfig())

It runs in a thread of its own with its own event loop; every method may be called from any thread. It serves on
127.0.0.1 alone, and nothing of it outlives `stop`.
"""

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from kubectl_ipvs.sandbox.apiserver.access import Denial
from kubectl_ipvs.sandbox.apiserver.interference import Trouble, http_error, silence
from kubectl_ipvs.sandbox.apiserver.managers import claimed
from kubectl_ipvs.sandbox.apiserver.resources import BY_KIND
from kubectl_ipvs.sandbox.apiserver.store import copied
from kubectl_ipvs.sandbox.kubeconfig_text import kubeconfig_text
from kubectl_ipvs.sandbox.nodes.wishes import Place
from kubectl_ipvs.sandbox.serving import Serving

Obj = dict[str, Any]


class Sandbox(Serving):
    """A simulated cluster; see Options for what it can be asked to be."""

    def __enter__(self) -> "Sandbox":  # noqa: PYI034 -- Self came with Python 3.11
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def kubeconfig(self, user: str = "admin") -> str:
        """YAML of a kubeconfig: user admin or viewer (by token), or certificate."""
        tokens = {"admin": self.token, "viewer": self._viewer_token}
        if user not in (*tokens, "certificate"):
            raise ValueError(f"no such user: {user!r} (there are admin, viewer, certificate)")
        return kubeconfig_text(self.url, self.ca, user, tokens.get(user) or self._client)

    @property
    def config(self) -> str:
        """Text of kube-proxy's configuration as it is now; of the first where there are several, "" without one."""
        place = self._place()
        return (self._inside(lambda: self._world.kubelets.wishes.text(place)) or "") if place else ""

    @property
    def configurations(self) -> dict[str, str]:
        """Text of every configuration that kube-proxies read, by NAMESPACE/CONFIGMAP/KEY."""
        world = self._world
        texts = self._inside(lambda: {each: world.kubelets.wishes.text(each) for each in world.places()})
        return {"/".join(place): text or "" for place, text in texts.items()}

    def _place(self) -> Place | None:
        return self._inside(self._world.first_place)

    def set_config(self, text: str) -> None:
        """Write kube-proxy's configuration (the first where there are several), as some other user would."""
        namespace, name, key = self._place() or ("", "", "")
        self.edit("ConfigMap", namespace, name, lambda obj: obj["data"].update({key: text}))

    def config_map(self) -> Obj:
        """Return the ConfigMap with kube-proxy's configuration."""
        namespace, name, _ = self._place() or ("", "", "")
        return self.get("ConfigMap", namespace, name)

    def get(self, kind: str, namespace: str, name: str) -> Obj:
        """Return a copy of an object; KeyError where there is none."""
        entry = self._inside(lambda: self._world.store.get(BY_KIND[kind.lower()], namespace, name))
        if entry is None:
            raise KeyError(f"{kind} {namespace}/{name}")
        return copied(entry.obj)

    def objects(self, kind: str) -> list[Obj]:
        """Return copies of all objects of a kind."""
        entries = self._inside(lambda: self._world.store.entries(BY_KIND[kind.lower()]))
        return [copied(entry.obj) for entry in entries]

    def edit(
        self, kind: str, namespace: str, name: str, change: Callable[[Obj], object], manager: str = "kubectl-edit"
    ) -> None:
        """Change an object as some other user would; `change` gets a copy and changes it in place."""
        resource = BY_KIND[kind.lower()]

        def act() -> None:
            before = self.get(kind, namespace, name)
            after = copied(before)
            change(after)
            if "generation" in before["metadata"] and after.get("spec") != before.get("spec"):
                after["metadata"]["generation"] += 1
            self._world.store.put(resource, claimed(before, after, resource.api_version, manager))

        self._inside(act)

    def remove(self, kind: str, namespace: str, name: str) -> None:
        """Take an object away at once."""
        self._inside(lambda: self._world.store.remove(BY_KIND[kind.lower()], namespace, name))

    def kernel(self, node: str) -> Obj:
        """Return what a node's kernel does: scheduler of kube-proxy's virtual servers, counts, sysctls, modules."""
        kernel = self._world.hosts[node].kernel
        return self._inside(
            lambda: {
                "scheduler": kernel.shown,
                "schedulers": kernel.counts(),
                "strict_arp": kernel.strict_arp,
                "modules": sorted(kernel.modules),
                "loaded": sorted(kernel.loaded),
            }
        )

    def table(self, node: str) -> str:
        """Text of a node's /proc/net/ip_vs."""
        return self._inside(self._world.hosts[node].kernel.proc_text)

    def log(self, node: str) -> str:
        """Text of what the node's kube-proxys have logged since their last start."""
        pods = [each["metadata"]["uid"] for each in self.objects("Pod") if each["spec"].get("nodeName") == node]
        found = self._inside(lambda: [self._world.kubelets.process(uid) for uid in pods])
        return "".join(f"{line}\n" for each in found if each and each.is_proxy for line in each.log)

    def schedulers(self) -> dict[str, str | None]:
        """Return the scheduler of kube-proxy's virtual servers on every node, None where it has none."""
        hosts = self._world.hosts.values()
        return self._inside(lambda: {host.name: host.kernel.shown for host in hosts})

    def set_scheduler(self, node: str, scheduler: str) -> None:
        """Change a kernel's table behind kube-proxy's back, until kube-proxy starts again."""
        self._inside(lambda: self._world.hosts[node].kernel.bind(scheduler))

    @property
    def nodes(self) -> tuple[str, ...]:
        """Names of the nodes."""
        return tuple(self._world.hosts)

    @property
    def left_out(self) -> dict[str, int]:
        """How many objects of each kind were given and are not needed."""
        return dict(self._world.given.left_out)

    @property
    def most_down(self) -> int:
        """Highest number of nodes ever without a Ready kube-proxy pod at the same time, of those that had one."""
        return self._world.most_down

    @property
    def restarts(self) -> dict[str, int]:
        """Return how many pods each node has had replaced."""
        return self._inside(lambda: {host.name: host.restarts for host in self._world.hosts.values()})

    def add_node(self, name: str, *, labels: Obj | None = None, taints: Sequence[Obj] = ()) -> None:
        """Let a node join; its pods come as on any new node."""
        self._inside(lambda: self._world.add_node(name, labels or {}, list(taints)))

    def fault(self, node: str, kind: str) -> None:
        """Break something: any of faults.KINDS on a node, several with commas; CLUSTER_KINDS on the node `cluster`."""
        self._inside(lambda: self._world.fault(node, kind))

    def heal(self, node: str, kind: str = "") -> None:
        """Mend these faults of a node or of the cluster, or all of them."""
        self._inside(lambda: self._world.heal(node, kind))

    def deny(
        self, verb: str, resource: str, *, user: str | None = None, subresource: str = "", name: str | None = None
    ) -> None:
        """Forbid something from now on: 403 in the API server's words, and in access reviews."""
        self._inside(lambda: self._access.denials.append(Denial(verb, resource, user, subresource, name)))

    def api_fault(
        self,
        verb: str,
        resource: str,
        status: int,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
        message: str = "",
    ) -> None:
        """Answer the next requests of this verb on this resource with an HTTP error; below 0 times: all of them.

        `pods/exec` names a subresource, `*` any verb or resource: `api_fault("patch", "configmaps", 429,
        {"Retry-After": "1"}, times=2)`.
        """
        reply = http_error(status, headers or {}, message)
        self._inside(lambda: self.interference.troubles.append(Trouble(verb, resource, reply, times)))

    def swallow(self, verb: str, resource: str, times: int = -1) -> None:
        """Take such requests, do nothing and never answer; without `times` all of them."""
        self._inside(lambda: self.interference.troubles.append(Trouble(verb, resource, silence(), times)))

    def api_heal(self) -> None:
        """End every `api_fault` and `swallow`."""
        self._inside(self.interference.troubles.clear)

    def on_write(self, action: Callable[[Obj], object]) -> None:
        """Call this with each ConfigMap that is written by a request, when it is stored and before the answer goes out.

        It is called in the sandbox's thread: `set_config`, `edit`, `fault` and the like can be used there.
        """
        self._inside(lambda: self.interference.on_write.append(action))

    def grant(self, user: str, role: str) -> None:
        """Give a user or group a role: admin or viewer."""
        self._inside(lambda: self._access.roles.update({user: role}))

    def compact(self) -> None:
        """Forget the history: older watches and continue tokens are answered with 410."""
        self._inside(self._world.store.compact)
