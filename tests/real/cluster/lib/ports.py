"""Prints by how much the cluster's ports on 127.0.0.1 have to move so that all of them are free: ports.py PORT..."""

import socket
import sys

STEP, TRIES = 100, 10


def free(port: int) -> bool:
    """Tell whether nobody listens there."""
    with socket.socket() as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            tried.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


wanted = [int(word) for word in sys.argv[1:]]
for shift in range(0, STEP * TRIES, STEP):
    if all(free(port + shift) for port in wanted):
        sys.stdout.write(f"{shift}\n")
        break
else:
    sys.exit(f"ports {wanted} on 127.0.0.1 are taken, and so are those up to {STEP * TRIES} above them")
