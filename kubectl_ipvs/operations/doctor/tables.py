"""What each node says by its kube-proxy pod: its table, what is left of IPVS in another mode, the nft in its image."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed
from kubectl_ipvs.ipvs.excluded import Excluded
from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.ipvs.rows import ForeignRow, Row
from kubectl_ipvs.operations.doctor.questions import Questions
from kubectl_ipvs.operations.installation import ProxyNode
from kubectl_ipvs.operations.look import Look, Looker, age
from kubectl_ipvs.operations.support.fanout import fan_out
from kubectl_ipvs.proxy.leaving.facts import Leftovers, NodeFact
from kubectl_ipvs.proxy.release import version_of_image
from kubectl_ipvs.services.names import Names

NFT = re.compile(r"nftables v([0-9]+(?:\.[0-9]+)+)")
DEVICE, DEVICES = "kube-ipvs0:", "/proc/net/dev"
SYSCTLS = {
    f"/proc/sys/net/{path}": path
    for path in ("ipv4/conf/all/arp_ignore", "ipv4/conf/all/arp_announce", "ipv4/vs/conntrack",
                 "ipv4/vs/expire_nodest_conn", "ipv4/vs/expire_quiescent_template")
}  # fmt: skip
TRIED = 2  # pods of one image that are asked for its nft


class Seen(NamedTuple):
    """What was seen of one node; `foreign`: the rows that kube-proxy did not make, None where no table was read."""

    look: Look
    foreign: tuple[ForeignRow, ...] | None
    left: Leftovers | None


class Nodes:
    """Asks every node, few requests each: its table; in another mode two more; of one node an image for nft."""

    def __init__(
        self, cluster: Cluster, looker: Looker, names: Names | None, questions: Questions, concurrency: int
    ) -> None:
        self._cluster, self._looker, self._names = cluster, looker, names
        self._questions, self._concurrency = questions, concurrency

    def look(self, nodes: Sequence[ProxyNode], seen: Callable[[int, int, Sequence[str]], None]) -> dict[str, Seen]:
        """Look at every node's table, and at what IPVS left where the mode is another."""
        self._cluster.let_go()
        found: dict[str, Seen] = {}
        waiting = dict.fromkeys(node.name for node in nodes)
        for entry in fan_out(self._look, nodes, self._concurrency):
            found[entry.look.node.name] = entry
            waiting.pop(entry.look.node.name, None)
            seen(len(found), len(nodes), tuple(waiting))
        return found

    def _look(self, node: ProxyNode) -> Seen:
        look = self._looker.look(node)
        rows = look.reading.rows
        theirs = None if rows is None else foreign(rows, self._names, tuple(node.source.excluded))
        look = look._replace(reading=look.reading._replace(rows=None))  # of thousands of nodes the sums are kept
        if mode_of(look) in {"ipvs", ""} or node.pod is None or not node.pod.ready:
            return Seen(look, theirs, None)
        return Seen(look, theirs, self._left(node.pod, look))

    def _left(self, pod: Pod, look: Look) -> Leftovers:
        """Read what is there beside the table: devices and sysctls by one cat, ipsets by ipset."""
        summary, name = look.reading.summary, look.node.name
        rows = summary.virtual_servers if summary else 0 if look.reading.failure == "not-ipvs" else None
        code, out, err = self._run(pod, ("cat", DEVICES, *SYSCTLS))
        device, sysctls = None, None
        if code in {0, 1} and DEVICES not in err:
            lines = out.splitlines()
            there = [path for path in SYSCTLS if path not in err]
            values = lines[len(lines) - len(there) :] if there else []
            device = any(line.strip().startswith(DEVICE) for line in lines)
            sysctls = {SYSCTLS[path]: int(value) for path, value in zip(there, values, strict=False) if value.isdigit()}
        else:
            self._questions.note_node("devices and sysctls that IPVS left", str(code), err or "no answer", name)
        code, out, err = self._run(pod, ("ipset", "-n", "list"))
        sets = tuple(line for line in out.splitlines() if line.startswith("KUBE-")) if code == 0 else None
        if sets is None:
            self._questions.note_node("ipsets that IPVS left", str(code), err or "no answer", name)
        return Leftovers(rows, device, sets, sysctls)

    def nft(self, nodes: Sequence[ProxyNode]) -> dict[str, str]:
        """Return the version of nft in each image ("" where there is none); images without an answer are noted."""
        by_image: dict[str, list[Pod]] = {}
        for node in nodes:
            if node.pod is not None and node.pod.ready and node.ready:
                by_image.setdefault(node.pod.image, []).append(node.pod)
        found = {}
        for image, version, why in fan_out(self._nft, list(by_image.items()), self._concurrency):
            if version is None:
                self._questions.note(f"nft in {image}", why)
            else:
                found[image] = version
        return found

    def _nft(self, entry: tuple[str, list[Pod]]) -> tuple[str, str | None, str]:
        image, pods = entry
        why = ""
        for pod in pods[:TRIED]:
            code, out, err = self._run(pod, ("nft", "--version"))
            match = NFT.search(out)
            if code == 0 and match:
                return image, match[1], ""
            if code == MISSING:
                return image, "", ""
            why = err or "its answer is not understood"
        return image, None, why

    def _run(self, pod: Pod, command: Sequence[str]) -> tuple[int | None, str, str]:
        """Run a command; return its code (MISSING: no such program), what it printed, what went wrong."""
        parts: list[bytes] = []
        try:
            ended = self._cluster.run(pod, command, timeout=self._looker.timeout, sink=parts.append)
        except ExecFailed as error:
            return None, "", str(error)
        if ended.missing:
            return MISSING, "", f"the image has no {command[0]}"
        return ended.code, b"".join(parts).decode(errors="replace"), ended.stderr.strip() or ended.problem


MISSING = 127


def mode_of(look: Look) -> str:
    """Return the mode that a node's kube-proxy is in, "" where that cannot be told."""
    source, pod = look.node.source, look.node.pod
    if look.verdict.mode or source.mode is None or pod is None:
        return look.verdict.mode
    return source.mode if age(source, pod) == "current" else ""


def node_fact(seen: Seen, nft: Mapping[str, str], later: Names | None, questions: Questions) -> NodeFact:
    """Put together what is known of a node; rows of Services that were made meanwhile (`later`) are no strangers."""
    look, mode = seen.look, mode_of(seen.look)
    node, rows = look.node, seen.foreign
    if rows is not None and later is not None:
        has, excluded = later.of, tuple(node.source.excluded)
        rows = tuple(each for each in rows
                     if each.why != "no service" or not has(each.row.protocol, each.row.address, excluded))  # fmt: skip
    if rows is None and mode in {"ipvs", ""}:
        reason = look.verdict.reason or look.reading.reason
        questions.note_node("the IPVS table", look.reading.failure or look.verdict.state, reason, node.name)
    machine, image = node.node, node.pod.image if node.pod else ""
    return NodeFact(
        node.name, machine.kernel if machine else "", machine.os_image if machine else "", version_of_image(image),
        mode, machine.addresses if machine else (), nft.get(image), rows, len(rows or ()), seen.left,
    )  # fmt: skip


def foreign(rows: Listing, names: Names | None, exclude: tuple[str, ...]) -> tuple[ForeignRow, ...]:
    """Return the rows that kube-proxy did not make, and how that is known; by the Services where those are known."""
    ranges, found = Excluded(exclude), []
    served = False  # a list in which nothing of a table is found is no judge of it
    for head, start, end in rows.spans():
        server = head.server
        row = Row(server.protocol, server.address, server.scheduler)
        method = next((rows.forwarding[at] for at in range(start, end) if at in rows.forwarding), "")
        owners = () if names is None else names.of(server.protocol, server.address, exclude)
        served = served or bool(owners)
        if server.protocol == "FWM":
            found.append(ForeignRow(row, "firewall mark"))
        elif inside := ranges.range_of(server.address.encode()):
            found.append(ForeignRow(row, "excluded", inside))
        elif method:
            found.append(ForeignRow(row, "forwarding", method))
        elif not owners:
            found.append(ForeignRow(row, "no service"))
    return tuple(each for each in found if served or each.why != "no service")
