"""Fuzzes one target, or all in turn: `python tests/fuzz/run.py [SECONDS [TARGET...]]`. Needs atheris: `make fuzz`.

New inputs are kept outside the repository, in .fuzz/TARGET; one that fails is written to .fuzz/ and shown. Add it to
tests/fuzz/corpus/TARGET: from then on `make test` tries it.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(FOLDER))
GROWN = FOLDER / ".fuzz"
SECONDS = 600


def main(words: list[str]) -> int:
    """Give each target its part of the seconds; 1 where one failed."""
    from tests.fuzz.targets import TARGETS

    seconds, names = int(words[0]) if words else SECONDS, words[1:] or [*TARGETS]
    share = max(1, seconds // len(names))
    codes = [subprocess.run(_program(name, share), cwd=FOLDER, check=False).returncode for name in names]
    for name, code in zip(names, codes, strict=True):
        print(f"{name}: {'failed' if code else 'nothing found'} in {share} s")  # noqa: T201 - a script
    return int(any(codes))


def _program(name: str, seconds: int) -> list[str]:
    grown = GROWN / name
    grown.mkdir(parents=True, exist_ok=True)
    limits = [
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=2048",
        "-print_final_stats=1",
    ]
    places = [f"-artifact_prefix={GROWN}/{name}-", str(grown), str(Path(__file__).with_name("corpus") / name)]
    return [sys.executable, __file__, "--fuzz", name, *limits, *places]


def fuzz(name: str, words: list[str]) -> None:
    """Never returns: libFuzzer ends the process."""
    import atheris

    with atheris.instrument_imports(include=["kubectl_ipvs", "yaml", "websocket"], exclude=["kubectl_ipvs.sandbox"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *words], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--fuzz"]:
        fuzz(sys.argv[2], sys.argv[3:])
    sys.exit(main(sys.argv[1:]))
