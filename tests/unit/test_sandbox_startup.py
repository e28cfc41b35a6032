"""What a simulated kube-proxy is started with, from its pod's spec alone."""

from typing import Any

import pytest

from kubectl_ipvs.sandbox.nodes.startup import (
    Key,
    NodeFile,
    Source,
    arguments,
    container_of,
    environment,
    flags,
    source_of,
)

Obj = dict[str, Any]
CONFIG = "kind: KubeProxyConfiguration\n"
MAPS: dict[str, Obj] = {
    "proxy": {"data": {"config.conf": CONFIG, "kubeconfig.conf": "kind: Config\n"}},
    "other": {"data": {"note": "x"}},
    "env": {"data": {"MODE": "ipvs"}},
}


def source(command: list[str], mounts: list[Obj], volumes: list[Obj], **container: object) -> Source:
    """Return where a kube-proxy of this command, these mounts and volumes has its configuration."""
    made: Obj = {"name": "kube-proxy", "command": command, "volumeMounts": mounts, **container}
    spec: Obj = {"containers": [made], "volumes": volumes, "nodeName": "n1"}
    pod = {"metadata": {"name": "p", "namespace": "ns"}, "spec": spec}
    return source_of(spec, made, arguments(made, environment(pod, made, "192.0.2.1", MAPS.get)), MAPS.get)


def volume(**kind: object) -> list[Obj]:
    """Return one volume, v."""
    return [{"name": "v", **kind}]


MOUNT: Obj = {"name": "v", "mountPath": "/conf"}
MAP = {"configMap": {"name": "proxy"}}
RUN = ["kube-proxy", "--config=/conf/config.conf"]


@pytest.mark.parametrize(
    ("command", "mount", "volumes", "found"),
    [
        (RUN, MOUNT, volume(**MAP), Key("proxy", "config.conf")),
        (["kube-proxy", "--config", "/conf/config.conf"], MOUNT, volume(**MAP), Key("proxy", "config.conf")),
        (["/hyperkube", "proxy", "--config=/conf/a"], MOUNT, volume(**MAP), Key("proxy", "a")),
        (
            ["kube-proxy", "--config=/conf/a"],
            MOUNT,
            volume(configMap={"name": "proxy", "items": [{"key": "config.conf", "path": "a"}]}),
            Key("proxy", "config.conf"),
        ),
        (
            ["kube-proxy", "--config=/etc/x.yaml"],
            {**MOUNT, "mountPath": "/etc/x.yaml", "subPath": "config.conf"},
            volume(**MAP),
            Key("proxy", "config.conf"),
        ),
        (RUN, MOUNT, volume(projected={"sources": [{"secret": {}}, MAP]}), Key("proxy", "config.conf")),
        (
            RUN,
            MOUNT,
            volume(projected={"sources": [{"configMap": {"name": "other"}}, MAP]}),
            Key("proxy", "config.conf"),
        ),
        (RUN, MOUNT, volume(hostPath={"path": "/etc/k8s"}), NodeFile("/etc/k8s/config.conf")),
        (RUN, MOUNT, volume(emptyDir={}), NodeFile("/conf/config.conf")),
        (RUN, MOUNT, [*volume(emptyDir={}), {"name": "t", **MAP}], Key("proxy", "config.conf")),
        (["kube-proxy", "--config=/tmp/made"], MOUNT, volume(**MAP), Key("proxy", "config.conf")),
        (
            ["sh", "-c", "sed s,a,b, /conf/config.conf > /tmp/x && exec /usr/bin/kube-proxy --config=/tmp/x -v=2"],
            MOUNT,
            volume(**MAP),
            Key("proxy", "config.conf"),
        ),
        (["/bin/bash", "-ec", "A=1 kube-proxy \\\n --config /conf/b\n"], MOUNT, volume(**MAP), Key("proxy", "b")),
        (["go-runner", "--log", "/usr/bin/kube-proxy", "--config=/conf/c"], MOUNT, volume(**MAP), Key("proxy", "c")),
    ],
)
def test_where_a_configuration_is(command: list[str], mount: Obj, volumes: list[Obj], found: Source) -> None:
    """Through mounts, items, subPath, projections, scripts and rendered files, to the ConfigMap or the node's file."""
    assert source(command, [mount], volumes) == found


def test_the_longest_mount_counts() -> None:
    """A mount inside another one hides what is there."""
    mounts = [MOUNT, {"name": "w", "mountPath": "/conf/deep"}]
    volumes = [*volume(hostPath={"path": "/h"}), {"name": "w", **MAP}]

    assert source(["kube-proxy", "--config=/conf/deep/x"], mounts, volumes) == Key("proxy", "x")
    assert source(["kube-proxy", "--config=/conf/deeper"], mounts, volumes) == NodeFile("/h/deeper")


def test_variables() -> None:
    """`$(VAR)` is its value, `$$(VAR)` is no reference, what is unknown stays; values may refer to earlier ones."""
    env: list[Obj] = [
        {"name": "A", "value": "lc"},
        {"name": "B", "value": "$(A)!"},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "M", "valueFrom": {"configMapKeyRef": {"name": "env", "key": "MODE"}}},
    ]
    words = ["kube-proxy", "--a=$(B)", "--b=$$(A)", "--c=$(NONE)", "--d=$(NODE)", "--e=$(M)", "--f=$(MODE)"]

    found = source(words, [], [], env=env, envFrom=[{"configMapRef": {"name": "env"}}])

    assert found == ("--a=lc!", "--b=$(A)", "--c=$(NONE)", "--d=n1", "--e=ipvs", "--f=ipvs")


def test_variables_of_a_shell() -> None:
    """A script's own `$VAR` and `${VAR}` are the environment's too."""
    script = ["sh", "-c", "kube-proxy --proxy-mode=${MODE} --x=$MODE"]

    assert source(script, [], [], env=[{"name": "MODE", "value": "ipvs"}]) == ("--proxy-mode=ipvs", "--x=ipvs")


def test_flags() -> None:
    """A value stands behind `=` or in the next word; a flag alone is true."""
    assert flags(("--a=1", "--b", "2", "-c", "--d")) == {"a": "1", "b": "2", "c": "true", "d": "true"}


@pytest.mark.parametrize(
    ("containers", "name"),
    [
        ([{"name": "log", "image": "x/fluent"}, {"name": "p", "command": ["/usr/bin/kube-proxy"]}], "p"),
        ([{"name": "p", "command": ["sh", "-c", "sleep 1"]}, {"name": "q", "args": ["kube-proxy"]}], "q"),
        ([{"name": "rbac", "image": "x/kube-rbac-proxy:v1"}, {"name": "p", "image": "r/kube-proxy:v1"}], "p"),
        ([{"name": "log", "command": ["tail", "/var/log/kube-proxy"]}, {"name": "p", "command": ["kube-proxy"]}], "p"),
        ([{"name": "kindnet", "image": "kindnetd"}], None),
    ],
)
def test_which_container_it_is(containers: list[Obj], name: str | None) -> None:
    """kube-proxy's container is told by its command, then by its image, never by its place."""
    found = container_of({"containers": containers})

    assert (found or {}).get("name") == name


def test_a_script_that_is_none() -> None:
    """A quote that is not closed makes no kube-proxy, and no error."""
    assert container_of({"containers": [{"name": "p", "command": ["sh", "-c", "kube-proxy 'x"]}]}) is None
