"""Whether a node's kernel has a scheduler: what it and its module folder say, and what kube-proxy makes of it.

Sources: /proc/modules (loaded), modules.builtin and modules.dep of the kernel's release; what happens without the
module: pkg/proxy/ipvs/proxier.go of 1.19 to 1.34 and PRs kubernetes/kubernetes 93040, 111806, 114669; the fallback of
1.20 to 1.25 was also seen on a real cluster.

A file is looked for without reading it: `cat FILE/`, with a slash, prints nothing and fails, with `Not a directory`
where the file is there and with `No such file or directory` where it is not (path_resolution(7)). So the one command
that reads a node's table finds out as well whether a module is there, at the cost of a few words on stderr.
"""

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kubectl_ipvs.proxy.release import parse_version

LOADED_BY_KUBE_PROXY = frozenset({"rr", "wrr", "sh"})  # the fixed list of kube-proxy up to 1.26
CHECKS_LOADED, EXITS, PROBES = (1, 20), (1, 26), (1, 27)
# name, size, references: m_show in kernel/module/procfs.c
_LOADED = re.compile(r"^[\w-]+ [0-9]+ -?[0-9]+ ", re.MULTILINE)
_ON_DISK = re.compile(r"^\S+\.ko\b", re.MULTILINE)


_SUFFIXES = (".ko", ".ko.xz", ".ko.zst", ".ko.gz")
_FOLDER = "kernel/net/netfilter/ipvs"
_IS_THERE = ("not a directory", "is a directory")


class Probe(NamedTuple):
    """What one node says of one scheduler's module; None is "nobody can tell"."""

    loaded: bool | None
    file: bool | None


UNKNOWN = Probe(None, None)


class Folder(NamedTuple):
    """The module folder of a kernel release as the lists of one node have it.

    Names of schedulers: built in, which needs no loading; as files, with their paths below the folder.
    """

    node: str
    built_in: frozenset[str]
    files: Mapping[str, str]


class Modules(NamedTuple):
    """Names of schedulers; None is "could not be read". `available`: built in or as a module file."""

    loaded: frozenset[str] | None
    available: frozenset[str] | None


def loaded(proc_modules: str) -> frozenset[str] | None:
    """Return the schedulers that /proc/modules lists; None for a text that is something else, empty it may be."""
    if proc_modules and not _LOADED.search(proc_modules):
        return None
    return _schedulers(line.split(" ", 1)[0] for line in proc_modules.splitlines())


def on_disk(listing: str) -> Mapping[str, str] | None:
    """Return the schedulers that modules.builtin or modules.dep lists, and their paths; None for another text."""
    if listing and not _ON_DISK.search(listing):
        return None
    found: dict[str, str] = {}
    for line in listing.splitlines():
        path = line.split(":", 1)[0].strip()
        found |= dict.fromkeys(_schedulers([posixpath.basename(path).split(".", 1)[0]]), path)
    return found


def probes(kernel: str, scheduler: str) -> tuple[str, ...]:
    """Return the paths that `probed` needs the answers about, each to be given to `cat`; () where there are none."""
    if not kernel or not scheduler:
        return ()
    folder = f"/lib/modules/{kernel}"
    files = (f"{folder}/{_FOLDER}/ip_vs_{scheduler}{suffix}/" for suffix in _SUFFIXES)
    return ("/sys/module/ip_vs/", f"/sys/module/ip_vs_{scheduler}/", f"{folder}/modules.dep/", *files)


def probed(said: str, asked: tuple[str, ...]) -> Probe:
    """Read what `cat` said on stderr about the paths of `probes`."""
    if not asked:
        return Probe(None, None)
    some, loaded_one, listing, *files = (_is_there(said, path) for path in asked)
    is_loaded = True if loaded_one else False if some and loaded_one is False else None
    if listing is not True or (None in files and True not in files):  # not mounted, or not to be seen
        return Probe(is_loaded, None)
    return Probe(is_loaded, True in files)


def on_node(
    scheduler: str, running: frozenset[str] | None, folder: Folder | None, here: Probe, at_sample: Probe
) -> Modules:
    """Put together what is known of one node: what is loaded, its release's folder, what it says itself (`here`).

    The folder's lists are those of one node of the release (`at_sample`). Each node's own file decides, but where it
    says nothing: where the list has it in an unusual place, and where the sampled node has the file and its list does
    not (depmod did not run), so that the kernel does not find it.
    """
    if folder is None:
        return Modules(running, frozenset({scheduler}) if here.file else None)
    loadable = None if running is None else running | folder.built_in
    available = folder.built_in | frozenset(folder.files)
    path = folder.files.get(scheduler, "")
    decides = _is_usual(path, scheduler) if path else not at_sample.file
    if scheduler in folder.built_in or here.file is None or not decides:
        return Modules(loadable, available)
    return Modules(loadable, available | {scheduler} if here.file else available - {scheduler})


def _is_usual(path: str, scheduler: str) -> bool:
    """Tell whether a path of the lists is one of those that `probes` looks for."""
    return path in {f"{_FOLDER}/ip_vs_{scheduler}{suffix}" for suffix in _SUFFIXES}


def _is_there(said: str, path: str) -> bool | None:
    line = next((line.lower() for line in said.splitlines() if path in line), "")
    if any(words in line for words in _IS_THERE):
        return True
    return False if "no such file" in line else None


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
