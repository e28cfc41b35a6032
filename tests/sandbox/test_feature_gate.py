"""The feature gate of IPVS mode: where it is off kube-proxy exits. It is said, and nothing is restarted."""

from typing import Any

import pytest

from kubectl_ipvs.sandbox import Options
from kubectl_ipvs.sandbox.nodes.layouts import configuration
from tests.harness import BRISK, Ipvs, MakeSandbox, writes

OFF = "kube-proxy {} will not start in mode ipvs: the feature gate KubeProxyIPVS is off"
LABELS = {"k8s-app": "kube-proxy"}
BY_FLAGS: dict[str, Any] = {
    "nodes": [{"name": "n1"}],
    "objects": [
        {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "metadata": {"name": "kube-proxy", "namespace": "kube-system"},
            "spec": {
                "selector": {"matchLabels": LABELS},
                "template": {
                    "metadata": {"labels": LABELS},
                    "spec": {
                        "containers": [
                            {
                                "name": "kube-proxy",
                                "image": "registry.k8s.io/kube-proxy:v1.37.2",
                                "command": ["kube-proxy", "--proxy-mode=ipvs"],
                                "args": ["--feature-gates=AllBeta=false,KubeProxyIPVS=false"],
                            }
                        ]
                    },
                },
            },
        }
    ],
}


def test_off_in_the_configuration(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """It is named by get and status, and refuses whatever would start a kube-proxy with it."""
    box = sandbox(nodes=2, version="v1.37.2")
    box.set_config(box.config + "\nfeatureGates: {KubeProxyIPVS: false}\n")

    get, status = ipvs(box, "get"), ipvs(box, "status")
    refused = [
        ipvs(box, *words, *BRISK) for words in (("set", "--scheduler", "lc"), ("restart",), ("restart", "node1"))
    ]
    document = ipvs(box, "restart", "-o", "json")

    off = OFF.format("v1.37.2")
    assert [f"warning: {off}" in run.err.splitlines() for run in (get, status)] == [True, True]
    hint = "switch it on first (featureGates: {KubeProxyIPVS: true}), or change the mode"
    for run in refused:
        assert (run.code, run.out, run.err.splitlines()[:2]) == (
            1,
            "",
            [f"error IPVS034: {off}", f"  hint: {hint}"],
        )
    assert next((entry["code"], entry["hint"]) for entry in document.json["findings"]) == ("IPVS034", hint)
    assert (writes(box), box.restarts) == ([], {"node1": 0, "node2": 0})


def test_off_by_flag(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A command line is read as a configuration is; the hint names the flag."""
    box = sandbox(world=BY_FLAGS)

    get, status, restart = ipvs(box, "get"), ipvs(box, "status"), ipvs(box, "restart", "n1", *BRISK)

    off = OFF.format("v1.37.2")
    assert [f"warning: {off}" in run.err.splitlines() for run in (get, status)] == [True, True]
    assert (restart.code, restart.err.splitlines()[:2], writes(box)) == (
        1,
        [
            f"error IPVS034: {off}",
            "  hint: switch it on first (--feature-gates=KubeProxyIPVS=true), or change the mode",
        ],
        [],
    )


def test_undo_after_an_upgrade(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The same text starts no more once the release has the gate off by default: undo refuses, and changes nothing."""
    box = sandbox(nodes=1, version="v1.39.0")
    done = ipvs(box, "set", "--scheduler", "lc", *BRISK)
    text, before = box.config, writes(box)

    def upgrade(obj: dict[str, Any]) -> None:
        container = obj["spec"]["template"]["spec"]["containers"][0]
        container["image"] = container["image"].replace("v1.39.0", "v1.40.0")

    box.edit("DaemonSet", "kube-system", "kube-proxy", upgrade)
    undo = ipvs(box, "undo", *BRISK)

    assert (done.code, undo.code, undo.out) == (0, 1, "")
    assert undo.err.splitlines()[0] == f"error IPVS034: {OFF.format('v1.40.0')}"
    assert (box.config, writes(box)) == (text, before)


@pytest.mark.parametrize("value", ["true", "false"])
def test_too_old_for_the_gate(value: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A kube-proxy that does not know the gate exits on it, whatever its value."""
    text = f"{configuration(Options())}\nfeatureGates: {{KubeProxyIPVS: {value}}}\n"
    box = sandbox(nodes=1, version="v1.36.3")
    box.set_config(text)

    run = ipvs(box, "restart", *BRISK)

    why = "kube-proxy v1.36.3 does not know the feature gate KubeProxyIPVS (since 1.37)"
    assert (run.code, run.err.splitlines()[0]) == (1, f"error IPVS013: kube-proxy will not start: {why}")
    assert box.restarts == {"node1": 0}
