"""Traffic through Services: from pods, nodes and outside. See cluster/traffic and cluster/objects/traffic.yaml."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.clusters import Cluster, Machines

SOURCES = [
    f"10.0.3.10{number}" for number in range(1, 9)
]  # the client's outside, which looks like eight; node1 is its way
SERVED = "10.96.70.70:7000"
IPV4 = {"ClusterIP": SERVED, "NodePort": "10.0.3.12:30700", "external IP": "192.0.2.70:7000"}
IPV6 = {"ClusterIP": "[fd00:10:96::73]:7000", "NodePort": "[fd00:10:0:3::12]:30700"}
OUTSIDE = ("NodePort", "external IP")  # what a client outside of the cluster uses
KINDS = (("long", "tcp"), ("long", "udp"), ("new", "tcp"))


@dataclass(frozen=True)
class Flow:
    """What one flow of traffic saw: see `flow` in cluster/traffic/flow.go. Times in ms."""

    place: str
    what: str
    kind: str
    protocol: str
    sent: int
    answered: int
    longest: int
    backends: dict[str, int]
    ended: str
    failures: list[str]

    @property
    def whole(self) -> bool:
        """Tell whether each line, datagram or connection had its answer."""
        return self.sent > 0 and self.answered == self.sent and not self.ended

    def __str__(self) -> str:
        lost = f", {self.ended or self.failures}" if not self.whole else ""
        told = f"{self.answered} of {self.sent} answered, longest wait {self.longest} ms{lost}"
        return f"{self.kind} {self.protocol} from {self.place} to {self.what}: {told}"


@dataclass
class Front:
    """The clients: a pod on each node, each node itself, and a machine outside (a namespace beside node3)."""

    cluster: Cluster
    machines: Machines
    nodes: list[str]
    dual: bool  # whether kube-proxy serves IPv6 as well
    _begun: dict[str, list[str]] = field(default_factory=dict)

    def ask(self, place: str, count: int, sources: Iterable[str] = ()) -> dict[str, list[str]]:
        """Return who answered each source; without sources: "", the client's own."""
        said = self._run(place, " ".join(("ask", str(count), SERVED, *sources)))
        return {line.split(" ")[0]: line.split(" ")[1:] for line in said.splitlines()}

    def lean(self, place: str) -> list[str]:
        """Return the backend with the fewest open connections, and who got the next three."""
        return self._run(place, f"lean {SERVED}").split()

    def targets(self, place: str) -> dict[str, str]:
        """Name what a client uses: `ClusterIP IPv4` and its like -> address and port."""
        every = {f"{what} IPv4": to for what, to in IPV4.items()}
        every |= {f"{what} IPv6": to for what, to in IPV6.items() if self.dual}
        return {what: to for what, to in every.items() if place != "outside" or what.rpartition(" ")[0] in OUTSIDE}

    @contextmanager
    def flowing(self, places: Iterable[str]) -> Iterator[list[Flow]]:
        """Have traffic flow from each place meanwhile, and end it in any case; the list has what each flow saw then."""
        flows: list[Flow] = []
        try:
            self._begin(places)
            yield flows
        finally:
            flows += self._end()

    def _begin(self, places: Iterable[str]) -> None:
        """Start long flows (TCP, UDP) and new connections to every target from each place, and wait for an answer."""
        for place in places:
            flows = [f"{kind},{protocol},{to}" for to in self.targets(place).values() for kind, protocol in KINDS]
            self._begun[place] = flows
            self._run(place, f"begin change {' '.join(flows)}")

    def _end(self) -> list[Flow]:
        """End them all, and return what each saw."""
        reports = []
        for place in self._begun:
            names = {to: what for what, to in self.targets(place).items()}
            found: list[dict[str, Any]] = json.loads(self._run(place, "end change"))
            reports += [_flow(place, names[each["to"]], each) for each in found]
        self._begun.clear()
        return reports

    def _run(self, place: str, words: str) -> str:
        kind, _, node = place.partition(" ")
        if kind == "pod":
            return self.cluster.kubectl("exec", self.clients[node], "--", "/traffic", *words.split())
        if kind == "node":
            return self.machines.sh(node, f"traffic {words}")
        return self.machines.sh("node3", f"outside traffic {words}")

    @property
    def clients(self) -> dict[str, str]:
        """The client's pod on each node."""
        found = json.loads(self.cluster.kubectl("get", "pods", "-l", "app=client", "-o", "json"))["items"]
        return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in found}


def _flow(place: str, what: str, each: dict[str, Any]) -> Flow:
    names = ("kind", "protocol", "sent", "answered", "longest", "backends", "ended")
    return Flow(place, what, failures=each["failures"] or [], **{name: each[name] for name in names})


def told(flows: Iterable[Flow]) -> list[str]:
    """Sum up flows, one line for each kind, protocol and sort of place."""
    groups: dict[tuple[str, str, str], list[Flow]] = defaultdict(list)
    for flow in flows:
        groups[(flow.kind, flow.protocol, flow.place.partition(" ")[0])].append(flow)
    return [
        f"{kind} {protocol} from {place}: {sum(flow.answered for flow in group)} of {sum(flow.sent for flow in group)} "
        f"answered, {sum(flow.whole for flow in group)} of {len(group)} flows whole, "
        f"longest wait {max(flow.longest for flow in group)} ms"
        for (kind, protocol, place), group in sorted(groups.items())
    ]
