"""The looks of `top`: each finds kube-proxys anew, reads all nodes, and is compared with the one before."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from kubectl_ipvs.cli.console import Counter, out, redraw, screen
from kubectl_ipvs.cli.service_names import chosen_of, name_of, unknown_of
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import ExitCode, IpvsError
from kubectl_ipvs.operations.discovery import find
from kubectl_ipvs.operations.installation import Installation, ProxyNode, choose
from kubectl_ipvs.operations.listed_services import ListedServices, list_services
from kubectl_ipvs.operations.look import Look, Looker
from kubectl_ipvs.operations.node_tables import NodeRead
from kubectl_ipvs.operations.survey import looks
from kubectl_ipvs.operations.tables.known_services import FRESH
from kubectl_ipvs.operations.tables.reader import STATS
from kubectl_ipvs.operations.top import (
    NodeLoad,
    NodeLook,
    PortLoad,
    ServicesLoad,
    ServicesLook,
    node_loads,
    node_looks,
    services_load,
    services_look,
)
from kubectl_ipvs.output import top as rendering
from kubectl_ipvs.services.objects import Service


class _Looks(ABC):
    """Looks at the cluster; what is shown is what the last two looks come to."""

    def __init__(self, session: Session, cluster: Cluster, names: Sequence[str]) -> None:
        self.session, self.cluster, self.names = session, cluster, names
        self.warnings: Sequence[str] = ()
        self._looker: Looker | None = None
        self._counter: Counter | None = None  # of the first look alone: it would flash below each frame

    def _start(self, looker: Looker) -> None:
        looker.reader.rates = True
        self._looker = looker

    def _read(self, found: Installation, chosen: Sequence[ProxyNode], look_for: Sequence[str] = ()) -> Iterator[Look]:
        """Look at these nodes."""
        assert self._looker is not None  # noqa: S101 - tells mypy: `begun` starts it
        self.warnings = found.warnings
        first = self._counter is None
        self._counter = self._counter or Counter(self._looker.timeout)
        try:
            counter = self._counter if first else None
            yield from looks(self.cluster, chosen, self._looker, self.session.at_once, counter, look_for)
        finally:
            self._counter.end()

    @abstractmethod
    def look(self) -> None:
        """Look once more."""

    @abstractmethod
    def _frame(self, sort_by: str, *, wide: bool) -> rendering.Frame: ...

    @abstractmethod
    def _document(self, sort_by: str, form: str) -> str: ...

    @property
    @abstractmethod
    def _read_nodes(self) -> Sequence[NodeRead]: ...

    @property
    def code(self) -> int:
        """Exit code: 3 where a node could not be read."""
        return ExitCode.PARTIAL if any(each.unseen for each in self._read_nodes) else ExitCode.OK

    def show(self, form: str, sort_by: str) -> None:
        """Print what the last look came to."""
        if form in {"json", "yaml"}:
            out(self._document(sort_by, form))
        else:
            out(rendering.plain(self._frame(sort_by, wide=form == "wide")))

    def redraw(self, form: str, sort_by: str) -> None:
        """Draw it over what the screen shows; elsewhere print it."""
        size = screen()
        if size is None:
            self.show(form, sort_by)
        else:
            redraw(rendering.fitted(self._frame(sort_by, wide=form == "wide"), size, time.strftime("%H:%M:%S")))


class Nodes(_Looks):
    """Looks at the nodes' counters."""

    def __init__(self, session: Session, cluster: Cluster, names: Sequence[str]) -> None:
        super().__init__(session, cluster, names)
        self._now: Mapping[str, NodeLook] = {}
        self._loads: Sequence[NodeLoad] = ()

    @classmethod
    @contextmanager
    def begun(cls, session: Session, names: Sequence[str], *, everywhere: bool) -> "Iterator[Nodes]":  # noqa: ARG003 - as of Services
        """Open the cluster; at the end helper pods are taken away."""
        made = cls(session, session.cluster(), names)
        with session.looking(made.cluster) as looker:
            made._start(looker)
            yield made

    def look(self) -> None:
        """Look once more; what cannot be listed leaves the look before as it is."""
        found = find(self.cluster, self.session.where)
        now = node_looks(self._read(found, choose(found.nodes, self.names), (STATS,)))
        self._loads, self._now = node_loads(self._now, now), now

    @property
    def _read_nodes(self) -> Sequence[NodeRead]:
        return [each.now.about for each in self._loads]

    def _frame(self, sort_by: str, *, wide: bool) -> rendering.Frame:
        return rendering.nodes_frame(self._loads, sort_by, wide=wide)

    def _document(self, sort_by: str, form: str) -> str:
        return rendering.nodes_document(self._loads, sort_by, form)


class Services(_Looks):
    """Looks at all tables; Services and EndpointSlices are listed again when FRESH seconds have gone by."""

    def __init__(self, session: Session, cluster: Cluster, names: Sequence[str], namespace: str) -> None:
        super().__init__(session, cluster, names)
        self._namespace = namespace
        self._wanted = [name_of(word, namespace) for word in names]
        self._listed, self._listed_at = ListedServices((), ()), 0.0
        self._now: ServicesLook | None = None
        self._load: ServicesLoad | None = None
        self._chosen: Sequence[PortLoad] = ()

    @classmethod
    @contextmanager
    def begun(cls, session: Session, names: Sequence[str], *, everywhere: bool) -> "Iterator[Services]":
        """Open the cluster; at the end helper pods are taken away."""
        namespace, own = session.of_services(everywhere=everywhere)
        for word in names:
            name_of(word, namespace)
        made = cls(own, own.cluster(), names, namespace)
        with own.looking(made.cluster, services=made._known) as looker:
            made._start(looker)
            yield made

    def _known(self) -> Iterable[Service]:
        """Return the Services as they were listed last."""
        return self._listed.known()

    def look(self) -> None:
        """Look once more; the first time raise where a Service that was asked for is not there."""
        if not self._listed_at or time.monotonic() - self._listed_at >= FRESH:
            self._listed, self._listed_at = list_services(self.cluster), time.monotonic()
        self._listed.known()
        found = find(self.cluster, self.session.where)
        names = self._listed.names(found.nodes)
        unknown = unknown_of(self._wanted, names)
        if unknown and self._now is None:
            raise IpvsError("; ".join(unknown))
        now = services_look(self._read(found, found.nodes), names, slices_known=self._listed.no_slices is None)
        self.warnings = (*self.warnings, *self._listed.warnings)
        self._load, self._now = services_load(self._now, now), now
        chosen = {each.owner for each in chosen_of(now.ports, self._wanted, self._namespace)}
        self._chosen = [each for each in self._load.ports if each.total.owner in chosen]

    @property
    def _read_nodes(self) -> Sequence[NodeRead]:
        return self._now.nodes if self._now else ()

    def _frame(self, sort_by: str, *, wide: bool) -> rendering.Frame:
        assert self._load is not None  # noqa: S101 - tells mypy: who shows has looked
        return rendering.services_frame(self._load, self._chosen, sort_by, wide=wide)

    def _document(self, sort_by: str, form: str) -> str:
        assert self._load is not None  # noqa: S101 - as above
        return rendering.services_document(self._load, self._chosen, sort_by, form)
