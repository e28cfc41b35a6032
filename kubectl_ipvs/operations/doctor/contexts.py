"""Several clusters at once: one row each, and one that does not answer is a row as well."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kubectl_ipvs.errors import IpvsError
from kubectl_ipvs.operations.doctor.examine import Report
from kubectl_ipvs.operations.support.fanout import fan_out

AT_ONCE = 8  # clusters


class Row(NamedTuple):
    """One context: its report, or why there is none."""

    context: str
    report: Report | None
    problem: str = ""


def each(contexts: Sequence[str], look: Callable[[str], Report]) -> list[Row]:
    """Examine every context; in the order in which they were named."""

    def ask(context: str) -> Row:
        try:
            return Row(context, look(context))
        except IpvsError as error:
            return Row(context, None, str(error))

    rows = {row.context: row for row in fan_out(ask, contexts, AT_ONCE)}
    return [rows[context] for context in contexts]
