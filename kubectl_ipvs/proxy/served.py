"""What a kube-proxy serves over HTTP on its node, and what nft lists of its tables: texts in, facts out.

Sources: its --metrics-bind-address (127.0.0.1:10249 unless it is set), /proxyMode, /configz and /metrics there;
`nft -j` of a kube-proxy in nftables mode, as 1.34, 1.36 and 1.37 answered.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config.command_line import words
from kubectl_ipvs.proxy.config.document import configuration_document

METRICS_PORT = 10249
MODE_PATH, CONFIG_PATH, METRICS_PATH = "/proxyMode", "/configz", "/metrics"
CONFIGZ = "kubeproxy.config.k8s.io"
MODES = frozenset({"ipvs", "iptables", "nftables", "kernelspace", "userspace"})
SCHEDULER = re.compile(r"[a-z0-9][a-z0-9_.-]{0,15}")  # the kernel's IP_VS_SCHEDNAME_MAXLEN is 16, with the zero byte
USUAL_MODE, USUAL_SCHEDULER = "iptables", "rr"  # what an empty text stands for
SERVICES_MAP = "service-ips"  # an element for each address and port of a Service
FLAG = "--metrics-bind-address"
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:]*):([0-9]{1,5})")
_LAST_SYNC = re.compile(
    r"^kubeproxy_sync_proxy_rules_last_timestamp_seconds(?:\{[^}]*\})? ([0-9.eE+]+)\s*$", re.MULTILINE
)


class Running(NamedTuple):
    """What a kube-proxy runs with.

    `mode` is the mode in effect; `configured` the one that it was started with, another one after a fallback (1.25 and
    older), "" where it does not say. `scheduler` is the one it was started with, None where it does not say.
    """

    mode: str
    scheduler: str | None = None
    configured: str = ""

    @property
    def words(self) -> str:
        """In words: `mode ipvs and scheduler lc`."""
        return f"mode {self.mode}" + (f" and scheduler {self.scheduler}" if self.scheduler else "")


def disagreement(running: Running, mode: str, scheduler: str) -> str:
    """Say in what kube-proxy runs with something else than its configuration asks for, "" where it does not."""
    if running.mode != mode:
        began = f"was started with mode {running.configured} and " if running.configured == mode else ""
        return f"kube-proxy {began}runs with mode {running.mode}, the configuration asks for mode {mode}"
    if running.mode == "ipvs" and running.scheduler not in {None, scheduler}:
        return f"kube-proxy runs with {running.scheduler}, the configuration asks for {scheduler}"
    return ""


def mode_in(body: bytes) -> str:
    """Return what /proxyMode says, as it says it; of anything long the beginning."""
    return body[:100].decode(errors="replace").strip()


def running(mode: bytes, configz: bytes) -> Running | None:
    """Read the answers of /proxyMode and /configz; None where no mode is told. Never raises.

    /configz has Go's names (`.Mode`, `.IPVS.Scheduler`) up to 1.35, those of v1alpha1 (`.mode`, `.ipvs.scheduler`) from
    1.36 on.
    """
    said = mode_in(mode)
    if said not in MODES:
        return None
    try:
        read: Any = json.loads(configz)
    except (ValueError, RecursionError):
        return Running(said)
    found = _part(read, CONFIGZ)
    configured, scheduler = _part(found, "mode", "Mode"), _part(_part(found, "ipvs", "IPVS"), "scheduler", "Scheduler")
    return Running(said, _word(scheduler, USUAL_SCHEDULER), _word(configured, USUAL_MODE) or "")


def _part(of: object, *names: str) -> object:
    return next((of[name] for name in names if name in of), None) if isinstance(of, Mapping) else None


def _word(value: object, usual: str) -> str | None:
    """Return a name, the usual one for an empty text, None for what is no name."""
    if value == "":
        return usual
    return value if isinstance(value, str) and SCHEDULER.fullmatch(value) else None


def metrics_port(address: str) -> int:
    """Return the port of a bind address: `127.0.0.1:10249`, `[::]:10249`; the usual one where it names none."""
    found = _PORT.fullmatch(address.strip())
    return int(found[1]) if found else METRICS_PORT


def bind_address(text: str, arguments: Sequence[str]) -> str:
    """Return where kube-proxy serves its metrics: by its configuration's text or, where that is "", by its flags."""
    if text:
        try:
            return str(configuration_document(text).value.get("metricsBindAddress") or "")
        except ConfigurationInvalid:
            return ""
    line = iter(words(arguments))
    address = ""
    for word in line:
        name, equals, value = word.partition("=")
        if name == FLAG:
            address = value if equals else next(line, "")
    return address


def has_synced(metrics: str) -> bool | None:
    """Tell whether this process has written its rules once, for every family that it tells of; None: it does not tell.

    Before the first sync the time of the last one is 0, or not there at all.
    """
    times = _LAST_SYNC.findall(metrics)
    if times:
        return all(float(at) > 0 for at in times)
    return False if "kubeproxy_sync_proxy_rules" in metrics else None


def services_in(listing: str) -> int | None:
    """Count the addresses of Services in what `nft -j list map` prints of one family's map; None for another text."""
    try:
        objects = json.loads(listing)["nftables"]
        maps = [entry["map"] for entry in objects if "map" in entry]
        return sum(len(entry.get("elem", ())) for entry in maps if entry["name"] == SERVICES_MAP)
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return None
