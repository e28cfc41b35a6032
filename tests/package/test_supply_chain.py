"""What is shipped of others: locked by hash, listed in a bill of materials, under licences that are known."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.package.machine import DIST, ROOT

LICENCES = {"MIT", "BSD-3-Clause", "ISC", "Apache-2.0", "MPL-2.0"}  # as krew/README.md says


def locked(name: str) -> dict[str, str]:
    """Read a lock: hash by requirement; each line has exactly one."""
    lines = [line for line in (ROOT / "krew" / name).read_text().splitlines() if not line.startswith("#")]
    found = [re.fullmatch(r"([a-z0-9.-]+==\S+) --hash=sha256:([0-9a-f]{64})", line) for line in lines]
    return {match[1]: match[2] for match in found if match} if all(found) else {}


@pytest.fixture
def bill() -> Any:  # noqa: ANN401 - JSON
    """Give the bill of materials in dist/."""
    (path,) = DIST.glob("kubectl-ipvs-v*.cdx.json")
    return json.loads(path.read_text())


def test_bill_is_cyclonedx() -> None:
    """CycloneDX's own schema accepts it."""
    validation = pytest.importorskip("cyclonedx.validation.json", reason="`make test-package` installs it")
    schema = pytest.importorskip("cyclonedx.schema")
    (path,) = DIST.glob("kubectl-ipvs-v*.cdx.json")

    found = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(path.read_text())

    assert found is None


def test_bill_names_the_archive_and_all_in_it(bill: Any) -> None:  # noqa: ANN401 - JSON
    """Its subject is the archive by checksum; its parts are the locked packages, which are those below lib/."""
    (archive,) = DIST.glob("kubectl-ipvs-v*.tar.gz")
    with tarfile.open(archive) as tar:
        inside = {name.split("/")[1] for name in tar.getnames() if re.fullmatch(r"lib/[^/]+\.dist-info", name)}
    parts = {f"{part['name']}=={part['version']}": part["hashes"][0]["content"] for part in bill["components"]}

    packages = {re.sub("[-_.]+", "-", name.removesuffix(".dist-info").lower()) for name in inside}

    assert bill["metadata"]["component"]["hashes"][0]["content"] == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert parts == locked("requirements.lock")
    assert packages - {f"{re.sub('[.]', '-', part.replace('==', '-'))}" for part in parts} == {
        "kubectl-ipvs-" + archive.name.split("-v")[1].removesuffix(".tar.gz").replace(".", "-")
    }


def test_every_licence_is_known(bill: Any) -> None:  # noqa: ANN401 - JSON
    """No package came in under a licence that nobody looked at."""
    found = {entry["license"]["id"] for part in bill["components"] for entry in part["licenses"]}

    assert found - LICENCES == set()


def test_all_that_is_needed_is_locked() -> None:
    """Whatever the wheel depends on is in the lock; the .exe for Windows has the same versions as the archive."""
    (wheel,) = DIST.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith(".dist-info/METADATA"))
        needed = set(re.findall(r"^Requires-Dist: ([\w-]+)", packed.read(name).decode(), re.MULTILINE))
    archive, windows = locked("requirements.lock"), locked("windows.lock")

    assert {name.lower() for name in needed} - {line.split("==")[0] for line in archive} == set()
    assert (len(archive) > 0, set(archive) - set(windows)) == (True, set())


def test_all_is_built_again_to_the_same_bytes(tmp_path: Path) -> None:
    """From the sdist: wheel, archive and bill of materials come out as they are in dist/."""
    (sdist,) = DIST.glob("kubectl_ipvs-*.tar.gz")
    with tarfile.open(sdist) as tar:
        tar.extraction_filter = getattr(tarfile, "data_filter", None)
        tar.extractall(tmp_path / "sdist")  # noqa: S202 - our own archive
    (tree,) = (tmp_path / "sdist").iterdir()

    for script in ("tools/dist.py", "krew/bundle.py", "krew/sbom.py"):
        subprocess.run([sys.executable, tree / script], check=True, capture_output=True, cwd=tree)

    assert _sums(tree / "dist") == _sums(DIST)


def _sums(folder: Path) -> dict[str, str]:
    """Give the checksum of each file that users install, and of the bill."""
    endings = ("kubectl_ipvs-*.whl", "kubectl-ipvs-v*.tar.gz", "*.cdx.json")
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for end in endings for path in folder.glob(end)}
