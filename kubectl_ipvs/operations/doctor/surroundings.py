"""What else is in the cluster: Services, what runs beside kube-proxy, what others registered, what we may do."""

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from kubectl_ipvs.cluster.cluster import Access, Cluster
from kubectl_ipvs.cluster.objects import DaemonSet, Json, items, mapping, strings, text
from kubectl_ipvs.errors import ApiError
from kubectl_ipvs.operations.doctor.questions import Questions
from kubectl_ipvs.operations.installation import Installation
from kubectl_ipvs.operations.support.fanout import together
from kubectl_ipvs.proxy.environment import variables
from kubectl_ipvs.proxy.leaving.facts import Text, Workload
from kubectl_ipvs.proxy.leaving.findings import Seen
from kubectl_ipvs.proxy.leaving.rules.surroundings import CALICO, CONCERNED
from kubectl_ipvs.services.objects import EndpointSlice, Service

SYSTEM, FORBIDDEN = "kube-system", 403
METRIC = "node_ipvs"


class Surroundings(NamedTuple):
    """What was found; a part without an answer is None."""

    services: Sequence[Service] | None
    slices: Sequence[EndpointSlice] | None
    workloads: Sequence[Workload] | None
    config_maps: Sequence[Text] | None
    rules: Sequence[Text] | None
    felix: Mapping[str, Any] | None
    installation: Mapping[str, Any] | None
    rights: Mapping[str, bool] | None


class Asking:
    """Asks for all of it, as much at once as can be."""

    def __init__(self, cluster: Cluster, found: Installation | None, questions: Questions) -> None:
        self._cluster, self._found, self._questions = cluster, found, questions
        self._answers: dict[str, Any] = dict.fromkeys(Surroundings._fields)

    def __call__(self) -> Surroundings:
        """Ask everything."""
        together([
            partial(self._keep, "services", "Services", self._cluster.services),
            partial(self._keep, "slices", "EndpointSlices", self._cluster.endpoint_slices),
            partial(self._keep, "rules", "PrometheusRules", self._rules),
            partial(self._keep, "rights", "your rights", self._rights),
            self._others,
        ])  # fmt: skip
        return Surroundings(**self._answers)

    def _keep(self, name: str, question: str, call: Any) -> None:  # noqa: ANN401 - any question
        self._answers[name] = self._questions.ask(question, call)

    def _others(self) -> None:
        """Ask what runs beside kube-proxy, then for the ConfigMaps beside that, and for Calico's settings."""
        self._keep("workloads", "DaemonSets", self._workloads)
        found: list[Workload] = self._answers["workloads"] or []
        spaces = [each.seen.namespace for each in found if each.runs(*CONCERNED)]
        self._keep("config_maps", "ConfigMaps", lambda: self._config_maps(dict.fromkeys([SYSTEM, *spaces])))
        lists = self._cluster.lists
        has_calico = any(each.runs(*CALICO) for each in found)
        felix = partial(lists.custom_spec, "crd.projectcalico.org", "v1", "felixconfigurations", "default")
        operator = partial(lists.custom_spec, "operator.tigera.io", "v1", "installations", "default")
        self._keep("felix", "Calico's FelixConfiguration", felix if has_calico else dict)
        self._keep("installation", "Calico's Installation", operator if has_calico else dict)

    def _workloads(self) -> list[Workload]:
        """List all DaemonSets; those of kube-system alone where no more may be listed."""
        try:
            listed = self._cluster.lists.daemon_sets()
        except ApiError as error:
            if error.status != FORBIDDEN:
                raise
            listed = self._cluster.lists.daemon_sets(SYSTEM)
            self._questions.note(f"DaemonSets outside {SYSTEM}", str(error))
        return [_of_daemon_set(entry) for entry in listed]

    def _config_maps(self, spaces: Mapping[str, object]) -> list[Text]:
        return [
            Text(Seen("ConfigMap", entry.namespace, entry.name), "\n".join(f"{k}: {v}" for k, v in entry.data.items()))
            for space in spaces
            for entry in self._cluster.lists.config_maps(space)
        ]

    def _rules(self) -> list[Text]:
        listed = self._cluster.lists.custom("monitoring.coreos.com", "v1", "prometheusrules") or []
        found = []
        for entry in listed:
            meta, written = mapping(entry.get("metadata")), json.dumps(entry.get("spec"))
            if METRIC in written:  # of thousands of rules those alone are kept
                seen = Seen("PrometheusRule", text(meta.get("namespace")), text(meta.get("name")))
                found.append(Text(seen, written))
        return found

    def _rights(self) -> dict[str, bool]:
        """Ask for what the ways out need in kube-proxy's namespace."""
        if self._found is None:
            return {}
        here = self._found.namespace
        names = [source.config_map.name for source in self._found.sources if source.config_map]
        asked = {
            "create configmaps": [Access("create", "configmaps", namespace=here)],
            "patch configmaps": [Access("patch", "configmaps", namespace=here, name=name) for name in names],
            "patch daemonsets": [Access("patch", "daemonsets", "apps", namespace=here, name=entry.name)
                                 for entry in self._found.daemon_sets],
            "delete pods": [Access("delete", "pods", namespace=here)],
        }  # fmt: skip
        return {right: all(map(self._cluster.allowed, needed)) for right, needed in asked.items()}


def _of_daemon_set(entry: DaemonSet) -> Workload:
    return workload(Seen("DaemonSet", entry.namespace, entry.name), mapping(entry.template.get("spec")))


def workload(seen: Seen, spec: Json) -> Workload:
    """Read what a pod of this spec runs."""
    containers = items(spec.get("containers"))
    environment = {name: value for each in containers for name, value in variables(each).items() if value is not None}
    return Workload(
        seen,
        tuple(text(each.get("image")) for each in containers),
        tuple(word for each in containers for key in ("command", "args") for word in _texts(each.get(key))),
        strings(environment),
    )


def _texts(value: object) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
