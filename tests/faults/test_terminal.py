"""Nothing that comes from a cluster can write to the terminal: not in any format, not in any message."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.cli import console
from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.change.edits import Change
from kubectl_ipvs.operations.change.final_look import Glance
from kubectl_ipvs.operations.change.options import ChangeOptions
from kubectl_ipvs.operations.change.plan import Plan
from kubectl_ipvs.operations.change.run import Kind, Outcome
from kubectl_ipvs.operations.installation import Installation, ProxyNode, Where
from kubectl_ipvs.operations.rollout.node import NodeOutcome, Target
from kubectl_ipvs.operations.rollout.pace import Pace
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.operations.survey import NodeStatus, Status
from kubectl_ipvs.output import closing, plan_text, status, watching
from kubectl_ipvs.output import configuration as configuration_text
from kubectl_ipvs.output import report as change
from kubectl_ipvs.output.columns import table
from kubectl_ipvs.proxy.checks.findings import Finding
from kubectl_ipvs.proxy.max_unavailable import MaxUnavailable
from kubectl_ipvs.sandbox import Options, Sandbox
from kubectl_ipvs.sandbox.nodes.layouts import configuration
from tests.faults.wire import refusal
from tests.harness import BRISK, Ipvs, MakeSandbox

# clears, colours, a title, a hyperlink, a C1 sequence, right-to-left marks, a tag, a lone surrogate, line tricks
HOSTILE = (
    "\x1b[2J\x1b[31m\x1b]0;owned\x07\x1b]8;;http://evil\x1b\\\x9b5n\x90q\x9c\u202egnp\u2066\u200e\U000e0041\r\b\x7f\x00"
)
ALLOWED = {"\n"}
hostile = st.one_of(st.text(), st.text("\x1b\x07\x9b\r\n\b\x7f\u202e\u2066\u200b\ufeff[]0;m\\ab"), st.just(HOSTILE))


def moves(text: str) -> set[str]:
    """Give the characters of a text that could move a cursor, change a state, or turn the reading direction."""
    tricks = "\x7f\xad\u061c\u180e\ufeff\u2028\u2029"
    return {
        char for char in text
        if (char < " " or "\x80" <= char < "\xa0" or char in tricks or "\u200b" <= char <= "\u200f"
            or "\u202a" <= char <= "\u202e" or "\u2060" <= char <= "\u206f" or "\ud800" <= char <= "\udfff")
    } - ALLOWED  # fmt: skip


def row(draw: Callable[[], str]) -> NodeStatus:
    """Make a row in which every text is hostile."""
    return NodeStatus(
        draw(), draw(), {draw(): 1}, 1, 1, 1, 1, "out-of-step", draw(), draw(), draw(), draw(), 5,
        unparsed=(draw(),), unparsed_lines=1,
    )  # fmt: skip


def plan_of(draw: Callable[[], str], outcome: NodeOutcome) -> Plan:
    """Make a plan in which every text is hostile."""
    held = ConfigMap("n", draw(), "1", {draw(): draw()}, False, {}, {}, (), {})  # noqa: FBT003 - immutable, by place
    source = Source(
        "ConfigMap", "n", draw(), draw(), (draw(),), draw(), held, draw(), None, draw(), draw(), invalid=True
    )
    node = ProxyNode(draw(), None, None, None, source)
    found = Installation("n", (), (source,), (node,), (), (draw(),))
    findings = (Finding(code=draw(), severity="error", reason=draw(), hint=draw()),)
    options = ChangeOptions(Pace(MaxUnavailable(1, percent=False), 1.0, 1.0))
    change = Change(found, (), {"scheduler": draw()})
    return Plan(Where(), change, options, (node,), (Target(node, None),), (outcome,), findings, draw())


@given(st.data())
def test_every_rendering(data: st.DataObject) -> None:
    """Whatever stands in a value, what goes to stdout or stderr holds printable text and line feeds alone."""

    def draw() -> str:
        return data.draw(hostile)

    failed = NodeOutcome(draw(), "failed", draw(), draw(), draw(), 1.0, seen_in_kernel=False, found=draw())
    left_out = NodeOutcome.skipped(draw(), draw(), draw())
    plan, here = plan_of(draw, left_out), Here(draw(), draw())
    shown = Status(plan.found.sources, (row(draw),), (draw(),))
    glance = Glance((draw(),), {draw(): draw()}, draw())
    kinds: tuple[Kind, ...] = ("verified", "partial", "stopped", "interrupted", "rolled-back", "rollback-failed")
    ended = [
        Outcome(kind, (failed, left_out), (failed,), draw(), glance, logs={failed.node: (draw(),)}) for kind in kinds
    ]
    report = change.of_run(plan, here, ended[0])
    texts = [status.render(shown, form) for form in ("table", "wide", "json", "yaml", "name")]
    texts += [configuration_text.render(plan.found, form) for form in ("table", "wide", "json", "yaml", "name")]
    texts += [*status.start_warnings(shown), watching.fitted(shown, (40, 9), "12:00:00", wide=True)]
    texts += [*configuration_text.warnings(plan.found), *plan_text.lines(plan, here), plan_text.question(plan, here)]
    texts += [line for entry in ended for line in closing.remarks(plan, entry, "set")]
    texts += [
        change.lines((failed, left_out), (failed,)),
        change.summary((failed, left_out)),
        change.dry_run(plan, "(x)"),
    ]
    texts += [change.render(report, "json"), change.render(report, "yaml")]
    texts += [change.findings_text(plan.findings, forced=True), table([draw()], [[draw()]])]

    assert moves("".join(written(text) for text in texts)) == set()
    assert json.loads(change.render(report, "json"))["finalLook"]["nodes"] == dict(glance.nodes)


class Here(NamedTuple):
    """A connection of hostile names."""

    context: str
    server: str


def written(text: str) -> str:
    """Give what the console makes of a text."""
    import contextlib
    import io

    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        console.out(text)
        console.say(text)
        console.warn(text)
        console.trace(text)
    return out.getvalue() + err.getvalue()


@given(hostile, hostile, hostile)
def test_every_error(problem: str, hint: str, detail: str) -> None:
    """The entry point shows an error, its hint and its detail the same way."""
    import contextlib
    import io

    from kubectl_ipvs.cli.main import _fail

    error = IpvsError(problem, hint=hint)
    error.detail = detail
    with contextlib.redirect_stderr(io.StringIO()) as err:
        code = _fail(error)

    assert (code, moves(err.getvalue())) == (1, set())


def poison(box: Sandbox) -> None:
    """Write the hostile text wherever a cluster's objects may hold one."""

    def pod(obj: dict[str, Any]) -> None:
        obj["spec"]["containers"][0]["image"] += HOSTILE
        obj["status"]["containerStatuses"][0]["restartCount"] = 3
        obj["metadata"]["labels"][HOSTILE] = HOSTILE

    def node(obj: dict[str, Any]) -> None:
        obj["status"]["nodeInfo"].update(kernelVersion=HOSTILE, kubeletVersion=HOSTILE)

    def owned(obj: dict[str, Any]) -> None:
        obj["metadata"].setdefault("annotations", {})["meta.helm.sh/release-name"] = HOSTILE
        obj["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "Helm"
        obj["metadata"]["managedFields"].append({"manager": f"argocd{HOSTILE}", "operation": "Apply"})

    for entry in box.objects("Pod"):
        box.edit("Pod", "kube-system", entry["metadata"]["name"], pod)
    for name in box.nodes:
        box.edit("Node", "", name, node)
    box.edit("ConfigMap", "kube-system", "kube-proxy", owned)
    box.edit("DaemonSet", "kube-system", "kube-proxy", owned)


@pytest.mark.parametrize(
    "words",
    [
        *(("get", "-o", form) for form in ("wide", "json", "yaml", "name")),
        *(("status", "-o", form) for form in ("wide", "json", "yaml", "name")),
        ("status", "-v=9"),
        ("set", "--scheduler", "lc", "--dry-run=client"),
        ("set", "--scheduler", "lc", "--dry-run=server", "-o", "yaml"),
        ("set", "--scheduler", "lc", "-v=9", *BRISK),
        ("restart", "-o", "json", *BRISK),
        ("undo",),
    ],
)  # fmt: skip
def test_poisoned_objects(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Names, versions, labels, owners and comments full of escape sequences come out as text, in every command."""
    marked = configuration(Options()).replace("  scheduler:", "  # \u202e\u200f\u2066 comment\n  scheduler:")
    box = sandbox(nodes=1, config=marked)
    poison(box)

    run = ipvs(box, *words)

    assert (moves(run.out + run.err), "Traceback" in run.err) == (set(), False)
    assert run.out + run.err


def test_poisoned_refusals(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """So do a server's words, headers of a wrong type, and an exec that is refused."""
    box = sandbox(nodes=1)
    box.hook = lambda request: refusal(500, HOSTILE, HOSTILE) if request.path.endswith("/exec") else None
    runs = [ipvs(box, "status"), ipvs(box, "status", "-v=9")]
    box.hook = lambda _: refusal(403, "Forbidden", HOSTILE)
    runs += [ipvs(box, "get"), ipvs(box, "set", "--scheduler", "lc"), ipvs(box, "-v=9", "undo")]

    assert [moves(run.out + run.err) for run in runs] == [set()] * 5
    assert [run.code for run in runs] == [3, 3, 1, 1, 1]


@pytest.mark.parametrize("flag", ["--context", "--user", "--scheduler", "--daemonset", "-n", "-o", "--canary"])
def test_what_was_typed(flag: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A script may pass a hostile name on: its error shows it as text."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", "--scheduler", "lc", flag, HOSTILE.replace("\x00", ""))

    assert (run.code in {1, 2}, moves(run.out + run.err)) == (True, set())
