"""What type each field of KubeProxyConfiguration has, and what kube-proxy makes of a text that is not shaped so.

kube-proxy decodes strictly; where that fails for keys that it does not know, or that are there twice, it decodes
again without them and says so in its log: they are ignored. Anything else that does not fit ends it: a wrong type, a
duration that is none, another apiVersion. It reads the first document of a text alone. All of this was seen on
kube-proxy itself (tests/real/judge.py). A null is taken for "not given", except for a duration: its decoder is asked
nevertheless, and refuses.
"""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import yaml

from kubectl_ipvs.proxy.config.document import KIND, Document, member, shown
from kubectl_ipvs.proxy.config.fields import FIELD
from kubectl_ipvs.proxy.config.go_yaml import clashes
from kubectl_ipvs.proxy.config.kinds import NOT, is_wrong
from kubectl_ipvs.proxy.config.releases import JUDGED, knows
from kubectl_ipvs.proxy.release import parse_version

GROUP = "kubeproxy.config.k8s.io"
API_VERSION = f"{GROUP}/v1alpha1"

Shape: TypeAlias = Mapping[str, "str | Shape | tuple[Shape]"]  # (Shape,): a list of such mappings

_SYNC: Shape = {"syncPeriod": "duration", "minSyncPeriod": "duration"}
_MASQUERADE: Shape = {"masqueradeBit": "integer", "masqueradeAll": "boolean"}
_KINDS = {"name": "text", "boolean": "boolean", "duration": "duration", "cidrs": "texts"}
_LOG_FORMAT: Shape = {"splitStream": "boolean", "infoBufferSize": "quantity"}
SHAPE: Shape = {
    "apiVersion": "text",
    "kind": "text",
    "featureGates": "gates",
    "clientConnection": {
        "kubeconfig": "text",
        "acceptContentTypes": "text",
        "contentType": "text",
        "qps": "number",
        "burst": "integer",
    },
    "logging": {
        "format": "text",
        "flushFrequency": "flush",
        "verbosity": "unsigned",
        "vmodule": ({"filePattern": "text", "verbosity": "unsigned"},),
        "options": {"json": _LOG_FORMAT, "text": _LOG_FORMAT},
    },
    "hostnameOverride": "text",
    "bindAddress": "text",
    "healthzBindAddress": "text",
    "metricsBindAddress": "text",
    "bindAddressHardFail": "boolean",
    "enableProfiling": "boolean",
    "showHiddenMetricsForVersion": "text",
    "mode": "text",
    "iptables": {**_MASQUERADE, "localhostNodePorts": "boolean", **_SYNC},
    "ipvs": {name: _KINDS[field.kind] for name, field in FIELD.items()},
    "nftables": {**_MASQUERADE, **_SYNC},
    "winkernel": {
        "networkName": "text",
        "sourceVip": "text",
        "enableDSR": "boolean",
        "rootHnsEndpointName": "text",
        "forwardHealthCheckVip": "boolean",
    },
    "detectLocalMode": "text",
    "detectLocal": {"bridgeInterface": "text", "interfaceNamePrefix": "text"},
    "clusterCIDR": "text",
    "nodePortAddresses": "texts",
    "oomScoreAdj": "integer",
    "conntrack": {
        "max": "integer",
        "maxPerCore": "integer",
        "min": "integer",
        "tcpEstablishedTimeout": "pointer",
        "tcpCloseWaitTimeout": "pointer",
        "tcpBeLiberal": "boolean",
        "udpTimeout": "duration",
        "udpStreamTimeout": "duration",
    },
    "configSyncPeriod": "duration",
    "portRange": "text",
    "udpIdleTimeout": "duration",
    "resourceContainer": "text",
    "windowsRunAsService": "boolean",
}


class Misfits(NamedTuple):
    """Sentences about a text, with path and line: what ends kube-proxy, and what it ignores."""

    errors: list[str]
    ignored: list[str]


def misfits(document: Document, version: str) -> Misfits:
    """Compare a document with the types of kube-proxy's fields; of an unknown version only what all do is said."""
    found = Misfits([], [])
    if document.earlier:
        found.errors.append(f"the {KIND} is not the first document of the text: kube-proxy reads that one alone")
    elif document.others:
        found.ignored.append("there are more documents in the text: kube-proxy reads the first one alone")
    _api_version(document, version, found)
    _Comparison(parse_version(version), found).mapping(document.node, document.value, SHAPE, "")
    return found


def line_of(mapping: yaml.Node | None, *path: str) -> str:
    """Return ` (line 36)` for the value at a path, "" where it stands elsewhere (a merge key)."""
    value = mapping
    for name in path:
        pair = member(value, name) if isinstance(value, yaml.MappingNode) else None
        if pair is None:
            return ""
        value = pair[1]
    return "" if value is None else f" (line {value.start_mark.line + 1})"


def _api_version(document: Document, version: str, found: Misfits) -> None:
    given = document.api_version
    if given in (None, "", f"{GROUP}/", "/"):
        found.errors.append(f"apiVersion is missing: kube-proxy takes {API_VERSION}")
    elif isinstance(given, str) and given != API_VERSION:
        number = parse_version(version)
        # which others of its group a release knows is known of those that are out
        if (number is not None and number <= JUDGED) or given.rpartition("/")[0] != GROUP:
            where = line_of(document.node, "apiVersion")
            found.errors.append(f"apiVersion is {shown(given)}: kube-proxy takes {API_VERSION}{where}")


class _Comparison(NamedTuple):
    """One document against the types of one release."""

    release: tuple[int, int] | None
    found: Misfits

    def mapping(self, node: yaml.Node | None, value: Mapping[str, object], shape: Shape, path: str) -> None:
        """Compare each entry of a mapping; `node` is where it is written, None where a merge brought it in."""
        if isinstance(node, yaml.MappingNode):
            self.found.ignored.extend(
                f"{path}{key.value} is there twice: the last one counts (line {key.start_mark.line + 1})"
                for key in clashes(node)
            )
        for name, entry in value.items():
            pair = member(node, name) if isinstance(node, yaml.MappingNode) else None
            kind = shape.get(name)
            known = kind is not None and knows(self.release, f"{path}{name}")
            if kind is None or known is False:
                where = f" (line {pair[0].start_mark.line + 1})" if pair else ""
                meant = "" if kind is not None else _meant(name, shape)
                self.found.ignored.append(
                    f"{path}{name}: kube-proxy does not know this key and ignores it{meant}{where}"
                )
            elif known:
                self._value(pair[1] if pair else None, entry, kind, f"{path}{name}")

    def _list(self, node: yaml.Node | None, value: object, shape: Shape, path: str, where: str) -> None:
        """Compare each item of a list of mappings; null is an empty one."""
        if not isinstance(value, list):
            self.found.errors.extend([] if value is None else [f"{path} is {shown(value)}, {NOT['list']}{where}"])
            return
        nodes = node.value if isinstance(node, yaml.SequenceNode) else [None] * len(value)
        for number, (below, item) in enumerate(zip(nodes, value, strict=True)):
            self._value(below, item, shape, f"{path}[{number}]")

    def _value(self, node: yaml.Node | None, value: object, kind: str | Shape | tuple[Shape], path: str) -> None:
        where = f" (line {node.start_mark.line + 1})" if node is not None else ""
        errors = self.found.errors
        if isinstance(kind, tuple):
            self._list(node, value, kind[0], path, where)
        elif not isinstance(kind, str):
            if isinstance(value, dict):
                self.mapping(node, value, kind, f"{path}.")
            elif value is not None:
                errors.append(f"{path} is {shown(value)}, not a mapping{where}")
        elif is_wrong(kind, value):
            advice = ": leave the key out" if value is None else ""
            errors.append(f"{path} is {shown(value)}, {NOT[kind]}{advice}{where}")
        elif kind == "texts" and isinstance(value, list):
            wrong = ((number, item) for number, item in enumerate(value) if is_wrong("text", item))
            errors.extend(f"{path}[{number}] is {shown(item)}, {NOT['text']}{where}" for number, item in wrong)
        elif kind == "gates" and isinstance(value, dict):
            wrong_gates = ((name, on) for name, on in value.items() if is_wrong("boolean", on))
            errors.extend(f"{path}.{name} is {shown(on)}, {NOT['boolean']}{where}" for name, on in wrong_gates)


def _meant(key: str, shape: Shape) -> str:
    near = next((name for name in shape if name.lower() == key.lower()), None)
    return f", unlike {near}" if near else ""
