"""What kube-proxy got wrong in one virtual server of a table: that of the last Service that has two endpoints."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

Real = tuple[str, int]
GONE: Real = ("10.244.0.250", 8080)  # a Pod that is no endpoint any more
ODD_SECONDS = 60


class Virtual(NamedTuple):
    """A virtual server: TCP, UDP or SCTP, address, port, its real servers, and seconds of persistence (0: none).

    `uneven`: connections have piled up on its first real server. `scheduler`: one of its own, "" for kube-proxy's.
    `zero`: real servers whose weight is 0.
    """

    protocol: str
    address: str
    port: int
    reals: tuple[Real, ...]
    persistent: int = 0
    uneven: bool = False
    scheduler: str = ""
    zero: tuple[Real, ...] = ()


KINDS = frozenset({"weight-zero", "missing-row", "missing-endpoint", "extra-endpoint", "draining", "odd-scheduler",
                   "odd-persistence"})  # fmt: skip


def applied(virtuals: tuple[Virtual, ...], faults: Mapping[str, str]) -> tuple[Virtual, ...]:
    """Return the virtual servers as they are with these faults, of which those of other kinds count for nothing."""
    found = frozenset((kind, parameter) for kind, parameter in faults.items() if kind in KINDS)
    return _applied(virtuals, found) if found else virtuals


@lru_cache(maxsize=64)
def _applied(virtuals: tuple[Virtual, ...], faults: frozenset[tuple[str, str]]) -> tuple[Virtual, ...]:
    place = next((at for at in reversed(range(len(virtuals))) if len(virtuals[at].reals) > 1), None)
    if place is None:
        return virtuals
    kinds = dict(faults)
    made = () if "missing-row" in kinds else (_changed(virtuals[place], kinds),)
    return (*virtuals[:place], *made, *virtuals[place + 1 :])


def _changed(virtual: Virtual, kinds: Mapping[str, str]) -> Virtual:
    reals, zero = virtual.reals, virtual.zero
    if "weight-zero" in kinds:
        zero = (*zero, reals[0])
    if "missing-endpoint" in kinds:
        reals = reals[:-1]
    if kinds.keys() & {"extra-endpoint", "draining"}:
        reals = (*reals, GONE)
    if "draining" in kinds:
        zero = (*zero, GONE)
    seconds = ODD_SECONDS if "odd-persistence" in kinds else virtual.persistent
    scheduler = kinds.get("odd-scheduler", virtual.scheduler)
    return virtual._replace(reals=reals, zero=zero, persistent=seconds, scheduler=scheduler)
