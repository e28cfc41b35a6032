"""`kubectl ipvs completion`."""

import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer

import kubectl_ipvs
from kubectl_ipvs.cli.console import choice, out, say
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import IpvsError, UsageError

NAME, PLUGIN = "kubectl_complete-ipvs", "kubectl-ipvs"
ACTIONS = ("install", "uninstall")
SHELLS = {  # how kubectl's own completion is loaded, which asks us
    "bash": "source <(kubectl completion bash)",
    "zsh": "source <(kubectl completion zsh)",
    "fish": "kubectl completion fish | source",
    "powershell": "kubectl completion powershell | Out-String | Invoke-Expression",
}


def run(
    _session: Session,
    action: Annotated[str, typer.Argument(metavar="install|uninstall", help="What to do.", show_default=False)],
) -> int:
    """Set up TAB completion after an install with krew; pip and pipx do so by themselves.

    kubectl completes a plugin by a program beside it, kubectl_complete-ipvs, and krew installs one program alone. This
    links the second one beside the first, or removes it. kubectl's own completion (`kubectl completion --help`)
    must be loaded in the shell.

    \b
    Examples:
      kubectl ipvs completion install
      kubectl ipvs completion uninstall
    """
    if action in SHELLS:
        raise UsageError("TAB comes from kubectl's own completion, which asks this plugin", hint=SHELLS[action])
    choice("action", action, ACTIONS)
    plugin = _plugin()
    beside = plugin.with_name(NAME)
    try:
        return _install(plugin, beside) if action == "install" else _uninstall(beside)
    except OSError as error:
        raise IpvsError(f"{beside} cannot be changed: {error.strerror}") from error


def _plugin() -> Path:
    """Find the program as it was started: krew's link, and not what that leads to."""
    started = sys.argv[0]
    if not Path(started).is_absolute():
        started = shutil.which(started) or started
    return Path(started).absolute()


def _install(plugin: Path, beside: Path) -> int:
    if beside.is_symlink() or beside.exists():
        out(f"{beside} is there already\n")
        return 0
    if not _bundled(plugin):
        raise IpvsError(
            f"{beside} is missing, and this plugin is no bundle that could stand in for it",
            hint="pip and pipx install both programs: install the package again",
        )
    beside.symlink_to(plugin.name)
    out(f"{beside} installed\n")
    say("it works in shells that load kubectl's own completion: see `kubectl completion --help`")
    return 0


def _bundled(plugin: Path) -> bool:
    """Tell whether the program is the archive's launcher, which knows what to do under the other name."""
    return plugin.resolve().parent / "lib" == Path(kubectl_ipvs.__file__).resolve().parents[1]


def _uninstall(beside: Path) -> int:
    if beside.is_symlink() and beside.readlink() == Path(PLUGIN):
        beside.unlink()
        out(f"{beside} removed\n")
        return 0
    if beside.exists():
        raise IpvsError(f"{beside} is not from `kubectl ipvs completion install`: what installed it takes it away")
    out(f"{beside} is not there\n")
    return 0
