"""Kubernetes as it was, is and will be: the same commands, and what is said of the version."""

import pytest

from kubectl_ipvs.sandbox import Options
from kubectl_ipvs.sandbox.nodes.layouts import configuration
from tests.faults.cell import FAST
from tests.harness import Ipvs, MakeSandbox

ENDS = "off by default in 1.40 and removed in 1.43 (KEP-5495); nftables mode takes its place"
GATED = f"IPVS mode is deprecated and behind the feature gate KubeProxyIPVS since 1.37, {ENDS}"
OFF = (
    "IPVS mode is off by default since Kubernetes 1.40: kube-proxy does not start in it without the feature gate "
    "KubeProxyIPVS; it is removed in 1.43 (KEP-5495)"
)
SAID = {
    "v1.20.2": "",
    "v1.28.15": "",
    "v1.34.2": "",
    "v1.35.0": f"IPVS mode is deprecated since Kubernetes 1.35, {ENDS}",
    "v1.37.1": GATED,
    "v1.40.0": OFF,
}
CODES = {"v1.35.0": "IPVS030", "v1.37.1": "IPVS031", "v1.40.0": "IPVS032"}
QUICK = ("--settle", "0s", "--timeout", "20s")
KEYS = "has keys that kube-proxy ignores"  # the text is of today's kubeadm: one of 1.20 does not know all of them
GATE = "\nfeatureGates:\n  KubeProxyIPVS: true\n"


@pytest.mark.parametrize("version", SAID)
def test_versions(version: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """All do their work on each; where IPVS mode stands is said by get and set, with its code, and is data in all."""
    text = configuration(Options()) + (GATE if version == "v1.40.0" else "")
    box = sandbox(**{**FAST, "version": version, "loaded": ["lc"], "config": text})

    get, status = ipvs(box, "get", "-o", "name"), ipvs(box, "status")
    done = ipvs(box, "set", "--scheduler", "lc", *QUICK)
    quiet = [ipvs(box, "restart", *QUICK), ipvs(box, "schedulers"), ipvs(box, "restart", "-o", "json", *QUICK)]
    documents = [ipvs(box, *words, "-o", "json").json["configurations"][0] for words in (("get",), ("status",))]

    stands = SAID[version] and f"kube-proxy {version}: {SAID[version]}"
    warned = [line for line in done.err.splitlines() if line.startswith("warning") and KEYS not in line]
    said = [line for line in get.err.splitlines(keepends=True) if KEYS not in line]
    assert (get.code, status.code, done.code, box.schedulers()) == (0, 0, 0, {"node1": "lc"})
    assert (get.out, status.rows["node1"][-1]) == ("configmap/kube-proxy\n", "in sync")
    assert warned == ([f"warning {CODES[version]}: {stands}"] if stands else [])
    assert "".join(said) == (f"warning: {stands}\n" if stands else "")
    assert [("IPVS03" in run.err, "IPVS mode" in run.err) for run in (status, *quiet)] == [(False, False)] * 4
    data = [entry["findings"] for entry in (*documents, quiet[-1].json)]
    assert [[entry["code"] for entry in found if entry["code"] in CODES.values()] for found in data] == [
        [CODES[version]] if stands else []
    ] * 3


def test_gate_that_is_off(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """From 1.40 on kube-proxy does not start in IPVS mode without its gate: nothing is restarted into that."""
    box = sandbox(**{**FAST, "version": "v1.40.0", "loaded": ["lc"]})

    runs = [ipvs(box, "set", "--scheduler", "lc"), ipvs(box, "restart")]

    assert [(run.code, "error IPVS034: " in run.err) for run in runs] == [(1, True)] * 2
    assert (box.restarts, box.schedulers()) == ({"node1": 0}, {"node1": "rr"})
