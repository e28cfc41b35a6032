"""What kube-proxy's /configz shows of a configuration: with its defaults, in the names of the release. Pure.

Source: 1.20.2, 1.34.4, 1.36.3 and 1.37.2 as they answer, in between the changelogs. Up to 1.35 the internal type with
Go's names (`.IPVS.Scheduler`), the sync periods inside `.IPVS` up to 1.30 and beside `.Mode` after; from 1.36 the
external type, as the file has it.
"""

from collections.abc import Mapping
from typing import Any

from kubectl_ipvs.sandbox.nodes.configuration_types import exists

Obj = dict[str, Any]
EXTERNAL_SINCE = (1, 36)
MOVED_IN = (1, 31)  # the sync periods, out of the sections of the modes
_NAMES = {  # where Go's name is not the field's with a capital
    "qps": "QPS",
    "tcpBeLiberal": "TCPBeLiberal",
    "tcpCloseWaitTimeout": "TCPCloseWaitTimeout",
    "tcpEstablishedTimeout": "TCPEstablishedTimeout",
    "udpStreamTimeout": "UDPStreamTimeout",
    "excludeCIDRs": "ExcludeCIDRs",
    "iptables": "IPTables",
    "ipvs": "IPVS",
    "nftables": "NFTables",
    "oomScoreAdj": "OOMScoreAdj",
    "tcpFinTimeout": "TCPFinTimeout",
    "tcpTimeout": "TCPTimeout",
    "udpTimeout": "UDPTimeout",
    "udpIdleTimeout": "UDPIdleTimeout",
    "enableDSR": "EnableDSR",
}
_PROXIER: Obj = {"masqueradeBit": 14, "masqueradeAll": False, "syncPeriod": "0s", "minSyncPeriod": "0s"}
_PERIODS = {"syncPeriod": "30s", "minSyncPeriod": "1s"}  # of the mode in use; minSyncPeriod stays 0s for ipvs
_DEFAULTS: Obj = {
    "featureGates": {},
    "clientConnection": {
        "kubeconfig": "",
        "acceptContentTypes": "",
        "contentType": "application/vnd.kubernetes.protobuf",
        "qps": 5,
        "burst": 10,
    },
    "hostnameOverride": "",
    "bindAddress": "0.0.0.0",  # noqa: S104 -- kube-proxy's own default
    "healthzBindAddress": "0.0.0.0:10256",
    "metricsBindAddress": "127.0.0.1:10249",
    "bindAddressHardFail": False,
    "enableProfiling": False,
    "showHiddenMetricsForVersion": "",
    "mode": "iptables",
    "iptables": {**_PROXIER, "localhostNodePorts": True},
    "ipvs": {
        "syncPeriod": "0s",
        "minSyncPeriod": "0s",
        "scheduler": "",
        "excludeCIDRs": None,
        "strictARP": False,
        "tcpTimeout": "0s",
        "tcpFinTimeout": "0s",
        "udpTimeout": "0s",
    },
    "nftables": _PROXIER,
    "detectLocalMode": "ClusterCIDR",
    "detectLocal": {"bridgeInterface": "", "interfaceNamePrefix": ""},
    "clusterCIDR": "",
    "nodePortAddresses": None,
    "oomScoreAdj": -999,
    "conntrack": {
        "maxPerCore": 32768,
        "min": 131072,
        "tcpEstablishedTimeout": "24h0m0s",
        "tcpCloseWaitTimeout": "1h0m0s",
        "tcpBeLiberal": False,
        "udpTimeout": "0s",
        "udpStreamTimeout": "0s",
    },
    "configSyncPeriod": "15m0s",
    "portRange": "",
    "udpIdleTimeout": "250ms",
    "winkernel": {
        "networkName": "",
        "sourceVip": "",
        "enableDSR": False,
        "rootHnsEndpointName": "",
        "forwardHealthCheckVip": False,
    },
}

_EXTERNAL: Obj = {  # says nothing of a node's rules; seen on 1.37.2
    "logging": {
        "format": "text",
        "flushFrequency": "5s",
        "verbosity": 0,
        "options": {"text": {"infoBufferSize": "0"}, "json": {"infoBufferSize": "0"}},
    },
}


def configuration_of(document: Mapping[str, Any], release: tuple[int, int], node: str) -> Obj:
    """Return the configuration that a process runs with, as /configz of its release shows it."""
    found = _with_defaults(document, _DEFAULTS)
    found["hostnameOverride"] = found["hostnameOverride"] or node
    section = found[found["mode"]] if found["mode"] in ("ipvs", "nftables") else found["iptables"]
    for name, period in _PERIODS.items():
        if section[name] == "0s" and (name, found["mode"]) != ("minSyncPeriod", "ipvs"):
            section[name] = period
    found = _of_release(found, release)
    if found["mode"] == "nftables":
        found["nodePortAddresses"] = found["nodePortAddresses"] or ["primary"]
    if release >= EXTERNAL_SINCE:
        found = {name: value for name, value in found.items() if name != "featureGates" or value}
        head = {"kind": "KubeProxyConfiguration", "apiVersion": "kubeproxy.config.k8s.io/v1alpha1"}
        return {**head, **found, **_with_defaults(document, _EXTERNAL)}
    if release < MOVED_IN:
        return _in_go(found)
    # its section for logging has the names of the file
    return _in_go(_inside(found, section)) | {"Logging": _with_defaults(document, _EXTERNAL)["logging"]}


def _of_release(found: Obj, release: tuple[int, int], at: str = "") -> Obj:
    """Leave out the fields that a release does not have."""
    kept = {name: value for name, value in found.items() if exists(at + name, release)}
    return {
        name: _of_release(value, release, f"{at}{name}.") if isinstance(value, dict) else value
        for name, value in kept.items()
    }


def _inside(found: Obj, section: Obj) -> Obj:
    """Return the fields where the internal type of 1.31 to 1.35 has them."""
    periods, moved = (
        {name: section[name] for name in _PERIODS},
        ("conntrack", "oomScoreAdj", "clusterCIDR", "portRange"),
    )
    kept = {name: value for name, value in found.items() if name not in moved}
    for each in ("ipvs", "iptables", "nftables"):
        kept[each] = {name: value for name, value in found[each].items() if name not in (*_PERIODS, "masqueradeAll")}
    linux = {name: found[name] for name in ("conntrack", "oomScoreAdj")} | {
        "masqueradeAll": section.get("masqueradeAll", False)
    }
    kept["windows"] = {"runAsService": False}
    networks = [each for each in found["clusterCIDR"].split(",") if each]
    return {
        "linux": linux,
        **kept,
        **periods,
        "detectLocal": {**found["detectLocal"], "clusterCIDRs": networks or None},
    }


def _with_defaults(given: Mapping[str, Any], defaults: Mapping[str, Any]) -> Obj:
    """Return all fields of the defaults, with what was given where it says something."""
    return {
        name: _with_defaults(given.get(name) or {}, default)
        if isinstance(default, Mapping) and default
        else _given(given.get(name), default)
        for name, default in defaults.items()
    }


def _given(value: object, default: object) -> object:
    return default if value is None or value == "" else value


def _go(name: str) -> str:
    return _NAMES.get(name, name[:1].upper() + name[1:])


def _in_go(found: Mapping[str, Any]) -> Obj:
    """Return the fields by Go's names; the names of feature gates are no fields."""
    return {
        _go(name): _in_go(value) if isinstance(value, Mapping) and name != "featureGates" else value
        for name, value in found.items()
    }
