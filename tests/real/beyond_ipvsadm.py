"""Gives a kernel's IPVS what ipvsadm cannot; record.py runs it on a node. Only what python3-minimal has.

local SERVICE REAL       a real server of forwarding method `Local`, added to a TCP service over generic netlink
connections SERVICE N M  a backend; N connections through the service that stay open, M that were closed; stays

Numbers: include/uapi/linux/ip_vs.h, genetlink.h and netlink.h.
"""

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

REQUEST, ACK = 1, 4
NLMSG_ERROR, GENL_CTRL, CTRL_GETFAMILY, CTRL_FAMILY_ID, CTRL_FAMILY_NAME = 2, 16, 3, 1, 2
NEW_DEST, SERVICE, DEST = 5, 1, 2
SERVICE_FAMILY, SERVICE_PROTOCOL, SERVICE_ADDRESS, SERVICE_PORT = 1, 2, 3, 4
DEST_ADDRESS, DEST_PORT, DEST_FORWARDING, DEST_WEIGHT, DEST_UPPER, DEST_LOWER, DEST_FAMILY = 1, 2, 3, 4, 5, 6, 11
LOCAL_NODE = 1  # IP_VS_CONN_F_LOCALNODE
LISTEN = 9001  # the backend's port


def attribute(number: int, value: bytes) -> bytes:
    """Pack one attribute, padded to four bytes."""
    return struct.pack("=HH", 4 + len(value), number) + value + b"\0" * (-len(value) % 4)


def ask(kernel: socket.socket, family: int, command: int, attributes: bytes) -> bytes:
    """Send one request; return the first answer's payload. Raises OSError with the kernel's number."""
    payload = struct.pack("=BBH", command, 1, 0) + attributes
    kernel.send(struct.pack("=IHHII", 16 + len(payload), family, REQUEST | ACK, 1, 0) + payload)
    answer = kernel.recv(65536)
    kind = struct.unpack_from("=H", answer, 4)[0]
    error = struct.unpack_from("=i", answer, 16)[0] if kind == NLMSG_ERROR else 0
    if error:
        raise OSError(-error, "the kernel refused it")
    if kind != NLMSG_ERROR:
        kernel.recv(65536)  # the ACK
    return answer[20:]


def number_of(kernel: socket.socket, name: bytes) -> int:
    """Return the number that this kernel has given to a family of generic netlink."""
    found = ask(kernel, GENL_CTRL, CTRL_GETFAMILY, attribute(CTRL_FAMILY_NAME, name + b"\0"))
    while found:
        length, kind = struct.unpack_from("=HH", found)
        if kind == CTRL_FAMILY_ID:
            return int(struct.unpack_from("=H", found, 4)[0])
        found = found[(length + 3) // 4 * 4 :]
    raise OSError(0, "no such family")


def end(text: str) -> tuple[bytes, bytes]:
    """Split ADDRESS:PORT into what the kernel takes."""
    address, port = text.rsplit(":", 1)
    return socket.inet_aton(address).ljust(16, b"\0"), struct.pack("!H", int(port))


def local(service: str, real: str) -> None:
    """Add a real server with forwarding method 1, for which ipvsadm has no word."""
    (virtual, virtual_port), (address, port) = end(service), end(real)
    of_service = (
        attribute(SERVICE_FAMILY, struct.pack("=H", socket.AF_INET))
        + attribute(SERVICE_PROTOCOL, struct.pack("=H", socket.IPPROTO_TCP))
        + attribute(SERVICE_ADDRESS, virtual)
        + attribute(SERVICE_PORT, virtual_port)
    )
    of_real = attribute(DEST_ADDRESS, address) + attribute(DEST_PORT, port)
    of_real += attribute(DEST_FAMILY, struct.pack("=H", socket.AF_INET))
    for kind, value in ((DEST_FORWARDING, LOCAL_NODE), (DEST_WEIGHT, 1), (DEST_UPPER, 0), (DEST_LOWER, 0)):
        of_real += attribute(kind, struct.pack("=I", value))
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, GENL_CTRL) as kernel:
        family = number_of(kernel, b"IPVS")
        ask(kernel, family, NEW_DEST, attribute(SERVICE, of_service) + attribute(DEST, of_real))


def connections(service: str, stay: str, closed: str) -> None:
    """Print `open` once all of them are made; end ten minutes later, or when killed."""
    held: list[socket.socket] = []
    server = socket.create_server(("", LISTEN))

    def serve() -> None:
        while True:
            connection, _ = server.accept()
            held.append(connection)
            connection.sendall(b"hello\n")
            if not connection.recv(100):
                connection.close()

    threading.Thread(target=serve, daemon=True).start()
    host, port = service.rsplit(":", 1)
    for number in range(int(stay) + int(closed)):
        client = socket.create_connection((host, int(port)), 30)
        client.recv(100)
        if number < int(closed):
            client.close()
        else:
            client.sendall(b"stay\n")
            held.append(client)
    time.sleep(4)  # the kernel sums its counters up every two seconds
    print("open", flush=True)  # noqa: T201 - record.py waits for it
    time.sleep(600)


VERBS: dict[str, Callable[..., None]] = {"local": local, "connections": connections}
VERBS[sys.argv[1]](*sys.argv[2:])
