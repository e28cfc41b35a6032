"""What type each field of KubeProxyConfiguration has, and what kube-proxy makes of a text that is not shaped so.

kube-proxy decodes strictly; where that fails for keys that it does not know, or that are there twice, it decodes
again without them and says so in its log: they are ignored. Anything else that does not fit ends it: a wrong type, a
duration that is none, another apiVersion (cmd/kube-proxy/app/options.go, loadConfig). It reads the first document of
a text alone.

Types: kubernetes/kube-proxy config/v1alpha1/types.go and component-base config/v1alpha1, of 1.8 to 1.37 together. A
null is taken for "not given", except for a duration: its decoder is asked nevertheless, and refuses.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import yaml

from kubectl_ipvs.proxy.config.document import KIND, Document, duplicates, member, shown
from kubectl_ipvs.proxy.config.fields import FIELD, parse_duration

GROUP = "kubeproxy.config.k8s.io"
API_VERSION = f"{GROUP}/v1alpha1"

Shape: TypeAlias = Mapping[str, "str | Shape"]

# What a value is not, in the words of a message. "pointer": a duration that may be null. "gates": any key, booleans.
NOT: Mapping[str, str] = {
    "text": "not text",
    "boolean": "not true or false",
    "integer": "not a whole number",
    "number": "not a number",
    "duration": "not a duration such as 30s",
    "pointer": "not a duration such as 30s",
    "texts": "not a list of texts",
    "gates": "not a mapping",
}
_SYNC: Shape = {"syncPeriod": "duration", "minSyncPeriod": "duration"}
_MASQUERADE: Shape = {"masqueradeBit": "integer", "masqueradeAll": "boolean"}
_KINDS = {"name": "text", "boolean": "boolean", "duration": "duration", "cidrs": "texts"}
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
    "logging": "anything",
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
        "max": "integer",  # until 1.12
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
    "udpIdleTimeout": "duration",  # of the userspace mode, until 1.25
    "resourceContainer": "text",  # until 1.17
    "windowsRunAsService": "boolean",
}
_INT32 = (-(2**31), 2**31 - 1)


class Misfits(NamedTuple):
    """Sentences about a text, with path and line: what ends kube-proxy, and what it ignores."""

    errors: list[str]
    ignored: list[str]


def misfits(document: Document) -> Misfits:
    """Compare a document with the types of kube-proxy's fields."""
    found = Misfits([], [])
    if document.earlier:
        found.errors.append(f"the {KIND} is not the first document of the text: kube-proxy reads that one alone")
    elif document.others:
        found.ignored.append("there are more documents in the text: kube-proxy reads the first one alone")
    _api_version(document, found)
    _mapping(document.node, document.value, SHAPE, "", found)
    return found


def is_wrong(kind: str, value: object) -> bool:
    """Tell whether kube-proxy's decoder refuses a value for a field of that kind."""
    if value is None:
        return kind == "duration"
    fits = _FITS.get(kind)
    return fits is not None and not fits(value)


def line_of(mapping: yaml.Node | None, *path: str) -> str:
    """Return ` (line 36)` for the value at a path, "" where it stands elsewhere (a merge key)."""
    value = mapping
    for name in path:
        pair = member(value, name) if isinstance(value, yaml.MappingNode) else None
        if pair is None:
            return ""
        value = pair[1]
    return "" if value is None else f" (line {value.start_mark.line + 1})"


def _api_version(document: Document, found: Misfits) -> None:
    version = document.value.get("apiVersion")
    if version is None or version == "":
        found.errors.append(f"apiVersion is missing: kube-proxy takes {API_VERSION}")
    elif isinstance(version, str) and version.partition("/")[0] != GROUP:
        where = line_of(document.node, "apiVersion")
        found.errors.append(f"apiVersion is {shown(version)}: kube-proxy takes {API_VERSION}{where}")


def _mapping(node: yaml.Node | None, value: Mapping[object, object], shape: Shape, path: str, found: Misfits) -> None:
    if isinstance(node, yaml.MappingNode):
        found.ignored.extend(
            f"{path}{key.value} is there twice: the last one counts (line {key.start_mark.line + 1})"
            for key in duplicates(node)
        )
    for key, entry in value.items():
        name = str(key)
        pair = member(node, name) if isinstance(node, yaml.MappingNode) else None
        kind = shape.get(name)
        if kind is None:
            where = f" (line {pair[0].start_mark.line + 1})" if pair else ""
            found.ignored.append(
                f"{path}{name}: kube-proxy does not know this key and ignores it{_meant(name, shape)}{where}"
            )
        else:
            _value(pair[1] if pair else None, entry, kind, f"{path}{name}", found)


def _value(node: yaml.Node | None, value: object, kind: str | Shape, path: str, found: Misfits) -> None:
    where = f" (line {node.start_mark.line + 1})" if node is not None else ""
    if not isinstance(kind, str):
        if isinstance(value, dict):
            _mapping(node, value, kind, f"{path}.", found)
        elif value is not None:
            found.errors.append(f"{path} is {shown(value)}, not a mapping{where}")
        return
    plain = _as_written(node, value)
    if is_wrong(kind, plain):
        advice = ": leave the key out" if plain is None else ""
        found.errors.append(f"{path} is {shown(plain)}, {NOT[kind]}{advice}{where}")
    elif isinstance(plain, list):
        wrong = ((number, item) for number, item in enumerate(plain) if item is not None and is_wrong("text", item))
        found.errors.extend(f"{path}[{number}] is {shown(item)}, {NOT['text']}{where}" for number, item in wrong)
    elif kind == "gates" and isinstance(plain, dict):
        wrong_gates = ((name, on) for name, on in plain.items() if is_wrong("boolean", on))
        found.errors.extend(f"{path}.{name} is {shown(on)}, {NOT['boolean']}{where}" for name, on in wrong_gates)


def _as_written(node: yaml.Node | None, value: object) -> object:
    """Return 1:30 as the text that it is for kube-proxy: its reader knows no numbers to the base of sixty."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return node.value if number and isinstance(node, yaml.ScalarNode) and ":" in node.value else value


def _is_duration(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_duration(value) is not None
    except ValueError:
        return False


def _meant(key: str, shape: Shape) -> str:
    near = next((name for name in shape if name.lower() == key.lower()), None)
    return f", unlike {near}" if near else ""


def _is_integer(value: object) -> bool:
    """Tell whether a value fits in 32 bits; 10.0 is written as 10 on the way to the decoder."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return _INT32[0] <= value <= _INT32[1] and value == int(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FITS: Mapping[str, Callable[[object], bool]] = {
    "text": lambda value: isinstance(value, str | bytes | dt.date),  # a date is text where it is no number
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": _is_number,
    "duration": _is_duration,
    "pointer": _is_duration,
    "texts": lambda value: isinstance(value, list),
    "gates": lambda value: isinstance(value, dict),
}
