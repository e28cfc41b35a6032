"""The clients inside the nodes, and the Service whose backends answer them: see cluster/guest/traffic.py."""

from tests.clusters import Machines

SOURCES = [f"10.251.0.{number}" for number in range(1, 9)]
ADDRESSES = [{"ip": f"10.250.0.{number}"} for number in (1, 2, 3)]
SERVICE = {
    "apiVersion": "v1",
    "kind": "List",
    "items": [
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "traffic", "namespace": "default"},
            "spec": {"clusterIP": "10.96.70.70", "ports": [{"port": 7000, "targetPort": 7000}]},
        },
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {"name": "traffic", "namespace": "default"},
            "subsets": [{"addresses": ADDRESSES, "ports": [{"port": 7000}]}],
        },
    ],
}
SERVED = "10.96.70.70 7000"


class Front:
    """The clients of every node."""

    def __init__(self, machines: Machines, nodes: list[str]) -> None:
        self.machines = machines
        self.nodes = nodes

    def run(self, node: str, words: str) -> str:
        """Run a verb among the clients of a node."""
        return self.machines.sh(node, f"ip netns exec front traffic {words}")

    def ask(self, node: str, sources: list[str], count: int) -> dict[str, list[str]]:
        """Return who answered each source."""
        said = self.run(node, f"ask {','.join(sources)} {SERVED} {count}")
        return {line.split()[0]: line.split()[1:] for line in said.splitlines()}
