"""Builds the wheel and the sdist into dist/, the same bytes from the same tree."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
EPOCH = "946684800"  # 2000-01-01: no date of the machine gets into what is built

if __name__ == "__main__":
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    from flit_core import buildapi

    target = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "dist").resolve()
    target.mkdir(parents=True, exist_ok=True)
    for old in (*target.glob("kubectl_ipvs-*.whl"), *target.glob("kubectl_ipvs-*.tar.gz")):
        old.unlink()
    os.chdir(ROOT)
    print(target / buildapi.build_sdist(str(target)))
    print(target / buildapi.build_wheel(str(target)))
