"""By which way a node's table is read: by exec in its kube-proxy pod, or in a helper pod where that cannot be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kubectl_ipvs.cluster.objects import Pod
from kubectl_ipvs.errors import ExecFailed

if TYPE_CHECKING:
    from kubectl_ipvs.operations.tables.helper import Helpers
    from kubectl_ipvs.operations.tables.reader import Reading

SOURCE = "helper"
UNREADABLE = frozenset({"no-ipvsadm", "forbidden"})  # failures of exec that a pod of our own may not have
LOST = frozenset({"gone", "unreachable", "unreadable"})  # failures that a helper pod may have since it is not there

ATTEMPTS = 2  # a helper pod that is lost is replaced once


@dataclass(slots=True)
class Ways:
    """The --read flag's way, and the helper pods where an image was given for them."""

    way: str = "auto"
    helpers: "Helpers | None" = None

    def read(self, pod: Pod, by_exec: "Callable[[Pod], Reading]") -> "Reading":
        """Read the table of the node that `pod` runs on; `by_exec` reads it in a pod."""
        first = by_exec(pod) if self.way != "helper" or self.helpers is None else None
        if self.helpers is None or (first is not None and first.failure not in UNREADABLE):
            return first if first is not None else by_exec(pod)
        found = self._by_helper(self.helpers, pod, by_exec)
        if first is None or first.failure != "no-ipvsadm" or found.failure in {"", "not-ipvs"}:
            return found
        return first._replace(reason=f"{first.reason}; {found.reason}", short=True)

    @staticmethod
    def _by_helper(helpers: "Helpers", pod: Pod, by_exec: "Callable[[Pod], Reading]") -> "Reading":
        from kubectl_ipvs.operations.tables.reader import NO_TOOLS, Reading

        found = Reading(None)
        for _ in range(ATTEMPTS):
            try:
                helper = helpers.pod(pod.node, pod.namespace)
            except ExecFailed as error:
                return Reading(None, failure=error.kind, reason=str(error))
            found = by_exec(helper)
            if not found.failure:
                return found._replace(source=SOURCE)
            if found.failure == NO_TOOLS:
                return found._replace(failure="unreadable", reason=f"the helper image {helper.image} has no cat")
            why = helpers.why_gone(helper) if found.failure in LOST else ""
            found = found._replace(reason=why or f"in the helper pod: {found.reason}")
            if not why:
                break
            helpers.drop(helper)
        return found
