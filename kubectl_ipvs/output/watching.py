"""What fits a terminal of `status --watch`: the sum first, then the nodes that are not in sync, then the others."""

from kubectl_ipvs.operations.survey import Status
from kubectl_ipvs.output.printable import cell
from kubectl_ipvs.output.status import drawn, remarks, summary

SPARE = 4  # lines: time and sum, the header, what is left out, and the line where the cursor stands


def fitted(status: Status, size: tuple[int, int], time: str, *, wide: bool) -> str:
    """Return at most as many lines as the terminal has; `size` is its width and height."""
    width, height = size
    bad = [row for row in status.nodes if row.state != "in-sync"]
    good = [row for row in status.nodes if row.state == "in-sync"]
    room = max(1, height - SPARE)
    shown = (bad + good)[:room]
    lines = [f"{time}  {summary(status)}", *drawn(status, shown, wide=wide).splitlines()]
    left_bad, left_good = max(0, len(bad) - room), len(good) - max(0, len(shown) - len(bad))
    if left_bad or left_good:
        parts = [f"{left_bad} more not in sync"] if left_bad else []
        parts += [f"{left_good} more in sync"] if left_good else []
        lines.append(f"... and {', '.join(parts)}")
    below = [cell(line) for line in remarks(status)]
    lines += below[: max(0, height - 1 - len(lines))]
    return "".join(f"{line[:width]}\n" for line in lines)
