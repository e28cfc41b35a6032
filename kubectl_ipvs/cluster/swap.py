"""Compare and swap one key of a ConfigMap, while others may write to the same object."""

import time
from collections.abc import Mapping

from kubectl_ipvs.cluster import paths
from kubectl_ipvs.cluster.objects import MANAGER, MANAGER_AGAIN, ConfigMap, config_map
from kubectl_ipvs.cluster.patches import annotate_patch, swap_patch
from kubectl_ipvs.cluster.wire import limit
from kubectl_ipvs.cluster.wire.rest import JSON_PATCH, Rest
from kubectl_ipvs.cluster.wire.retry import pauses
from kubectl_ipvs.errors import ApiError, ChangedMeanwhile

LONGEST = 10.0  # seconds of trying again because something else of the object was changed
NOT_FOUND = 404
REFUSED = frozenset({409, 422})  # a test of the patch failed, or another write was quicker
Annotations = Mapping[str, str | None]


def swap(
    rest: Rest, target: ConfigMap, key: str, new: str, annotations: Annotations, *, dry_run: bool = False
) -> ConfigMap:
    """Write one key and annotations; see `Cluster.swap`."""
    waits, found = pauses(time.monotonic() + limit.seconds(LONGEST)), target
    while True:
        try:
            return _once(rest, found, key, new, annotations, dry_run=dry_run)
        except ApiError as error:
            now = _now(rest, target) if error.status in REFUSED else None
            if now is None or (now.data.get(key) == found.data[key] and now.version == found.version):
                raise
            if now.data.get(key) not in {target.data[key], new}:
                raise _changed(target) from error
            if now.data.get(key) == new and all(
                now.annotations.get(name) == note for name, note in annotations.items()
            ):
                return now  # ours, whose answer was lost
            wait = waits.after(error)  # something else of the object was changed, not our key
            if wait is None:
                raise
        time.sleep(wait)
        found = now


def _once(rest: Rest, found: ConfigMap, key: str, new: str, annotations: Annotations, *, dry_run: bool) -> ConfigMap:
    manager = MANAGER_AGAIN if found.writers.get(key) == MANAGER else MANAGER
    query = {"fieldManager": manager} | ({"dryRun": "All"} if dry_run else {})
    patch = [*swap_patch(found, key, new), *annotate_patch(found, annotations)]
    return config_map(rest.patch(_path(found), patch, JSON_PATCH, query))


def _now(rest: Rest, target: ConfigMap) -> ConfigMap | None:
    try:
        return config_map(rest.get(_path(target)))
    except ApiError as error:
        if error.status == NOT_FOUND:
            return None
        raise


def _path(target: ConfigMap) -> str:
    return paths.config_map(target.namespace, target.name)


def _changed(target: ConfigMap) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"configmap {target.namespace}/{target.name} was changed by somebody else meanwhile: nothing written",
        hint="look at it with `kubectl ipvs get`, then run the same command again",
    )
