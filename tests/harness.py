"""What the command tests share: how a run is written down, and the quick settings of a sandbox."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kubectl_ipvs.sandbox import Sandbox, Seen
from kubectl_ipvs.sandbox.wire.exchange import Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel

QUICK: dict[str, Any] = {"terminate": 0.05, "start": 0.05, "sync": 0.05, "services": 1}
BRISK = ("--settle", "0.2s", "--timeout", "4s")  # for commands that restart


@dataclass(frozen=True)
class Run:
    """What a command left: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401 - any document
        """Stdout as JSON."""
        return json.loads(self.out)

    @property
    def rows(self) -> dict[str, list[str]]:
        """The table's rows by their first word, split at three blanks or more as the table is."""
        lines = [[cell for cell in line.split("   ") if cell.strip()] for line in self.out.splitlines()]
        return {line[0]: [cell.strip() for cell in line[1:]] for line in lines if line}


class Ipvs(Protocol):
    """Runs `kubectl ipvs WORDS...` against a sandbox (None: with the kubeconfig that the environment names)."""

    def __call__(self, box: Sandbox | None, *words: str, user: str = "admin", yes: bool = True) -> Run:
        """Run it in this process; `yes`: a change is agreed to with -y."""


class MakeSandbox(Protocol):
    """Starts a quick sandbox that ends with the test; options as `sandbox.Options` has them."""

    def __call__(self, **options: Any) -> Sandbox:  # noqa: ANN401 - the options' own types
        """Start it."""


def changes(box: Sandbox) -> list[Seen]:
    """Every request but those about leases, which are no change."""
    return [seen for seen in box.requests if "/leases" not in seen.path]


def writes(box: Sandbox) -> list[str]:
    """Every request that was to change something, as `PATCH configmaps/kube-proxy`; reviews and dry runs are none."""
    changing = [seen for seen in changes(box) if seen.method in {"PATCH", "PUT", "DELETE"}]
    real = [seen for seen in changing if "dryRun" not in seen.query and b'"dryRun"' not in seen.body]
    return [f"{seen.method} {'/'.join(seen.path.split('/')[-2:])}" for seen in real]


CHANGES = {"set", "undo", "restart"}


def agreed(words: Sequence[str]) -> tuple[str, ...]:
    """Return a command line with -y where it changes something: a test has no terminal on which it could be asked."""
    own = list(words)[: list(words).index("--")] if "--" in words else list(words)
    asks = CHANGES & set(own) and not {"-y", "--yes"} & set(own)
    return (*words, "-y") if asks else tuple(words)


def frames_of(frames: Sequence[bytes]) -> Upgrade:
    """Answer a WebSocket with these frames and no other."""

    async def serve(channel: Channel) -> None:
        for frame in frames:
            await channel.send(frame)

    return Upgrade("v4.channel.k8s.io", serve)
