"""Memory a training run leaves behind in a living process: prunelab's way and tfmot's own.

Each way runs in a process of its own: `--runs` runs of mixed arms, one after another. After each,
garbage is collected, free heap is given back, and the memory that only this process has is read.
Printed: the slope of a line through the runs after a warm-up, in MB a run, with its standard error.
"""

import argparse
import ctypes
import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

WARM_UP = 8  # until every network there is has been made, and every arm has run once
EPOCHS = 3


def private_megabytes():
    """Memory of this process that it shares with nobody, after all that is free is given back."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    rollup = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    return sum(int(line.split()[1]) for line in rollup if line.startswith("Private_")) / 1024


def arms(data):
    """Seven arms that share nothing but the first phase's settings, at a few epochs."""
    from prunelab.experiments import article_control, one_shot
    from prunelab.experiments.named_configs import TWIN
    from prunelab.schedules import ConstantSparsity, PolynomialDecay

    size = TWIN if data == "twin" else {}
    control = replace(article_control(), dense_epochs=EPOCHS, more_epochs=EPOCHS, **size)
    ramp = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=18, frequency=4)
    return (
        replace(control, name="schedule", schedule=ramp),
        control,
        replace(control, name="continued", fresh_optimizer=False),
        replace(control, name="random_mask", schedule=one_shot(0.9), criterion="random"),
        replace(control, name="constant", schedule=ConstantSparsity(0.5, 4, frequency=8)),
        replace(control, name="early_stopping", patience=1),
        replace(control, name="l2", l2=1e-4),
    )


def ours(n, data):
    """`networks.run`, with its checkpoints and its stored results; yields megabytes after each."""
    from prunelab import networks

    chosen = arms(data)
    with tempfile.TemporaryDirectory() as folder:
        for i in range(n):
            networks.run(chosen[i % len(chosen)], i // len(chosen), folder)
            yield private_megabytes()


def tfmots(n, data):
    """A new model, compiled, wrapped, compiled again and stripped for each run, as in tutorials."""
    from prunelab.experiments import data as datasets
    from prunelab.networks import build, tf_keras, tfmot, to_tfmot

    config = arms(data)[0]
    fit = {"batch_size": config.batch_size, "epochs": EPOCHS, "verbose": 0}
    for i in range(n):
        rows = datasets.load(data, i)
        x, y = rows.x_train.astype("float32"), rows.y_train.astype("float32")
        model = build(config.n_features, config.hidden, seed=i)
        model.compile(tf_keras.optimizers.Adam(config.learning_rate), "mse")
        model.fit(x, y, **fit)
        pruned = tfmot.sparsity.keras.prune_low_magnitude(model, to_tfmot(config.schedule))
        pruned.compile(tf_keras.optimizers.Adam(config.learning_rate), "mse")
        pruned.fit(x, y, callbacks=[tfmot.sparsity.keras.UpdatePruningStep()], **fit)
        stripped = tfmot.sparsity.keras.strip_pruning(pruned)
        stripped(rows.x_val.astype("float32"))
        del model, pruned, stripped
        yield private_megabytes()


WAYS = {"prunelab": ours, "tfmot": tfmots}


def measure(way, n, data):
    """Megabytes after each run, and seconds, of one way in a process of its own."""
    command = [sys.executable, __file__, "--way", way, "--runs", str(n), "--data", data]
    began = time.perf_counter()
    done = subprocess.run(command, env=os.environ, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1]), time.perf_counter() - began


def slope(megabytes):
    """MB a run and its standard error, by least squares over the runs after the warm-up."""
    import numpy as np

    y = np.array(megabytes[WARM_UP:])
    x = np.arange(len(y)) - (len(y) - 1) / 2
    a = (x * y).sum() / (x**2).sum()
    rest = y - y.mean() - a * x
    return a, np.sqrt((rest**2).sum() / (len(y) - 2) / (x**2).sum())


def main():
    """Print both ways side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--runs", type=int, default=29, help="at least 12 (default: 29)")
    parser.add_argument("--data", choices=("twin", "article"), default="twin")
    parser.add_argument("--way", choices=sorted(WAYS), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.way:
        print(json.dumps(list(WAYS[arguments.way](arguments.runs, arguments.data))))
        return
    if arguments.runs < WARM_UP + 4:
        parser.error(f"--runs {arguments.runs}: a line needs {WARM_UP + 4} runs at least")
    print(f"{arguments.runs} runs on the {arguments.data}, {EPOCHS} + {EPOCHS} epochs each")
    for way in WAYS:
        megabytes, seconds = measure(way, arguments.runs, arguments.data)
        per_run, error = slope(megabytes)
        print(
            f"{way:>8}: {per_run:6.2f} ± {error:.2f} MB a run; {megabytes[WARM_UP]:.0f} MB after "
            f"{WARM_UP + 1} runs, {megabytes[-1]:.0f} MB at the end; {seconds:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    main()
