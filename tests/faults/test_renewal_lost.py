"""The lease of a change whose API server dies in the middle of a renewal."""

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.exchange import Request
from tests.faults.cell import FAST
from tests.faults.wire import died, first
from tests.harness import Ipvs, MakeSandbox


def is_renewal(request: Request) -> bool:
    """Tell whether a lease is renewed."""
    return request.method == "PUT" and "/leases/" in request.path


@pytest.mark.whole
@pytest.mark.timeout(60)
def test_renewal_without_an_answer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A renewal that was done but not answered is still ours: the change goes on, and no lease is left behind."""
    box = sandbox(**FAST)
    first(is_renewal, died)(box)

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "12s", "--timeout", "40s")

    assert (run.code, "taken away" in run.err) == (0, False)
    assert (box.schedulers(), box.objects("Lease")) == ({"node1": "lc"}, [])


def test_lease_let_go_after_a_renewal_without_an_answer(sandbox: MakeSandbox, ipvs: Ipvs) -> None:
    """A lease whose version is not the one that we know, yet ours, is deleted all the same."""
    box = sandbox(**FAST)

    def renewed_by_ourselves(here: Sandbox, _: Request) -> None:
        here.edit("Lease", "kube-system", "kubectl-ipvs", lambda obj: obj["spec"].update(leaseDurationSeconds=16))

    first(lambda request: request.method == "DELETE" and "/leases/" in request.path, renewed_by_ourselves)(box)

    run = ipvs(box, "set", "--scheduler", "lc", "--settle", "0s", "--timeout", "20s")

    assert (run.code, box.schedulers(), box.objects("Lease")) == (0, {"node1": "lc"}, [])
