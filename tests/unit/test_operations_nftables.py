"""How three answers about a node in nftables mode come to one."""

import pytest

from kubectl_ipvs.operations.rollout.nftables import Part, counted, together
from kubectl_ipvs.operations.rollout.proof import Finding

MODE, SYNC, TABLES = Part("seen"), Part("seen"), Part("seen", "nftables mode, 9 addresses of Services in nft")
DENIED = Part("unseen", "its mode", "denied"), Part("unseen", "its first sync", "denied")
NO_NFT = Part("lacking", "its nft tables", "the image has no nft")
SILENT = Part("passing", "its mode", "timeout")
NOT_YET = Part("not-yet", "kube-proxy's mode is ipvs")


@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ((MODE, SYNC, TABLES), Finding("verified", "nftables mode, 9 addresses of Services in nft")),
        ((NOT_YET, SYNC, TABLES), Finding("not-yet", "kube-proxy's mode is ipvs")),
        ((NOT_YET, *DENIED, NO_NFT), Finding("not-yet", "kube-proxy's mode is ipvs")),
        ((MODE, SYNC, NO_NFT), Finding("unseen", "not seen: its nft tables (the image has no nft)")),
        (
            (*DENIED, TABLES),
            Finding("unseen", "not seen: its mode and its first sync (denied)", short=True),
        ),
        (
            (*DENIED, NO_NFT),
            Finding(
                "unseen",
                "not seen: its mode and its first sync (denied); its nft tables (the image has no nft)",
                short=True,
            ),
        ),
    ],
)
def test_together(parts: tuple[Part, ...], expected: Finding, final: bool) -> None:  # noqa: FBT001 - a parameter
    """What is not so yet comes first; what was not seen is named, and falls short unless the image lacks it."""
    assert together(parts, final=final) == expected


def test_what_may_pass() -> None:
    """A kube-proxy that does not answer is asked again; in the end it was not seen."""
    found = [together((SILENT, SYNC, TABLES), final=final) for final in (False, True)]
    assert found == [
        Finding("not-yet", "not seen: its mode (timeout)"),
        Finding("unseen", "not seen: its mode (timeout)", short=True),
    ]


def test_counted() -> None:
    """Tables without a Service, or none at all, are not there yet: default/kubernetes is always in one of them."""
    assert [counted(counts).kind for counts in ([], [0, 0], [9, 0], [9], [None, 9])] == [
        "not-yet", "not-yet", "seen", "seen", "unseen",
    ]  # fmt: skip
