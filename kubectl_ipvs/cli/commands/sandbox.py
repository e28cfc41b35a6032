"""`kubectl ipvs sandbox`."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kubectl_ipvs.cli.console import out, say
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import IpvsError, UsageError

if TYPE_CHECKING:
    from kubectl_ipvs.sandbox import Sandbox

NOT_FOUND = 127  # what a shell answers for a command that is not there


def run(
    _session: Session,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND]", help="Run this against it, then end.", show_default=False),
    ] = None,
    nodes: Annotated[int, typer.Option("--nodes", metavar="N", help="Nodes.")] = 3,
    services: Annotated[int, typer.Option("--services", metavar="M", help="Services beside the usual three.")] = 5,
    endpoints: Annotated[int, typer.Option("--endpoints", metavar="K", help="Endpoints of each.")] = 2,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NODE=KIND",
            help="What is wrong with a node; may be given again. `--fault list` lists the kinds.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Start a simulated cluster in this process, to try kubectl ipvs without a cluster.

    It has a real API server's manners (HTTPS, watches, exec), and kubectl itself works against it; its nodes, pods and
    kernels are simulated. With a command it runs that and ends; without one it serves until Ctrl-C.

    \b
    Examples:
      kubectl ipvs sandbox
      kubectl ipvs sandbox -- kubectl ipvs status -o wide
      kubectl ipvs sandbox --nodes 50 --fault node7=hang --fault node9=crash-loop -- sh
    """
    from kubectl_ipvs.sandbox import Sandbox
    from kubectl_ipvs.sandbox.faults import KINDS

    if fault == ["list"]:
        out("".join(f"{kind:16}{words}\n" for kind, words in KINDS.items()))
        return 0
    faults = _faults(fault or [], KINDS)
    try:
        box = Sandbox(nodes=nodes, services=services, endpoints=endpoints, faults=faults)
    except ValueError as error:
        raise UsageError(str(error)) from None
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: nothing is left behind
    with box, tempfile.TemporaryDirectory(prefix="kubectl-ipvs-sandbox-") as folder:
        kubeconfig = _write(box, Path(folder))
        if command:
            say(f"a simulated cluster of {nodes} nodes: nothing here is real")
            return _child(command, kubeconfig)
        _serve(nodes, kubeconfig)
    return 0


def _faults(typed: Sequence[str], kinds: Mapping[str, str]) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for entry in typed:
        node, equals, kind = entry.partition("=")
        if not equals or kind.partition("=")[0] not in kinds:
            raise UsageError(
                f'invalid --fault "{entry}": it takes NODE=KIND',
                hint="`kubectl ipvs sandbox --fault list` lists the kinds",
            )
        faults.setdefault(node, []).append(kind)
    return faults


def _write(box: "Sandbox", folder: Path) -> Path:
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(box.kubeconfig())
    return path


def _child(command: Sequence[str], kubeconfig: Path) -> int:
    """Run a command against the sandbox; `kubectl ipvs` in it is this very plugin, wherever that was started from."""
    here = str(Path(sys.argv[0]).resolve().parent)
    path = os.pathsep.join([here, os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": path}
    before = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the command's: it decides how to end
    try:
        return subprocess.run(list(command), env=environment, check=False).returncode  # noqa: S603 - the user's own command
    except FileNotFoundError:
        raise IpvsError(f"{command[0]}: command not found") from None
    finally:
        signal.signal(signal.SIGINT, before)


def _serve(nodes: int, kubeconfig: Path) -> None:
    say(f"a simulated cluster of {nodes} nodes: nothing here is real; Ctrl-C ends it")
    try:  # who reads the next line may press Ctrl-C at once
        out(f"export KUBECONFIG={kubeconfig}\n")
        threading.Event().wait()
    except KeyboardInterrupt:
        return
