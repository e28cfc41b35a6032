"""`make bench`: runs every row in turn, on the sandbox and on the scale mode, and writes benchmarks/RESULTS.md.

`all.py [ROW...]` runs these rows alone and only prints them; BENCH_PLACES=sandbox leaves the scale mode out. The bars
of each row are told as soon as it is done.
"""

import importlib
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from measure import KUBECTL, yardstick
from places import PLACES, InScale, Place
from report import Report, of_bars, table

ROWS = (
    "startup", "one_table", "status_500", "tables_500", "verify_500", "watch", "slow_node", "rollout", "many_tables",
    "many_services", "curve",
)  # fmt: skip
WITHOUT_SERVER = ("one_table",)
PACKAGES = ("kubectl-ipvs", "typer", "urllib3", "websocket-client", "PyYAML", "tabulate")
RESULTS = Path(__file__).parent / "RESULTS.md"
SMALLER = {"BENCH_NODES", "BENCH_SIZES"}  # to try the scripts: nothing to keep
NOTE = """Made by `make bench`. Wall times are medians, with the fastest and the slowest run beside them; a ratio is
against the last row of its table, which was measured in the same run, by turns. MB are 10^6 bytes. The yardstick is
the CPU time of a plain Python loop of ten million rounds: how fast the processor was then; of the speed of its memory,
which start-up needs most, it says nothing. On a machine that is shared both change from hour to hour."""


def main() -> None:
    """Run what is asked for; end with 1 where a row could not be measured."""
    rows = tuple(sys.argv[1:]) or ROWS
    unknown = set(rows) - set(ROWS)
    if unknown:
        raise SystemExit(f"no such row: {' '.join(sorted(unknown))} (there are {' '.join(ROWS)})")
    wanted = os.environ.get("BENCH_PLACES", "").split() or [place.name for place in PLACES]
    began, broken = time.monotonic(), 0
    parts = [f"# Results\n\n{NOTE}", machine()]
    for where in (place for place in PLACES if place.name in wanted):
        text, failed = _section(where, rows)
        parts.append(text)
        broken += failed
    parts.append(f"All of it took {(time.monotonic() - began) / 60:.1f} minutes.")
    text = "\n\n".join(parts) + "\n"
    print(text)
    if rows == ROWS and len(wanted) == len(PLACES) and not SMALLER & os.environ.keys():
        RESULTS.write_text(text)
    sys.exit(broken > 0)


def _section(where: Place, rows: Sequence[str]) -> tuple[str, int]:
    """Run rows in one place; return its part of the text, and how many rows could not be measured."""
    why = where.able() if isinstance(where, InScale) else ""
    if why:
        return f"## Against {where.title}\n\nLeft out: {why}.", 0
    found: list[Report] = []
    broken: list[str] = []
    before = yardstick()
    try:
        for name in rows:
            if name in WITHOUT_SERVER and where is not PLACES[0]:
                continue
            sys.stderr.write(f"{datetime.now(timezone.utc):%H:%M:%S} {where.name}: {name}\n")
            _row(name, where, found, broken)
    finally:
        where.close()
    speed = f"The yardstick: {before:.2f} s before, {yardstick():.2f} s after."
    parts = [f"## Against {where.title}", speed, of_bars(found), *broken, *(report.text for report in found)]
    return "\n\n".join(parts), len(broken)


def _row(name: str, where: Place, found: list[Report], broken: list[str]) -> None:
    try:
        found.append(importlib.import_module(name).main(where))
        sys.stderr.write(f"{of_bars(found[-1:])}\n\n")
    except (SystemExit, Exception) as error:  # noqa: BLE001 - one row does not end the others
        broken.append(f"{name} could not be measured: {error!r:.500}")


def machine() -> str:
    """Name what it was measured on."""
    client = subprocess.run([KUBECTL, "version", "--client"], capture_output=True, text=True, check=False).stdout
    facts = {
        "day": f"{datetime.now(timezone.utc):%Y-%m-%d}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start",
        "kernel": f"{platform.system()} {platform.release()}",
        "Python": f"{platform.python_implementation()} {platform.python_version()}",
        "kubectl": (client.splitlines() or ["?"])[0].rpartition(" ")[2],
        "packages": ", ".join(f"{name} {version(name)}" for name in PACKAGES),
    }
    return table(("", ""), list(facts.items()))


if __name__ == "__main__":
    main()
