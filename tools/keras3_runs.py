"""The article's experiment with the pruner for Keras 3, on one backend after the other.

    python -m tools.keras3_runs              what is not stored yet; goes on after a stop
    python -m tools.keras3_runs --check      retrain one seed at 40 + 40 epochs and compare
    python -m tools.keras3_runs --compare    what is stored, beside tfmot's stored runs

Both phases are trained by Keras 3 with the settings, data and order of rows of tfmot's runs, whose
losses are stored with the course. The first weights are of the same distribution, not the same
numbers. KERAS_BACKEND is set for each run's own process.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from prunelab.base.files import write_atomically
from prunelab.experiments.known import CONFIGS
from prunelab.plans import store

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "benchmarks" / "measured" / "keras3.json"
BACKENDS = ("tensorflow", "jax", "torch")
ARM = "completed_75"  # of the plan "short": 40 + 40 epochs at full size
SEEDS = range(8)
TIED = 2  # weights that stay since they tie with the threshold, as tfmot's would: in a million
# float32 numbers of this size the threshold has a twin about once in twenty updates
TOLERANCE = 0.25  # of a loss to the stored one; experiments.compare says why


def configs():
    """{name: (settings, seeds)} of what is trained."""
    short = store.PLANS["short"].arm(ARM)
    full = {name: (CONFIGS[name], (0,)) for name in ("article", "article_completed")}
    return {ARM: (short, SEEDS)} | full


def train(name, seed):
    """One run in this process: a dict of plain values."""
    import keras

    from prunelab.experiments import data as datasets
    from prunelab.pruning import PruneLowMagnitude

    config = configs()[name][0]
    data = datasets.load(config.data, seed)
    x, y = (np.asarray(a, "float32") for a in (data.x_train, data.y_train.reshape(-1, 1)))
    x_val, y_val = (np.asarray(a, "float32") for a in (data.x_val, data.y_val.reshape(-1, 1)))

    class Rows(keras.utils.PyDataset):
        """The batches of an epoch in the order of tfmot's runs."""

        def __init__(self, first_epoch):
            super().__init__()
            self.epoch = first_epoch
            self._order()

        def _order(self):
            self.order = np.random.default_rng([seed, self.epoch]).permutation(len(x))

        def __len__(self):
            return -(-len(x) // config.batch_size)

        def __getitem__(self, at):
            rows = self.order[at * config.batch_size :][: config.batch_size]
            return x[rows], y[rows]

        def on_epoch_end(self):
            self.epoch += 1
            self._order()

    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.Input((config.n_features,))])
    for at, units in enumerate(config.hidden):
        first = {"kernel_initializer": "he_normal"} if at == 0 else {}
        model.add(keras.layers.Dense(units, name=f"hidden_{at + 1}", **first))
        model.add(keras.layers.ReLU())
    model.add(keras.layers.Dense(1, name="output"))
    model.compile(keras.optimizers.Adam(config.learning_rate), "mse")
    model.fit(Rows(0), epochs=config.dense_epochs, verbose=0)
    dense = model.evaluate(x_val, y_val, batch_size=1024, verbose=0)
    model.compile(keras.optimizers.Adam(config.learning_rate), "mse")
    pruner = PruneLowMagnitude(config.schedule, prune_output=True)
    model.fit(Rows(config.dense_epochs), epochs=config.more_epochs, verbose=0, callbacks=[pruner])
    report = pruner.report()
    return {
        "backend": keras.backend.backend(),
        "config": name,
        "seed": seed,
        "steps": report.step,
        "dense_val_mse": float(dense),
        "val_mse": float(model.evaluate(x_val, y_val, batch_size=1024, verbose=0)),
        "zeros": [row.zeros for row in report.rows],
    }


def in_own_process(backend, name, seed):
    """`train` in a process that has the backend to itself."""
    code = "import json, sys; from tools.keras3_runs import train; "
    code += "print(json.dumps(train(sys.argv[1], int(sys.argv[2]))))"
    environ = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "ignore", "-c", code, name, str(seed)]
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{backend}, {name}, seed {seed}: {done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def stored(path=STORE):
    """The runs in the file, a list of dicts."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []


def key(run):
    return run["backend"], run["config"], run["seed"]


def of_tfmot(name):
    """{seed: RunResult} of tfmot's stored runs of these settings."""
    config = configs()[name][0]
    plans = [
        store.load(store.PLANS[plan], ROOT / "course" / "runs").runs for plan in ("short", "full")
    ]
    return {run.seed: run for runs in plans for run in runs if run.config == config}


def faults(run):
    """What of a run is not as tfmot's: sentences; none where all is."""
    theirs = of_tfmot(run["config"])
    zeros = list(theirs[run["seed"]].zeros.values())
    losses = [each.val.mse for each in theirs.values()]
    found = []
    fewer = [one - two for one, two in zip(zeros, run["zeros"], strict=True)]
    if not all(0 <= each <= TIED for each in fewer):
        found.append(f"zeros {run['zeros']}, tfmot's {zeros}")
    low, high = min(losses) * (1 - TOLERANCE), max(losses) * (1 + TOLERANCE)
    if not low <= run["val_mse"] <= high:
        found.append(
            f"val MSE {run['val_mse']:.5f}, tfmot's from {min(losses):.5f} to {max(losses):.5f}"
        )
    return found


def compare(runs):
    """A table of the runs beside tfmot's; the number of faults."""
    wrong = 0
    for name in configs():
        theirs = {seed: run.val.mse for seed, run in of_tfmot(name).items()}
        print(f"{name}: tfmot, seeds {min(theirs)}-{max(theirs)}: {_spread(list(theirs.values()))}")
        for backend in BACKENDS:
            its = [run for run in runs if key(run)[:2] == (backend, name)]
            if its:
                zeros = sorted({tuple(run["zeros"]) for run in its})
                losses = _spread([run["val_mse"] for run in its])
                print(f"  {backend:11} {len(its)} seeds: {losses}; zeros {zeros}")
            for run in its:
                for fault in faults(run):
                    wrong += 1
                    print(f"! {backend}, seed {run['seed']}: {fault}")
    return wrong


def _spread(losses):
    mean = sum(losses) / len(losses)
    return f"val MSE {mean:.5f} ({min(losses):.5f}-{max(losses):.5f})"


def main():
    """Train what is missing, or check; exit code 0, or 1 where something is not as tfmot's."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=BACKENDS, choices=BACKENDS)
    parser.add_argument("--configs", nargs="+", default=list(configs()), choices=configs())
    parser.add_argument("--seed", type=int, default=0, choices=SEEDS, help="of --check")
    parser.add_argument("--check", action="store_true", help="retrain one seed and compare")
    parser.add_argument("--compare", action="store_true", help="train nothing")
    parser.add_argument("--store", type=Path, default=STORE)
    args = parser.parse_args()
    if args.compare:
        return min(compare(stored(args.store)), 1)
    if args.check:
        fresh = [in_own_process(backend, ARM, args.seed) for backend in args.backends]
        return min(compare(fresh), 1)
    for name in args.configs:
        for seed in configs()[name][1]:
            for backend in args.backends:
                if (backend, name, seed) in set(map(key, stored(args.store))):
                    continue
                run = in_own_process(backend, name, seed)
                runs = sorted([*stored(args.store), run], key=key)
                text = json.dumps({"runs": runs}, indent=1) + "\n"
                write_atomically(args.store, lambda file, text=text: file.write(text.encode()))
                print(json.dumps(run), flush=True)
    return min(compare(stored(args.store)), 1)


if __name__ == "__main__":
    sys.exit(main())
