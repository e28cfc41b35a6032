"""IPVS tables as `ipvsadm -Ln` 1.31 prints them, ready to be sent.

What all nodes share is made once a scheduler and kept as frames of exec's stdout: a node with 5,000 services costs no
more than sending them.
"""

from collections.abc import Iterator, Sequence

from objects import node_address

STDOUT = b"\1"
CHUNK = 32 * 1024  # as kubelets send it
HEAD = """IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
"""
SCHEDULERS = frozenset(("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq", "fo", "ovf", "mh", "twos"))


class Tables:
    """Tables of nodes with so many Services and so many real servers behind each."""

    def __init__(self, services: int, reals: int) -> None:
        self._services = services
        self._reals = reals
        self._shared: dict[str, Sequence[bytes]] = {}

    def frames(self, number: int, scheduler: str) -> Iterator[bytes]:
        """Yield the frames of a node's table: what is its own first."""
        address = f"{node_address(number)}:31191"
        yield STDOUT + (HEAD + _virtual("TCP", address, scheduler, ("10.244.0.11:8080",))).encode()
        if scheduler not in self._shared:
            text = self._common(scheduler).encode()
            self._shared[scheduler] = [STDOUT + text[at : at + CHUNK] for at in range(0, len(text), CHUNK)]
        yield from self._shared[scheduler]

    def _common(self, scheduler: str) -> str:
        parts = [_virtual("TCP", "10.96.0.1:443", scheduler, ("10.0.2.2:6443",))]
        parts += [_virtual(protocol, "10.96.0.10:53", scheduler, ("10.244.0.2:53",)) for protocol in ("TCP", "UDP")]
        for service in range(self._services):
            first = service * self._reals
            behind = [f"{_address(200, first + real)}:8080" for real in range(self._reals)]
            parts.append(_virtual("TCP", f"{_address(97, service)}:80", scheduler, behind))
        return "".join(parts)


def _address(first: int, number: int) -> str:
    return f"10.{first + number // 65536 % 50}.{number // 256 % 256}.{number % 256}"


def _virtual(protocol: str, address: str, scheduler: str, reals: Sequence[str]) -> str:
    rows = [f"  -> {real:<28} Masq    1      0          0         \n" for real in reals]
    return f"{protocol}  {address} {scheduler}\n{''.join(rows)}"
