"""The tables of kube-proxy's nftables mode, as `nft -j list table` prints them. Pure: Services in, objects out.

Source: what kube-proxy 1.34.4, 1.36.3 and 1.37.2 made of the Services of tests/unit/recorded/nft-services.yaml, listed
with nft 1.0.6. Handles are numbered in the order of the listing; a kernel's own have gaps.
"""

import hashlib
from base64 import b32encode
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_ipvs.sandbox.nodes import nft_expressions as nft
from kubectl_ipvs.sandbox.nodes.nft_base import TABLE, Bare, Node
from kubectl_ipvs.sandbox.nodes.nft_expressions import L4, Obj, concat, goto, match
from kubectl_ipvs.sandbox.nodes.virtuals import Backend, ServicePort

FAMILIES = ("ip", "ip6")
PLAIN_SINCE = (1, 37)  # the first release that makes no map for a single endpoint
_METAINFO: Obj = {"metainfo": {"version": "1.0.6", "release_name": "Lester Gooch #5", "json_schema_version": 1}}


def listed(objects: Iterable[Obj]) -> Obj:
    """Return a listing: what made it, and the objects with their handles."""
    numbered = [
        {kind: {**fields, "handle": number}} for number, each in enumerate(objects, 1) for kind, fields in each.items()
    ]
    return {"nftables": [_METAINFO, *numbered]}


def header(family: str) -> Obj:
    """Return the table itself, without what is in it."""
    return {"table": {"family": family, "name": TABLE}}


def objects_of(family: str, ports: Iterable[ServicePort], node: Node) -> list[Obj]:
    """Return kube-proxy's table of a family with all that is in it: sets, maps, chains, rules."""
    made = Table(family, node)
    for port in ports:
        made.add(port)
    return [header(family), *made.sets(), *made.chains, *made.rules]


class Way(NamedTuple):
    """One way to a Service's port: an element of a map, and the chain that it leads to."""

    kind: str  # services or nodeports
    key: Obj
    only_local: bool
    chain: str


class Table(Bare):
    """One table while it is made."""

    def add(self, port: ServicePort) -> None:
        """Add what one port of a Service comes to."""
        inside = [each for each in port.inside if self.is_ours(each)]
        outside = [each for each in port.outside if self.is_ours(each)]
        if not inside:
            return
        self.elements["cluster-ips"] += [each for each in inside if each not in self.elements["cluster-ips"]]
        path, protocol = f"{port.namespace}/{port.service}/{port.protocol.lower()}/{port.name}", port.protocol.lower()
        service, local, external = (f"{kind}-{_named(path)}" for kind in ("service", "local", "external"))
        first = local if port.local_inside else service
        ways = [Way("services", concat(each, protocol, port.port), port.local_inside, first) for each in inside]
        ways += [Way("services", concat(each, protocol, port.port), port.local_outside, external) for each in outside]
        if port.node_port:
            ways.append(Way("nodeports", concat(protocol, port.node_port), port.local_outside, external))
        self._lead(port, ways)
        backends = self._backends(port)
        if backends:
            self._chains_of(port, path, backends, is_outside=any(way.chain == external for way in ways))

    def _backends(self, port: ServicePort) -> list[Backend]:
        return [each for each in port.backends if self.is_ours(each.address)]

    def _local(self, port: ServicePort) -> list[Backend]:
        return [each for each in self._backends(port) if each.node == self.node.name]

    def _lead(self, port: ServicePort, ways: Iterable[Way]) -> None:
        """Fill the maps: to the chains, or to nowhere where there is no endpoint."""
        for way in ways:
            to_nothing = way.only_local and not self._local(port)
            if to_nothing or not self._backends(port):
                verdict = nft.DROP if self._backends(port) else goto("reject-chain")
                comment = f"{port.namespace}/{port.service}" + (f":{port.name}" if port.name else "")
                element = {"elem": {"val": way.key, "comment": comment}}
                self.elements[f"no-endpoint-{way.kind}"].append([element, verdict])
            if self._backends(port) and not (to_nothing and not way.chain.startswith("external-")):
                name = "service-ips" if way.kind == "services" else "service-nodeports"
                self.elements[name].append([way.key, goto(way.chain)])

    def _chains_of(self, port: ServicePort, path: str, backends: list[Backend], *, is_outside: bool) -> None:
        service, local = f"service-{_named(path)}", f"local-{_named(path)}"
        here = self._local(port)
        to_local = here if port.local_inside or (port.local_outside and is_outside) else []
        to_all = backends if not port.local_inside or is_outside else []
        through = {each: f"endpoint-{_named(f'{path}__{_dotted(each)}')}" for each in (*to_all, *to_local)}
        for each, chain in through.items() if port.affinity or not self.is_direct else ():
            self._endpoint(port, each, chain)
        if self.is_direct:
            pairs = [concat(each.address, each.address, port.protocol.lower(), each.port) for each in here]
            self.elements["hairpin-connections"] += [
                each for each in pairs if each not in self.elements["hairpin-connections"]
            ]
        for chain, ends in ((service, to_all), (local, to_local)):
            if ends:
                self._spread(port, chain, [(each, through[each]) for each in ends])
        if is_outside:
            self._external(port, f"external-{_named(path)}", service, local if to_local else "")

    def _endpoint(self, port: ServicePort, backend: Backend, chain: str) -> None:
        """Make the chain of one endpoint."""
        rules = [] if self.is_direct else [[match("==", self.payload("saddr"), backend.address), *self.masquerade()]]
        if port.affinity:
            name = f"affinity-{chain.removeprefix('endpoint-')}"
            size = {"size": 65535, "flags": ["timeout"], "timeout": port.affinity}
            kind = "ipv6_addr" if self.is_six else "ipv4_addr"
            self.affinity.append(self.made("set", name=name, type=kind, **size))
            rules.append([{"set": {"op": "update", "elem": self.payload("saddr"), "set": f"@{name}"}}])
        self.chain(chain, *rules, self._dnat(port, backend))

    def _dnat(self, port: ServicePort, backend: Backend) -> list[Obj]:
        is_protocol = match("==", L4, port.protocol.lower())
        return [is_protocol, {"dnat": {"addr": backend.address, "port": backend.port}}]

    def _spread(self, port: ServicePort, chain: str, ends: list[tuple[Backend, str]]) -> None:
        """Make a chain that goes to one of these endpoints, the client's last one first where it has affinity."""
        self.chain(chain)
        is_first = chain.startswith("local-") is port.local_inside
        for address in filter(self.is_ours, port.inside if self.cidr and is_first and not self.is_direct else ()):
            from_outside = match("!=", self.payload("saddr"), nft.prefix(self.cidr))
            self.rule(chain, match("==", self.payload("daddr"), address), from_outside, *self.masquerade())
        for _, through in ends if port.affinity else ():
            known = match("==", self.payload("saddr"), f"@affinity-{through.removeprefix('endpoint-')}")
            self.rule(chain, known, goto(through))
        key = nft.one_of(len(ends))
        if not self.is_direct or port.affinity:
            self.rule(chain, nft.vmap(key, nft.numbered([goto(through) for _, through in ends])))
        elif len(ends) == 1 and self.node.release >= PLAIN_SINCE:
            self.rule(chain, *self._dnat(port, ends[0][0]))
        else:
            data = nft.numbered([concat(each.address, each.port) for each, _ in ends])
            to_one = {"dnat": {"family": self.family, "addr": {"map": {"key": key, "data": data}}}}
            self.rule(chain, match("==", L4, port.protocol.lower()), to_one)

    def _external(self, port: ServicePort, chain: str, service: str, local: str) -> None:
        """Make the chain of traffic from outside, which does not always come from there."""
        self.chain(chain)
        if not port.local_outside:
            self.rule(chain, *self.masquerade(), comment="masquerade" if self.is_direct else "")
            self.rule(chain, goto(service))
            return
        if self.cidr:
            from_pod = match("==", self.payload("saddr"), nft.prefix(self.cidr))
            self.rule(chain, from_pod, goto(service), comment="short-circuit pod traffic")
        from_node = nft.is_local("saddr")
        self.rule(chain, from_node, *self.masquerade(), comment="masquerade local traffic")
        self.rule(chain, from_node, goto(service), comment="short-circuit local traffic")
        if local:
            self.rule(chain, goto(local))


def _named(path: str) -> str:
    """Return a path with its hash before it, as chains and sets are named."""
    return f"{b32encode(hashlib.sha256(path.encode()).digest())[:8].decode()}-{path}"


def _dotted(backend: Backend) -> str:
    """Return `ADDRESS/PORT` with the colons of IPv6 as dots, which names may have."""
    return f"{backend.address}/{backend.port}".replace(":", ".")
