"""Install, upgrade and uninstall by krew's rules, on machines with and without krew."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from tests.package.krewlike import KrewLike, RefusedError, validated
from tests.package.machine import DIST, ENDS, GOOD, ROOT, environment, run

MANIFEST = ROOT / "krew/ipvs.yaml"


@pytest.fixture
def built() -> Path:
    """Give the archive."""
    (path,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    return path


def test_manifest_keeps_the_rules() -> None:
    """The manifest names one archive for Linux and macOS on any architecture."""
    platforms = validated(MANIFEST)["platforms"]

    wanted = {"matchExpressions": [{"key": "os", "operator": "In", "values": ["darwin", "linux"]}]}
    assert [entry["selector"] for entry in platforms] == [wanted]


def test_upgrade_and_uninstall_leave_nothing(tmp_path: Path, built: Path) -> None:
    """An older version gives way to this one, completion included, and after uninstall only empty folders are left."""
    krew = KrewLike(tmp_path / "krew")
    old = tmp_path / "ipvs.yaml"
    old.write_text(MANIFEST.read_text().replace("version: v", "version: v0.0.1-", 1))
    env = environment(tmp_path, GOOD[ENDS[-1]], krew.bin)
    krew.install(old, built)
    assert run(["kubectl", "ipvs", "completion", "install"], env).returncode == 0

    krew.install(MANIFEST, built)
    after = run(["kubectl", "__complete", "ipvs", "vers"], env)
    helped = run(["kubectl", "ipvs", "--help"], env)
    gone = run(["kubectl", "ipvs", "completion", "uninstall"], env)
    krew.uninstall("ipvs")

    assert (after.stdout.splitlines()[-1], helped.returncode, gone.returncode) == (":4", 0, 0)
    assert [path for path in krew.root.rglob("*") if not path.is_dir()] == []


def test_a_completion_that_was_left_behind_is_silent(tmp_path: Path, built: Path) -> None:
    """Uninstalled without `completion uninstall`, what is left is a link to nothing: TAB says nothing."""
    krew = KrewLike(tmp_path / "krew")
    env = environment(tmp_path, GOOD[ENDS[-1]], krew.bin)
    krew.install(MANIFEST, built)
    run(["kubectl", "ipvs", "completion", "install"], env)

    krew.uninstall("ipvs")
    offered = run(["kubectl", "__completeNoDesc", "ipvs", ""], env)

    assert offered.stdout == ":0\n"


def test_what_krew_refuses_is_refused(tmp_path: Path, built: Path) -> None:
    """A link in the archive, or one byte too many, ends the installation: the rules are really checked."""
    linked = io.BytesIO()
    with tarfile.open(fileobj=linked, mode="w:gz") as tar:
        entry = tarfile.TarInfo("LICENSE")
        entry.type, entry.linkname = tarfile.SYMTYPE, "elsewhere"
        tar.addfile(entry)
    archive = tmp_path / "linked.tar.gz"
    archive.write_bytes(linked.getvalue())
    manifest = tmp_path / "ipvs.yaml"
    digest = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (built, archive)]
    manifest.write_text(MANIFEST.read_text().replace(digest[0], digest[1]))

    with pytest.raises(RefusedError, match="unable to handle file type"):
        KrewLike(tmp_path / "one").install(manifest, archive)
    with pytest.raises(RefusedError, match="checksum"):
        KrewLike(tmp_path / "two").install(manifest, built)
