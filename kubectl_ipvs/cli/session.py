"""What every command is given: connection, place, limits - as typed; validated when the cluster is opened."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from kubectl_ipvs.cli.console import ADVICE, choice, trace, warn
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.cluster.access.request_timeout import request_timeout
from kubectl_ipvs.errors import ReadOnly, UsageError

if TYPE_CHECKING:  # loaded when a cluster is opened: `schedulers` and `--help` need none
    from kubectl_ipvs.cluster.cluster import Cluster
    from kubectl_ipvs.operations.installation import Where
    from kubectl_ipvs.operations.look import Looker
    from kubectl_ipvs.operations.tables.ways import Ways
    from kubectl_ipvs.services.objects import Service

    Listed = Callable[[], Iterable[Service]]

# 48 at a time keep one core of ours busy where an exec takes 50 ms; more only wait for it (benchmarks/README.md)
CONCURRENCY, EXEC_TIMEOUT, MAX_OUTPUT = 48, "10s", 64
MIB = 1024 * 1024
WAYS = ("auto", "exec", "proxy", "helper")
PLAIN = re.compile(r"[0-9]+([.][0-9]+)?")
FALSE = {"", "0", "false", "no"}
REPEATED = {  # flags that a command printed as a hint has to have, too; none of them is a secret
    "kubeconfig": "--kubeconfig", "context": "--context", "cluster": "--cluster", "user": "--user",
    "server": "--server", "as_user": "--as", "namespace": "--namespace",
    "kube_proxy_namespace": "--kube-proxy-namespace", "selector": "--selector",
    "daemon_set": "--daemonset", "config_map": "--configmap", "read": "--read", "helper_image": "--helper-image",
}  # fmt: skip
OURS = {  # kubectl has the others, too
    "namespace", "kube_proxy_namespace", "selector", "daemon_set", "config_map", "read", "helper_image",
}  # fmt: skip


class Session(NamedTuple):
    """One run's flags; None is "not given"."""

    options: ConnectionOptions = ConnectionOptions()
    kube_proxy_namespace: str | None = None
    selector: str | None = None
    daemon_set: str | None = None
    config_map: str | None = None
    concurrency: int | None = None
    exec_timeout: str | None = None
    max_output: int | None = None
    verbosity: str | None = None
    read: str | None = None
    helper_image: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Session":
        """Sort the flags of one place on the command line."""
        known = set(ConnectionOptions._fields)
        lists = {"as_groups", "as_user_extra"}
        options: dict[str, Any] = {
            key: tuple(value or ()) if key in lists else value for key, value in given.items() if key in known
        }
        return cls(ConnectionOptions(**options), **{key: value for key, value in given.items() if key not in known})

    def over(self, other: "Session") -> "Session":
        """Let these flags win over `other`'s."""
        own = {name: value for name, value in self._asdict().items() if name != "options"}
        rest = {key: getattr(other, key) if value is None else value for key, value in own.items()}
        return Session(self.options.over(other.options), **rest)

    @property
    def where(self) -> "Where":
        """Where the user says kube-proxy is."""
        from kubectl_ipvs.operations.installation import Where

        short, own = self.options.namespace, self.kube_proxy_namespace
        if short and own and short != own:
            raise UsageError(f"--kube-proxy-namespace {own} and --namespace {short}: one namespace, two names",
                             hint="give one of the two; here both mean kube-proxy's own")  # fmt: skip
        return Where(
            own or short or None,
            self.selector or None,
            self.daemon_set or None,
            self.config_map or None,
        )

    def cluster(self) -> "Cluster":
        """Open the cluster that kubectl would."""
        from kubectl_ipvs.cluster.access.connection import Connection, connect
        from kubectl_ipvs.cluster.cluster import Cluster
        from kubectl_ipvs.cluster.wire.log import WireLog
        from kubectl_ipvs.proxy.process import recognize

        ADVICE.ours = self._repeated(REPEATED)
        ADVICE.kubectl = self._repeated({key: flag for key, flag in REPEATED.items() if key not in OURS})

        def dial() -> Connection:
            return connect(self.options, os.environ)

        return Cluster(
            dial(), connections=self.at_once, renew=dial, log=WireLog(self.level, trace), recognize=recognize
        )

    @contextmanager
    def looking(
        self,
        cluster: "Cluster",
        *,
        asks: bool = False,
        services: "Listed | None" = None,
        files: Sequence[str] = (),
    ) -> "Iterator[Looker]":
        """Give what looks at nodes, with this run's limits; at the end its helper pods are taken away.

        `asks`: every kube-proxy is asked what it runs with, too. `services`: whole tables are read, and the Services
        are known already; else these are listed where it matters. `files`: the text of the tables is kept, and that of
        these files beside them.
        """
        from kubectl_ipvs.operations.support.interrupts import raised

        looker = self.looker(cluster, asks=asks, services=services, files=files)
        helpers = looker.reader.ways.helpers
        if helpers is None:
            yield looker
            return
        with raised():
            try:
                yield looker
            finally:
                helpers.end()

    def looker(
        self,
        cluster: "Cluster",
        *,
        asks: bool = False,
        services: "Listed | None" = None,
        files: Sequence[str] = (),
    ) -> "Looker":
        """Make what looks at nodes; who may have helper pods uses `looking`."""
        from kubectl_ipvs.operations.look import Looker
        from kubectl_ipvs.operations.tables.known_services import KnownServices
        from kubectl_ipvs.operations.tables.reader import Reader

        most = MAX_OUTPUT if self.max_output is None else self.max_output
        if most < 1:
            raise UsageError(f"invalid --max-output {most}: it takes a number of MiB from 1")
        lacking = {self.helper_image} if self.helper_image else set()  # only cat is wanted of it
        reader = Reader(
            cluster,
            self.exec_seconds,
            most * MIB,
            lacking=lacking,
            ways=self._ways(cluster),
            whole=services is not None and not files,
            files=files,
        )
        return Looker(reader, KnownServices(services or cluster.services), self.way, asks)

    @property
    def way(self) -> str:
        """How nodes are read."""
        chosen = choice("--read", self.read or "auto", WAYS)
        if chosen == "helper" and not self.helper_image:
            raise UsageError("--read=helper needs --helper-image IMAGE: an image that has cat and sleep")
        if self.helper_image and chosen in {"exec", "proxy"}:
            raise UsageError(f"--read={chosen} makes no helper pods: leave it or --helper-image out")
        return chosen

    def _ways(self, cluster: "Cluster") -> "Ways":
        """Return what decides by which way a table is read."""
        from kubectl_ipvs.operations.tables.ways import Ways

        if not self.helper_image:
            return Ways(self.way)
        from kubectl_ipvs.operations.tables.helper import Helpers

        refuse_if_read_only("--helper-image (it creates a pod on a node)")
        return Ways(self.way, Helpers(cluster, self.helper_image, self.exec_seconds, warn))

    def of_services(self, *, everywhere: bool) -> "tuple[str, Session]":
        """Take -n/--namespace as the namespace of Services; the rest of the session knows nothing of it.

        "": all of them, as with `everywhere`, which wins as it does in kubectl.
        """
        namespace = "" if everywhere else self.options.namespace or ""
        return namespace, self._replace(options=self.options._replace(namespace=None))

    def _repeated(self, known: Mapping[str, str]) -> str:
        """Write those of these flags that were given."""
        given: dict[str, object] = {**self.options._asdict(), **self._asdict()}
        flags = [part for key, flag in known.items() if given.get(key) for part in (flag, str(given[key]))]
        return " ".join(map(quote, flags))

    @property
    def level(self) -> int:
        """How much is logged: kubectl's -v, of which 6 to 9 mean something here."""
        typed = self.verbosity or "0"
        if not typed.isdecimal() or len(typed) > 9:  # noqa: PLR2004 - kubectl's is an int32
            raise UsageError(f'invalid argument "{typed}" for "-v, --v": it takes a number')
        return int(typed)

    @property
    def exec_seconds(self) -> float:
        """How long one node may take to answer."""
        return seconds("--exec-timeout", self.exec_timeout or EXEC_TIMEOUT)

    @property
    def at_once(self) -> int:
        """How many nodes are queried in parallel."""
        chosen = CONCURRENCY if self.concurrency is None else self.concurrency
        if not 1 <= chosen <= 1000:  # noqa: PLR2004 - more threads than that help nobody
            raise UsageError(f"invalid --concurrency {chosen}: it takes 1 to 1000")
        return chosen


def seconds(flag: str, text: str) -> float:
    """Read a duration that must be more than nothing; it needs a unit, as those of kube-proxy and of kubectl do."""
    try:
        read = None if PLAIN.fullmatch(text) else request_timeout(text)
    except UsageError:
        read = None
    if read is None:
        unit = f": did you mean {text}s?" if PLAIN.fullmatch(text) and float(text) else ""
        raise UsageError(f'invalid {flag} "{text}": it takes a time with a unit, such as 10s or 2m{unit}')
    return read


def keep_small() -> None:
    """Have glibc keep two heaps instead of eight a core, each of which keeps the most that its threads ever held.

    Python's lock leaves more no use; without this the watch of 500 nodes doubles its memory in its first minutes.
    Elsewhere nothing happens. Source: mallopt(3); the number is M_ARENA_MAX in malloc.h.
    """
    import ctypes

    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(-8, 2)


def refuse_if_read_only(what: str) -> None:
    """Raise ReadOnly where KUBECTL_IPVS_READONLY forbids changes."""
    if os.environ.get("KUBECTL_IPVS_READONLY", "").lower() not in FALSE:
        raise ReadOnly(f"{what} refused: KUBECTL_IPVS_READONLY is set", hint="unset it to allow changes")
