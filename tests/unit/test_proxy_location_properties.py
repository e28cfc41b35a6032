"""What holds for a pod template of any shape."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kubectl_ipvs.proxy.config.location import config_path, config_source, proxy_container, words

Json = dict[str, Any]

PATH = "/etc/kp/config.conf"
KEYS = st.sampled_from(
    [
        *("containers", "command", "args", "name", "volumeMounts", "mountPath", "subPath", "volumes", "configMap"),
        *("projected", "sources", "items", "key", "path", "kube-proxy"),
    ]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=12),
    st.sampled_from(["v", "/etc", "/etc/kp", PATH, "config.conf", f"--config={PATH}", "sh -c 'kube-proxy", "."]),
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
CONTAINER = st.fixed_dictionaries({"command": nearly(SCALARS), "volumeMounts": nearly(MOUNT)})
SPECS = st.one_of(
    st.dictionaries(KEYS, ANYTHING),
    st.fixed_dictionaries({"containers": nearly(CONTAINER), "volumes": nearly(VOLUME)}),
)


@given(spec=SPECS, container=CONTAINER | st.dictionaries(KEYS, ANYTHING), path=st.text(max_size=9) | st.just(PATH))
def test_any_json_gives_an_answer(spec: Json, container: Json, path: str) -> None:
    """Whatever stands in a template: words are text, and there is a Source or None, never an exception."""
    chosen = proxy_container(spec)
    for entry in (container, {} if chosen is None else chosen):
        said = words(entry)
        for asked in (path, config_path(said) or ""):
            source = config_source(spec, entry, asked)
            texts = [*said, *(() if source is None else (source.name, source.key))]
            assert all(isinstance(text, str) for text in texts)
            assert source is None or (source.name and source.key)
