"""What may stand at the cursor, for any words before it."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.cli.candidates import FILES, NO_FILES, Line, offer
from kubectl_ipvs.cli.words import COMMANDS, FLAGS, GLOBAL
from kubectl_ipvs.ipvs.schedulers import SCHEDULERS


def offered(*words: str) -> list[str]:
    """Give the candidates that begin with the last word."""
    made = offer(Line(words[:-1]), words[-1])
    return [name for name in made.words if name.startswith(made.prefix)]


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        (["s"], ["status", "services", "set", "schedulers", "sandbox"]),
        (["--context", "c", "und"], ["undo"]),
        (["-n", "kube-system", "und"], ["undo"]),
        (["-nkube-system", "und"], ["undo"]),
        (["get", "-o", ""], ["wide", "json", "yaml", "name"]),
        (["get", "--output=y"], ["yaml"]),
        (["set", "-o", ""], ["json", "yaml"]),
        (["set", "--scheduler", "m"], ["mh"]),
        (["set", "--dry-run=", "x"], []),
        (["set", "--dry-run="], ["none", "client", "server"]),
        (["restart", "--strategy", ""], ["delete", "rollout"]),
        (["set", "--canary", "a"], ["auto"]),
        (["services", "--sort-by", ""], ["name", "active", "skew"]),
        (["top", "--sort-by", ""], ["connections", "packets", "bytes", "active", "inactive", "change", "name"]),
        (["top", ""], ["nodes", "services"]),
        (["services", "-n", "default", "--all"], ["--all-namespaces"]),
        (["schedulers", "d"], ["dh"]),
        (["schedulers", "dh", ""], []),
        (["completion", ""], ["install", "uninstall"]),
        (["status", "--wat"], ["--watch"]),
        (["status", "--watch", "--wat"], []),
        (["status", "-w", "--wat"], []),
        (["restart", "-yo", "j"], ["json"]),
        (["get", "--as-group", "a", "--as-gr"], ["--as-group"]),
        (["get", "--bogus", "--conf"], ["--configmap"]),
        (["bogus", "x"], []),
        (["get", "x"], []),
    ],
)
def test_candidates(words: list[str], candidates: list[str]) -> None:
    """Commands, flags that are not there yet, and the values of flags, in the order of the help."""
    assert offered(*words) == candidates


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["status", ""], "nodes"),
        (["restart", "node1", "n"], "nodes"),
        (["table", ""], "nodes"),
        (["table", "--service", ""], "services"),
        (["services", ""], "services"),
        (["services", "default/web", "d"], "services"),
        (["set", "--canary", ""], "nodes"),
        (["get", "--context", ""], "contexts"),
        (["get", "--context="], "contexts"),
        (["--cluster", ""], "clusters"),
        (["get", "--user", ""], "users"),
        (["get", "--token", ""], ""),
        (["get", ""], ""),
    ],
)
def test_what_is_asked_elsewhere(words: list[str], asked: str) -> None:
    """Names that a kubeconfig or a cluster knows are named, not guessed."""
    assert offer(Line(words[:-1]), words[-1]).ask == asked


@pytest.mark.parametrize(
    ("words", "directive"),
    [
        (["get", "--kubeconfig", "/e"], FILES),
        (["get", "--client-key=/e"], FILES),
        (["sandbox", "--", "k"], FILES),
        (["get", "--token", ""], NO_FILES),
        ([""], NO_FILES),
    ],
)
def test_where_files_are_offered(words: list[str], directive: int) -> None:
    """The shell offers files where a file is meant, and for a command after `--`; nowhere else."""
    assert offer(Line(words[:-1]), words[-1]).directive == directive


def test_given_flags_are_read() -> None:
    """Flags before and after the command count, repeated ones as lists: they lead to the same cluster."""
    line = Line(
        ["--context", "a", "status", "-s", "url", "--as-group=g", "--as-group", "h", "--insecure-skip-tls-verify"]
    )

    wanted = {"context": "a", "server": "url", "as_groups": ["g", "h"], "insecure_skip_tls_verify": True}
    assert (line.command, line.given) == ("status", wanted)


def test_every_scheduler_has_a_meaning() -> None:
    """The catalogue's schedulers are offered, all of them."""
    assert list(offer(Line(["set", "--scheduler"]), "").words) == list(SCHEDULERS)


@given(
    st.lists(st.sampled_from([*COMMANDS, *GLOBAL, *FLAGS["set"], "--", "-", "x", "--x=y", "-wy", "=", ""]) | st.text())
)
def test_any_words_are_read(words: list[str]) -> None:
    """No command line is an error, and all that is offered fits what is typed... or is left to the shell."""
    made = offer(Line(words[:-1]), "".join(words[-1:]))

    assert made.directive in {FILES, NO_FILES}


def test_completion_loads_no_library() -> None:
    """TAB on commands, flags and schedulers loads neither typer nor yaml nor a network library."""
    script = (
        "import sys, json; sys.argv[1:] = ['set', '--scheduler', '']\n"
        "from kubectl_ipvs.cli.complete import main\nmain(); print(json.dumps(sorted(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    loaded = set(json.loads(ran.stdout.splitlines()[-1]))

    assert loaded & {"typer", "yaml", "urllib3", "kubernetes", "dataclasses", "subprocess", "typing", "re"} <= {
        "re",
        "typing",
    }
