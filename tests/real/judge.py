#!/usr/bin/env python3
"""Asks kube-proxy itself what it makes of a configuration, with the real program of each version that is built.

`kube-proxy --config FILE --write-config-to OUT` needs no cluster: it decodes, fills in its defaults, validates, writes
what is then in force, and ends. Started without --write-config-to, against a port that nobody serves, it ends in the
same way on what it refuses so, before it opens anything; all else that it takes waits for the API server then, and the
kernel (which scheduler there is) is asked after that. Seen on 1.20.2, 1.34.4, 1.36.3 and 1.37.2.

`make record` writes tests/unit/recorded/kube-proxy.jsonl anew from the answers of the versions whose program is there,
or of those that are named (`judge.py 1.37.2`); the answers of the others stay. With `--new` only
what has no answer yet is asked.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.unit.judged import RECORDED, Answer, Record, dump, load  # noqa: E402 - found by the line above
from tests.unit.judged_cases import Case, cases  # noqa: E402 - found by the line above
from tests.versions import VERSIONS  # noqa: E402 - found by the line above

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
CLUSTERS = Path(os.environ.get("CLUSTER_DIR") or CACHE / "kubectl-ipvs-rig")
PATIENCE = 60.0  # seconds for one answer, which takes 0.05
BRIEF = {"GOGC": "off", "GOMAXPROCS": "1"}  # of a Go program that ends at once: half its time
UNSET = {"scheduler": "", "strictARP": "false", "excludeCIDRs": "null"}  # as kube-proxy writes it; "0s" for a duration
_ERROR = re.compile(r'err=(?:"((?:[^"\\]|\\.)*)"|<\n(.*?)\n >)', re.DOTALL)
_KLOG = re.compile(r"^[EF]\d{4} [^\]]*\] (.*)", re.MULTILINE)
_OLD = re.compile(r"yaml: unmarshal errors:(?:\n  .*)+|(?<=ReadObject: )found unknown field: [^,]*")
_PLAIN = re.compile(r"^Error: (.*)", re.MULTILINE)
_STRUCT = re.compile(r"Go struct field \w+\.")  # Go names the outer one or the inner one, by its own version
_GATES = re.compile(r"\[.* (depends on features that are disabled)\b.*", re.DOTALL)  # which comes first is chance


def program(version: str) -> Path:
    """Return where the kube-proxy of a version is, if it is."""
    return CLUSTERS / version / "bin" / "kube-proxy"


def ask(path: Path, given: Case) -> Answer:
    """Give one text or command line to a kube-proxy."""
    with tempfile.TemporaryDirectory(prefix="judge") as folder:
        out, file = Path(folder, "out"), Path(folder, "given")
        words = given if isinstance(given, list) else [f"--config={file}"]
        if isinstance(given, str):
            file.write_bytes(given.encode())
        line = [str(path), f"--write-config-to={out}", *words]
        done = subprocess.run(
            line, capture_output=True, timeout=PATIENCE, check=False, cwd=folder, env={**os.environ, **BRIEF}
        )
        said = done.stderr.decode(errors="replace")  # 1.20 quotes texts by bytes
        if done.returncode:
            return Answer(refused=_reasons(said)[-1].replace(str(file), "FILE"))
        written = yaml.load(out.read_text(), Loader=yaml.BaseLoader)  # noqa: S506 - every scalar is text
        ipvs = {name: value for name, value in written["ipvs"].items() if value != UNSET.get(name, "0s")}
        mode = {"mode": written["mode"]} if written["mode"] else {}
        return Answer(in_force={**mode, **ipvs}, ignored=_ignored(said))


def _ignored(said: str) -> str:
    """Return what the strict decoder said, if the lenient one had to take its place; 1.20 quotes the whole text."""
    if "lenient decoding" not in said:
        return ""
    found = _OLD.search(said)
    return " ".join(found[0].split()) if found else _reasons(said)[0] if _ERROR.search(said) else ""


def _reasons(said: str) -> list[str]:
    """Return each reason in a log: klog's err="..." or err=<...>, a line of klog without it, what else is printed."""
    found = [_unquoted(quoted) if quoted else " ".join(block.split()) for quoted, block in _ERROR.findall(said)]
    found = found or [line[1] for line in _KLOG.finditer(said)] or _PLAIN.findall(said) or [said.strip()]
    return [_STRUCT.sub("", _GATES.sub(r"... \1", reason)) for reason in found]


def _unquoted(text: str) -> str:
    r"""Take Go's quotes from a text: JSON's, and \x7f, \a, \v."""
    plain = re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", text).replace(r"\a", r"\u0007").replace(r"\v", r"\u000b")
    return str(json.loads(f'"{plain}"', strict=False))


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Ask every version that is there, and say of which there is no program."""
    new, words = "--new" in sys.argv, [word for word in sys.argv[1:] if word != "--new"]
    there = {version: program(version) for version in words or VERSIONS if program(version).exists()}
    for version in VERSIONS:
        say(f"{version}: {'asked' if version in there else f'not asked, its answers stay ({program(version)})'}")
    known = {json.dumps(record.given): record.answers for record in load()}

    def record(given: Case) -> Record:
        before = known.get(json.dumps(given), {})
        stay = {name: said for name, said in before.items() if new or name not in there}
        return Record(given, {**stay, **{name: ask(path, given) for name, path in there.items() if name not in stay}})

    with ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
        records = list(pool.map(record, cases()))
    RECORDED.write_text(dump(records), encoding="utf-8")
    say(f"{len(records)} questions, {RECORDED.stat().st_size // 1024} KB: {RECORDED}")


if __name__ == "__main__":
    main()
