"""Live training: seconds of the twin's run, cost of its reports, memory it takes and leaves behind.

Each part runs in a process of its own. Printed: the seconds of a run of 200 epochs (1,600 steps)
from a thread, the dense network trained before, by the clock and of processor time, which busy
neighbours lengthen less; what live reports cost, as the ratio of the processor time of runs with
and without a listener that redraws at most four times a second, taken by turns; the slope of the
private memory over `--runs` runs of mixed settings, in MB a run; the most memory the process ever
had, with NumPy, scikit-learn, matplotlib and ipywidgets loaded as in a notebook.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import replace

from bench_memory import private_megabytes, slope

FRAMES_A_SECOND = 4


def settings():
    """The course's completed schedule on the twin, its masks updated every tenth step."""
    from prunelab.live_training import TrainingSettings
    from prunelab.schedules import PolynomialDecay

    ramp = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200, frequency=10)
    return TrainingSettings(ramp, epochs=200, batch_size=128, seed=0)


class Listener:
    """What a bench does with each change: at most four times a second it draws all curves."""

    def __init__(self):
        self.drawn, self.frames = 0.0, 0

    def __call__(self, training):
        now = time.monotonic()
        if now - self.drawn < 1 / FRAMES_A_SECOND:
            return
        self.drawn = now
        self.frames += 1
        # What goes to the browser: the curves as one message.
        json.dumps(
            [[r.step, r.loss, r.validation_loss, r.realised_sparsity] for r in training.reports]
        )


def run(train, chosen, data, on_change=None):
    """One run from a thread: seconds by the clock and of processor time, and its result."""
    from prunelab.live_thread import LiveTraining

    training = LiveTraining(train, chosen, data, on_change)
    began = time.perf_counter(), time.process_time()
    training.start()
    training.join()
    seconds = time.perf_counter() - began[0], time.process_time() - began[1]
    if training.error:
        raise RuntimeError(training.error)
    return *seconds, training.result


def timings(n):
    """Seconds of the first run, of `n` without and `n` with a listener, by turns."""
    from prunelab import data as datasets
    from prunelab.keras_mlp import train_live

    data, chosen = datasets.twin(0), settings()
    train_live.dense(data, chosen.seed)
    *first, _ = run(train_live, chosen, data)
    silent, heard = [], []
    for _ in range(n):
        silent.append(run(train_live, chosen, data)[:2])
        heard.append(run(train_live, chosen, data, Listener())[:2])
    return {"first": first, "silent": silent, "heard": heard}


def reports_alone(n):
    """Processor seconds that `n` runs of 200 reports take when no training stands between them."""
    from prunelab.live_thread import LiveTraining
    from prunelab.live_training import EpochReport

    seconds = []
    for _ in range(n):
        training = LiveTraining(print, settings(), None, Listener())
        began = time.process_time()
        for epoch in range(1, 201):
            training.control.at_step(8 * epoch - 8, training.settings.schedule)
            training._report(EpochReport(epoch, 8 * epoch, 0.1, 0.1, 0.1, 0.1))
        # 200 epochs at full speed are one frame; a run of two seconds draws eight.
        for _ in range(8):
            Listener()(training)
        seconds.append(time.process_time() - began)
    return seconds


def memory(n):
    """Megabytes after each of `n` runs of mixed settings in one kernel, and at its peak."""
    import ipywidgets
    import matplotlib.figure

    from prunelab import data as datasets
    from prunelab import live_runs
    from prunelab.keras_mlp import live_trainer, tf_keras, train_live

    _ = ipywidgets, matplotlib.figure
    data = datasets.twin(0)
    model = tf_keras.Sequential(
        [tf_keras.Input((125,)), tf_keras.layers.Dense(64, "relu"), tf_keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    theirs = live_trainer(model)
    arrays = (data.x_train, data.y_train, data.x_val, data.y_val)
    chosen = replace(settings(), epochs=30)
    megabytes = []
    for i in range(n):
        changed = replace(chosen, learning_rate=1e-3 * (1 + i % 3), batch_size=128 + i % 4)
        train, rows = ((train_live, data), (theirs, arrays))[i % 2]
        if i % 6 == 0:
            changed = replace(changed, layers=("hidden_1",))
        *_, result = run(train, changed, rows, Listener())
        live_runs.save_live(result, os.environ["BENCH_FOLDER"])
        megabytes.append(private_megabytes())
    # Of this process only; Linux counts it in kilobytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"megabytes": megabytes, "peak": peak}


PARTS = {"timings": timings, "reports_alone": reports_alone, "memory": memory}


def measured(part, n):
    """What a part returns, from a process of its own."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, "--part", part, "--runs", str(n)],
            env=os.environ | {"BENCH_FOLDER": folder},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Print the four measurements."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=50, help="for memory (default: 50)")
    parser.add_argument("--pairs", type=int, default=9, help="for the reports (default: 9)")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.part:
        print(json.dumps(PARTS[arguments.part](arguments.runs)))
        return
    times = measured("timings", arguments.pairs)
    clock, processor = map(statistics.median, zip(*times["silent"], strict=True))
    fastest = min(seconds for seconds, _ in times["silent"])
    print(
        f"twin, 200 epochs, 1,600 steps: {clock:.2f} s a run by the clock (median of "
        f"{arguments.pairs}; fastest {fastest:.2f}), {processor:.2f} s of processor time; the "
        f"first, which compiles the network, {times['first'][0]:.2f} and {times['first'][1]:.2f}"
    )
    ratios = [a[1] / b[1] for a, b in zip(times["heard"], times["silent"], strict=True)]
    alone = statistics.median(measured("reports_alone", arguments.pairs))
    print(
        f"live reports: {statistics.median(ratios) - 1:+.1%} (median of {arguments.pairs} pairs, "
        f"{min(ratios) - 1:+.1%} to {max(ratios) - 1:+.1%}); "
        f"by themselves {alone * 1000:.1f} ms, {alone / processor:.2%} of a run",
        flush=True,
    )
    found = measured("memory", arguments.runs)
    per_run, error = slope(found["megabytes"])
    print(
        f"memory: {per_run:.2f} ± {error:.2f} MB a run over {arguments.runs} runs; "
        f"{found['peak']:.0f} MB at the peak of the process"
    )


if __name__ == "__main__":
    main()
