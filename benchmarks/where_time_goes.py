"""Where the CPU time of `status` goes: cProfile in every thread, by the threads' own CPU time. Python 3.10 and 3.11.

`where_time_goes.py [sandbox|scale] [COMMAND...]`; BENCH_NODES sets the number of nodes (500). The profile itself more
than doubles the time, most of all that of small functions: read the shares, not the seconds.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from places import Shape, place

NODES = int(os.environ.get("BENCH_NODES", "500"))
TOP = 25
PROFILES: list[cProfile.Profile] = []


def profiled(words: list[str], into: str) -> None:
    """Run our command in this process, write the profile of all its threads."""
    from kubectl_ipvs.cli.main import main

    threading.setprofile(_begin)
    _begin()
    main(words)
    threading.setprofile(None)
    for profile in PROFILES:
        profile.disable()
    total = pstats.Stats(PROFILES[0])
    for profile in PROFILES[1:]:
        total.add(profile)
    total.dump_stats(into)


def _begin(*_: object) -> None:
    """Profile the thread that calls this; the interpreter does so at the first event of a new one."""
    profile = cProfile.Profile(time.thread_time)
    PROFILES.append(profile)
    profile.enable()


def main(where: str, words: list[str]) -> None:
    """Start a cluster, profile the command against it, print what took most."""
    cluster = place(where)
    with tempfile.TemporaryDirectory() as folder:
        into = str(Path(folder) / "profile")
        try:
            with cluster.server(Shape(NODES, latency=0.05)) as target:
                command = [sys.executable, __file__, "--profile", into, *words]
                subprocess.run(command, env=target.environment, stdout=subprocess.DEVNULL, check=True)
        finally:
            cluster.close()
        stats = pstats.Stats(into).strip_dirs()
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(TOP)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--profile"]:
        profiled(sys.argv[3:], sys.argv[2])
    else:
        main(sys.argv[1] if len(sys.argv) > 1 else "sandbox", sys.argv[2:] or ["status"])
