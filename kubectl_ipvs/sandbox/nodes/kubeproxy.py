"""A simulated kube-proxy: what a start with a given configuration comes to, by version. Pure, but for YAML.

Source: kube-proxy's validation and CanUseIPVSProxier from 1.19 to 1.37. All of the configuration must have the right
types; beyond that its `ipvs`, `mode` and `featureGates` alone count here.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import ip_network
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from kubectl_ipvs.sandbox.nodes.configuration_types import SINCE, misfit
from kubectl_ipvs.sandbox.nodes.kernel import Kernel
from kubectl_ipvs.sandbox.nodes.startup import flags

CHECKED = ("rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "dh", "sed", "nq")  # names <= 1.26 lets through
ALWAYS_LOADED = ("rr", "wrr", "sh")  # what kube-proxy modprobes by itself up to 1.26
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
GATED = (1, 37)  # the first release with the gate KubeProxyIPVS
_GATE = "KubeProxyIPVS"
_TEXTS = {  # fields that flags give as they are
    "bindAddress": "bind-address",
    "clusterCIDR": "cluster-cidr",
    "healthzBindAddress": "healthz-bind-address",
    "hostnameOverride": "hostname-override",
    "metricsBindAddress": "metrics-bind-address",
    "mode": "proxy-mode",
}
_DURATIONS = ("syncPeriod", "minSyncPeriod", "tcpTimeout", "tcpFinTimeout", "udpTimeout")


class StartError(Exception):
    """kube-proxy ends with these words."""


class Start(NamedTuple):
    """What came of a start. `mode` is the one in effect, `scheduler` only counts in ipvs mode.

    `document` is the configuration that was read, or what the flags come to, in the file's own words.
    """

    runs: bool
    mode: str = ""
    scheduler: str = ""
    strict_arp: bool = False
    log: tuple[str, ...] = ()
    document: Mapping[str, Any] = MappingProxyType({})


class Wish(NamedTuple):
    """What the configuration or the flags ask for, in the file's own words."""

    document: Mapping[str, Any]

    @property
    def mode(self) -> str:
        """The mode asked for, "" where none is."""
        return self.document.get("mode") or ""

    @property
    def ipvs(self) -> Mapping[str, Any]:
        """The section `ipvs`."""
        return self.document.get("ipvs") or {}

    @property
    def gates(self) -> Mapping[str, Any]:
        """The feature gates that are set."""
        return self.document.get("featureGates") or {}


def start(wish: str | list[str], release: tuple[int, int], kernel: Kernel) -> Start:
    """Start kube-proxy of this release with a configuration's text, or with flags, on this kernel."""
    try:
        asked = _from_text(wish, release) if isinstance(wish, str) else _from_flags(wish)
        _validate(asked, release)
        return _run(asked, release, kernel)._replace(document=asked.document)
    except StartError as error:
        return Start(runs=False, log=(f'E "command failed" err="{error}"',))


@lru_cache(maxsize=64)  # a thousand nodes start with the same text
def _from_text(text: str, release: tuple[int, int]) -> Wish:
    try:
        document = next(iter(yaml.safe_load_all(text)), None)
    except yaml.YAMLError as error:
        why = str(error).splitlines()[0]
        raise StartError(f"failed complete: yaml: {why}") from error
    if not isinstance(document, dict) or "kind" not in document:
        raise StartError("failed complete: Object 'Kind' is missing in the configuration")
    known = ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration")
    if (document.get("apiVersion"), document["kind"]) != known:
        raise StartError(f'failed complete: no kind "{document["kind"]}" is registered for this version')
    ipvs = document.get("ipvs")
    if isinstance(ipvs, dict):
        ipvs = {
            name: value for name, value in ipvs.items() if value is not None and SINCE.get(name, release) <= release
        }
    document = {**document, "ipvs": ipvs}
    problem = misfit(document)
    if problem:
        raise StartError(f"failed complete: {problem}")
    return Wish(document)


def _from_flags(arguments: list[str]) -> Wish:
    given = flags(tuple(arguments))
    ipvs = {"scheduler": given.get("ipvs-scheduler", ""), "strictARP": given.get("ipvs-strict-arp", "false") == "true"}
    gates: dict[str, Any] = {}
    for gate in filter(None, given.get("feature-gates", "").split(",")):
        name, _, value = gate.partition("=")
        gates[name] = {"true": True, "false": False}.get(value.lower(), value)
    texts = {name: given[flag] for name, flag in _TEXTS.items() if flag in given}
    return Wish({**texts, "ipvs": ipvs, "featureGates": gates})


def _validate(wish: Wish, release: tuple[int, int]) -> None:
    modes = ["", "iptables", "ipvs"]
    modes += ["nftables"] if release >= (1, 29) else []
    modes += ["userspace"] if release < (1, 26) else []
    if any(not isinstance(value, bool) for value in wish.gates.values()):
        raise StartError("failed complete: invalid value of feature-gates: strconv.ParseBool: invalid syntax")
    if _GATE in wish.gates and release < GATED:
        raise StartError(f"failed complete: unrecognized feature gate: {_GATE}")
    if wish.gates.get(_GATE) is False:
        modes.remove("ipvs")
    if wish.mode not in modes:
        raise StartError(f'failed validate: ProxyMode: Invalid value: "{wish.mode}"')
    scheduler = wish.ipvs.get("scheduler", "")
    seconds = {name: _duration(wish.ipvs[name]) for name in _DURATIONS if name in wish.ipvs}
    if wish.mode != "ipvs":
        return
    if release <= (1, 26) and scheduler not in ("", *CHECKED):
        raise StartError(f'failed validate: KubeProxyIPVSConfiguration.Scheduler: Invalid value: "{scheduler}"')
    if any(value < 0 for value in seconds.values()):
        raise StartError("failed validate: KubeProxyIPVSConfiguration: must be greater than or equal to 0")
    if seconds.get("minSyncPeriod", 0) > (seconds.get("syncPeriod") or 30):
        raise StartError("failed validate: SyncPeriod: must be greater than or equal to MinSyncPeriod")
    for network in wish.ipvs.get("excludeCIDRs", []):
        _network(network)


def _network(text: object) -> None:
    problem = f'failed validate: ExcludeCIDRs: Invalid value: "{text}": must be a valid CIDR'
    if "/" not in str(text):
        raise StartError(problem)
    try:
        ip_network(str(text), strict=False)
    except ValueError as error:
        raise StartError(problem) from error


def _duration(text: str) -> float:
    """Seconds of a Go duration that is one."""
    sign = -1 if text.startswith("-") else 1
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))


def _run(wish: Wish, release: tuple[int, int], kernel: Kernel) -> Start:
    if wish.mode != "ipvs":
        mode = wish.mode or "iptables"
        return Start(runs=True, mode=mode, log=(f'I "Using {mode} Proxier"',))
    scheduler = wish.ipvs.get("scheduler") or "rr"
    problem = _unusable(scheduler, release, kernel)
    if problem and release >= (1, 26):
        raise StartError(f"failed run: can't use the IPVS proxier: {problem}")
    if problem:
        fallback = (f"E Can't use the IPVS proxier: {problem}", "I Using iptables Proxier.")
        return Start(runs=True, mode="iptables", log=fallback)
    log = ['I "Using ipvs Proxier"']
    if release >= (1, 35):
        log.insert(0, 'I "The ipvs proxier is now deprecated and may be removed in a future release."')
    strict_arp = bool(wish.ipvs.get("strictARP", False))
    return Start(runs=True, mode="ipvs", scheduler=scheduler, strict_arp=strict_arp, log=tuple(log))


def _unusable(scheduler: str, release: tuple[int, int], kernel: Kernel) -> str:
    """Why IPVS cannot be used with this scheduler, or nothing."""
    if not kernel.has_ipvs:
        return "IPVS is not available: [ip_vs]"
    if release <= (1, 19):
        return ""  # the scheduler's module is not looked at: the table just never follows
    if release <= (1, 26):
        ready = kernel.loaded | (kernel.modules & set(ALWAYS_LOADED))
        return "" if scheduler in ready else f"kernel modules are not loaded: [ip_vs_{scheduler}]"
    return "" if scheduler in kernel.modules else "no such file or directory"
