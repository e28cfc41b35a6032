"""`kubectl ipvs sandbox`."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kubectl_ipvs.cli.console import out, say
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import IpvsError, UsageError

if TYPE_CHECKING:
    from kubectl_ipvs.sandbox import Sandbox

MODES = ("ipvs", "iptables", "nftables")
IMAGES = ("official", "ipvsadm", "eks", "k0s")
KINDS_HINT = "`kubectl ipvs sandbox --fault list` lists the kinds"


def run(
    _session: Session,
    command: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- COMMAND]", help="Run this against it, then end.", show_default=False),
    ] = None,
    nodes: Annotated[int, typer.Option("--nodes", metavar="N", help="Nodes.")] = 3,
    services: Annotated[int, typer.Option("--services", metavar="M", help="Services beside the usual three.")] = 5,
    endpoints: Annotated[int, typer.Option("--endpoints", metavar="K", help="Endpoints of each.")] = 2,
    from_: Annotated[
        list[str] | None,
        typer.Option(
            "--from",
            metavar="FILE",
            help="A cluster to copy, as `kubectl get ... -o yaml` prints it; may be given again; - is stdin.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        str,
        typer.Option(
            "--kubernetes-version",
            metavar="VERSION",
            help="The version it behaves as, like v1.37.2.",
            show_default=False,
        ),
    ] = "",
    mode: Annotated[
        str,
        typer.Option(
            "--mode", metavar="MODE", help="kube-proxy's mode: ipvs, iptables or nftables.", show_default=False
        ),
    ] = "",
    image: Annotated[
        str,
        typer.Option(
            "--image",
            metavar="IMAGE",
            help="What kube-proxy's image has in it: official, eks, k0s, or ipvsadm, which nobody ships.",
            show_default=False,
        ),
    ] = "",
    fault: Annotated[
        list[str] | None,
        typer.Option(
            "--fault",
            metavar="NODE=KIND",
            help="What is wrong with a node, or with `cluster`; may be given again. `--fault list` lists the kinds.",
            show_default=False,
        ),
    ] = None,
) -> int:
    """Start a simulated cluster in this process, to try kubectl ipvs without a cluster.

    It has a real API server's manners (HTTPS, watches, exec), and kubectl itself works against it; its nodes, pods and
    kernels are simulated. With a command it runs that and ends; without one it serves until Ctrl-C.

    With --from it is a copy of your cluster, to rehearse a change on. `kubectl get nodes,ds,cm,svc,endpointslices,pods
    -A -o yaml` prints what it is made of; Secrets and all else are left out. Nothing is sent anywhere.

    \b
    Examples:
      kubectl ipvs sandbox
      kubectl ipvs sandbox -- kubectl ipvs status -o wide
      kubectl ipvs sandbox --nodes 50 --fault node7=hang --fault node9=crash-loop -- sh
    """
    if fault == ["list"]:
        out(_kinds())
        return 0
    options = {"nodes": nodes, "services": services, "endpoints": endpoints, "faults": _faults(fault or [])}
    options |= {
        name: value
        for name, value in (("world", from_), ("version", version), ("mode", mode), ("image", image))
        if value
    }
    box = _make(options)
    _end_as_ctrl_c_does()
    with box, tempfile.TemporaryDirectory(prefix="kubectl-ipvs-sandbox-") as folder:
        kubeconfig = _write(box, Path(folder))
        if command:
            say(_welcome(box))
            return _child(command, kubeconfig)
        _serve(_welcome(box), kubeconfig)
    return 0


def _make(options: Mapping[str, Any]) -> "Sandbox":
    """Make the cluster; what makes no sense in a flag or a file is a wrong usage."""
    from kubectl_ipvs.sandbox import Sandbox

    if options.get("mode", "ipvs") not in MODES:
        raise UsageError(f'invalid --mode "{options["mode"]}": it takes {", ".join(MODES)}')
    if options.get("image", "official") not in IMAGES:
        raise UsageError(f'invalid --image "{options["image"]}": it takes {", ".join(IMAGES)}')
    if options.get("mode") and options.get("world"):
        raise UsageError("--mode is for the built-in cluster: with --from the files say it")
    try:
        box = Sandbox(**options)
    except ValueError as error:
        raise UsageError(str(error)) from None
    if box.left_out:
        counted = ", ".join(f"{count} {kind}" for kind, count in sorted(box.left_out.items()))
        say(f"left out, as the sandbox does not need it: {counted}")
    return box


def _end_as_ctrl_c_does() -> None:
    """Leave nothing behind when the program is told to end, or loses its terminal."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # nohup has a lost terminal ignored, and is obeyed
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)


def _welcome(box: "Sandbox") -> str:
    count = len(box.nodes)
    return f"a simulated cluster of {count} {'node' if count == 1 else 'nodes'}: nothing here is real"


def _kinds() -> str:
    from kubectl_ipvs.sandbox.faults import CLUSTER, CLUSTER_KINDS, KINDS

    lines = [f"{kind:16}{words}\n" for kind, words in KINDS.items()]
    lines += [f"{CLUSTER}={kind:{15 - len(CLUSTER)}} {words}\n" for kind, words in CLUSTER_KINDS.items()]
    return "".join(lines)


def _faults(typed: Sequence[str]) -> dict[str, list[str]]:
    from kubectl_ipvs.sandbox.faults import CLUSTER, CLUSTER_KINDS, KINDS

    faults: dict[str, list[str]] = {}
    for entry in typed:
        node, equals, kind = entry.partition("=")
        known = CLUSTER_KINDS if node == CLUSTER else KINDS
        name = kind.partition("=")[0]
        if not equals or not node or not kind:
            raise UsageError(f'invalid --fault "{entry}": it takes NODE=KIND', hint=KINDS_HINT)
        if name in CLUSTER_KINDS and name not in known:
            raise UsageError(f"{name} is a fault of the whole cluster", hint=f"--fault {CLUSTER}={kind}")
        if name not in known:
            raise UsageError(f'no fault is called "{name}"', hint=KINDS_HINT)
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


def _serve(welcome: str, kubeconfig: Path) -> None:
    say(f"{welcome}; Ctrl-C ends it")
    try:  # who reads the next line may press Ctrl-C at once
        out(f"export KUBECONFIG={kubeconfig}\n")
        if sys.stdout.isatty():
            say("(paste that into another terminal)")
        threading.Event().wait()
    except KeyboardInterrupt:
        return
