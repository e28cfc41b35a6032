"""Which addresses are Services': a row of none of them was not made by kube-proxy, and is not compared.

Asked for only where that decides something: a table in which some rows differ, or one with hardly a row.
"""

import threading
import time
from collections.abc import Callable, Iterable

from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.ipvs.summary import Row, Summary, reclassify
from kubectl_ipvs.services.objects import Service

FEW = 2  # virtual servers; default/kubernetes and kube-dns make four
FRESH = 30.0  # seconds that a list of Services is believed


class KnownServices:
    """The addresses of all Services, listed when first needed; for any number of threads.

    `listed` lists them, and may raise IpvsError.
    """

    def __init__(self, listed: Callable[[], Iterable[Service]]) -> None:
        self._services = listed
        self._lock = threading.Lock()
        self._addresses: set[tuple[str, str]] | None = None
        self._node_ports: set[tuple[str, str]] = set()
        self._listed = 0.0

    @property
    def known(self) -> bool:
        """The Services were listed."""
        return self._addresses is not None

    def sorted_out(self, summary: Summary, wanted: str | None) -> Summary:
        """Return the summary with rows of no Service as foreign ones, where that makes a difference."""
        own = sum(summary.schedulers.values())
        mixed = wanted in summary.schedulers and len(summary.schedulers) > 1
        if not own or not (mixed or own <= FEW) or not self._known():
            return summary
        sorted_out = reclassify(summary, self._is_service)
        # A list in which nothing of a whole table is found is no judge of it.
        return sorted_out if sorted_out.schedulers or own <= FEW else summary

    def _is_service(self, row: Row) -> bool:
        port = row.address.rpartition(":")[2]
        known = (row.protocol, row.address) in (self._addresses or ())
        return known or (row.protocol, port) in self._node_ports

    def _known(self) -> bool:
        with self._lock:
            if self._listed and time.monotonic() - self._listed < FRESH:
                return self._addresses is not None
            self._listed = time.monotonic()
            try:
                self._addresses, self._node_ports = self._list()
            except IpvsError:  # no right to list Services: then nobody can tell
                self._addresses = None
            return self._addresses is not None

    def _list(self) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        addresses: set[tuple[str, str]] = set()
        node_ports: set[tuple[str, str]] = set()
        for service in self._services():
            for port in service.ports:
                hosts = (f"[{address}]" if ":" in address else address for address in service.addresses)
                addresses |= {(port.protocol, f"{host}:{port.port}") for host in hosts}
                if port.node_port:
                    node_ports.add((port.protocol, str(port.node_port)))
        return addresses, node_ports
