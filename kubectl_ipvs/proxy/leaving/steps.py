"""The commands of a way out of IPVS mode, as they can be copied; words of advice begin with `# `."""

import json
from typing import NamedTuple

from kubectl_ipvs.proxy.leaving.ways import Way

MIGRATE = "kubectl ipvs migrate --to nftables"
FLAGS = {"isolated": "", "hitless": " --hitless", "shared": " --shared", "by-hand": " --print-steps"}
SUFFIX = "-nftables"


class Place(NamedTuple):
    """Where kube-proxy lives, as commands name it.

    `volume`: the volume that is the ConfigMap; `modules`: name and mount path of the volume that is /lib/modules, ""
    without one. `first`: the node to begin with.
    """

    namespace: str
    daemon_set: str
    config_map: str
    selector: str
    container: str
    volume: str
    modules: tuple[str, str]
    first: str


def steps(way: Way, place: Place | None, *, migrates: bool) -> tuple[str, ...]:
    """Return the commands; `migrates`: this program has the command that does all of it."""
    if migrates:
        return (*(f"# {words}" for words in way.elsewhere), MIGRATE + FLAGS[way.name])
    if way.name == "by-hand":
        return ("# set the mode where the nodes are set up, a pool at a time: docs/leaving-ipvs.md",
                "kubectl ipvs status")  # fmt: skip
    if place is None:
        return ("# its DaemonSet names another ConfigMap already: docs/leaving-ipvs.md", "kubectl ipvs status")
    if way.name == "shared":
        own = () if way.elsewhere else (_edited(place, f"s/{MODE}/"),)
        return (*(f"# {words}" for words in way.elsewhere), *own, *_restarts(place))
    return (*_isolated(place, hitless=way.name == "hitless"), *_deletions(place))


MODE = r"^\( *mode:\) .*/\1 nftables"


def _edited(place: Place, change: str) -> str:
    get = f"kubectl -n {place.namespace} get configmap {place.config_map} -o yaml"
    return f"{get} | sed '{change}' | kubectl replace -f -"


def _isolated(place: Place, *, hitless: bool) -> tuple[str, ...]:
    """Make the second ConfigMap, and have the DaemonSet name it without restarting anything."""
    name = place.config_map
    copy = f"kubectl -n {place.namespace} get configmap {name} -o yaml | sed -e 's/{MODE}/'"
    copy += f" -e 's/^  name: {name}$/  name: {name}{SUFFIX}/' -e '/^  uid:/d' -e '/^  resourceVersion:/d'"
    volumes: list[dict[str, object]] = [{"name": place.volume, "configMap": {"name": name + SUFFIX}}]
    pod: dict[str, object] = {"volumes": volumes}
    volume, mount = place.modules
    if hitless and volume:
        volumes.append({"name": volume, "$patch": "delete"})
        mounts = [{"mountPath": mount, "$patch": "delete"}]
        pod["containers"] = [{"name": place.container, "volumeMounts": mounts}]
    rests = {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}
    return (f"{copy} | kubectl create -f -", _patch(place, {"spec": rests}),
            _patch(place, {"spec": {"template": {"spec": pod}}}))  # fmt: skip


def _patch(place: Place, body: object) -> str:
    return f"kubectl -n {place.namespace} patch daemonset {place.daemon_set} -p '{json.dumps(body)}'"


def _deletions(place: Place) -> tuple[str, ...]:
    where = f"-l {place.selector} --field-selector spec.nodeName={place.first}"
    return ("# then node by node, each looked at before the next:",
            f"kubectl -n {place.namespace} delete pod {where}", f"kubectl ipvs status {place.first}",
            "# the end, and the way back at any time: docs/leaving-ipvs.md")  # fmt: skip


def _restarts(place: Place) -> tuple[str, ...]:
    return ("# each node cuts its open connections when its turn comes:", f"kubectl ipvs restart {place.first}",
            "kubectl ipvs restart --stale")  # fmt: skip


def wrapped(command: str, width: int) -> str:
    """Break a command at blanks so that it can still be copied: by a backslash, inside a JSON text by a line feed."""
    if command.startswith("#"):
        return command
    lines, line, inside = [], "", False
    for word in _pieces(command):
        if line.strip() and len(line) + len(word) + 3 > width:
            lines.append(line if inside else f"{line} \\")
            line = "  " + word
        else:
            line = f"{line} {word}" if line else word
        inside ^= word.count("'") % 2 == 1
    return "\n".join([*lines, line])


def _pieces(command: str) -> list[str]:
    """Split a command at its blanks; what is quoted and is no JSON stays whole."""
    found: list[str] = []
    for word in command.split(" "):
        opened = found[-1] if found else ""
        if opened.count("'") % 2 and "'{" not in opened:
            found[-1] = f"{opened} {word}"
        else:
            found.append(word)
    return found
