"""Runs one command on the root shell behind a node's second serial line: serial.py SOCKET COMMAND.

Prints what it printed and ends with its exit code; gives up after SECONDS.
"""

import socket
import sys
import time

SECONDS = 420.0


def run(path: str, command: str) -> tuple[bytes, int]:
    """Return output (stdout and stderr) and exit code. The mark is sent in two parts: an echo of it ends nothing."""
    mark = f"end-{time.time_ns()}"
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(SECONDS)
        line.connect(path)
        line.sendall(f'\n( {command}\n) </dev/null 2>&1; echo "{mark[:7]}""{mark[7:]} $?"\n'.encode())
        said = b""
        while f"{mark} ".encode() not in said or not said.endswith(b"\n"):
            piece = line.recv(65536)
            if not piece:
                raise SystemExit("the node closed the line")
            said += piece
    out, _, rest = said.partition(f"{mark} ".encode())
    return out, int(rest.split()[0])


output, code = run(sys.argv[1], sys.argv[2])
sys.stdout.buffer.write(output)
sys.exit(code)
