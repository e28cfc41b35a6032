"""One node's kernel, as far as IPVS goes: its modules, its table of virtual servers, its sysctls.

What is shared by all nodes (the Services) is rendered once for all of them. The two texts follow ipvsadm 1.31
(`print_service_entry`) and Linux (`ip_vs_info_seq_show`); this module shares no code with the plugin's parsers.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from zlib import crc32

from kubectl_ipvs.sandbox.nodes.defects import Virtual, applied
from kubectl_ipvs.sandbox.nodes.rows import HZ, Row, hex_endpoint

SIZE = 4096
_MODULE = "kernel/net/netfilter/ipvs/ip_vs"
NUMBERS = {"TCP": 6, "UDP": 17, "SCTP": 132}  # the protocols' own, by which ipvsadm sorts
PILE = 200  # connections that have piled up on a real server
VARIANTS = 16  # different sets of connection counters among the nodes

# Scheduler -> first kernel that has it (ip_vs_<name>).
SINCE = {
    "rr": (2, 6), "wrr": (2, 6), "lc": (2, 6), "wlc": (2, 6), "lblc": (2, 6), "lblcr": (2, 6), "dh": (2, 6),
    "sh": (2, 6), "sed": (2, 6), "nq": (2, 6), "fo": (3, 18), "ovf": (4, 3), "mh": (4, 18), "twos": (5, 12),
}  # fmt: skip


def schedulers_of(release: str) -> tuple[str, ...]:
    """Schedulers a kernel of this release has: `6.1.0-18-amd64` has all fourteen."""
    numbers = re.findall(r"\d+", release)[:2]
    version = tuple(map(int, numbers))
    return tuple(name for name, since in SINCE.items() if len(version) < 2 or version >= since)  # noqa: PLR2004 -- none told


PROBE = Virtual("TCP", "198.51.100.0", 20000, ())  # what kube-proxy adds for an instant, to have a module loaded


class Rendering(NamedTuple):
    """How a virtual server's scheduler shows: its name, and whether kube-proxy set mh-port."""

    scheduler: str
    port_flag: bool
    variant: int
    bare: bool = False  # without real servers
    busy: bool = False  # connections have piled up on every virtual server


Chunk = tuple[tuple[object, ...], str]  # sort key, text


def _counters(real: tuple[str, int], virtual: Virtual, show: Rendering) -> tuple[int, int]:
    """Active and inactive connections; the same for the same node, every time."""
    seed = crc32(f"{real}{virtual.address}{virtual.port}{show.variant}".encode())
    active = 0 if virtual.protocol == "UDP" else seed % 40
    piled_up = (virtual.uneven or show.busy) and real == virtual.reals[0]
    return (PILE + active if piled_up and virtual.protocol != "UDP" else active), seed // 64 % 100


def _endpoint(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def _tool(virtual: Virtual, show: Rendering) -> Chunk:
    flags = " (mh-port)" if show.port_flag else ""
    flags += f" persistent {virtual.persistent}" if virtual.persistent else ""
    scheduler = virtual.scheduler or show.scheduler
    lines = [f"{virtual.protocol:<4} {_endpoint(virtual.address, virtual.port)} {scheduler}{flags}\n"]
    for real in virtual.reals:
        active, inactive = _counters(real, virtual, show)
        weight = int(real not in virtual.zero)
        lines.append(f"  -> {_endpoint(*real):<28} {'Masq':<7} {weight:<6} {active:<10} {inactive:<10}\n")
    ip = ip_address(virtual.address)
    key = (ip.version, NUMBERS.get(virtual.protocol, 0), ip.packed, virtual.port)
    return key, "".join(lines)


def _proc(virtual: Virtual, show: Rendering) -> Chunk:
    six = ":" in virtual.address
    lines = [
        f"{virtual.protocol}  {hex_endpoint(virtual.address, virtual.port)} {virtual.scheduler or show.scheduler} "
    ]
    lines.append("" if six else " ")
    mask = "80000000" if six else "FFFFFFFF"
    lines.append(f"persistent {virtual.persistent * HZ} {mask}\n" if virtual.persistent else "\n")
    for real in virtual.reals:
        active, inactive = _counters(real, virtual, show)
        lines.append(
            f"  -> {hex_endpoint(*real)}      {'Masq':<7} {real not in virtual.zero:<6d} {active:<10} {inactive:<10}\n"
        )
    key = (crc32(f"{virtual.protocol}{virtual.address}{virtual.port}".encode()),)
    return key, "".join(lines)


@lru_cache(maxsize=256)
def _chunks(virtuals: tuple[Virtual, ...], show: Rendering, tool: bool) -> list[Chunk]:  # noqa: FBT001 -- part of a cache's key
    render = _tool if tool else _proc
    shown = (virtual._replace(reals=()) for virtual in virtuals) if show.bare else virtuals
    return [render(virtual, show) for virtual in shown]


_TITLE = f"IP Virtual Server version 1.2.1 (size={SIZE})\nProt LocalAddress:Port Scheduler Flags\n"
_TOOL_TITLE = _TITLE + "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
_PROC_TITLE = _TITLE + "  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n"


class Kernel:
    """The kernel of one node. `scheduler` is that of kube-proxy's virtual servers, None while it has none."""

    def __init__(self, node: str, release: str, modules: Iterable[str], loaded: Iterable[str]) -> None:
        self.release = release
        self.modules = set(modules)
        self.loaded = set(loaded) & self.modules
        self.has_ipvs = True
        self.scheduler: str | None = None
        self.mh_port = False
        self.strict_arp = False
        self.shared: tuple[Virtual, ...] = ()  # the Services', the same on every node
        self.own: tuple[Virtual, ...] = ()  # the NodePorts on this node's addresses
        self.stale: tuple[Virtual, ...] = ()  # of Services that are gone
        self.is_busy = False
        self.defects: Mapping[str, str] = {}  # what kube-proxy got wrong, of the kinds of `defects`
        self.foreign: tuple[tuple[Virtual, str], ...] = ()  # somebody else's
        self.beside: tuple[Row, ...] = ()  # somebody else's, row by row
        self.whole: tuple[Row, ...] | None = None  # the whole table, whatever kube-proxy does
        self.bare = False  # no virtual server has a real server
        self.next: str | None = (
            None  # the scheduler that half of the virtual servers have by now, while they are edited
        )
        self.probe: str | None = None  # the scheduler of kube-proxy's probe, while that is there
        self._variant = crc32(node.encode()) % VARIANTS

    def bind(self, scheduler: str, *, mh_port: bool = False) -> bool:
        """Give every virtual server of kube-proxy this scheduler; False where its module is not to be had."""
        if scheduler not in self.modules:
            return False
        self.loaded.add(scheduler)
        self.scheduler, self.next = scheduler, None
        self.mh_port = mh_port and scheduler == "mh"
        return True

    def flush(self) -> None:
        """Empty the table: kube-proxy's virtual servers and everybody's."""
        self.scheduler = self.next = None
        self.foreign, self.beside = (), ()
        self.whole = None if self.whole is None else ()

    @property
    def shown(self) -> str | None:
        """The scheduler that kube-proxy's virtual servers show, None while the table has none of them."""
        if self.whole is not None and not any(row.is_own for row in self.whole):
            return None
        return self.scheduler

    def counts(self) -> dict[str, int]:
        """Virtual servers by scheduler."""
        own = len(self._every)
        names = [scheduler for _, scheduler in self.foreign] if self.whole is None else []
        names += [row.scheduler_in(self.scheduler) for row in self._rows if row.is_virtual]
        counts = {self.scheduler: own} if self.scheduler and self.whole is None and own else {}
        for name in names:
            counts[name] = counts.get(name, 0) + 1
        return counts

    @property
    def _every(self) -> tuple[Virtual, ...]:
        """Every virtual server that kube-proxy has made."""
        return (*applied(self.shared, self.defects), *self.own, *self.stale)

    @property
    def _rows(self) -> tuple[Row, ...]:
        return self.beside if self.whole is None else self.whole

    def tool_text(self) -> str:
        """Return what `ipvsadm -Ln` prints."""
        return _TOOL_TITLE + self._text(tool=True)

    def proc_text(self) -> str:
        """Return what /proc/net/ip_vs holds."""
        return _PROC_TITLE + self._text(tool=False)

    def modules_text(self) -> str:
        """Return what /proc/modules holds."""
        names = [f"ip_vs_{name}" for name in sorted(self.loaded)] if self.has_ipvs else []
        lines = [f"{name} 16384 1 - Live 0x0000000000000000\n" for name in names]
        if self.has_ipvs:
            users = "".join(f"{name}," for name in names) or "-"
            lines.append(f"ip_vs 196608 {len(names)} {users} Live 0x0000000000000000\n")
            lines.append("nf_conntrack 188416 3 xt_conntrack,nf_nat,ip_vs, Live 0x0000000000000000\n")
        return "".join([*lines, "overlay 163840 12 - Live 0x0000000000000000\n"])

    def module_files(self) -> list[str]:
        """Return the paths of ip_vs and of its schedulers, below the module folder."""
        return [f"{_MODULE}.ko", *(f"{_MODULE}_{name}.ko" for name in sorted(self.modules))] if self.has_ipvs else []

    def dependencies_text(self) -> str:
        """Return what modules.dep holds: the module files that are there."""
        lines = [f"{path}: {_MODULE}.ko kernel/lib/libcrc32c.ko\n" for path in self.module_files()]
        return "".join([*lines, "kernel/fs/overlayfs/overlay.ko:\n"])

    def _text(self, *, tool: bool) -> str:
        rows = "".join(row.text(self.scheduler, tool=tool) for row in self._rows)
        if self.whole is not None:
            return rows
        chunks = list(self._own_chunks(tool=tool)) if self.scheduler else []
        probe = ((PROBE, self.probe),) if self.probe else ()
        for virtual, scheduler in (*self.foreign, *probe):
            chunks += _chunks((virtual,), Rendering(scheduler, port_flag=False, variant=self._variant), tool)
        return "".join(text for _, text in sorted(chunks)) + rows

    def _own_chunks(self, *, tool: bool) -> Iterator[Chunk]:
        """Yield kube-proxy's virtual servers; while they are edited half are done, and one has no scheduler."""
        show = Rendering(self.scheduler or "", self.mh_port, self._variant, self.bare, self.is_busy)
        if self.next is None:
            yield from _chunks(applied(self.shared, self.defects), show, tool)
            yield from _chunks(self.own, show, tool)
            yield from _chunks(self.stale, show, tool)
            return
        every = self._every
        half = len(every) // 2
        for part, scheduler in ((every[:half], self.next), (every[half : half + 1], "none"), (every[half + 1 :], "")):
            yield from _chunks(part, show._replace(scheduler=scheduler or show.scheduler), tool)


def names_of(modules: Sequence[str] | None, release: str) -> tuple[str, ...]:
    """`modules` as asked for, or all that this release has."""
    return schedulers_of(release) if modules is None else tuple(modules)
