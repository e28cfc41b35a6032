"""What a row of the benchmarks says: its tables, and its bars with what was found."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from measure import Cost, cpu, peak, wall
from places import Place, place


@dataclass(frozen=True, slots=True)
class Bar:
    """One promise, in numbers: what is measured must be at most (or, where `least`, at least) `limit`."""

    what: str
    found: float
    limit: float
    unit: str = ""
    least: bool = False

    @property
    def met(self) -> bool:
        """The promise holds."""
        return self.found >= self.limit if self.least else self.found <= self.limit

    @property
    def cells(self) -> tuple[str, ...]:
        """Return what is promised, the limit, what was found, whether it holds."""
        sign, unit = ">=" if self.least else "<=", f" {self.unit}" if self.unit else ""
        found = (f"{sign} {self.limit:.4g}{unit}", f"{self.found:.3g}{unit}", "yes" if self.met else "**no**")
        return (self.what, *found)


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a row: its name, tables in Markdown, bars."""

    title: str
    tables: Sequence[str]
    bars: Sequence[Bar] = ()

    @property
    def text(self) -> str:
        """The row's own section."""
        return "\n\n".join([f"### {self.title}", *self.tables])


def of_bars(reports: Sequence[Report]) -> str:
    """Write the table of all bars."""
    rows = [(report.title, *bar.cells) for report in reports for bar in report.bars]
    return table(("row", "what", "bar", "found", "met"), rows)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def of_costs(found: Mapping[str, Sequence[Cost]], nodes: int = 0) -> str:
    """Write medians with their spread; ratios are against the last command."""
    base = wall(found[list(found)[-1]])
    head = ("command", "runs", "wall s", "spread", "ratio", "CPU s", "CPU ms a node", "peak MB")
    rows = []
    for name, costs in found.items():
        walls = sorted(cost.wall for cost in costs)
        node = f"{cpu(costs) / nodes * 1000:.2f}" if nodes else "-"
        spread, ratio = f"{walls[0]:.3f}-{walls[-1]:.3f}", f"{wall(costs) / base:.2f}"
        times = (f"{wall(costs):.3f}", spread, ratio, f"{cpu(costs):.3f}")
        rows.append((name, str(len(costs)), *times, node, f"{peak(costs):.0f}"))
    return table(head, rows)


def script(row: Callable[[Place], Report]) -> None:
    """Run one row by itself: `python benchmarks/ROW.py [sandbox|scale]`."""
    where = place(sys.argv[1] if len(sys.argv) > 1 else "sandbox")
    try:
        found = row(where)
    finally:
        where.close()
    print(f"{found.text}\n\n{of_bars([found])}")
