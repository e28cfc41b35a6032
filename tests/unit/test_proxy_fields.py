"""The eight ipvs fields: durations, CIDRs and booleans as Go reads them, and the rules between them.

The tables for durations and CIDRs were run through Go's own time.ParseDuration and net.ParseCIDR.
"""

import pytest

from kubectl_ipvs.errors import ExitCode, UsageError
from kubectl_ipvs.proxy.config.fields import (
    FIELD,
    FIELDS,
    Value,
    check,
    is_cidr,
    parse_duration,
    parse_value,
    quoted,
)


def test_fields_are_complete_and_in_order() -> None:
    """The eight keys that kube-proxy knows in `ipvs:`, each with its flag and its default."""
    assert [(field.name, field.flag, field.default) for field in FIELDS] == [
        ("scheduler", "--ipvs-scheduler", "rr"),
        ("strictARP", "--ipvs-strict-arp", False),
        ("syncPeriod", "--ipvs-sync-period", "30s"),
        ("minSyncPeriod", "--ipvs-min-sync-period", "0s"),
        ("tcpTimeout", "--ipvs-tcp-timeout", "15m0s"),
        ("tcpFinTimeout", "--ipvs-tcpfin-timeout", "2m0s"),
        ("udpTimeout", "--ipvs-udp-timeout", "5m0s"),
        ("excludeCIDRs", "--ipvs-exclude-cidrs", ()),
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("+0", 0),
        ("-0", 0),
        ("0s", 0),
        ("1.s", 1),
        (".5s", 0.5),
        ("500ms", 0.5),
        ("1m30s", 90),
        ("15m0s", 900),
        ("1h", 3600),
        ("1.5h", 5400),
        ("+5s", 5),
        ("-5s", -5),
        ("1us", 1e-6),
        ("1\u00b5s", 1e-6),
        ("1\u03bcs", 1e-6),
        ("1ns", 1e-9),
        ("00h", 0),
        ("9223372036854775807ns", 9223372036.854775807),
    ],
)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    """Every form that time.ParseDuration takes gives its seconds."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "s",
        ".s",
        "1e3s",
        "1h-1m",
        " 1s",
        "1s ",
        "1 s",
        "1d",
        "\u0663s",
        "1S",
        "--1s",
        "9" * 5000 + "s",
    ],
)
def test_other_texts_are_no_durations(text: str) -> None:
    """What Go refuses is refused."""
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["9223372036854775808ns", "2562048h"])
def test_durations_end_where_go_ends(text: str) -> None:
    """A duration that does not fit in Go's 64 bits is refused."""
    with pytest.raises(ValueError, match="longer than 292 years"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("10.0.0.0/8", True),
        ("10.0.0.1/8", True),
        ("10.0.0.0/08", True),
        ("::/0", True),
        ("fd00::1/64", True),
        ("::ffff:1.2.3.4/96", True),
        ("10.0.0.1", False),
        ("010.0.0.0/8", True),
        ("fe80::1%eth0/64", False),
        ("10.0.0.0/255.0.0.0", False),
        ("10.0.0.0/+8", False),
        ("10.0.0.0/33", False),
        ("10.0.0.0/8/8", False),
        ("10.0.0.0/", False),
        ("10.0.0.0/\u0668", False),
        ("1.2.3/8", False),
        ("", False),
    ],
)
def test_cidrs_are_read_as_kube_proxy_reads_them(text: str, *, taken: bool) -> None:
    """net.ParseCIDR and we take and refuse the same."""
    assert is_cidr(text) is taken


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("scheduler", "lc", "lc"),
        ("scheduler", " rr ", "rr"),
        ("scheduler", "my_own-1", "my_own-1"),
        ("strictARP", "true", True),
        ("strictARP", "F", False),
        ("syncPeriod", "1m30s", "1m30s"),
        ("tcpTimeout", "0", "0"),
        ("excludeCIDRs", "", ()),
        ("excludeCIDRs", "10.0.0.1/8, fd00::/8", ("10.0.0.1/8", "fd00::/8")),
    ],
)
def test_typed_values_are_checked_and_kept(name: str, text: str, value: Value) -> None:
    """A value that fits its field comes back in its type, as it was typed."""
    assert parse_value(FIELD[name], text) == value


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("scheduler", "", 'scheduler: "" is not the name of a scheduler'),
        ("scheduler", "LC", 'scheduler: "LC" is not the name of a scheduler'),
        ("scheduler", "r\nr", 'scheduler: "r\\nr" is not the name of a scheduler'),
        ("scheduler", "sixteen_letters_", 'scheduler: "sixteen_letters_" is not the name of a scheduler'),
        ("strictARP", "yes", 'strictARP: "yes" is not a boolean'),
        ("syncPeriod", "30", 'syncPeriod: "30" is not a duration'),
        ("syncPeriod", "-1s", 'syncPeriod: "-1s" is negative'),
        (
            "excludeCIDRs",
            "10.0.0.0/8,",
            'excludeCIDRs: "" is not an address with the length of its prefix',
        ),
    ],
)
def test_wrong_values_are_usage_errors(name: str, text: str, problem: str) -> None:
    """A value that kube-proxy would refuse is named with its field, and a hint says what would fit."""
    with pytest.raises(UsageError) as caught:
        parse_value(FIELD[name], text)

    assert (str(caught.value), bool(caught.value.hint), caught.value.exit_code) == (
        problem,
        True,
        ExitCode.USAGE,
    )


@pytest.mark.parametrize(
    ("values", "problems"),
    [
        ({}, []),
        ({"syncPeriod": "10s", "minSyncPeriod": "10s"}, []),
        ({"minSyncPeriod": "31s"}, ["minSyncPeriod 31s is greater than syncPeriod 30s (default)"]),
        (
            {"syncPeriod": "0s", "minSyncPeriod": "1s"},
            ["syncPeriod must be greater than 0", "minSyncPeriod 1s is greater than syncPeriod 0s"],
        ),
        ({"syncPeriod": "soon"}, ['syncPeriod: "soon" is not a duration']),
    ],
)
def test_rules_between_fields(values: dict[str, Value], problems: list[str]) -> None:
    """The two rules of kube-proxy's validation; a field that is not given counts with its default."""
    assert check(values) == problems


def test_long_texts_are_cut_in_messages() -> None:
    """A message shows at most 60 characters of a text."""
    assert quoted("x" * 61) == '"' + "x" * 57 + '..."'
