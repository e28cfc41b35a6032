"""Which schedulers a kernel has, and what kube-proxy does without."""

import subprocess
from pathlib import Path

import pytest

from kubectl_ipvs.proxy.checks.modules import (
    UNKNOWN,
    Folder,
    Modules,
    Probe,
    consequence,
    loaded,
    must_be_loaded,
    on_disk,
    on_node,
    probed,
    probes,
)

PROC = """\
ip_vs_wlc 16384 0 - Live 0x0000000000000000
ip_vs_sh 16384 0 - Live 0xffffffffc0b6c000 (E)
ip_vs 180224 4 ip_vs_wlc,ip_vs_sh, Live 0x0000000000000000
nf_conntrack 172032 5 ip_vs, Live 0x0000000000000000
"""
DEP = """\
kernel/net/netfilter/ipvs/ip_vs_lc.ko.xz: kernel/net/netfilter/ipvs/ip_vs.ko.xz
kernel/net/netfilter/ipvs/ip_vs-twos.ko: kernel/net/netfilter/ipvs/ip_vs.ko
kernel/net/netfilter/ipvs/ip_vs.ko: kernel/net/netfilter/nf_conntrack.ko
extra/ip_vs_mh.ko.zst:
"""
GARBAGE = "/:\n \nip_vs\n\x00\x01\n"
BUILTIN = "kernel/net/netfilter/ipvs/ip_vs_rr.ko\nkernel/fs/ext4/ext4.ko\n\n"


@pytest.mark.parametrize(("text", "expected"), [(PROC, {"wlc", "sh"}), ("", set()), (GARBAGE, None), (DEP, None)])
def test_loaded(text: str, expected: set[str] | None) -> None:
    """/proc/modules: the name is the first word; ip_vs itself is no scheduler; nothing is known of another text."""
    assert loaded(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(DEP, {"lc", "twos", "mh"}), (BUILTIN, {"rr"}), ("", set()), (GARBAGE, None), (PROC, None)]
)
def test_on_disk(text: str, expected: set[str] | None) -> None:
    """modules.dep and modules.builtin: any folder, any compression, - for _; nothing is known of another text."""
    found = on_disk(text)
    assert (None if found is None else set(found)) == expected


@pytest.mark.parametrize(
    ("version", "scheduler", "expected"),
    [
        ("v1.19.16", "lc", False),
        ("v1.20.2", "lc", True),
        ("v1.20.2", "rr", False),
        ("v1.25.9", "mh", True),
        ("v1.26.15", "lc", True),
        ("v1.26.15", "wrr", False),
        ("v1.27.0", "lc", False),
        ("v1.34.2", "lc", False),
        ("", "lc", False),
        ("latest", "lc", False),
    ],
)
def test_must_be_loaded(version: str, scheduler: str, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """From 1.20 to 1.26 kube-proxy loads rr, wrr and sh alone and refuses what is not loaded."""
    assert must_be_loaded(version, scheduler) is expected


@pytest.mark.parametrize(
    ("version", "words"),
    [
        ("", "kube-proxy falls back to iptables, exits or crashes, by its version"),
        ("v1.19.0", "kube-proxy runs, but no new Service works: each sync fails with `no such file or directory`"),
        ("v1.20.2", "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever"),
        (
            "v1.25.16",
            "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever",
        ),
        ("v1.26.0", "kube-proxy exits at once; the old table goes on, without updates"),
        ("v1.27.0", "kube-proxy crashes in a loop; the old table goes on, without updates"),
        ("v1.34.2", "kube-proxy crashes in a loop; the old table goes on, without updates"),
    ],
)
def test_consequence(version: str, words: str) -> None:
    """What each version does without the module."""
    assert consequence(version) == words


ASKED = probes("6.1.0-18", "lc")
FILES = ASKED[3:]
NO, FILE, DIRECTORY = "No such file or directory", "Not a directory", "Is a directory"


def said(answers: list[str], form: str = "cat: {}: {}") -> str:
    """Write what cat says about each path; "" is nothing."""
    return "\n".join(form.format(path, answer) for path, answer in zip(ASKED, answers, strict=True) if answer)


@pytest.mark.parametrize("form", ["cat: {}: {}", "cat: '{}': {}", "cat: can't open '{}': {}"])
@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ([DIRECTORY, DIRECTORY, FILE, FILE, NO, NO, NO], Probe(loaded=True, file=True)),
        ([DIRECTORY, NO, FILE, NO, FILE, NO, NO], Probe(loaded=False, file=True)),
        ([DIRECTORY, NO, FILE, NO, NO, NO, NO], Probe(loaded=False, file=False)),
        ([NO, NO, FILE, NO, NO, NO, FILE], Probe(loaded=None, file=True)),  # ip_vs itself is not loaded, or no /sys
        ([NO, NO, NO, NO, NO, NO, NO], UNKNOWN),  # neither folder is mounted
        ([DIRECTORY, NO, FILE, NO, "Permission denied", NO, NO], Probe(loaded=False, file=None)),
        ([DIRECTORY, "", FILE, NO, NO, NO, NO], Probe(loaded=None, file=False)),
        ([""] * 7, UNKNOWN),
    ],
)
def test_probed(answers: list[str], expected: Probe, form: str) -> None:
    """A module is there, is not, or nobody can tell; in the words of any cat."""
    assert probed(said(answers, form), ASKED) == expected


def test_what_cat_says(tmp_path: Path) -> None:
    """A path with a slash at its end: nothing is printed of a file, and its kind is told by the system's own words."""
    listing, module, folder = tmp_path / "modules.dep", tmp_path / "ip_vs_lc.ko", tmp_path / "ip_vs"
    folder.mkdir()
    for file in (listing, module):
        file.write_text("text")
    asked = tuple(f"{path}/" for path in (folder, folder.with_name("ip_vs_lc"), listing, module, tmp_path / "x.ko.xz"))

    ran = subprocess.run(
        ["cat", *asked], capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/bin"}
    )

    assert (ran.returncode, ran.stdout) == (1, "")
    assert probed(ran.stderr, asked) == Probe(loaded=False, file=True)
    module.unlink()
    ran = subprocess.run(
        ["cat", *asked], capture_output=True, text=True, check=False, env={"LC_ALL": "C", "PATH": "/bin"}
    )
    assert probed(ran.stderr, asked) == Probe(loaded=False, file=False)


def test_probes() -> None:
    """The usual folder, in every compression; nothing to look for where kernel or scheduler are not known."""
    assert (probes("", "lc"), probes("6.1", ""), probed("anything", ())) == ((), (), UNKNOWN)
    assert (
        tuple(
            f"/lib/modules/6.1.0-18/kernel/net/netfilter/ipvs/ip_vs_lc.ko{suffix}/"
            for suffix in ("", ".xz", ".zst", ".gz")
        )
        == FILES
    )


USUAL, UNUSUAL = "kernel/net/netfilter/ipvs/ip_vs_lc.ko.xz", "extra/ip_vs_lc.ko"
HERE, GONE = Probe(loaded=None, file=True), Probe(loaded=None, file=False)


@pytest.mark.parametrize(
    ("path", "here", "at_sample", "expected"),
    [
        (USUAL, HERE, HERE, True),
        (USUAL, GONE, HERE, False),  # this node alone lacks it
        (USUAL, UNKNOWN, HERE, True),
        ("", HERE, GONE, True),  # the sampled node alone lacks it
        ("", GONE, GONE, False),
        ("", UNKNOWN, UNKNOWN, False),
        ("", HERE, HERE, False),  # the file is there, and the list of modules does not have it
        (UNUSUAL, GONE, GONE, True),  # it lies where it was not looked for
    ],
)
def test_on_node(path: str, here: Probe, at_sample: Probe, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Each node's own file decides, but where it says nothing."""
    folder = Folder("node1", frozenset({"rr"}), {"lc": path} if path else {})
    found = on_node("lc", None, folder, here, at_sample)
    assert found == Modules(None, frozenset({"rr", "lc"} if expected else {"rr"}))


def test_on_node_without_lists() -> None:
    """Where no list could be read a file is proof, its absence is none: it may be built in."""
    both = [on_node("lc", frozenset({"rr"}), None, here, UNKNOWN) for here in (HERE, GONE)]
    assert both == [Modules(frozenset({"rr"}), frozenset({"lc"})), Modules(frozenset({"rr"}), None)]


def test_built_in_needs_no_file() -> None:
    """What is built in is loaded and available on every node of the release."""
    folder = Folder("node1", frozenset({"lc"}), {})
    assert on_node("lc", frozenset(), folder, GONE, GONE) == Modules(frozenset({"lc"}), frozenset({"lc"}))
