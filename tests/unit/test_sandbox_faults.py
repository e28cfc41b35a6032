"""Faults that a change meets: of a node, of the whole cluster, of the API server; and nodes that join."""

import json
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.unit.test_sandbox_world import QUICK, choose, pod_on, ready, restart, until

Obj = dict[str, Any]
CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"


@pytest.fixture
def box() -> Iterator[Sandbox]:
    """Return a sandbox of two nodes."""
    with Sandbox(nodes=2, **QUICK) as made:
        yield made


def ask(box: Sandbox, path: str, patch: Obj | None = None, timeout: float = 5) -> tuple[int, dict[str, str], str]:
    """Send a GET, or a merge patch; return status, headers and body."""
    request = urllib.request.Request(  # noqa: S310 -- https alone
        box.url + path,
        data=None if patch is None else json.dumps(patch).encode(),
        method="GET" if patch is None else "PATCH",
        headers={"Authorization": f"Bearer {box.token}", "Content-Type": "application/merge-patch+json"},
    )
    context = ssl.create_default_context(cadata=box.ca)
    try:
        with urllib.request.urlopen(request, context=context, timeout=timeout) as answer:  # noqa: S310 -- as above
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read().decode()


def write(box: Sandbox, scheduler: str) -> tuple[int, dict[str, str], str]:
    """Patch a scheduler into the ConfigMap, by the API."""
    text = box.config.replace('scheduler: ""', f"scheduler: {scheduler}")
    return ask(box, CONFIG_MAP, {"data": {"config.conf": text}})


def test_fallback_is_a_ready_pod_without_a_table(box: Sandbox) -> None:
    """kube-proxy in iptables mode is Running and Ready, and its table is empty."""
    box.fault("node1", "fallback")
    restart(box, "node1")

    assert until(lambda: ready(box, "node1") and box.schedulers()["node1"] is None)
    assert len(box.table("node1").splitlines()) == 3


def test_no_real_servers(box: Sandbox) -> None:
    """A restarted kube-proxy makes its virtual servers and nothing behind them; the next one is well again."""
    box.fault("node1", "no-real-servers")
    assert "->" in box.table("node1").splitlines()[4]
    restart(box, "node1")
    assert until(lambda: [line for line in box.table("node1").splitlines()[3:] if "->" in line] == [])

    box.heal("node1")
    restart(box, "node1")

    assert until(lambda: "->" in box.table("node1").splitlines()[4])


def test_pending_for_ever(box: Sandbox) -> None:
    """A pod that stays Pending says why, and runs as soon as that is mended."""
    box.fault("node1", "pending=ImagePullBackOff")
    restart(box, "node1")

    assert until(lambda: "ImagePullBackOff" in json.dumps(pod_on(box, "node1")))
    assert pod_on(box, "node1")["status"]["phase"] == "Pending"
    box.heal("node1")
    assert until(lambda: ready(box, "node1"))


def test_pending_from_the_start() -> None:
    """A node whose fault is there at the start has never had a running pod."""
    with Sandbox(nodes=2, faults={"node2": "pending"}, **QUICK) as box:
        assert (ready(box, "node2"), box.schedulers()) == (False, {"node1": "rr", "node2": None})


def test_a_clock_that_is_ahead(box: Sandbox) -> None:
    """Times of the kubelet are its clock's; those of the API server are not."""
    box.fault("node1", "skew=3600")
    restart(box, "node1")
    assert until(lambda: ready(box, "node1"))

    made = pod_on(box, "node1")
    started = made["status"]["containerStatuses"][0]["state"]["running"]["startedAt"]
    assert started > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3000))
    assert made["metadata"]["creationTimestamp"] < time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 60))


def test_a_lost_edge_node_keeps_its_pod(box: Sandbox) -> None:
    """kubeedge: the node is NotReady and its pod stays Ready; deleting it comes to no end."""
    box.fault("node2", "kubeedge")

    conditions = box.get("Node", "", "node2")["status"]["conditions"]
    assert {each["type"]: each["status"] for each in conditions}["Ready"] == "Unknown"
    assert ready(box, "node2")


def test_a_node_that_joins(box: Sandbox) -> None:
    """It gets the pods that are meant for it, in the configuration of now; one with a foreign taint gets none."""
    choose(box, "lc")
    box.edit("ds", "kube-system", "kube-proxy", lambda obj: obj["spec"]["template"]["spec"].update(tolerations=[]))

    box.add_node("late", labels={"zone": "b"})
    box.add_node("other", taints=[{"key": "x", "effect": "NoSchedule"}])

    assert until(lambda: box.schedulers().get("late") == "lc")
    assert (box.get("Node", "", "late")["metadata"]["labels"]["zone"], pod_on(box, "other")) == ("b", {})
    assert box.restarts["late"] == 0
    with pytest.raises(ValueError, match="there is a node late already"):
        box.add_node("late")


def test_somebody_puts_the_old_text_back(box: Sandbox) -> None:
    """revert: a written text stays for so many seconds; what puts it back has a name of its own."""
    before = box.config
    box.fault("cluster", "revert=0.2")

    assert write(box, "lc")[0] == 200
    assert "scheduler: lc" in box.config
    assert until(lambda: box.config == before)
    managers = {each["manager"] for each in box.config_map()["metadata"]["managedFields"]}
    assert "argocd-controller" in managers


def test_a_webhook_changes_what_is_written(box: Sandbox) -> None:
    """webhook: the answer of the write has the scheduler rr; other fields are stored as they came."""
    box.fault("cluster", "webhook")
    status, _, body = write(box, "lc\n  syncPeriod: 9s")

    stored = json.loads(body)["data"]["config.conf"]
    assert (status, stored, "scheduler: rr" in stored, "syncPeriod: 9s" in stored) == (200, box.config, True, True)
    box.heal("cluster")
    assert (write(box, "lc")[0], "scheduler: lc" in box.config) == (200, False)  # the text has "rr" by now


def test_faults_of_the_cluster_and_of_a_node_are_told_apart(box: Sandbox) -> None:
    """A kind of the one is none of the other."""
    with pytest.raises(ValueError, match="no such fault: 'webhook'"):
        box.fault("node1", "webhook")
    with pytest.raises(ValueError, match="no such fault: 'hang'"):
        box.fault("cluster", "hang")
    with pytest.raises(ValueError, match="faults: no such node: node9"):
        Sandbox(nodes=1, faults={"node9": "hang"})


@pytest.mark.parametrize("wait", ["2", "Wed, 21 Oct 2035 07:28:00 GMT"], ids=["seconds", "date"])
def test_http_errors(wait: str, box: Sandbox) -> None:
    """So many requests of one kind are answered with an error and its headers, the others as ever."""
    box.api_fault("get", "configmaps", 429, {"Retry-After": wait}, times=2)

    answers = [ask(box, CONFIG_MAP) for _ in range(3)]

    assert [status for status, _, _ in answers] == [429, 429, 200]
    assert {name.lower(): value for name, value in answers[0][1].items()}["retry-after"] == wait
    assert json.loads(answers[0][2])["reason"] == "TooManyRequests"
    assert ask(box, "/api/v1/nodes")[0] == 200


def test_a_request_that_is_swallowed(box: Sandbox) -> None:
    """It is never answered and does nothing; the sandbox ends in spite of it."""
    before = box.config
    box.swallow("patch", "configmaps", times=1)

    with pytest.raises((TimeoutError, socket.timeout, urllib.error.URLError)):
        ask(box, CONFIG_MAP, {"data": {"config.conf": "x"}}, timeout=0.3)

    assert box.config == before
    assert ask(box, CONFIG_MAP, {"data": {"config.conf": "x"}})[0] == 200


def test_faults_of_the_api_are_mended(box: Sandbox) -> None:
    """`api_heal` ends them all."""
    box.api_fault("*", "*", 500, times=-1)
    assert [ask(box, "/api/v1/pods")[0], ask(box, CONFIG_MAP)[0]] == [500, 500]

    box.api_heal()

    assert ask(box, "/api/v1/pods")[0] == 200


def test_somebody_acts_after_a_write(box: Sandbox) -> None:
    """It is called when the text is stored, and may write itself without being called again; a dry run calls nobody."""
    seen: list[str] = []

    def race(obj: Obj) -> None:
        seen.append(obj["data"]["config.conf"])
        box.set_config("theirs")

    box.on_write(race)
    ask(box, f"{CONFIG_MAP}?dryRun=All", {"data": {"config.conf": "dry"}})
    ask(box, CONFIG_MAP, {"data": {"config.conf": "mine"}})

    assert (seen, box.config) == (["mine"], "theirs")


def test_logs_of_a_crash(box: Sandbox) -> None:
    """The words kube-proxy ended with are in its log and, once it runs again, in the previous one alone."""
    url = "/api/v1/namespaces/kube-system/pods/{}/log?container=kube-proxy{}"
    name = pod_on(box, "node1")["metadata"]["name"]
    status, _, body = ask(box, url.format(name, "&previous=true"))
    assert (status, "previous terminated container" in body) == (400, True)

    choose(box, "typo")
    restart(box, "node1")
    assert until(lambda: "CrashLoopBackOff" in json.dumps(pod_on(box, "node1")))
    name = pod_on(box, "node1")["metadata"]["name"]
    for query in ("", "&previous=true", "&tailLines=1"):
        assert "can't use the IPVS proxier" in ask(box, url.format(name, query))[2]

    choose(box, "lc")
    assert until(lambda: ready(box, "node1"))
    assert "can't use the IPVS proxier" in ask(box, url.format(name, "&previous=true&tailLines=1"))[2]
    assert "can't use the IPVS proxier" not in ask(box, url.format(name, ""))[2]
