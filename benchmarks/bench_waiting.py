"""What a reader waits for: from the link to a slider, and where a chapter first trains.

    python benchmarks/bench_waiting.py           prints a table; ARGS="--repeat 5"
    python benchmarks/bench_waiting.py --rows train       only the rows whose name has this word

Each row is a kernel of its own, as JupyterLab starts it: what a cell needs until its first explorer
is on its way, with the still picture and without it; what is left to wait for at the first cell
that imports TensorFlow, at once and after the reader has read for a while; and the first cell that
trains, with the trainings ahead that `course.needs` begins and without them. All rows are measured
by turns, so that a busy machine is busy for all of them. The processor's seconds of the kernel
while the cell runs stand beside: they do not depend on what else the machine does.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil
from jupyter_client.manager import start_new_kernel

from prunelab.course import new_reader

EXPLORER = """
from IPython.display import display
from prunelab.schedules import PolynomialDecay
from prunelab.widgets import ScheduleExplorer
display(ScheduleExplorer(PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)))
"""
NEEDS = "from prunelab import course; course.needs('tensorflow')"
# It imports, and trains nothing ahead.
NEEDS_IMPORT = f"""
from prunelab.course import extras
extras.BROUGHT_IN = {{"tensorflow": ("prunelab.networks", "__dir__")}}
{NEEDS}
"""
IMPORTS = "from prunelab import networks"
READ = "import time; time.sleep({})"
# The first cell that trains of *mask small weights*, and of *tune the schedule*.
TRAINS = """
from prunelab import networks
from prunelab.experiments import data

rows = data.twin(seed=0)
dense = networks.build(n_features=125, hidden=(128, 128), seed=0)
history = networks.train(dense, rows, epochs=40, batch_size=128, seed=0)
"""
TRAINS_LIVE = """
from prunelab import networks
from prunelab.experiments import data
from prunelab.live import TrainingSettings
from prunelab.schedules import PolynomialDecay

schedule = PolynomialDecay(0.0, 0.95, begin_step=400, end_step=1200, frequency=10)
base = TrainingSettings(schedule, epochs=200, batch_size=128, learning_rate=0.001, seed=0)
run = networks.train_live(base, data.twin(seed=0))
"""
# (what is waited for, cells before it, the cell, what the environment has beside)
ROWS = (
    ("a kernel that answers", (), "1", {}),
    ("the first explorer, as `prunelab lab` shows it", (), EXPLORER, {"PRUNELAB_PAGE_DRAWS": "1"}),
    ("the first explorer, with its still picture", (), EXPLORER, {}),
    ("TensorFlow, imported at once", (), IMPORTS, {}),
    ("TensorFlow, after 5 s of reading", (NEEDS, READ.format(5)), IMPORTS, {}),
    ("TensorFlow, after {read} s of reading", (NEEDS, READ), IMPORTS, {}),
    ("a first train, nothing ahead", (READ,), TRAINS, {}),
    ("a first train, import ahead", (NEEDS_IMPORT, READ), TRAINS, {}),
    ("a first train, import and trainings ahead", (NEEDS, READ), TRAINS, {}),
    ("a first train_live, nothing ahead", (READ,), TRAINS_LIVE, {}),
    ("a first train_live, import ahead", (NEEDS_IMPORT, READ), TRAINS_LIVE, {}),
    ("a first train_live, import and trainings ahead", (NEEDS, READ), TRAINS_LIVE, {}),
)


def wait(before, cell, more):
    """Seconds: (until the kernel answers, until the cell is done, of the processor meanwhile)."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | new_reader(folder) | more
        began = time.perf_counter()
        manager, client = start_new_kernel(env=environment)
        try:
            kernel = psutil.Process(manager.provisioner.pid)
            started = time.perf_counter() - began
            for each in before:
                _run(client, each)
            began, busy = time.perf_counter(), _busy(kernel)
            _run(client, cell)
            return started, time.perf_counter() - began, _busy(kernel) - busy
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def _busy(process):
    times = process.cpu_times()
    return times.user + times.system


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
    parser.add_argument("--read", type=int, default=20, metavar="S", help="seconds of reading")
    parser.add_argument("--rows", default="", metavar="WORD", help="only those with this word")
    args, _ = parser.parse_known_args()
    rows = [row for row in ROWS if args.rows in row[0]]
    found = [[] for _ in rows]
    for _ in range(args.repeat):
        for (_, before, cell, more), measured in zip(rows, found, strict=True):
            measured.append(
                wait(
                    [each.format(args.read) if each == READ else each for each in before],
                    cell,
                    more,
                )
            )
    print(f"{'what is waited for':52} {'median, s':>10} {'least, s':>10} {'processor, s':>13}")
    for (name, before, cell, _), measured in zip(rows, found, strict=True):
        at = 0 if not before and cell == "1" else 1
        seconds = [each[at] for each in measured]
        processor = statistics.median(each[2] for each in measured)
        line = f"{name.format(read=args.read):52} {statistics.median(seconds):10.2f}"
        print(f"{line} {min(seconds):10.2f} {processor:13.2f}")


if __name__ == "__main__":
    main()
