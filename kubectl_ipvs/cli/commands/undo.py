"""`kubectl ipvs undo`."""

from typing import Annotated

import typer

from kubectl_ipvs.cli.flags.rollout import FORMATS, RolloutFlags
from kubectl_ipvs.cli.session import Session, refuse_if_read_only

__all__ = ["FORMATS", "run"]


def run(
    session: Session,
    rollout: RolloutFlags,
    no_restart: Annotated[bool, typer.Option("--no-restart", help="Write the configuration, restart nothing.")] = False,
    no_rollback: Annotated[
        bool, typer.Option("--no-rollback", help="Stop at a failure, and do not put the value back.")
    ] = False,
) -> int:
    """Roll the last change of `kubectl ipvs set` back, just as carefully; a second undo redoes it.

    The configuration becomes what it was, byte for byte. If somebody else has changed it since, nothing is written
    (exit code 4) and the difference is shown. Nodes that have never read the change are not restarted.

    \b
    Examples:
      kubectl ipvs undo
      kubectl ipvs undo --dry-run=client
    """
    if rollout.changes:
        refuse_if_read_only("undo")
    from kubectl_ipvs.cli.change_command import Command, change
    from kubectl_ipvs.operations.change.edits import reverse
    from kubectl_ipvs.operations.discovery import find

    options = rollout.options(restart=not no_restart, rollback=not no_rollback)
    cluster = session.cluster()
    wanted = reverse(find(cluster, session.where))
    return change(Command(session, cluster, "undo", rollout), wanted, options)
