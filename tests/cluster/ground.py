"""A throwaway CA, and servers that remember who asked them."""

import json
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from kubectl_ipvs.sandbox.certificates.pki import Authority


@dataclass(frozen=True)
class Seen:
    """One request as a server saw it: who asks, for whom, under which name of ours; may the answer be compressed."""

    path: str
    headers: tuple[tuple[str, str], ...]
    certificate: str
    server_name: str
    compressed: bool


@dataclass
class Recorder:
    """A server that remembers its requests and answers 200 to each."""

    port: int = 0
    requests: list[Seen] = field(default_factory=list)
    server_name: str = ""

    def taken(self) -> list[Seen]:
        """Return what was seen, and forget it."""
        seen, self.requests = self.requests, []
        return seen


@contextmanager
def recording(context: ssl.SSLContext | None) -> Iterator[Recorder]:
    """Serve on loopback until the end of the block."""
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            recorder.requests.append(
                Seen(
                    self.path.partition("?")[0],
                    tuple(
                        sorted(
                            (name.lower(), value)
                            for name, value in self.headers.items()
                            if name.lower().startswith(("authorization", "impersonate", "proxy-auth"))
                        )
                    ),
                    subject(self.connection),
                    recorder.server_name,
                    "gzip" in self.headers.get("Accept-Encoding", ""),
                )
            )
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        do_CONNECT = do_GET  # noqa: N815 - the name that http.server wants

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder.port = server.server_address[1]
    if context:
        context.sni_callback = lambda _socket, name, _context: setattr(recorder, "server_name", name or "")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def subject(connection: socket.socket) -> str:
    """Return the common name of the client's certificate, or ""."""
    certificate: Any = connection.getpeercert() if isinstance(connection, ssl.SSLSocket) else None
    return (
        next((value for ((name, value),) in certificate["subject"] if name == "commonName"), "") if certificate else ""
    )


@dataclass(frozen=True)
class Ground:
    """A throwaway CA, a TLS and a plain server, and the files that kubeconfigs name."""

    folder: Path
    tls: Recorder
    plain: Recorder
    words: Mapping[str, str]

    def fill(self, text: str) -> str:
        """Put ports, paths and PEM data into a text: `@TLS` for the server's URL and so on."""
        for word in sorted(self.words, key=len, reverse=True):
            text = text.replace(f"@{word}", self.words[word])
        return text


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Make certificates and servers once for the module."""
    folder = tmp_path_factory.mktemp("ground")
    authority = Authority.create()
    server = authority.issue("server", dns=["localhost", "api.test"], ips=["127.0.0.1"])
    alice, bob = authority.issue("alice", server=False), authority.issue("bob", server=False)
    pem = {"ca.crt": authority.certificate, "alice.crt": alice.certificate, "alice.key": alice.key,
           "bob.crt": bob.certificate, "bob.key": bob.key, "server.pem": server.certificate + server.key,
           "empty": "", "junk": "junk", "token": "from-file\n"}  # fmt: skip
    for name, content in pem.items():
        (folder / name).write_text(content)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    context.load_verify_locations(folder / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    with recording(context) as tls, recording(None) as plain:
        words = {
            "TLS": f"https://127.0.0.1:{tls.port}", "LOCAL": f"https://localhost:{tls.port}",
            "BARE": f"127.0.0.1:{plain.port}", "PLAIN": f"http://127.0.0.1:{plain.port}",
            "USERINFO": f"https://n:p@127.0.0.1:{tls.port}", "UPPER": f"HTTPS://127.0.0.1:{tls.port}",
            "DIR": str(folder), **{name: b64encode(content.encode()).decode() for name, content in pem.items()},
            **{f"PEM-{name}": json.dumps(content)[1:-1].replace("\\", "\\\\") for name, content in pem.items()},
        }  # fmt: skip
        yield Ground(folder, tls, plain, words)
