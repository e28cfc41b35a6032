"""Prints the changelog's section of one version (`v1.2.3`): the text of a release. Fails where there is none."""

import re
import sys
from pathlib import Path

CHANGELOG = Path(__file__).parent.parent / "CHANGELOG.md"


def section(text: str, version: str) -> str:
    """Give what stands below `## [1.2.3] - date`, without the heading."""
    number = re.escape(version.removeprefix("v"))
    found = re.search(rf"^## \[{number}\] - \d{{4}}-\d{{2}}-\d{{2}}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None or not found[1].strip():
        raise SystemExit(f"CHANGELOG.md has no section [{version.removeprefix('v')}] with a date")
    return found[1].strip() + "\n"


if __name__ == "__main__":
    sys.stdout.write(section(CHANGELOG.read_text(), sys.argv[1]))
