"""Preflight through the front door: what is found is said before the first write, and errors refuse the change."""

import json
import time
from typing import Any

import pytest

from kubectl_ipvs.ipvs.schedulers import SCHEDULERS
from kubectl_ipvs.proxy.checks.config_owners import ADDON, ARGO, EKS, FLUX, HELM, K0S, KUBERMATIC, OPENSHIFT, Owner
from kubectl_ipvs.proxy.checks.lifecycle import notice
from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Reply, Request, Response, Upgrade
from kubectl_ipvs.sandbox.wire.frames import Channel
from tests.harness import BRISK, Ipvs, MakeSandbox, Run, writes

SET = ("set", "--scheduler", "lc")
CLIENT = "--dry-run=client"
CRASHES = "kube-proxy crashes in a loop; the old table goes on, without updates"
FALLS_BACK = "kube-proxy falls back to iptables mode, looks Ready, and the kernel keeps the old table for ever"
EXITS = "kube-proxy exits at once; the old table goes on, without updates"
NO_EFFECT = "kube-proxy's mode is iptables: the value would have no effect"
REVIEWS = "selfsubjectaccessreviews"
STICKY, EVEN = "for a client to stay on one pod: sh; else lc", "for an even load: lc; else rr"
TRAPS = {"dh": STICKY, "lblc": STICKY, "lblcr": STICKY, "fo": EVEN, "ovf": EVEN}
UNREAD = {  # why a table cannot be read, by fault
    "forbidden-exec": 'User "admin" cannot create resource "pods/exec"',
    "exec-refused": "unable to upgrade connection: the kubelet refuses exec on purpose",
}


@pytest.fixture
def sandbox(sandbox: MakeSandbox) -> MakeSandbox:
    """Start sandboxes of 1.34, of which preflight says nothing by itself, where a test does not say which."""
    return lambda **options: sandbox(**{"version": "v1.34.2", **options})


def found(run: Run) -> list[str]:
    """Give what preflight said, hints included."""
    return [line for line in run.err.splitlines() if line.startswith(("error IPVS", "warning IPVS", "  hint: "))]


def beside_keys(lines: list[str]) -> list[str]:
    """Leave IPVS009 out: the text is of today's kubeadm, and a kube-proxy of 1.20 does not know all its keys."""
    return [line for line in lines if not line.startswith("warning IPVS009")]


def refused(*codes: str, forcible: bool = True, hint: str = "") -> list[str]:
    """Give the last words of a refusal."""
    said = ", ".join(codes)
    hint = f"--force overrides {said}" if forcible else hint
    return [f"error: preflight refuses the change ({said}): nothing was written", f"hint: {hint}"]


@pytest.mark.parametrize("name", TRAPS)
def test_traps_refuse(name: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A scheduler that nearly nobody wants says what happens to traffic and what suits instead, and is not set."""
    box = sandbox(nodes=1)
    known = SCHEDULERS[name]

    run = ipvs(box, "set", "--scheduler", name, *BRISK)

    said = [f"error IPVS005: {name} is a trap: {known.with_kube_proxy}", f"  hint: {TRAPS[name]}", *refused("IPVS005")]
    assert (run.code, run.err.splitlines(), writes(box)) == (1, said, [])


def test_a_trap_can_be_forced(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """--force says what it overrides, and goes on."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", "--scheduler", "dh", "--force", *BRISK)

    words = f"error IPVS005: dh is a trap: {SCHEDULERS['dh'].with_kube_proxy} (overridden by --force)"
    assert (run.code, found(run), box.schedulers()) == (
        0,
        [words, f"  hint: {STICKY}"],
        {"node1": "dh"},
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sh", f"warning IPVS006: sh: {SCHEDULERS['sh'].advice}"),
        ("mh", f"warning IPVS006: mh: {SCHEDULERS['mh'].advice}"),
        ("wrr", "warning IPVS007: wrr does what rr does under kube-proxy (all weights are 1)"),
        ("wlc", "warning IPVS007: wlc does what lc does under kube-proxy (all weights are 1)"),
    ],
)
def test_warnings_do_not_refuse(name: str, words: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A scheduler with a catch is set, and its catch is said."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", "--scheduler", name, *BRISK)

    assert (run.code, found(run), box.schedulers()) == (0, [words], {"node1": name})


def test_names_that_are_none(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An unknown name is refused, with the name that was meant."""
    box = sandbox(nodes=1)

    run = ipvs(box, "set", "--scheduler", "least-conn")

    said = ['error IPVS002: no scheduler of the kernel is called "least-conn"', "  hint: did you mean lc?"]
    assert (run.code, run.err.splitlines(), writes(box)) == (1, [*said, *refused("IPVS002")], [])


def test_mode_is_not_ipvs(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The value would have no effect: refused; --force stores it all the same and proves what can be proved."""
    box = sandbox(nodes=1, mode="iptables")

    run = ipvs(box, *SET, *BRISK)
    forced = ipvs(box, *SET, "--force", *BRISK)

    said = [f"error IPVS001: {NO_EFFECT}", "  hint: --force stores it all the same", *refused("IPVS001")]
    assert (run.code, run.err.splitlines()) == (1, said)
    assert (forced.code, 'scheduler: "lc"' in box.config or "scheduler: lc" in box.config) == (0, True)
    assert f"error IPVS001: {NO_EFFECT} (overridden by --force)" in forced.err


def test_kernel_is_too_old(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """The kernel that each Node reports is held against the catalogue."""
    box = sandbox(nodes=2, kernel="5.4.0-42-generic")

    run = ipvs(box, "set", "--scheduler", "twos")

    assert (run.code, found(run)) == (
        1,
        [
            "error IPVS003: twos came with Linux 5.12; node1, node2: 5.4.0-42-generic",
            f"  hint: {CRASHES}",
            f"error IPVS004: ip_vs_twos is missing on node1, node2: {CRASHES}",
            "  hint: install the kernel's extra modules there, or choose another scheduler",
        ],
    )


@pytest.mark.parametrize(("version", "what"), [("v1.20.2", FALLS_BACK), ("v1.26.3", EXITS), ("v1.34.2", CRASHES)])
def test_module_is_missing(version: str, what: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """No module file: refused, with what this version of kube-proxy would do without it."""
    box = sandbox(nodes=1, version=version, modules=["rr", "wrr", "sh"])

    run = ipvs(box, *SET)

    said = [
        f"error IPVS004: ip_vs_lc is missing on node1: {what}",
        "  hint: install the kernel's extra modules there, or choose another scheduler",
    ]
    assert (run.code, beside_keys(run.err.splitlines()), writes(box)) == (1, [*said, *refused("IPVS004")], [])


@pytest.mark.parametrize(("version", "what"), [("v1.20.2", FALLS_BACK), ("v1.26.3", EXITS)])
def test_module_is_not_loaded(version: str, what: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """kube-proxy 1.20 to 1.26 loads rr, wrr and sh alone: every node must have the module loaded before."""
    box = sandbox(nodes=2, version=version)

    run = ipvs(box, *SET)

    said = [
        f"error IPVS004: ip_vs_lc is not loaded on node1, node2: {what}",
        "  hint: load it first on each of them: modprobe ip_vs_lc, and for good in /etc/modules-load.d",
    ]
    assert (run.code, beside_keys(run.err.splitlines()), writes(box)) == (1, [*said, *refused("IPVS004")], [])


@pytest.mark.parametrize(
    "options",
    [{"version": "v1.34.2"}, {"version": "v1.20.2", "loaded": ["lc"]}, {"version": "v1.19.0"}],
    ids=["1.34 loads it", "1.20, loaded", "1.19 does not look"],
)
def test_module_is_there(options: dict[str, Any], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nothing is found where kube-proxy will find what it needs."""
    run = ipvs(sandbox(nodes=1, **options), *SET, CLIENT)

    assert (run.code, beside_keys(found(run))) == (0, [])


@pytest.mark.parametrize("node", ["node1", "node4"])
@pytest.mark.parametrize(("version", "what"), [("v1.25.9", FALLS_BACK), ("v1.34.2", CRASHES)])
def test_module_is_missing_on_one_node(version: str, what: str, node: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nodes of one kernel release may differ: the one without the module is named, whether its lists were read or not.

    Each node is asked by the command that reads its table: one exec a node, and two for the lists of the release.
    """
    box = sandbox(nodes=4, version=version, faults={node: "no-module=lc"}, loaded=["lc"], image="official")

    run = ipvs(box, *SET, *BRISK)

    said = [
        f"error IPVS004: ip_vs_lc is missing on {node}: {what}",
        "  hint: install the kernel's extra modules there, or choose another scheduler",
        *refused("IPVS004"),
    ]
    assert (run.code, run.err.splitlines(), writes(box)) == (1, said, [])
    assert sum(seen.path.endswith("/exec") for seen in box.requests) == 4 + 2


def test_module_is_built_in(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What is built into the kernel is never in /proc/modules, and needs no loading: not even for 1.20."""
    box = sandbox(nodes=1, version="v1.20.2")
    box.hook = _builtin

    run = ipvs(box, *SET, CLIENT)

    assert (run.code, beside_keys(found(run))) == (0, [])


def _builtin(request: Request) -> Reply | None:
    """Let modules.builtin name ip_vs_lc."""
    if not any(word.endswith("/modules.builtin") for word in request.query.get("command", ())):
        return None

    async def serve(channel: Channel) -> None:
        await channel.send(b"\x01kernel/net/netfilter/ipvs/ip_vs_lc.ko\n")
        await channel.send(b'\x03{"status":"Success"}')

    return Upgrade("v4.channel.k8s.io", serve)


def test_modules_that_an_image_cannot_show(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An image without cat is no illness: nothing is claimed of the node's modules, and the change goes on."""
    run = ipvs(sandbox(nodes=1, version="v1.20.2", faults={"node1": "no-tools"}), *SET, CLIENT)

    assert (run.code, beside_keys(found(run))) == (0, [])


@pytest.mark.parametrize("fault", UNREAD)
def test_nobody_can_be_read(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where no table can be read nothing could be verified: refused, nothing written, and no module is claimed to lack.

    --force goes on, verifies that each pod stays up, and says by exit code 3 that this is not all.
    """
    box = sandbox(nodes=2, faults={"node1": fault, "node2": fault})
    before = box.config

    run = ipvs(box, *SET, *BRISK)
    kept = (box.config, writes(box))
    forced = ipvs(box, *SET, "--force", *BRISK)

    errors = [line for line in found(run) if line.startswith("error")]
    assert (run.code, len(errors), kept) == (1, 1, (before, []))
    assert errors[0].startswith("error IPVS017: no node's table can be read: ")
    assert UNREAD[fault] in errors[0]
    assert refused("IPVS017")[1] in run.err
    assert (forced.code, box.restarts, box.config != before) == (3, {"node1": 1, "node2": 1}, True)


@pytest.mark.parametrize("fault", UNREAD)
def test_a_node_that_cannot_be_read_is_left_out(fault: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What cannot be verified afterwards is not restarted: named with its reason, exit 3, the others change."""
    box = sandbox(nodes=3, faults={"node2": fault})

    run = ipvs(box, *SET, *BRISK)

    words = [
        line for line in found(run) if line.startswith("warning IPVS018: left out: node2 (it cannot be verified: ")
    ]
    assert (run.code, len(words), box.restarts) == (3, 1, {"node1": 1, "node2": 0, "node3": 1})
    assert UNREAD[fault] in words[0]
    assert "\nnode/node2 " in f"\n{run.out}"


@pytest.mark.parametrize(
    ("verb", "resource", "subresource", "words", "right"),
    [
        ("patch", "configmaps", "", SET, "patch configmaps kube-proxy in kube-system"),
        ("delete", "pods", "", SET, "delete pods in kube-system"),
        ("delete", "pods", "", ("restart",), "delete pods in kube-system"),
        ("patch", "daemonsets", "", (*SET, "--strategy=rollout"), "patch daemonsets kube-proxy in kube-system"),
        ("delete", "pods", "", (*SET, "--strategy=rollout"), "delete pods in kube-system"),
    ],
)
def test_a_right_is_missing(
    verb: str, resource: str, subresource: str, words: tuple[str, ...], right: str, sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """Every right is asked for before the first write; a missing one is named, and --force does not override it."""
    box = sandbox(nodes=1)
    box.deny(verb, resource, subresource=subresource)

    run = ipvs(box, *words, "--force", *BRISK)

    hint = "docs/rbac.yaml has a role with these rights; or try another user"
    said = [f"error IPVS010: you may not: {right}", f"  hint: {hint}"]
    assert (run.code, run.err.splitlines(), writes(box)) == (
        1,
        [*said, *refused("IPVS010", forcible=False, hint=hint)],
        [],
    )


@pytest.mark.parametrize(
    ("verb", "resource", "subresource", "words"),
    [
        ("patch", "configmaps", "", ("restart",)),
        ("patch", "daemonsets", "", SET),
        ("delete", "pods", "", (*SET, "--no-restart")),
        ("create", "pods", "exec", (*SET, "--no-restart")),
        ("delete", "pods", "", ("restart", "--strategy=rollout")),
        ("watch", "pods", "", SET),
    ],
)
def test_rights_that_a_run_does_not_need(
    verb: str, resource: str, subresource: str, words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs
) -> None:
    """Nobody is refused for a right that this run can do without."""
    box = sandbox(nodes=1)
    box.deny(verb, resource, subresource=subresource)

    run = ipvs(box, *words, *BRISK)

    assert (run.code, found(run)) == (0, [])


def test_rights_cannot_be_asked_for(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A server that does not answer access reviews is a warning, not an end."""
    box = sandbox(nodes=1)
    box.hook = _refuse_review

    run = ipvs(box, *SET, CLIENT)

    words = "warning IPVS012: your rights could not be asked for: the server refused (NotFound): no such thing"
    assert (run.code, found(run)) == (0, [words])


def _refuse_review(request: Request) -> Reply | None:
    body = b'{"kind":"Status","reason":"NotFound","message":"no such thing","code":404}'
    return Response(404, body) if request.path.endswith(REVIEWS) else None


@pytest.mark.parametrize(
    ("options", "owner"),
    [
        ({"layout": "eks", "labels": {"eks.amazonaws.com/component": "kube-proxy"}}, EKS),
        ({"manager": "eks", "layout": "eks"}, EKS),
        ({"labels": {"app.kubernetes.io/managed-by": "Helm"}}, HELM),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}, ARGO),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "x"}}, FLUX),
        ({"labels": {"addonmanager.kubernetes.io/mode": "Reconcile"}}, ADDON),
        ({"manager": "k0s"}, K0S),
        ({"labels": {"kubermatic.io/addon": "kube-proxy"}}, KUBERMATIC),
        ({"layout": "openshift"}, OPENSHIFT),
    ],
    ids=["EKS label", "EKS manager", "Helm", "Argo CD", "Flux", "addon manager", "k0s", "Kubermatic", "OpenShift"],
)
def test_owner_is_named(options: dict[str, Any], owner: Owner, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Who else writes this ConfigMap is said, and where the setting lasts."""
    run = ipvs(sandbox(nodes=1, **options), *SET, CLIENT)

    words = f"warning IPVS011: {owner.name} owns this configuration and may write its own back"
    assert (run.code, found(run)) == (0, [words, f"  hint: {owner.durable}"])


def test_nodes_that_are_not_ready(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """They are named, and not restarted."""
    run = ipvs(sandbox(faults={"node2": "not-ready"}), *SET, CLIENT)

    assert (run.code, found(run)) == (
        0,
        [
            "warning IPVS020: not ready, so not restarted: node2",
            "  hint: run `kubectl ipvs restart --stale` when they are back",
        ],
    )
    restarts = next(line for line in run.err.splitlines() if line.startswith("restarts "))
    assert "node1, node3 (2 of 3 nodes); node3 first, alone; at most 1 node without kube-proxy" in restarts


def test_pods_that_crash_already(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """What was ill before is said before, left out, and no part of what a rollback would have to bring back."""
    box = sandbox(nodes=2, modules=["rr"], config=_config("lc"))
    pods = {pod["spec"]["nodeName"]: pod["metadata"]["name"] for pod in box.objects("Pod")}

    run = ipvs(box, "set", "--scheduler", "rr", CLIENT)

    left_out = [line for line in found(run) if line.startswith("warning IPVS018: left out: ")]
    assert (run.code, len(left_out)) == (0, 1)
    for node in box.nodes:
        assert f"{node} (pod {pods[node]} is not ready: CrashLoopBackOff" in left_out[0]
    assert "restarted" not in run.out


def _config(scheduler: str) -> str:
    return (
        "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n"
        f"ipvs:\n  scheduler: {scheduler}\n"
    )


def test_rollout_is_under_way(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Nobody restarts pods while somebody else's rollout does."""
    box = sandbox(faults={"node1": "stuck"})
    box.edit("DaemonSet", "kube-system", "kube-proxy", _touch_template)
    _until_rolling(box)

    run = ipvs(box, *SET)

    said = [
        "error IPVS022: the DaemonSet is in the middle of a rollout: 0 of 3 pods are updated",
        (
            "  hint: kubectl -n kube-system rollout status daemonset/kube-proxy --timeout=5m; "
            "where it has stopped for good, --force goes on"
        ),
    ]
    assert (run.code, run.err.splitlines(), writes(box)) == (1, [*said, *refused("IPVS022")], [])


def _touch_template(obj: dict[str, Any]) -> None:
    obj["spec"]["template"]["metadata"]["annotations"] = {"kubectl.kubernetes.io/restartedAt": "now"}


def _until_rolling(box: Sandbox) -> None:
    for _ in range(200):
        status = box.get("DaemonSet", "kube-system", "kube-proxy")["status"]
        if status["observedGeneration"] == 2:
            return
        time.sleep(0.01)


def test_pod_that_is_missing_for_a_moment(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A DaemonSet that brings a deleted pod back is not in the middle of a rollout."""
    box = sandbox(nodes=2, start=0.1)
    box.hook = lambda request: _lose_pod(box, request)

    run = ipvs(box, *SET, "--settle", "0s")

    assert (run.code, found(run), box.schedulers()) == (0, [], {"node1": "lc", "node2": "lc"})


def _lose_pod(box: Sandbox, request: Request) -> Reply | None:
    """Take a pod away and answer with the DaemonSet's status of that moment."""
    if not request.path.endswith("/daemonsets/kube-proxy"):
        return None
    box.hook = None
    owner = box.get("DaemonSet", "kube-system", "kube-proxy")
    owner["status"] |= {"currentNumberScheduled": 1, "updatedNumberScheduled": 1, "numberReady": 1}
    pod = box.objects("Pod")[0]["metadata"]["name"]
    box.remove("Pod", "kube-system", pod)
    return Response(200, json.dumps(owner).encode())


def test_on_delete(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """OnDelete is what deletion is made for; a rolling update of it would never come."""
    box = sandbox(nodes=2, strategy="OnDelete")

    run = ipvs(box, *SET, "--strategy=rollout", "--force")
    deleted = ipvs(box, *SET, *BRISK)

    hint = "leave --strategy=rollout out"
    said = [
        "error IPVS023: the DaemonSet's update strategy is OnDelete: it does not roll by itself",
        f"  hint: {hint}",
        *refused("IPVS023", forcible=False, hint=hint),
    ]
    assert (run.code, run.err.splitlines()) == (1, said)
    assert (deleted.code, found(deleted), box.schedulers()) == (0, [], {"node1": "lc", "node2": "lc"})


@pytest.mark.parametrize("words", [SET, ("restart",)], ids=["set", "restart"])
def test_static_pods(words: tuple[str, ...], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Their deletion restarts nothing: refused, with where the setting is."""
    box = sandbox(layout="static")

    run = ipvs(box, *words, "--force")

    hint = "change the manifest on each node (RKE2: kube-proxy-arg in config.yaml; kops: spec.kubeProxy)"
    said = ["error IPVS024: kube-proxy runs as static pods: deleting one restarts nothing", f"  hint: {hint}"]
    assert (run.code, run.err.splitlines(), writes(box)) == (
        1,
        [*said, *refused("IPVS024", forcible=False, hint=hint)],
        [],
    )


def test_flags(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A command line is not ours to edit; to restart is."""
    box = sandbox(nodes=1, layout="flags", scheduler="rr")

    run = ipvs(box, *SET, "--force")
    restarted = ipvs(box, "restart", *BRISK)

    hint = "change --ipvs-scheduler where the DaemonSet comes from (AKS: az aks update --kube-proxy-config)"
    said = ["error IPVS025: flags of the DaemonSet configure kube-proxy: not ours to edit", f"  hint: {hint}"]
    assert (run.code, run.err.splitlines()) == (1, [*said, *refused("IPVS025", forcible=False, hint=hint)])
    assert (restarted.code, found(restarted), box.restarts) == (0, [], {"node1": 1})


def test_immutable(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """An immutable ConfigMap cannot be changed by anybody."""
    box = sandbox(nodes=1, immutable=True)

    run = ipvs(box, *SET, "--force")

    hint = "make a new one and let the DaemonSet mount it"
    said = ["error IPVS026: the ConfigMap is immutable: it cannot be changed", f"  hint: {hint}"]
    assert (run.code, run.err.splitlines(), writes(box)) == (
        1,
        [*said, *refused("IPVS026", forcible=False, hint=hint)],
        [],
    )


@pytest.mark.parametrize(
    ("version", "code", "said"),
    [
        ("v1.34.2", 0, []),
        ("v1.35.0", 0, [f"warning IPVS030: kube-proxy v1.35.0: {notice('v1.35.0')}"]),
        ("v1.37.0", 0, [f"warning IPVS031: kube-proxy v1.37.0: {notice('v1.37.0')}"]),
        (
            "v1.40.0",
            1,
            [
                "error IPVS034: kube-proxy v1.40.0 will not start in mode ipvs: the feature gate KubeProxyIPVS is off",
                "  hint: switch it on first (featureGates: {KubeProxyIPVS: true}), or change the mode",
                f"warning IPVS032: kube-proxy v1.40.0: {notice('v1.40.0')}",
            ],
        ),
        ("v1.43.0", 1, [f"error IPVS033: kube-proxy v1.43.0: {notice('v1.43.0')}"]),
    ],
)
def test_end_of_ipvs_mode(version: str, code: int, said: list[str], sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Each stage of the end is said with its version."""
    run = ipvs(sandbox(nodes=1, version=version), *SET, CLIENT)

    assert (run.code, found(run)) == (code, said)


def test_strict_arp_stays_behind(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """To switch strictARP off leaves the nodes' sysctls as they are: said, with the two sysctls."""
    box = sandbox(nodes=1)
    box.set_config(box.config.replace("strictARP: false", "strictARP: true"))

    run = ipvs(box, "set", "--no-strict-arp", CLIENT)

    assert (run.code, found(run)) == (
        0,
        [
            "warning IPVS008: kube-proxy never sets arp_ignore and arp_announce back",
            "  hint: on each node: sysctl net.ipv4.conf.all.{arp_ignore,arp_announce}=0, or a reboot",
        ],
    )


def test_unknown_keys(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A key that kube-proxy ignores is named, and left alone."""
    box = sandbox(nodes=1, config=_config("rr") + "  Scheduler: lc\n")

    run = ipvs(box, *SET, CLIENT)

    words = "ipvs.Scheduler: kube-proxy does not know this key and ignores it, unlike scheduler (line 6)"
    said = f"warning IPVS009: the configuration has keys that kube-proxy ignores: {words}"
    assert (run.code, found(run)) == (0, [said])


BAD: dict[str, Any] = {
    "faults": {"node2": "not-ready"},
    "version": "v1.35.0",
    "modules": ["rr"],
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
}


def test_client_dry_run_prints_all(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Errors first, then warnings: everything that would be in the way, and nothing written."""
    box = sandbox(nodes=2, **BAD)
    box.deny("delete", "pods")

    run = ipvs(box, "set", "--scheduler", "dh", CLIENT)

    codes = [line.split(":")[0] for line in found(run) if not line.startswith("  ")]
    assert (run.code, codes, writes(box)) == (
        1,
        [
            "error IPVS004",
            "error IPVS005",
            "error IPVS010",
            "warning IPVS011",
            "warning IPVS020",
            "warning IPVS030",
        ],
        [],
    )


def test_findings_are_in_the_document(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """-o json has every finding whole, of a run that goes on and of one that is refused."""
    box = sandbox(nodes=2, **BAD)

    refusal = ipvs(box, *SET, "-o", "json")
    forced = ipvs(box, *SET, "--force", CLIENT, "-o", "json")

    missing = {
        "code": "IPVS004",
        "severity": "error",
        "reason": f"ip_vs_lc is missing on node1: {CRASHES}",
        "hint": "install the kernel's extra modules there, or choose another scheduler",
        "forcible": True,
        "nodes": ["node1"],
    }
    codes = ["IPVS004", "IPVS011", "IPVS020", "IPVS030"]
    shown = [(run.json["outcome"], [entry["code"] for entry in run.json["findings"]]) for run in (refusal, forced)]
    assert (refusal.code, forced.code, shown) == (1, 0, [("refused", codes), ("dry-run", codes)])
    assert (refusal.json["findings"][0], forced.json["findings"][0]) == (missing, missing)
    assert writes(box) == []


@pytest.mark.parametrize("layout", ["static", "flags"])
def test_refusal_of_the_place_is_a_document_too(layout: str, sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """Where kube-proxy cannot be changed at all, the document says so."""
    run = ipvs(sandbox(nodes=1, layout=layout), *SET, "-o", "json")

    code = {"static": "IPVS024", "flags": "IPVS025"}[layout]
    assert (run.code, run.json["outcome"], [entry["code"] for entry in run.json["findings"]]) == (1, "refused", [code])


def test_every_question_comes_before_the_first_write(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """All access reviews are answered before the ConfigMap is touched."""
    box = sandbox(nodes=1)

    ipvs(box, *SET, *BRISK)

    seen = ["review" if asked.path.endswith(REVIEWS) else asked.method for asked in box.requests]
    last_review = max(index for index, what in enumerate(seen) if what == "review")
    assert (seen.count("review"), seen.index("PATCH") > last_review) == (
        5,
        True,
    )  # pods twice, the ConfigMap, the lease twice
