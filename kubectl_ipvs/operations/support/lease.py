"""One change at a time: a Lease `kubectl-ipvs` beside kube-proxy is held while something is changed.

A holder is judged by watching it renew, never by comparing clocks: a lease that is renewed while we look is held, one
that is not renewed for as long as it lasts has expired. Only a process of this very boot and PID namespace whose PID is
gone is known to be dead at once. Without the right to leases the change goes on, with a warning.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timezone

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.leases import Lease, Leases
from kubectl_ipvs.errors import ApiError, Busy, ConnectionFailed
from kubectl_ipvs.operations.support.holder import died_here, identity

NAME = "kubectl-ipvs"
LASTS, RENEW, LOOK = 15, 5.0, 0.5  # seconds: a lease lasts, is renewed, and is looked at again by who waits for it
LONGEST = 60  # seconds that a lease of somebody else is believed to last
NO_WAY = {403, 404, 405}  # no right to leases, or a server without them
CONFLICT, NOT_FOUND = 409, 404


@contextmanager
def holding(
    cluster: Cluster, namespace: str, warn: Callable[[str], None], lost: Callable[[str], None]
) -> Iterator[None]:
    """Hold the lease meanwhile; raises Busy where somebody else does. `lost` is told why if it is ours no longer."""
    try:
        lease = _take(cluster.leases, namespace, warn)
    except ApiError as error:
        if error.status not in NO_WAY:
            raise
        warn(f"another change at the same time would not be noticed: {error}")
        yield
        return
    keeper = _Keeper(cluster, lease, lost)
    try:
        yield
    finally:
        keeper.give_up()


class _Keeper:
    """Renews the lease in a thread of its own until it is given up."""

    def __init__(self, cluster: Cluster, lease: Lease, lost: Callable[[str], None]) -> None:
        self._within, self._leases, self._lease, self._lost = cluster.within, cluster.leases, lease, lost
        self._renewed = time.monotonic()
        self._over, self._taken = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
        self._thread.start()

    def give_up(self) -> None:
        """Let go; a lease that cannot be deleted now expires by itself."""
        self._over.set()
        self._thread.join(RENEW)
        if self._taken:
            return
        with suppress(ApiError, ConnectionFailed), self._within(RENEW):
            try:
                self._leases.delete(self._lease)
            except ApiError:
                if self._still_ours():
                    self._leases.delete(self._lease)

    def _run(self) -> None:
        while not (self._taken or self._over.wait(RENEW)):
            with self._within(RENEW):  # an answer that takes longer than the lease lasts would come too late
                self._renew()

    def _renew(self) -> None:
        try:
            self._lease = self._leases.update(self._lease, identity(), self._lease.since, _now(), LASTS)
            self._renewed = time.monotonic()
        except ConnectionFailed:
            self._renewed = time.monotonic()  # the API server is away: for others as well
        except ApiError as error:
            if error.status in {CONFLICT, NOT_FOUND}:
                if not self._still_ours():
                    self._end("it was taken over or deleted")
            elif time.monotonic() - self._renewed > LASTS:  # others may take it from now on
                self._end(f"it cannot be renewed: {error}")

    def _end(self, why: str) -> None:
        self._taken = True
        self._lost(why)

    def _still_ours(self) -> bool:
        """Look again: a renewal may have been done without an answer; if nobody answers, the next one tells."""
        try:
            now = self._leases.read(self._lease.namespace, self._lease.name)
        except (ApiError, ConnectionFailed):
            return True
        if now is None or (now.uid, now.holder) != (self._lease.uid, identity()):
            return False
        self._lease = now
        return True


def _take(leases: Leases, namespace: str, warn: Callable[[str], None]) -> Lease:
    found = leases.read(namespace, NAME)
    try:
        if found is None:
            return leases.create(namespace, NAME, identity(), _now(), LASTS)
        if found.holder and not died_here(found.holder):
            warn(f"another change seems to be under way, by {_who(found)}: looking whether it is alive")
            found = _outlive(leases, found)
        return leases.update(found, identity(), _now(), _now(), LASTS)
    except ConnectionFailed:
        now = leases.read(namespace, NAME)  # it may have become ours without an answer
        if now is None or now.holder != identity() or (found is not None and now.version == found.version):
            raise
        return now
    except ApiError as error:
        if error.status not in {CONFLICT, NOT_FOUND}:
            raise
        raise _busy(leases.read(namespace, NAME) or found) from error


def _outlive(leases: Leases, found: Lease) -> Lease:
    """Look at a lease for as long as it lasts; raises Busy when its holder renews it, or lets go of it."""
    deadline = time.monotonic() + min(found.seconds or LASTS, LONGEST)
    while time.monotonic() < deadline:
        time.sleep(LOOK)
        now = leases.read(found.namespace, found.name)
        if now is None:  # given up: what was looked at and agreed to may be of yesterday
            words = f"another change, by {_who(found)}, has just ended: nothing was changed"
            raise Busy(words, hint="look at what it did with `kubectl ipvs status`, then run the command again")
        if now.version != found.version:
            raise _busy(now)
    return found


def _busy(found: Lease | None) -> Busy:
    who = _who(found) if found is not None else "somebody else"
    return Busy(f"another change is under way, by {who}: nothing was changed", hint="wait until it has ended")


def _who(lease: Lease) -> str:
    who = lease.holder.rsplit("/", 1)[0] if lease.holder.count("/") > 1 else lease.holder  # the rest is for machines
    return f"{who or 'somebody'} since {lease.since or 'an unknown time'}"


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
