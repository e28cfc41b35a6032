"""Who holds something in the cluster: this process, by a name that tells others here whether it still lives."""

import getpass
import os
import socket
import uuid
from functools import cache
from pathlib import Path


@cache
def identity() -> str:
    """Name this process, and no other one: user@host/PID/where-which."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}/{os.getpid()}/{_where()}-{uuid.uuid4().hex[:8]}"


def _where() -> str:
    """Name this boot of this machine and the PID namespace we are in, "" where that cannot be known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip().replace("-", "")
        return f"{boot[:16]}.{Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:  # no Linux
        return ""


def died_here(holder: str) -> bool:
    """Tell whether a holder was a process of this very boot and PID namespace that is gone."""
    parts = holder.rsplit("/", 2)
    if len(parts) != 3 or not parts[1].isdigit():  # noqa: PLR2004 - as `identity` writes it
        return False
    where = parts[2].rpartition("-")[0]
    if not where or where != _where():
        return False
    try:
        os.kill(int(parts[1]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False
