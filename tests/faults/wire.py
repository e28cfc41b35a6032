"""Answers that no healthy API server or node gives, for the hook of a sandbox."""

import json
import time
from collections.abc import Awaitable, Callable

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Drop, Reply, Request, Response, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel

Hook = Callable[[Request], Reply | None]
SUCCESS = b'\x03{"metadata":{},"status":"Success"}'
HTML = (("content-type", "text/html"),)
WATCH_ERROR = Response(200, b'{"type":"ERROR","object":{"kind":"Status","code":500,"message":"no"}}\n')
HALF_EVENT = Response(200, b'{"type":"MODIFIED","object":{"kind":"Pod","metad')
V5 = "v5.channel.k8s.io"


def refusal(code: int, reason: str, message: str, *headers: tuple[str, str]) -> Response:
    """Refuse as the API server does, with a Status object."""
    body = {"kind": "Status", "status": "Failure", "reason": reason, "message": message, "code": code}
    return Response(code, json.dumps(body).encode(), (("content-type", "application/json"), *headers))


BUSY_503 = refusal(503, "ServiceUnavailable", "the server is starting", ("retry-after", "1"))


def always(reply: Reply) -> Callable[[Sandbox], None]:
    """Answer every request so."""

    def arrange(box: Sandbox) -> None:
        box.hook = lambda _: reply

    return arrange


def on(matches: Callable[[Request], bool], reply: Callable[[Request], Reply | None]) -> Callable[[Sandbox], None]:
    """Answer the requests that match so, each time."""

    def arrange(box: Sandbox) -> None:
        box.hook = lambda request: reply(request) if matches(request) else None

    return arrange


def first(
    matches: Callable[[Request], bool], act: Callable[[Sandbox, Request], Reply | None]
) -> Callable[[Sandbox], None]:
    """Do something at the first request that matches, and answer it so (None: as ever)."""

    def arrange(box: Sandbox) -> None:
        def hook(request: Request) -> Reply | None:
            if not matches(request):
                return None
            box.hook = None
            return act(box, request)

        box.hook = hook

    return arrange


def unanswered(box: Sandbox, request: Request) -> Reply:
    """Do what is asked, and close the connection before the answer."""
    user = box._access.impersonate(request, box._access.authenticate(request))  # noqa: SLF001 - no door for that
    box._api.reply(request, user)  # noqa: SLF001 - as above
    return Drop()


def died(box: Sandbox, request: Request) -> Reply:
    """Do what is asked, and die before the answer."""
    reply = unanswered(box, request)
    box.outage(0.1)
    return reply


def is_exec(request: Request) -> bool:
    """Tell whether this is an exec."""
    return request.path.endswith("/exec")


def is_table(request: Request) -> bool:
    """Tell whether this is an exec that reads the kernel's table."""
    words = request.query.get("command", [""])
    return is_exec(request) and (words[0] == "ipvsadm" or words[-1] == "/proc/net/ip_vs")


def is_write(request: Request) -> bool:
    """Tell whether this changes the ConfigMap, in earnest."""
    return request.method == "PATCH" and "dryRun" not in request.query


def is_delete(request: Request) -> bool:
    """Tell whether this deletes a pod."""
    return request.method == "DELETE" and b"dryRun" not in request.body


def is_use(request: Request) -> bool:
    """Tell whether this uses a pod that was listed: reads its table, or deletes it."""
    return is_table(request) or is_delete(request)


def is_watch(request: Request) -> bool:
    """Tell whether this is a watch."""
    return "watch" in request.query


def every(_: Request) -> bool:
    """Match everything."""
    return True


def slowly(seconds: float) -> Hook:
    """Let every answer take a while; the sandbox has one thread."""

    def hook(_: Request) -> None:
        time.sleep(seconds)

    return hook


def speaks(serve: Callable[[Channel], Awaitable[None]]) -> Callable[[Sandbox], None]:
    """Let every exec that reads a table be upgraded, and say this."""
    return on(is_table, lambda _: Upgrade(V5, serve))


def frames(*sent: bytes) -> Callable[[Sandbox], None]:
    """Let every such exec say these frames and close."""

    async def serve(channel: Channel) -> None:
        for frame in sent:
            await channel.send(frame)

    return speaks(serve)


def table(change: Callable[[bytes], bytes]) -> Callable[[Sandbox], None]:
    """Let every such exec print the node's table, changed."""

    def arrange(box: Sandbox) -> None:
        def hook(request: Request) -> Reply | None:
            if not is_table(request):
                return None
            pod = request.path.split("/")[-2]
            node = box.get("Pod", "kube-system", pod)["spec"]["nodeName"]

            async def serve(channel: Channel) -> None:
                await channel.send(b"\x01" + change(box.table(node).encode()))
                await channel.send(SUCCESS)

            return Upgrade(V5, serve)

        box.hook = hook

    return arrange


def ended(code: int, stderr: str, stdout: bytes = b"") -> Callable[[Sandbox], None]:
    """Let every such exec end with this code."""
    cause = {"reason": "ExitCode", "message": str(code)}
    message = f"command terminated with non-zero exit code: exit code {code}"
    status = {"status": "Failure", "reason": "NonZeroExitCode", "message": message, "details": {"causes": [cause]}}
    return frames(b"\x01" + stdout, b"\x02" + stderr.encode(), b"\x03" + json.dumps(status).encode())


def endless(chunk: bytes, megabytes: float = float("inf")) -> Callable[[Sandbox], None]:
    """Let every such exec print so much, or for ever."""

    async def serve(channel: Channel) -> None:
        sent = 0
        while sent < megabytes * 1024 * 1024:
            await channel.send(b"\x01" + chunk)
            sent += len(chunk)
        await channel.send(SUCCESS)

    return speaks(serve)


def paged_and_changed(box: Sandbox) -> None:
    """Give lists in pages of one, and change an object of the list between two pages."""

    def hook(request: Request) -> None:
        if "limit" in request.query:
            request.query["limit"] = ["1"]
        if "continue" in request.query and request.path.endswith("/pods"):
            for pod in box.objects("Pod"):
                name = pod["metadata"]["name"]
                box.edit(
                    "Pod", "kube-system", name, lambda obj: obj["metadata"]["labels"].update(at=str(request.number))
                )

    box.hook = hook


def paged(box: Sandbox) -> None:
    """Give lists in pages of one, and forget the list once between two pages: 410."""
    forgotten: list[int] = []

    def hook(request: Request) -> None:
        if "limit" in request.query:
            request.query["limit"] = ["1"]
        if "continue" in request.query and not forgotten:
            forgotten.append(request.number)
            box.compact()

    box.hook = hook
