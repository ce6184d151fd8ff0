"""Train pruned networks of the twin for int8, with the zeros preserved and without; store them.

    python -m tools.quantised_runs

Some minutes on one quiet core. Stopped, it goes on where it was. All arms begin from one network of
a seed, pruned to 75 % in its hidden layers, and end in one kind of file: int8 weights and
activations, the scales of the activations from training rows.
"""

from functools import lru_cache, partial

import numpy as np

from prunelab.base.host import provenance
from prunelab.base.json_files import save_record
from prunelab.experiments import data
from prunelab.plans import PLANS
from tools.kept_rows import kept
from tools.stored_form import ROOT

TARGET = ROOT / "course" / "data" / "quantised_runs.json"
WORK = ROOT / "course" / "runs" / "quantised"
FORMAT = 1
SEEDS = range(8)
EPOCHS, RATE = 20, 1e-3
PRUNED = ("hidden_1", "hidden_2")
CALIBRATION = 200  # training rows
# An arm: what happens between pruning and the file.
ARMS = {
    "rounded": "rounded at once",
    "free": "trained on in float, no mask",
    "masked": "trained on in float, mask held",
    "aware": "quantisation-aware",
    "preserving": "quantisation-aware, zeros preserved",
    "preserving_apart": "the same, each ReLU a layer of its own",
}


@lru_cache(maxsize=1)
def pruned(seed):
    """The pruned network of a seed, stripped: the plan `structures`, its arm `hidden_75`."""
    from prunelab import networks

    config = PLANS["structures"].arm("hidden_75")
    dense = networks.build(config.n_features, config.hidden, seed=seed)
    dense.set_weights(networks.train_dense(config, seed).weights)
    model = networks.prune(dense, config.schedule, layers=PRUNED)
    networks.train(
        model,
        data.twin(seed),
        epochs=config.more_epochs,
        batch_size=config.batch_size,
        seed=seed,
        first_epoch=config.dense_epochs,
    )
    return networks.strip(model)


def trained(start, arm, seed, epochs=EPOCHS):
    """A copy of `start`, trained on as the arm says; the copy's layers have its own variables."""
    from prunelab import networks
    from prunelab.networks import tf_keras, tfmot, training
    from prunelab.schedules import ConstantSparsity

    model = networks.build(125, (128, 128), seed=seed)
    model.set_weights(start.get_weights())
    if arm == "rounded":
        return model
    rows, callbacks = data.twin(seed), []
    if arm == "masked":  # at the first step, and for good: the zeros that are there
        once = ConstantSparsity(0.75, begin_step=1, end_step=1, frequency=1)
        model = networks.prune(model, once, layers=PRUNED)
        callbacks = [tfmot.sparsity.keras.UpdatePruningStep()]
    elif arm != "free":
        keras = tfmot.quantization.keras
        keeps = keras.collab_opts.Default8BitPrunePreserveQuantizeScheme()
        schemes = {} if arm == "aware" else {"scheme": keeps}
        model = model if arm == "preserving_apart" else with_activations(model)
        model = keras.quantize_apply(keras.quantize_annotate_model(model), **schemes)
    model.compile(tf_keras.optimizers.Adam(RATE), "mse")
    batches = training.batches(rows.x_train, rows.y_train, batch_size=128, epochs=epochs, seed=seed,
                               first_epoch=80)  # fmt: skip
    model.fit(batches, epochs=epochs, steps_per_epoch=8, callbacks=callbacks, verbose=0)
    return networks.strip(model) if arm == "masked" else model


def with_activations(model):
    """A copy in which each hidden layer has its ReLU as activation; it computes the same.

    tfmot gives a Dense layer with a ReLU layer behind it no instructions (`NoOpQuantizeConfig`), so
    that its weights are neither rounded in training nor kept at zero.
    """
    from prunelab import networks
    from prunelab.networks import tf_keras

    copy = tf_keras.Sequential([tf_keras.Input(model.input_shape[1:])])
    for name, kernel in networks.kernels(model).items():
        activation = None if name == "output" else "relu"
        copy.add(tf_keras.layers.Dense(kernel.shape[1], activation, name=name))
    copy.set_weights(model.get_weights())
    return copy


def converted(model, rows):
    """The bytes of the .tflite file with int8 weights and activations, whatever trained `model`."""
    from prunelab.networks.backend import _silence
    from prunelab.networks.backend import tensorflow as tf

    def examples():
        for row in rows.x_train[:CALIBRATION].astype(np.float32):
            yield [row[None]]

    with _silence():
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = examples
        return converter.convert()


def stored_zeros(content, shapes):
    """The zeros of each int8 kernel in a .tflite file, in the order of `shapes`, of Keras' kernels.

    The kernels lie there transposed; ValueError if a shape is not found exactly once.
    """
    from prunelab.footprint.tflite import _classes

    found = _classes()[0](model_content=content)
    found.allocate_tensors()
    constants = [
        each for each in found.get_tensor_details()
        if each["dtype"] == np.int8 and len(each["shape"]) == 2 and each["shape"][0] != 1
    ]  # fmt: skip
    counts = []
    for inputs, units in shapes:
        same = [each for each in constants if tuple(each["shape"]) == (units, inputs)]
        if len(same) != 1:
            raise ValueError(f"{len(same)} int8 kernels of {units} × {inputs} in the file, not 1")
        counts.append(int(np.sum(found.get_tensor(same[0]["index"]) == 0)))
    return counts


def outcome(arm, seed):
    """What an arm of a seed came to, as plain values."""
    from gzip import compress

    from prunelab.footprint import tflite
    from prunelab.masks import mean_squared_error

    rows = data.twin(seed)
    x, y = rows.x_val.astype(np.float32), rows.y_val[:, None]
    model = trained(pruned(seed), arm, seed)
    content = converted(model, rows)
    shapes = ((125, 128), (128, 128))
    size = sum(inputs * units for inputs, units in shapes)
    return {
        "arm": arm,
        "seed": seed,
        "zeros": sum(stored_zeros(content, shapes)) / size,
        "model_mse": mean_squared_error(model(x, training=False).numpy(), y),
        "int8_mse": mean_squared_error(tflite.predict(content, x), y),
        "bytes": len(content),
        "gzip_bytes": len(compress(content, 6)),
    }


def main():
    """Train what is missing, one after the other, then store all in one file."""
    from prunelab.networks.backend import THREADS

    rows = [
        kept(WORK / f"{arm}-{seed}.json", partial(outcome, arm, seed))
        for seed in SEEDS
        for arm in ARMS
    ]
    record = {"format": FORMAT, "arms": ARMS, "rows": rows, "provenance": provenance(THREADS)}
    save_record(record, TARGET)
    print(f"stored in {TARGET.name}")


if __name__ == "__main__":
    main()
