"""The sandbox's API server from outside: updates, patches and deletions, over real HTTPS."""

from collections.abc import Iterator

import pytest

from kubectl_ipvs.sandbox import Sandbox
from tests.unit.test_sandbox_api import CONFIG_MAP, PODS, QUICK, Client, names


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client of a sandbox of five nodes."""
    with Sandbox(nodes=5, **QUICK) as box:
        yield Client(box)


@pytest.mark.parametrize("kind", ["merge-patch", "strategic-merge-patch"])
def test_patch_with_an_old_version_is_a_conflict(client: Client, kind: str) -> None:
    """A resourceVersion in a patch has to be the object's."""
    status, answer = client.patch(CONFIG_MAP, kind, {"metadata": {"resourceVersion": "1"}, "data": {"a": "b"}})

    words = (
        'Operation cannot be fulfilled on configmaps "kube-proxy": the object has been modified; '
        "please apply your changes to the latest version and try again"
    )
    assert (status, answer["reason"], answer["message"]) == (409, "Conflict", words)


def test_put(client: Client) -> None:
    """PUT replaces the object as it was read; the second one of the same reading is a conflict."""
    _, read = client("GET", CONFIG_MAP)
    read["data"]["a"] = "b"

    first, again = client("PUT", CONFIG_MAP, read), client("PUT", CONFIG_MAP, {**read, "data": {}})

    assert (first[0], first[1]["data"]["a"], again[0]) == (200, "b", 409)


def test_a_patch_that_changes_nothing_makes_no_version(client: Client) -> None:
    """A patch to what is there already leaves version and managers alone."""
    _, before = client("GET", CONFIG_MAP)

    status, after = client.patch(CONFIG_MAP, "merge-patch", {"data": {"config.conf": client.box.config}})

    assert (status, after) == (200, before)


def test_immutable_config_map() -> None:
    """An immutable ConfigMap refuses changes of its data in the API server's words."""
    with Sandbox(nodes=1, immutable=True, **QUICK) as box:
        status, answer = Client(box).patch(CONFIG_MAP, "merge-patch", {"data": {"a": "b"}})

    words = 'ConfigMap "kube-proxy" is invalid: data: Forbidden: field is immutable when `immutable` is set'
    assert (status, answer["reason"], answer["message"]) == (422, "Invalid", words)


def test_delete_with_another_uid(client: Client) -> None:
    """A pod with another UID than the precondition's is not deleted."""
    name = names(client("GET", PODS)[1])[0]
    uid = client("GET", f"{PODS}/{name}")[1]["metadata"]["uid"]

    status, answer = client("DELETE", f"{PODS}/{name}", {"preconditions": {"uid": "other"}})

    words = (
        f'Operation cannot be fulfilled on pods "{name}": the UID in the precondition (other) does not match '
        f"the UID in record ({uid}). The object might have been deleted and then recreated"
    )
    assert (status, answer["message"]) == (409, words)


def test_delete_is_graceful(client: Client) -> None:
    """DELETE answers with the pod as it ends; a grace period of 0 takes it away at once."""
    one, two = names(client("GET", PODS)[1])[:2]

    status, ending = client("DELETE", f"{PODS}/{one}", {"gracePeriodSeconds": 5})
    client("DELETE", f"{PODS}/{two}", {"gracePeriodSeconds": 0})

    assert (status, ending["metadata"]["deletionGracePeriodSeconds"]) == (200, 5)
    assert client("GET", f"{PODS}/{two}")[0] == 404


def test_delete_collection(client: Client) -> None:
    """DELETE of the collection ends every pod the selector names."""
    status, answer = client("DELETE", f"{PODS}?labelSelector=k8s-app%3Dkube-proxy")

    assert (status, len(answer["items"])) == (200, 5)
    assert all("deletionTimestamp" in each["metadata"] for each in answer["items"])
