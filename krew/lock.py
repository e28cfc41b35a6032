"""Writes both locks anew, each package by its hash: requirements.lock of the archive, windows.lock of the frozen .exe.

kubernetes stays below 36 and typer below 0.29: what comes after them needs compiled packages, and the archive runs
on any machine. Left out is what is needed by parts that the plugin never uses: typer's colours, time zones.
"""

import hashlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

HERE = Path(__file__).parent
WANTED = (
    *("kubernetes<36", "typer<0.29", "pyyaml", "tabulate", "urllib3", "websocket-client", "python-socks"),
    *("h11", "wsproto"),
)
# pip reads `sys_platform == "win32"` of the machine it runs on: what is needed on Windows alone is named here
FREEZER = ("pyinstaller==6.22.3", "pefile", "pywin32-ctypes", "colorama")
UNUSED = {"rich", "pygments", "markdown_it_py", "mdurl", "tzdata"}
ONE_FOR_ALL = ("charset_normalizer",)  # has a wheel for any machine beside the compiled ones
PIP = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:", "--platform", "any")
LINUX = ("--platform", "manylinux2014_x86_64", "--python-version", "3.12")  # PyYAML has no other; its .so is dropped
WINDOWS = ("--platform", "win_amd64", "--python-version", "3.13")  # as in the release workflow
HEAD = "# The packages inside the {}. Written by `python krew/lock.py`; pip checks the hashes.\n"


def main() -> None:
    """Resolve, download, write."""
    with tempfile.TemporaryDirectory() as folder:
        _download(folder, LINUX, WANTED)
        for name in ONE_FOR_ALL:
            (old,) = Path(folder).glob(f"{name}-*.whl")
            old.unlink()
            subprocess.run([*PIP, "--no-deps", "--dest", folder, f"{name}=={old.name.split('-')[1]}"], check=True)
        archive = _lines(folder, UNUSED)
    (HERE / "requirements.lock").write_text(HEAD.format("krew archive") + "".join(archive))
    same = [line.split()[0] for line in archive]  # the .exe has the versions of the archive
    with tempfile.TemporaryDirectory() as folder:
        _download(folder, WINDOWS, (*same, *FREEZER))
        frozen = _lines(folder, set())
    (HERE / "windows.lock").write_text(HEAD.format(".exe for Windows, and what freezes it") + "".join(frozen))


def _download(folder: str, platform: Iterable[str], wanted: Iterable[str]) -> None:
    subprocess.run([*PIP, *platform, "--dest", folder, *wanted], check=True)


def _lines(folder: str, unused: set[str]) -> list[str]:
    return sorted(line for path in Path(folder).glob("*.whl") for line in _line(path, unused))


def _line(path: Path, unused: set[str]) -> list[str]:
    name, version = path.name.split("-")[:2]
    if name.lower() in unused:
        return []
    return [
        f"{re.sub('_', '-', name.lower())}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    ]


if __name__ == "__main__":
    main()
