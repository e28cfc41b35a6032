r"""The lines of both formats as regular expressions: one grammar, compiled for single lines and for blocks.

Sources: print_service_entry and print_title in ipvsadm.c 1.31; ip_vs_info_seq_show in the kernel's
net/netfilter/ipvs/ip_vs_ctl.c. Columns are split on white space, never by position: an IPv6 address may be
longer than its column. Numbers are bounded (%u has ten digits at most), so int() cannot fail.

Every expression runs in linear time: neighbours in a sequence share no character, so giving characters back
never finds a second way to match. The block patterns start with the line feed before the line: a literal
first byte is found by memchr, where `^` would be tried at every byte.
"""

import re
from typing import Final

_BLANK = rb"[ \t\r]"

_REAL_SERVER = rb"""
    @*->@+(?P<address>\S+)
    @+(?P<forwarding>Masq|Local|Tunnel|Route)
    @+(?P<weight>-?[0-9]{1,10})
    @+(?P<active>[0-9]{1,10})
    @+(?P<inactive>[0-9]{1,10})@*
"""

_MASQ = _REAL_SERVER.replace(b"Masq|Local|Tunnel|Route", b"Masq")

_SERVICE = rb"(?P<protocol>TCP|UDP|SCTP)@+(?P<address>\S+)"
_MARK = rb"FWM@+(?P<mark>-?[0-9]{1,10}|[0-9A-F]{8})(?P<ipv6>@+IPv6)?"

# A scheduler's name has 15 characters at most (IP_VS_SCHEDNAME_MAXLEN in include/uapi/linux/ip_vs.h). /proc
# prints `ops` before `persistent`, ipvsadm after it. `?` is ours: the tests write it where /proc did not tell
# the seconds.
_SCHEDULING = rb"""
    @+(?P<scheduler>[a-z][a-z0-9_-]{0,14})
    (?:@+\((?P<flags>[^()\s]*)\))?
    (?P<ops_first>@+ops)?
    (?:@+persistent@+(?P<timeout>\?|[0-9]{1,10})
        (?:@+mask@+(?P<mask>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9]{1,3})|@+(?P<hexmask>[0-9A-F]{8}))?
        (?:@+pe@+(?P<pe>\S+))?)?
    (?P<ops_last>@+ops)?@*
"""

_HEADER = rb"""
    @*(?:IP[ ]Virtual[ ]Server[ ]version
        |Prot@+LocalAddress:Port
        |->@+RemoteAddress:Port(?:(?P<gap>@+)Forward)?
        |Every[ ][0-9]{1,9}(?:[.,][0-9]{1,9})?s:)
"""


def _line(pattern: bytes) -> re.Pattern[bytes]:
    """One line without its line feed; a carriage return counts as a blank."""
    return re.compile(pattern.replace(b"@", _BLANK), re.VERBOSE)


def _block(pattern: bytes, *captured: bytes) -> re.Pattern[bytes]:
    """Every such line of a block that begins and ends with a line feed, capturing only the named groups."""
    groups = re.sub(rb"\?P<(\w+)>", lambda group: b"" if group[1] in captured else b"?:", pattern)
    return _line(rb"\n" + groups + rb"(?=\n)")


REAL_SERVER: Final = _line(_REAL_SERVER)
VIRTUAL_SERVER: Final = _line(rb"@*(?:" + _SERVICE + rb"|" + _MARK + rb")" + _SCHEDULING)

# Of a block only what kube-proxy makes is matched: no firewall mark, no forwarding but Masq.
REAL_SERVERS_IN_BLOCK: Final = _block(_MASQ, b"active", b"inactive")
WHOLE_REAL_SERVERS_IN_BLOCK: Final = _block(_MASQ, b"address", b"weight", b"active", b"inactive")
VIRTUAL_SERVERS_IN_BLOCK: Final = _block(rb"@*" + _SERVICE + _SCHEDULING, b"protocol", b"address", b"scheduler")

# Matched at the start of a line. `gap` tells the formats apart: /proc has one blank before `Forward`.
# `Every 2.0s:` is the title that watch(1) puts above.
HEADER: Final = _line(_HEADER)

# A line that begins as a virtual server but is none: the real servers below it belong to no service we know.
BROKEN_VIRTUAL_SERVER: Final = _line(rb"@*(?:TCP|UDP|SCTP|FWM)\b")

BLANK: Final = _line(rb"@*")

# kube-proxy >= 1.27 proves a scheduler with this virtual server and deletes it at once (CanUseIPVSProxier in
# pkg/proxy/ipvs, PR 114669); both ways to print it.
PROBES: Final = (b"198.51.100.0:20000", b"C6336400:4E20")
