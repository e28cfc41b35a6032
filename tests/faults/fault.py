"""What one row of the fault matrix is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubectl_ipvs.sandbox import Options, Sandbox

Obj = dict[str, Any]
SYSTEM = "kube-system"
TWO = {"nodes": 2}
JOINED = "node9"
LOST = (r"(cannot connect to|cannot speak TLS with|the connection to the server) SERVER.*", "SERVER is away")


@dataclass(frozen=True)
class Fault:
    """One row. `flags` go with every command, `pace` with those that restart; `skew`: seconds our clock is ahead."""

    name: str
    arrange: Callable[[Sandbox], object] = lambda _: None
    options: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    pace: tuple[str, ...] = ()
    skew: int = 0
    hopeless: bool = False  # no node will be verified: not worth a long --timeout
    loose: tuple[str, str] = ("", "")  # what differs from run to run in the words, as for re.sub
    world: Callable[[Options], list[Obj]] | None = None  # another cluster than the built-in one

    @property
    def is_slow(self) -> bool:
        """A command that restarts takes seconds."""
        return self.hopeless or bool(self.pace)


def denied(verb: str, resource: str, subresource: str = "") -> Callable[[Sandbox], None]:
    """Forbid a verb."""
    return lambda box: box.deny(verb, resource, subresource=subresource)
