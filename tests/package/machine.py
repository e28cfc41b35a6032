"""What the machine has: Pythons, kubectl, krew's tools; and the nearly empty environment that a test runs in."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
DIST = ROOT / "dist"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubectl-ipvs"
TOOLS = CACHE / "bin"  # tests/package/tools.sh installs there
PATH = os.environ["PATH"]
OLDEST = (3, 10)
QUESTION = "import sys; print(*sys.version_info[:2], sys.executable)"
Version = tuple[int, int]


def pythons() -> dict[Version, Path]:
    """Find every Python 3 that runs on this machine: on the PATH (apt's, a CI's), and in pyenv."""
    folders = [*map(Path, PATH.split(os.pathsep)), *(Path(_pyenv()) / "versions").glob("*/bin")]
    found: dict[Version, Path] = {}
    for name in ("python3", *(f"python3.{minor}" for minor in range(6, 20))):
        for folder in folders:
            version = _version(folder / name)
            if version is not None:
                found.setdefault(*version)
    return dict(sorted(found.items()))


def _pyenv() -> str:
    program = shutil.which("pyenv", path=PATH)
    if program is None:
        return "/nonexistent"
    return subprocess.run([program, "root"], capture_output=True, text=True, check=False).stdout.strip()


def _version(program: Path) -> tuple[Version, Path] | None:
    """Ask a Python for its version and its real place; None for a shim that leads nowhere."""
    if not program.exists() or sys.prefix in str(program):
        return None
    ran = subprocess.run(
        [program, "-I", "-c", QUESTION], capture_output=True, text=True, check=False, env={"PATH": PATH}
    )
    if ran.returncode != 0:
        return None
    major, minor, place = ran.stdout.split(maxsplit=2)
    return (int(major), int(minor)), Path(place.strip())


PYTHONS = pythons()
GOOD = {version: path for version, path in PYTHONS.items() if version >= OLDEST}
ENDS = sorted({min(GOOD), max(GOOD)})  # the oldest and the newest
OLD = {version: path for version, path in PYTHONS.items() if version < OLDEST}
KUBECTL = shutil.which("kubectl", path=f"{Path(sys.executable).parent}{os.pathsep}{PATH}")


def environment(folder: Path, python: Path | None, *before: Path) -> dict[str, str]:
    """Make an environment of HOME and PATH alone; PATH leads to this Python as python3, to kubectl, and to sh's world.

    `before` are folders that come first. Without a Python there is none but what the system has.
    """
    programs = folder / "programs"
    programs.mkdir(parents=True, exist_ok=True)
    for name, target in (("python3", python), ("kubectl", KUBECTL)):
        if target is not None:
            link = programs / name
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    home = folder / "home"
    home.mkdir(exist_ok=True)
    path = os.pathsep.join(map(str, (*before, programs, "/usr/bin", "/bin")))
    return {"HOME": str(home), "PATH": path}


def run(
    words: Sequence[str | Path], env: Mapping[str, str], seconds: float = 60, folder: Path | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end, without a terminal and without input."""
    return subprocess.run(
        list(map(str, words)),
        env=dict(env),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
