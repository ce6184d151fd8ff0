"""Train the networks without their weakest neurons, and store what became of them.

    python -m tools.cut_neurons [SEED …]

All eight seeds of the short plan where none is named, a minute each on a quiet core. Each begins as
the plan's dense arm, loses neurons at once, and is trained on as long as the plan's other arms.
"""

import sys

import numpy as np

from prunelab import footprint, networks, plans
from prunelab.experiments import data
from prunelab.footprint import CutRun, save_cut_runs, tflite
from prunelab.masks import Network, mean_squared_error

SPARSITIES = (0.75, 0.9, 0.95)


def cut(dense, config, seed, sparsity):
    """The `CutRun` of one dense network at one sparsity."""
    rows = data.load(config.data, seed)
    x, y = rows.x_val.astype(np.float32), rows.y_val[:, None]
    units = footprint.units_for(dense, sparsity)
    smaller = footprint.remove_neurons(dense, units=units)
    model = footprint.to_model(smaller)
    networks.train(
        model,
        rows,
        epochs=config.more_epochs,
        batch_size=config.batch_size,
        seed=seed,
        learning_rate=config.learning_rate,
        first_epoch=config.dense_epochs,
    )
    trained = footprint.as_network(model)
    content = tflite.convert(trained, "tflite_int8")
    return CutRun(
        seed=seed,
        sparsity=sparsity,
        units=units,
        at_once=mean_squared_error(smaller.forward(x), y),
        val_mse=mean_squared_error(trained.forward(x), y),
        int8_bytes=len(content),
        int8_mse=mean_squared_error(tflite.predict(content, x), y),
    )


def main(seeds):
    """Train and store seed after seed: whoever stops it keeps what is done."""
    plan = plans.PLANS["short"]
    config = plan.arm("control")
    for seed in seeds or plan.seeds:
        dense = Network(networks.train_dense(config, seed).weights)
        found = [cut(dense, config, seed, sparsity) for sparsity in SPARSITIES]
        print(*found, save_cut_runs(found), sep="\n", flush=True)


if __name__ == "__main__":
    main([int(word) for word in sys.argv[1:]])
