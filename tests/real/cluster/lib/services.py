"""Makes the cluster hold M Services load-NUMBER with K hand-written endpoints each: services.py API-PORT PKI M K."""

import concurrent.futures
import http.client
import json
import ssl
import sys
import threading
from typing import Any

PORT, PKI = int(sys.argv[1]), sys.argv[2]
PATH = "/api/v1/namespaces/default/"
FINE = (200, 201, 404, 409)
LABEL = "made-for=load"
_CONTEXT = ssl.create_default_context(cafile=f"{PKI}/ca.crt")
_CONTEXT.load_cert_chain(f"{PKI}/admin.crt", f"{PKI}/admin.key")
_LOCAL = threading.local()


def call(method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """Ask the API server on this thread's connection; return code and document."""
    if not hasattr(_LOCAL, "connection"):
        _LOCAL.connection = http.client.HTTPSConnection("127.0.0.1", PORT, context=_CONTEXT, timeout=60)
    text = json.dumps(body) if body else None
    _LOCAL.connection.request(method, PATH + path, text, {"Content-Type": "application/json"})
    response = _LOCAL.connection.getresponse()
    data = json.loads(response.read())
    if response.status not in FINE:
        raise SystemExit(f"{method} {path}: {response.status} {data.get('message')}")
    return response.status, data


def make(number: int, count: int) -> None:
    """Make one Service with its endpoints."""
    name = f"load-{number:05}"
    key, _, value = LABEL.partition("=")
    about = {"name": name, "labels": {key: value}}
    parts = [divmod(number * count + each, 256) for each in range(count)]
    addresses = [{"ip": f"10.{200 + high // 256}.{high % 256}.{low}"} for high, low in parts]
    ports = [{"port": 8080, "protocol": "TCP"}]
    behind = {"metadata": about, "subsets": [{"addresses": addresses, "ports": ports}] if count else []}
    call("POST", "services", {"metadata": about, "spec": {"ports": [{"port": 80, "targetPort": 8080}]}})
    call("POST", "endpoints", behind)


def remove(name: str) -> None:
    """Take one Service away, and its endpoints."""
    call("DELETE", f"services/{name}")
    call("DELETE", f"endpoints/{name}")


def main(wanted: int, count: int) -> None:
    """Make it so."""
    found = call("GET", f"services?labelSelector={LABEL.replace('=', '%3D')}")[1]["items"]
    names = {item["metadata"]["name"] for item in found}
    missing = [number for number in range(1, wanted + 1) if f"load-{number:05}" not in names]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(remove, sorted(name for name in names if int(name.partition("-")[2]) > wanted)))
        list(pool.map(lambda number: make(number, count), missing))


main(int(sys.argv[3]), int(sys.argv[4]))
