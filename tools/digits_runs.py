"""Train a small classifier of digits, pruned and with its controls; store accuracies and pictures.

    python -m tools.digits_runs

A quarter of an hour on one quiet core. Stopped, it goes on where it was.
"""

from functools import partial

from prunelab.base.host import provenance
from prunelab.base.json_files import save_record
from prunelab.experiments.digits import digits
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from tools.kept_rows import kept
from tools.stored_form import ROOT

TARGET = ROOT / "course" / "data" / "digits_runs.json"
WORK = ROOT / "course" / "runs" / "digits"
FORMAT = 1
SEEDS = range(8)
EPOCHS, BATCH, HIDDEN = 30, 32, (64, 32)
STEPS = 34 * EPOCHS  # 1,078 rows in batches of 32
BEGIN, END, FREQUENCY = 170, 680, 17
SHAKE, L2, SMALLER = 0.75, 1e-3, (22, 11)  # a quarter of the weights, about
# An arm: what its second phase does. The output layer is never pruned.
ARMS = {
    "dense": {"epochs": 0},
    "control": {},
    **{f"ramp_{percent}": {"sparsity": percent / 100} for percent in (50, 75, 90, 95)},
    **{f"cut_{percent}": {"epochs": 0, "cut": percent / 100} for percent in (50, 75, 90)},
    **{f"random_{percent}": {"sparsity": percent / 100, "random": True} for percent in (75, 90)},
    **{f"ramp_{percent}_l2": {"sparsity": percent / 100, "l2": L2} for percent in (75, 90)},
    "shake": {"shake": SHAKE},
    "l2": {"l2": L2},
    "smaller": {"hidden": SMALLER},
    "smaller_l2": {"hidden": SMALLER, "l2": L2},
}


def build(hidden, seed, l2=0.0):
    """A classifier of 64 pixels into ten classes, compiled with a fresh Adam."""
    from prunelab.networks import tf_keras

    layers, penalty = tf_keras.layers, tf_keras.regularizers.L2(l2) if l2 else None
    model = tf_keras.Sequential([tf_keras.Input((64,))])
    for at, units in enumerate((*hidden, 10)):
        name = f"hidden_{at + 1}" if at < len(hidden) else "output"
        start = tf_keras.initializers.HeNormal(seed=10 * seed + at)
        model.add(layers.Dense(units, None if name == "output" else "relu", name=name,
                               kernel_initializer=start, kernel_regularizer=penalty))  # fmt: skip
    compiled(model)
    return model


def compiled(model):
    """`model`, compiled for classes given as numbers, its outputs being logits."""
    from prunelab.networks import tf_keras

    loss = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(tf_keras.optimizers.Adam(1e-3), loss, metrics=["accuracy"])
    return model


def trained(
    arm, seed, rows, *, epochs=EPOCHS, hidden=HIDDEN, sparsity=0.0, shake=0.0, l2=0.0, cut=0.0,
    random=False,
):  # fmt: skip
    """The network of an arm after both phases, stripped.

    sparsity: the ramp's end; if random, of a mask drawn once and held from the first step on. cut:
    by magnitude, after training. shake: set to zero at random once, no mask. The output layer stays
    whole in all.
    """
    import numpy as np

    from prunelab import networks
    from prunelab.masks import magnitude_mask
    from prunelab.masks.patterns import random_mask
    from prunelab.networks import tf_keras, tfmot

    def fit(model, first, last, callbacks=()):
        tf_keras.utils.set_random_seed(1000 * seed + first)
        model.fit(rows.x_train, rows.y_train, batch_size=BATCH, initial_epoch=first, epochs=last,
                  callbacks=list(callbacks), verbose=0)  # fmt: skip
        return model

    dense = fit(build(hidden, seed), 0, EPOCHS)
    if cut:
        for layer in dense.layers[:-1]:
            kernel = layer.kernel.numpy()
            layer.kernel.assign(kernel * magnitude_mask(kernel, cut))
    if not epochs:
        return dense
    again = build(hidden, seed, l2)
    again.set_weights(dense.get_weights())
    if shake:
        for at, layer in enumerate(again.layers):
            kept = np.random.default_rng([seed, at]).random(layer.kernel.shape) >= shake
            layer.kernel.assign(layer.kernel.numpy() * kept)
    if not sparsity:
        return fit(again, EPOCHS, EPOCHS + epochs)
    ramp = PolynomialDecay(0.0, sparsity, BEGIN, END, frequency=FREQUENCY)
    if random:  # what is zero at the first step is the smallest, and stays zero
        for at, layer in enumerate(again.layers[:-1]):
            mask = random_mask(layer.kernel.shape, sparsity, seed, at)
            layer.kernel.assign(layer.kernel.numpy() * mask)
        ramp = ConstantSparsity(sparsity, begin_step=1, end_step=1, frequency=1)
    names = [layer.name for layer in again.layers[:-1]]
    pruned = compiled(networks.prune(again, ramp, layers=names))
    step = tfmot.sparsity.keras.UpdatePruningStep()
    return networks.strip(fit(pruned, EPOCHS, EPOCHS + epochs, [step]))


def outcome(arm, seed):
    """What an arm of a seed came to, as plain values."""
    import numpy as np

    from prunelab import networks

    rows = digits(seed)
    model = trained(arm, seed, rows, **ARMS[arm])
    kernels = networks.kernels(model)

    def accuracy(x, y):
        return float(np.mean(model(x, training=False).numpy().argmax(axis=1) == y))

    return {
        "arm": arm,
        "seed": seed,
        "train": accuracy(rows.x_train, rows.y_train),
        "val": accuracy(rows.x_val, rows.y_val),
        "test": accuracy(*rows.open_test()),
        "nonzeros": sum(int(np.count_nonzero(kernel)) for kernel in kernels.values()),
        # How many weights of each pixel are left, and their magnitude: 8 × 8, row by row.
        "left": np.count_nonzero(kernels["hidden_1"], axis=1).tolist(),
        "size": [round(float(v), 4) for v in np.abs(kernels["hidden_1"]).sum(axis=1)],
    }


def main():
    """Train what is missing, one after the other, then store all in one file."""
    from prunelab.networks.backend import THREADS

    rows = [
        kept(WORK / f"{arm}-{seed}.json", partial(outcome, arm, seed))
        for seed in SEEDS
        for arm in ARMS
    ]
    save_record({"format": FORMAT, "rows": rows, "provenance": provenance(THREADS)}, TARGET)
    print(f"stored in {TARGET.name}")


if __name__ == "__main__":
    main()
