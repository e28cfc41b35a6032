"""Clusters with several configurations of kube-proxy: each is shown with its nodes, each node judged by its own."""

from collections.abc import Mapping
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.harness import BRISK, Ipvs, MakeSandbox, Run, writes

Obj = dict[str, Any]
LABELS: Obj = {"k8s-app": "kube-proxy"}
MOUNTED = ("--config=/c/config.conf",)
A, B = "a/config.conf", "b/config.conf"


def node(name: str, **labels: str) -> Obj:
    """Make a node."""
    return {"name": name, "labels": labels}


def config_map(name: str, scheduler: str, mode: str = "ipvs") -> Obj:
    """Make a ConfigMap with a configuration."""
    text = (
        f"apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: {mode}\n"
        f"ipvs:\n  scheduler: {scheduler}\n"
    )
    meta = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"config.conf": text}}


def spec(words: tuple[str, ...], mounts: str = "", env: Mapping[str, str] | None = None, **more: object) -> Obj:
    """Make the spec of a kube-proxy pod."""
    container: Obj = {
        "name": "kube-proxy",
        "image": "registry.k8s.io/kube-proxy:v1.31.4",
        "command": ["/usr/local/bin/kube-proxy", *words],
        "env": [{"name": name, "value": value} for name, value in (env or {}).items()],
    }
    made: Obj = {"hostNetwork": True, "tolerations": [{"operator": "Exists"}], "containers": [container], **more}
    if mounts:
        container["volumeMounts"] = [{"name": "c", "mountPath": "/c"}]
        made["volumes"] = [{"name": "c", "configMap": {"name": mounts}}]
    return made


def daemon_set(name: str, pod: Obj, group: str = "", **labels: str) -> Obj:
    """Make a DaemonSet; `group` are the nodes that it means to run on."""
    chosen = {**(labels or LABELS), "app": name}
    selected = {**pod, "nodeSelector": {"group": group}} if group else pod
    return {
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {"selector": {"matchLabels": chosen}, "template": {"metadata": {"labels": chosen}, "spec": selected}},
    }  # fmt: skip


def static_pod(on: str, words: tuple[str, ...]) -> Obj:
    """Make the mirror of a static kube-proxy pod."""
    meta = {
        "name": f"kube-proxy-{on}", "namespace": "kube-system", "labels": LABELS,
        "annotations": {"kubernetes.io/config.mirror": "x", "kubernetes.io/config.source": "file"},
        "ownerReferences": [{"apiVersion": "v1", "kind": "Node", "name": on, "controller": True}],
    }  # fmt: skip
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {**spec(words), "nodeName": on}}


TWO: Obj = {
    "nodes": [node("n1", group="a"), node("n2", group="a"), node("n3", group="b")],
    "objects": [
        config_map("a", "lc"), config_map("b", "sh"),
        daemon_set("proxy-a", spec(MOUNTED, "a"), "a"), daemon_set("proxy-b", spec(MOUNTED, "b"), "b"),
    ],
    "pod_age": -3600,
}  # fmt: skip
MIXED: Obj = {
    "nodes": [node("master"), node("w1", group="a"), node("w2", group="a")],
    "objects": [
        config_map("a", "lc"), daemon_set("proxy-a", spec(MOUNTED, "a"), "a"),
        static_pod("master", ("--proxy-mode=ipvs", "--ipvs-scheduler=sh")),
    ],
    "pod_age": -3600,
}  # fmt: skip
VARIABLES: Obj = {
    "nodes": [node("n1")],
    "objects": [
        daemon_set(
            "kube-proxy",
            spec(
                ("--proxy-mode=$(MODE)", "--ipvs-scheduler=$(SCHEDULER)", "--ipvs-sync-period=$(PERIOD)s"),
                env={"MODE": "ipvs", "BASE": "s", "SCHEDULER": "$(BASE)ed", "PERIOD": "7"},
            ),
        )
    ],
    "pod_age": -3600,
}


def states(run: Run) -> dict[str, tuple[str, str, str]]:
    """Give each node's wanted scheduler, state and configuration."""
    return {row["node"]: (row["wanted"], row["state"], row["configuration"]) for row in run.json["nodes"]}


def test_status_compares_each_node_with_its_own(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Two DaemonSets with a ConfigMap each: no node is measured by the other's scheduler, and the table names both."""
    box = sandbox(world=TWO)

    table, found = ipvs(box, "status", "--check"), ipvs(box, "status", "-o", "json")

    assert states(found) == {"n1": ("lc", "in-sync", A), "n2": ("lc", "in-sync", A), "n3": ("sh", "in-sync", B)}
    assert (table.code, [table.rows[name][-1] for name in ("n1", "n3")]) == (0, [A, B])
    assert table.out.splitlines()[-1] == "3 of 3 nodes in sync"


def test_a_node_on_the_scheduler_of_the_other_is_out_of_step(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is right on one node is wrong on the next."""
    box = sandbox(world=TWO)
    box.set_scheduler("n3", "lc")

    run = ipvs(box, "status", "--check")

    assert (run.code, run.out.splitlines()[-1]) == (5, "2 of 3 nodes in sync, 1 out of step (on lc)")
    assert "n3: out of step: the kernel has lc on " in run.out
    assert "instead of sh" in run.out


def test_get_shows_every_configuration_with_its_nodes(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The one that most nodes read comes first; a script finds none at the first level where there are several."""
    box = sandbox(world=TWO)

    table, names, found = (ipvs(box, "get", "-o", form) for form in ("table", "name", "json"))

    assert [line for line in table.out.splitlines() if line.startswith(("scheduler", "nodes"))] == [
        "scheduler       lc", "nodes           2: n1, n2", "scheduler       sh", "nodes           1: n3",
    ]  # fmt: skip
    assert (names.out, "ipvs" in found.json) == ("configmap/a\nconfigmap/b\n", False)
    shown = [(entry["ipvs"]["scheduler"]["effective"], entry["nodes"]) for entry in found.json["configurations"]]
    assert shown == [("lc", ["n1", "n2"]), ("sh", ["n3"])]


@pytest.mark.parametrize(
    "words",
    [
        ("--configmap", "b"),
        ("--configmap", B),
        ("--daemonset", "proxy-b"),
        ("-l", "app=proxy-b"),
        ("-l", "app in (proxy-b)"),
    ],
    ids=" ".join,
)
def test_each_flag_narrows(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--configmap, --daemonset and -l each leave the nodes of one configuration, for looking and for changing."""
    box = sandbox(world=TWO)

    seen, got = ipvs(box, "status", "-o", "json", *words), ipvs(box, "get", "-o", "json", *words)
    changed = ipvs(box, "set", "--scheduler", "wrr", *words, *BRISK)

    assert states(seen) == {"n3": ("sh", "in-sync", "")}
    assert (seen.json["wanted"]["scheduler"], got.json["ipvs"]["scheduler"]["effective"]) == ("sh", "sh")
    assert (changed.code, box.restarts) == (0, {"n1": 0, "n2": 0, "n3": 1}), changed.err
    assert [entry for entry in writes(box) if entry.startswith("PATCH")] == ["PATCH configmaps/b"]
    assert box.schedulers() == {"n1": "lc", "n2": "lc", "n3": "wrr"}


def test_a_change_covers_all_and_is_undone_in_all(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Without a flag set writes every configuration, with one canary overall, and undo restores each its own."""
    box = sandbox(world=TWO)

    changed = ipvs(box, "set", "--scheduler", "wrr", *BRISK)
    after = box.schedulers()
    undone = ipvs(box, "undo", *BRISK)

    assert (changed.code, set(after.values())) == (0, {"wrr"}), changed.err
    assert changed.err.count(" first, alone") == 1
    assert (undone.code, box.schedulers()) == (0, {"n1": "lc", "n2": "lc", "n3": "sh"}), undone.err


def test_static_pods_beside_a_daemon_set(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The master's static pod reads its flags, the workers' pods a ConfigMap: all are seen, each with its own."""
    box = sandbox(world=MIXED)

    seen, got = ipvs(box, "status", "-o", "json"), ipvs(box, "get", "-o", "json")

    assert states(seen) == {
        "master": ("sh", "in-sync", "flags of kube-proxy"), "w1": ("lc", "in-sync", A), "w2": ("lc", "in-sync", A),
    }  # fmt: skip
    sources = [(entry["source"]["kind"], entry["nodes"]) for entry in got.json["configurations"]]
    assert sources == [("ConfigMap", ["w1", "w2"]), ("Pod", ["master"])]


def test_what_cannot_be_edited_is_named_with_the_flag_that_leaves_it_out(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Set over a static pod's flags is refused before any write; with the flag of its hint it goes on."""
    box = sandbox(world=MIXED)

    refused = ipvs(box, "set", "--scheduler", "wrr", *BRISK)
    kept = writes(box)
    changed = ipvs(box, "set", "--scheduler", "wrr", "--configmap", A, *BRISK)

    assert (refused.code, kept, "IPVS019" in refused.err) == (1, [], True), refused.err
    assert f"narrow it: --configmap {A}" in refused.err
    assert (changed.code, box.schedulers()) == (0, {"master": "sh", "w1": "wrr", "w2": "wrr"}), changed.err


def test_flags_are_expanded_as_kubernetes_does(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """$(VAR) in a flag is the container's own variable, also one made of another; the node is judged by its value."""
    box = sandbox(world=VARIABLES)

    got, seen = ipvs(box, "get", "-o", "json"), ipvs(box, "status", "--check")

    fields = {name: got.json["ipvs"][name]["effective"] for name in ("scheduler", "syncPeriod")}
    assert (got.json["mode"]["effective"], fields) == ("ipvs", {"scheduler": "sed", "syncPeriod": "7s"})
    assert (seen.code, seen.out.splitlines()[-1]) == (0, "1 of 1 node in sync on sed")


def test_one_right_less(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who may not list DaemonSets still sees the nodes of each that has a pod: none of them is silently missing."""
    box = sandbox(world=TWO)
    box.deny("list", "daemonsets")

    run = ipvs(box, "status", "-o", "json")

    assert (run.code, states(run)) == (
        0, {"n1": ("lc", "in-sync", A), "n2": ("lc", "in-sync", A), "n3": ("sh", "in-sync", B)},
    )  # fmt: skip
    assert "DaemonSets that have no pod are not looked at" in run.err


def test_one_configuration_that_cannot_be_read(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Its nodes are unknown with the reason, the others are compared: --check is not green, and set is refused."""
    box = sandbox(world=TWO)
    box.deny("get", "configmaps", name="b")

    seen, changed = ipvs(box, "status", "--check"), ipvs(box, "set", "--scheduler", "wrr", *BRISK)

    assert (seen.code, [seen.rows[name][-2] for name in ("n1", "n3")]) == (3, ["in sync", "unknown"])
    assert 'configmaps "b" is forbidden' in seen.out
    assert (changed.code, writes(box)) == (1, []), changed.err


def test_named_configuration_that_nobody_mounts(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A ConfigMap that only the user's word leads to counts for all nodes; one that is missing is an error."""
    box: Sandbox = sandbox(world={**TWO, "objects": [*TWO["objects"], config_map("c", "lc")]})

    seen, missing = ipvs(box, "status", "-o", "json", "--configmap", "c"), ipvs(box, "status", "--configmap", "d")

    assert {name: state[:2] for name, state in states(seen).items()} == {
        "n1": ("lc", "in-sync"), "n2": ("lc", "in-sync"), "n3": ("lc", "out-of-step"),
    }  # fmt: skip
    assert (missing.code, missing.out) == (1, "")
    assert missing.err.startswith("error: configmap kube-system/d not found")


def of_version(pod: Obj, version: str) -> Obj:
    """Return a pod's spec with the image of another version."""
    container = {**pod["containers"][0], "image": f"registry.k8s.io/kube-proxy:{version}"}
    return {**pod, "containers": [container]}


SHARED: Obj = {
    "nodes": [node("n1", group="a"), node("n2", group="a"), node("n3", group="b")],
    "objects": [
        config_map("a", "lc"), daemon_set("proxy-a", spec(MOUNTED, "a"), "a"),
        daemon_set("proxy-b", of_version(spec(MOUNTED, "a"), "v1.16.9"), "b"),
    ],
    "pod_age": -3600,
}  # fmt: skip


def test_static_pods_are_left_out_of_a_restart(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Deleting a static pod restarts nothing: its node is named and left out (exit code 3), the others restart."""
    box = sandbox(world=MIXED)

    run = ipvs(box, "restart", *BRISK)

    assert (run.code, box.restarts) == (3, {"master": 0, "w1": 1, "w2": 1}), run.err
    assert "node/master skipped: its kube-proxy is a static pod" in run.out


def test_each_version_of_one_configuration_is_checked(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Two versions read one text: a field that the older one does not know is refused, whichever comes first."""
    for first, other in (("v1.31.4", "v1.16.9"), ("v1.16.9", "v1.31.4")):
        objects = [
            config_map("a", "rr"),
            daemon_set("proxy-a", of_version(spec(MOUNTED, "a"), first), "a"),
            daemon_set("proxy-b", of_version(spec(MOUNTED, "a"), other), "b"),
        ]
        box = sandbox(world={**SHARED, "objects": objects})
        run = ipvs(box, "set", "--udp-timeout", "1m", *BRISK)
        assert (run.code, "error IPVS014: udpTimeout: kube-proxy v1.16.9" in run.err, writes(box)) == (1, True, [])


def test_who_else_reads_the_text_is_named(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A run narrowed to one DaemonSet writes what another one reads too: its nodes are named, exit code 3."""
    box = sandbox(world=SHARED)

    run = ipvs(box, "set", "--scheduler", "wrr", "--daemonset", "proxy-a", *BRISK)

    assert (run.code, box.restarts) == (3, {"n1": 1, "n2": 1, "n3": 0}), run.err
    assert "node/n3 skipped: it reads the same configuration, and is not covered by this run" in run.out


@pytest.mark.parametrize("words", [("set", "--scheduler", "wrr"), ("restart",), ("restart", "--stale")])
def test_no_node_at_all_proves_nothing(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no node runs kube-proxy nothing was verified: that is said, and the exit code is 3."""
    box = sandbox(world={"nodes": [node("n1", group="x")], "objects": SHARED["objects"][:2], "pod_age": -3600})

    run = ipvs(box, *words, *BRISK)

    assert run.code == 3, run.err


def test_a_rolling_update_leaves_nobody_out(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The DaemonSet restarts every node: where one had to be left out, nothing is begun."""
    box = sandbox(nodes=3, faults={"node3": "forbidden-exec"})

    run = ipvs(box, "set", "--scheduler", "lc", "--strategy=rollout", *BRISK)

    assert (run.code, writes(box), set(box.restarts.values())) == (2, [], {0}), run.err
    assert "--strategy=rollout cannot leave out node3" in run.err


def test_no_restart_is_checked_for_modules_and_looked_at_again(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A text that no kernel can serve is refused with --no-restart, too; one that is reverted at once ends with 4."""
    lacking = sandbox(nodes=1, faults={"node1": "no-module=lc"})
    reverted = sandbox(nodes=1, faults={"cluster": ["revert=0"]})

    refused = ipvs(lacking, "set", "--scheduler", "lc", "--no-restart")
    written = ipvs(reverted, "set", "--scheduler", "lc", "--no-restart")

    assert (refused.code, "IPVS004" in refused.err, writes(lacking)) == (1, True, [])
    assert (written.code, "was changed by somebody else" in written.err) == (4, True), written.err


def test_what_goes_on_keeps_its_manner(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Advice in findings and reasons is about the same cluster as the run: each command has its flags."""
    box = sandbox(nodes=3, faults={"node3": "not-ready"})

    run = ipvs(box, "--context", "sandbox", "set", "--scheduler", "lc", *BRISK)

    commands = [line for line in run.err.splitlines() if "kubectl ipvs " in line]
    assert run.code == 3, run.err
    assert commands
    assert all("kubectl ipvs --context sandbox " in line for line in commands), commands
