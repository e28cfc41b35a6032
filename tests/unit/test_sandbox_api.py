"""The sandbox's API server from outside: paging, watches, refusals, outages, over real HTTPS."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from kubectl_ipvs.sandbox import Sandbox
from kubectl_ipvs.sandbox.wire.server import Response

QUICK: dict[str, Any] = {"terminate": 0.02, "start": 0.02, "sync": 0.02, "services": 0}
PODS = "/api/v1/namespaces/kube-system/pods"
CONFIG_MAP = "/api/v1/namespaces/kube-system/configmaps/kube-proxy"


class Client:
    """A plain HTTPS client of one sandbox."""

    def __init__(self, box: Sandbox) -> None:
        self.box = box
        self.context = ssl.create_default_context(cadata=box.ca)

    @contextmanager
    def response(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """Open a response."""
        host, port = self.box.url.removeprefix("https://").split(":")
        connection = http.client.HTTPSConnection(host, int(port), context=self.context, timeout=10)
        try:
            sent = {"Authorization": f"Bearer {self.box.token}"}
            sent |= {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, None if body is None else json.dumps(body), sent)
            yield connection.getresponse()
        finally:
            connection.close()

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        """Return status and JSON of the answer."""
        with self.response(method, path, body, **headers) as response:
            return response.status, json.loads(response.read())

    def patch(self, path: str, kind: str, body: object) -> tuple[int, Any]:
        """PATCH with one of the three kinds."""
        return self("PATCH", path, body, Content_Type=f"application/{kind}+json")

    def watch(self, path: str, count: int) -> list[tuple[str, str]]:
        """Return type and object's name (or code) of the first events."""
        with self.response("GET", path) as response:
            events = [json.loads(response.readline()) for _ in range(count)]
        return [
            (each["type"], each["object"].get("metadata", {}).get("name") or each["object"].get("code", ""))
            for each in events
        ]


@pytest.fixture
def client() -> Iterator[Client]:
    """Return a client of a sandbox of five nodes."""
    with Sandbox(nodes=5, **QUICK) as box:
        yield Client(box)


def names(answer: Any) -> list[str]:  # noqa: ANN401 -- a list from the API
    """Return the names of a list's objects."""
    return [each["metadata"]["name"] for each in answer["items"]]


def test_pages_are_of_one_moment(client: Client) -> None:
    """A page shows what was there when the first one was asked for, whatever has happened since."""
    before = names(client("GET", PODS)[1])

    _, first = client("GET", f"{PODS}?limit=3")
    client.box.remove("Pod", "kube-system", before[4])
    _, rest = client("GET", f"{PODS}?limit=3&continue={first['metadata']['continue']}")

    assert (names(first), names(rest)) == (before[:3], before[3:])
    assert (first["metadata"]["remainingItemCount"], "continue" in rest["metadata"]) == (2, False)
    assert first["metadata"]["resourceVersion"] == rest["metadata"]["resourceVersion"]


def test_expired_page(client: Client) -> None:
    """A continue token that is too old is a 410."""
    _, first = client("GET", f"{PODS}?limit=3")
    client.box.compact()

    status, answer = client("GET", f"{PODS}?limit=3&continue={first['metadata']['continue']}")

    assert (status, answer["reason"]) == (410, "Expired")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("labelSelector=k8s-app%3Dkube-proxy", 5),
        ("labelSelector=k8s-app+in+(kube-proxy,other),!nothing", 5),
        ("labelSelector=k8s-app!%3Dkube-proxy", 0),
        ("labelSelector=k8s-app+notin+(kube-proxy)", 0),
        ("labelSelector=k8s-app", 5),
        ("fieldSelector=spec.nodeName%3Dnode2", 1),
        ("fieldSelector=spec.nodeName!%3Dnode2,status.phase%3DRunning", 4),
    ],
)
def test_selectors(client: Client, query: str, found: int) -> None:
    """Equality and set-based label selectors, and the field selectors a pod has."""
    assert len(client("GET", f"{PODS}?{query}")[1]["items"]) == found


@pytest.mark.parametrize("query", ["labelSelector=a+b", "fieldSelector=spec.color%3Dred"])
def test_selectors_that_make_no_sense(client: Client, query: str) -> None:
    """A selector that cannot be read, or a field that is not indexed, is a 400."""
    assert client("GET", f"{PODS}?{query}")[0] == 400


def test_watch_follows_a_selector(client: Client) -> None:
    """What goes out of a watch's selector is DELETED for it, what comes into it is ADDED."""
    version = client("GET", CONFIG_MAP)[1]["metadata"]["resourceVersion"]
    for value in ("a", "b", "a"):
        client.patch(CONFIG_MAP, "merge-patch", {"metadata": {"labels": {"x": value}}})
    path = f"/api/v1/configmaps?watch=1&labelSelector=x%3Da&resourceVersion={version}"

    assert client.watch(path, 3) == [("ADDED", "kube-proxy"), ("DELETED", "kube-proxy"), ("ADDED", "kube-proxy")]


def test_watch_from_too_long_ago(client: Client) -> None:
    """A watch from a version whose events are forgotten brings one ERROR event, 410, and ends."""
    client.box.set_config("a: b")
    client.box.compact()

    with client.response("GET", "/api/v1/configmaps?watch=1&resourceVersion=1") as response:
        events = [json.loads(line) for line in response]

    assert [(each["type"], each["object"]["reason"]) for each in events] == [("ERROR", "Expired")]


def test_bookmarks() -> None:
    """A watch that asks for bookmarks gets them, with the newest version; it ends at its timeout."""
    with Sandbox(nodes=1, bookmark=0.05, **QUICK) as box:
        client = Client(box)
        version = client("GET", PODS)[1]["metadata"]["resourceVersion"]
        path = f"{PODS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1&resourceVersion={version}"
        with client.response("GET", path) as response:
            events = [json.loads(line) for line in response]

    found = {(each["type"], each["object"]["metadata"]["resourceVersion"]) for each in events}
    assert found == {("BOOKMARK", version)}


def test_access_review_agrees_with_a_denial(client: Client) -> None:
    """What is denied is a 403 in the API server's words, and a review says so beforehand."""
    client.box.deny("patch", "configmaps")
    attributes = {"verb": "patch", "resource": "configmaps", "namespace": "kube-system", "name": "kube-proxy"}

    _, review = client(
        "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {"spec": {"resourceAttributes": attributes}}
    )
    status, answer = client.patch(CONFIG_MAP, "merge-patch", {})

    words = (
        'configmaps "kube-proxy" is forbidden: User "admin" cannot patch resource "configmaps" in API group "" '
        'in the namespace "kube-system"'
    )
    assert (review["status"]["allowed"], status, answer["message"]) == (False, 403, words)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 401),
        ({"Authorization": ""}, 403),
        ({"Impersonate_User": "jane"}, 403),
        ({"Impersonate_User": "jane", "Impersonate_Group": "system:masters"}, 200),
        ({"Impersonate_Group": "system:masters"}, 500),
    ],
)
def test_who_asks(client: Client, headers: dict[str, str], status: int) -> None:
    """Bad tokens, nobody, and impersonation."""
    assert client("GET", PODS, **headers)[0] == status


def test_hook_replaces_an_answer(client: Client) -> None:
    """A hook sees each request first, and may answer in the server's place."""
    client.box.hook = lambda request: Response(503, b"{}") if request.path == PODS else None

    assert [client("GET", PODS)[0], client("GET", CONFIG_MAP)[0]] == [503, 200]
    assert [seen.status for seen in client.box.requests] == [503, 200]


def answered(client: Client) -> object:
    """Return the ConfigMap, None while the connection is refused."""
    try:
        return client("GET", CONFIG_MAP)
    except ConnectionRefusedError:
        return None


def test_outage(client: Client) -> None:
    """During an outage the connection is refused; afterwards all is there, on the same port."""
    before = client("GET", CONFIG_MAP)
    client.box.outage(0.3)

    with pytest.raises(ConnectionRefusedError):
        client("GET", CONFIG_MAP)
    end = time.monotonic() + 5
    while (after := answered(client)) is None and time.monotonic() < end:
        time.sleep(0.01)

    assert after == before


def test_table(client: Client) -> None:
    """A list as a Table has kubectl's columns and one row an object."""
    _, table = client("GET", PODS, Accept="application/json;as=Table;v=v1;g=meta.k8s.io,application/json")

    columns = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert (columns, table["rows"][0]["cells"][1:4]) == (
        ["Name", "Ready", "Status", "Restarts", "Age"],
        ["1/1", "Running", "0"],
    )
