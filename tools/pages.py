"""Makes docs/commands/*.md and the man page from the commands themselves."""

from collections.abc import Sequence

from commands import GLOBAL, Command, Flag, commands

from kubectl_ipvs.cli.app import HELP

SUMMARY = HELP.split("\n", 1)[0].rstrip(".")
NOTE = "<!-- made by `make format` from the command itself -->"
DOCS = "https://github.com/kubectl-ipvs/kubectl-ipvs"


def markdown() -> dict[str, str]:
    """Give every page by its file's name."""
    known = commands()
    return {f"{entry.name}.md": _page(entry) for entry in known} | {"README.md": _index(known)}


def _index(known: Sequence[Command]) -> str:
    rows = [f"| [{entry.name}]({entry.name}.md) | {entry.short} |" for entry in known]
    table = "\n".join(("| command | what it does |", "|---|---|", *rows))
    flags = _table(GLOBAL)
    return f"{NOTE}\n\n# Commands\n\n{table}\n\n## Flags that every command takes\n\n{flags}\n"


def _page(entry: Command) -> str:
    parts = [NOTE, f"# kubectl ipvs {entry.name}", *(_text(paragraph) for paragraph in entry.paragraphs)]
    parts.append("\n".join(("```console", *(f"$ {line}" for line in entry.examples), "```")))
    if entry.arguments:
        parts += ["## Arguments", "\n".join(f"- `{name}`: {words}" for name, words in entry.arguments)]
    if entry.flags:
        parts += ["## Flags", _table(entry.flags)]
    parts.append("[Flags that every command takes](README.md#flags-that-every-command-takes)")
    return "\n\n".join(parts) + "\n"


def _text(paragraph: str) -> str:
    if paragraph.startswith("\b\n"):
        return "```text\n" + paragraph[2:] + "\n```"
    return paragraph


def _table(flags: Sequence[Flag]) -> str:
    rows = (f"| `{_cell(_names(flag))}` | {_cell(_meaning(flag))} |" for flag in flags)
    return "\n".join(("| flag | meaning |", "|---|---|", *rows))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _names(flag: Flag) -> str:
    return ", ".join(flag.names) + (f" {flag.metavar}" if flag.metavar else "")


def _meaning(flag: Flag) -> str:
    return f"{flag.words} Default: {flag.default}." if flag.default else flag.words


def man() -> str:
    """Give the man page kubectl-ipvs(1) in man's own macros."""
    parts = [
        '.\\" made by `make format` from the commands themselves',
        '.TH KUBECTL-IPVS 1 "" "kubectl-ipvs" "kubectl plugins"',
        f".SH NAME\nkubectl-ipvs \\- {_roff(SUMMARY)}",
        ".SH SYNOPSIS\n.B kubectl ipvs\n[\\fIflags\\fR] \\fICOMMAND\\fR",
        ".SH DESCRIPTION",
        *(_man_paragraph(text) for text in HELP.split("\n\n")[1:]),
        ".SH COMMANDS",
        *(_man_command(entry) for entry in commands()),
        ".SH FLAGS THAT EVERY COMMAND TAKES",
        *(_man_flag(flag) for flag in GLOBAL),
        f".SH SEE ALSO\n.BR kubectl (1),\n.BR ipvsadm (8)\n.PP\n{DOCS}",
    ]
    return "\n".join(parts) + "\n"


def _man_command(entry: Command) -> str:
    arguments = " ".join(name for name, _ in entry.arguments)
    parts = [f".SS kubectl ipvs {entry.name} [flags] {_roff(arguments)}".rstrip()]
    parts += [_man_paragraph(text) for text in (*entry.paragraphs, "\b\nExamples:\n  " + "\n  ".join(entry.examples))]
    return "\n".join((*parts, *(_man_flag(flag) for flag in entry.flags)))


def _man_paragraph(text: str) -> str:
    if text.startswith("\b\n"):
        return f".PP\n.nf\n{_roff(text[2:])}\n.fi"
    return f".PP\n{_roff(text)}"


def _man_flag(flag: Flag) -> str:
    return f".TP\n.B {_roff(_names(flag))}\n{_roff(_meaning(flag))}"


def _roff(text: str) -> str:
    """Escape what roff would take for its own: backslashes, hyphens, a dot or quote that begins a line."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join(f"\\&{line}" if line[:1] in {".", "'"} else line for line in plain.splitlines())
