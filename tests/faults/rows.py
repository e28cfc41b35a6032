"""The rows of the fault matrix: what can be wrong, and how it is made."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.certificates.pki import server_context
from kubectl_ipvs.sandbox.wire.exchange import Drop, Hang, Raw, Reply, Request, Response
from tests.faults import wire
from tests.faults.fault import LOST, SYSTEM, TWO, Fault, denied
from tests.faults.rows_of_a_run import MEANWHILE, NODES

Obj = dict[str, Any]
TABLE = "IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n"
SERVERS = "TCP  10.96.0.1:443 rr\n  -> 10.1.1.1:6443            Masq    1      0          0         \n"
OTHER_UID = "11111111-2222-3333-4444-555555555555"
IPTABLES = "Chain PREROUTING (policy ACCEPT)\ntarget     prot opt source               destination\n" * 3


def expired(box: Sandbox) -> None:
    """Give the server a certificate that ended yesterday."""
    yesterday = datetime.now(timezone.utc) - timedelta(days=1)
    identity = box._authority.issue("kube-apiserver", ips=("127.0.0.1",), not_after=yesterday)  # noqa: SLF001 - no door for that
    box.stop()
    box._tls = server_context(identity, box.ca)  # noqa: SLF001 - as above
    box.start()


def outage(matches: Callable[[Request], bool]) -> Callable[[Sandbox], None]:
    """Restart the API server at the first request that matches; it is back in 0.3 s."""

    def act(box: Sandbox, _: Request) -> Reply:
        box.outage(0.3)
        return Drop()

    return wire.first(matches, act)


def gone(box: Sandbox, request: Request) -> None:
    """Delete the pod that is about to be used; the DaemonSet makes another."""
    parts = request.path.split("/")
    box.remove("Pod", SYSTEM, parts[parts.index("pods") + 1])


def recreated(box: Sandbox, request: Request) -> None:
    """Let another pod stand under the name of the one that is about to be used."""
    parts = request.path.split("/")
    box.edit("Pod", SYSTEM, parts[parts.index("pods") + 1], lambda pod: pod["metadata"].update(uid=OTHER_UID))


def moved(box: Sandbox, _: Request) -> None:
    """Let node2's pod stand on node1, as a second one there."""
    two_pods(box)


def no_daemon_set(box: Sandbox, _: Request) -> None:
    """Delete the DaemonSet, its pods stay: as `kubectl delete --cascade=orphan` does."""
    box.remove("DaemonSet", SYSTEM, "kube-proxy")


def on_node(box: Sandbox, node: str) -> str:
    """Give the name of a node's pod."""
    return next(str(pod["metadata"]["name"]) for pod in box.objects("Pod") if pod["spec"].get("nodeName") == node)


def evicted(pod: Obj) -> None:
    """Leave a pod as an eviction does."""
    pod["status"] = {"phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory."}


def evict(box: Sandbox) -> None:
    """Evict node2's pod."""
    box.edit("Pod", SYSTEM, on_node(box, "node2"), evicted)


def remove_node(box: Sandbox, _: Request) -> None:
    """Take node2 away, and its pod with it."""
    box.fault("node2", "no-pod")
    box.remove("Node", "", "node2")


def two_pods(box: Sandbox) -> None:
    """Let node2's pod stand on node1, as a second one there."""

    def move(pod: Obj) -> None:
        pod["spec"]["nodeName"] = "node1"
        pod["status"]["conditions"] = []

    box.edit("Pod", SYSTEM, on_node(box, "node2"), move)


def replaced(change: Callable[[Obj], object]) -> Callable[[Sandbox], None]:
    """Let somebody delete and create the ConfigMap right before our write."""

    def act(box: Sandbox, _: Request) -> None:
        def anew(obj: Obj) -> None:
            obj["metadata"]["uid"] = OTHER_UID
            change(obj)

        box.edit("ConfigMap", SYSTEM, "kube-proxy", anew)

    return wire.first(wire.is_write, act)


def other_text(obj: Obj) -> None:
    """Write another value, as somebody else would."""
    obj["data"]["config.conf"] = obj["data"]["config.conf"].replace("minSyncPeriod: 0s", "minSyncPeriod: 1s")


def terminating(box: Sandbox) -> None:
    """Let the namespace be deleted: what is deleted is not made again."""

    def act(box: Sandbox, _: Request) -> None:
        for node in box.nodes:
            box.fault(node, "no-pod")

    box.edit("Namespace", "", SYSTEM, lambda obj: obj["status"].update(phase="Terminating"))
    wire.first(wire.is_delete, act)(box)


def large(box: Sandbox) -> None:
    """Let the ConfigMap be as large as one may be: in another key, as somebody's notes."""
    box.edit("ConfigMap", SYSTEM, "kube-proxy", lambda obj: obj["data"].update(notes="filler\n" * 140_000))


def huge(box: Sandbox) -> None:
    """Make the configuration longer than any ConfigMap."""
    box.set_config(box.config + "\n" + "# filler of a comment, a line long\n" * 40_000)


HURRIED = ("--request-timeout", "300ms")
CUT = ("--max-output", "1")
BRIEF = ("--exec-timeout", "300ms")
MODIFIED = wire.refusal(409, "Conflict", "the object was modified")
TOO_LARGE = wire.refusal(413, "RequestEntityTooLarge", "too large")
BUSY = wire.refusal(429, "TooManyRequests", "busy", ("retry-after", "1"))
HALF = Raw(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4000\r\n\r\n{"kind": "Dae')

CONNECTION = [
    Fault("connection refused", lambda box: box.stop()),
    Fault("connection reset", wire.always(Drop(reset=True)), loose=LOST),
    Fault("connection closed without an answer", wire.always(Drop()), loose=LOST),
    Fault("TLS: certificate of another name", flags=("--tls-server-name", "example.com")),
    Fault("TLS: certificate has expired", expired),
    Fault("slow answers (0.1 s each)", wire.on(wire.every, wire.slowly(0.1))),
    Fault("no answer", wire.always(Hang(5)), flags=HURRIED),
    Fault("half an answer", wire.always(HALF)),
    Fault("HTML instead of JSON (a login page)", wire.always(Response(200, b"<html>log in</html>", wire.HTML))),
    Fault("no HTTP at all", wire.always(Raw(b"SSH-2.0-OpenSSH_9.6\r\n"))),
]
ANSWERS = [
    Fault("401", wire.always(wire.refusal(401, "Unauthorized", "Unauthorized"))),
    Fault("403 get configmaps", denied("get", "configmaps")),
    Fault("403 get daemonsets", denied("get", "daemonsets")),
    Fault("403 list pods", denied("list", "pods")),
    Fault("403 list nodes", denied("list", "nodes")),
    Fault("403 watch pods", denied("watch", "pods")),
    Fault("403 create pods/exec", denied("create", "pods", "exec")),
    Fault("403 patch configmaps", denied("patch", "configmaps")),
    Fault("403 delete pods", denied("delete", "pods")),
    Fault("403 create leases", denied("create", "leases")),
    Fault("404 the ConfigMap", lambda box: box.remove("ConfigMap", SYSTEM, "kube-proxy")),
    Fault("409 at the write", wire.on(wire.is_write, lambda _: MODIFIED)),
    Fault("410 watch too old", wire.first(wire.is_watch, lambda *_: wire.refusal(410, "Expired", "too old"))),
    Fault("413 at the write", wire.on(wire.is_write, lambda _: TOO_LARGE)),
    Fault("422 at the write", wire.on(wire.is_write, lambda _: wire.refusal(422, "Invalid", "a webhook says no"))),
    Fault("429 with Retry-After: 1, once", wire.first(wire.every, lambda *_: BUSY)),
    Fault("500", wire.always(wire.refusal(500, "InternalError", "etcdserver: leader changed"))),
    Fault("503", wire.always(Response(503, b"no endpoints available", wire.HTML[:0]))),
    Fault("503 with Retry-After: 1, once", wire.first(wire.every, lambda *_: wire.BUSY_503)),
    Fault("API server restarts at the first request", outage(wire.every), loose=LOST),
    Fault("API server restarts at the first use of a pod", outage(wire.is_use)),
    Fault("API server restarts at the write", outage(wire.is_write)),
    Fault("the write is done, its answer is lost", wire.first(wire.is_write, wire.died)),
    Fault("a pod is deleted, the answer is lost", wire.first(wire.is_delete, wire.died)),
    Fault("list forgotten between two pages (410)", wire.paged, TWO),
    Fault("list that changes between two pages", wire.paged_and_changed, TWO),
    Fault("watch that ends with an error in the stream", wire.first(wire.is_watch, lambda *_: wire.WATCH_ERROR)),
    Fault("watch that is cut after half an event", wire.first(wire.is_watch, lambda *_: wire.HALF_EVENT)),
    Fault("client's clock an hour ahead", skew=3600),
    Fault("client's clock an hour behind", skew=-3600),
]  # fmt: skip
EXEC = [
    Fault("exec: not upgraded (200)", wire.on(wire.is_table, lambda _: Response(200, b"{}")), hopeless=True),
    Fault("exec: refused by the kubelet", options={"faults": {"node1": "exec-refused"}}, hopeless=True),
    Fault("exec: v4 alone", options={"faults": {"node1": "v4"}}),
    Fault("exec: hangs before the first byte", wire.on(wire.is_table, lambda _: Hang(5)), flags=BRIEF, hopeless=True),
    Fault("exec: hangs after the first byte", options={"faults": {"node1": "hang"}}, flags=BRIEF, hopeless=True),
    Fault("exec: closed without a status", options={"faults": {"node1": "no-status"}}, hopeless=True),
    Fault("exec: exit 1", wire.ended(1, "Permission denied (you must be root)"), hopeless=True),
    Fault("exec: exit 126", wire.ended(126, "sh: ipvsadm: Permission denied"), hopeless=True),
    Fault("exec: exit 127", wire.ended(127, "sh: ipvsadm: not found")),
    Fault("exec: exit 137 (killed)", wire.ended(137, "", (TABLE + SERVERS).encode()), hopeless=True),
    Fault("exec: endless output, --max-output 1", wire.endless(SERVERS.encode() * 300), flags=CUT, hopeless=True),
    Fault("exec: one frame per byte", options={"faults": {"node1": "one-byte"}}),
    Fault("exec: stderr alone", wire.frames(b"\x02nothing here", wire.SUCCESS), hopeless=True),
    Fault("exec: nothing but a status", wire.frames(wire.SUCCESS), hopeless=True),
    Fault("exec: bytes that are no text", options={"faults": {"node1": "garbage"}}, hopeless=True),
    Fault("exec: control characters in the table", options={"faults": {"node1": "control"}}),
    Fault("exec: a line of invalid UTF-8", wire.table(lambda text: text + b"\xff\xfe\xc3\x28\n")),
    Fault("exec: a line with NUL", wire.table(lambda text: text + b"TCP  0A600009:0050 r\x00r\n")),
    Fault("exec: cut in the middle", options={"faults": {"node1": "half"}}, hopeless=True),
    Fault(
        "exec: half a line, and success",
        wire.frames(b"\x01" + (TABLE + SERVERS)[:-60].encode(), wire.SUCCESS),
        hopeless=True,
    ),
    Fault("exec: a table of another tool", wire.frames(b"\x01" + IPTABLES.encode(), wire.SUCCESS), hopeless=True),
    Fault("exec: a status that is no JSON", wire.frames(b"\x01" + TABLE.encode(), b"\x03Success"), hopeless=True),
]
OBJECTS = [
    Fault("pod deleted before it is used", wire.first(wire.is_use, gone)),
    Fault("pod recreated under its name before it is used", wire.first(wire.is_use, recreated), hopeless=True),
    Fault("pod moved to another node in the middle", wire.first(wire.is_use, moved), TWO, hopeless=True),
    Fault("pod evicted", evict, TWO),
    Fault("node removed in the middle", wire.first(wire.is_use, remove_node), TWO, hopeless=True),
    Fault("two kube-proxy pods on one node, none on another", two_pods, TWO, hopeless=True),
    Fault("no pod on a node", options={**TWO, "faults": {"node2": "no-pod"}}, hopeless=True),
    Fault("Windows node", options={**TWO, "faults": {"node2": "windows"}}),
    Fault("node not ready", options={**TWO, "faults": {"node2": "not-ready"}}),
    Fault("DaemonSet gone", lambda box: box.remove("DaemonSet", SYSTEM, "kube-proxy")),
    Fault("DaemonSet deleted in the middle, its pods stay", wire.first(wire.is_use, no_daemon_set), hopeless=True),
    Fault("ConfigMap replaced by its like at the write", replaced(lambda _: None)),
    Fault("ConfigMap replaced by another at the write", replaced(other_text)),
    Fault("ConfigMap immutable", options={"immutable": True}),
    Fault("ConfigMap of nearly 1 MiB", large),
    Fault("configuration of more than 1 MiB", huge),
    Fault("namespace terminating", terminating, hopeless=True),
]
GROUPS = {
    "Connection": CONNECTION,
    "Answers": ANSWERS,
    "Exec": EXEC,
    "Objects": OBJECTS,
    "Nodes": NODES,
    "During a run": MEANWHILE,
}
FAULTS = {fault.name: fault for faults in GROUPS.values() for fault in faults}
