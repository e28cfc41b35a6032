"""--service and --address of `table` and `verify`: what they mean, and whether there is such a Service."""

from kubectl_ipvs.errors import IpvsError, UsageError
from kubectl_ipvs.operations.listed_services import ListedServices
from kubectl_ipvs.services.named_table import EVERYTHING, Narrow, read_address
from kubectl_ipvs.services.names import unserved


def narrow_of(service: str, address: str) -> Narrow:
    """Read both flags, "" where they were not given; raise UsageError for what they cannot be."""
    namespace, slash, name = service.partition("/")
    if service and not (namespace and slash and name and "/" not in name):
        raise UsageError(f'invalid --service "{service}": it takes NAMESPACE/NAME')
    at = read_address(address) if address else ("", None)
    if at is None:
        raise UsageError(f'invalid --address "{address}": it takes IP, IP:PORT or [IPv6]:PORT')
    return Narrow((namespace, name) if service else None, *at) if service or address else EVERYTHING


def check(narrow: Narrow, listed: ListedServices) -> None:
    """Raise where the Service that is asked for is not there, or cannot be known."""
    if narrow.service is None:
        return
    found = {(each.namespace, each.name): each for each in listed.known()}
    name = "/".join(narrow.service)
    if narrow.service not in found:
        raise IpvsError(f"service {name} not found")
    why = unserved(found[narrow.service])
    if why:
        raise IpvsError(f"service {name} has no virtual server: {why}")
