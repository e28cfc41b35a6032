#!/usr/bin/python3
# ruff: noqa: T201 - it prints what the tests read
"""Backends and clients inside a node, for the tests of traffic. Only what python3-minimal has.

traffic setup                     three backends on 10.250.0.1 to .3, and clients' addresses 10.251.0.1 to .8
traffic ask SOURCE,.. TO PORT N   N connections from each source; a line each: the source, and who answered, in order
traffic lean TO PORT              opens 12, closes those to one backend, opens 3: prints that backend, then the three
traffic hold TO PORT              echoes numbered lines over one connection until `release`; runs in the background
traffic release                   ends it; prints lines sent, lines that came back right, the longest wait in ms
"""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable

PORT, BACKENDS, SOURCES = 7000, (1, 2, 3), range(1, 9)
SECONDS = 60.0  # an answer that takes longer is lost
PAUSE = 0.05  # seconds between two lines of `hold`
BEGUN, STOP, REPORT = "/tmp/hold.begun", "/tmp/hold.stop", "/tmp/hold.report"  # noqa: S108 - a node of its own
TABLE = "/proc/1/net/ip_vs"  # the node's own, from inside a network namespace too


def ip(words: str) -> None:
    """Run ip; it has to succeed."""
    subprocess.run(["ip", *words.split()], check=True)


def background(*words: str) -> None:
    """Start this program again, in a session of its own."""
    null = subprocess.DEVNULL
    subprocess.Popen(words, stdin=null, stdout=null, stderr=null, start_new_session=True)


def until(what: str, done: Callable[[], bool]) -> None:
    """Wait for something, longer than it takes on the slowest machine."""
    deadline = time.monotonic() + 3 * SECONDS
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"not yet: {what}")
        time.sleep(0.2)


def setup() -> None:
    """Make the network namespaces, once: backends behind a bridge, clients behind a pair of their own."""
    if os.path.exists("/run/netns/front"):  # noqa: PTH110 - python3-minimal has no pathlib
        return
    ip("link add backs type bridge")
    ip("addr add 10.250.0.254/24 dev backs")
    ip("link set backs up")
    for number in BACKENDS:
        name = f"back{number}"
        namespace(name, [f"10.250.0.{number}/24"], "10.250.0.254")
        ip(f"link set {name} master backs")
        background("ip", "netns", "exec", name, sys.argv[0], "serve", name)
    namespace("front", [f"10.251.0.{number}/24" for number in SOURCES], "10.251.0.254")
    ip("addr add 10.251.0.254/24 dev front")
    for number in BACKENDS:
        until(f"back{number} listens", lambda to=f"10.250.0.{number}": listens(to))  # type: ignore[misc]


def listens(to: str) -> bool:
    """Tell whether a backend answers."""
    try:
        connection, _ = connect(to, str(PORT))
    except OSError:
        return False
    connection.close()
    return True


def namespace(name: str, addresses: Iterable[str], gateway: str) -> None:
    """Make a namespace with one interface, whose other end has the namespace's name."""
    ip(f"netns add {name}")
    ip(f"link add {name} type veth peer name eth0 netns {name}")
    ip(f"link set {name} up")
    ip(f"-n {name} link set lo up")
    for address in addresses:
        ip(f"-n {name} addr add {address} dev eth0")
    ip(f"-n {name} link set eth0 up")
    ip(f"-n {name} route add default via {gateway}")


def serve(name: str) -> None:
    """Greet every connection with our name, then echo."""
    with socket.create_server(("", PORT), backlog=256) as server:
        while True:
            connection, _ = server.accept()
            threading.Thread(target=echo, args=(connection, name), daemon=True).start()


def echo(connection: socket.socket, name: str) -> None:
    """Serve one connection to its end."""
    with connection:
        try:
            connection.sendall(f"{name}\n".encode())
            while data := connection.recv(4096):
                connection.sendall(data)
        except OSError:
            return


def line(connection: socket.socket) -> str:
    """Read one line; "" at the end."""
    said = b""
    while not said.endswith(b"\n"):
        piece = connection.recv(1)
        if not piece:
            return ""
        said += piece
    return said.decode().strip()


def connect(to: str, port: str, source: str = "") -> tuple[socket.socket, str]:
    """Open a connection; return it and who answered."""
    connection = socket.create_connection((to, int(port)), SECONDS, (source, 0) if source else None)
    return connection, line(connection)


def ask(sources: str, to: str, port: str, count: str) -> None:
    """Say who answers each source."""
    for source in sources.split(","):
        names = []
        for _ in range(int(count)):
            connection, name = connect(to, port, source)
            connection.close()
            names.append(name)
        print(source, *names)


def lean(to: str, port: str) -> None:
    """Make one backend the emptiest, and say who gets the next connections."""
    opened = [connect(to, port) for _ in range(12)]
    chosen = opened[0][1]
    for connection, name in opened:
        if name == chosen:
            connection.close()
    until(f"the kernel counts no open connection to {chosen}", lambda: active(chosen, port) == 0)
    print(chosen, *[entry[1] for entry in [connect(to, port) for _ in range(3)]])


def active(backend: str, port: str) -> int:
    """Return the open connections that the kernel counts for a backend."""
    where = f"0AFA000{backend[-1]}:{int(port):04X}"
    with open(TABLE) as table:  # noqa: PTH123
        return sum(int(row.split()[4]) for row in table if row.split()[:2] == ["->", where])


def hold(to: str, port: str) -> None:
    """Echo lines until told to end, and leave a report."""
    sent = right = 0
    longest = 0.0
    connection, _ = connect(to, port)
    try:
        while not os.path.exists(STOP):  # noqa: PTH110
            began = time.monotonic()
            sent += 1
            connection.sendall(f"line {sent}\n".encode())
            right += line(connection) == f"line {sent}"
            with open(BEGUN, "w"):  # noqa: PTH123
                pass
            longest = max(longest, time.monotonic() - began)
            time.sleep(PAUSE)
    finally:
        with open(REPORT, "w") as report:  # noqa: PTH123
            report.write(f"{sent} {right} {round(longest * 1000)}\n")


def begin(to: str, port: str) -> None:
    """Start `hold` in the clients' namespace."""
    for path in (BEGUN, STOP, REPORT):
        if os.path.exists(path):  # noqa: PTH110
            os.remove(path)  # noqa: PTH107
    background("ip", "netns", "exec", "front", sys.argv[0], "holding", to, port)
    until("the first echo", lambda: os.path.exists(BEGUN))  # noqa: PTH110


def release() -> None:
    """End `hold`, and print its report."""
    with open(STOP, "w"):  # noqa: PTH123
        pass
    until("the report", lambda: os.path.exists(REPORT) and os.path.getsize(REPORT) > 0)  # noqa: PTH110, PTH202
    with open(REPORT) as report:  # noqa: PTH123
        print(report.read().strip())


VERBS: dict[str, Callable[..., None]] = {
    "setup": setup, "serve": serve, "ask": ask, "lean": lean, "hold": begin, "holding": hold, "release": release,
}  # fmt: skip
VERBS[sys.argv[1]](*sys.argv[2:])
