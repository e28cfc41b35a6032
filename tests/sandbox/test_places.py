"""Where kube-proxy and its configuration are: every layout, and the flags that overrule what is found."""

from typing import Any, NamedTuple

import pytest
import yaml

from kubectl_ipvs.sandbox.nodes.layouts import layout_of
from kubectl_ipvs.sandbox.options import Options
from tests.harness import BRISK, Ipvs, MakeSandbox, writes


class Expected(NamedTuple):
    """What `get` is to say of a layout."""

    name: str  # as -o name has it
    where: str  # the row SOURCE
    source: dict[str, str]  # as json has it
    scheduler: str


PLACES = {
    "kubeadm": Expected(
        "configmap/kube-proxy", "configmap kube-system/kube-proxy, key config.conf",
        {"kind": "ConfigMap", "namespace": "kube-system", "name": "kube-proxy", "key": "config.conf"}, "rr (default)",
    ),
    "eks": Expected(
        "configmap/kube-proxy-config", "configmap kube-system/kube-proxy-config, key config",
        {"kind": "ConfigMap", "namespace": "kube-system", "name": "kube-proxy-config", "key": "config"}, "rr (default)",
    ),
    "openshift": Expected(
        "configmap/proxy-config", "configmap openshift-kube-proxy/proxy-config, key kube-proxy-config.yaml",
        {"kind": "ConfigMap", "namespace": "openshift-kube-proxy", "name": "proxy-config",
         "key": "kube-proxy-config.yaml"}, "rr (default)",
    ),
    "flags": Expected(
        "daemonset.apps/kube-proxy", "flags of daemonset kube-system/kube-proxy",
        {"kind": "DaemonSet", "namespace": "kube-system", "name": "kube-proxy", "key": ""}, "lc",
    ),
    "static": Expected(
        "pod/kube-proxy", "flags of static pods in kube-system",
        {"kind": "Pod", "namespace": "kube-system", "name": "kube-proxy", "key": ""}, "lc",
    ),
}  # fmt: skip
NO_PROXY = """\
error: no kube-proxy found: looked for a daemonset of {0} that runs kube-proxy, and pods labelled \
k8s-app=kube-proxy or component=kube-proxy there (static pods)
hint: k3s, RKE1 and MicroK8s run kube-proxy inside another process; Cilium and Calico's eBPF mode replace it; \
elsewhere name it with -n, --daemonset or -l
"""
BY_FLAGS = {
    "flags": ("not ours to edit", "AKS: az aks update --kube-proxy-config"),
    "static": ("kube-proxy runs as static pods", "RKE2: kube-proxy-arg in"),
}


@pytest.mark.parametrize("layout", PLACES)
def test_get_in_every_format(layout: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Every format names the place and says the same of each setting."""
    box, expected = sandbox(nodes=1, layout=layout), PLACES[layout]
    table, wide, found, again, name = (
        ipvs(box, "get", "-o", form) for form in ("table", "wide", "json", "yaml", "name")
    )

    assert {run.code for run in (table, wide, found, again, name)} == {0}
    assert (name.out, table.rows["source"]) == (f"{expected.name}\n", [expected.where])
    assert (table.rows["scheduler"], wide.rows["scheduler"][0]) == ([expected.scheduler], expected.scheduler)
    assert (found.json["source"], found.json["version"]) == (expected.source, "v1.37.2")
    assert yaml.safe_load(again.out) == found.json
    assert wide.rows["version"][0] == "v1.37.2"
    assert table.rows["nodes"] == ["1: node1"]
    assert [key for key in table.rows if key not in {"SETTING", "mode", "source", "nodes"}] == list(found.json["ipvs"])
    entry = {key: found.json[key] for key in ("source", "version", "mode", "ipvs", "unknown")}
    listed = found.json["configurations"]
    codes = [finding["code"] for each in listed for finding in each.pop("findings")]
    running = [{"mode": "ipvs", "scheduler": expected.scheduler.split()[0], "nodes": ["node1"]}]
    assert listed == [{**entry, "nodes": ["node1"], "problems": [], "running": running}]
    assert codes == ["IPVS031"]  # where IPVS mode stands in that release


@pytest.mark.parametrize("layout", ["kubeadm", "eks", "openshift"])
def test_set_where_a_config_map_is_the_configuration(layout: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The ConfigMap that is mounted is the one that is changed, whatever its name and key; the kernels follow."""
    box = sandbox(nodes=1, layout=layout)
    before, place = box.config, layout_of(Options(layout=layout))

    run = ipvs(box, "set", "--scheduler", "wrr", *BRISK)

    assert (run.code, box.config) == (0, before.replace('scheduler: ""', 'scheduler: "wrr"'))
    assert (box.schedulers(), box.restarts) == ({"node1": "wrr"}, {"node1": 1})
    assert run.out.splitlines()[-2:] == [f"configmap/{place.config_map} patched", "node/node1 restarted"]


@pytest.mark.parametrize("layout", ["flags", "static"])
def test_set_where_flags_are_the_configuration(layout: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Flags are not ours to edit: set says why and where they are kept, with --force too; nothing is touched."""
    box = sandbox(nodes=1, layout=layout)
    before = box.objects("DaemonSet")
    runs = [ipvs(box, "set", "--scheduler", "wrr", *BRISK, *more) for more in ((), ("--force",))]

    for run in runs:
        assert (run.code, run.out) == (1, "")
        assert BY_FLAGS[layout][0] in run.err
        assert BY_FLAGS[layout][1] in run.err
    assert (writes(box), box.objects("DaemonSet"), box.schedulers()) == ([], before, {"node1": "lc"})


@pytest.mark.parametrize("layout", PLACES)
def test_status_everywhere(layout: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Each node's table is found and compared with what the configuration asks for, flags or not."""
    run = ipvs(sandbox(nodes=2, layout=layout), "status", "--check")

    wanted = PLACES[layout].scheduler.split()[0]
    rows = {node: [run.rows[node][0], run.rows[node][-1]] for node in ("node1", "node2")}
    assert (run.code, rows) == (0, {"node1": [wanted, "in sync"], "node2": [wanted, "in sync"]})
    assert (run.out.splitlines()[-1], run.err) == (f"2 of 2 nodes in sync on {wanted}", "")


def test_restart_where_flags_are_the_configuration(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A DaemonSet with flags can be restarted all the same."""
    box = sandbox(nodes=2, layout="flags")

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out) == (0, "node/node1 restarted\nnode/node2 restarted\n")
    assert (box.restarts, box.most_down) == ({"node1": 1, "node2": 1}, 1)


def test_restart_of_static_pods_is_refused(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """To delete a mirror pod restarts nothing: it is said, with what would, and nothing is deleted."""
    box = sandbox(nodes=2, layout="static")

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, run.out, writes(box), box.restarts) == (1, "", [], {"node1": 0, "node2": 0})
    assert "deleting one restarts nothing" in run.err
    assert "hint: change the manifest on each node" in run.err


@pytest.mark.parametrize("words", [("get",), ("status",), ("set", "--scheduler", "lc"), ("restart",)])
def test_no_kube_proxy(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where there is none, every command says what was looked for and what that usually means."""
    box = sandbox(nodes=1, layout="none")

    run = ipvs(box, *words)

    assert (run.code, run.out, run.err) == (1, "", NO_PROXY.format("kube-system"))
    assert {seen.method for seen in box.requests} == {"GET"}


def test_flags_find_it_where_nobody_would_look(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-n, --daemonset, -l and --configmap each lead there, alone or together."""
    openshift, kubeadm = sandbox(nodes=1, layout="openshift"), sandbox(nodes=1)
    there = ("-n", "openshift-kube-proxy")

    found = [
        ipvs(openshift, "get", "-o", "name", *there).out,
        ipvs(openshift, "get", "-o", "name", *there, "--daemonset", "openshift-kube-proxy").out,
        ipvs(openshift, *there, "-l", "app=kube-proxy", "get", "-o", "name").out,
        ipvs(kubeadm, "get", "-o", "name", "--selector", "k8s-app in (kube-proxy)").out,
        ipvs(kubeadm, "get", "-o", "name", "--configmap", "kube-proxy").out,
        ipvs(kubeadm, "--configmap", "kube-proxy/config.conf", "get", "-o", "name").out,
    ]

    assert found == ["configmap/proxy-config\n"] * 3 + ["configmap/kube-proxy\n"] * 3
    assert ipvs(openshift, "status", *there, "-l", "app=kube-proxy").rows["node1"][-1] == "in sync"


def test_configmap_flag_overrules_the_mount(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--configmap NAME/KEY is the one that is shown and changed, the mounted one is left alone."""
    box = sandbox(nodes=1)
    other = box.config.replace('scheduler: ""', "scheduler: sed")
    box.edit("ConfigMap", "kube-system", "kube-proxy", lambda found: found["data"].update({"other/~key": other}))
    before = box.config

    shown = ipvs(box, "get", "--configmap", "kube-proxy/other/~key")
    run = ipvs(box, "set", "--scheduler", "nq", "--no-restart", "--configmap", "kube-proxy/other/~key")

    assert (shown.rows["scheduler"], run.code, box.config) == (["sed"], 0, before)
    assert box.config_map()["data"]["other/~key"] == other.replace("sed", "nq")


@pytest.mark.parametrize("command", [("get",), ("status",), ("set", "--scheduler", "lc"), ("restart",)])
def test_names_that_lead_nowhere(command: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A selector, DaemonSet, namespace or key that is not there is an error that names it and a flag to try."""
    box = sandbox(nodes=1)
    problems: dict[tuple[str, ...], list[str]] = {
        ("-l", "k8s-app=proxy"): [
            'error: no pod in kube-system matches the selector "k8s-app=proxy"',
            "hint: try another -l or -n; -l selects kube-proxy's pods, not nodes",
        ],
        ("--daemonset", "proxy"): [
            "error: daemonset kube-system/proxy not found",
            "hint: try another -n or --daemonset",
        ],
        ("-n", "kube"): NO_PROXY.format("kube").splitlines(),
        ("-l", "a b c"): [
            (
                "error: the server refused (BadRequest): unable to parse requirement: "
                "found 'a b c', expected: a label selector"
            ),
        ],
        ("--configmap", "kube-proxy/none"): [
            'error: configmap kube-system/kube-proxy has no key "none": it has config.conf, kubeconfig.conf',
            "hint: name the key with --configmap NAME/KEY",
        ],
        ("--configmap", "kube-proxy/kubeconfig.conf"): [
            (
                "error: configmap kube-system/kube-proxy, key kubeconfig.conf: "
                'the configuration is not of kind KubeProxyConfiguration: its kind is "Config"'
            ),
        ],
    }

    said: dict[tuple[str, ...], Any] = {words: ipvs(box, *command, *words) for words in problems}

    assert {words: (run.code, run.out) for words, run in said.items()} == dict.fromkeys(problems, (1, ""))
    assert {words: run.err.splitlines() for words, run in said.items()} == problems
    assert (writes(box), box.restarts) == ([], {"node1": 0})


def test_name_that_is_a_path(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A name that would lead to another object of the API is a usage error, and nothing is asked."""
    box = sandbox(nodes=1)
    runs = [ipvs(box, "get", *words) for words in (("-n", "kube-system/pods"), ("--daemonset", ".."), ("-n", "a%2fb"))]

    assert [(run.code, run.out, run.err) for run in runs] == [
        (2, "", f'error: invalid resource name "{name}": a name is not . or .. and has no / and no %\n')
        for name in ("kube-system/pods", "..", "a%2fb")
    ]
    assert box.requests == []
