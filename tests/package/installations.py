"""The plugin as users have it: from the krew archive, from the wheel with pip or pipx, on one of the Pythons here."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.package.krewlike import KrewLike
from tests.package.machine import CACHE, DIST, ENDS, GOOD, ROOT, environment, run

MINUTES = 300.0


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the plugin is, and an environment of HOME and PATH alone that finds it."""

    bin: Path
    env: Mapping[str, str]
    folder: Path


def ways() -> list[str]:
    """Name every way: krew and wheel on the oldest and the newest Python, with the oldest and the newest packages."""
    ends = [f"{major}.{minor}" for major, minor in ENDS]
    return [
        f"{way} {end}{kind}" for way, kind in (("krew", ""), ("wheel", " oldest"), ("pipx", " newest")) for end in ends
    ]


def archive(folder: Path, way: str) -> Installation:
    """Install the krew archive by krew's rules."""
    krew = KrewLike(folder / "krew")
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    link = krew.install(ROOT / "krew/ipvs.yaml", built)
    return Installation(link.parent, environment(folder, _python(way), link.parent), folder)


def wheel(folder: Path, way: str) -> Installation:
    """Install the wheel into a clean virtual environment, or with pipx."""
    (built,) = DIST.glob("kubectl_ipvs-*.whl")
    env = environment(folder, _python(way))
    env |= {"PIP_NO_COMPILE": "1", "PIP_CACHE_DIR": str(CACHE / "pip")} | _pip_settings()
    place = folder / "venv"
    _done([_python(way), "-m", "venv", place], env)
    pip: list[str | Path] = [place / "bin/python", "-m", "pip", "install", "--quiet"]
    if way.startswith("pipx"):
        return _pipx(folder, built, place, env)
    if way.endswith("oldest"):
        limits = folder / "constraints.txt"
        limits.write_text(oldest())
        pip += ["--constraint", limits]
    _done([*pip, built], env)
    return Installation(place / "bin", environment(folder, _python(way), place / "bin"), folder)


def _pipx(folder: Path, built: Path, place: Path, env: Mapping[str, str]) -> Installation:
    _done([place / "bin/python", "-m", "pip", "install", "--quiet", "pipx"], env)
    own = {"PIPX_HOME": str(folder / "pipx"), "PIPX_BIN_DIR": str(folder / "bin"), "PIPX_MAN_DIR": str(folder / "man")}
    _done([place / "bin/pipx", "install", "--quiet", built], {**env, **own})
    return Installation(folder / "bin", environment(folder, None, folder / "bin"), folder)


def oldest() -> str:
    """Give the oldest packages that pyproject.toml allows, as constraints."""
    text = (ROOT / "pyproject.toml").read_text()
    listed = re.search(r"^dependencies = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert listed
    limits = re.findall(r'^    "([\w-]+)>=([\d.]+)', listed[1], re.MULTILINE)
    return "".join(f"{name}=={version}\n" for name, version in limits)


def _python(way: str) -> Path:
    found = re.search(r"(\d+)\.(\d+)", way)
    assert found
    return GOOD[int(found[1]), int(found[2])]


def _pip_settings() -> dict[str, str]:
    """Keep what this machine needs to reach its package index."""
    return {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}


def _done(words: list[str | Path], env: Mapping[str, str]) -> None:
    ran = run(words, env, MINUTES)
    assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
