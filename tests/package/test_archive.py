"""The krew archive itself: what is in it, and how its launcher starts."""

import hashlib
import os
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
import yaml

from tests.harness import MakeSandbox
from tests.package.conftest import Install
from tests.package.machine import CACHE, DIST, ENDS, OLD, PYTHONS, ROOT, environment, run

NEWEST = "krew {}.{}".format(*ENDS[-1])
FIRST, WARM = 400, 130  # milliseconds of `--help`: the first after an installation, and the others
EXEC = "client.authentication.k8s.io/v1"
HELP = "Usage: kubectl ipvs [flags] COMMAND"


def members() -> list[tarfile.TarInfo]:
    """List the archive."""
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    with tarfile.open(built) as tar:
        return tar.getmembers()


def unpack(path: Path, folder: Path) -> Path:
    """Unpack our own archive into a new folder."""
    with tarfile.open(path) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(folder)  # noqa: S202 - made here, and its paths are tested
    return folder


def test_only_folders_and_regular_files() -> None:
    """Links, devices and paths that lead elsewhere, which krew refuses, are not in it; one file is executable."""
    entries = members()

    odd = [entry.name for entry in entries if not (entry.isreg() or entry.isdir()) or ".." in entry.name]
    executable = [entry.name for entry in entries if entry.isreg() and entry.mode & 0o111]

    assert (odd, executable, {entry.uid for entry in entries}) == ([], ["kubectl-ipvs"], {0})


def test_runs_on_any_machine() -> None:
    """Nothing compiled is in it, no bytecode and no tests of others."""
    suffixes = {Path(entry.name).suffix for entry in members() if entry.isreg() and entry.name.startswith("lib/")}

    assert not suffixes & {".so", ".pyd", ".dylib", ".pyc", ".exe"}


def test_every_package_has_its_licence() -> None:
    """LICENSES has a licence of each locked package, and NOTICE repeats the notices that ask for it."""
    entries = {entry.name for entry in members()}
    packages = {name.split("/")[1] for name in entries if name.endswith(".dist-info/METADATA")}
    packages = {name.removesuffix(".dist-info") for name in packages if not name.startswith("kubectl_ipvs")}
    licensed = {name.split("/")[1] for name in entries if name.startswith("LICENSES/") and name.count("/") == 2}

    assert (packages - licensed, {"LICENSE", "NOTICE"} - entries) == (set(), set())


def test_two_builds_are_the_same_bytes() -> None:
    """The archive made again from the wheel, by another Python, has the same checksum."""
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    (wheel,) = DIST.glob("*.whl")
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'krew')!r}); import bundle; from pathlib import Path\n"
        f"sys.stdout.buffer.write(bundle.archive(bundle.files(Path({str(wheel)!r}))))"
    )

    env = {**os.environ, "XDG_CACHE_HOME": str(CACHE.parent)}
    again = subprocess.run([PYTHONS[ENDS[0]], "-c", script], check=True, capture_output=True, env=env).stdout

    assert hashlib.sha256(again).hexdigest() == hashlib.sha256(built.read_bytes()).hexdigest()


@pytest.mark.skipif(shutil.which("man") is None, reason="no man on this machine")
def test_the_man_page_comes_along(tmp_path: Path) -> None:
    """The wheel has the man page where pip and pipx look for it, and man has nothing to complain of."""
    (wheel,) = DIST.glob("*.whl")
    page = tmp_path / "kubectl-ipvs.1"
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/data/share/man/man1/kubectl-ipvs.1"))
        page.write_bytes(packed.read(name))

    ran = run(["man", "--warnings", "-l", page], {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100"})

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "--strict-arp, --no-strict-arp" in re.sub("\x1b\\[[0-9;]*m", "", ran.stdout)


def test_manifest_is_in_step() -> None:
    """krew/ipvs.yaml is what plugin.yaml, this version and this archive make, checksum included."""
    ran = run([sys.executable, ROOT / "krew/render.py", "--check", "--checksums"], {"PATH": ""})

    assert (ran.returncode, ran.stderr) == (0, "")


def test_manifest_out_of_step_is_found(tmp_path: Path) -> None:
    """Another checksum is found where checksums count, and there alone; another word is found always."""
    for name in ("plugin.yaml", "krew/ipvs.yaml", "krew/render.py", "kubectl_ipvs/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(DIST, tmp_path / "dist")
    manifest = tmp_path / "krew/ipvs.yaml"

    def codes() -> list[int]:
        checks = (("--check",), ("--check", "--checksums"))
        return [run([sys.executable, tmp_path / "krew/render.py", *words], {"PATH": ""}).returncode for words in checks]

    manifest.write_text(re.sub(r"sha256: .*", f"sha256: {'0' * 64}", manifest.read_text()))
    other_checksum = codes()
    manifest.write_text(manifest.read_text().replace("kind: Plugin", "kind: Plug"))

    assert (other_checksum, codes()) == ([0, 1], [1, 1])


def test_template_is_rendered_or_refused(tmp_path: Path) -> None:
    """A template action that the renderer does not know is an error, not text in a manifest."""
    script = f"import sys; sys.path.insert(0, {str(ROOT / 'krew')!r}); import render; from pathlib import Path\n"
    call = f"render.render('version: {{{{ .Tag }}}}', 'v1.0.0', Path({str(tmp_path)!r}))"

    ran = run([sys.executable, "-c", script + call], {"PATH": ""})

    assert (ran.returncode, "not known here: {{ .Tag }}" in ran.stderr) == (1, True)


def test_one_repository() -> None:
    """The address of the repository in pyproject.toml is the one everywhere."""
    home = (ROOT / "pyproject.toml").read_text().split('Homepage = "')[1].split('"')[0]
    files = [
        ROOT / name for name in ("plugin.yaml", "krew/ipvs.yaml", "SECURITY.md", "krew/README.md", "pyproject.toml")
    ]
    texts = [path.read_text() for path in (*files, ROOT / "tools/pages.py")]

    found = [set(re.findall(r"https://github\.com/[\w-]+/kubectl-ipvs\b", text)) for text in texts]

    assert found == [{home}] * len(texts)


@pytest.mark.parametrize("version", sorted(OLD), ids=str)
def test_an_old_python_is_named(version: tuple[int, int], tmp_path: Path, installed: Install) -> None:
    """One line says which Python is there and which is needed."""
    env = environment(tmp_path, OLD[version])

    ran = run([installed(NEWEST).bin / "kubectl-ipvs", "get"], env)

    start = "error: kubectl ipvs needs Python 3.10 or newer as python3 on the PATH: "
    assert (ran.returncode, ran.stderr.startswith(start), ran.stderr.count("\n")) == (1, True, 1)
    assert f"is {version[0]}.{version[1]}." in ran.stderr


def test_no_python_is_named(installed: Install) -> None:
    """Without any Python one line says so."""
    ran = run([installed(NEWEST).bin / "kubectl-ipvs", "get"], {"PATH": "/nowhere"})

    said = "error: kubectl ipvs needs Python 3.10 or newer: there is no python3 on the PATH\n"
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, "", said)


def test_a_users_python_settings_do_no_harm(tmp_path: Path, installed: Install) -> None:
    """A broken PYTHONHOME, modules of the same names on PYTHONPATH or in the folder, a user site: none is looked at."""
    place = installed(NEWEST)
    for name in ("typer", "yaml", "json", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('read from elsewhere')")
    poison = {
        "PYTHONPATH": str(tmp_path), "PYTHONHOME": "/nowhere", "PYTHONSTARTUP": str(tmp_path / "typer.py"),
        "PYTHONUSERBASE": str(tmp_path), "PYTHONWARNINGS": "error", "PYTHONOPTIMIZE": "2", "PYTHONSAFEPATH": "",
    }  # fmt: skip

    ran = run([place.bin / "kubectl-ipvs", "--help"], {**place.env, **poison}, folder=tmp_path)

    assert (ran.returncode, ran.stderr, ran.stdout.splitlines()[0]) == (0, "", HELP)


def test_who_we_start_gets_the_users_environment(tmp_path: Path, sandbox: MakeSandbox, installed: Install) -> None:
    """A credential plugin sees every variable as the user set it, PYTHON* included, and nothing that we added."""
    place, box, seen = installed(NEWEST), sandbox(), tmp_path / "seen"
    kubeconfig = yaml.safe_load(box.kubeconfig())
    plugin = tmp_path / "credentials"
    plugin.write_text(
        f"#!/bin/sh\nenv > {seen}\n"
        f'echo \'{{"apiVersion": "{EXEC}", "kind": "ExecCredential", "status": {{"token": "t"}}}}\'\n'
    )
    plugin.chmod(0o755)
    kubeconfig["users"][0]["user"] = {"exec": {"apiVersion": EXEC, "command": str(plugin), "interactiveMode": "Never"}}
    (tmp_path / "config").write_text(yaml.safe_dump(kubeconfig))
    env = {
        **place.env,
        "KUBECONFIG": str(tmp_path / "config"),
        "PYTHONPATH": "/theirs",
        "PYTHONHOME": "/theirs",
        "LD_X": "1",
    }

    run([place.bin / "kubectl-ipvs", "get"], env)

    read = dict(line.split("=", 1) for line in seen.read_text().splitlines())
    ours = {"KUBERNETES_EXEC_INFO", "PWD", "_", "SHLVL", "OLDPWD"}  # the protocol's own, and sh's
    assert {name: value for name, value in read.items() if name not in ours} == env


def test_the_first_start_makes_the_others_quick(tmp_path: Path, installed: Install) -> None:
    """Python keeps what it compiled at the first start beside the files; the figures are said, not judged."""
    place = installed(NEWEST)
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    fresh = unpack(built, tmp_path / "fresh")

    figures = [_milliseconds([fresh / "kubectl-ipvs", "--help"], dict(place.env)) for _ in range(6)]

    best = min(figures[1:], key=lambda pair: pair[1])
    sys.stderr.write(f"--help: first {figures[0][0]:.0f} ms wall, {figures[0][1]:.0f} CPU (bar {FIRST}); ")
    sys.stderr.write(f"warm {best[0]:.0f} ms wall, {best[1]:.0f} CPU (bar {WARM})\n")
    assert list(fresh.glob("lib/kubectl_ipvs/cli/__pycache__/main.*.pyc")) != []


def _milliseconds(words: list[str | Path], env: dict[str, str]) -> tuple[float, float]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(words, env=env, check=True, stdout=subprocess.DEVNULL)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall * 1000, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000
