"""What stands behind a path: --config, mounts and volumes, one by one."""

from typing import Any

import pytest

from kubectl_ipvs.proxy.config.location import Source, config_path, mounted, source_of

Json = dict[str, Any]

PATH = "/etc/kp/config.conf"


def mount(name: str, folder: str, sub_path: str | None = None) -> Json:
    """Give a volumeMounts entry."""
    return {"name": name, "mountPath": folder} | ({"subPath": sub_path} if sub_path is not None else {})


def held(name: str, *items: tuple[str, str]) -> Json:
    """Give a source of a ConfigMap; `items` are (key, path)."""
    chosen = {"items": [{"key": key, "path": path} for key, path in items]} if items else {}
    return {"configMap": {"name": name, "defaultMode": 420, **chosen}}


def one(mounts: list[Json], *volumes: Json, path: str = PATH) -> Source | None:
    """Follow `path` through a pod of one container."""
    found = mounted({"volumes": list(volumes)}, {"volumeMounts": mounts}, path)
    return None if found is None else source_of(found)


def volume(*sources: Json) -> Json:
    """Give a volume `v` of one source, or a projected one of several."""
    return {"name": "v", **(sources[0] if len(sources) == 1 else {"projected": {"sources": list(sources)}})}


FOLDER = [mount("v", "/etc/kp")]
TOKEN: Json = {"serviceAccountToken": {"path": "config.conf"}}


@pytest.mark.parametrize(
    ("mounts", "held_by", "expected"),
    [
        pytest.param(FOLDER, volume(held("cm")), Source("cm", "config.conf"), id="every key is a file"),
        pytest.param(
            FOLDER,
            volume(held("cm", ("other", "x"), ("kubeproxy.yaml", "config.conf"))),
            Source("cm", "kubeproxy.yaml"),
            id="items with another path",
        ),
        pytest.param(
            [mount("v", "/etc")],
            volume(held("cm", ("k", "./kp//config.conf"))),
            Source("cm", "k"),
            id="items in a folder",
        ),
        pytest.param(FOLDER, volume(held("cm", ("config.conf", "x"))), None, id="items without the file"),
        pytest.param([mount("v", "/etc")], volume(held("cm")), None, id="a key has no slash"),
        pytest.param(
            [mount("v", PATH, "config.conf")], volume(held("cm")), Source("cm", "config.conf"), id="subPath of a file"
        ),
        pytest.param(
            [mount("v", "/etc/kp/config.conf/", "./conf/kp.yaml")],
            volume(held("cm", ("k", "conf/kp.yaml"))),
            Source("cm", "k"),
            id="subPath of a file in a folder",
        ),
        pytest.param(
            [mount("v", "/etc/kp", "conf")],
            volume(held("cm", ("k", "conf/config.conf"))),
            Source("cm", "k"),
            id="subPath of a folder",
        ),
        pytest.param([mount("v", PATH)], volume(held("cm")), None, id="a folder in the file's place"),
        pytest.param([mount("v", PATH, ".")], volume(held("cm")), None, id="subPath of the whole volume"),
        pytest.param(
            FOLDER, volume(TOKEN, held("a", ("x", "x")), held("b")), Source("b", "config.conf"), id="projected"
        ),
        pytest.param(
            FOLDER,
            volume(held("a"), held("b", ("k", "config.conf"))),
            Source("b", "k"),
            id="projected: items name it, before any ConfigMap that is there whole",
        ),
        pytest.param(FOLDER, volume(TOKEN, held("a", ("x", "x"))), None, id="projected without the file"),
        pytest.param(FOLDER, {"name": "v", "projected": {"sources": None}}, None, id="projected nothing"),
        pytest.param(FOLDER, {"name": "v", "secret": {"secretName": "s"}}, None, id="a secret"),
        pytest.param(FOLDER, {"name": "other", **held("cm")}, None, id="no such volume"),
        pytest.param([], volume(held("cm")), None, id="no mount"),
        pytest.param([mount("v", "/etc/kp2"), mount("v", "/etc/k")], volume(held("cm")), None, id="none holds it"),
        pytest.param([mount("v", "")], volume(held("cm")), None, id="no place"),
        pytest.param([mount("w", "/"), *FOLDER], volume(held("cm")), Source("cm", "config.conf"), id="the innermost"),
        pytest.param(
            [mount("w", "/etc///////////"), *FOLDER], volume(held("cm")), Source("cm", "config.conf"), id="by depth"
        ),
        pytest.param(FOLDER, volume({"configMap": {"name": ""}}), None, id="a ConfigMap without a name"),
        pytest.param(
            FOLDER, volume({"configMap": {"name": "cm", "items": [{"path": "config.conf"}]}}), None, id="no key"
        ),
        pytest.param(
            FOLDER, volume({"configMap": {"name": "cm", "items": []}}), Source("cm", "config.conf"), id="empty items"
        ),
    ],
)
def test_through_mounts_and_volumes(mounts: list[Json], held_by: Json, expected: Source | None) -> None:
    """The mount that holds the path, then the volume, then its items."""
    assert one(mounts, held_by) == expected


def test_a_path_that_is_not_clean() -> None:
    """`..` and doubled slashes are taken out before mounts are compared."""
    assert one(FOLDER, volume(held("cm")), path="/etc/./x/..//kp/config.conf") == Source("cm", "config.conf")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), None),
        (("kube-proxy", "--v=2"), None),
        (("kube-proxy", "--config=/a"), "/a"),
        (("kube-proxy", "--config", "/a", "--v=2"), "/a"),
        (("kube-proxy", "--config=/a", "--config=/b"), "/b"),
        (("kube-proxy", "--config=/a", "--config", "/b"), "/b"),
        (("kube-proxy", "--config="), None),
        (("kube-proxy", "--config"), None),
        (("kube-proxy", "--config-sync-period=15m", "--kubeconfig=/a"), None),
    ],
)
def test_config_path(arguments: tuple[str, ...], expected: str | None) -> None:
    """In one word or two; the last one counts, as in kube-proxy's own parser; an empty one is none."""
    assert config_path(arguments) == expected


def test_a_whole_volume() -> None:
    """Where a mount is the path itself, the file is the volume: so a host's file is mounted."""
    host = {"name": "v", "hostPath": {"path": "/etc/kp.conf", "type": "File"}}
    found = mounted({"volumes": [host]}, {"volumeMounts": [mount("v", PATH)]}, PATH)
    assert found == (host, ".")
