"""A change of kube-proxy's configuration as a value: one edit for each ConfigMap key that it is about.

`prepare` and `reverse` read and decide and write nothing; what they return is shown to the user.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from kubectl_ipvs.errors import ChangedMeanwhile, EditRefused, IpvsError, UsageError
from kubectl_ipvs.ipvs.schedulers import suggest
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.source import Source
from kubectl_ipvs.proxy.config import configuration, fields, last_change
from kubectl_ipvs.proxy.config.difference import difference
from kubectl_ipvs.proxy.config.edit import edit
from kubectl_ipvs.proxy.config.fields import FIELD, Value
from kubectl_ipvs.proxy.config.last_change import ANNOTATION, LastChange, rolled_back


class Edit(NamedTuple):
    """A planned edit of one source's text, proved to change only what was asked; not yet written."""

    source: Source
    new_text: str
    values: Mapping[str, Value]  # the fields as they will be in effect
    since: float | None = None  # of an undo: when the text that it restores was written the first time
    undoes: str = ""  # of an undo: the time of the change that it reverses

    @property
    def note(self) -> str | None:
        """The annotation by which pods that have read the restored text before are known to need no restart."""
        if self.since is None or self.source.changed is None:
            return None
        return rolled_back(self.new_text, since=self.source.changed, before=self.since)

    @property
    def record(self) -> LastChange | None:
        """The record of the change that left the text as it is; None for none, or where somebody changed it since."""
        found = _record_of(self.source)
        return found if found is not None and found.fits(self.source.text) else None

    @property
    def changes_text(self) -> bool:
        """There is something to write."""
        return self.new_text != self.source.text

    @property
    def diff(self) -> str:
        """The change as a unified diff, "" where there is none."""
        return text_diff(self.source, self.new_text) if self.changes_text else ""

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """What each field was configured to be and will be; None is "unset"."""
        if self.source.configuration is None or not self.values:
            return {}
        old, new = self.source.configuration.ipvs, configuration.read(self.new_text).ipvs
        return {
            name: {"from": _plain(old[name].configured), "to": _plain(new[name].configured)} for name in self.values
        }

    @property
    def after(self) -> Source:
        """The source as it will be once this is written."""
        found = self.source.config_map
        if found is None or not self.changes_text:
            return self.source
        data = {**found.data, self.source.key: self.new_text}
        return self.source._replace(
            config_map=found._replace(data=data), configuration=configuration.read(self.new_text, self.source.version)
        )


class Change(NamedTuple):
    """What a run changes: nothing for a restart. `values` are the fields that were asked for, or that undo restores."""

    found: Installation
    edits: tuple[Edit, ...] = ()
    values: Mapping[str, Value] = {}
    began: str = ""  # the time of a run that was cut short between two ConfigMaps, and that this one finishes

    @property
    def changes_text(self) -> bool:
        """There is something to write."""
        return any(entry.changes_text for entry in self.edits)

    @property
    def writes(self) -> tuple[Edit, ...]:
        """The edits that write something."""
        return tuple(entry for entry in self.edits if entry.changes_text)

    @property
    def diff(self) -> str:
        """All edits as one unified diff."""
        return "".join(entry.diff for entry in self.edits)

    @property
    def fields(self) -> dict[str, dict[str, Any]]:
        """The fields' changes; where several texts change, those of the first that changes the field."""
        merged: dict[str, dict[str, Any]] = {}
        for entry in self.writes:
            for name, change in entry.fields.items():
                merged.setdefault(name, change)
        return merged

    @property
    def after(self) -> Installation:
        """kube-proxy as it will be found once this is written."""
        return self.found.with_sources({entry.source.identity: entry.after for entry in self.edits})

    @property
    def recorded(self) -> bool:
        """`undo` can restore the configuration, once this is written (or as it stands, where nothing is)."""
        return bool(self.edits) and all(entry.changes_text or entry.record is not None for entry in self.edits)


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


def prepare(found: Installation, values: Mapping[str, Value]) -> Change:
    """Plan to set fields in every configuration that can be written; raises IpvsError for an edit that is not safe."""
    problem = found.unreadable()
    if problem is not None:
        raise problem
    return Change(found, tuple(_edit(source, values) for source in found.sources if source.writable), values)


def _edit(source: Source, values: Mapping[str, Value]) -> Edit:
    """Plan one edit; what is in effect already, be it as kube-proxy's own default, is left as it is written."""
    read = source.configuration
    assert read is not None  # noqa: S101 - a writable source has one
    wanted = {name: value for name, value in values.items() if not _in_effect(name, value, read.ipvs[name].effective)}
    try:
        new_text = edit(source.text, wanted)
    except EditRefused as error:
        by_hand = f"kubectl -n {source.namespace} edit configmap {source.name}"
        error.hint = f"change it with `{by_hand}`, then run `kubectl ipvs restart`"
        raise
    settings = configuration.read(new_text).ipvs
    effective = {name: entry.effective for name, entry in settings.items()}
    defaults = [name for name, entry in settings.items() if entry.origin == "default"]
    problems = fields.check(effective, defaults) if wanted else []
    if problems:
        other = "--min-sync-period" if "syncPeriod" in wanted else "--sync-period"
        raise UsageError("; ".join(problems), hint=f"set {other}, too")
    return Edit(source, new_text, values)


def _in_effect(name: str, wanted: Value, effective: Value) -> bool:
    field = FIELD[name]
    if field.kind != "duration":
        return wanted == effective
    if field.default_note and str(wanted) != str(effective):
        return False  # 0s leaves the kernel's value as it is, 15m sets it: not the same, though both say 15m
    try:
        return fields.parse_duration(str(wanted)) == fields.parse_duration(str(effective))
    except ValueError:
        return False


def reverse(found: Installation) -> Change:
    """Plan to undo the last change, in every ConfigMap that it wrote.

    ChangedMeanwhile (with a diff) where a text is no longer what the change left.
    """
    records = [(source, record) for source in found.sources if source.config_map and (record := _record_of(source))]
    if not records:
        raise found.unreadable() or _nothing_to_undo(found)
    newest = max((record for _, record in records), key=lambda record: record.time)
    # An undo that was cut short between two ConfigMaps left some of what it reverses: those are finished first.
    left = [(source, record) for source, record in records if newest.undoes and record.time == newest.undoes]
    edits = []
    for source, record in left or [entry for entry in records if entry[1].time == newest.time]:
        if not record.fits(source.text):
            raise _changed_since(source, record)
        new_text = record.reverse(source.text)
        read = configuration.read(new_text).ipvs
        restored = {name: read[name].effective for name in record.fields if name in read}
        edits.append(Edit(source, new_text, restored, record.before, record.time))
    values = {name: value for entry in edits for name, value in entry.values.items()}
    return Change(found, tuple(edits), values, newest.time if left else "")


def text_diff(source: Source, new_text: str) -> str:
    """Show how a configuration's text would change."""
    found = source.config_map
    name = f"{found.namespace}/{found.name} {source.key}" if found else ""
    return difference(source.text, new_text, f"configmap {name}")


def _record_of(source: Source) -> LastChange | None:
    return last_change.read(source.config_map.annotations.get(ANNOTATION, "")) if source.config_map else None


def _nothing_to_undo(found: Installation) -> IpvsError:
    maps = [source.config_map for source in found.sources if source.config_map]
    where = ", ".join(f"configmap {entry.namespace}/{entry.name}" for entry in maps) or f"namespace {found.namespace}"
    written = any(entry.annotations.get(ANNOTATION) for entry in maps)
    why = "its record cannot be read" if written else "kubectl ipvs has changed nothing there"
    return IpvsError(
        f"nothing to undo in {where}: {why}", hint="set the value itself: `kubectl ipvs set --scheduler rr`"
    )


def _changed_since(source: Source, last: LastChange) -> ChangedMeanwhile:
    """Say that somebody else changed the text since, and show what putting the fields back would do now."""
    found = source.config_map
    where = f"configmap {found.namespace}/{found.name}" if found else ""
    values = {name: entry.get("from") for name, entry in last.fields.items() if name in fields.FIELD}
    wanted = {name: _value(name, value) for name, value in values.items()}
    error = ChangedMeanwhile(
        f"{where} was changed by somebody else since the last change ({last.time}): nothing written",
        hint=f"to have the value back all the same: `{set_command(wanted)}`",
    )
    try:
        shown = text_diff(source, edit(source.text, wanted))
    except IpvsError:
        shown = ""
    error.detail = f"that would write now:\n{shown}" if shown else ""
    return error


def set_command(values: Mapping[str, Value]) -> str:
    """Write the `set` that gives fields these values, as it is typed in a shell."""
    flags = []
    for name, value in values.items():
        if isinstance(value, bool):
            flags.append("--strict-arp" if value else "--no-strict-arp")
        else:
            flag = "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in name)
            flags.append(f'--exclude-cidrs "{",".join(value)}"' if isinstance(value, tuple) else f"--{flag} {value}")
    return " ".join(["kubectl ipvs set", *flags])


def _value(name: str, plain: object) -> Value:
    if plain is None or plain == "":
        return fields.FIELD[name].default if name != "excludeCIDRs" else ()
    if isinstance(plain, list):
        return tuple(str(entry) for entry in plain)
    return plain if isinstance(plain, bool) else str(plain)


def _plain(value: Value | None) -> object:
    return list(value) if isinstance(value, tuple) else value


def sources_in_the_way(found: Installation) -> Sequence[Source]:
    """Return the configurations that cannot be edited here."""
    return [source for source in found.sources if not source.writable]
