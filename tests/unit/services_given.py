"""Services, EndpointSlices and tables for the tests of names and sums."""

from kubectl_ipvs.ipvs.listing import Listing
from kubectl_ipvs.ipvs.summary import Summarizer
from kubectl_ipvs.services.objects import Endpoint, EndpointSlice, Service, ServicePort, SlicePort

HTTP = ServicePort("TCP", 80, 30080, "http")


def service(name: str, *addresses: str, port: ServicePort = HTTP, kind: str = "ClusterIP") -> Service:
    """Make a Service of one port in the namespace `n`."""
    return Service("n", name, kind, addresses, (port,))


def slice_of(name: str, *endpoints: Endpoint, port: SlicePort | None = None) -> EndpointSlice:
    """Make a slice of that Service with these endpoints."""
    return EndpointSlice("n", f"{name}-1", name, "IPv4", (port or SlicePort("http", "TCP", 8080),), endpoints)


def pod(address: str, name: str, *, ready: bool = True, node: str = "node1", terminating: bool = False) -> Endpoint:
    """Make an endpoint that is this Pod."""
    return Endpoint(address, ready=ready, terminating=terminating, node=node, pod=("n", name))


def listing(text: str) -> Listing:
    """Read a table as `ipvsadm -Ln` prints it."""
    rows = Listing()
    summarizer = Summarizer(rows=rows)
    summarizer.feed(text.encode())
    summarizer.finish()
    return rows
