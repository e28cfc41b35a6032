"""krew's way with a plugin, as far as its documentation and its manifests say it: for machines that have no krew.

Checks what krew and validate-krew-manifest refuse, unpacks into the store, links the one program, and takes it away.
It stands in for krew where that is not to be had; `test_real_krew.py` runs krew itself.
"""

import hashlib
import re
import shutil
import tarfile
from pathlib import Path
from typing import Any

import yaml


class RefusedError(Exception):
    """krew would not have it."""


class KrewLike:
    """A krew root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bin = root / "bin"
        self.bin.mkdir(parents=True)

    def install(self, manifest: Path, archive: Path) -> Path:
        """Install, or upgrade to another version; return the link."""
        spec = validated(manifest)
        platform = spec["platforms"][0]
        if hashlib.sha256(archive.read_bytes()).hexdigest() != platform["sha256"]:
            raise RefusedError("checksum does not match")
        name = yaml.safe_load(manifest.read_text())["metadata"]["name"]
        place = self.root / "store" / name / spec["version"]
        place.mkdir(parents=True)
        with tarfile.open(archive, "r:gz") as tar:
            tar.extraction_filter = getattr(tarfile, "data_filter", None)
            for entry in tar:
                _check_entry(entry)
                tar.extract(entry, place)
        if not any(re.fullmatch(r"(?i)license(\.txt|\.md)?|copying(\.txt)?", path.name) for path in place.iterdir()):
            raise RefusedError("no licence among the installed files")
        link = self.bin / f"kubectl-{name.replace('-', '_')}"
        link.unlink(missing_ok=True)
        link.symlink_to(place / platform["bin"])
        for old in place.parent.iterdir():
            if old != place:
                shutil.rmtree(old)
        return link

    def uninstall(self, name: str) -> None:
        """Take away what krew knows of."""
        (self.bin / f"kubectl-{name}").unlink()
        shutil.rmtree(self.root / "store" / name)


def validated(manifest: Path) -> Any:  # noqa: ANN401 - YAML
    """Check a manifest by krew's schema; return its spec."""
    read = yaml.safe_load(manifest.read_text())
    spec = read["spec"]
    problems = {
        "apiVersion": read["apiVersion"] != "krew.googlecontainertools.github.com/v1alpha2",
        "kind": read["kind"] != "Plugin",
        "name": read["metadata"]["name"] != manifest.stem or not re.fullmatch(r"[\w-]+", read["metadata"]["name"]),
        "version": not re.fullmatch(r"v\d+\.\d+\.\d+(-[\w.]+)?", spec["version"]),
        "shortDescription": "\n" in spec["shortDescription"] or not 0 < len(spec["shortDescription"]) <= 50,
        "lines": any(len(line) > 80 for name in ("description", "caveats") for line in spec[name].splitlines()),
        "homepage": not spec["homepage"].startswith("https://"),
        "unknown": set(spec) - {"version", "homepage", "shortDescription", "description", "caveats", "platforms"},
        "platforms": [entry for entry in spec["platforms"] if not _good_platform(entry)],
    }
    wrong = [name for name, problem in problems.items() if problem]
    if wrong or not spec["platforms"]:
        raise RefusedError(f"manifest: {wrong}")
    return spec


def _good_platform(entry: Any) -> bool:  # noqa: ANN401 - YAML
    keys = {asked["key"] for asked in entry["selector"].get("matchExpressions", ())} | set(
        entry["selector"].get("matchLabels", ())
    )
    return bool(
        set(entry) <= {"selector", "uri", "sha256", "files", "bin"}
        and keys
        and keys <= {"os", "arch"}
        and entry["uri"].startswith("https://")
        and re.fullmatch(r"[a-f0-9]{64}", entry["sha256"])
        and entry["bin"]
    )


def _check_entry(entry: tarfile.TarInfo) -> None:
    if not (entry.isreg() or entry.isdir()):
        raise RefusedError(f"{entry.name}: unable to handle file type")
    if ".." in entry.name or entry.name.startswith(("/", "\\")):
        raise RefusedError(f"{entry.name}: leads out of the store")
