#!/usr/bin/env python3
"""Records what a node and its kube-proxy say of themselves: `make record` writes tests/unit/recorded/VERSION/ anew.

Of the version that runs (KUBE): kube-proxy's /configz, /proxyMode, /healthz and the metrics of its syncs; the node's
/proc/net/ip_vs_stats, fib_trie and if_inet6, with a Service of each form; its table beside the Services and
EndpointSlices that it was made of; the text that kubeadm wrote for kube-proxy. Where kube-proxy has nftables mode: the
same served by it, and nft's tables, of one node that was brought there and back.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.clusters import BIN, SYSTEM, Cluster, Machines  # noqa: E402 - found by the line above

NODE = "node2"
SERVED = {
    "/configz": "configz.json",
    "/proxyMode": "proxyMode.txt",
    "/healthz": "healthz.json",
    "/metrics": "metrics.txt",
}
PORTS = {"/healthz": 10256}  # all others: 10249
READ = ("ip_vs_stats", "fib_trie", "if_inet6", "ip_vs")
LISTED = {
    "nodes.json": "/api/v1/nodes",
    "services.json": "/api/v1/services",
    "endpointslices.json": "/apis/discovery.k8s.io/{}/endpointslices",  # v1beta1 up to 1.20
}
NFT = {"ip": "nft-ip.json", "ip6": "nft-ip6.json"}
SYNCS = ("kubeproxy_sync_", "process_start_time_seconds")  # of the metrics only these
NFTABLES_SINCE = (1, 31)
SECONDS = 180.0
FOLLOWS = (  # every pod of the traffic's Service is in the node's table, IPv4's and NodePorts' as well
    "for i in $(seq 300); do [ $(grep -c ':1B58 .*Masq' /proc/net/ip_vs) -ge 9 ] && sleep 10 && exit 0;"
    " sleep 1; done; exit 1"
)


@contextmanager
def forwarded(cluster: Cluster, pod: str, port: int) -> Iterator[str]:
    """Reach a pod's own 127.0.0.1."""
    words = [str(BIN / "kubectl"), *SYSTEM, "port-forward", pod, f":{port}"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=cluster.environment()) as running:
        assert running.stdout
        try:
            line = running.stdout.readline()  # Forwarding from 127.0.0.1:PORT -> 10249
            yield "http://" + line.split()[2]
        finally:
            running.terminate()


def served(cluster: Cluster, folder: Path) -> None:
    """Write down what kube-proxy serves on its own addresses."""
    for path, name in SERVED.items():
        with forwarded(cluster, cluster.pods[NODE], PORTS.get(path, 10249)) as address:
            text = urllib.request.urlopen(address + path, timeout=30).read().decode()  # noqa: S310 - to ourselves
        if path == "/metrics":
            text = "\n".join(line for line in text.splitlines() if line.startswith(SYNCS)) + "\n"
        if name.endswith(".json"):
            text = json.dumps(json.loads(text), indent=1) + "\n"
        (folder / name).write_text(text)


def listed(cluster: Cluster, folder: Path) -> None:
    """Write down the objects that the node's table was made of, one to a line."""
    for name, path in LISTED.items():
        version = "v1" if cluster.release >= (1, 21) else "v1beta1"
        found = json.loads(cluster.kubectl("get", "--raw", path.format(version)))["items"]
        for each in found:
            each["metadata"].pop("managedFields", None)
            each.get("status", {}).pop("images", None)
        (folder / name).write_text("".join(f"{json.dumps(each)}\n" for each in found))


def restarted(cluster: Cluster, machines: Machines, shows: str) -> None:
    """Start the node's kube-proxy anew, and wait until a command on the node succeeds."""
    cluster.kubectl(*SYSTEM, "delete", "pod", cluster.pods[NODE], "--wait=true")
    cluster.kubectl(*SYSTEM, "rollout", "status", "daemonset/kube-proxy", "--timeout=80s")
    deadline = time.monotonic() + SECONDS
    while machines.sh(NODE, f"{shows} >/dev/null 2>&1 && echo yes || true").strip() != "yes":
        assert time.monotonic() < deadline, f"not within {SECONDS} s: {shows}"
        time.sleep(1)


def nftables(cluster: Cluster, machines: Machines, folder: Path) -> None:
    """Bring the node into nftables mode and back, and write down its tables meanwhile."""
    before = cluster.config
    assert "mode: ipvs" in before
    cluster.set_config(before.replace("mode: ipvs", "mode: nftables"))
    try:
        restarted(cluster, machines, "nft list map ip kube-proxy service-nodeports | grep -q 31191")
        served(cluster, folder)
        for family, name in NFT.items():
            text = machines.sh(NODE, f"nft -j list table {family} kube-proxy")
            (folder / name).write_text(json.dumps(json.loads(text), indent=None) + "\n")
    finally:
        cluster.set_config(before)
        restarted(cluster, machines, "grep -q ':79D7 ' /proc/net/ip_vs")


def main() -> None:
    """Record the version that runs."""
    machines = Machines(ROOT / "tests/real/cluster/cluster")
    version = machines.run("version").strip()
    folder = ROOT / "tests/unit/recorded" / version
    cluster = Cluster(Path(machines.run("kubeconfig").strip()), (), 300.0)
    machines.run("traffic", "up", seconds=900)
    machines.sh(NODE, FOLLOWS)
    ipvs = folder / "ipvs"
    ipvs.mkdir(parents=True, exist_ok=True)
    (folder / "config.conf").write_text(cluster.config)
    served(cluster, ipvs)
    listed(cluster, ipvs)
    for name in READ:
        (ipvs / f"{name}.txt").write_text(machines.sh(NODE, f"cat /proc/net/{name}"))
    if cluster.release >= NFTABLES_SINCE:
        (folder / "nftables").mkdir(exist_ok=True)
        nftables(cluster, machines, folder / "nftables")
    machines.run("traffic", "down")


if __name__ == "__main__":
    main()
