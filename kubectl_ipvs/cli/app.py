"""The command line as a whole: the commands by name, each loaded when it is run and not before.

`--help` must answer in a tenth of a second: the list of commands is written here, so that none has to be imported.
"""

import importlib
from functools import cache
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from kubectl_ipvs.cli.flags import every_command as flags

PROGRAM = "kubectl ipvs"
COMMANDS = {  # at most 62 characters each: click cuts what does not fit beside the names
    "get": "Show kube-proxy's mode, scheduler and every ipvs field",
    "status": "Show each node's IPVS table, and which nodes are not in sync",
    "table": "Show each node's table row by row, with Services and Pods",
    "services": "Show each Service port, summed over the nodes: load, skew",
    "verify": "Compare each node's table with Services and EndpointSlices",
    "top": "Show how busy nodes or Services are, again and again",
    "set": "Change ipvs fields, restart kube-proxy, verify every node",
    "undo": "Roll the last change back, just as carefully",
    "restart": "Restart kube-proxy a few nodes at a time, verify each",
    "doctor": "Show how far the cluster is on its way out of IPVS mode",
    "schedulers": "Explain the schedulers, and what kube-proxy makes of them",
    "sandbox": "Start a simulated cluster, to try all of this",
    "completion": "Set up TAB completion (where krew installed the plugin)",
    "version": "Show the versions of plugin, Python and server",
}
HELP = """Show and change kube-proxy's IPVS scheduler, and verify it in every node's kernel.

The flags below go before or after the command.

\b
Examples:
  kubectl ipvs get                      # what is configured
  kubectl ipvs status                   # what every node's kernel really does
  kubectl ipvs set --scheduler lc       # change it, restart, verify
  kubectl ipvs sandbox -- kubectl ipvs status   # try it without a cluster

\b
Exit codes:
  0 done   1 error   2 usage   3 some nodes failed or left out   4 somebody else changed it
  5 out of step (status --check), differs (verify), not ready (doctor --check)   130 interrupted

\b
Environment:
  KUBECONFIG               as kubectl reads it
  KUBECTL_IPVS_READONLY=1  refuse every change
"""


class _Commands(TyperGroup):
    """Loads a command when it is asked for; lists them without loading any."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002, ANN401 - click's signature; its class moved in typer 0.26
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        if cmd_name not in COMMANDS:
            return None
        if ctx is None or getattr(ctx, "ipvs_listing", False):
            return TyperCommand(name=cmd_name, help=COMMANDS[cmd_name])
        module = importlib.import_module(f"kubectl_ipvs.cli.commands.{cmd_name}")
        return flags.command(cmd_name, module.run)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ANN401 - as above
        ctx.ipvs_listing = True
        super().format_commands(ctx, formatter)


def run(arguments: list[str]) -> int:
    """Run a command line; returns the exit code, raises IpvsError."""
    arguments = _usual(arguments)
    _refuse_swallowed(arguments)
    root, context = _root(), None
    try:
        with root.make_context(PROGRAM, arguments) as context:
            result = root.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    except flags.CLICK_ERROR as error:
        from kubectl_ipvs.cli.mistakes import explained

        raise explained(error, arguments) from None
    return result if isinstance(result, int) else 0


@cache  # as flags.command: a process that runs many command lines makes its commands once
def _root() -> Any:  # noqa: ANN401 - click's class moved in typer 0.26
    app = typer.Typer(
        cls=_Commands, rich_markup_mode=None, add_completion=False, help=HELP, options_metavar="[flags]",
        subcommand_metavar="COMMAND", context_settings=flags.CONTEXT, invoke_without_command=True,
    )  # fmt: skip
    app.callback()(flags.root)
    return typer.main.get_command(app)


def _usual(words: list[str]) -> list[str]:
    """Read `help [COMMAND]` and `--version`, which other programs have, as ours."""
    if words[:1] == ["--version"]:
        return ["version", "--client", *words[1:]]
    if words[:1] != ["help"]:
        return words
    if words[1:] and words[1] not in COMMANDS and not words[1].startswith("-"):
        from kubectl_ipvs.cli.mistakes import no_such_command

        raise no_such_command(words[1])
    return [*words[1:2], "--help"]


def _refuse_swallowed(words: list[str]) -> None:
    """Raise UsageError where a flag would take another flag as its value: click would make something else of it."""
    own = words[: words.index("--")] if "--" in words else words
    if any(word.startswith("--") and after.startswith("--") for word, after in zip(own, [*own, "--"][1:], strict=True)):
        from kubectl_ipvs.cli.mistakes import swallowed

        problem = swallowed(words)
        if problem is not None:
            raise problem
