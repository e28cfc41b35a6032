"""Freezes the installed wheel with PyInstaller into dist/kubectl-ipvs-vX.Y.Z-windows-amd64.zip.

Runs on Windows in the release workflow: krew needs an .exe there, and PyInstaller makes one on that system alone. A
folder, not one file: one file would unpack itself at every start.
"""

import subprocess
import sys
import tempfile
import zipfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENTRY = "import sys\nfrom kubectl_ipvs.cli.main import main\nsys.exit(main())\n"
PACKAGES = (
    *("kubernetes", "typer", "pyyaml", "tabulate", "urllib3", "websocket-client", "python-socks"),
    *("h11", "wsproto"),
)


def main() -> None:
    """Freeze, then pack with the licence."""
    version = metadata.version("kubectl-ipvs")
    target = ROOT / f"dist/kubectl-ipvs-v{version}-windows-amd64.zip"
    with tempfile.TemporaryDirectory() as folder:
        entry = Path(folder) / "kubectl-ipvs.py"
        entry.write_text(ENTRY)
        copied = [word for name in ("kubectl-ipvs", *PACKAGES) for word in ("--copy-metadata", name)]
        subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "PyInstaller",
                    "--noconfirm",
                    "--onedir",
                    "--console",
                    "--name",
                    "kubectl-ipvs",
                ),
                *("--collect-submodules", "kubectl_ipvs", *copied),  # commands are imported by name
                *("--distpath", folder, "--workpath", f"{folder}/work", "--specpath", folder, str(entry)),
            ],
            check=True,
        )
        frozen = Path(folder) / "kubectl-ipvs"
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
            for path in sorted(path for path in frozen.rglob("*") if path.is_file()):
                packed.write(path, path.relative_to(frozen))
            packed.write(ROOT / "LICENSE", "LICENSE")


if __name__ == "__main__":
    main()
