"""A simulated kube-proxy: what a start with a given configuration comes to, by version. Pure, but for YAML.

Source: kube-proxy's validation and CanUseIPVSProxier from 1.19 to 1.37. All of the configuration must have the right
types; beyond that its `ipvs`, `mode` and `featureGates` alone count here.
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple

import yaml

from kubectl_ipvs.sandbox.nodes.configuration_types import SINCE, misfit
from kubectl_ipvs.sandbox.nodes.kernel import Kernel
from kubectl_ipvs.sandbox.nodes.kubeproxy_validation import IPVS_GATE, Release, problems, unknown_gates
from kubectl_ipvs.sandbox.nodes.startup import flags

ALWAYS_LOADED = ("rr", "wrr", "sh")  # what kube-proxy modprobes by itself up to 1.26
DECODES_SINCE = (1, 34)  # from then on (or before) errors of decoding say so
STRUCTURED_SINCE = (1, 23)  # up to 1.22 the last line is klog's own fatal one
DEPRECATED_SINCE, DATED_SINCE = (1, 35), (1, 37)
DEPRECATED_WITHOUT_DATE = (
    "The ipvs proxier is now deprecated and may be removed in a future release. Please use 'nftables' instead."
)
DEPRECATED = (
    "The ipvs proxier has been deprecated and will be disabled by default in Kubernetes 1.40 and removed in "
    "Kubernetes 1.43. Migrate to the 'nftables' proxier instead."
)
SMALL_SINCE = (1, 36)  # the words for a kernel without IPVS begin with a small letter
NFT_KERNEL = (5, 13)
NFT_KERNEL_CHECK_SINCE = (1, 33)  # 1.31 and 1.32 have the check inverted: it is never made
_TEXTS = {  # fields that flags give as they are
    "bindAddress": "bind-address",
    "clusterCIDR": "cluster-cidr",
    "healthzBindAddress": "healthz-bind-address",
    "hostnameOverride": "hostname-override",
    "metricsBindAddress": "metrics-bind-address",
    "mode": "proxy-mode",
}


class StartError(Exception):
    """kube-proxy ends with these words; `mode` is the one in which it had begun, `before` what it logged in it."""

    def __init__(self, words: str, mode: str = "", before: tuple[str, ...] = ()) -> None:
        super().__init__(words)
        self.mode = mode
        self.before = before


class Start(NamedTuple):
    """What came of a start. `mode` is the one in effect (or begun, and failed in), `scheduler` counts in ipvs mode.

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


def start(wish: str | list[str], release: Release, kernel: Kernel) -> Start:
    """Start kube-proxy of this release with a configuration's text, or with flags, on this kernel."""
    try:
        asked = _from_text(wish, release) if isinstance(wish, str) else _from_flags(wish)
        _validate(asked, release)
        return _run(asked, release, kernel)._replace(document=asked.document)
    except StartError as error:
        return Start(runs=False, mode=error.mode, log=(*error.before, _last_words(str(error), release)))


def _last_words(text: str, release: Release) -> str:
    """Return the line with which kube-proxy ends."""
    if release < STRUCTURED_SINCE:
        return f"F {text}"
    if "\n" in text:
        return 'E "command failed" err=<\n\t' + text.replace("\n", "\n\t") + "\n >"
    return f'E "command failed" err={json.dumps(text, ensure_ascii=False)}'


class _Loader(yaml.SafeLoader):
    """A tag that it does not know says nothing to kube-proxy: the value is read as if there were none."""


def _plain(loader: _Loader, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return str(node.value)


_Loader.add_multi_constructor("", _plain)


@lru_cache(maxsize=64)  # a thousand nodes start with the same text
def _from_text(text: str, release: Release) -> Wish:
    failed = "failed complete: failed to decode" if release >= DECODES_SINCE else "failed complete"
    try:
        document = next(iter(yaml.load_all(text, _Loader)), None)
    except yaml.YAMLError as error:
        why = str(error).splitlines()[0]
        raise StartError(f"{failed}: yaml: {why}") from error
    if not isinstance(document, dict) or "kind" not in document:
        raise StartError(f"{failed}: Object 'Kind' is missing in '{text}'")
    if "apiVersion" not in document:
        raise StartError(f"{failed}: Object 'apiVersion' is missing in '{text}'")
    if (document["apiVersion"], document["kind"]) != ("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration"):
        kind = f'no kind "{document["kind"]}" is registered for version "{document["apiVersion"]}"'
        raise StartError(f'{failed}: {kind} in scheme "pkg/runtime/scheme.go:111"')
    ipvs = document.get("ipvs")
    if isinstance(ipvs, dict):
        ipvs = {
            name: value for name, value in ipvs.items() if value is not None and SINCE.get(name, release) <= release
        }
    document = {**document, "ipvs": ipvs}
    problem = misfit(document)
    if problem:
        raise StartError(f"{failed}: {problem}")
    return Wish(document)


def _from_flags(arguments: list[str]) -> Wish:
    given = flags(tuple(arguments))
    ipvs = {"scheduler": given.get("ipvs-scheduler", ""), "strictARP": given.get("ipvs-strict-arp", "false") == "true"}
    ipvs |= {
        "minSyncPeriod": given.get("ipvs-min-sync-period", "1s"),
        "syncPeriod": given.get("ipvs-sync-period", "30s"),
    }
    gates: dict[str, Any] = {}
    for gate in filter(None, given.get("feature-gates", "").split(",")):
        name, _, value = gate.partition("=")
        gates[name] = {"true": True, "false": False}.get(value.lower(), value)
    texts = {name: given[flag] for name, flag in _TEXTS.items() if flag in given}
    return Wish({**texts, "ipvs": ipvs, "featureGates": gates})


def _validate(wish: Wish, release: Release) -> None:
    if any(not isinstance(value, bool) for value in wish.gates.values()):
        raise StartError("failed complete: invalid value of feature-gates: strconv.ParseBool: invalid syntax")
    for gate in unknown_gates(wish.gates, release):
        raise StartError(f"failed complete: unrecognized feature gate: {gate}")
    found = problems(wish.mode, wish.ipvs, wish.gates, release)
    if found:
        raise StartError(f"failed validate: {found}")


def _run(wish: Wish, release: Release, kernel: Kernel) -> Start:
    mode = wish.mode or "iptables"
    log = (*_of_gates(wish), f'I "Using {mode} Proxier"')
    if mode == "nftables" and release >= NFT_KERNEL_CHECK_SINCE and _numbers(kernel.release) < NFT_KERNEL:
        why = "unable to create proxier: unable to create ipv4 proxier"
        raise _ending(f"{why}: kube-proxy in nftables mode requires kernel 5.13 or later", mode, log)
    if mode != "ipvs":
        return Start(runs=True, mode=mode, log=log)
    scheduler = wish.ipvs.get("scheduler") or "rr"
    problem = _unusable(scheduler, release, kernel)
    if problem and release >= (1, 26):
        raise _ending(f"can't use the IPVS proxier: {problem}", mode, log[:-1])
    if problem:
        fallback = (f"E Can't use the IPVS proxier: {problem}", "I Using iptables Proxier.")
        return Start(runs=True, mode="iptables", log=fallback)
    if release >= DEPRECATED_SINCE:
        log = (*log, f'I "{DEPRECATED if release >= DATED_SINCE else DEPRECATED_WITHOUT_DATE}"')
    strict_arp = bool(wish.ipvs.get("strictARP", False))
    return Start(runs=True, mode=mode, scheduler=scheduler, strict_arp=strict_arp, log=log)


def _ending(words: str, mode: str, log: tuple[str, ...]) -> StartError:
    """Return the end of a process that had begun to run in a mode."""
    return StartError(words, mode, (*log, f'E "Error running ProxyServer" err="{words}"'))


def _of_gates(wish: Wish) -> Iterator[str]:
    """Yield what is logged of a gate that will go."""
    if IPVS_GATE in wish.gates:
        words = "Warning: setting deprecated feature gate. It will be removed in a future release."
        yield f'I "{words}" featureGate="{IPVS_GATE}" value={str(wish.gates[IPVS_GATE]).lower()}'


def _numbers(release: str) -> Release:
    """Return the first two numbers of a kernel's release; one that has none is new enough for all."""
    found = re.match(r"(\d+)\.(\d+)", release)
    return (int(found[1]), int(found[2])) if found else (99, 0)


def _unusable(scheduler: str, release: Release, kernel: Kernel) -> str:
    """Why IPVS cannot be used with this scheduler, or nothing."""
    if not kernel.has_ipvs:
        words = "IPVS is not available: [ip_vs]" if release <= (1, 26) else "Ipvs not supported"
        return words if release < SMALL_SINCE else "ipvs not supported"
    if release <= (1, 19):
        return ""  # the scheduler's module is not looked at: the table just never follows
    if release <= (1, 26):
        ready = kernel.loaded | (kernel.modules & set(ALWAYS_LOADED))
        return "" if scheduler in ready else f"kernel modules are not loaded: [ip_vs_{scheduler}]"
    return "" if scheduler in kernel.modules else "no such file or directory"
