"""kube-proxy's configuration, read from its command line."""

import pytest

from kubectl_ipvs.proxy.config.configuration import Configuration, Setting, read_flags
from kubectl_ipvs.proxy.config.fields import FIELDS, Value
from kubectl_ipvs.proxy.config.flags import names

SCRIPT = """exec kube-proxy --proxy-mode=iptables --proxy-mode=ipvs \\
 --ipvs-scheduler 'lc' --ipvs-strict-arp=1 --ipvs-exclude-cidrs="10.0.0.0/8,::/0" 2>&1; true"""
UNCLOSED = (
    "kube-proxy --ipvs-scheduler=lc --ipvs-strict-arp --ipvs-exclude-cidrs=10.0.0.0/8,::/0 --proxy-mode=ipvs --x='"
)


def defaults(**configured: Value) -> dict[str, Setting]:
    """All eight settings: configured where given, at their defaults elsewhere."""
    return {
        field.name: Setting(configured[field.name], configured[field.name], "configured")
        if field.name in configured
        else Setting(None, field.default, "default")
        for field in FIELDS
    }


@pytest.mark.parametrize(
    "args",
    [
        [
            "--proxy-mode=ipvs",
            "--ipvs-scheduler=lc",
            "--ipvs-strict-arp",
            "--ipvs-exclude-cidrs=10.0.0.0/8,::/0",
        ],
        [
            "/usr/local/bin/kube-proxy",
            "--v=2",
            "--proxy-mode",
            "ipvs",
            "--ipvs_scheduler",
            "lc",
            "--ipvs-strict-arp=T",
            "--ipvs-exclude-cidrs",
            "10.0.0.0/8",
            "--ipvs-exclude-cidrs=::/0",
            "--hostname-override",
            "--proxy-mode=iptables",
        ],
        ["sh", "-c", SCRIPT],
        [UNCLOSED],
    ],
)
def test_flags_in_every_form(args: list[str]) -> None:
    """One word or two, repeated, with underscores, in a shell's script: the last one counts, lists grow."""
    assert read_flags(args) == Configuration(
        mode=Setting("ipvs", "ipvs", "configured"),
        ipvs=defaults(scheduler="lc", strictARP=True, excludeCIDRs=("10.0.0.0/8", "::/0")),
    )


def test_no_flags_is_all_default() -> None:
    """A bare command line runs iptables; other words with blanks are no script."""
    assert read_flags(["kube-proxy", "some text", "--ipvs-exclude-cidrs="]) == Configuration(
        mode=Setting(None, "iptables", "default"), ipvs=defaults(excludeCIDRs=())
    )


def test_wrong_flags_are_errors() -> None:
    """kube-proxy exits on what does not fit its flag."""
    found = read_flags(
        ["--ipvs-strict-arp=maybe", "--ipvs-sync-period=30", "--feature-gates=A=x,B=true", "--ipvs-scheduler="]
    )

    assert (found.errors, found.ipvs["scheduler"], found.ipvs["syncPeriod"].problem) == (
        (
            '--ipvs-strict-arp is "maybe", not true or false',
            '--ipvs-sync-period is "30", not a duration such as 30s',
            '--feature-gates: A is "x", not true or false',
        ),
        Setting("", "rr", "default"),
        '"30": not a duration',
    )


@pytest.mark.parametrize(
    ("args", "errors"),
    [
        (["--ipvs-scheduler"], ("--ipvs-scheduler has no value",)),
        (["--ipvs-strict-arp", "false"], ('"false" is no flag',)),
        (["--", "--ipvs-strict-arp"], ('"--ipvs-strict-arp" is no flag',)),
        (["-proxy-mode=ipvs", "-v=2", "-v", "2"], ("-proxy-mode is no flag: it begins with one dash",)),
        (["--unknown", "--proxy-mode=ipvs", "--other", "word"], ()),
        (["sh", "-c", "kube-proxy --ipvs-strict-arp false 2>&1"], ()),
    ],
)
def test_words_that_are_no_flags(args: list[str], errors: tuple[str, ...]) -> None:
    """kube-proxy takes nothing but flags; what a shell makes of a script's words is not said."""
    assert read_flags(args).errors == errors


def test_a_wrong_value_is_not_made_good_by_a_later_one() -> None:
    """Flags are read one by one, and the first wrong one ends it."""
    found = read_flags(["--ipvs-sync-period=30", "--ipvs-sync-period=30s"])
    assert found.errors == ('--ipvs-sync-period is "30", not a duration such as 30s',)


@pytest.mark.parametrize(
    ("args", "errors"),
    [
        (["--ipvs-sync-period=0s"], ("--ipvs-sync-period is 0: it must be more than 0",)),
        (["--ipvs-exclude-cidrs=10.0.0.0"], ('--ipvs-exclude-cidrs has "10.0.0.0", not a CIDR',)),
        (["--ipvs-tcp-timeout=-1s"], ('--ipvs-tcp-timeout is "-1s": negative',)),
        (["--ipvs-sync-period=$(P)", "--ipvs-strict-arp=$(A)", "--feature-gates=B=$(G)"], ()),
        (["--ipvs-tcp-timeout=0s", "--ipvs-min-sync-period=0s"], ()),
    ],
)
def test_validation_in_ipvs_mode(args: list[str], errors: tuple[str, ...]) -> None:
    """No default is put in place of a flag's zero; a variable that nobody knows here may be anything."""
    assert read_flags(["--proxy-mode=ipvs", *args]).errors == errors
    assert read_flags(["--proxy-mode=iptables", *args]).errors == ()


@pytest.mark.parametrize(
    ("version", "flag", "expected"),
    [
        ("", (), Setting(None, "0s", "default")),
        ("v1.30.9", (), Setting(None, "0s", "default")),
        ("v1.31.0", (), Setting(None, "1s", "default")),
        ("v1.37.2", (), Setting(None, "1s", "default")),
        ("v1.37.2", ("--ipvs-min-sync-period=0s",), Setting("0s", "0s", "configured")),
        ("v1.37.2", ("--ipvs-min-sync-period=2s",), Setting("2s", "2s", "configured")),
    ],
)
def test_least_period_by_flags(version: str, flag: tuple[str, ...], expected: Setting) -> None:
    """Since both periods are one for all modes, flags start from the least period of the other modes."""
    assert read_flags(["kube-proxy", *flag], version).ipvs["minSyncPeriod"] == expected


def test_feature_gates() -> None:
    """In one flag or several; the last word on a gate counts."""
    args = ["--feature-gates=A=true,B=true", "--feature-gates", " B=false , C=1"]
    assert read_flags(args).feature_gates == {"A": True, "B": False, "C": True}


def test_flags_that_a_file_makes_void() -> None:
    """Each once, by the name that kube-proxy's help has; others are nobody's business."""
    args = ["kube-proxy", "--config=/a", "--proxy_mode=ipvs", "--ipvs-scheduler", "lc", "--proxy-mode=x", "--v=2"]
    assert names(args) == ("--proxy-mode", "--ipvs-scheduler")
