"""kube-proxy's configuration, read from its command line."""

import pytest

from kubectl_ipvs.proxy.config.configuration import Configuration, Setting, read_flags
from kubectl_ipvs.proxy.config.fields import FIELDS, Value

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
            "false",
            "--ipvs-exclude-cidrs",
            "10.0.0.0/8",
            "--ipvs-exclude-cidrs=::/0",
            "--",
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


def test_wrong_flags_are_findings() -> None:
    """What does not fit its flag is said, and a flag at the end without its word is empty."""
    found = read_flags(["--ipvs-strict-arp=maybe", "--ipvs-sync-period=30", "--ipvs-scheduler"])

    assert (found.findings, found.ipvs["scheduler"]) == (
        ('ipvs.strictARP: "maybe" is not a boolean', 'ipvs.syncPeriod: "30" is not a duration'),
        Setting("", "rr", "default"),
    )
