"""Writes planned edits by compare-and-swap, with the record that `undo` needs, and looks at what was stored."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.cluster.wire.retry import GivesUp, never, retrying
from kubectl_ipvs.errors import ConnectionFailed, IpvsError, Refused
from kubectl_ipvs.operations.change.edits import Change, Edit
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.source import Source, read_source
from kubectl_ipvs.proxy.config import last_change
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, ROLLED_BACK


class StoredOtherwise(Refused):
    """The API server stored another text than it was given: a webhook or a policy changes what is written."""


def write(
    cluster: Cluster, change: Change, *, timeout: float = 0.0, gives_up: GivesUp = never, dry_run: bool = False
) -> Installation:
    """Write every edit; return kube-proxy as it now stands.

    If one cannot be written, those before it are put back, and the failure is raised: none stays half written unsaid.
    """
    written: list[tuple[Edit, Source]] = []
    time = change.began or _begun(change) or _now(cluster)
    for entry in change.writes:
        record = last_change.record(
            entry.source.text, entry.new_text, entry.fields, time, entry.source.changed, entry.undoes
        )
        notes = {ANNOTATION: record.write(), ROLLED_BACK: entry.note}
        try:
            stored = put(
                cluster, entry.source, entry.new_text, notes, timeout=timeout, gives_up=gives_up, dry_run=dry_run
            )
        except StoredOtherwise as error:
            written.append((entry, entry.source))
            raise _restored(cluster, written, error, timeout, dry_run=dry_run) from error
        except IpvsError as error:
            raise _restored(cluster, written, error, timeout, dry_run=dry_run) from error
        written.append((entry, stored))
    return change.found.with_sources({entry.source.identity: stored for entry, stored in written})


def _now(cluster: Cluster) -> str:
    """Write the API server's time: records of different machines are ordered by it."""
    return datetime.fromtimestamp(cluster.now(), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _begun(change: Change) -> str:
    """Return the time of the run that this one continues, "" for none: `undo` reverses what has one time together.

    That run was cut short between two ConfigMaps: one of them has its record already, and is left as it is.
    """
    wanted = {name: entry["to"] for name, entry in change.fields.items()}
    for entry in change.edits:
        found = entry.record
        if found is not None and not entry.changes_text:
            made = {name: field.get("to") for name, field in found.fields.items()}
            if made == wanted:
                return found.time
    return ""


def put(
    cluster: Cluster,
    source: Source,
    text: str,
    notes: Mapping[str, str | None],
    *,
    timeout: float = 0.0,
    gives_up: GivesUp = never,
    dry_run: bool = False,
) -> Source:
    """Compare and swap the whole text and our annotations (None: removed); tried again within `timeout`.

    Raises StoredOtherwise where the server's answer is not the text that was asked for.
    """
    found = source.config_map
    assert found is not None  # noqa: S101 - only a ConfigMap is ever written
    target: ConfigMap = found

    def swap() -> ConfigMap:
        return cluster.swap(target, source.key, text, annotations=notes, dry_run=dry_run)

    stored = retrying(swap, timeout, gives_up)
    if stored.data.get(source.key) != text:
        raise StoredOtherwise(
            f"configmap {target.namespace}/{target.name}: the API server stored another text than was written",
            hint="an admission webhook or policy (Kyverno, Gatekeeper) changes it: change the value there",
        )
    return read_source(source, stored.name, source.key, stored)


def _restored(
    cluster: Cluster, written: Sequence[tuple[Edit, Source]], error: IpvsError, timeout: float, *, dry_run: bool
) -> IpvsError:
    """Put back what was written before a failure; return the failure, with what could not be put back."""
    if dry_run:
        return error
    left = []
    for entry, stored in written:
        before = entry.source.config_map
        try:
            _put_back(cluster, entry, stored, timeout)
        except IpvsError as second:
            name = before.name if before else ""
            left.append(f"configmap {name} could not be put back: {second}")
    if isinstance(error, ConnectionFailed) and not error.hint:
        error.hint = "the answer to the write is missing, so it may have been made: look with `kubectl ipvs get`"
    if not left:
        error.args = (f"{error}; nothing is changed" if written else str(error),)
        return error
    error.args = (f"{error}; {'; '.join(left)}",)
    return error


def _put_back(cluster: Cluster, entry: Edit, stored: Source, timeout: float) -> None:
    """Write the old text over whatever stands there now, if that came of our own write."""
    before = entry.source.config_map
    assert before is not None  # noqa: S101 - only a ConfigMap is ever written
    now = retrying(lambda: cluster.config_map(before.namespace, before.name), timeout)
    notes = {ANNOTATION: before.annotations.get(ANNOTATION), ROLLED_BACK: before.annotations.get(ROLLED_BACK)}
    same = now is not None and all(now.annotations.get(name) == note for name, note in notes.items())
    if now is None or (same and now.data.get(entry.source.key) == entry.source.text):
        return
    current = read_source(stored, now.name, entry.source.key, now)
    put(cluster, current, entry.source.text, notes, timeout=timeout)
