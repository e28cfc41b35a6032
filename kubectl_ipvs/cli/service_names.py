"""Services as `services` and `top services` are given them: NAMESPACE/NAME, or NAME with -n."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kubectl_ipvs.errors import UsageError

if TYPE_CHECKING:
    from kubectl_ipvs.services.names import Names
    from kubectl_ipvs.services.totals import PortTotal

Name = tuple[str, str]


def name_of(word: str, namespace: str) -> Name:
    """Read NAMESPACE/NAME, or NAME in the namespace of -n."""
    first, slash, rest = word.partition("/")
    found = (first, rest) if slash else (namespace, first)
    if not slash and not namespace:
        raise UsageError(f'service "{word}": of which namespace?', hint=f"-n NAMESPACE, or NAMESPACE/{word}")
    if not all(found) or "/" in rest:
        raise UsageError(f'invalid Service "{word}": it takes NAMESPACE/NAME')
    return found


def unknown_of(wanted: Sequence[Name], names: "Names") -> list[str]:
    """Say which of the Services that were asked for are not there, or have no virtual server, and why."""
    from kubectl_ipvs.services.names import unserved

    said = []
    for name in dict.fromkeys(wanted):
        service = names.services.get(name)
        why = unserved(service) if service is not None else ""
        if service is None:
            said.append(f"service {'/'.join(name)} not found")
        elif why:
            said.append(f"service {'/'.join(name)} has no virtual server: {why}")
    return said


def chosen_of(ports: Iterable["PortTotal"], wanted: Sequence[Name], namespace: str) -> list["PortTotal"]:
    """Return the Service ports of these Services, or of the namespace, or all."""
    if wanted:
        return [each for each in ports if (each.owner.namespace, each.owner.service) in set(wanted)]
    return [each for each in ports if not namespace or each.owner.namespace == namespace]
