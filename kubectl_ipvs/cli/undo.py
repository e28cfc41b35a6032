"""`kubectl ipvs undo`."""

from kubectl_ipvs.cli.console import choice
from kubectl_ipvs.cli.pace import (
    DRY_RUNS,
    FORMATS,
    CanaryFlag,
    DryRunFlag,
    ForceFlag,
    MaxUnavailableFlag,
    NoRollbackFlag,
    OutputFlag,
    SettleFlag,
    StrategyFlag,
    TimeoutFlag,
    YesFlag,
    pace,
)
from kubectl_ipvs.cli.session import Session, refuse_if_read_only


def run(
    session: Session,
    canary: CanaryFlag = "auto",
    max_unavailable: MaxUnavailableFlag = "10%",
    timeout: TimeoutFlag = "2m",
    settle: SettleFlag = "5s",
    strategy: StrategyFlag = "delete",
    no_rollback: NoRollbackFlag = False,
    dry_run: DryRunFlag = "none",
    force: ForceFlag = False,
    yes: YesFlag = False,
    output: OutputFlag = "table",
) -> int:
    """Take the last change of `kubectl ipvs set` back, in the same safe way; undo of an undo does it again.

    The configuration becomes what it was, byte for byte. If somebody else has changed it since, nothing is written
    (exit code 4) and the difference is shown.

    \b
    Examples:
      kubectl ipvs undo
      kubectl ipvs undo --dry-run=client
    """
    choice("--dry-run", dry_run, DRY_RUNS)
    choice("-o", output, FORMATS)
    if dry_run == "none":
        refuse_if_read_only("undo")
    from kubectl_ipvs.cli.changing import Manner, make
    from kubectl_ipvs.operations.change import reverse
    from kubectl_ipvs.operations.locate import locate

    tempo = pace(max_unavailable, timeout, settle, canary, strategy)
    cluster = session.cluster()
    change = reverse(locate(cluster, session.where))
    manner = Manner(tempo, dry_run, output, rollback=not no_rollback, force=force, yes=yes)
    return make(session, cluster, change, (), manner)
