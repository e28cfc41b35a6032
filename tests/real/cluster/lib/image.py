"""Writes a container image as a docker archive: one layer of what is added, on it one of a root file system.

image.py OUT NAME [--add FILE=/path]... [--base ROOT.tar [--keep PATTERNS]] --cmd PATH

`--keep`: of the root's programs only those whose names match one of these patterns, and what programs need: libraries,
accounts, alternatives. Images that add the same files share that layer on a node's disk.
"""

import argparse
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

SKIPPED = ("dev/", "proc/", "sys/", "run/", "var/lib/apt/lists/", "var/cache/", "var/log/", "tmp/")
PROGRAMS = ("usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "bin", "sbin")
NEEDED = (
    "usr/lib/x86_64-linux-gnu/",
    "usr/lib64/",
    "lib64/",
    "etc/alternatives/",
    "etc/passwd",
    "etc/group",
    "etc/protocols",
)
CREATED = "2021-01-13T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--keep", default="*")
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--cmd", required=True)
    return parser.parse_args()


def kept(base: tarfile.TarFile, patterns: list[str]) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a root file system that belong into an image."""
    for member in base:
        member.name = member.name.removeprefix("./")
        if member.islnk():
            member.linkname = member.linkname.removeprefix("./")
        usual = member.isfile() or member.isdir() or member.issym() or member.islnk()
        if (
            usual
            and member.name not in {"", "."}
            and not member.name.startswith(SKIPPED)
            and asked_for(member, patterns)
        ):
            yield member


def asked_for(member: tarfile.TarInfo, patterns: list[str]) -> bool:
    """Tell whether a member is a program of these names, or what programs need."""
    path = Path(member.name)
    if patterns == ["*"] or member.isdir():
        return True
    if member.issym() and len(path.parts) == 1:
        return True  # /bin, /lib and their like
    if str(path.parent) in PROGRAMS:
        return any(fnmatch(path.name, pattern) for pattern in patterns)
    return member.name.startswith(NEEDED) and "/perl" not in member.name


def write_layer(path: Path, base: Path | None, patterns: list[str], added: list[str]) -> str:
    """Write a layer; return its digest."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as layer:
        if base:
            with tarfile.open(base) as root:
                for member in kept(root, patterns):
                    layer.addfile(member, root.extractfile(member) if member.isfile() else None)
        for each in added:
            source, _, destination = each.partition("=")
            info = tarfile.TarInfo(destination.lstrip("/"))
            info.mode, info.size = 0o755, Path(source).stat().st_size
            with Path(source).open("rb") as file:
                layer.addfile(info, file)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def documents(name: str, command: str, layers: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield the files beside the layers (name: digest): the image's configuration, and the manifest that names all."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": {"Env": [PATH], "Entrypoint": [command]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}" for digest in layers.values()]},
        "history": [{"created": CREATED, "created_by": "tests/real/cluster"} for _ in layers],
    }
    text = json.dumps(config).encode()
    config_name = f"{hashlib.sha256(text).hexdigest()}.json"
    yield config_name, text
    yield "manifest.json", json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": list(layers)}]).encode()


def main() -> None:
    """Write the archive; it has its name only when it is whole."""
    asked = options()
    new, layers = asked.out.with_suffix(".new"), {}
    parts: Sequence[tuple[Path | None, list[str]]] = [(None, asked.add), (asked.base, [])]
    with tarfile.open(new, "w") as archive:
        for number, (base, added) in enumerate(parts):
            if base or added:
                layer = asked.out.with_suffix(f".layer{number}")
                layers[f"layer{number}.tar"] = write_layer(layer, base, asked.keep.split(), added)
                archive.add(layer, f"layer{number}.tar")
                layer.unlink()
        for name, data in documents(asked.name, asked.cmd, layers):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    new.rename(asked.out)


main()
