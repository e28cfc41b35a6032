"""A restart in nftables mode: verified by mode, first sync and tables; what is not seen is named, and never success."""

import re
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from tests.harness import Ipvs, MakeSandbox, frames_of

PACE = ("--settle", "0s", "--timeout", "20s")
OPTIONS: dict[str, Any] = {"nodes": 1, "mode": "nftables", "version": "v1.36.3"}
SEEN = "node1: verified: nftables mode, [0-9]+ addresses of Services in nft "


def answering(box: Sandbox, path: str, answer: bytes, times: int = -1) -> list[int]:
    """Let the next GETs of this path (below 0: all) bring another answer; return how many are left."""
    left = [times]

    def hook(request: Request) -> Reply | None:
        if not request.path.endswith("/portforward") or not left[0]:
            return None
        port = int(request.query["ports"][0]).to_bytes(2, "little")

        async def serve(channel: Channel) -> None:
            await channel.send(b"\x00" + port)
            await channel.send(b"\x01" + port)
            asked = await channel.receive() or b""
            wanted = f"GET {path} ".encode() in asked
            left[0] -= wanted
            body = answer if wanted else b"nftables" if b"/proxyMode" in asked else METRICS
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            await channel.send(b"\x00" + head)
            await channel.send(b"\x00" + body)

        return Upgrade("v4.channel.k8s.io", serve)

    box.hook = hook
    return left


def answering_nft(box: Sandbox, *frames: bytes) -> None:
    """Let nft answer with these frames."""

    def hook(request: Request) -> Reply | None:
        if request.query.get("command", [""])[0] != "nft":
            return None
        return frames_of(frames)

    box.hook = hook


METRICS = b"kubeproxy_sync_proxy_rules_last_timestamp_seconds 1.79e+09\n"
NEVER = b"kubeproxy_sync_proxy_rules_last_timestamp_seconds 0\n"


def test_all_is_seen(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The pod is new, its mode is nftables, it has synced, and nft has the Services' addresses."""
    box = sandbox(**OPTIONS)

    run = ipvs(box, "restart", *PACE)
    document = ipvs(box, "restart", "-o", "json", *PACE).json

    assert (run.code, run.out, bool(re.search(SEEN, run.err))) == (0, "node/node1 restarted\n", True), run.err
    assert (document["outcome"], document["nodes"][0]["outcome"]) == ("verified", "verified")


def test_by_the_port_that_is_configured(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The configuration's metricsBindAddress says where kube-proxy is asked."""
    box = sandbox(**OPTIONS)
    box.set_config(box.config.replace('metricsBindAddress: ""', "metricsBindAddress: 0.0.0.0:19249"))

    run = ipvs(box, "restart", *PACE)

    asked = {seen.query["ports"][0] for seen in box.requests if seen.path.endswith("/portforward")}
    assert (run.code, asked) == (0, {"19249"}), run.err


@pytest.mark.parametrize(
    ("path", "answer", "doubt"),
    [
        ("/proxyMode", b"ipvs", "kube-proxy's mode is ipvs"),
        ("/metrics", NEVER, "kube-proxy has not synced its rules yet"),
    ],
)
def test_not_yet(path: str, answer: bytes, doubt: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Another mode, or no sync since the start, is waited for; where it stays so the node fails, with the reason."""
    box = sandbox(**OPTIONS)
    left = answering(box, path, answer, 2)
    soon = ipvs(box, "restart", *PACE)
    waited = left[0]
    answering(box, path, answer)

    never = ipvs(box, "restart", "--settle", "0s", "--timeout", "2s")

    assert (soon.code, waited) == (0, 0), soon.err
    assert (never.code, never.out) == (3, f"node/node1 failed: not verified within 2s: {doubt}\n")


def test_tables_that_are_empty(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Tables without any Service verify nothing, whatever kube-proxy says of itself."""
    box = sandbox(**OPTIONS)
    answering_nft(box, b'\x01{"nftables": []}', b'\x03{"status": "Success"}')

    run = ipvs(box, "restart", "--settle", "0s", "--timeout", "2s")

    assert (run.code, "not verified within 2s: its nft tables have no Service" in run.out) == (3, True), run.out


def test_an_image_without_nft(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What the image cannot show is named, and is no error, as a kernel that cannot be seen is none."""
    box = sandbox(**OPTIONS)
    answering_nft(box, b'\x03{"status": "Failure", "message": "exec: \\"nft\\": executable file not found in $PATH"}')

    run = ipvs(box, "restart", *PACE)
    document = ipvs(box, "restart", "-o", "json", *PACE).json

    why = "not seen: its nft tables (the image has no nft)"
    assert (run.code, run.out) == (0, f"node/node1 restarted, not verified: {why}\n")
    assert f"not verified in the kernel: node1 ({why})" in run.err
    assert (document["nodes"][0]["outcome"], document["nodes"][0]["seenInKernel"]) == ("restarted", False)


def test_port_forward_that_is_denied(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What could have been seen and was not: named, exit code 3, and the outcome is not verified."""
    box = sandbox(**OPTIONS)
    for verb in ("create", "get"):
        box.deny(verb, "pods", subresource="portforward")

    run = ipvs(box, "restart", *PACE)
    document = ipvs(box, "restart", "-o", "json", *PACE).json

    assert (run.code, document["outcome"], document["nodes"][0]["outcome"]) == (3, "partial", "restarted")
    assert run.out.startswith("node/node1 restarted, not verified: not seen: its mode and its first sync (pods ")


def test_nobody_listens(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where kube-proxy serves its metrics on another address than the loopback's, that is found in time and named."""
    box = sandbox(**OPTIONS)
    box.set_config(box.config.replace('metricsBindAddress: ""', "metricsBindAddress: 172.18.0.2:10249"))

    run = ipvs(box, "restart", "--settle", "0s", "--timeout", "6s")

    why = "nothing listens on port 10249 of the pod's loopback address"
    said = f"node/node1 restarted, not verified: not seen: its mode and its first sync ({why})\n"
    assert (run.code, run.out) == (3, said), run.err


def test_in_iptables_mode_the_pod_alone_counts(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """There is nothing to ask for: no port-forward, no nft."""
    box = sandbox(**{**OPTIONS, "mode": "iptables"})

    run = ipvs(box, "restart", *PACE)

    asked = [seen for seen in box.requests if seen.path.endswith(("/portforward", "/exec"))]
    assert (run.code, asked) == (0, []), run.err
    assert "the mode is iptables: verified by pods that stay up, not in the kernel" in run.err
