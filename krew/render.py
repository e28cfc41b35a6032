"""Renders the krew manifest: plugin.yaml, this version and the checksums of the archives in dist/ -> krew/ipvs.yaml.

Knows of krew-release-bot's template language what plugin.yaml uses - {{ .TagName }} and addURIAndSha - and refuses
the rest. With --check nothing is written: a manifest that is out of step with template or version fails; its checksums
are compared when --checksums is given too, which needs dist/. With --version the version is printed as a tag, and that
is all.
"""

import hashlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEMPLATE, MANIFEST, DIST = ROOT / "plugin.yaml", ROOT / "krew/ipvs.yaml", ROOT / "dist"
ARCHIVE = re.compile(r'\{\{\s*addURIAndSha\s+"([^"]+)"\s+\.TagName\s*\}\}')
TAG = re.compile(r"\{\{\s*\.TagName\s*\}\}")
CHECKSUM = re.compile(r"sha256: [0-9a-f]{64}$", re.MULTILINE)
INDENT = "\n    "  # the bot's own, whatever stands before the call


def version() -> str:
    """Read the version as a tag: v1.2.3."""
    text = (ROOT / "kubectl_ipvs/__init__.py").read_text()
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    assert found, "kubectl_ipvs/__init__.py has no __version__"
    return f"v{found[1]}"


def render(template: str, tag: str, folder: Path | None) -> str:
    """Fill in the template; archives are looked up in `folder` by the last part of their address.

    Without a folder the checksums stay empty.
    """

    def address(found: "re.Match[str]") -> str:
        uri = TAG.sub(tag, found[1])
        return f"uri: {uri}{INDENT}sha256: {_digest(folder / uri.rpartition('/')[2]) if folder else ''}"

    text = TAG.sub(tag, ARCHIVE.sub(address, template))
    if "{{" in text:
        raise SystemExit(f"plugin.yaml has a template action that is not known here: {text[text.index('{{') :][:60]}")
    return text


def _digest(archive: Path) -> str:
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def check(*, checksums: bool) -> int:
    """Compare the manifest with what would be written; return the exit code."""
    wanted = render(TEMPLATE.read_text(), version(), DIST if checksums else None)
    found = MANIFEST.read_text() if MANIFEST.exists() else ""
    if (found if checksums else CHECKSUM.sub("sha256: ", found)) == wanted:
        return 0
    of_what = "plugin.yaml, the version or dist/" if checksums else "plugin.yaml or the version"
    sys.stderr.write(f"krew/ipvs.yaml is out of step with {of_what}: run `make dist`\n")
    return 1


def main(words: Sequence[str]) -> int:
    """Do what the flags say; return the exit code."""
    if "--version" in words:
        print(version())
    elif "--check" in words:
        return check(checksums="--checksums" in words)
    else:
        MANIFEST.write_text(render(TEMPLATE.read_text(), version(), DIST))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
