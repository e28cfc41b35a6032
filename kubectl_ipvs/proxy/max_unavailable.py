"""How many nodes may be without kube-proxy together: `--max-unavailable 3` or `10%`.

A DaemonSet rounds a percentage up; we round down (never more than was asked), but to at least one node.
"""

import re
from typing import NamedTuple

from kubectl_ipvs.errors import UsageError

_SHAPE = re.compile(r"([0-9]{1,6})(%?)")


class MaxUnavailable(NamedTuple):
    """A number of nodes, or a share of them in percent."""

    amount: int
    percent: bool

    @classmethod
    def parse(cls, text: str) -> "MaxUnavailable":
        """Read `N` or `N%`; UsageError for anything that would restart nothing or more than everything."""
        match = _SHAPE.fullmatch(text.strip())
        if match is None or int(match[1]) == 0 or (match[2] and int(match[1]) > 100):  # noqa: PLR2004 - per cent
            raise UsageError(f'invalid --max-unavailable "{text}": it takes a number of nodes from 1, or 1% to 100%')
        return cls(int(match[1]), bool(match[2]))

    def of(self, nodes: int) -> int:
        """Return how many of `nodes` may be down together: rounded down, at least 1."""
        return max(1, nodes * self.amount // 100 if self.percent else self.amount)
