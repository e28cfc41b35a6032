"""The pure parts of the cluster's door; its requests are tested against the sandbox."""

import pytest

from kubectl_ipvs.cluster.cluster import Access
from kubectl_ipvs.cluster.paths import pods, segment
from kubectl_ipvs.errors import UsageError


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (Access("list", "nodes"), "list nodes"),
        (Access("list", "pods", namespace="kube-system"), "list pods in kube-system"),
        (Access("patch", "daemonsets", group="apps", namespace="n"), "patch daemonsets in n"),
        (Access("create", "pods", subresource="exec", namespace="n"), "create pods/exec in n"),
        (Access("patch", "configmaps", namespace="n", name="kube-proxy"), "patch configmaps kube-proxy in n"),
    ],
)
def test_access_in_words(access: Access, expected: str) -> None:
    """Verb, resource, subresource, name and namespace, as far as they are given."""
    assert str(access) == expected


@pytest.mark.parametrize(
    ("name", "expected"), [("kube-proxy", "kube-proxy"), ("a?b#c", "a%3Fb%23c"), ("a b\u00e9", "a%20b%C3%A9")]
)
def test_a_name_is_onesegment(name: str, expected: str) -> None:
    """Whatever a flag says, it stays in its place of the path."""
    assert (segment(name), pods(name)) == (expected, f"/api/v1/namespaces/{expected}/pods")


@pytest.mark.parametrize("name", [".", "..", "../x", "a/b", "a%2fb"])
def test_a_name_that_leads_elsewhere(name: str) -> None:
    """It is refused, as kubectl refuses it."""
    with pytest.raises(UsageError) as raised:
        pods(name)
    assert str(raised.value) == f'invalid resource name "{name}": a name is not . or .. and has no / and no %'
