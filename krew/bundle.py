"""Builds the krew archive from the wheel in dist/ and the locked packages: the same bytes from the same input.

One archive for Linux and macOS on any architecture: the launcher, lib/ with pure-Python packages, our licence, theirs.
krew refuses links, so there are folders and regular files only. Compiled files are dropped: all packages run without.
"""

import gzip
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

HERE = Path(__file__).parent
LOCK = HERE / "requirements.lock"
DIST = HERE.parent / "dist"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "kubectl-ipvs" / "wheels"
MTIME = 946684800  # 2000-01-01, as in the wheel
DROPPED_FOLDERS = {"__pycache__", "tests", "test", "e2e_test"}
DROPPED_ENDINGS = (".so", ".pyd", ".pyi", ".pyc", "py.typed")
METADATA = ("Metadata-Version", "Name", "Version", "License", "License-Expression", "Home-page", "Project-URL")
LICENCE = re.compile(r"(LICEN[CS]E|COPYING|NOTICE|AUTHORS)", re.IGNORECASE)
OURS = "kubectl-ipvs\nThis archive holds the packages below lib/ too; LICENSES/ has the licence of each.\n"


def locked() -> dict[str, str]:
    """Read the lock: hash by requirement."""
    lines = (line.split() for line in LOCK.read_text().splitlines() if not line.startswith("#"))
    return {requirement: digest.partition("sha256:")[2] for requirement, digest in lines}


def wheels() -> list[Path]:
    """Give the locked wheels, downloaded where one is missing; every file has the hash that the lock names."""
    wanted = set(locked().values())
    found = {_sha256(path): path for path in CACHE.glob("*.whl")}
    if not wanted <= set(found):
        _download()
        found = {_sha256(path): path for path in CACHE.glob("*.whl")}
    return sorted(found[digest] for digest in wanted)


def _download() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes"),
            *("--only-binary", ":all:", "--platform", "manylinux2014_x86_64", "--platform", "any"),
            *("--python-version", "3.12", "--dest", str(CACHE), "--requirement", str(LOCK)),
        ],
        check=True,
    )


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files(own: Path) -> dict[str, bytes]:
    """Give every file of the archive by its path."""
    made: dict[str, bytes] = {
        "kubectl-ipvs": (HERE / "launcher").read_bytes(),
        "LICENSE": (HERE.parent / "LICENSE").read_bytes(),
    }
    notices = [OURS]
    for wheel in (own, *wheels()):
        for path, data in _members(wheel):
            if ".dist-info/" in path or LICENCE.match(PurePosixPath(path).name):
                made.update(_about(path, data))
                if PurePosixPath(path).name.upper().startswith("NOTICE"):
                    notices.append(data.decode())
            else:
                made[f"lib/{path}"] = data
    return made | {"NOTICE": "\n".join(notices).encode()}


def _members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name)
            dropped = DROPPED_FOLDERS.intersection(path.parts) or name.endswith((*DROPPED_ENDINGS, "/"))
            if not dropped and ".data" not in path.parts[0]:
                yield name, archive.read(name)


def _about(path: str, data: bytes) -> Mapping[str, bytes]:
    """Keep of what is said about a package: its licences, and what `kubectl ipvs version` reads."""
    package, *_, name = PurePosixPath(path).parts
    if name == "METADATA":
        return {f"lib/{path}": _headers(data)}
    if not LICENCE.match(name):
        return {}
    folder = (
        package.removesuffix(".dist-info")
        if package.endswith(".dist-info")
        else "/".join(PurePosixPath(path).parts[:-1])
    )
    return {} if folder.startswith("kubectl_ipvs") else {f"LICENSES/{folder}/{name}": data}


def _headers(metadata: bytes) -> bytes:
    read = HeaderParser().parsestr(metadata.decode())
    return "".join(f"{key}: {value}\n" for key in METADATA for value in read.get_all(key, [])).encode()


def archive(contents: Mapping[str, bytes]) -> bytes:
    """Pack files so that nothing but their names and bytes decides the result."""
    packed = io.BytesIO()
    folders = {str(parent) for path in contents for parent in PurePosixPath(path).parents if str(parent) != "."}
    with (
        gzip.GzipFile("", "wb", compresslevel=9, fileobj=packed, mtime=MTIME) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for path in sorted({*contents, *folders}):
            tar.addfile(_entry(path, contents.get(path)), io.BytesIO(contents.get(path, b"")))
    return packed.getvalue()


def _entry(path: str, data: bytes | None) -> tarfile.TarInfo:
    """Describe a file, or a folder (no data): owner, modes and times are not those of this machine."""
    entry = tarfile.TarInfo(path)
    entry.mtime = MTIME
    if data is None:
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
    else:
        entry.size, entry.mode = len(data), 0o755 if path == "kubectl-ipvs" else 0o644
    return entry


def main() -> None:
    """Write dist/kubectl-ipvs-vVERSION.tar.gz."""
    (own,) = DIST.glob("kubectl_ipvs-*.whl")
    target = DIST / f"kubectl-ipvs-v{own.name.split('-')[1]}.tar.gz"
    for old in DIST.glob("kubectl-ipvs-v*.tar.gz"):
        old.unlink()
    target.write_bytes(archive(files(own)))
    print(target)


if __name__ == "__main__":
    main()
