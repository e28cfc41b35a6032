"""Questions that may fail alone: what has no answer is noted with the reason, and the rest goes on."""

import threading
from collections.abc import Callable
from typing import TypeVar

from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.installation import natural
from kubectl_ipvs.proxy.checks.findings import some
from kubectl_ipvs.proxy.leaving.diagnosis import Unknown

Answer = TypeVar("Answer")


class Questions:
    """What was asked in vain; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._unknown: list[Unknown] = []
        self._nodes: dict[tuple[str, str], dict[str, str]] = {}

    def ask(self, question: str, call: Callable[[], Answer]) -> Answer | None:
        """Return the answer, None where there is none."""
        try:
            return call()
        except IpvsError as error:
            self.note(question, str(error))
            return None

    def note(self, question: str, reason: str) -> None:
        """Note a question that has no answer."""
        with self._lock:
            self._unknown.append(Unknown(question, reason))

    def note_node(self, question: str, kind: str, reason: str, node: str) -> None:
        """Note that a question has no answer for a node; nodes with the same kind of failure are one entry.

        The reason of the first is said: reasons name pods, so that no two are alike.
        """
        with self._lock:
            self._nodes.setdefault((question, kind), {})[node] = reason

    @property
    def unknown(self) -> tuple[Unknown, ...]:
        """Everything that was noted, in a settled order."""
        grouped = []
        for (question, _), reasons in self._nodes.items():
            nodes = tuple(sorted(reasons, key=natural))
            grouped.append(Unknown(f"{question} on {some(nodes)}", reasons[nodes[0]]))
        return tuple(sorted((*self._unknown, *grouped)))
