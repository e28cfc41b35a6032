"""What stands below a table about nodes: why one could not be read, equal reasons once."""

from collections import defaultdict
from collections.abc import Sequence

from kubectl_ipvs.output.printable import LONGEST_CELL
from kubectl_ipvs.proxy.checks.findings import some

SHARED = 4  # nodes with the same reason that are still named in a line each


def reasons(said: Sequence[tuple[str, str]]) -> list[str]:
    """Write a line a node, or one for all nodes that have the same reason where they are many."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for node, words in said:
        by_reason[words].append(node)
    lines = []
    for words, nodes in by_reason.items():
        if len(nodes) <= SHARED:
            lines += [f"{node}: {words}" for node in nodes]
        else:
            lines.append(f"{count_of(len(nodes), 'node', 'nodes')} ({some(tuple(nodes))}): {words}")
    return lines


def not_understood(node: str, lines: Sequence[str], count: int) -> str:
    """Say that lines of a node's table fit nothing, and show the first."""
    return f"{node}: {count_of(count, 'line', 'lines')} of the table not understood, first: {lines[0][:LONGEST_CELL]}"


def count_of(number: int, one: str, many: str) -> str:
    """Write a number with the right word."""
    return f"{number} {one if number == 1 else many}"


def state_words(state: str) -> str:
    """Write a node's state for people: `restart needed`."""
    return state.replace("-", " ")
