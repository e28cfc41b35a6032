"""What holds for a pod template of any shape."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.proxy.process import process, runs_kube_proxy
from kubectl_ipvs.proxy.scheduling import keeps_off

Json = dict[str, Any]

PATH = "/etc/kp/config.conf"
KEYS = st.sampled_from(
    [
        *("containers", "command", "args", "name", "volumeMounts", "mountPath", "subPath", "volumes", "configMap"),
        *("projected", "sources", "items", "key", "path", "kube-proxy", "env", "value", "valueFrom", "image"),
        *("initContainers", "hostPath", "emptyDir", "workingDir", "affinity", "nodeAffinity", "tolerations"),
        *("requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchExpressions", "operator"),
        *("values", "nodeSelector", "matchFields", "effect"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(
        ["v", "/etc", "/etc/kp", PATH, "config.conf", f"--config={PATH}", "sh -c 'kube-proxy", ".", "kube-proxy"]
    ),
    st.sampled_from(["kube-proxy --config=$(A) >/x", f"cat {PATH} > /tmp/c; kube-proxy --config=/tmp/c", "$(v)", "In"]),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | st.text(max_size=3), inner, max_size=6),
    max_leaves=30,
)


def nearly(value: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give the value itself, a list of it, or anything."""
    return st.one_of(value, st.lists(value, max_size=3), ANYTHING)


HELD = st.fixed_dictionaries({}, optional={"name": ANYTHING, "items": nearly(st.dictionaries(KEYS, ANYTHING))})
VOLUME = st.fixed_dictionaries(
    {"name": st.just("v") | SCALARS},
    optional={
        "configMap": nearly(HELD),
        "projected": st.fixed_dictionaries({"sources": nearly(st.fixed_dictionaries({"configMap": nearly(HELD)}))}),
    },
)
MOUNT = st.fixed_dictionaries({"name": st.just("v") | SCALARS, "mountPath": SCALARS, "subPath": SCALARS})
ENTRY = st.fixed_dictionaries({"name": SCALARS}, optional={"value": SCALARS, "valueFrom": ANYTHING})
CONTAINER = st.fixed_dictionaries(
    {"command": nearly(SCALARS), "volumeMounts": nearly(MOUNT)},
    optional={"args": nearly(SCALARS), "env": nearly(ENTRY), "image": SCALARS, "name": SCALARS},
)
SPECS = st.one_of(
    st.dictionaries(KEYS, ANYTHING),
    st.fixed_dictionaries({"containers": nearly(CONTAINER), "volumes": nearly(VOLUME)}),
)


@given(spec=SPECS)
def test_any_json_gives_an_answer(spec: Json) -> None:
    """Whatever stands in a template: there is a process, all of text, or None, never an exception."""
    found = process(spec)

    assert runs_kube_proxy(spec) in {True, False}
    if found is not None:
        texts = [found.container, found.image, *found.arguments, found.reference.path, found.reference.name]
        assert all(isinstance(text, str) for text in (*texts, *sum(found.reference.candidates, ())))
        assert (found.reference.kind == "config-map") is bool(found.reference.key)


@given(spec=SPECS | st.dictionaries(KEYS, ANYTHING), labels=st.dictionaries(KEYS, st.text(max_size=3)))
def test_any_json_is_placed(spec: Json, labels: dict[str, str]) -> None:
    """Whatever stands in a template, it is said whether kube-proxy is meant to run on a node."""
    assert isinstance(keeps_off(spec, "node", labels, ()), str)
