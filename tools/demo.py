"""`make demo`: the main job, shown on a simulated cluster."""

import sys

from session import play

if __name__ == "__main__":
    sys.stdout.write("A simulated cluster of 3 nodes starts in this process; nothing here is real.\n")
    play(show=True)
    sys.stdout.write("\nTry it yourself: .venv/bin/kubectl-ipvs sandbox -- bash\n")
