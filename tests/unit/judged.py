"""kube-proxy's own answers, as tests/real/judge.py has them, and whether our reading agrees with one."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from kubectl_ipvs.errors import ConfigurationInvalid
from kubectl_ipvs.proxy.checks.modules import PROBES
from kubectl_ipvs.proxy.checks.startup import startup, unreadable
from kubectl_ipvs.proxy.config.configuration import LINUX_DEFAULT_MODE, Configuration, read, read_flags
from kubectl_ipvs.proxy.config.fields import FIELD, parse_duration
from kubectl_ipvs.proxy.release import parse_version
from tests.unit.judged_cases import HEAD, Case

RECORDED = Path(__file__).parent / "recorded" / "kube-proxy.jsonl"
LONGEST = 80  # characters of a reason
KERNEL = {name: entry.default for name, entry in FIELD.items() if entry.default_note}
APART = (  # what is not kube-proxy's own, and why
    (
        "1.20.2",
        re.compile(r"\b0[0-9]+\.[0-9]"),
        "a Go since 1.17 refuses such an address; those of that release do not",
    ),
    ("1.20.2", re.compile(r"\b1e400\b"), "its JSON reader has another idea of numbers that fit in none"),
)
GATES = ("unrecognized feature gate", "depends on features")


@dataclass(frozen=True)
class Answer:
    """What one kube-proxy said: why it refused; or what it had in force, and which keys it left out.

    `in_force` is the mode and each field of `ipvs:` that is set, as kube-proxy writes it.
    """

    refused: str = ""
    in_force: Mapping[str, str | list[str]] = field(default_factory=dict)
    ignored: str = ""


@dataclass(frozen=True)
class Record:
    """One question, and each version's answer."""

    given: Case
    answers: Mapping[str, Answer]


def load() -> list[Record]:
    """Read the answers that are recorded; a line has one question, and the versions that gave the same answer."""
    if not RECORDED.exists():
        return []
    return [_record(json.loads(line)) for line in RECORDED.read_text(encoding="utf-8").splitlines()]


def dump(records: Iterable[Record]) -> str:
    """Return the text of a record."""
    lines = (json.dumps(_line(record), ensure_ascii=False, separators=(",", ":")) for record in records)
    return "".join(f"{line}\n" for line in lines)


def disagreement(given: Case, version: str, answer: Answer) -> str:
    """Say where our reading of a configuration is not what this kube-proxy does; "" where it agrees."""
    if any(version == of and text.search(str(given)) for of, text, _ in APART):
        return ""
    configuration, errors, warned = _ours(given, version)
    if answer.refused:
        judged = not any(word in answer.refused for word in GATES)
        return "" if errors or (not judged and "IPVS035" in warned) else f"it refuses: {answer.refused}; we do not"
    if errors or configuration is None:
        return f"it starts; we say: {errors}"
    if bool(answer.ignored) != ("IPVS009" in warned or "IPVS014" in warned):
        return f"it ignores {answer.ignored!r}; we say {warned}"
    theirs, ours = _in_force(answer), _effective(configuration)
    different = {name: (theirs[name], ours[name]) for name in ours if theirs[name] != ours[name]}
    return f"in force, and what we say: {different}" if different else ""


def _ours(given: Case, version: str) -> tuple[Configuration | None, list[str], dict[str, str]]:
    """Return what we read, the errors, and the other findings by their codes."""
    try:
        read_so = read(given, f"v{version}") if isinstance(given, str) else read_flags(given, f"v{version}")
    except ConfigurationInvalid as error:
        return None, [unreadable(str(error)).reason], {}
    # Since 1.27 kube-proxy asks the kernel for the scheduler, later. That it reads one document alone it does not say.
    later = (parse_version(version) or PROBES) >= PROBES
    found = [entry for entry in startup(read_so, f"v{version}") if entry.code != "IPVS002" or not later]
    errors = [entry.reason for entry in found if entry.severity == "error"]
    warned = {entry.code: entry.reason for entry in found if entry.severity == "warning"}
    if all("more documents" in sentence for sentence in read_so.ignored):
        warned.pop("IPVS009", None)
    return read_so, errors, warned


def _in_force(answer: Answer) -> dict[str, object]:
    """Return what is in force by kube-proxy's answer: what it leaves to the kernel is the kernel's own."""
    said: dict[str, object] = {name: answer.in_force.get(name) for name in FIELD}
    said["scheduler"] = said["scheduler"] or "rr"
    said["strictARP"] = said["strictARP"] == "true"
    said["excludeCIDRs"] = said["excludeCIDRs"] or []
    for name in FIELD:
        if FIELD[name].kind == "duration":
            said[name] = parse_duration(str(said[name] or KERNEL.get(name, "0s")))
    return _of_mode(str(answer.in_force.get("mode") or LINUX_DEFAULT_MODE), said)


def _effective(configuration: Configuration) -> dict[str, object]:
    said: dict[str, object] = dict(configuration.effective())
    for name, value in said.items():
        if FIELD[name].kind == "duration":
            said[name] = parse_duration(str(value))
        elif isinstance(value, tuple):
            said[name] = [*value]
    return _of_mode(str(configuration.mode.effective), said)


def _of_mode(mode: str, said: dict[str, object]) -> dict[str, object]:
    """Leave the periods out in another mode: since 1.31 kube-proxy has one pair, that of its mode."""
    away = ("syncPeriod", "minSyncPeriod") if mode != "ipvs" else ()
    return {"mode": mode} | {name: value for name, value in said.items() if name not in away}


def _record(line: dict[str, object]) -> Record:
    answers = {
        version: _answer(said)
        for names, said in line.items()
        if names not in ("lines", "flags", "text")
        for version in names.split()
    }
    if isinstance(line.get("flags"), list):
        return Record([str(word) for word in line["flags"]], answers)  # type: ignore[attr-defined]
    return Record(str(line["text"]) if "text" in line else f"{HEAD}{line['lines']}", answers)


def _answer(said: object) -> Answer:
    if not isinstance(said, dict):
        return Answer(refused=str(said))
    in_force = {name: value for name, value in said.items() if name != "ignored"}
    return Answer(in_force=in_force, ignored=said.get("ignored", ""))


def _line(record: Record) -> dict[str, object]:
    line = _question(record.given)
    for answer in dict.fromkeys(map(_written, record.answers.values())):
        names = [version for version, other in record.answers.items() if _written(other) == answer]
        line[" ".join(sorted(names, key=_order))] = json.loads(answer)
    return line


def _question(given: Case) -> dict[str, object]:
    """Name a question by its kind; `lines` are what stands behind HEAD."""
    if isinstance(given, list):
        return {"flags": given}
    return {"lines": given.removeprefix(HEAD)} if given.startswith(HEAD) else {"text": given}


def _order(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _written(answer: Answer) -> str:
    if answer.refused:
        return json.dumps(_short(answer.refused))
    ignored = {"ignored": _short(answer.ignored)} if answer.ignored else {}
    return json.dumps({**answer.in_force, **ignored})


def _short(reason: str) -> str:
    return reason if len(reason) <= LONGEST else reason[:LONGEST].rsplit(" ", 1)[0]
