"""Rights that are missing, connections that cannot be made, servers that answer badly: said as it is, nothing done."""

import itertools
import json
from collections.abc import Callable

import pytest

from kubectl_ipvs.sandbox.wire.exchange import Drop, Hang, Raw, Reply, Request, Response
from tests.harness import BRISK, Ipvs, MakeSandbox, Run

HTML = (("content-type", "text/html"),)
TEXT = (("content-type", "text/plain"),)
ASK = "hint: ask for the right, or try another user with --context or --as\n"


def refusal(code: int, reason: str, message: str, *headers: tuple[str, str]) -> Response:
    """Refuse as the API server does, with a Status object."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": reason,
        "message": message,
        "code": code,
    }
    return Response(code, json.dumps(body).encode(), (("content-type", "application/json"), *headers))


@pytest.mark.parametrize(
    ("verb", "resource", "shown"),
    [
        ("list", "pods", 'pods is forbidden: {} list resource "pods" in {} ""'),
    ],
)  # fmt: skip
def test_right_that_every_command_needs(verb: str, resource: str, shown: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it the command ends with the server's own words."""
    box = sandbox(nodes=1)
    box.deny(verb, resource)

    run = ipvs(box, "status")

    words = shown.format('User "admin" cannot', "API group")
    said = f'error: the server refused (Forbidden): {words} in the namespace "kube-system"\n{ASK}'
    assert run == Run(1, "", said)


def test_right_to_read_the_configuration(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it get and set say so and end; status shows every table, compares none, and is not green."""
    box = sandbox(nodes=2)
    box.deny("get", "configmaps")

    got, changed = ipvs(box, "get"), ipvs(box, "set", "--scheduler", "lc", "--force", *BRISK)
    seen, checked = ipvs(box, "status"), ipvs(box, "status", "--check")

    words = 'configmaps "kube-proxy" is forbidden: User "admin" cannot get resource "configmaps"'
    assert [(run.code, run.out, words in run.err) for run in (got, changed)] == [(1, "", True)] * 2
    assert (seen.code, checked.code, [seen.rows[node][-1] for node in box.nodes]) == (3, 3, ["unknown"] * 2)
    assert (words in seen.out, seen.out.splitlines()[-1]) == (True, "0 of 2 nodes in sync, 2 unknown")
    assert (box.restarts, box.schedulers()) == ({"node1": 0, "node2": 0}, {"node1": "rr", "node2": "rr"})


def test_right_to_list_daemon_sets_is_not_needed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it the DaemonSets of the pods that were found are asked for by name; a warning says what is missed."""
    box = sandbox(nodes=2)
    box.deny("list", "daemonsets")

    run = ipvs(box, "status", "--check")

    assert (run.code, run.out.splitlines()[-1]) == (0, "2 of 2 nodes in sync on rr")
    assert run.err.startswith("warning: DaemonSets that have no pod are not looked at: the server refused (Forbidden)")
    assert len(run.err.splitlines()) == 1


def test_no_right_to_any_daemon_set(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who may neither list nor get it is told so in the server's own words: nothing is judged by half a cluster."""
    box = sandbox(nodes=1)
    box.deny("list", "daemonsets")
    box.deny("get", "daemonsets")

    runs = [ipvs(box, *words) for words in (("get",), ("status",), ("restart", *BRISK))]

    words = 'error: the server refused (Forbidden): daemonsets.apps "kube-proxy" is forbidden: User "admin" cannot get'
    assert [(run.code, run.out, run.err.startswith(words)) for run in runs] == [(1, "", True)] * 3


def test_right_to_list_services_is_optional(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """With it a row of no Service is foreign and not compared; without it nobody can tell, and it counts."""
    may, may_not = (sandbox(nodes=1, faults={"node1": "foreign=wlc"}) for _ in range(2))
    may_not.deny("list", "services")

    known, unknown = ipvs(may, "status", "--check"), ipvs(may_not, "status", "--check")

    assert (known.code, known.rows["node1"][-1], unknown.code, unknown.rows["node1"][-1]) == (
        0, "in sync", 5, "out of step",
    )  # fmt: skip
    assert "TCP 192.168.50.10:6443 wlc (of no Service)" in known.out
    assert "kubectl ipvs set --exclude-cidrs 192.168.50.10/32" in unknown.out


def test_right_to_list_nodes_is_not_needed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it status shows the nodes that have a pod, and warns that others are not shown."""
    box = sandbox(nodes=3, faults={"node2": "no-pod"})
    box.deny("list", "nodes")

    run = ipvs(box, "status")

    assert (run.code, [line.split()[0] for line in run.out.splitlines()[:-1]]) == (0, ["NODE", "node1", "node3"])
    assert run.out.splitlines()[-1] == "2 of 2 nodes in sync on rr"
    assert run.err.splitlines() == [
        (
            "warning: nodes without a kube-proxy pod are not shown: the server refused (Forbidden): "
            'nodes is forbidden: User "admin" cannot list resource "nodes" in API group "" at the cluster scope'
        ),
    ]


def test_right_to_exec_makes_the_row(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it a row is `forbidden`, with the server's words below; other nodes are not concerned."""
    box = sandbox(nodes=2)
    pod = next(pod["metadata"]["name"] for pod in box.objects("Pod") if pod["spec"].get("nodeName") == "node2")
    box.deny("create", "pods", subresource="exec", name=pod)

    run = ipvs(box, "status")

    assert (run.code, run.rows["node1"][-1], run.rows["node2"]) == (
        3,
        "in sync",
        ["-", "-", "-", "-", "-", "forbidden"],
    )
    assert (run.err, run.out.splitlines()[-2:]) == (
        "",
        [
            (
                f'node2: forbidden: pods "{pod}" is forbidden: User "admin" cannot create resource "pods/exec" '
                'in API group "" in the namespace "kube-system"'
            ),
            "1 of 2 nodes in sync on rr, 1 forbidden",
        ],
    )


def test_viewer_may_look_and_not_change(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A user who may read sees the configuration; set is refused, and nothing is written."""
    box = sandbox(nodes=1)
    before = box.config

    shown, run = ipvs(box, "get", user="viewer"), ipvs(box, "set", "--scheduler", "lc", *BRISK, user="viewer")

    assert (shown.code, shown.rows["scheduler"], run.code) == (0, ["rr (default)"], 1)
    assert "error: " in run.err
    assert (box.config, box.restarts, box.schedulers()) == (before, {"node1": 0}, {"node1": "rr"})


def test_right_to_patch(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it set ends with what is missing before anything is restarted."""
    box = sandbox(nodes=2)
    before = box.config
    box.deny("patch", "configmaps")

    run = ipvs(box, "set", "--scheduler", "lc", *BRISK)

    assert (run.code, box.config, box.restarts) == (1, before, {"node1": 0, "node2": 0})
    assert 'cannot patch resource "configmaps"' in run.err or "patch configmaps" in run.err
    assert "patched\n" not in run.out


@pytest.mark.parametrize("command", [("set", "--scheduler", "lc"), ("restart",)])
def test_right_to_delete(command: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it no pod is touched, and what was written (if anything) is said."""
    box = sandbox(nodes=2)
    before = box.config
    box.deny("delete", "pods")

    run = ipvs(box, *command, *BRISK)

    assert run.code in {1, 3}
    assert 'cannot delete resource "pods"' in run.err or "delete pods" in run.err
    assert (box.restarts, box.schedulers()) == ({"node1": 0, "node2": 0}, {"node1": "rr", "node2": "rr"})
    if box.config != before:
        assert "configmap/kube-proxy patched\n" in run.out
        assert "node/node2 not restarted\n" in run.out


def test_right_to_watch_is_not_needed(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without it a restart lists every second instead."""
    box = sandbox(nodes=1)
    box.deny("watch", "pods")

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out, box.restarts) == (0, "node/node1 restarted\n", {"node1": 1})


ANSWERS: dict[str, tuple[Callable[[Request], Reply], list[str]]] = {
    "HTML": (
        lambda _: Response(200, b"<html>log in</html>", HTML),
        ["error: the server's answer is not JSON (text/html)",
         "hint: is this the API server's address, or a proxy's login page?"],
    ),
    "HTML 502": (
        lambda _: Response(502, b"<html>bad gateway</html>", HTML),
        [("error: the server refused (502): HTTP 502 with an HTML page: "
          "is this the API server, or a proxy in front of it?")],
    ),
    "503": (
        lambda _: Response(503, b"no endpoints available\n", TEXT),
        ["error: the server refused (ServiceUnavailable): no endpoints available"],
    ),
    "429": (
        lambda _: Response(429, b"slow down", TEXT),
        ["error: the server refused (TooManyRequests): slow down"],
    ),
    "401": (
        lambda _: refusal(401, "Unauthorized", "Unauthorized"),
        ["error: the server refused (Unauthorized): you must be logged in to the server (Unauthorized)",
         "hint: the credentials are missing, wrong or expired: log in again, then try `kubectl auth whoami`"],
    ),
    "a list": (lambda _: Response(200, b"[]"), ["error: the server's answer is not a Kubernetes object"]),
    "escape sequences": (
        lambda _: refusal(500, "InternalError", "\x1b[2Jgone\rfine \u202e"),
        ["error: the server refused (InternalError): \\x1b[2Jgone\\rfine \\u202e"],
    ),
    "no HTTP": (lambda _: Raw(b"ready\r\n\r\n"), ["error: cannot connect to SERVER: ready"]),
    "nothing": (lambda _: Drop(), ["error: cannot connect to SERVER: Remote end closed connection without response"]),
    "no answer": (
        lambda _: Hang(5),
        ["error: SERVER did not answer in time", "hint: try a longer --request-timeout"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("place", ["before", "after"])
def test_server_that_answers_badly(place: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Whatever comes instead of an answer is one error line, its own words kept and made safe for a terminal."""
    box, limit = sandbox(nodes=1), ("--request-timeout", "300ms")
    words = (*limit, "get") if place == "before" else ("get", *limit)

    for case, (answer, said) in ANSWERS.items():
        box.hook = answer
        run = ipvs(box, *words)

        where = box.url.removeprefix("https://")
        assert (run.code, run.out, run.err.splitlines()) == (1, "", [line.replace("SERVER", where) for line in said]), (
            case
        )


def test_retry_after_is_honoured(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A server that asks to come again in a second is asked again then, and not before."""
    box = sandbox(nodes=1, version="v1.34.2")
    busy = itertools.chain([refusal(429, "TooManyRequests", "busy", ("retry-after", "1"))], itertools.repeat(None))
    box.hook = lambda _: next(busy)

    run = ipvs(box, "get", "-o", "name")

    assert run == Run(0, "configmap/kube-proxy\n", "")
    refused = next(seen for seen in box.requests if seen.status == 429)
    asked = [seen for seen in box.requests if seen.path == refused.path and seen.query == refused.query]
    assert ([seen.status for seen in asked], sum(seen.status != 200 for seen in box.requests)) == ([429, 200], 1)
    assert asked[1].at - asked[0].at >= 1


def test_retry_after_is_honoured_by_exec(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A busy API server that puts an exec off is asked again when it said, and the node's row is whole."""
    box = sandbox(nodes=1, image="ipvsadm")
    busy = itertools.chain([refusal(429, "TooManyRequests", "busy", ("retry-after", "1"))], itertools.repeat(None))
    box.hook = lambda request: next(busy) if request.path.endswith("/exec") else None

    run = ipvs(box, "status")

    execs = [seen for seen in box.requests if seen.path.endswith("/exec")]
    assert (run.code, run.rows["node1"][-1], [seen.status for seen in execs]) == (0, "in sync", [429, 101])
    assert execs[1].at - execs[0].at >= 1


def test_server_that_is_down(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A refused connection names the server, for every command that needs one."""
    box = sandbox(nodes=1)
    box.stop()

    where = box.url.removeprefix("https://")
    said = (
        f"error: the connection to the server {where} was refused\nhint: is it the right host and port, and is it up?\n"
    )
    assert [ipvs(box, *words) for words in (("get",), ("status",), ("restart",))] == [Run(1, "", said)] * 3
