"""What a user asked of a change: how carefully, which nodes, what to do when something fails."""

from typing import NamedTuple

from kubectl_ipvs.operations.rollout.pace import Pace


class ChangeOptions(NamedTuple):
    """How a change is to be made, as the flags say."""

    pace: Pace
    dry_run: str = "none"  # none, client, server
    restart: bool = True
    outdated_only: bool = False  # of a restart: only nodes that are not in sync
    rollback: bool = True
    force: bool = False
    names: tuple[str, ...] = ()  # these nodes alone
    skip: tuple[str, ...] = ()  # not these
    verify: bool = False  # a node is done when its whole table is as Services ask for
