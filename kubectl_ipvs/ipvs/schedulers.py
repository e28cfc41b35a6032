"""The catalogue: the fourteen schedulers of the kernel, and what each comes to under kube-proxy.

Sources: net/netfilter/ipvs/ip_vs_NAME.c and Kconfig of the kernel for `meaning`; include/uapi/linux/ip_vs.h
for `flags`; for `kernel` the commits of 2014-09-16 (fo), eefa32d3f3c5 (ovf), 2018-04-09 (mh) and
012da53d1afb (twos). `with_kube_proxy` follows from kubernetes pkg/proxy/ipvs/proxier.go: every endpoint
has weight 1, and 0 while it terminates; each node counts its own connections only; mh-port since PR 115527.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final, NamedTuple


class Scheduler(NamedTuple):
    """One scheduler.

    `kernel`: the first release that has it, by upstream version; (2, 4) for those older than Kubernetes.
    `meaning`: what it does, in general. `with_kube_proxy`: what that comes to when all weights are 1.
    `trap`: nearly never what a cluster wants. `advice`: a warning to print before it is chosen, or empty.
    `flags`: the names ipvsadm has for its flags.
    """

    name: str
    title: str
    meaning: str
    with_kube_proxy: str
    kernel: tuple[int, int] = (2, 4)
    trap: bool = False
    advice: str = ""
    flags: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        """Give its kernel module, as ip_vs_sched.c asks for it: request_module("ip_vs_%s")."""
        return f"ip_vs_{self.name}"


_SAME_WEIGHTS = "kube-proxy gives every endpoint weight 1, so {} does exactly what {} does"
_REFUSES = (
    "a new connection whose hash names a terminating pod (weight 0) is refused, not sent elsewhere: "
    "kube-proxy does not set {}-fallback"
)
_ONE_POD = "all connections of a Service go to one pod"
_VIP = "The destination is the Service's own address: everything goes to "

# In the order in which a user would look for one: in turn, least loaded, sticky, traps.
_CATALOGUE = (
    Scheduler(
        name="rr",
        title="round robin",
        meaning="Gives new connections to the real servers in turn.",
        with_kube_proxy="kube-proxy's default. Each node takes turns for itself, per Service port.",
    ),
    Scheduler(
        name="wrr",
        title="weighted round robin",
        meaning="Gives new connections in turn, more of them to real servers with a higher weight.",
        with_kube_proxy="The same as rr.",
        advice=_SAME_WEIGHTS.format("wrr", "rr"),
    ),
    Scheduler(
        name="lc",
        title="least connections",
        meaning="Picks the fewest connections; an active one counts as 256 inactive ones.",
        with_kube_proxy="Evens out long-lived connections, as far as this node sees them. "
        "A new pod takes all new connections until it has caught up.",
    ),
    Scheduler(
        name="wlc",
        title="weighted least connections",
        meaning="Picks the fewest connections for its weight.",
        with_kube_proxy="The same as lc.",
        advice=_SAME_WEIGHTS.format("wlc", "lc"),
    ),
    Scheduler(
        name="sed",
        title="shortest expected delay",
        meaning="Picks the least (active connections + 1) / weight.",
        with_kube_proxy="The fewest active connections; ties go to the first endpoint of the table.",
    ),
    Scheduler(
        name="nq",
        title="never queue",
        meaning="Picks an idle real server if there is one, else as sed.",
        with_kube_proxy="An endpoint without active connections first, then as sed.",
    ),
    Scheduler(
        name="twos",
        title="power of two choices",
        kernel=(5, 12),
        meaning="Picks two real servers at random, by weight, and of these the one with less load.",
        with_kube_proxy="Nearly as even as lc, and a new pod is not flooded.",
        advice="few distributions ship the module ip_vs_twos: see that every node has it",
    ),
    Scheduler(
        name="sh",
        title="source hashing",
        meaning="Picks by a hash of the client's address.",
        with_kube_proxy="A client stays on one endpoint while the endpoints stay the same. "
        "Clients behind one address (NAT) all share one endpoint.",
        advice=_REFUSES.format("sh"),
        flags=("sh-fallback", "sh-port"),
    ),
    Scheduler(
        name="mh",
        title="Maglev hashing",
        kernel=(4, 18),
        meaning="Picks by a consistent hash of the client's address, from Maglev's lookup table.",
        with_kube_proxy="The nodes agree on the endpoint for an address. kube-proxy 1.27 and later set "
        "mh-port: the client's port counts too, so one client spreads over the endpoints.",
        advice=_REFUSES.format("mh"),
        flags=("mh-fallback", "mh-port"),
    ),
    Scheduler(
        name="dh",
        title="destination hashing",
        meaning="Picks by a hash of the destination address.",
        with_kube_proxy=_VIP + "one endpoint.",
        trap=True,
        advice=_ONE_POD,
    ),
    Scheduler(
        name="lblc",
        title="locality-based least connections",
        meaning="Keeps a destination address on one real server until it is overloaded; for cache clusters.",
        # is_overloaded() in ip_vs_lblc.c: activeconns > weight, and another has activeconns * 2 < weight
        with_kube_proxy=_VIP + "one endpoint, until that has more than 1 active while another has none.",
        trap=True,
        advice=_ONE_POD + " until it has 2 active connections while another has none",
    ),
    Scheduler(
        name="lblcr",
        title="locality-based least connections with replication",
        meaning="As lblc, with a set of real servers for each destination address.",
        with_kube_proxy=_VIP + "a few endpoints; an idle one is added when each of these has more than 1 active.",
        trap=True,
        advice="all connections of a Service go to a few pods; idle ones are added one at a time",
    ),
    Scheduler(
        name="fo",
        title="weighted fail-over",
        kernel=(3, 18),
        meaning="Gives everything to the real server with the highest weight.",
        with_kube_proxy="All weights are 1: everything goes to one endpoint, the others wait.",
        trap=True,
        advice=_ONE_POD,
    ),
    Scheduler(
        name="ovf",
        title="weighted overflow",
        kernel=(4, 3),
        meaning="Fills the highest weight until its active connections exceed it, then goes to the next.",
        with_kube_proxy="Weight 1 lets each endpoint have 2 active connections; then new ones are refused.",
        trap=True,
        advice="each pod takes 2 active connections from a node, then new ones are refused",
    ),
)

SCHEDULERS: Final[Mapping[str, Scheduler]] = MappingProxyType({entry.name: entry for entry in _CATALOGUE})

_OTHER_NAMES = {"leastconn": "lc", "maglev": "mh", "sourceip": "sh", "poweroftwo": "twos"}
_LONGEST = 64  # comparing costs the square of the length; no name comes near


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


_NAMES = {
    **{entry.name: entry.name for entry in _CATALOGUE},
    **{_letters(entry.title): entry.name for entry in _CATALOGUE},
    **_OTHER_NAMES,
}


def suggest(name: str) -> str:
    """Give the scheduler probably meant by a misspelled or long name (`least-connection`), or nothing."""
    near = get_close_matches(_letters(name[:_LONGEST]), _NAMES, n=1, cutoff=0.5)
    return _NAMES[near[0]] if near else ""


def available_since(kernel_version: str) -> frozenset[str]:
    """Give the schedulers that a kernel release (`5.15.0-91-generic`) is new enough for.

    Whether the node has the module is another question, and a distribution may have ported one back.
    A release that cannot be read rules none out.
    """
    version = re.match(r"([0-9]{1,4})\.([0-9]{1,4})", kernel_version)
    if version is None:
        return frozenset(SCHEDULERS)
    release = int(version[1]), int(version[2])
    return frozenset(entry.name for entry in _CATALOGUE if entry.kernel <= release)
