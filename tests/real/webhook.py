"""A mutating admission webhook on loopback: what kube-apiserver stores is not what it was given."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from kubectl_ipvs.sandbox.certificates.pki import Authority, server_context

NAME = "kubectl-ipvs-test"


class Webhook:
    """Puts `scheduler: rr` into every ConfigMap kube-proxy that is written, while it is open."""

    def __enter__(self) -> "Webhook":  # noqa: PYI034 - Self came with Python 3.11
        authority = Authority.create("webhook")
        identity = authority.issue("127.0.0.1", ips=("127.0.0.1",))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.socket = server_context(identity, None).wrap_socket(self._server.socket, server_side=True)
        self._certificate = authority.certificate
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def manifest(self) -> dict[str, Any]:
        """Return the object that makes the API server ask."""
        port = self._server.server_address[1]
        rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]}
        client = {
            "url": f"https://127.0.0.1:{port}/",
            "caBundle": base64.b64encode(self._certificate.encode()).decode(),
        }
        return {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "MutatingWebhookConfiguration",
            "metadata": {"name": NAME},
            "webhooks": [
                {
                    "name": f"{NAME}.example.com",
                    "admissionReviewVersions": ["v1"],
                    "sideEffects": "None",
                    "timeoutSeconds": 5,
                    "failurePolicy": "Fail",
                    "clientConfig": client,
                    "rules": [rule],
                }
            ],
        }


class _Handler(BaseHTTPRequestHandler):
    """Answers an AdmissionReview with a JSON Patch."""

    def do_POST(self) -> None:
        """Answer one review."""
        review = json.loads(self.rfile.read(int(self.headers["content-length"])))
        request = review["request"]
        response: dict[str, Any] = {"uid": request["uid"], "allowed": True}
        text = request["object"].get("data", {}).get("config.conf", "") if request["name"] == "kube-proxy" else ""
        changed = text.replace('scheduler: "lc"', 'scheduler: "rr"').replace("scheduler: lc", "scheduler: rr")
        if changed != text:
            patch = [{"op": "replace", "path": "/data/config.conf", "value": changed}]
            encoded = base64.b64encode(json.dumps(patch).encode()).decode()
            response |= {"patchType": "JSONPatch", "patch": encoded}
        answer = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class' name
        """Say nothing."""
