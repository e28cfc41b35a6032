"""The real krew validates the manifest, installs the archive and takes it away; tests/package/tools.sh brings krew."""

import os
import re
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

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
    """Make an environment in which `kubectl krew` is there, with a fresh root."""
    root = folder / "krew"
    (root / "bin").mkdir(parents=True)
    shutil.copy(KREW, root / "bin/kubectl-krew")
    env = environment(folder, GOOD[ENDS[-1]], root / "bin")
    return {**env, "KREW_ROOT": str(root), "KREW_NO_UPGRADE_CHECK": "1"}


@needs_krew
def test_manifest_is_valid(served: Path, tmp_path: Path) -> None:
    """The check of krew-index accepts it, and installs it for each platform that it names."""
    ran = run([VALIDATE, "-manifest", served], with_krew(tmp_path), 120)

    assert ran.returncode == 0, ran.stderr


@needs_krew
def test_install_and_uninstall(tmp_path: Path) -> None:
    """With a fresh KREW_ROOT: install, run, uninstall; nothing of the plugin is left."""
    (built,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    env = with_krew(tmp_path)

    installed = run(["kubectl", "krew", "install", f"--manifest={MANIFEST}", f"--archive={built}"], env)
    helped = run(["kubectl", "ipvs", "--help"], env)
    removed = run(["kubectl", "krew", "uninstall", "ipvs"], env)

    assert (installed.returncode, helped.returncode, removed.returncode) == (0, 0, 0), installed.stderr + removed.stderr
    assert [path for path in Path(env["KREW_ROOT"]).rglob("*ipvs*") if path.name != "kubectl-krew"] == []
