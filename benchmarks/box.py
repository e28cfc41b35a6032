"""A sandbox in a process of its own: box.py KUBECONFIG OPTIONS-AS-JSON; each line on stdin is answered with counts."""

import json
import sys
from pathlib import Path

from kubectl_ipvs.sandbox import Sandbox


def main() -> None:
    """Serve until stdin ends."""
    with Sandbox(**json.loads(sys.argv[2])) as box:
        Path(sys.argv[1]).write_text(box.kubeconfig())
        print("ready", flush=True)
        for _ in sys.stdin:
            counts = {"requests": len(box.requests), "most_open": box.most_connections, "most_down": box.most_down}
            throttled = sum(seen.status == 429 for seen in box.requests)  # noqa: PLR2004 - Too Many Requests
            print(json.dumps({**counts, "throttled": throttled}), flush=True)


if __name__ == "__main__":
    main()
