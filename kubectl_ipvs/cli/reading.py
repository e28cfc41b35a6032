"""What reads whole tables begins with: kube-proxys are found and Services listed at once, then nodes are read."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from kubectl_ipvs.cli.console import Counter
from kubectl_ipvs.cli.session import Session, keep_small
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.installation import Installation, ProxyNode, choose
from kubectl_ipvs.operations.listed_services import ListedServices, list_services
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.support.fanout import together
from kubectl_ipvs.operations.survey import looks
from kubectl_ipvs.services.objects import Service


@dataclass(slots=True)
class Reading:
    """One run's reading of whole tables; `chosen` are the nodes that were asked for."""

    session: Session
    cluster: Cluster
    looker: Looker
    found: Installation
    chosen: Sequence[ProxyNode]
    listed: ListedServices
    counter: Counter

    @classmethod
    @contextmanager
    def begun(cls, session: Session, names: Sequence[str], files: Sequence[str] = ()) -> "Iterator[Reading]":
        """Find and list; raise for nodes that are not there. At the end helper pods are taken away.

        `files`: the tables' text is kept, and that of these files.
        """
        keep_small()
        cluster = session.cluster()
        found: list[Installation] = []
        listed: list[ListedServices] = []
        with session.looking(cluster, services=lambda: cls._known(listed), files=files) as looker:
            together(
                [lambda: found.append(find(cluster, session.where)), lambda: listed.append(list_services(cluster))]
            )
            counter = Counter(looker.timeout)
            try:
                yield cls(session, cluster, looker, found[0], choose(found[0].nodes, names), listed[0], counter)
            finally:
                counter.end()

    @staticmethod
    def _known(listed: Sequence[ListedServices]) -> Iterable[Service]:
        """Return the Services, which are listed by the time that anybody asks."""
        return listed[0].known()

    def looks(self) -> Iterator[Look]:
        """Yield a look at each node, in the order in which they answer."""
        return looks(self.cluster, self.chosen, self.looker, self.session.at_once, self.counter)
