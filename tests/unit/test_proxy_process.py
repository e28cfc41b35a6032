"""How a pod runs kube-proxy: which container, which words, which configuration."""

from typing import Any

import pytest

from kubectl_ipvs.proxy.environment import expand, variables
from kubectl_ipvs.proxy.process import Process, Reference, process, runs_kube_proxy

Json = dict[str, Any]

PATH = "/etc/kp/config.conf"
CONFIG = ["kube-proxy", f"--config={PATH}"]


def mount(name: str, folder: str, sub_path: str | None = None) -> Json:
    """Give a volumeMounts entry."""
    return {"name": name, "mountPath": folder} | ({"subPath": sub_path} if sub_path else {})


def config_map(volume: str, name: str, *items: tuple[str, str]) -> Json:
    """Give a volume of a ConfigMap; `items` are (key, path)."""
    chosen = {"items": [{"key": key, "path": path} for key, path in items]} if items else {}
    return {"name": volume, "configMap": {"name": name, **chosen}}


def pod(command: list[str], mounts: list[Json], *volumes: Json, init: Json | None = None, **more: object) -> Json:
    """Give a pod of one container."""
    container = {"name": "kube-proxy", "command": command, "volumeMounts": mounts, **more}
    return {"containers": [container], "volumes": list(volumes), "initContainers": [init] if init else []}


def found(spec: Json) -> Process:
    """Read a pod that surely runs kube-proxy."""
    read = process(spec)
    assert read is not None
    return read


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$(A)", "a"),
        ("x$(A)y$(A)", "xaya"),
        ("$(NONE)", "$(NONE)"),
        ("$(FIELD)", "$(FIELD)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$a"),
        ("$$$$(A)", "$$(A)"),
        ("$$", "$"),
        ("$", "$"),
        ("a$", "a$"),
        ("$A", "$A"),
        ("${A}", "${A}"),
        ("$(A", "$(A"),
        ("$(A$(A)", "$(A$(A)"),
        ("$()", "$()"),
        ("$(EMPTY)", ""),
        ("$(DOLLAR)", "$(A)"),
        ("\u00e9$\u00e9$(A)", "\u00e9$\u00e9a"),
    ],
)
def test_expansion(text: str, expected: str) -> None:
    """`$(VAR)` as Kubernetes has it: `$$` is a dollar, the unknown stays, what is put in is not expanded again."""
    known = {"A": "a", "FIELD": None, "EMPTY": "", "DOLLAR": "$(A)"}
    assert expand(text, known) == expected


def test_variables() -> None:
    """In order: an earlier one counts in a later one, not the other way; a later one of the same name wins."""
    entries = [
        {"name": "A", "value": "$(B)"},
        {"name": "B", "value": "b"},
        {"name": "C", "value": "$(B)$$(B)"},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
        {"name": "D", "value": "$(NODE)"},
        {"name": "EMPTY", "value": ""},
        {"name": "NOTHING"},
        {"name": "B2", "value": "b"},
        {"name": "B2", "valueFrom": {"secretKeyRef": {}}},
        {"name": "WRONG", "value": 5},
        "no object",
        {"value": "no name"},
    ]
    assert variables({"env": entries}) == {
        "A": "$(B)", "B": "b", "C": "b$(B)", "NODE": None, "D": "$(NODE)", "EMPTY": "", "NOTHING": "", "B2": None,
        "WRONG": None,
    }  # fmt: skip


ENV = [
    {"name": "MODE", "value": "ipvs"},
    {"name": "SCHED", "value": "lc"},
    {"name": "EMPTY", "value": ""},
    {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
]
SETS = "SCHED=rr; exec kube-proxy --ipvs-scheduler=$SCHED --proxy-mode=${MODE}"
LINES = """set -e
# kube-proxy --config=/old
mkdir -p /run/kube-proxy
kube-proxy --cleanup --config=/cleanup \\
  || true
exec kube-proxy --proxy-mode "$MODE" \\
  --ipvs-scheduler=${SCHED} --v=2 2>&1 | tee /var/log/kube-proxy
"""


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"command": ["kube-proxy"], "args": ["--v=2", "--config=/a"]}, ("kube-proxy", "--v=2", "--config=/a")),
        ({"args": ["/x/kube-proxy", "--proxy-mode=$(MODE)"]}, ("/x/kube-proxy", "--proxy-mode=ipvs")),
        ({"command": ["kube-proxy", "--a=$(NODE)", "--b=$$(MODE)"]}, ("kube-proxy", "--a=$(NODE)", "--b=$(MODE)")),
        ({"command": ["kube-proxy", "--a=$MODE"]}, ("kube-proxy", "--a=$MODE")),
        ({"command": ["/hyperkube", "proxy", "--v=2"]}, ("proxy", "--v=2")),
        ({"command": ["hyperkube", "kube-proxy"]}, ("kube-proxy",)),
        ({"image": "x/hyperkube:v1.15.0", "args": ["proxy", "--v=$(MODE)"]}, ("proxy", "--v=ipvs")),
        ({"command": ["tini", "--", "kube-proxy", "--v=2"]}, ("kube-proxy", "--v=2")),
        ({"command": ["/go-runner", "--log-file=/a", "/bin/kube-proxy", "-v=2"]}, ("/bin/kube-proxy", "-v=2")),
        ({"command": ["/var/lib/rke2/bin/kube-proxy"]}, ("/var/lib/rke2/bin/kube-proxy",)),
        ({"command": ["sh", "-c"], "args": ["exec kube-proxy --config=/a; true"]}, ("kube-proxy", "--config=/a")),
        ({"command": ["sh", "-c", "exec\tkube-proxy\n"]}, ("kube-proxy",)),
        ({"command": ["sh", "-c", "/hyperkube proxy --config=/a"]}, ("proxy", "--config=/a")),
        (
            {"command": ["sh", "-c", LINES]},
            (
                *("kube-proxy", "--proxy-mode", "ipvs", "--ipvs-scheduler=lc", "--v=2", "2", ">&", "1"),
            ),
        ),
        ({"command": ["sh", "-c", SETS]}, ("kube-proxy", "--ipvs-scheduler=$SCHED", "--proxy-mode=ipvs")),
        (
            {"command": ["sh", "-c", "kube-proxy --a=${NODE} --b=${EMPTY:-rr} --c=${NONE:-rr} --d=${EMPTY-rr}"]},
            ("kube-proxy", "--a=${NODE}", "--b=rr", "--c=${NONE:-rr}", "--d="),
        ),
        ({"command": ["sh", "-c", 'exec kube-proxy "$@"', "--"], "args": ["--v=2"]}, ("kube-proxy", "--v=2")),
        ({"command": ["sh", "-c", "kube-proxy --a='"]}, ("kube-proxy", "--a='")),
        ({"command": ["kube-proxy", "--config=/a b", "some text"]}, ("kube-proxy", "--config=/a b", "some text")),
        ({"command": ["/start.sh", "--config=/a"]}, ("/start.sh", "--config=/a")),
        ({"command": "kube-proxy", "args": None}, ()),
    ],
)  # fmt: skip
def test_arguments(container: Json, expected: tuple[str, ...]) -> None:
    """kube-proxy's own words: variables put in where they are known, a script taken apart, its last run of it."""
    assert found({"containers": [{"name": "c", "env": ENV, **container}]}).arguments == expected


PROXY_IMAGE = "registry.k8s.io/kube-proxy:v1.29.4"


@pytest.mark.parametrize(
    ("containers", "expected"),
    [
        ([{"name": "a"}, {"name": "b", "args": ["/x/kube-proxy"]}, {"name": "kube-proxy"}], "b"),
        ([{"name": "a", "command": ["sleep", "1"]}, {"name": "b", "command": ["sh", "-c", "a; kube-proxy"]}], "b"),
        ([{"name": "b-kube-proxy-1"}, {"name": "kube-proxy"}], "kube-proxy"),
        ([{"name": "a"}, {"name": "b-kube-proxy-1"}], "b-kube-proxy-1"),
        ([{"name": "a", "args": ["--log=/var/log/kube-proxy"]}, {"name": "kube-proxy"}], "kube-proxy"),
        ([{"name": "a", "args": ["tail", "-F", "/var/log/kube-proxy"]}, {"name": "kube-proxy"}], "kube-proxy"),
        ([{"name": "a", "image": "x/kube-proxy-exporter:v1"}, {"name": "b", "image": PROXY_IMAGE}], "b"),
        ([{"name": "a"}, {"name": "b", "image": "x:5000/hyperkube-amd64:v1@sha256:0"}], "b"),
        ([{"name": "a"}], "a"),
        ([{"name": "a"}, {"name": "b"}], None),
        ([], None),
        (None, None),
    ],
)
def test_container(containers: object, expected: str | None) -> None:
    """By its command, else by its name, its image, else the only one; a flag's value or a file is no command."""
    read = process({"containers": containers, "ephemeralContainers": [{"name": "kube-proxy", "command": CONFIG}]})
    assert (None if read is None else read.container) == expected


def test_image() -> None:
    """The image is that of the same container, for the version."""
    spec = {"containers": [{"name": "log", "image": "l:1"}, {"name": "b", "image": PROXY_IMAGE, "command": CONFIG}]}
    assert found(spec).image == PROXY_IMAGE


@pytest.mark.parametrize(
    ("container", "expected"),
    [
        ({"command": ["/usr/local/bin/kube-proxy"]}, True),
        ({"command": ["/hyperkube", "proxy"]}, True),
        ({"command": ["/hyperkube", "apiserver"]}, False),
        ({"command": ["sh", "-c", "exec kube-proxy --v=2"]}, True),
        ({"name": "kube-proxy"}, True),
        ({"name": "c", "image": PROXY_IMAGE}, True),
        ({"name": "c", "image": PROXY_IMAGE, "args": ["--proxy-mode=ipvs"]}, True),
        ({"name": "c", "image": "x/hyperkube:v1.15.0", "args": ["proxy"]}, True),
        ({"name": "c", "image": "x/hyperkube:v1.15.0", "args": ["kubelet"]}, False),
        ({"name": "kube-proxy", "command": ["sleep", "1"]}, False),
        ({"name": "kube-proxy-exporter", "image": "x/kube-proxy-exporter:v1"}, False),
        ({"name": "c", "command": ["rm", "-rf", "/var/lib/kube-proxy"]}, False),
        ({"name": "c", "command": ["sh", "-c", "tail -F /var/log/kube-proxy"]}, False),
        ({"name": "c", "image": "x/kube-rbac-proxy"}, False),
    ],
)
def test_runs_kube_proxy(container: Json, expected: bool) -> None:  # noqa: FBT001 - a column of the table
    """Among strangers' DaemonSets: its command decides, and names only where the command is the image's own."""
    assert runs_kube_proxy({"containers": [{"name": "sidecar", "command": ["sleep", "1"]}, container]}) is expected


FOLDER = [mount("v", "/etc/kp")]
TEMPLATE = mount("tmpl", "/template")
EMPTY: Json = {"name": "v", "emptyDir": {}}
RENDER = {"name": "render", "command": ["sh", "-c", "cp /template/* /etc/kp/"], "volumeMounts": [TEMPLATE, *FOLDER]}
SED = ["sh", "-c", "sed s,a,b, /template/kp.yaml > /tmp/config.conf && exec kube-proxy --config=/tmp/config.conf"]
CAT = ["sh", "-c", "cat /template/kp.yaml | envsubst | tee $OUT; exec kube-proxy --config=/run/x"]
TWO_KEYS = config_map("tmpl", "both", ("kubeconfig.conf", "k"), ("config.conf", "c"), ("ca.crt", "ca.crt"))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param(pod(["kube-proxy"], []), Reference("flags"), id="flags"),
        pytest.param(
            pod(CONFIG, FOLDER, config_map("v", "cm")),
            Reference("config-map", PATH, "cm", "config.conf"),
            id="ConfigMap",
        ),
        pytest.param(
            pod(["kube-proxy", "--config=config.conf"], FOLDER, config_map("v", "cm"), workingDir="/etc/kp"),
            Reference("config-map", "config.conf", "cm", "config.conf"),
            id="a path below the working directory",
        ),
        pytest.param(
            pod(["kube-proxy", "--config=$(DIR)/config.conf"], FOLDER, config_map("v", "cm"),
                env=[{"name": "DIR", "value": "/etc/kp"}]),
            Reference("config-map", PATH, "cm", "config.conf"),
            id="a path from the environment",
        ),
        pytest.param(
            pod(CONFIG, FOLDER, {"name": "v", "hostPath": {"path": "/srv/kp"}}),
            Reference("host-file", PATH, "/srv/kp/config.conf"),
            id="a folder of the host",
        ),
        pytest.param(
            pod(CONFIG, [mount("v", PATH)], {"name": "v", "hostPath": {"path": "/srv/kp.yaml"}}),
            Reference("host-file", PATH, "/srv/kp.yaml"),
            id="a file of the host",
        ),
        pytest.param(
            pod(CONFIG, FOLDER, EMPTY, config_map("tmpl", "cm"), init=RENDER),
            Reference("rendered", PATH, candidates=(("cm", ""),)),
            id="an init container writes it",
        ),
        pytest.param(
            pod(CONFIG, FOLDER, EMPTY, TWO_KEYS, init=RENDER),
            Reference("rendered", PATH, candidates=(("both", "config.conf"), ("both", "kubeconfig.conf"))),
            id="the likeliest key first, certificates never",
        ),
        pytest.param(
            pod(SED, [TEMPLATE], config_map("tmpl", "cm")),
            Reference("rendered", "/tmp/config.conf", candidates=(("cm", "kp.yaml"),)),  # noqa: S108
            id="its own script writes it",
        ),
        pytest.param(
            pod(CAT, [TEMPLATE, mount("o", "/o")], config_map("o", "other"), config_map("tmpl", "cm")),
            Reference("rendered", "/run/x", candidates=(("cm", "kp.yaml"), ("other", ""))),
            id="its script reads a ConfigMap",
        ),
        pytest.param(pod(CONFIG, []), Reference("unknown", PATH), id="inside the image"),
        pytest.param(
            pod(["sh", "-c", f"exec kube-proxy --config {PATH}"], []), Reference("unknown", PATH), id="named once"
        ),
        pytest.param(
            pod(CONFIG, [*FOLDER, mount("o", "/o", "k.yaml")], {"name": "v", "secret": {}}, config_map("o", "other")),
            Reference("unknown", PATH, candidates=(("other", "k.yaml"),)),
            id="a Secret",
        ),
        pytest.param(
            pod(CONFIG, FOLDER, config_map("v", "cm", ("a", "b"))),
            Reference("unknown", PATH, candidates=(("cm", "a"),)),
            id="a ConfigMap without that file",
        ),
    ],
)  # fmt: skip
def test_reference(spec: Json, expected: Reference) -> None:
    """Where the configuration comes from, and which ConfigMaps may be behind a file that is in none."""
    assert found(spec).reference == expected
