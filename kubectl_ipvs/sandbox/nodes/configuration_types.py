"""The Go types behind a KubeProxyConfiguration: what does not fit one ends kube-proxy. Values, and one check of them.

Source: kube-proxy's v1alpha1 types. A key that is not here is unknown to the sandbox, and is ignored as kube-proxy's
lenient decoding does it; null stands for a key that is not there.
"""

import re
from collections.abc import Mapping
from typing import Any

TEXT, FLAG, WHOLE, NUMBER, DURATION = "string", "bool", "int", "float", "duration"
Kind = str | list[str] | Mapping[str, Any]
EACH = "*"  # in a mapping: the type of every value
_PROXIER: Mapping[str, Kind] = {
    "localhostNodePorts": FLAG,
    "masqueradeAll": FLAG,
    "masqueradeBit": WHOLE,
    "minSyncPeriod": DURATION,
    "syncPeriod": DURATION,
}
TYPES: Mapping[str, Kind] = {
    "bindAddress": TEXT,
    "bindAddressHardFail": FLAG,
    "clientConnection": {
        "acceptContentTypes": TEXT,
        "burst": WHOLE,
        "contentType": TEXT,
        "kubeconfig": TEXT,
        "qps": NUMBER,
    },
    "clusterCIDR": TEXT,
    "configSyncPeriod": DURATION,
    "conntrack": {
        "maxPerCore": WHOLE,
        "min": WHOLE,
        "tcpBeLiberal": FLAG,
        "tcpCloseWaitTimeout": DURATION,
        "tcpEstablishedTimeout": DURATION,
        "udpStreamTimeout": DURATION,
        "udpTimeout": DURATION,
    },
    "detectLocal": {"bridgeInterface": TEXT, "interfaceNamePrefix": TEXT},
    "detectLocalMode": TEXT,
    "enableProfiling": FLAG,
    "featureGates": {EACH: FLAG},
    "healthzBindAddress": TEXT,
    "hostnameOverride": TEXT,
    "iptables": _PROXIER,
    "ipvs": {
        "excludeCIDRs": [TEXT],
        "minSyncPeriod": DURATION,
        "scheduler": TEXT,
        "strictARP": FLAG,
        "syncPeriod": DURATION,
        "tcpFinTimeout": DURATION,
        "tcpTimeout": DURATION,
        "udpTimeout": DURATION,
    },
    "metricsBindAddress": TEXT,
    "mode": TEXT,
    "nftables": _PROXIER,
    "nodePortAddresses": [TEXT],
    "oomScoreAdj": WHOLE,
    "portRange": TEXT,
    "showHiddenMetricsForVersion": TEXT,
}
STRUCTS = {  # the Go types of the sections
    "clientConnection": "ClientConnectionConfiguration",
    "conntrack": "KubeProxyConntrackConfiguration",
    "detectLocal": "DetectLocalConfiguration",
    "iptables": "KubeProxyIPTablesConfiguration",
    "ipvs": "KubeProxyIPVSConfiguration",
    "nftables": "KubeProxyNFTablesConfiguration",
}
GO_TYPES = {"mode": "v1alpha1.ProxyMode", "detectLocalMode": "v1alpha1.LocalMode"}
# Fields that older releases do not know, and ignore.
SINCE = {"tcpFinTimeout": (1, 18), "tcpTimeout": (1, 18), "udpTimeout": (1, 18), "strictARP": (1, 14)}
ADDED = {  # fields by their paths, and the first release that has them
    "detectLocal": (1, 24),
    "nftables": (1, 29),
    "logging": (1, 26),
    "iptables.localhostNodePorts": (1, 26),
    "conntrack.tcpBeLiberal": (1, 29),
    "conntrack.udpTimeout": (1, 29),
    "conntrack.udpStreamTimeout": (1, 29),
    "winkernel.rootHnsEndpointName": (1, 26),
    "winkernel.forwardHealthCheckVip": (1, 26),
}
GONE = {"udpIdleTimeout": (1, 25)}  # the last release that has it
_DURATION = re.compile(r"[+-]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")


def exists(path: str, release: tuple[int, int]) -> bool:
    """Tell whether a release has the field at a path."""
    return ADDED.get(path, release) <= release <= GONE.get(path, release)


def misfit(document: Mapping[str, Any]) -> str:
    """Say in Go's words which value has a type it cannot have; "" where all of them fit."""
    return _misfit(document, TYPES, "", "KubeProxyConfiguration")


def _misfit(value: object, kind: Kind, path: str, struct: str) -> str:
    """Check a value at a path of field names; `struct` is the Go type that has the last of them."""
    if value is None:
        return ""
    if isinstance(kind, Mapping):
        if not isinstance(value, dict):
            return _words(
                value, path, "map[string]bool" if EACH in kind else f"v1alpha1.{STRUCTS.get(path, '')}", struct
            )
        inside = STRUCTS.get(path, struct)
        pairs = [(name, each, kind.get(name, kind.get(EACH))) for name, each in value.items()]
        names = {name: path if EACH in kind else f"{path}.{name}".lstrip(".") for name in value}
        return next(filter(None, (_misfit(each, of, names[name], inside) for name, each, of in pairs if of)), "")
    if isinstance(kind, list):
        if not isinstance(value, list):
            return _words(value, path, "[]string", struct)
        return next(filter(None, (_misfit(each, kind[0], path, struct) for each in value)), "")
    return "" if _fits(value, kind) else _words(value, path, GO_TYPES.get(path, kind), struct)


def _fits(value: object, kind: str) -> bool:
    if kind == FLAG:
        return isinstance(value, bool)
    if kind in (WHOLE, NUMBER):
        good = isinstance(value, int | float) and not isinstance(value, bool)
        return good and (kind == NUMBER or isinstance(value, int))
    return isinstance(value, str) and (kind == TEXT or _DURATION.fullmatch(value) is not None)


def _words(value: object, path: str, kind: str, struct: str) -> str:
    if kind == DURATION and isinstance(value, str):
        return f'time: invalid duration "{value}"'
    named = {bool: "bool", str: "string", list: "array", dict: "object"}.get(type(value), "number")
    go = {WHOLE: "int32", NUMBER: "float32", DURATION: "string"}.get(kind, kind)
    return f"json: cannot unmarshal {named} into Go struct field {struct}.{path} of type {go}"
