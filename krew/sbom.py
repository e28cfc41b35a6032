"""Writes the archive's bill of materials, dist/kubectl-ipvs-vVERSION.cdx.json: CycloneDX 1.6, from lock and wheels.

Every package in the archive with version, licence, the hash that the lock names, and what it needs of the others. The
same archive gives the same bytes: there is no time in it, and its serial number is made from the archive's checksum.
"""

import hashlib
import json
import re
import uuid
import zipfile
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import bundle

SPDX = {"Apache License Version 2.0": "Apache-2.0", "ISC License": "ISC"}  # what two packages write in other words


def main() -> None:
    """Read dist/, write beside it."""
    (archive,) = bundle.DIST.glob("kubectl-ipvs-v*.tar.gz")
    (own,) = bundle.DIST.glob("kubectl_ipvs-*.whl")
    for old in bundle.DIST.glob("*.cdx.json"):
        old.unlink()
    target = archive.with_name(archive.name.replace(".tar.gz", ".cdx.json"))
    target.write_text(json.dumps(document(archive, own, bundle.wheels()), indent=2) + "\n")
    print(target)


def document(archive: Path, own: Path, wheels: list[Path]) -> dict[str, Any]:
    """Give the bill as CycloneDX has it."""
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    packages = {_reference(_about(path)): path for path in wheels}
    root = _component(own) | {"type": "application", "hashes": [{"alg": "SHA-256", "content": digest}]}
    needs = [_needs(path, set(packages)) for path in (own, *packages.values())]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.UUID(digest[:32]).urn,
        "version": 1,
        "metadata": {"component": root},
        "components": [_component(path) for path in packages.values()],
        "dependencies": sorted(needs, key=lambda entry: str(entry["ref"])),
    }


def _about(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name))
        return HeaderParser().parsestr(packed.read(name).decode())


def _reference(about: Message) -> str:
    return f"pkg:pypi/{_name(about['Name'])}@{about['Version']}"


def _name(written: str) -> str:
    """Write a package's name as the index does."""
    return re.sub(r"[-_.]+", "-", written).lower()


def _component(wheel: Path) -> dict[str, Any]:
    about = _about(wheel)
    licence = about["License-Expression"] or about["License"]
    return {
        "type": "library",
        "bom-ref": _reference(about),
        "name": _name(about["Name"]),
        "version": about["Version"],
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(wheel.read_bytes()).hexdigest()}],
        "licenses": [{"license": {"id": SPDX.get(licence, licence)}}],
        "purl": _reference(about),
    }


def _needs(wheel: Path, known: set[str]) -> dict[str, Any]:
    """Say which of the archive's packages one needs; what is needed for an extra alone is not in the archive."""
    about = _about(wheel)
    lines = [line for line in about.get_all("Requires-Dist", []) if "extra ==" not in line]
    names = {_name(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}
    found = sorted(reference for reference in known if reference.split("/")[1].split("@")[0] in names)
    return {"ref": _reference(about), "dependsOn": found}


if __name__ == "__main__":
    main()
