"""Writes a container image of one layer as a docker archive.

image.py OUT NAME [--base ROOT.tar] [--without PROGRAM]... [--add FILE=/path]... --cmd PATH
"""

import argparse
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

SKIPPED = ("dev/", "proc/", "sys/", "run/", "var/lib/apt/lists/", "var/cache/", "var/log/", "tmp/")
CREATED = "2021-01-13T00:00:00Z"
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("name")
    parser.add_argument("--base", type=Path)
    parser.add_argument("--without", action="append", default=[])
    parser.add_argument("--add", action="append", default=[])
    parser.add_argument("--cmd", required=True)
    return parser.parse_args()


def kept(base: tarfile.TarFile, without: list[str]) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a root file system that belong into an image."""
    for member in base:
        member.name = member.name.removeprefix("./")
        if member.islnk():
            member.linkname = member.linkname.removeprefix("./")
        usual = member.isfile() or member.isdir() or member.issym() or member.islnk()
        left_out = member.name in {"", "."} or Path(member.name).name in without
        if usual and not left_out and not member.name.startswith(SKIPPED):
            yield member


def write_layer(path: Path, base: Path | None, without: list[str], added: list[str]) -> str:
    """Write the layer; return its digest."""
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as layer:
        if base:
            with tarfile.open(base) as root:
                for member in kept(root, without):
                    layer.addfile(member, root.extractfile(member) if member.isfile() else None)
        for each in added:
            source, _, destination = each.partition("=")
            info = tarfile.TarInfo(destination.lstrip("/"))
            info.mode, info.size = 0o755, Path(source).stat().st_size
            with Path(source).open("rb") as file:
                layer.addfile(info, file)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def documents(name: str, command: str, digest: str) -> Iterator[tuple[str, bytes]]:
    """Yield the files beside the layer: the image's configuration, and the manifest that names both."""
    config = {
        "architecture": "amd64",
        "os": "linux",
        "created": CREATED,
        "config": {"Env": [PATH], "Entrypoint": [command]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        "history": [{"created": CREATED, "created_by": "tests/real/cluster"}],
    }
    text = json.dumps(config).encode()
    config_name = f"{hashlib.sha256(text).hexdigest()}.json"
    yield config_name, text
    yield "manifest.json", json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()


def main() -> None:
    """Write the archive; it has its name only when it is whole."""
    asked = options()
    layer, new = asked.out.with_suffix(".layer"), asked.out.with_suffix(".new")
    digest = write_layer(layer, asked.base, asked.without, asked.add)
    with tarfile.open(new, "w") as archive:
        for name, data in documents(asked.name, asked.cmd, digest):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
        archive.add(layer, "layer.tar")
    layer.unlink()
    new.rename(asked.out)


main()
