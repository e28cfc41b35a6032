"""The real krew validates, installs, upgrades and takes away; tests/package/tools.sh brings krew."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml

from tests.harness import BRISK, MakeSandbox
from tests.package.machine import DIST, ENDS, GOOD, ROOT, TOOLS, environment, run

KREW, VALIDATE = TOOLS / "krew", TOOLS / "validate-krew-manifest"
MANIFEST = ROOT / "krew/ipvs.yaml"
needs_krew = pytest.mark.skipif(
    not (KREW.exists() and VALIDATE.exists()) and not os.environ.get("CI_NEEDS_KREW"),
    reason="krew could not be installed on this machine: tests/package/tools.sh says why",
)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Path]:
    """Serve dist/ on this machine; give the manifest with that address: nothing is published before the release."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(DIST))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        manifest = tmp_path / "ipvs.yaml"
        manifest.write_text(re.sub(r"uri: \S+/", f"uri: http://127.0.0.1:{server.server_port}/", MANIFEST.read_text()))
        yield manifest
        server.shutdown()


def with_krew(folder: Path) -> dict[str, str]:
    """Make an environment in which `kubectl krew` is there, with a fresh root.

    krew itself lies elsewhere: a root with a program and no receipt for it is to krew one of years ago.
    """
    root, beside = folder / "krew", folder / "beside"
    beside.mkdir()
    shutil.copy(KREW, beside / "kubectl-krew")
    env = environment(folder, GOOD[ENDS[-1]], root / "bin", beside)
    index = folder / "index"
    (index / "plugins").mkdir(parents=True)
    env |= {"KREW_ROOT": str(root), "KREW_NO_UPGRADE_CHECK": "1", "KREW_DEFAULT_INDEX_URI": index.as_uri()}
    run(["git", "init", "--quiet", "--initial-branch=main"], env, folder=index)
    publish(folder, env, "other.yaml", "a plugin of somebody else\n")
    return env


def publish(folder: Path, env: Mapping[str, str], name: str, text: str) -> None:
    """Put a manifest into the index of our own that stands for krew's, and have krew fetch it."""
    index = folder / "index"
    (index / "plugins" / name).write_text(text)
    run(["git", "add", "."], env, folder=index)
    author = ("-c", "user.name=t", "-c", "user.email=t@example.invalid")
    run(["git", *author, "commit", "--quiet", "--message", name], env, folder=index)
    fetched = run(["kubectl", "krew", "update"], env)
    assert fetched.returncode == 0, fetched.stderr


@needs_krew
def test_manifest_is_valid(served: Path, tmp_path: Path) -> None:
    """The check of krew-index accepts it, and installs it for each platform that it names."""
    ran = run([VALIDATE, "-manifest", served], with_krew(tmp_path), 120)

    assert ran.returncode == 0, ran.stderr


@needs_krew
def test_install_and_uninstall(tmp_path: Path, sandbox: MakeSandbox) -> None:
    """With a fresh KREW_ROOT: install, run, change, uninstall; nothing of the plugin is left."""
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    config = tmp_path / "kubeconfig"
    config.write_text(sandbox().kubeconfig())
    env = with_krew(tmp_path) | {"KUBECONFIG": str(config)}

    ran = [
        run(["kubectl", *words], env)
        for words in (
            ("krew", "install", f"--manifest={MANIFEST}", f"--archive={built}"),
            ("ipvs", "--help"),
            ("ipvs", "completion", "install"),
            ("ipvs", "set", "--scheduler", "lc", "--yes", *BRISK),
            ("ipvs", "status", "--check"),
            ("__complete", "ipvs", "status", "node"),
            ("ipvs", "completion", "uninstall"),
            ("krew", "uninstall", "ipvs"),
        )
    ]

    assert [one.returncode for one in ran] == [0] * len(ran), "".join(one.stderr for one in ran)
    assert ran[5].stdout == "node1\nnode2\nnode3\n:4\n"
    assert [path for path in Path(env["KREW_ROOT"]).rglob("*ipvs*") if path.name != "kubectl-krew"] == []


@needs_krew
def test_upgrade_from_an_older_version(served: Path, tmp_path: Path) -> None:
    """An index of our own has an older version, then this one: `kubectl krew upgrade` brings it."""
    env, text = with_krew(tmp_path), served.read_text()

    ran = []
    for words, manifest in (("install", re.sub(r"version: v\S+", "version: v0.0.1", text)), ("upgrade", text)):
        publish(tmp_path, env, "ipvs.yaml", manifest)
        ran.append(run(["kubectl", "krew", words, "ipvs"], env))
    helped = run(["kubectl", "ipvs", "--help"], env)

    assert [one.returncode for one in (*ran, helped)] == [0] * 3, "".join(one.stderr for one in ran)
    assert [path.name for path in (tmp_path / "krew/store/ipvs").iterdir()] == [yaml.safe_load(text)["spec"]["version"]]
