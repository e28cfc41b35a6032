"""What a kube-proxy serves over HTTP on its node: mode, configuration, metrics, health. Pure: facts in, text out.

Source: kube-proxy's serveMetrics and its proxier health server, as they answer from 1.20 to 1.37.
"""

import json
import re
import time
from typing import Any, NamedTuple

from kubectl_ipvs.sandbox.nodes.configz import configuration_of
from kubectl_ipvs.sandbox.nodes.processes import Process

Obj = dict[str, Any]
Release = tuple[int, int]
METRICS, HEALTHZ = 10249, 10256
HERE = ("", "0.0.0.0", "127.0.0.1", "::", "::1", "localhost")  # noqa: S104 -- what reaches the loopback address
SYNC_PERIOD = 30  # seconds
GO_EXPONENT_FROM = 1e6
SYNC_TAKES = 0.05  # seconds
PER_FAMILY = (1, 34)  # the first release that tells its health and its syncs for each family of addresses
FAMILIES = ("IPv4", "IPv6")
_ADDRESS = re.compile(r"(?:\[(.*)\]|([^:]*)|(.*:.*:.*?))(?::(\d+))?")
NOT_FOUND = b"404 page not found\n"


class Answer(NamedTuple):
    """An answer of one of the two servers."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


def listening(process: Process) -> dict[int, str]:
    """Return which server answers on each port of the node's loopback address, while this kube-proxy runs."""
    if not process.is_proxy or not process.container.running or not process.result.runs:
        return {}
    document = process.result.document
    found = {
        _port(str(document.get(f"{name}BindAddress") or ""), default): name
        for name, default in (("metrics", METRICS), ("healthz", HEALTHZ))
    }
    return {port: name for port, name in found.items() if port}


def answer(process: Process, server: str, path: str, release: Release) -> Answer:
    """Answer a GET of this path on one of the two servers."""
    return (_metrics_server if server == "metrics" else _health_server)(process, path, release)


def _port(address: str, default: int) -> int:
    """Return the port of an address that the loopback address reaches, 0 where it does not."""
    found = _ADDRESS.fullmatch(address)
    if found is None or (found[1] or found[2] or found[3] or "") not in HERE:
        return 0
    return int(found[4] or default)


def _metrics_server(process: Process, path: str, release: Release) -> Answer:
    if path == "/proxyMode":
        return Answer(200, process.result.mode.encode())
    if path == "/configz":
        body = configuration_of(process.result.document, release, process.host.name)
        return Answer(200, json.dumps({"kubeproxy.config.k8s.io": body}).encode(), "application/json")
    if path == "/healthz":
        return Answer(200, b"ok")
    if path == "/metrics":
        return Answer(200, _metrics(process, release).encode(), "text/plain; version=0.0.4; charset=utf-8")
    return Answer(404, NOT_FOUND)


def _health_server(process: Process, path: str, release: Release) -> Answer:
    if path not in ("/healthz", "/livez"):
        return Answer(404, NOT_FOUND)
    clock = _rfc3339 if release >= PER_FAMILY else _go_time
    body: Obj = {"lastUpdated": clock(time.time()), "currentTime": clock(time.time())}
    if release >= (1, 28) and path == "/healthz":
        body["nodeEligible"] = True
    if release >= PER_FAMILY:
        synced = {"lastUpdated": _rfc3339(_last(process)) if process.synced else "0001-01-01T00:00:00Z"}
        body |= {"healthy": True, "status": {each: {**synced, "healthy": True} for each in FAMILIES}}
    return Answer(200, json.dumps(body, separators=(",", ":")).encode(), "application/json")


def _syncs(process: Process) -> int:
    """Return how often the rules were synced since this start: at once, then every sync period."""
    return 1 + int(max(0.0, time.time() - process.synced) // SYNC_PERIOD) if process.synced else 0


def _last(process: Process) -> float:
    """Return when they were synced last, in seconds since 1970, 0.0 while they were not."""
    return process.synced + SYNC_PERIOD * (_syncs(process) - 1) if process.synced else 0.0


def _go_time(seconds: float) -> str:
    return f"{_to_the_nanosecond(seconds, ' ')} +0000 UTC"


def _rfc3339(seconds: float) -> str:
    return f"{_to_the_nanosecond(seconds, 'T')}Z"


def _to_the_nanosecond(seconds: float, between: str) -> str:
    whole = time.strftime(f"%Y-%m-%d{between}%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e9):09}"


def _metrics(process: Process, release: Release) -> str:
    families = FAMILIES if release >= PER_FAMILY else ("",)
    lines: list[str] = []
    for name, kind, words, values in (
        ("duration", "histogram", "SyncProxyRules latency in seconds", _durations(process)),
        ("last_timestamp", "gauge", "The last time proxy rules were successfully synced", {"": _last(process)}),
    ):
        metric = f"kubeproxy_sync_proxy_rules_{name}_seconds"
        lines += [f"# HELP {metric} [ALPHA] {words}", f"# TYPE {metric} {kind}"]
        shown = values if process.synced or not families[0] else {}  # with labels there is none before the first sync
        for family in families if shown else ():
            lines += [f"{metric}{_labelled(suffix, family)} {_number(value)}" for suffix, value in shown.items()]
    return "\n".join([*lines, ""])


def _durations(process: Process) -> dict[str, float]:
    count = _syncs(process)
    below = {f'_bucket{{le="{bound}"}}': count * (bound in ("0.064", "+Inf")) for bound in ("0.032", "0.064", "+Inf")}
    return {**below, "_sum": count * SYNC_TAKES, "_count": count}


def _number(value: float) -> str:
    """Return a number as Go prints it: from a million on with an exponent."""
    mantissa, _, exponent = f"{value:.16e}".partition("e")
    return f"{mantissa.rstrip('0')}e{exponent}" if value >= GO_EXPONENT_FROM else f"{value:.16g}"


def _labelled(suffix: str, family: str) -> str:
    """Return what follows a metric's name: its suffix, and its labels with the family among them."""
    if not family:
        return suffix
    name, brace, labels = suffix.partition("{")
    return f'{name}{{ip_family="{family}"{"," if brace else ""}{labels or "}"}'
