"""The sums of a table, taken row by row: what Summarizer must find in the listing."""

from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import ip_address, ip_network

from kubectl_ipvs.ipvs.rows import ForeignRow, Row
from kubectl_ipvs.ipvs.summary import Summary
from kubectl_ipvs.ipvs.table import Table, VirtualServer


def row(server: VirtualServer) -> Row:
    """Name a virtual server."""
    return Row(server.protocol, server.address, server.scheduler)


def inside(address: str, exclude: Sequence[str]) -> str:
    """Give the range that the address is in; names are in none."""
    host = address[1:].partition("]")[0] if address.startswith("[") else address.partition(":")[0]
    try:
        ip = ip_address(host)
    except ValueError:
        return ""
    return next((cidr for cidr in exclude if ip in ip_network(cidr)), "")


def foreign(server: VirtualServer, exclude: Sequence[str]) -> ForeignRow | None:
    """Tell why a virtual server is none of kube-proxy's."""
    if server.protocol == "FWM":
        return ForeignRow(row(server), "firewall mark")
    cidr = inside(server.address, exclude)
    if cidr:
        return ForeignRow(row(server), "excluded", cidr)
    other = [real.forwarding for real in server.real_servers if real.forwarding != "Masq"]
    return ForeignRow(row(server), "forwarding", other[0]) if other else None


def summary_of(
    table: Table, exclude: Sequence[str] = (), is_service: Callable[[Row], bool] = lambda _: True
) -> Summary:
    """Sum a table of at most 200 virtual servers a scheduler."""
    found = [foreign(server, exclude) for server in table.virtual_servers]
    mine = [server for server, why in zip(table.virtual_servers, found, strict=True) if why is None]
    served = {row(server): is_service(row(server)) or server.scheduler == "none" for server in mine}
    own = sorted((row(server), len(server.real_servers)) for server in mine if served[row(server)])
    none = sorted(row(server) for server in mine if not served[row(server)])
    foreign_rows = [why for why in found if why] + [ForeignRow(name, "no service") for name in none]
    reals = [real for server in table.virtual_servers for real in server.real_servers]
    schedulers = Counter(name.scheduler for name, _ in own)
    return Summary(
        schedulers=schedulers,
        virtual_servers=len(table.virtual_servers),
        real_servers=len(reals),
        active=sum(real.active for real in reals),
        inactive=sum(real.inactive for real in reals),
        unparsed=table.unparsed[:20],
        unparsed_lines=len(table.unparsed),
        foreign=len(foreign_rows),
        foreign_rows=tuple(foreign_rows[:20]),
        own_real_servers=sum(size for _, size in own),
        empty=sum(not size for _, size in own),
        examples={each: tuple(name for name, _ in own if name.scheduler == each) for each in schedulers},
        probe=table.probe,
        example_sizes={each: tuple(size for name, size in own if name.scheduler == each) for each in schedulers},
    )
