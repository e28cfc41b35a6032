"""Which schedulers a kernel has, and what kube-proxy does without."""

import pytest

from kubectl_ipvs.proxy.checks.modules import consequence, loaded, must_be_loaded, on_disk

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
    assert on_disk(text) == expected


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
