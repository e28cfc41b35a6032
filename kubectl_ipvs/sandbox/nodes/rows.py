"""Rows of an IPVS table that were given as text, as ipvsadm prints them, and how the kernel's own file shows them."""

from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple

HZ = 250  # jiffies a second, Debian's
SCHED = "SCHED"  # in a given row: the scheduler that kube-proxy has put in force
_REAL = "->"
_PERSISTENT = "persistent"


class Row(NamedTuple):
    """One line of ipvsadm: a virtual server, or a real server of the one before it."""

    line: str
    words: tuple[str, ...]

    @property
    def is_virtual(self) -> bool:
        """Whether it is a virtual server."""
        return self.words[0] != _REAL

    @property
    def is_own(self) -> bool:
        """Whether it is one of kube-proxy's: its scheduler is the one in force."""
        return SCHED in self.words

    def scheduler_in(self, force: str | None) -> str:
        """Return the scheduler of a virtual server while `force` is in force."""
        return (force or "rr") if self.is_own else self.words[2]

    def text(self, force: str | None, *, tool: bool) -> str:
        """Return the line as ipvsadm prints it, or as /proc/net/ip_vs has it."""
        if tool:
            return self.line.replace(SCHED, force or "rr") + "\n"
        return self._virtual(self.scheduler_in(force)) if self.is_virtual else self._real()

    def _virtual(self, scheduler: str) -> str:
        protocol, address = self.words[:2]
        blanks = "  "
        if protocol == "FWM":
            where = f"{int(address):08X}"
        else:
            host, port = split(address)
            where, blanks = hex_endpoint(host, port), " " if ":" in host else "  "
        persistent, mask = "", "80000000" if address.startswith("[") else "FFFFFFFF"
        if _PERSISTENT in self.words:
            seconds = int(self.words[self.words.index(_PERSISTENT) + 1])
            persistent = f"{_PERSISTENT} {seconds * HZ} {mask}"
        return f"{protocol}  {where} {scheduler}{blanks}{persistent}\n"

    def _real(self) -> str:
        _, address, forward, weight, active, inactive = self.words[:6]
        return f"  -> {hex_endpoint(*split(address))}      {forward:<7} {weight:<6} {active:<10} {inactive:<10}\n"


def rows_of(lines: object) -> tuple[Row, ...]:
    """Read lines of ipvsadm; ValueError for what is none."""
    if not isinstance(lines, list):
        raise ValueError("rows of a table are a list of lines")  # noqa: TRY004 -- the file's fault, as any other
    return tuple(_row(str(line)) for line in lines)


def _row(line: str) -> Row:
    row = Row(line, tuple(line.split()))
    try:
        row.text(None, tool=False)
    except (ValueError, IndexError):
        raise ValueError(f"no row of an IPVS table: {line!r}") from None
    return row


@lru_cache(maxsize=4096)
def is_ip(address: str) -> bool:
    """Tell whether it is an address, and no name."""
    try:
        ip_address(address)
    except ValueError:
        return False
    return True


def split(endpoint: str) -> tuple[str, int]:
    """Split `10.96.0.1:80` or `[fd00::1]:80`."""
    host, _, port = endpoint.rpartition(":")
    return host.strip("[]"), int(port)


def hex_endpoint(address: str, port: int) -> str:
    """Return address and port as the kernel's file shows them."""
    ip = ip_address(address)
    if ip.version == 6:  # noqa: PLR2004 -- IPv6
        return f"[{ip.exploded}]:{port:04X}"
    return f"{int(ip):08X}:{port:04X}"
