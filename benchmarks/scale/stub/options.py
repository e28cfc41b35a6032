"""What the stub is asked to be: values only."""

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FAILURES = {
    "hang": "exec starts and never says a word",
    "down": "nothing listens on the kubelet's port",
    "stall": "the kubelet takes the request and never answers it",
}


@dataclass(frozen=True, slots=True)
class Options:
    """Times are seconds; `fail` maps a node's number to its failure."""

    api: int
    port: int
    pki: Path
    ready_file: Path
    nodes: int
    services: int
    reals: int
    latency: float
    terminate: float
    ready: float
    sync: float
    fail: Mapping[int, str]


def parse() -> Options:
    """Read the command line."""
    lines = "\n".join(f"  {kind:6} {meaning}" for kind, meaning in FAILURES.items())
    shape = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="scale up N", formatter_class=shape, epilog=f"kinds of failure:\n{lines}")
    for name in ("--api", "--port", "--nodes"):
        parser.add_argument(name, type=int, required=True, help=argparse.SUPPRESS)
    for name in ("--pki", "--ready-file"):
        parser.add_argument(name, type=Path, required=True, help=argparse.SUPPRESS)
    _add(parser, "--services", 100, "virtual servers of ClusterIP Services in each table")
    _add(parser, "--reals", 4, "real servers behind each")
    _add(parser, "--latency", 0.0, "seconds that an exec takes")
    _add(parser, "--terminate", 0.5, "seconds until a deleted pod is gone")
    _add(parser, "--ready", 0.5, "seconds until its successor is Ready")
    _add(parser, "--sync", 0.1, "seconds after that until the node's table follows the ConfigMap")
    parser.add_argument("--fail", type=_failures, default={}, metavar="KIND=N,...", help="so many nodes fail so")
    return Options(**vars(parser.parse_args()))


def _add(parser: argparse.ArgumentParser, name: str, default: float, meaning: str) -> None:
    parser.add_argument(name, type=type(default), default=default, metavar="N", help=f"{meaning} ({default:g})")


def _failures(text: str) -> Mapping[int, str]:
    """Read `hang=1,down=2`: the first node hangs, the second and the third are down."""
    kinds: list[str] = []
    for part in filter(None, text.split(",")):
        kind, _, number = part.partition("=")
        if kind not in FAILURES or not number.isdecimal():
            raise argparse.ArgumentTypeError(f"{part}: it takes KIND=N, KIND one of {' '.join(FAILURES)}")
        kinds += [kind] * int(number)
    return dict(enumerate(kinds, start=1))
