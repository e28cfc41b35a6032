"""Nobody is told anything but the API server: no import and no command speaks to another, or starts a program."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.harness import MakeSandbox

# urllib3 binds a socket to ::1 as it is loaded, to see whether there is IPv6: that sends nothing, and is not counted
WATCH = """
import json, sys
seen = []
TOLD = {"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname",
        "socket.gethostbyaddr", "subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "urllib.Request"}
def note(event, words):
    if event in TOLD:
        seen.append([event, str(words[1] if event == "socket.connect" else words[0])])
sys.addaudithook(note)
"""
IMPORTS = """
import importlib, pkgutil, kubectl_ipvs
names = [entry.name for entry in pkgutil.walk_packages(kubectl_ipvs.__path__, "kubectl_ipvs.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
sys.stderr.write(json.dumps([len(names) > 80, seen]))
"""
COMMAND = """
from kubectl_ipvs.cli.main import main
code = main(sys.argv[1:])
sys.stderr.write("\\n" + json.dumps([code, sorted({tuple(entry) for entry in seen})]))
"""


def watched(script: str, *words: str, **more: str) -> object:
    """Run a script that ends by writing JSON to stderr; give it."""
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **more}
    ran = subprocess.run([sys.executable, "-c", WATCH + script, *words], env=env, capture_output=True, text=True)  # noqa: PLW1510 - what it wrote says more
    return json.loads(ran.stderr.splitlines()[-1])


def test_imports_are_silent() -> None:
    """Loading every module asks nobody anything."""
    assert watched(IMPORTS) == [True, []]


def test_commands_speak_to_the_server_alone(tmp_path: Path, sandbox: MakeSandbox) -> None:
    """Reading, changing and proving: the one address that is spoken to is the kubeconfig's."""
    config = tmp_path / "kubeconfig"
    config.write_text(sandbox(nodes=1).kubeconfig())
    host, port = re.findall(r"server: https://([\d.]+):(\d+)", config.read_text())[0]

    quick = ("--yes", "--settle", "0.1s", "--timeout", "4s")
    found = watched(COMMAND, "set", "--scheduler", "lc", *quick, KUBECONFIG=str(config))

    assert found == [0, [["socket.connect", str((host, int(port)))], ["socket.getaddrinfo", host]]]
