"""The unified diff that is shown before a change."""

from pathlib import Path

import pytest

from kubectl_ipvs.proxy.config.difference import difference
from kubectl_ipvs.proxy.config.edit import edit

KUBEADM = Path(__file__).parent.joinpath("samples", "kubeadm.yaml").read_text(encoding="utf-8")


def test_difference_of_a_real_edit() -> None:
    """A unified diff of the one line, with three lines of context."""
    assert difference(KUBEADM, edit(KUBEADM, {"scheduler": "lc"}), "kube-proxy/config.conf") == (
        "--- kube-proxy/config.conf (now)\n"
        "+++ kube-proxy/config.conf (wanted)\n"
        "@@ -26,7 +26,7 @@\n"
        " ipvs:\n"
        "   excludeCIDRs: null\n"
        "   minSyncPeriod: 0s\n"
        '-  scheduler: ""\n'
        '+  scheduler: "lc"\n'
        "   strictARP: false\n"
        "   syncPeriod: 0s\n"
        "   tcpFinTimeout: 0s\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "body"),
    [
        ("a\r\nb\r\n", "a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"),
        ("a\r\nb\n", "a\nb\n", "@@ -1,2 +1,2 @@\n-a^M\n+a\n b\n"),
        ("a", "b", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"),
        ("a", "a\n", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"),
        ("", "a\n", "@@ -0,0 +1 @@\n+a\n"),
    ],
)
def test_difference_and_line_endings(old: str, new: str, body: str) -> None:
    """A missing last newline is noted; carriage returns show only where they are what changed."""
    assert difference(old, new, "x") == f"--- x (now)\n+++ x (wanted)\n{body}"


def test_no_difference() -> None:
    """Equal texts have no diff, not even headers."""
    assert difference(KUBEADM, KUBEADM, "x") == ""
