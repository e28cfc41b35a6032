"""-v: what goes over the wire, on stderr, at kubectl's levels."""

import re

import pytest

from kubectl_ipvs.sandbox.wire.exchange import Drop
from tests.harness import Ipvs, MakeSandbox, Run

BAD = 'error: invalid argument "{}" for "-v, --v": it takes a number\n'
CORE = "/api/v1/namespaces/kube-system"
LISTS = [
    "/apis/apps/v1/namespaces/kube-system/daemonsets?limit=500",
    *(f"{CORE}/pods?limit=500&labelSelector={label}%3Dkube-proxy" for label in ("k8s-app", "component")),
]
QUIET = "v1.34.2"  # nothing is said of its mode


def times(text: str) -> str:
    """Take the milliseconds out."""
    return re.sub(r"in \d+ milliseconds", "in N milliseconds", text)


@pytest.mark.parametrize(
    "words",
    [("-v=6", "get"), ("get", "-v=6"), ("get", "-v", "6"), ("--v=6", "get"), ("get", "-v6"), ("-v", "6", "get")],
)
def test_requests(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-v=6, however it is spelled, is one line a request: method, URL, status, time; stdout is as ever.

    The lists are asked for at the same time, in no order; the configuration after them.
    """
    box = sandbox(nodes=1, version=QUIET)

    run = ipvs(box, *words, "-o=name")

    lines = times(run.err).splitlines()
    said = [f"GET {box.url}{path} 200 OK in N milliseconds" for path in (*LISTS, f"{CORE}/configmaps/kube-proxy")]
    assert (run.code, run.out) == (0, "configmap/kube-proxy\n")
    assert (sorted(lines[:-1]), lines[-1]) == (sorted(said[:-1]), said[-1])


def test_levels(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Below 6 nothing; 7 adds headers, 8 bodies up to 1024 characters, 9 whole bodies."""
    box = sandbox(nodes=1, version=QUIET)

    errs = [ipvs(box, "get", f"-v={level}").err for level in (0, 5, 7, 8, 9, 99)]

    headers = "Request Headers:\n    User-Agent: kubectl-ipvs/"
    assert errs[:2] == ["", ""]
    assert [headers in err for err in errs[2:]] == [True] * 4
    assert [err.count("Response Body: ") for err in errs[2:]] == [0, 4, 4, 4]
    assert [err.count(" chars]\n") for err in errs[2:]] == [0, 3, 0, 0]
    assert max(map(len, errs[3].splitlines())) < 1100 < max(map(len, errs[4].splitlines()))


def test_exec_and_watch(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Exec by WebSocket and the events of a watch are logged as well."""
    box = sandbox(nodes=1, version=QUIET)

    run = ipvs(box, "restart", "--settle", "0s", "--timeout", "4s", "-v=8")

    lines = times(run.err).splitlines()
    assert run.code == 0
    assert any("/exec?command=ipvsadm&command=-Ln" in line and " 101 Switching Protocols" in line for line in lines)
    assert any(line.startswith('Watch Event: {"type"') for line in lines)
    assert any(line.startswith("DELETE https://") and line.endswith(" 200 OK in N milliseconds") for line in lines)


def test_no_answer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A request without an answer is logged with the reason."""
    box = sandbox(nodes=1, version=QUIET)
    box.hook = lambda _: Drop()

    run = ipvs(box, "get", "-v=6")

    why = f"cannot (?:connect to|speak TLS with) {box.url[8:]}: .+"
    errors = [line for line in run.err.splitlines() if line.startswith("error: ")]
    logged = [line for line in times(run.err).splitlines() if not line.startswith("error: ")]
    requests = "|".join(re.escape(f"GET {box.url}{path}") for path in LISTS)
    assert (run.code, run.out, len(errors), bool(logged)) == (1, "", 1, True)
    assert re.fullmatch(f"error: {why}", errors[0])
    assert [line for line in logged if not re.fullmatch(f"(?:{requests}) failed in N milliseconds: {why}", line)] == []


@pytest.mark.parametrize("level", ["x", "-1", "1e9", "9999999999", "6.0"])
def test_levels_that_are_none(level: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Anything but a number is a usage error, before anything is sent."""
    box = sandbox(nodes=1, version=QUIET)

    run = ipvs(box, "get", f"--v={level}")

    assert (run, box.requests) == (Run(2, "", BAD.format(level)), [])


def test_equals_sign(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Short flags take an equals sign, as in kubectl; words after -- are another program's."""
    box = sandbox(nodes=1, version=QUIET)

    by_equals, empty = ipvs(box, "get", "-n=kube-system", "-o=name"), ipvs(box, "get", "-n=", "-o=name")

    assert (by_equals, empty) == (Run(0, "configmap/kube-proxy\n", ""),) * 2
    other = ipvs(None, "sandbox", "--nodes", "1", "--", "echo", "-o=name")
    assert (other.code, other.out) == (0, "-o=name\n")
