"""One right, as the API server is asked for it."""

from typing import NamedTuple


class Access(NamedTuple):
    """One right that a run needs: a verb on a resource."""

    verb: str
    resource: str
    group: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""

    def __str__(self) -> str:
        """`patch configmaps kube-proxy in kube-system`."""
        what = f"{self.resource}/{self.subresource}" if self.subresource else self.resource
        named = f" {self.name}" if self.name else ""
        return f"{self.verb} {what}{named}" + (f" in {self.namespace}" if self.namespace else "")
