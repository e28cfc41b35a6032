"""The proof that each node has by its mode: the IPVS table, the nft tables, or its pod alone."""

from kubectl_ipvs.cluster.cluster import Cluster
from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.operations.look import Looker
from kubectl_ipvs.operations.rollout.equals_services import EqualsServices
from kubectl_ipvs.operations.rollout.nftables import MODE, NftablesInEffect
from kubectl_ipvs.operations.rollout.node import Target
from kubectl_ipvs.operations.rollout.proof import Finding, Proof, StaysUp, TableInSync


class ByMode:
    """A node whose mode cannot be read is looked at as one in ipvs mode. `whole`: every row of its table counts."""

    looks_at = "what its mode leaves in the kernel"

    def __init__(self, cluster: Cluster, looker: Looker, patience: float, *, whole: bool = False) -> None:
        self._table: Proof = TableInSync(looker, patience)
        self._pod = StaysUp()
        if whole:
            self._table = EqualsServices(cluster, looker, self._table)
        self._nftables = NftablesInEffect(cluster, looker.timeout, patience)

    def look(self, target: Target, pod: Pod) -> Finding:
        """Look by the mode that the node's configuration asks for."""
        mode = target.node.source.mode
        if mode in {"ipvs", None}:
            return self._table.look(target, pod)
        return (self._nftables if mode == MODE else self._pod).look(target, pod)
