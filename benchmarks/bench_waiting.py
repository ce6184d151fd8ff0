"""What a reader waits for: from the link to a slider, and where a chapter first trains.

    python benchmarks/bench_waiting.py           prints a table; ARGS="--repeat 5"

Each row is a kernel of its own, as JupyterLab starts it: what a cell needs until its first explorer
is on its way, with the still picture and without it, and what is left to wait for at the first cell
that imports TensorFlow, at once and after the reader has read for a while.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from jupyter_client.manager import start_new_kernel

from prunelab.course import new_reader

EXPLORER = """
from IPython.display import display
from prunelab.schedules import PolynomialDecay
from prunelab.widgets import ScheduleExplorer
display(ScheduleExplorer(PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)))
"""
NEEDS = "from prunelab import course; course.needs('tensorflow')"
IMPORTS = "from prunelab import networks"
READ = "import time; time.sleep({})"
# (what is waited for, cells before it, the cell, what the environment has beside)
ROWS = (
    ("a kernel that answers", (), "1", {}),
    ("the first explorer, as `prunelab lab` shows it", (), EXPLORER, {"PRUNELAB_PAGE_DRAWS": "1"}),
    ("the first explorer, with its still picture", (), EXPLORER, {}),
    ("TensorFlow, imported at once", (), IMPORTS, {}),
    ("TensorFlow, after 5 s of reading", (NEEDS, READ.format(5)), IMPORTS, {}),
    ("TensorFlow, after 20 s of reading", (NEEDS, READ.format(20)), IMPORTS, {}),
)


def wait(before, cell, more):
    """(seconds until the kernel answers, seconds until the cell is done)."""
    import time

    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | new_reader(folder) | more
        began = time.perf_counter()
        manager, client = start_new_kernel(env=environment)
        try:
            started = time.perf_counter() - began
            for each in before:
                _run(client, each)
            began = time.perf_counter()
            _run(client, cell)
            return started, time.perf_counter() - began
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _run(client, code):
    reply = client.execute_interactive(
        code, timeout=300, allow_stdin=True, output_hook=lambda message: None,
        stdin_hook=lambda message: None,
    )  # fmt: skip
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"{reply['content']['ename']}: {reply['content']['evalue']}")


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=3, metavar="N")
    args, _ = parser.parse_known_args()
    print(f"{'what is waited for':52} {'median, s':>10} {'least, s':>10}")
    for name, before, cell, more in ROWS:
        found = [wait(before, cell, more) for _ in range(args.repeat)]
        at = 0 if not before and cell == "1" else 1
        seconds = [pair[at] for pair in found]
        print(f"{name:52} {statistics.median(seconds):10.2f} {min(seconds):10.2f}", flush=True)


if __name__ == "__main__":
    main()
