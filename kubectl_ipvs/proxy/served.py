"""What a kube-proxy serves over HTTP on its node, and what nft lists of its tables: texts in, facts out.

Sources: its --metrics-bind-address (127.0.0.1:10249 unless it is set), /proxyMode and /metrics there; `nft -j` of a
kube-proxy in nftables mode, as 1.34, 1.36 and 1.37 answered.
"""

import json
import re
from collections.abc import Sequence

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.config.command_line import words
from kubectl_ipvs.proxy.config.document import configuration_document

METRICS_PORT = 10249
MODE_PATH, METRICS_PATH = "/proxyMode", "/metrics"
SERVICES_MAP = "service-ips"  # an element for each address and port of a Service
FLAG = "--metrics-bind-address"
_PORT = re.compile(r"(?:\[[^\]]*\]|[^:]*):([0-9]{1,5})")
_LAST_SYNC = re.compile(
    r"^kubeproxy_sync_proxy_rules_last_timestamp_seconds(?:\{[^}]*\})? ([0-9.eE+]+)\s*$", re.MULTILINE
)


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
