"""What can be wrong with a node: the kinds of fault, their parameters, and their words for --help. Values only."""

from collections.abc import Sequence

KINDS = {
    "control": "terminal escape sequences inside the table",
    "crash-later": "a new pod gets Ready and crashes S seconds after (0.3)",
    "crash-loop": "a new pod crashes from the start",
    "exec-refused": "the kubelet answers exec with 500",
    "forbidden-exec": "exec on this node's pod is forbidden (403)",
    "foreign": "somebody else's virtual server in the table, with scheduler NAME (rr)",
    "garbage": "exec brings bytes that are no text",
    "gone": "the pod is deleted between list and exec (404); the first N times (always)",
    "half": "half of the table, then the connection is cut",
    "hang": "exec starts and never says a word",
    "never-ready": "a new pod never gets Ready",
    "no-ipvs": "the kernel has no IPVS",
    "no-ipvsadm": "the image has no ipvsadm",
    "no-module": "the kernel lacks ip_vs_NAME",
    "no-pod": "the node has no kube-proxy pod",
    "no-status": "exec's output comes, its status does not",
    "no-tools": "the image has neither ipvsadm nor cat nor sh",
    "not-ready": "the node is NotReady and its kubelet cannot be reached",
    "one-byte": "exec's output comes byte by byte",
    "slow": "exec takes S seconds (1)",
    "slow-start": "a new pod takes S seconds to get Ready (1)",
    "stale": "the kernel's table never takes another scheduler",
    "stuck": "a deleted pod never goes away",
    "v4": "exec speaks v4.channel.k8s.io alone",
    "windows": "a Windows node, without kube-proxy",
}
DEFAULTS = {"crash-later": "0.3", "foreign": "rr", "gone": "-1", "slow": "1", "slow-start": "1", "no-module": ""}
SECONDS = ("crash-later", "slow", "slow-start")

Faults = dict[str, str]  # kind -> parameter, "" for a kind without


def parse(kinds: str | Sequence[str]) -> Faults:
    """Faults of one node: `"hang"`, `"slow=3"`, `"stale,v4"` or a sequence; ValueError for what is none."""
    words = kinds.split(",") if isinstance(kinds, str) else kinds
    return dict(_parse(word.strip()) for word in words)


def _parse(word: str) -> tuple[str, str]:
    kind, equals, parameter = word.partition("=")
    if kind not in KINDS:
        raise ValueError(f"no such fault: {kind!r} (there are {', '.join(KINDS)})")
    if equals and kind not in DEFAULTS:
        raise ValueError(f"fault {kind} takes no parameter")
    parameter = parameter or DEFAULTS.get(kind, "")
    if kind == "no-module" and not parameter:
        raise ValueError("fault no-module needs a scheduler: no-module=lc")
    if kind in SECONDS:
        float(parameter)
    if kind == "gone":
        int(parameter)
    return kind, parameter
