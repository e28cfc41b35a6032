"""Changes fields of kube-proxy's configuration: read, plan the edit, write it by compare-and-swap.

`prepare` reads and decides and writes nothing; what it returns is shown to the user; `write` then sends exactly that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.errors import IpvsError, UsageError
from kubectl_ipvs.ipvs.schedulers import SCHEDULERS, suggest
from kubectl_ipvs.operations.locate import Located
from kubectl_ipvs.proxy import configuration, fields
from kubectl_ipvs.proxy.configuration import Configuration
from kubectl_ipvs.proxy.difference import difference
from kubectl_ipvs.proxy.edit import edit
from kubectl_ipvs.proxy.fields import Value


@dataclass(frozen=True, slots=True)
class Change:
    """An edit that was planned and proved, not yet written."""

    located: Located
    values: Mapping[str, Value]
    new_text: str
    warnings: tuple[str, ...]

    @property
    def changes_text(self) -> bool:
        """There is something to write."""
        return self.new_text != self.located.text

    @property
    def diff(self) -> str:
        """The change as a unified diff, "" where there is none."""
        found = self.located.config_map
        name = f"{found.namespace}/{found.name} {self.located.key}" if found else ""
        return difference(self.located.text, self.new_text, f"configmap {name}") if self.changes_text else ""

    @property
    def after(self) -> Located:
        """kube-proxy as it will be found once this is written."""
        found = self.located.config_map
        if found is None:
            return self.located
        data = {**found.data, self.located.key: self.new_text}
        read = configuration.read(self.new_text)
        return replace(self.located, config_map=replace(found, data=data), configuration=read)


def parse_values(typed: Mapping[str, str], *, force: bool) -> dict[str, Value]:
    """Turn what a user typed for each field into checked values; raises UsageError."""
    if "scheduler" in typed:
        _known(typed["scheduler"].strip(), force=force)
    return {name: fields.parse_value(fields.FIELD[name], text) for name, text in typed.items()}


def prepare(located: Located, values: Mapping[str, Value], *, force: bool) -> Change:
    """Plan a change; raises IpvsError (nothing written) for what cannot or must not be done."""
    if not values:
        raise UsageError("nothing to set", hint="name a field, as in `kubectl ipvs set --scheduler lc`")
    _editable(located)
    warnings = [*_known(values.get("scheduler", ""), force=force), *_in_force(located, force=force)]
    new_text = edit(located.text, values)
    problems = fields.check(_effective(configuration.read(new_text)))
    if problems:
        raise UsageError("; ".join(problems))
    return Change(located, values, new_text, tuple(warnings))


def write(cluster: Cluster, change: Change, *, dry_run: bool = False) -> Located:
    """Write a planned change by compare-and-swap; return kube-proxy as it now stands."""
    found = change.located.config_map
    if found is None or not change.changes_text:
        return change.located
    written = cluster.swap(found, change.located.key, change.new_text, dry_run=dry_run)
    return replace(
        change.located, config_map=written, configuration=configuration.read(written.data[change.located.key])
    )


def _editable(located: Located) -> None:
    if located.kind == "Flags":
        raise IpvsError(
            f"daemonset {located.namespace}/{located.name} configures kube-proxy by flags, not by a ConfigMap: "
            "that is not ours to edit",
            hint="change --ipvs-scheduler where the DaemonSet comes from (AKS: az aks update --kube-proxy-config)",
        )
    if located.kind == "StaticPods":
        raise IpvsError(
            "kube-proxy runs as static pods here, configured by flags in a manifest on each node: not ours to edit",
            hint="RKE2: kube-proxy-arg in /etc/rancher/rke2/config.yaml; kops: spec.kubeProxy.ipvsScheduler",
        )
    if located.config_map is not None and located.config_map.immutable:
        raise IpvsError(f"configmap {located.namespace}/{located.config_map.name} is immutable: it cannot be changed",
                        hint="make a new one and let the DaemonSet mount it")  # fmt: skip


def _known(name: Value, *, force: bool) -> list[str]:
    if not isinstance(name, str) or name in SCHEDULERS or name == "":
        return []
    near = suggest(name)
    problem = f'no scheduler of the kernel is called "{name}"'
    if force:
        return [f"{problem}: written all the same (--force)"]
    raise UsageError(problem, hint=f"did you mean {near}?" if near else "`kubectl ipvs schedulers` lists them")


def _in_force(located: Located, *, force: bool) -> list[str]:
    if located.mode == "ipvs":
        return []
    problem = f"kube-proxy's mode is {located.mode}, not ipvs: the value would have no effect"
    if force:
        return [f"{problem}; stored all the same (--force)"]
    raise IpvsError(problem, hint="--force stores it all the same; the mode itself is set with `mode: ipvs`")


def _effective(read: Configuration) -> dict[str, Value]:
    return {name: setting.effective for name, setting in read.ipvs.items()}
