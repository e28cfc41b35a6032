"""/proc/net/ip_vs_conn of a simulated node: a connection for each real server, as Linux prints it."""

from collections.abc import Iterable, Iterator

from kubectl_ipvs.sandbox.nodes.defects import GONE, Virtual
from kubectl_ipvs.sandbox.nodes.rows import hex_endpoint

CLIENT = {4: "10.244.9.9", 6: "fd00:10:244:9::9"}
_TITLE = "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n"
_OLD = 3  # connections to what is gone
_EXPIRES = {"TCP": ("ESTABLISHED", 890), "UDP": ("UDP", 290), "SCTP": ("ESTABLISHED", 890)}


def connections_text(virtuals: Iterable[Virtual], *, old: bool) -> str:
    """Return the file; `old`: the first virtual server of UDP has connections to a real server that is gone."""
    lines = [_line(each, real, number) for each in virtuals for number, real in enumerate(each.reals, 1)]
    gone = next((each for each in virtuals if each.protocol == "UDP"), None) if old else None
    if gone is not None:
        lines += [_line(gone, (GONE[0], gone.port), number) for number in range(100, 100 + _OLD)]
    return _TITLE + "".join(lines)


def _line(virtual: Virtual, real: tuple[str, int], number: int) -> str:
    client = CLIENT[6 if ":" in virtual.address else 4]
    state, expires = _EXPIRES[virtual.protocol]
    ends = ((client, 40000 + number), (virtual.address, virtual.port), real)
    return f"{virtual.protocol:<3} {' '.join(_words(ends))} {state:<11} {expires:>7}\n"


def _words(ends: Iterable[tuple[str, int]]) -> Iterator[str]:
    for address, port in ends:
        host, _, number = hex_endpoint(address, port).rpartition(":")
        yield f"{host.strip('[]')} {number}"
