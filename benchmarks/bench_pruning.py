"""What pruning in Keras 3 costs: `prunelab.pruning` against dense training, on each backend.

    python benchmarks/bench_pruning.py                     the backends that can be imported
    python benchmarks/bench_pruning.py --backends jax      one of them
    python benchmarks/bench_pruning.py --json FILE         and store the rows

The article's network, all three kernels pruned, in `fit` without validation. In each round dense
training and both frequencies take turns in one process; a ratio is the time of a step to that of
the dense one of the same round, and the table has its median and range over the rounds. The time of
a step is that in the fastest of three epochs, by the clock, on a machine that does nothing else; in
brackets the processor's: threads that wait for each other count there, too.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

BACKENDS = {"tensorflow": "tensorflow", "jax": "jax", "torch": "torch"}
FREQUENCIES = (100, 1)
# Most that a step may cost, to the dense one, by (batch, frequency); of frequency 1 on the best
# backend.
GOALS = {(1024, 100): 1.03, (64, 100): 1.12, (1024, 1): 1.10, (64, 1): 1.5}
STEPS = {1024: 100, 64: 300}  # in an epoch
EPOCHS = 4  # the first one compiles, the others are measured


def measure(rounds, batch_sizes):
    """[(batch size, frequency, round, times of a step, those of a dense step)] on this backend.

    Times are milliseconds, (by the clock, of the processor).
    """
    import keras
    import numpy as np

    from prunelab.pruning import PruneLowMagnitude
    from prunelab.schedules import PolynomialDecay

    class Batches(keras.utils.PyDataset):
        """The same few batches again and again."""

        def __init__(self, batch_size):
            super().__init__()
            rng = np.random.default_rng(0)
            self.x = rng.normal(size=(4, batch_size, 1000)).astype("float32")
            self.y = rng.normal(size=(4, batch_size, 1)).astype("float32")

        def __len__(self):
            return STEPS[len(self.x[0])]

        def __getitem__(self, at):
            return self.x[at % 4], self.y[at % 4]

    class Clock(keras.callbacks.Callback):
        """The times of a step in the fastest epoch but the first, in milliseconds."""

        def on_train_begin(self, logs=None):
            self.epochs = []

        def on_epoch_begin(self, epoch, logs=None):
            self.begun = clocks()

        def on_epoch_end(self, epoch, logs=None):
            took = zip(clocks(), self.begun, strict=True)
            self.epochs.append([1000 * (now - begun) / self.params["steps"] for now, begun in took])

        def fastest(self):
            return [min(times) for times in zip(*self.epochs[1:], strict=True)]

    def clocks():
        return time.perf_counter(), time.process_time()

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((1000,)),
            *(layers.Dense(1024), layers.ReLU(), layers.Dense(1024), layers.ReLU()),
            layers.Dense(1),
        ]
    )

    def step(batches, frequency):
        steps = len(batches)
        model.compile(keras.optimizers.Adam(1e-4), "mse")
        clock, pruner = Clock(), []
        if frequency:
            schedule = PolynomialDecay(0.5, 0.75, 0, EPOCHS * steps, frequency=frequency)
            pruner = [PruneLowMagnitude(schedule, prune_output=True)]
        model.fit(batches, epochs=EPOCHS, verbose=0, callbacks=[clock, *pruner])
        return clock.fastest()

    rows = []
    for batch_size in batch_sizes:
        batches = Batches(batch_size)
        for at in range(rounds):
            dense = step(batches, None)
            rows += [(batch_size, f, at, step(batches, f), dense) for f in FREQUENCIES]
    return rows


def in_own_process(backend, rounds, batch_sizes):
    """`measure` in a process of its own, which has the backend to itself."""
    environ = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    code = (
        "import json, runpy, sys; measure = runpy.run_path(sys.argv[1])['measure']; "
        "print(json.dumps(measure(int(sys.argv[2]), json.loads(sys.argv[3]))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, __file__, str(rounds), json.dumps(batch_sizes)],
        env=environ,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{backend}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure, print the table, and say which goals are reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    there = [name for name, module in BACKENDS.items() if importlib.util.find_spec(module)]
    parser.add_argument("--backends", nargs="+", default=there, choices=BACKENDS)
    parser.add_argument("--batches", nargs="+", type=int, default=list(STEPS), choices=STEPS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="store the rows")
    args = parser.parse_args()
    rows, best = {}, {}
    print("time of a step, to a dense one of the same backend: median (range) [processor's]")
    for backend in args.backends:
        rows[backend] = in_own_process(backend, args.rounds, args.batches)
        for batch_size in args.batches:
            its = [row for row in rows[backend] if row[0] == batch_size]
            dense = median(row[4][0] for row in its)
            line = f"{backend:11} batch {batch_size:5}: dense {dense:6.2f} ms"
            for frequency in FREQUENCIES:
                chosen = [row for row in its if row[1] == frequency]
                ratios, busy = (sorted(row[3][at] / row[4][at] for row in chosen) for at in (0, 1))
                best.setdefault((batch_size, frequency), {})[backend] = median(ratios)
                line += f"  every {frequency:3} {median(ratios):.3f} "
                line += f"({ratios[0]:.3f}-{ratios[-1]:.3f}) [{median(busy):.3f}]"
            print(line, flush=True)
    for (batch_size, frequency), goal in GOALS.items():
        found = best.get((batch_size, frequency))
        if found:
            worst = (min if frequency == 1 else max)(found.values())
            where = "on the best backend" if frequency == 1 else "on each backend"
            verdict = "reached" if worst <= goal else "MISSED"
            name = f"batch {batch_size}, every {frequency}"
            print(f"{name}: {worst:.3f}, goal {goal} {where}: {verdict}")
    if args.json:
        args.json.write_text(json.dumps({"rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
