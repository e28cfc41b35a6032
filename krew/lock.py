"""Writes krew/requirements.lock anew: the newest pure-Python set that the bundle may carry, each file by its hash.

kubernetes stays below 36 and typer below 0.29: what comes after them needs compiled packages, and the bundle runs
on any machine. Left out is what is needed by parts that the plugin never uses: typer's colours, time zones.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

LOCK = Path(__file__).with_name("requirements.lock")
WANTED = ("kubernetes<36", "typer<0.29", "pyyaml", "tabulate", "urllib3", "websocket-client", "h11", "wsproto")
UNUSED = {"rich", "pygments", "markdown_it_py", "mdurl", "tzdata"}
ONE_FOR_ALL = ("charset_normalizer",)  # has a wheel for any machine beside the compiled ones
PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--platform", "any")
COMPILED = ("--platform", "manylinux2014_x86_64", "--python-version", "3.12")  # PyYAML has no other; its .so is dropped
HEAD = "# The packages inside the krew archive. Written by `python krew/lock.py`; pip checks the hashes.\n"


def main() -> None:
    """Resolve, download, write."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*PIP, *COMPILED, "--dest", folder, *WANTED], check=True)
        for name in ONE_FOR_ALL:
            (old,) = Path(folder).glob(f"{name}-*.whl")
            old.unlink()
            version = old.name.split("-")[1]
            subprocess.run([*PIP, "--no-deps", "--dest", folder, f"{name}=={version}"], check=True)
        LOCK.write_text(HEAD + "".join(sorted(line for path in Path(folder).glob("*.whl") for line in _line(path))))


def _line(path: Path) -> list[str]:
    name, version = path.name.split("-")[:2]
    if name.lower() in UNUSED:
        return []
    return [
        f"{re.sub('_', '-', name.lower())}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    ]


if __name__ == "__main__":
    main()
