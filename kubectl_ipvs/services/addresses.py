"""Which addresses and ports are Services': a virtual server of none of them was not made for a Service."""

from collections.abc import Iterable

from kubectl_ipvs.services.objects import Service


class Addresses:
    """The addresses of Services, and their NodePorts, which are on any address of a node."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._addresses: set[tuple[str, str]] = set()
        self._node_ports: set[tuple[str, str]] = set()
        for service in services:
            for port in service.ports:
                hosts = (f"[{address}]" if ":" in address else address for address in service.addresses)
                self._addresses |= {(port.protocol, f"{host}:{port.port}") for host in hosts}
                if port.node_port:
                    self._node_ports.add((port.protocol, str(port.node_port)))

    def has(self, protocol: str, address: str) -> bool:
        """Tell whether a Service has this address and port (`10.96.0.1:443`, `[fd00::1]:443`) or this NodePort."""
        return (protocol, address) in self._addresses or (protocol, address.rpartition(":")[2]) in self._node_ports
