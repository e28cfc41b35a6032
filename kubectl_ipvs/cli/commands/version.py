"""`kubectl ipvs version`."""

import os
import platform
import re
import sys
from contextlib import suppress
from typing import Annotated

import typer

from kubectl_ipvs import __version__
from kubectl_ipvs.cli.console import choice, out, say
from kubectl_ipvs.cli.session import Session
from kubectl_ipvs.errors import IpvsError

FORMATS = ("table", "json", "yaml")
USED = (
    "kubernetes", "typer", "pyyaml", "tabulate", "urllib3", "websocket-client", "python-socks", "h11", "wsproto",
)  # fmt: skip


def run(
    session: Session,
    client: Annotated[bool, typer.Option("--client", help="Ask no server.")] = False,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FORMAT", help="One of: json, yaml.", show_default=False)
    ] = "table",
) -> int:
    """Show the versions of the plugin, of Python, of what the plugin uses, and of the server.

    \b
    Examples:
      kubectl ipvs version
      kubectl ipvs version --client -o json
    """
    choice("-o", output, FORMATS)
    facts = {"plugin": __version__, "python": platform.python_version()}
    server = ""
    if not client:
        try:
            server = session.cluster().version()
        except IpvsError as error:
            say(f"warning: the server's version is not known: {error}")
    known = _folders()
    dependencies = {name: known.get(name) or _installed(name) for name in USED}
    if output == "table":
        shown = {**facts, "dependencies": ", ".join(f"{name} {found or '-'}" for name, found in dependencies.items())}
        if server:
            shown["server"] = server
        out("".join(f"{name}: {value}\n" for name, value in shown.items()))
        return 0
    from kubectl_ipvs.output.documents import document

    out(
        document(
            "Version",
            {**facts, "dependencies": dependencies, "server": server},
            output,
        )
    )
    return 0


def _folders() -> dict[str, str]:
    """Read versions off the names of installed packages' folders, as PyPA specifies them: metadata costs 20 ms."""
    found: dict[str, str] = {}
    for folder in sys.path:
        with suppress(OSError):
            for entry in os.listdir(folder):  # noqa: PTH208 - pathlib makes an object of each
                name, _, version = entry.removesuffix(".dist-info").partition("-")
                if entry.endswith(".dist-info"):
                    found.setdefault(re.sub("[-_.]+", "-", name).lower(), version)
    return found


def _installed(name: str) -> str:
    """Ask for a package that is in an archive, or was installed in another way."""
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
