"""What may be loaded: a command that needs no cluster starts without the libraries that speak to one."""

import json
import os
import subprocess
import sys

import pytest

HEAVY = frozenset({
    "asyncio", "concurrent.futures", "h11", "kubernetes", "python_socks", "rich", "tabulate", "urllib3", "websocket",
    "wsproto", "yaml",
})  # fmt: skip
SCRIPT = """
import json, sys
from kubectl_ipvs.cli.main import main
code = main(sys.argv[1:])
sys.stdout.write("\\n" + json.dumps([code, sorted(sys.modules)]))
"""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], set()),
        (["version", "--client"], set()),
        (["schedulers"], {"tabulate"}),
        (["schedulers", "lc"], {"tabulate"}),
        (["get", "--help"], set()),
        (["set", "--help"], set()),
        (["status", "--help"], set()),
        (["doctor", "--help"], set()),
    ],
)
def test_what_is_not_loaded(arguments: list[str], allowed: set[str]) -> None:
    """Help, versions and the catalogue need none of the heavy libraries."""
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    code, loaded = json.loads(ran.stdout.splitlines()[-1])
    assert (code, ran.stderr, sorted(HEAVY.intersection(loaded) - allowed)) == (0, "", [])
