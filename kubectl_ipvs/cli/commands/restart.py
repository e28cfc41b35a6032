"""`kubectl ipvs restart`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.flags.parameters import Nodes
from kubectl_ipvs.cli.flags.rollout import FORMATS, RolloutFlags
from kubectl_ipvs.cli.session import Session, refuse_if_read_only

__all__ = ["FORMATS", "run"]


def run(
    session: Session,
    rollout: RolloutFlags,
    nodes: Nodes = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only nodes that are out of step or have not read the configuration.")
    ] = False,
) -> int:
    """Restart kube-proxy's pods by label selector, a few at a time, and verify each node.

    A node is verified when its new pod is ready and stays up, and the kernel's table has the configured scheduler; in
    nftables mode, when kube-proxy says that it is in it and has synced, and nft has the Services. One worker goes
    first. At most --max-unavailable nodes are without kube-proxy at a time; the next starts while the last is still
    being watched. The first node that fails ends the run: the nodes in progress are finished, no other is touched.

    \b
    Examples:
      kubectl ipvs restart
      kubectl ipvs restart --stale
      kubectl ipvs restart node1 node2 --max-unavailable 1
    """
    if rollout.changes:
        refuse_if_read_only("restart")
    from kubectl_ipvs.cli.change_command import Command, change
    from kubectl_ipvs.operations.change.edits import Change
    from kubectl_ipvs.operations.discovery import find

    options = rollout.options(outdated_only=stale, names=tuple(nodes or ()))
    cluster = session.cluster()
    wanted = Change(find(cluster, session.where))
    return change(Command(session, cluster, "restart", rollout), wanted, options)
