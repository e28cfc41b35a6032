"""Finds, reads and merges kubeconfig files exactly as kubectl (client-go clientcmd) does. Never writes one.

The rules, each held against kubectl itself by tests/cluster/test_against_kubectl.py: `--kubeconfig` names the
only file and it must exist; else $KUBECONFIG is a list in which missing and empty files are skipped; else
~/.kube/config. Of two entries of one name the first file's wins as a whole, the first current-context that is
not empty wins, and a file that cannot be read or understood is an error even when another file has all that
is needed. Errors name file, line, column and field, never a value.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from kubectl_ipvs.cluster.access.kubeconfig_entries import (
    ClusterEntry,
    ContextEntry,
    UserEntry,
    cluster_entry,
    context_entry,
    user_entry,
)
from kubectl_ipvs.cluster.access.kubeconfig_yaml import first_document
from kubectl_ipvs.cluster.access.typed_mapping import Fields
from kubectl_ipvs.errors import KubeconfigError

Entry = TypeVar("Entry", ClusterEntry, UserEntry, ContextEntry)


class Kubeconfig(NamedTuple):
    """One kubeconfig, or several merged; `files` were read, `missing` do not exist."""

    clusters: Mapping[str, ClusterEntry]
    users: Mapping[str, UserEntry]
    contexts: Mapping[str, ContextEntry]
    current_context: str = ""
    files: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


def load(explicit: str | None, environ: Mapping[str, str]) -> Kubeconfig:
    """Read `explicit` (--kubeconfig) alone, or what the environment names, merged; no file is no error.

    Raises KubeconfigError for a file that is missing though named by the flag, unreadable, or not a
    kubeconfig.
    """
    if explicit:
        return _merged([_required(explicit)], ())
    found, missing = [], []
    for path in _paths(environ):
        try:
            found.append(_read(path))
        except FileNotFoundError:  # noqa: PERF203 - a handful of files
            missing.append(path)
    return _merged(found, tuple(missing))


def _paths(environ: Mapping[str, str]) -> list[str]:
    if environ.get("KUBECONFIG"):
        return list(dict.fromkeys(filter(None, environ["KUBECONFIG"].split(os.pathsep))))
    home = environ.get("HOME") or environ.get("USERPROFILE")
    return [str(Path(home, ".kube", "config"))] if home else []


def _merged(configs: list[Kubeconfig], missing: tuple[str, ...]) -> Kubeconfig:
    backwards = configs[::-1]
    return Kubeconfig(
        clusters={name: entry for config in backwards for name, entry in config.clusters.items()},
        users={name: entry for config in backwards for name, entry in config.users.items()},
        contexts={name: entry for config in backwards for name, entry in config.contexts.items()},
        current_context=next((config.current_context for config in configs if config.current_context), ""),
        files=tuple(file for config in configs for file in config.files),
        missing=missing,
    )


def _required(path: str) -> Kubeconfig:
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise KubeconfigError(f"stat {path}: no such file or directory") from error


def _read(path: str) -> Kubeconfig:
    source = f'error loading config file "{path}"'
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise KubeconfigError(f"{source}: {(error.strerror or 'cannot be read').lower()}") from error
    fields = Fields(source, first_document(source, content))
    _check_kind(source, fields)
    return Kubeconfig(
        clusters=_entries(source, fields, "cluster", path, cluster_entry),
        users=_entries(source, fields, "user", path, user_entry),
        contexts=_entries(source, fields, "context", path, context_entry),
        current_context=fields.text("current-context"),
        files=(path,),
    )


def _check_kind(source: str, fields: Fields) -> None:
    if fields.text("kind") not in {"", "Config"} or fields.text("apiVersion") not in {"", "v1"}:
        raise KubeconfigError(f"{source}: not a kubeconfig: it is not of kind Config, apiVersion v1")


def _entries(
    source: str,
    fields: Fields,
    kind: str,
    path: str,
    entry: Callable[[Fields, str], Entry],
) -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for item in fields.children(f"{kind}s"):
        name = item.text("name")
        if name in entries:
            raise KubeconfigError(f'{source}: duplicate name "{name}" in {kind}s')
        entries[name] = entry(item.child(kind).named(f'{kind} "{name}"'), path)
    return entries
