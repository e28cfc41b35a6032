"""A pod's own cluster, when no kubeconfig names another."""

from pathlib import Path

import pytest

from kubectl_ipvs.cluster.access.connection import Connection, connect
from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions
from kubectl_ipvs.errors import KubeconfigError

NO_CLUSTER = """
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""
NO_CONTEXT = "clusters: [{name: c, cluster: {server: 'https://c:6443'}}]\n"
WITH_SERVER = NO_CONTEXT + "users: [{name: u, user: {token: t}}]" + NO_CLUSTER
ACCOUNT_ENV = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}


def connected(text: str, folder: Path) -> Connection:
    """Connect in a pod that has this kubeconfig."""
    (folder / "config").write_text(text)
    env = {"KUBECONFIG": str(folder / "config"), **ACCOUNT_ENV}
    return connect(ConnectionOptions(), env, service_account=folder / "account")


@pytest.fixture
def account(tmp_path: Path) -> Path:
    """Lay out what a pod finds of its service account."""
    folder = tmp_path / "account"
    folder.mkdir()
    for name, content in {"token": "sa-token\n", "ca.crt": "PEM", "namespace": "monitoring\n"}.items():
        (folder / name).write_text(content)
    return folder


def test_a_pod_uses_its_service_account(account: Path) -> None:
    """Without a kubeconfig a pod speaks to its own cluster, and flags for impersonation and timeout hold."""
    options = ConnectionOptions(as_user="jo", request_timeout="5")

    assert connect(options, ACCOUNT_ENV, service_account=account) == Connection(
        server="https://[fd00::1]:443",
        namespace="monitoring",
        ca=b"PEM",
        token="sa-token",  # noqa: S106 - made up
        impersonation=(("Impersonate-User", "jo"),),
        request_timeout=5,
        origin="in-cluster",
    )


@pytest.mark.parametrize("text", ["", "{}", NO_CONTEXT, NO_CLUSTER])
@pytest.mark.usefixtures("account")
def test_a_kubeconfig_without_a_server_gives_way_to_the_service_account(tmp_path: Path, text: str) -> None:
    """As for kubectl, a kubeconfig that names no server is none."""
    assert connected(text, tmp_path).origin == "in-cluster"


@pytest.mark.usefixtures("account")
def test_a_kubeconfig_with_a_server_wins_over_the_service_account(tmp_path: Path) -> None:
    """In a pod too, the kubeconfig is what the user meant."""
    assert connected(WITH_SERVER, tmp_path).server == "https://c:6443"


def test_the_service_account_is_shown_to_no_other_server(account: Path) -> None:
    """--server in a pod needs credentials of its own."""
    with pytest.raises(KubeconfigError, match="no credentials: no user is named"):
        connect(ConnectionOptions(server="https://else"), ACCOUNT_ENV, service_account=account)
