"""Plans a change of kube-proxy's configuration and writes it by compare-and-swap.

`prepare` and `reverse` read and decide and write nothing; what they return is shown to the user; `write` then sends
exactly that, together with the record by which `undo` takes it back.
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any, NamedTuple

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import ConfigMap
from kubectl_ipvs.errors import ChangedMeanwhile, IpvsError, UsageError
from kubectl_ipvs.ipvs.schedulers import suggest
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.operations.patience import GivesUp, never, patiently
from kubectl_ipvs.proxy.config import configuration, fields
from kubectl_ipvs.proxy.config import last_change as lastchange
from kubectl_ipvs.proxy.config.difference import difference
from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.fields import Value
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, ROLLED_BACK, LastChange


class Change(NamedTuple):
    """An edit that was planned and proved, not yet written. `values`: the fields as they will be in effect."""

    located: Located
    values: Mapping[str, Value]
    new_text: str

    @property
    def changes_text(self) -> bool:
        """There is something to write."""
        return self.new_text != self.located.text

    @property
    def diff(self) -> str:
        """The change as a unified diff, "" where there is none."""
        return text_diff(self.located, self.new_text) if self.changes_text else ""

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """What each field was configured to be and will be; None is "unset"."""
        new = configuration.read(self.new_text).ipvs
        old = self.located.configuration.ipvs
        return {
            name: {"from": _plain(old[name].configured), "to": _plain(new[name].configured)} for name in self.values
        }

    @property
    def in_table(self) -> bool:
        """What is changed shows in the kernel's table: of all fields the scheduler alone. A restart proves that too."""
        return not self.values or "scheduler" in self.values

    @property
    def recorded(self) -> bool:
        """`undo` can take the configuration back, once this is written (or as it stands, where nothing is)."""
        found = self.located.config_map
        last = lastchange.read(found.annotations.get(ANNOTATION, "")) if found else None
        return self.changes_text or (last is not None and last.fits(self.located.text))

    @property
    def after(self) -> Located:
        """kube-proxy as it will be found once this is written."""
        found = self.located.config_map
        if found is None:
            return self.located
        data = {**found.data, self.located.key: self.new_text}
        read = configuration.read(self.new_text)
        return self.located._replace(config_map=found._replace(data=data), configuration=read)


def parse_values(typed: Mapping[str, str]) -> dict[str, Value]:
    """Turn what a user typed for each field into checked values; raises UsageError."""
    if not typed:
        raise UsageError("nothing to set", hint="name a field, as in `kubectl ipvs set --scheduler lc`")
    try:
        return {name: fields.parse_value(fields.FIELD[name], text) for name, text in typed.items()}
    except UsageError as error:
        near = suggest(typed.get("scheduler", ""))
        if near and not error.hint:
            raise UsageError(str(error), hint=f"did you mean {near}?") from None
        raise


def prepare(located: Located, values: Mapping[str, Value]) -> Change:
    """Plan to set fields; raises IpvsError for an edit that cannot be proved."""
    new_text = edit(located.text, values)
    read = configuration.read(new_text)
    problems = fields.check({name: setting.effective for name, setting in read.ipvs.items()})
    if problems:
        raise UsageError("; ".join(problems))
    return Change(located, values, new_text)


def reverse(located: Located) -> Change:
    """Plan to take the last change back; ChangedMeanwhile (with a diff) where the text is no longer what it left."""
    found = located.config_map
    where = f"configmap {located.namespace}/{found.name}" if found else f"{located.kind} of {located.namespace}"
    written = found.annotations.get(ANNOTATION, "") if found else ""
    last = lastchange.read(written)
    if last is None:
        why = "its record cannot be read" if written else "kubectl ipvs has changed nothing there"
        raise IpvsError(
            f"nothing to undo in {where}: {why}", hint="set the value itself: `kubectl ipvs set --scheduler rr`"
        )
    if not last.fits(located.text):
        raise _changed_since(located, last, where)
    new_text = last.reverse(located.text)
    read = configuration.read(new_text).ipvs
    return Change(located, {name: read[name].effective for name in last.fields if name in read}, new_text)


def text_diff(located: Located, new_text: str) -> str:
    """Show how the configuration's text would change."""
    found = located.config_map
    name = f"{found.namespace}/{found.name} {located.key}" if found else ""
    return difference(located.text, new_text, f"configmap {name}")


def write(
    cluster: Cluster, change: Change, *, timeout: float = 0.0, gives_up: GivesUp = never, dry_run: bool = False
) -> Located:
    """Write a planned change and its record; return kube-proxy as it now stands."""
    found = change.located.config_map
    if found is None or not change.changes_text:
        return change.located
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = lastchange.record(change.located.text, change.new_text, change.fields, now).write()
    notes = {ANNOTATION: note, ROLLED_BACK: None}
    return put(cluster, change.located, change.new_text, notes, timeout=timeout, gives_up=gives_up, dry_run=dry_run)


def put(
    cluster: Cluster,
    located: Located,
    text: str,
    notes: Mapping[str, str | None],
    *,
    timeout: float = 0.0,
    gives_up: GivesUp = never,
    dry_run: bool = False,
) -> Located:
    """Compare and swap the whole text and our annotations (None: taken away); tried again within `timeout`."""
    found = located.config_map
    assert found is not None  # noqa: S101 - only a ConfigMap is ever written
    key = located.key

    def swap() -> ConfigMap:
        return cluster.swap(found, key, text, annotations=notes, dry_run=dry_run)

    written = patiently(swap, timeout, gives_up)
    return located._replace(config_map=written, configuration=configuration.read(written.data[key]))


def _changed_since(located: Located, last: LastChange, where: str) -> ChangedMeanwhile:
    """Say that somebody else changed the text since, and show what putting the fields back would do now."""
    error = ChangedMeanwhile(
        f"{where} was changed by somebody else since the last change ({last.time}): nothing written",
        hint="set the value itself if you still want it: `kubectl ipvs set`",
    )
    values = {name: entry.get("from") for name, entry in last.fields.items() if name in fields.FIELD}
    wanted = {name: _value(name, value) for name, value in values.items()}
    try:
        error.detail = text_diff(located, edit(located.text, wanted))
    except IpvsError:
        error.detail = ""
    return error


def _value(name: str, plain: object) -> Value:
    if plain is None:
        return fields.FIELD[name].default if name != "excludeCIDRs" else ()
    return (
        tuple(str(entry) for entry in plain)
        if isinstance(plain, list)
        else plain
        if isinstance(plain, bool)
        else str(plain)
    )


def _plain(value: Value | None) -> object:
    return list(value) if isinstance(value, tuple) else value
