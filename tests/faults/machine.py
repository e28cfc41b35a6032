"""A cluster, its users and its mishaps as a state machine: what must hold after any sequence of them."""

import re
from collections.abc import Callable

import yaml
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Drop, Reply, Request
from tests.faults import wire
from tests.faults.cell import FAST
from tests.harness import Ipvs

SCHEDULERS = st.sampled_from(["rr", "lc", "sh", "wrr"])
NODES = st.sampled_from(["node1", "node2"])
PACE = ("--settle", "0s", "--timeout", "1s")
VALUE = re.compile(r'(scheduler:[ ]*)("[a-z]*"|[a-z]+|)')
FAULTS = st.sampled_from(
    [
        *("exec-refused", "forbidden-exec", "no-ipvsadm", "garbage", "no-status", "v4", "one-byte"),
        *("stale", "never-ready", "crash-loop", "pending", "no-real-servers", "fallback"),
    ]
)


def masked(text: str) -> str:
    """Give the configuration without its scheduler."""
    return VALUE.sub(r"\1...", text)


def with_scheduler(text: str, scheduler: str) -> str:
    """Give the configuration as `set --scheduler` is to leave it."""
    return VALUE.sub(rf'\1"{scheduler}"', text)


def in_force(text: str) -> str:
    """Give the scheduler that kube-proxy takes from a configuration."""
    return str(yaml.safe_load(text)["ipvs"]["scheduler"] or "rr")


class Cluster(RuleBasedStateMachine):
    """Two nodes, and everybody who changes something.

    `asked`: every text that somebody asked for. `said`: nodes of which an output, or a user's own doing, has said that
    they may be out of step.
    """

    def __init__(self, ipvs: Ipvs) -> None:
        super().__init__()
        self._ipvs = ipvs
        self.box = Sandbox(**{**FAST, "nodes": 2})
        self.asked: set[str] = set()
        self.others = ""
        self.said: set[str] = set()

    def teardown(self) -> None:
        """End the cluster."""
        self.box.stop()

    @initialize()
    def begin(self) -> None:
        """Start the cluster; what it begins with somebody has asked for."""
        self.box.start()
        self.edited(self.box.config)

    def edited(self, text: str) -> None:
        """Take note of what somebody else wrote: no node has read it yet."""
        self.asked.add(text)
        self.others = masked(text)

    def run(self, *words: str, whole: bool) -> None:
        """Run a command; `whole`: with exit code 0 it has brought every node in step."""
        before = self.out_of_step()
        done = self._ipvs(self.box, *words)
        self.box.hook = None
        told = {node for node in self.box.nodes if node in done.err + done.out}
        if whole and done.code == 0:
            assert self.out_of_step() <= told, (words, done)
            self.said = set()
        self.said |= told
        unsaid = self.out_of_step() - before - self.said
        if unsaid:
            assert "--no-restart" in words or done.code, (words, unsaid, done)
            assert "kubectl ipvs restart" in done.err, (words, unsaid, done)
            self.said |= set(self.box.nodes)

    def out_of_step(self) -> set[str]:
        """Give the nodes whose kernel does not do what the configuration says."""
        wanted = in_force(self.box.config)
        return {node for node, scheduler in self.box.schedulers().items() if scheduler != wanted}

    @rule(scheduler=SCHEDULERS, restarts=st.booleans())
    def set_scheduler(self, scheduler: str, *, restarts: bool) -> None:
        """Ask for a scheduler."""
        self.asked.add(with_scheduler(self.box.config, scheduler))
        self.run("set", "--scheduler", scheduler, *PACE, *(() if restarts else ("--no-restart",)), whole=restarts)

    @rule()
    def undo(self) -> None:
        """Undo the last change: to a text that was there before."""
        self.run("undo", *PACE, whole=True)

    @rule(stale=st.booleans())
    def restart(self, *, stale: bool) -> None:
        """Restart all, or what has not read the configuration."""
        self.run("restart", *PACE, *(("--stale",) if stale else ()), whole=True)

    @rule(at=st.integers(0, 9), scheduler=SCHEDULERS)
    def somebody_edits(self, at: int, scheduler: str) -> None:
        """Let a colleague edit another field and the scheduler; nobody restarts anything."""
        self._foreign(at, scheduler)

    def _foreign(self, at: int, scheduler: str) -> None:
        text = re.sub(r"minSyncPeriod: \S+", f"minSyncPeriod: {at}s", with_scheduler(self.box.config, scheduler))
        self.edited(text)
        self.said |= set(self.box.nodes)
        self.box.set_config(text)

    @rule(at=st.integers(0, 9), scheduler=SCHEDULERS, ours=SCHEDULERS)
    def somebody_is_quicker(self, at: int, scheduler: str, ours: str) -> None:
        """Let a colleague edit between our look and our write."""

        def quicker(_: Sandbox, __: Request) -> None:
            self._foreign(at, scheduler)

        wire.first(wire.is_write, quicker)(self.box)
        self.set_scheduler(ours, restarts=True)

    @rule(at=st.integers(0, 9), scheduler=SCHEDULERS, ours=SCHEDULERS)
    def somebody_changes_it_meanwhile(self, at: int, scheduler: str, ours: str) -> None:
        """Let a colleague edit once our write is done and the first pod is about to go."""

        def meanwhile(_: Sandbox, __: Request) -> None:
            self._foreign(at, scheduler)

        wire.first(wire.is_delete, meanwhile)(self.box)
        self.set_scheduler(ours, restarts=True)

    @rule(when=st.sampled_from([wire.is_write, wire.is_delete]), ours=SCHEDULERS)
    def the_server_dies(self, when: Callable[[Request], bool], ours: str) -> None:
        """Let the API server die when it has done what was asked, and before it says so."""
        wire.first(when, wire.died)(self.box)
        self.set_scheduler(ours, restarts=True)

    @rule(when=st.sampled_from([wire.is_write, wire.is_delete, wire.is_use]), ours=SCHEDULERS)
    def the_server_refuses(self, when: Callable[[Request], bool], ours: str) -> None:
        """Let the API server fail once."""
        fails = wire.refusal(500, "InternalError", "etcdserver: request timed out")

        def refuses(_: Sandbox, request: Request) -> Reply:
            return Drop() if request.number % 2 else fails

        wire.first(when, refuses)(self.box)
        self.set_scheduler(ours, restarts=True)

    @rule(node=NODES, fault=FAULTS)
    def a_node_breaks(self, node: str, fault: str) -> None:
        """Break a node's exec."""
        self.box.fault(node, fault)

    @rule(node=NODES)
    def a_node_is_mended(self, node: str) -> None:
        """Mend a node."""
        self.box.heal(node)

    @invariant()
    def asked_for(self) -> None:
        """Hold one of the texts that somebody asked for, with everything else as the last colleague left it."""
        if self.asked:
            assert self.box.config in self.asked
            assert masked(self.box.config) == self.others
