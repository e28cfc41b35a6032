"""The workflows, as far as they can be judged without running them; and the text of a release."""

import shutil
import sys
from pathlib import Path

import pytest
import yaml

from tests.package.machine import PATH, ROOT, TOOLS, run

ACTIONLINT = shutil.which("actionlint", path=str(TOOLS))
ZIZMOR = shutil.which("zizmor", path=str(Path(sys.executable).parent))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint could not be installed: tests/package/tools.sh says why")
def test_workflows_are_well_formed() -> None:
    """No finding of actionlint: syntax, expressions, permissions, shell scripts."""
    ran = run([str(ACTIONLINT), "-no-color", *WORKFLOWS], {"PATH": PATH}, folder=ROOT)

    assert (ran.returncode, ran.stdout) == (0, "")


@pytest.mark.skipif(ZIZMOR is None, reason="zizmor is not beside Python")
def test_workflows_cannot_be_turned_against_us() -> None:
    """No finding of zizmor: pins, permissions, kept credentials, injected expressions."""
    ran = run([str(ZIZMOR), "--offline", "--no-progress", "--color=never", ".github"], {"PATH": PATH}, folder=ROOT)

    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_every_supported_python_is_tested() -> None:
    """The Pythons of the classifiers are those of the test workflow."""
    project = (ROOT / "pyproject.toml").read_text()
    tested = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())["jobs"]["test"]["strategy"]["matrix"]

    listed = [line.split(":: ")[2].rstrip('",') for line in project.splitlines() if "Python :: 3." in line]
    assert listed == tested["python"]


def test_text_of_a_release() -> None:
    """The changelog's section of a version is the release's text; a version without one is refused."""
    script = (
        "import sys; sys.path.insert(0, 'tools'); import changelog; print(changelog.section(sys.argv[1], sys.argv[2]))"
    )
    text = "# C\n\n## [Unreleased]\n\n- x\n\n## [1.2.0] - 2026-11-23\n\n- y\n\n## [1.1.0] - 2026-01-01\n\n- z\n"

    found = run([sys.executable, "-c", script, text, "v1.2.0"], {"PATH": PATH}, folder=ROOT)
    none = run([sys.executable, "-c", script, text, "v1.3.0"], {"PATH": PATH}, folder=ROOT)

    assert (found.stdout.strip(), none.stderr) == ("- y", "CHANGELOG.md has no section [1.3.0] with a date\n")
