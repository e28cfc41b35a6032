"""A cluster as somebody outside sees it: through kubectl, and through the plugin started as a program.

The same class serves the sandbox and a real cluster, so that one scenario runs on both. What a kernel does is read
without any code of the plugin: the text of /proc/net/ip_vs, and the few lines here that take it apart.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import ip_address
from pathlib import Path
from typing import Any, TypeVar

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import Run, agreed
from tests.versions import Release, release_of

T = TypeVar("T")
BIN = Path(sys.executable).parent
NODE_PORT = 31191
SYSTEM = ("-n", "kube-system")


def virtual_servers(text: str) -> dict[str, str]:
    """Map `TCP 10.96.0.1:443` to its scheduler, from the text of /proc/net/ip_vs."""
    rows = [line.split() for line in text.splitlines() if line.startswith(("TCP ", "UDP ", "SCTP "))]
    return {f"{row[0]} {_address(row[1])}": row[2] for row in rows}


def rows(text: str) -> set[tuple[str, ...]]:
    """Give every row of /proc/net/ip_vs without what changes all the time, the connections.

    A virtual server is (protocol, address, scheduler), a real server (protocol, address, its own, forwarding, weight).
    """
    found: set[tuple[str, ...]] = set()
    above: tuple[str, ...] = ()
    for words in map(str.split, text.splitlines()[3:]):
        if words[0] == "->":
            found.add((*above, _address(words[1]), words[2], words[3]))
        else:
            above = words[0], _address(words[1])
            found.add((*above, words[2]))
    return found


def _address(text: str) -> str:
    host, _, port = text.rpartition(":")
    if host.startswith("["):
        return f"[{ip_address(host[1:-1])}]:{int(port, 16)}"
    return f"{ip_address(int(host, 16))}:{int(port, 16)}"


@dataclass(frozen=True)
class Cluster:
    """A cluster behind a kubeconfig. `pace`: flags of commands that restart; `patience`: seconds for one of them.

    `foreign`: one of the user's own, of which neither the version nor the Services are known. `entry`: the plugin's
    entry point in this process, where starting a program for each command would be most of the time.
    """

    kubeconfig: Path
    pace: tuple[str, ...]
    patience: float
    tables: Callable[[str], str] | None = None  # a node's /proc/net/ip_vs, where kubectl exec cannot bring it
    foreign: bool = False
    entry: Callable[[tuple[str, ...], dict[str, str]], Run] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of every program that is started here."""
        return {**os.environ, "KUBECONFIG": str(self.kubeconfig), "NO_COLOR": "1", **more}

    def command(self, *words: str) -> list[str]:
        """Return the words that start the plugin."""
        return [str(BIN / "kubectl-ipvs"), *agreed(words)]

    def ipvs(self, *words: str, **environment: str) -> Run:
        """Run the plugin to its end."""
        if self.entry:
            return self.entry(words, {"KUBECONFIG": str(self.kubeconfig), **environment})
        done = subprocess.run(
            self.command(*words),
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
            env=self.environment(**environment),
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def kubectl(self, *words: str, text: str = "") -> str:
        """Run kubectl, which must succeed, on a busy machine at the third try at the latest; return its stdout."""
        for _ in range(2):
            done = self._kubectl(words, text)
            if done.returncode == 0:
                return done.stdout
            time.sleep(1)
        done = self._kubectl(words, text)
        assert done.returncode == 0, f"kubectl {' '.join(words)}: {done.stderr}"
        return done.stdout

    def _kubectl(self, words: tuple[str, ...], text: str) -> "subprocess.CompletedProcess[str]":
        # clusters of several versions have one address: what kubectl remembers of the API is kept with each of them
        own = [f"--cache-dir={self.kubeconfig.parent / 'kubectl-cache'}"] if self.tables else []
        program = [str(BIN / "kubectl"), "--request-timeout=60s", *own, *words]
        options: dict[str, Any] = {"capture_output": True, "text": True}
        return subprocess.run(program, input=text, timeout=90, check=False, env=self.environment(), **options)

    @cached_property
    def release(self) -> Release:
        """The API server's release: (1, 37)."""
        return release_of(json.loads(self.kubectl("get", "--raw", "/version"))["gitVersion"])

    @property
    def at_once(self) -> tuple[str, ...]:
        """Flags of a restart whose order is not what is tested: no node goes first, alone."""
        return (*self.pace, "--canary", "none")

    @property
    def pods(self) -> dict[str, str]:
        """The kube-proxy pod of each node, those that are going left out."""
        words = ("get", "pods", "-l", "k8s-app=kube-proxy", "-o", "json")
        found = json.loads(self.kubectl(*SYSTEM, *words))["items"]
        standing = [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]
        return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in standing}

    @property
    def addresses(self) -> dict[str, str]:
        """The internal address of each node."""
        found = json.loads(self.kubectl("get", "nodes", "-o", "json"))["items"]
        return {
            node["metadata"]["name"]: entry["address"]
            for node in found
            for entry in node["status"]["addresses"]
            if entry["type"] == "InternalIP" and ":" not in entry["address"]
        }

    @property
    def config(self) -> str:
        """kube-proxy's configuration as it stands."""
        found = json.loads(self.kubectl(*SYSTEM, "get", "configmap", "kube-proxy", "-o", "json"))
        return str(found["data"]["config.conf"])

    def set_config(self, text: str) -> None:
        """Write kube-proxy's configuration, as some other user would."""
        patch = json.dumps({"data": {"config.conf": text}})
        self.kubectl(*SYSTEM, "patch", "configmap", "kube-proxy", "--type=merge", "-p", patch)

    def helper_pods(self) -> dict[str, str]:
        """Return the helper pods that are there, and not on their way out: node -> name."""
        found = json.loads(self.kubectl("-n", "kube-system", "get", "pods", "-l", "kubectl-ipvs/helper", "-o", "json"))
        living = [pod for pod in found["items"] if "deletionTimestamp" not in pod["metadata"]]
        return {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in living}

    def killed_with_helpers(self, *words: str) -> dict[str, str]:
        """Run a command that makes helper pods, SIGKILL it when each node's runs, and return those that are left."""
        program = [*self.command("status", "--watch", *words)]
        environment, deadline = self.environment(), time.monotonic() + self.patience
        with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment) as process:
            assert process.stdout
            while b"nodes in sync" not in (line := process.stdout.readline()):
                assert line, "it ended"
                assert time.monotonic() < deadline
            process.kill()
        return self.helper_pods()

    def table(self, node: str) -> dict[str, str]:
        """Every virtual server in a node's kernel, and its scheduler."""
        return virtual_servers(self.proc(node))

    def proc(self, node: str) -> str:
        """Return the text of a node's /proc/net/ip_vs."""
        if self.tables:
            return self.tables(node)
        return self.kubectl(*SYSTEM, "exec", self.pods[node], "--", "cat", "/proc/net/ip_vs")

    def listed(self, kind: str) -> list[dict[str, Any]]:
        """Return all objects of a kind."""
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", kind, "-A", "-o", "json"))["items"]
        return found

    def schedulers(self) -> dict[str, str]:
        """Name the schedulers in each node's kernel: one where all virtual servers have the same."""
        return {node: ", ".join(sorted(set(self.table(node).values()))) for node in sorted(self.pods)}

    def node_ports(self) -> dict[str, dict[str, str]]:
        """For each node the local addresses on which it serves NodePort 31191, with their schedulers."""
        found = {node: self.table(node) for node in sorted(self.pods)}
        return {
            node: {where.split()[1]: name for where, name in table.items() if where.endswith(f":{NODE_PORT}")}
            for node, table in found.items()
        }


class Rollout:
    """The plugin at work while something else happens: `with Rollout(cluster, words) as it: ...`; it ends there."""

    def __init__(self, cluster: Cluster, *words: str) -> None:
        self._patience = cluster.patience
        pipe, environment = subprocess.PIPE, cluster.environment()
        self._process = subprocess.Popen(cluster.command(*words), stdout=pipe, stderr=pipe, text=True, env=environment)
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self.code = -1
        self.out = ""

    def __enter__(self) -> "Rollout":  # noqa: PYI034 - Self came with Python 3.11
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._process.wait(self._patience)
        finally:
            self._process.kill()
        self._reader.join(10)
        assert self._process.stdout
        with self._process.stdout:
            self.out = self._process.stdout.read()
        self.code = self._process.returncode

    def _read(self) -> None:
        assert self._process.stderr
        with self._process.stderr:
            for line in self._process.stderr:
                self._lines.append(line)

    @property
    def said(self) -> str:
        """Everything on stderr up to now."""
        return "".join(list(self._lines))

    def until(self, words: str) -> str:
        """Wait for a line of stderr that holds these words, and return it."""
        deadline = time.monotonic() + self._patience
        while time.monotonic() < deadline:
            found = next((line for line in list(self._lines) if words in line), None)
            if found is not None:
                return found
            assert self._process.poll() is None, f"it ended before it said {words!r}: {self.said}"
            time.sleep(0.05)
        raise AssertionError(f"it never said {words!r}: {self.said}")


def everywhere(nodes: Iterable[str], value: T) -> dict[str, T]:
    """Return the same for every node."""
    return {node: value for node in nodes}  # noqa: C420 - fromkeys with a mutable value is refused as well


def sandbox_cluster(
    box: Sandbox, folder: Path, entry: Callable[[tuple[str, ...], dict[str, str]], Run] | None = None, **pace: str
) -> Cluster:
    """See a sandbox from outside; but kubectl speaks SPDY to servers as old as 1.20, which the sandbox does not."""
    path = folder / "kubeconfig-outside"
    path.write_text(box.kubeconfig("certificate"))
    flags = {"settle": "0.2s", "timeout": "4s", **pace}
    words = tuple(word for name, value in flags.items() for word in (f"--{name}", value))
    return Cluster(path, words, 120.0, box.table, entry=entry)


@dataclass(frozen=True)
class Machines:
    """The machines below the project's own real cluster: what Kubernetes does not reach."""

    script: Path

    def run(self, *words: str, seconds: float = 450.0) -> str:
        """Run a verb of the cluster's script, which must succeed; return its stdout."""
        done = subprocess.run(
            [str(self.script), *words], capture_output=True, text=True, timeout=seconds, check=False, env=self.home()
        )
        assert done.returncode == 0, f"cluster {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout

    @staticmethod
    def home() -> dict[str, str]:
        """Return the environment of the script: with the user's own home, where the built cluster is cached."""
        return {**os.environ, **_HOME}

    def sh(self, node: str, command: str) -> str:
        """Run a command as root on a node, past Kubernetes."""
        return self.run("sh", node.removeprefix("node"), command)


_HOME = {name: os.environ[name] for name in ("HOME", "XDG_CACHE_HOME", "CLUSTER_DIR", "KUBE") if name in os.environ}
