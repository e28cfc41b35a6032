"""`kubectl ipvs get`."""

from typing import TYPE_CHECKING

from kubectl_ipvs.cli.console import choice, out, warn
from kubectl_ipvs.cli.flags.parameters import Output
from kubectl_ipvs.cli.session import Session

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.installation import Installation
    from kubectl_ipvs.proxy.served import Running

FORMATS = ("table", "wide", "json", "yaml", "name")


def run(
    session: Session,
    output: Output = "table",
) -> int:
    """Show kube-proxy's configuration: mode, scheduler and every ipvs field, with the values in effect.

    Where nodes read different configurations, each is shown with its nodes. A value that kube-proxy chooses by itself
    is marked: rr (default). What kube-proxy would not start with, and what it ignores, is named. -o wide and -o json
    ask every kube-proxy, by port-forward, what it runs with now; --read=exec does not.

    \b
    Examples:
      kubectl ipvs get
      kubectl ipvs get -o wide
      kubectl ipvs get -o json | jq -r .ipvs.scheduler.effective
    """
    choice("-o", output, FORMATS)
    from kubectl_ipvs.operations.discovery import find
    from kubectl_ipvs.output import configuration

    cluster, asks = session.cluster(), output in {"wide", "json", "yaml"} and session.way != "exec"
    found = find(cluster, session.where, nodes=False)
    problem = found.unreadable()
    if problem is not None:
        raise problem
    running = _told(session, cluster, found) if asks else {}
    out(configuration.render(found, output, running))
    for line in configuration.warnings(found):
        warn(line)
    return 0


def _told(session: Session, cluster: "Cluster", found: "Installation") -> "dict[str, Running | None]":
    from kubectl_ipvs.operations.survey import told

    return told(cluster, found, session.exec_seconds, session.at_once)
