"""`make bench`: runs every benchmark in turn and writes benchmarks/RESULTS.md."""

import sys
from datetime import datetime, timezone
from pathlib import Path

import big_tables
import curve
import rollout
import startup
import status_500
import watch
from measure import machine

HEAD = """# Results

Made by `make bench` on {day}: {machine}. Wall times are medians; `x` is against the last row of each table, in the same
run on the same machine. What each bar is, and why, stands at the top of each script.
"""


def main() -> None:
    """Run all, write the file."""
    parts = [HEAD.format(day=datetime.now(timezone.utc).date(), machine=machine())]
    for part in (startup, status_500, curve, big_tables, rollout, watch):
        sys.stderr.write(f"{part.__name__} ...\n")
        parts.append(part.main())
    text = "\n".join(parts)
    (Path(__file__).parent / "RESULTS.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
