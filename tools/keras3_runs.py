"""The article's experiment with the pruner for Keras 3, on one backend after the other.

    python -m tools.keras3_runs              what is not stored yet; goes on after a stop
    python -m tools.keras3_runs --again      retrain what is stored and compare; goes on as well
    python -m tools.keras3_runs --check      retrain one seed at 40 + 40 epochs and compare
    python -m tools.keras3_runs --compare    what is stored, beside tfmot's stored runs

Both phases are trained by Keras 3 with the settings and data of tfmot's runs, whose losses are
stored with the course. The first weights are of the same distribution, not the same numbers, and so
is the order of the rows. KERAS_BACKEND is set for each run's own process.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from prunelab.base.files import write_atomically
from prunelab.experiments.compare import LOSS_TOLERANCE
from prunelab.experiments.named_configs import CONFIGS
from prunelab.plans import store, t_quantile

ROOT = Path(__file__).resolve().parent.parent
STORE = ROOT / "course" / "data" / "keras3_runs.json"
AGAIN = ROOT / "course" / "runs" / "keras3" / "again.json"  # what `--again` has trained so far
BACKENDS = ("tensorflow", "jax", "torch")
ARM = "completed_75"  # of the plan "short": 40 + 40 epochs at full size
SEEDS = range(8)
TIED = 2  # weights that stay since they tie with the threshold, as tfmot's would: in a million
# float32 numbers of this size the threshold has a twin about once in twenty updates


def configs():
    """{name: (settings, seeds)} of what is trained."""
    short = store.PLANS["short"].arm(ARM)
    full = {name: (CONFIGS[name], (0,)) for name in ("article", "article_completed")}
    return {ARM: (short, SEEDS)} | full


def trained(names, seed):
    """The runs of configs that share their first phase, in this process: dicts of plain values."""
    import keras

    from prunelab.experiments import data as datasets
    from prunelab.pruning import PruneLowMagnitude

    arms = {name: configs()[name][0] for name in names}
    config = arms[names[0]]
    if len({each.dense_digest for each in arms.values()}) > 1:
        raise ValueError(f"names={names}: their first phases differ; train them one by one")
    data = datasets.load(config.data, seed)
    x, y = (np.asarray(a, "float32") for a in (data.x_train, data.y_train.reshape(-1, 1)))
    x_val, y_val = (np.asarray(a, "float32") for a in (data.x_val, data.y_val.reshape(-1, 1)))

    class Rows(keras.utils.PyDataset):
        """Batches of the training rows, which are in a new order in each epoch.

        Not in that of tfmot's runs: Keras ends an epoch of this data set before the first one, and
        takes the batches of an epoch in an order of its own.
        """

        def __init__(self, first_epoch):
            super().__init__()
            self.epoch = first_epoch
            self._order()

        def _order(self):
            self.order = datasets.sample_order(seed, self.epoch, len(x))

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
    weights = model.get_weights()
    for name, arm in arms.items():
        model.set_weights(weights)
        model.compile(keras.optimizers.Adam(arm.learning_rate), "mse")
        pruner = PruneLowMagnitude(arm.schedule, prune_output=True)
        model.fit(Rows(arm.dense_epochs), epochs=arm.more_epochs, verbose=0, callbacks=[pruner])
        report = pruner.report()
        yield {
            "backend": keras.backend.backend(),
            "config": name,
            "seed": seed,
            "steps": report.step,
            "dense_val_mse": float(dense),
            "val_mse": float(model.evaluate(x_val, y_val, batch_size=1024, verbose=0)),
            "zeros": [row.zeros for row in report.rows],
        }


def in_own_process(backend, names, seed):
    """`trained` in a process that has the backend to itself; each run as soon as it is done."""
    code = "import json, sys; from tools.keras3_runs import trained\n"
    code += "for run in trained(sys.argv[2:], int(sys.argv[1])): print(json.dumps(run), flush=True)"
    environ = os.environ | {"KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environ.get("PYTHONPATH")]))
    command = [sys.executable, "-W", "ignore", "-c", code, str(seed), *names]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=said, text=True
        ) as process,
    ):
        try:
            yield from (json.loads(line) for line in process.stdout if line.startswith("{"))
        except BaseException:
            process.kill()
            raise
        if process.wait():
            said.seek(0)
            sys.exit(f"{backend}, {' and '.join(names)}, seed {seed}: {said.read()[-2000:]}")


def stored(path=STORE):
    """The runs in the file, a list of dicts."""
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.is_file() else []


def key(run):
    return run["backend"], run["config"], run["seed"]


def chosen(backends, names, seeds=None):
    """The keys of all runs of these backends, configs and seeds (None: all), in training order."""
    return [
        (backend, name, seed)
        for name in names
        for seed in configs()[name][1]
        if seeds is None or seed in seeds
        for backend in backends
    ]


def fill(path, keys):
    """Train what the file lacks of the runs `keys`; each is stored when it is done."""
    done = set(map(key, stored(path)))
    together = {}  # runs with the same first phase, which is trained once
    for backend, name, seed in keys:
        if (backend, name, seed) not in done:
            first = configs()[name][0].dense_digest
            together.setdefault((backend, seed, first), []).append(name)
    for (backend, seed, _), names in together.items():
        for run in in_own_process(backend, names, seed):
            runs = sorted([*stored(path), run], key=key)
            text = json.dumps({"runs": runs}, indent=1) + "\n"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, lambda file, text=text: file.write(text.encode()))
            print(json.dumps(run), flush=True)


def again(path, keys, work):
    """Retrain the stored runs among `keys` and compare; the number of those that differ.

    path: where they are stored. work: a file for the new runs. It is removed at the end, so a call
    after a stop continues, and one after the end begins anew.
    """
    before = {key(run): run for run in stored(path)}
    wanted = [each for each in keys if each in before]
    if not wanted:
        raise ValueError(
            f"{path.name} has none of the {len(keys)} runs that were asked for: train them first, "
            "without --again"
        )
    print(f"retraining {len(wanted)} stored runs; stopped, the same command goes on", flush=True)
    fill(work, wanted)
    after = {key(run): run for run in stored(work)}
    wrong = 0
    for each in wanted:
        found = [*differences(before[each], after[each]), *faults(after[each])]
        wrong += bool(found)
        words = "; ".join(found) or "as stored"
        print("! " * bool(found) + f"{each[0]}, {each[1]}, seed {each[2]}: {words}")
    work.unlink()
    print("reproduced" if not wrong else "NOT reproduced: see the lines marked with !")
    return wrong


def differences(old, new):
    """What of a retrained run is not as stored: sentences; none where all is."""
    found = [
        f"{name} {new[name]}, stored {old[name]}"
        for name in ("steps", "zeros")
        if new[name] != old[name] and not (name == "zeros" and _tied(old[name], new[name]))
    ]
    if abs(new["val_mse"] / old["val_mse"] - 1) > LOSS_TOLERANCE:
        found.append(f"val MSE {new['val_mse']:.5f}, stored {old['val_mse']:.5f}")
    return found


def _tied(old, new):
    return all(abs(one - two) <= TIED for one, two in zip(old, new, strict=True))


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
    low, high = min(losses) * (1 - LOSS_TOLERANCE), max(losses) * (1 + LOSS_TOLERANCE)
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
            if len(its) > 2:
                ratios = [run["val_mse"] / theirs[run["seed"]] for run in its]
                mean, low, high = _interval(ratios)
                print(
                    f"  {backend:11} over tfmot: {mean:.3f}, 95 % interval {low:.3f} to {high:.3f}"
                )
            for run in its:
                for fault in faults(run):
                    wrong += 1
                    print(f"! {backend}, seed {run['seed']}: {fault}")
    return wrong


def _interval(ratios):
    """The geometric mean of ratios of paired seeds, and the ends of its 95 % interval."""
    logs = np.log(ratios)
    half = t_quantile(0.975, len(logs) - 1) * logs.std(ddof=1) / np.sqrt(len(logs))
    return np.exp([logs.mean(), logs.mean() - half, logs.mean() + half])


def _spread(losses):
    mean = sum(losses) / len(losses)
    return f"val MSE {mean:.5f} ({min(losses):.5f}-{max(losses):.5f})"


def main(argv=None):
    """Train what is missing, or check; exit code 0, or 1 where something is not as tfmot's."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.keras3_runs", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--backends", nargs="+", default=BACKENDS, choices=BACKENDS)
    parser.add_argument("--configs", nargs="+", default=list(configs()), choices=configs())
    parser.add_argument("--seeds", nargs="+", type=int, choices=SEEDS, help="default: all")
    parser.add_argument("--check", action="store_true", help="retrain one seed and compare")
    parser.add_argument("--again", action="store_true", help="retrain what is stored and compare")
    parser.add_argument("--compare", action="store_true", help="train nothing")
    parser.add_argument("--store", type=Path, default=STORE)
    args = parser.parse_args(argv)
    keys = chosen(args.backends, args.configs, args.seeds)
    if args.compare:
        return min(compare(stored(args.store)), 1)
    if args.again:
        try:
            return min(again(args.store, keys, AGAIN), 1)
        except ValueError as error:
            parser.error(str(error))
    if args.check:
        seed = args.seeds[0] if args.seeds else SEEDS[0]
        fresh = [run for name in args.backends for run in in_own_process(name, [ARM], seed)]
        return min(compare(fresh), 1)
    fill(args.store, keys)
    return min(compare(stored(args.store)), 1)


if __name__ == "__main__":
    sys.exit(main())
