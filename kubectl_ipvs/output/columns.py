"""Tables that look like kubectl's: upper-case headers, left-aligned, three spaces between, no boxes."""

from collections.abc import Sequence

from kubectl_ipvs.output.printable import cell


def table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, no_headers: bool = False) -> str:
    """Draw a table; an empty cell is `<none>`. Ends with a line feed unless there is nothing to draw."""
    import tabulate

    row = tabulate.DataRow("", "   ", "")
    form = tabulate.TableFormat(None, None, None, None, row, row, 0, None)
    cells = [[cell(entry).strip() or "<none>" for entry in line] for line in rows]
    if not no_headers:  # as a row of its own: tabulate pads what it knows as headers by two more
        cells.insert(0, [cell(header).upper() for header in headers])
    # numbers stay as they are written: tabulate would make 1.1 of 1.10
    drawn = tabulate.tabulate(cells, (), tablefmt=form, disable_numparse=True, stralign="left")
    return "".join(line.rstrip() + "\n" for line in drawn.splitlines())
