"""The flags of every command that restarts kube-proxy, in one list: `set`, `undo` and `restart` share their meaning."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_ipvs.cli.console import choice
from kubectl_ipvs.cli.session import seconds
from kubectl_ipvs.errors import UsageError

if TYPE_CHECKING:
    from kubectl_ipvs.operations.change.options import ChangeOptions

DRY_RUNS = ("none", "client", "server")
STRATEGIES = ("delete", "rollout")
FORMATS = ("table", "json", "yaml")
Text, Texts, Switch = str | None, list[str] | None, bool | None
ROLLOUT: Mapping[str, tuple[Any, tuple[str, ...], str, str]] = {  # type, names, metavar, help
    "canary": (Text, ("--canary",), "NODE", "The node that goes first, alone; none: no node does. [default: auto]"),
    "skip": (Texts, ("--skip",), "NODE", "Leave this node out; may be given again."),
    "max_unavailable": (
        Text, ("--max-unavailable",), "N|N%", "How many nodes may be without kube-proxy at a time. [default: 10%]"
    ),
    "timeout": (Text, ("--timeout",), "TIME", "How long to wait for a node to be verified. [default: 2m]"),
    "settle": (Text, ("--settle",), "TIME", "How long a new pod must stay up. [default: 5s]"),
    "strategy": (
        Text, ("--strategy",), "delete|rollout", "Delete pods, or let the DaemonSets roll themselves. [default: delete]"
    ),
    "dry_run": (
        Text, ("--dry-run",), "none|client|server", "client: show the plan; server: let the API server check it, too."
    ),
    "verify": (Switch, ("--verify",), "", "A node is done when its whole table is as Services ask for (see `verify`)."),
    "force": (Switch, ("--force",), "", "Go on in spite of preflight errors that allow it."),
    "yes": (Switch, ("--yes", "-y"), "", "Do not ask."),
    "output": (Text, ("--output", "-o"), "FORMAT", "One of: json, yaml."),
}  # fmt: skip
KEPT_BY_ROLLOUT = ("canary", "skip", "max_unavailable")  # flags that the DaemonSet's own update cannot keep


class RolloutFlags(NamedTuple):
    """The flags as typed; None is "not given"."""

    canary: str | None = None
    skip: list[str] | None = None
    max_unavailable: str | None = None
    timeout: str | None = None
    settle: str | None = None
    strategy: str | None = None
    dry_run: str | None = None
    verify: bool | None = None
    force: bool | None = None
    yes: bool | None = None
    output: str | None = None

    @property
    def form(self) -> str:
        """How stdout is written."""
        return self.output or "table"

    @property
    def changes(self) -> bool:
        """It is no dry run."""
        return (self.dry_run or "none") == "none"

    def options(
        self, *, restart: bool = True, outdated_only: bool = False, rollback: bool = True, names: tuple[str, ...] = ()
    ) -> "ChangeOptions":
        """Read the flags; raises UsageError."""
        from kubectl_ipvs.operations.change.options import ChangeOptions
        from kubectl_ipvs.operations.installation import bare
        from kubectl_ipvs.operations.rollout.pace import Pace
        from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable

        if self.dry_run is not None and self.dry_run not in DRY_RUNS:
            raise UsageError(f"--dry-run needs client or server, not {self.dry_run}")
        choice("-o", self.form, FORMATS)
        strategy = choice("--strategy", self.strategy or "delete", STRATEGIES)
        if strategy == "rollout":
            self._check_rollout(narrowed=bool(names) or outdated_only)
        settle = 0.0 if self.settle in {"0", "0s"} else seconds("--settle", self.settle or "5s")
        most = MaxUnavailable.parse("10%" if self.max_unavailable is None else self.max_unavailable)
        pace = Pace(most, seconds("--timeout", self.timeout or "2m"), settle, bare(self.canary or "auto"), strategy)
        return ChangeOptions(
            pace, self.dry_run or "none", restart, outdated_only, rollback, bool(self.force), names,
            tuple(self.skip or ()), bool(self.verify),
        )  # fmt: skip

    def _check_rollout(self, *, narrowed: bool) -> None:
        if narrowed:
            raise UsageError("--strategy=rollout restarts every node: it goes with no node's name and not with --stale")
        for key in KEPT_BY_ROLLOUT:
            if getattr(self, key):
                flag = ROLLOUT[key][1][0]
                raise UsageError(
                    f"--strategy=rollout cannot keep {flag}: the DaemonSet decides on its own",
                    hint="leave one of the two out",
                )
