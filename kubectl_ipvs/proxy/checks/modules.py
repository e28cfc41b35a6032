"""Whether a node's kernel has a scheduler: what it and its module folder say, and what kube-proxy makes of it.

Sources: /proc/modules (loaded), modules.builtin and modules.dep of the kernel's release; what happens without the
module: pkg/proxy/ipvs/proxier.go of 1.19 to 1.34 and PRs kubernetes/kubernetes 93040, 111806, 114669; the fallback of
1.20 to 1.25 was also seen on a real cluster.
"""

import posixpath
import re
from collections.abc import Iterable
from typing import NamedTuple

from kubectl_ipvs.proxy.release import parse_version

LOADED_BY_KUBE_PROXY = frozenset({"rr", "wrr", "sh"})  # the fixed list of kube-proxy up to 1.26
CHECKS_LOADED, EXITS, PROBES = (1, 20), (1, 26), (1, 27)
# name, size, references: m_show in kernel/module/procfs.c
_LOADED = re.compile(r"^[\w-]+ [0-9]+ -?[0-9]+ ", re.MULTILINE)
_ON_DISK = re.compile(r"^\S+\.ko\b", re.MULTILINE)


class Modules(NamedTuple):
    """Names of schedulers; None is "could not be read". `available`: built in or as a module file."""

    loaded: frozenset[str] | None
    available: frozenset[str] | None


def loaded(proc_modules: str) -> frozenset[str] | None:
    """Return the schedulers that /proc/modules lists; None for a text that is something else, empty it may be."""
    if proc_modules and not _LOADED.search(proc_modules):
        return None
    return _schedulers(line.split(" ", 1)[0] for line in proc_modules.splitlines())


def on_disk(listing: str) -> frozenset[str] | None:
    """Return the schedulers that modules.builtin or modules.dep lists; None for a text that is something else."""
    if listing and not _ON_DISK.search(listing):
        return None
    paths = (line.split(":", 1)[0].strip() for line in listing.splitlines())
    return _schedulers(posixpath.basename(path).split(".", 1)[0] for path in paths)


def must_be_loaded(version: str, scheduler: str) -> bool:
    """Tell whether this kube-proxy refuses a scheduler whose module is not loaded yet, though the file is there."""
    number = parse_version(version)
    return number is not None and CHECKS_LOADED <= number < PROBES and scheduler not in LOADED_BY_KUBE_PROXY


def consequence(version: str) -> str:
    """Say what this kube-proxy does without the module."""
    number = parse_version(version)
    if number is None:
        return "kube-proxy falls back to iptables, exits or crashes, by its version"
    if number < CHECKS_LOADED:
        return "kube-proxy runs, but no new Service works: each sync fails with `no such file or directory`"
    if number < EXITS:
        return "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever"
    if number < PROBES:
        return "kube-proxy exits at once; the old table goes on, without updates"
    return "kube-proxy crashes in a loop; the old table goes on, without updates"


def _schedulers(names: Iterable[str]) -> frozenset[str]:
    known = (name.replace("-", "_") for name in names)
    return frozenset(name.removeprefix("ip_vs_") for name in known if name.startswith("ip_vs_"))
