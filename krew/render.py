"""Renders the krew manifest: plugin.yaml, this version and the checksums of the archives in dist/ -> krew/ipvs.yaml.

Knows of krew-release-bot's template language what plugin.yaml uses - {{ .TagName }} and addURIAndSha - and refuses
the rest. With --check nothing is written: a manifest that is out of step with template or archives fails. With
--version the version is printed as a tag, and that is all.
"""

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TEMPLATE, MANIFEST, DIST = ROOT / "plugin.yaml", ROOT / "krew/ipvs.yaml", ROOT / "dist"
ARCHIVE = re.compile(r'\{\{\s*addURIAndSha\s+"([^"]+)"\s+\.TagName\s*\}\}')
TAG = re.compile(r"\{\{\s*\.TagName\s*\}\}")
INDENT = "\n    "  # the bot's own, whatever stands before the call


def version() -> str:
    """Read the version as a tag: v1.2.3."""
    text = (ROOT / "kubectl_ipvs/__init__.py").read_text()
    found = re.search(r'^__version__ = "([^"]+)"', text, re.MULTILINE)
    assert found, "kubectl_ipvs/__init__.py has no __version__"
    return f"v{found[1]}"


def render(template: str, tag: str, folder: Path) -> str:
    """Fill in the template; archives are looked up in `folder` by the last part of their address."""

    def address(found: "re.Match[str]") -> str:
        uri = TAG.sub(tag, found[1])
        digest = hashlib.sha256((folder / uri.rpartition("/")[2]).read_bytes()).hexdigest()
        return f"uri: {uri}{INDENT}sha256: {digest}"

    text = TAG.sub(tag, ARCHIVE.sub(address, template))
    if "{{" in text:
        raise SystemExit(f"plugin.yaml has a template action that is not known here: {text[text.index('{{') :][:60]}")
    return text


def run(*, check: bool) -> int:
    """Write the manifest, or check it; return the exit code."""
    text = render(TEMPLATE.read_text(), version(), DIST)
    if not check:
        MANIFEST.write_text(text)
    elif not MANIFEST.exists() or MANIFEST.read_text() != text:
        sys.stderr.write("krew/ipvs.yaml is out of step with plugin.yaml or dist/: run `make dist`\n")
        return 1
    return 0


if __name__ == "__main__":
    if "--version" in sys.argv[1:]:
        raise SystemExit(print(version()))
    raise SystemExit(run(check="--check" in sys.argv[1:]))
