"""The nodes' common network: a switch that hands each frame of a node to all the others, by Unix sockets of QEMU.

switch.py FOLDER NODE...

Each node's QEMU sends to FOLDER/NODE.switch and listens on FOLDER/NODE.eth; one that is not there hears nothing.
"""

import select
import socket
import sys
from contextlib import suppress
from pathlib import Path

FRAME, ROOM = 65536, 4 * 1024 * 1024


def listen(path: Path) -> socket.socket:
    """Listen on a Unix datagram socket of this name."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
    made.bind(str(path))
    made.settimeout(0)
    return made


def main(folder: Path, nodes: list[str]) -> None:
    """Hand on frames until ended. What a node cannot take is dropped, as a switch does."""
    ports = {listen(folder / f"{node}.switch"): str(folder / f"{node}.eth") for node in nodes}
    poller = select.epoll()
    by_number = {port.fileno(): port for port in ports}
    for number in by_number:
        poller.register(number, select.EPOLLIN)
    while True:
        for number, _ in poller.poll():
            port = by_number[number]
            with suppress(BlockingIOError):
                while True:
                    frame = port.recv(FRAME)
                    for other, address in ports.items():
                        if other is not port:
                            with suppress(OSError):
                                other.sendto(frame, address)


main(Path(sys.argv[1]), sys.argv[2:])
