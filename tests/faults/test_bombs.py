"""What would grow without end when it is read ends soon, and what asks to be run is not: YAML, JSON, tags."""

import gzip
import time
import zlib
from pathlib import Path

import pytest

from kubectl_ipvs.sandbox import Options
from kubectl_ipvs.sandbox.nodes.layouts import configuration
from kubectl_ipvs.sandbox.wire.exchange import Response
from tests.harness import BRISK, Ipvs, MakeSandbox

KIND = "kind: KubeProxyConfiguration\n"
LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{at}: &a{at} [{','.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 10)
)
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{at}: &a{at} {{<<: [{','.join([f'*a{at - 1}'] * 2)}]}}\n" for at in range(1, 24)
)
NUMBER = "a long number"
BOMBS = {
    "aliases": KIND + LAUGHS,
    "merge keys": KIND + MERGES,
    "itself": KIND + "a: &a [*a]\n",
    "deep lists": KIND + "a: " + "[" * 1_000,
    "deep mappings": KIND + "a: " + "{b: " * 20_000,
    "deep blocks": KIND + "- " * 20_000,
    NUMBER: KIND + "mode: " + "9" * 500_000,
    "quotes": KIND + "a: " + '"' * 400_001,
    "anchors": KIND + "".join(f"- &a{at} x\n" for at in range(10_000)),
}
TAGS = (
    "!!python/object/apply:os.system ['touch {}']",
    "!!python/object/new:subprocess.Popen [['touch', '{}']]",
    "!!python/name:os.system ''",
    "!!python/module:os ''",
    '!<tag:yaml.org,2002:python/object/apply:os.mkdir> ["{}"]',
)


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_in_the_configuration(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A ConfigMap that would grow to billions of nodes, or nest without end, is an error in a few seconds of work."""
    box = sandbox(nodes=1)
    box.set_config(BOMBS[case])  # what already runs has not read it; the sandbox itself would not survive it

    began = time.thread_time()
    runs = [ipvs(box, *words) for words in (("get",), ("set", "--scheduler", "lc"))]

    says = 0 if case == NUMBER else 1  # a number of a wrong type is named by `get` as any other is
    assert ([run.code for run in runs], time.thread_time() - began < 15) == ([says, 1], True)
    unread = [run.err.startswith("error: configmap kube-system/kube-proxy, key config.conf: ") for run in runs]
    assert unread == [case != NUMBER] * 2
    assert (box.config, box.restarts) == (BOMBS[case], {"node1": 0})


@pytest.mark.parametrize("case", BOMBS)
def test_bombs_in_the_kubeconfig(case: str, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So is a kubeconfig; libyaml would end the whole process for some of them."""
    path = tmp_path / "config"
    path.write_text(BOMBS[case].removeprefix(KIND))
    monkeypatch.setenv("KUBECONFIG", str(path))

    began = time.thread_time()
    run = ipvs(None, "get")

    assert (run.code, run.err.startswith("error: "), time.thread_time() - began < 5) == (1, True, True)


@pytest.mark.parametrize("tag", TAGS)
def test_tags_run_nothing(
    tag: str, sandbox: MakeSandbox, ipvs: Ipvs, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tag that asks for a Python object says nothing in a ConfigMap, as for kube-proxy; nothing is ever run."""
    touched = tmp_path / "touched"
    written = tag.replace("{}", str(touched))
    box = sandbox(nodes=1, config=f"{configuration(Options())}\nextra: {written}\n")
    path = tmp_path / "config"
    path.write_text(f"users: {written}\n")

    first = [ipvs(box, *words).code for words in (("get",), ("set", "--scheduler", "lc", *BRISK))]
    monkeypatch.setenv("KUBECONFIG", str(path))
    code = ipvs(None, "get").code

    assert (first, code, touched.exists()) == ([0, 0], 1, False)


JSON_BOMBS = {
    "deep": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 300_000,
    "a long number": b'{"a": ' + b"9" * 1_000_000 + b"}",
    "a large exponent": b'{"metadata": {"generation": 1e999999999}}',
    "not closed": b'{"a": "' + b"x" * 10 * 1024 * 1024,
    "constants": b'{"metadata": {"generation": NaN}, "spec": Infinity}',
}


@pytest.mark.parametrize("case", JSON_BOMBS)
def test_bombs_in_an_answer(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """JSON that nests without end or holds a number of a million digits is one error line, soon."""
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(200, JSON_BOMBS[case])

    began = time.thread_time()
    run = ipvs(box, "get")

    assert (run.code, run.err.startswith("error: "), time.thread_time() - began < 5) == (1, True, True)
    assert "Traceback" not in run.err


GZIP = (("content-type", "application/json"), ("content-encoding", "gzip"))
NOT_GZIP = {"plain": b'{"kind": "DaemonSet"}', "damaged": gzip.compress(bytes(range(256)) * 99)[:40] + b"x" * 400}


@pytest.mark.parametrize("case", NOT_GZIP)
def test_answers_that_are_not_compressed_as_they_say(case: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """One error line that says so, and a hint."""
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(200, NOT_GZIP[case], GZIP)

    run = ipvs(box, "get")

    where = box.url.removeprefix("https://")
    assert (run.code, run.out) == (1, "")
    assert run.err == f"error: the answer of {where} cannot be decompressed\nhint: try --disable-compression\n"


@pytest.mark.whole
def test_a_bomb_of_gzip(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Half a megabyte that would become 600 is given up at the limit for any answer."""
    packer = zlib.compressobj(9, wbits=31)
    mib = bytes(1 << 20)
    bomb = b"".join([*(packer.compress(mib) for _ in range(600)), packer.flush()])
    box = sandbox(nodes=1)
    box.hook = lambda _: Response(200, bomb, GZIP)

    run = ipvs(box, "get")

    assert (run.code, run.out, len(bomb) < 1 << 20) == (1, "", True)
    assert run.err == f"error: the answer of {box.url} has more than 512 MiB\n"
