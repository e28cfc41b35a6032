"""`kubectl_complete-ipvs`: what kubectl starts at TAB, with the words after `kubectl ipvs` and the one at the cursor.

Prints `candidate<TAB>meaning` lines and a last line `:directive`. Never speaks of an error, never asks a question,
and is gone within a second: what the cluster has not answered by then is not offered.
"""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from kubectl_ipvs.cli.candidates import Line, offer

if TYPE_CHECKING:
    from kubectl_ipvs.cluster.cluster import Cluster

SECONDS = 0.8  # for kubeconfig and cluster; with the start of kubectl and Python before it that is one second


def main() -> int:
    """Answer kubectl; the exit code is 0."""
    *before, word = sys.argv[1:] or [""]
    line = Line(before)
    wanted = offer(line, word)
    found = dict(wanted.words)
    if wanted.ask:
        asked, ended = _within(SECONDS, lambda: _ask(wanted.ask, line))
        found.update((name, "") for name in asked if name not in line.arguments)
    else:
        ended = True
    lines = [_line(name, words) for name, words in found.items() if name.startswith(wanted.prefix)]
    sys.stdout.write("".join(lines) + f":{wanted.directive}\n")
    sys.stdout.flush()
    if not ended:
        _leave()
    return 0


def _line(name: str, words: str) -> str:
    return f"{name}\t{words}\n" if words else f"{name}\n"


def _within(seconds: float, ask: Callable[[], Iterable[str]]) -> tuple[list[str], bool]:
    """Ask in a thread; return what it found (nothing, where it failed) and whether it ended in time."""
    import threading

    found: list[str] = []

    def run() -> None:
        try:
            found.extend(ask())
        except Exception:  # noqa: BLE001 - TAB is no place for any error: there is just nothing to offer
            return

    _withdraw()
    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    ended = not worker.is_alive()
    return (list(found) if ended else []), ended


def _withdraw() -> None:
    """Let nobody we start ask or tell the terminal anything, and let all of them end with us."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 0)
    os.dup2(nowhere, 2)
    if hasattr(os, "setpgid"):
        os.setpgid(0, 0)


def _leave() -> None:
    """End at once, and with us the credential plugin that we may be waiting for."""
    import signal

    if hasattr(os, "killpg"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
    os._exit(0)


def _ask(what: str, line: Line) -> Iterable[str]:
    if what == "services":
        return _services(line)
    return _nodes(line.given) if what == "nodes" else _entries(what, line.given)


def _entries(kind: str, given: Mapping[str, object]) -> Iterable[str]:
    """Give the names of the kubeconfig's contexts, clusters or users."""
    from kubectl_ipvs.cluster.access.kubeconfig import load

    explicit = given.get("kubeconfig")
    kubeconfig = load(explicit if isinstance(explicit, str) else None, os.environ)
    return list(getattr(kubeconfig, kind))


def _nodes(given: Mapping[str, object]) -> Iterable[str]:
    return [node.name for node in _cluster(given).nodes()]


def _services(line: Line) -> Iterable[str]:
    """Give Services as NAMESPACE/NAME; their names alone where -n is their namespace."""
    namespace = line.given.get("namespace") if line.of_services else None
    listed = _cluster(line.given).services()
    if namespace:
        return [each.name for each in listed if each.namespace == namespace]
    return [f"{each.namespace}/{each.name}" for each in listed]


def _cluster(given: Mapping[str, object]) -> "Cluster":
    from kubectl_ipvs.cli.session import Session
    from kubectl_ipvs.cluster.access.connection_options import ConnectionOptions

    known = set(ConnectionOptions._fields)
    return Session.of({key: value for key, value in given.items() if key in known}).cluster()


if __name__ == "__main__":
    raise SystemExit(main())
