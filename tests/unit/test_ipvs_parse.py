"""parse: every recorded listing, in every way it may arrive."""

from pathlib import Path

import pytest

from kubectl_ipvs.ipvs.parse import parse
from kubectl_ipvs.ipvs.summary import Summarizer, summarize
from kubectl_ipvs.ipvs.table import RealServer, Table, VirtualServer
from tests.unit.ipvs_sums import summary_of

RECORDED = Path(__file__).parent / "recorded"


def real(address: str, active: int, inactive: int, weight: int = 1, forwarding: str = "Masq") -> RealServer:
    """Spell a real server shortly."""
    return RealServer(address, forwarding, weight, active, inactive)


def virtual(words: str, *real_servers: RealServer, **fields: object) -> VirtualServer:
    """Spell a virtual server shortly: `TCP 10.96.0.1:443 rr` and what differs from the plain case."""
    protocol, address, scheduler = words.split()
    plain: dict[str, object] = {
        "ipv6": address.startswith("["),
        "flags": (),
        "persistent": False,
        "timeout": None,
        "netmask": "",
        "persistence_engine": "",
        "one_packet": False,
    }
    return VirtualServer(
        protocol=protocol,
        address=address,
        scheduler=scheduler,
        real_servers=real_servers,
        **{**plain, **fields},  # type: ignore[arg-type] # one mapping for fields of several types
    )


def kube_proxy(timeout: int | None) -> Table:
    """Give the table of the kube-proxy samples; the two formats differ in the timeout only."""
    return Table(
        (
            virtual("TCP 10.96.0.1:443 lc", real("192.168.122.10:6443", 12, 0), persistent=True, timeout=timeout),
            virtual("TCP 10.96.0.10:53 lc", real("10.244.0.2:53", 0, 3), real("10.244.1.7:53", 1, 2147483647, 0)),
            virtual("UDP 10.96.0.10:53 lc", real("10.244.0.2:53", 0, 250)),
            virtual("TCP 10.99.7.7:80 lc"),
            virtual("TCP [fd00:10:96::a]:53 lc", real("[fd00:10:244:1:1234:5678:9abc:def0]:53", 7, 8)),
        ),
        (),
    )


def without_leading_zeros(port: int, mark: int) -> Table:
    """Give the table of two listings with the same rows: only the header tells what the digits mean."""
    return Table(
        (
            virtual(
                f"TCP [fd12:3456:789a:bcde:f123:4567:89ab:cdef]:{port} rr",
                real(f"[fd12:3456:789a:bcde:f123:4567:89ab:cdee]:{port}", 0, 0),
            ),
            virtual(f"FWM {mark} rr"),
        ),
        (),
    )


SAMPLES = {
    "ipvsadm-kube-proxy": kube_proxy(timeout=10800),
    "proc-kube-proxy": kube_proxy(timeout=None),
    "ipvsadm-ipv6-without-leading-zeros": without_leading_zeros(port=1192, mark=12345678),
    "proc-ipv6-without-leading-zeros": without_leading_zeros(port=0x1192, mark=0x12345678),
    "ipvsadm-every-word": Table(
        (
            virtual(
                "TCP 192.0.2.1:80 sh",
                real("198.51.100.1:80", 1, 2, 3, "Local"),
                real("198.51.100.2:80", 3, 4, 2, "Tunnel"),
                real("198.51.100.3:80", 5, 6, -1, "Route"),
                flags=("sh-fallback", "sh-port"),
            ),
            virtual("TCP 192.0.2.2:443 mh", flags=("mh-port",)),
            virtual(
                "UDP 192.0.2.3:5060 rr",
                flags=("flag-1", "flag-2", "flag-3"),
                persistent=True,
                timeout=360,
                netmask="255.255.255.0",
                persistence_engine="sip",
                one_packet=True,
            ),
            virtual(
                "UDP [2001:db8::3]:5060 rr",
                persistent=True,
                timeout=360,
                netmask="64",
                persistence_engine="sip",
                one_packet=True,
            ),
            virtual("SCTP 192.0.2.4:36412 my_own-2", one_packet=True),
            virtual("FWM 7 wlc", real("198.51.100.4:0", 0, 0), persistent=True, timeout=60),
            virtual("FWM 4294967295 wrr", real("[2001:db8::4]:0", 0, 0, 1, "Route"), ipv6=True),
        ),
        (),
    ),
    "proc-every-word": Table(
        (
            virtual("UDP 192.0.2.3:5060 rr", persistent=True, netmask="255.255.255.0", one_packet=True),
            virtual("UDP [2001:db8::3]:5060 rr", persistent=True, netmask="64"),
            virtual("TCP [2001:db8::5]:80 none", persistent=True),
            virtual("SCTP 192.0.2.4:36412 none"),
            virtual("FWM 7 wlc", real("198.51.100.4:0", 0, 0), persistent=True, one_packet=True),
            virtual(
                "FWM 4294967295 wrr",
                real("[2001:db8::4]:0", 0, 0, 1, "Route"),
                ipv6=True,
                persistent=True,
            ),
            virtual("FWM 8 wrr"),
        ),
        (),
    ),
    "header-lost-tabs": Table(
        (
            virtual("TCP 10.96.0.1:443 rr", real("192.168.0.2:6443", 5, 6)),
            virtual("TCP 10.96.0.2:80 wrr", real("10.244.0.9:8080", 0, 0)),
        ),
        (),
    ),
    "watch": Table((virtual("TCP 10.96.0.1:443 rr", real("192.168.0.2:6443", 5, 6)),), ()),
    "host-names": Table(
        (
            virtual("TCP ip-10-96-0-1.ec2.internal:ht rr", real("ip-10-244-1-7.ec2.internal:64", 1, 0)),
            virtual("TCP x.x.x.x rr", real("[redacted]:6443", 2, 0)),
            virtual("TCP [2001:db8::1] rr"),
            virtual("TCP [::ffff:192.0.2.1]:80 rr"),
        ),
        (),
    ),
    "empty": Table((), ()),
    "probe-of-kube-proxy": Table(
        (
            virtual("TCP 10.96.0.10:53 mh", real("10.244.0.2:53", 0, 3), flags=("mh-port",)),
            virtual("UDP 198.51.100.0:20000 mh"),
        ),
        (),
        probe=True,
    ),
    "cut-in-transit": Table(
        (
            virtual("TCP 10.96.0.10:53 rr", real("10.244.0.2:53", 0, 3), real("10.244.0.4:53", 0, 4)),
            virtual("TCP 10.96.0.12:53 rr", real("10.244.0.7:53", 0, 7)),
        ),
        (
            "  -> 10.244.0.1:53                Masq    1      9          9         ",
            "  -> 10.244.0.3:53                Masq    1",
            "  -> 10.244.0.5:53                (null)  1      0          0         ",
            "TCP  10.96.0.11:53",
            "  -> 10.244.0.6:53                Masq    1      0          6         ",
            "Unable to use a TTY",
            "TCP  10.96.0.13:53 rr persistent",
        ),
    ),
}

DELIVERIES = {
    "LF": lambda text: text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "no last line end": lambda text: text.removesuffix(b"\n"),
    "CRLF, no last line end": lambda text: text.replace(b"\n", b"\r\n").removesuffix(b"\r\n"),
}


def test_every_recorded_listing_is_tested() -> None:
    """A file in recorded/ without expectations would prove nothing; those of a real kernel have theirs elsewhere."""
    recorded = {path.stem for path in RECORDED.glob("*.txt")}
    assert recorded == {*SAMPLES, "real-ipvsadm", "real-proc", "real-stats", "real-rate"}


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_listing_means_the_same_however_its_lines_end(name: str, delivery: str) -> None:
    """Each sample gives its table with LF, with CRLF, and without the last line end."""
    assert parse(DELIVERIES[delivery]((RECORDED / f"{name}.txt").read_bytes())) == SAMPLES[name]


@pytest.mark.parametrize("delivery", ["LF", "CRLF, no last line end"])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_listing_has_the_same_sums_in_chunks_of_every_size(name: str, delivery: str) -> None:
    """Where a chunk is cut changes nothing, and the sums are those of the table."""
    text = DELIVERIES[delivery]((RECORDED / f"{name}.txt").read_bytes())
    sums = {"whole": summarize(text)}
    for size in range(1, len(text)):
        summarizer = Summarizer()
        for start in range(0, len(text), size):
            summarizer.feed(text[start : start + size])
        sums[f"chunks of {size}"] = summarizer.finish()
    assert sums == dict.fromkeys(sums, summary_of(SAMPLES[name]))
