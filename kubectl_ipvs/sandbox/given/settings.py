"""What a world.yaml says beside objects.

Its keys: `version` of kube-proxy; `nodes` (name, labels, taints, ready, kernel, os_image, further addresses); `only`
{node: lines}: the whole table, in which `SCHED` stands for the scheduler in force; `extra` {node: lines}: rows beside
kube-proxy's; `initial` {node: scheduler in the kernel before}; `faults` {node: kinds}; `deny` [{verb, resource,
ssar}]: refused (ssar false: access reviews still say yes); `deny_exec`: the words with which a webhook denies every
exec; `tools` {container: programs in its image}; `pod_overrides` {node: {never: true, reason}}: its pod is Pending for
ever; `pod_age`: seconds, negative is long ago; `ds_status` {name: fields of its status}; `files` {node: {path: text}}:
files of the node.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from kubectl_ipvs.sandbox.given.cluster import Settings, faults_of
from kubectl_ipvs.sandbox.nodes.rows import rows_of

Obj = dict[str, Any]


def settings_of(worlds: Iterable[Mapping[str, Any]]) -> Settings:
    """Put together what the documents say; a later one goes over an earlier one."""
    found = Settings()
    for world in worlds:
        found.version = world.get("version") or found.version
        for name, rows in (("only", found.only), ("extra", found.extra)):
            rows.update({node: rows_of(lines or []) for node, lines in (world.get(name) or {}).items()})
        for name in ("initial", "tools", "ds_status", "files"):
            getattr(found, name).update(
                {key: each for key, each in (world.get(name) or {}).items() if each is not None}
            )
        _add_faults(found, world)
        found.deny += world.get("deny") or []
        found.deny_exec = world.get("deny_exec") or found.deny_exec
        if world.get("pod_age") is not None:
            found.pod_age = abs(world["pod_age"])
    return found


def _add_faults(found: Settings, world: Mapping[str, Any]) -> None:
    given = faults_of(world.get("faults") or {})
    for node, override in (world.get("pod_overrides") or {}).items():
        if (override or {}).get("never"):
            given.setdefault(node, []).append(f"pending={(override or {}).get('reason') or ''}")
    for node in world.get("nodes") or ():
        if node.get("ready") is False and "kubeedge" not in given.get(node["name"], ()):
            given.setdefault(node["name"], []).append("not-ready")
    for name, kinds in given.items():
        found.faults.setdefault(name, []).extend(kinds)
