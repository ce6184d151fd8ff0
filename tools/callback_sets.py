"""Train with sets of callbacks beside tfmot's, on the twin; store what became of zeros and error.

    python -m tools.callback_sets

Half an hour on one quiet core. Stopped, it goes on where it was. Twelve sets can undo what the
schedule does, on some seed at least, and twelve leave it alone on all. The controls prune nothing:
they say what the same callback does to a network without a mask.
"""

import tempfile
from functools import lru_cache, partial
from pathlib import Path

from prunelab.base.host import provenance
from prunelab.base.json_files import save_record
from prunelab.experiments import data
from prunelab.schedules import PolynomialDecay, preflight
from tools.kept_rows import kept
from tools.stored_form import ROOT

TARGET = ROOT / "course" / "data" / "callback_sets.json"
WORK = ROOT / "course" / "runs" / "callback_sets"
FORMAT = 1
SEEDS = range(8)
EPOCHS, BATCH = 200, 128
BEGIN, END, FREQUENCY = 400, 1200, 10
UPDATE = "UpdatePruningStep()"


# (the callbacks as a reader writes them, the optimizer's rate, asked sparsity); `file` is a path.
BAD = (
    (f"[{UPDATE}, EarlyStopping(patience=10)]", "0.001", 0.75),
    (f"[{UPDATE}, EarlyStopping(patience=50)]", "0.001", 0.75),
    (f"[{UPDATE}, EarlyStopping(patience=30, restore_best_weights=True)]", "0.001", 0.75),
    (f"[{UPDATE}, EarlyStopping(patience=200, restore_best_weights=True)]", "0.001", 0.98),
    (f"[{UPDATE}, ReduceLROnPlateau(patience=5)]", "0.001", 0.75),
    (f"[{UPDATE}, ReduceLROnPlateau(factor=0.5, patience=10)]", "0.001", 0.75),
    (f"[{UPDATE}, ReduceLROnPlateau(patience=5), EarlyStopping(patience=20)]", "0.001", 0.75),
    (f"[{UPDATE}, LearningRateScheduler(lambda epoch, rate: rate * 0.95)]", "0.001", 0.75),
    (f"[{UPDATE}, LearningRateScheduler(lambda epoch: 0.001 * 0.1 ** (epoch // 50))]", "0.001",
     0.75),
    (f"[{UPDATE}]", "ExponentialDecay(0.001, 100, 0.7)", 0.75),
    (f"[{UPDATE}, ModelCheckpoint(file, save_best_only=True)]", "0.001", 0.98),
    (f"[{UPDATE}, ModelCheckpoint(file, save_freq=100)]", "0.001", 0.75),
)  # fmt: skip
GOOD = (
    (f"[{UPDATE}]", "0.001", 0.75),
    (f"[{UPDATE}]", "0.001", 0.98),
    (f"[{UPDATE}, EarlyStopping(patience=20, start_from_epoch=149)]", "0.001", 0.75),
    (f"[{UPDATE}, EarlyStopping(patience=20, start_from_epoch=149, restore_best_weights=True)]",
     "0.001", 0.98),
    (f"[{UPDATE}, ReduceLROnPlateau(patience=160)]", "0.001", 0.75),
    (f"[{UPDATE}, ReduceLROnPlateau(patience=10, min_lr=0.0005)]", "0.001", 0.75),
    (f"[{UPDATE}, LearningRateScheduler(lambda epoch: 0.001 * 0.95 ** max(epoch - 150, 0))]",
     "0.001", 0.75),
    (f"[{UPDATE}, LearningRateScheduler(lambda epoch: 0.001 * min((epoch + 1) / 10, 1))]", "0.001",
     0.75),
    (f"[{UPDATE}]", "PiecewiseConstantDecay([1200], [0.001, 0.0003])", 0.75),
    (f"[{UPDATE}]", "CosineDecay(0.001, 1600, alpha=0.5)", 0.75),
    (f"[{UPDATE}, ModelCheckpoint(file)]", "0.001", 0.75),
    (f"[{UPDATE}, TerminateOnNaN()]", "0.001", 0.75),
)  # fmt: skip
# No mask: (callbacks, rate).
CONTROLS = (("[]", "0.001"), ("[ReduceLROnPlateau(patience=5)]", "0.001"))
SETS = tuple((*each, bad) for bad, sets in ((True, BAD), (False, GOOD)) for each in sets)


def made(code, rate, file="weights.h5"):
    """The callbacks and the learning rate that two pieces of code say, as Keras' objects."""
    from prunelab.networks import tf_keras, tfmot

    names = vars(tf_keras.callbacks) | vars(tf_keras.optimizers.schedules)
    names |= {"UpdatePruningStep": tfmot.sparsity.keras.UpdatePruningStep, "file": str(file)}
    return eval(code, dict(names)), eval(rate, dict(names))


def flagged(code, rate, asked, _bad):
    """Whether `preflight` warns of a set."""
    callbacks, learning_rate = made(code, rate)
    ramp = PolynomialDecay(0.0, asked, BEGIN, END, frequency=FREQUENCY)
    run = {"steps_per_epoch": 8, "epochs": EPOCHS}
    return not preflight(ramp, **run, callbacks=callbacks, learning_rate=learning_rate).ok


def main():
    """Train what is missing, one after the other, then store all in one file."""
    from prunelab.networks.backend import THREADS

    rows, controls = [], []
    for seed in SEEDS:
        for number, each in enumerate(SETS):
            file = WORK / f"{number}-{seed}.json"
            rows.append(kept(file, partial(_row, "set", number, seed, each)))
        for number, each in enumerate(CONTROLS):
            file = WORK / f"control{number}-{seed}.json"
            controls.append(kept(file, partial(_row, "control", number, seed, each)))
    names = ("callbacks", "rate", "asked", "bad")
    sets = [dict(zip(names, each, strict=True)) | {"flagged": flagged(*each)} for each in SETS]
    unpruned = [dict(zip(("callbacks", "rate"), each, strict=True)) for each in CONTROLS]
    record = {"format": FORMAT, "sets": sets, "rows": rows, "controls": unpruned,
              "control_rows": controls, "provenance": provenance(THREADS)}  # fmt: skip
    save_record(record, TARGET)
    print(f"stored in {TARGET.name}")


def _row(kind, number, seed, settings):
    return {kind: number, "seed": seed, **_outcome(_trained(seed), seed, *settings)}


@lru_cache(maxsize=1)
def _trained(seed):
    from prunelab import networks
    from prunelab.experiments.named_configs import twin

    return networks.train_dense(twin(), seed).weights


def _outcome(start, seed, code, rate, asked=None, bad=None):
    """Zeros and error of the network that comes out: handed back by fit, or saved, where it is.

    asked: the final sparsity; None for a control, which is not pruned.
    """
    from prunelab import networks
    from prunelab.networks import tf_keras, training

    rows = data.twin(seed)
    dense = networks.build(125, (128, 128), seed=seed)
    dense.set_weights(start)
    model = dense
    if asked is not None:
        model = networks.prune(dense, PolynomialDecay(0.0, asked, BEGIN, END, frequency=FREQUENCY))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "saved.weights.h5"
        callbacks, learning_rate = made(code.replace("(file", "(file, save_weights_only=True"),
                                        rate, file)  # fmt: skip
        model.compile(tf_keras.optimizers.Adam(learning_rate), "mse")
        batches = training.batches(
            rows.x_train, rows.y_train, batch_size=BATCH, epochs=EPOCHS, seed=seed, first_epoch=200
        )
        # The validation rows are an array, so that a callback can watch their loss.
        history = model.fit(
            batches,
            epochs=EPOCHS,
            steps_per_epoch=8,
            validation_data=(rows.x_val.astype("float32"), rows.y_val.astype("float32")),
            callbacks=callbacks,
            verbose=0,
        )
        if file.exists():
            model.load_weights(file)
    counts = networks.zeros(model)  # read before anything masks them again
    sizes = sum(kernel.size for kernel in networks.kernels(model).values())
    return {
        "epochs": len(history.epoch),
        "zeros": sum(counts.values()) / sizes,
        "val_mse": networks.evaluate(model, rows.x_val, rows.y_val).mse,
    }


if __name__ == "__main__":
    main()
