"""Six kinds of networks of one's own, on both engines: preflight, plan, search, bytes and bench."""

import warnings

import keras as keras_3
import numpy as np
import pytest

from prunelab import footprint
from prunelab.experiments import Experiment
from prunelab.live import TrainingSettings
from prunelab.masks.magnitude import kept_count
from prunelab.networks import live_trainer as of_tfmot
from prunelab.networks.backend import tf_keras
from prunelab.plans import ArmTrial, Plan, run_plan
from prunelab.pruning import live_trainer as of_keras_3
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.search import Real, Space, search

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=6, frequency=2)
ROWS, BATCH = 32, 8


def regression(keras):
    layers = keras.layers
    inputs = keras.Input((10,))
    hidden = layers.Dense(16, "relu", name="hidden_1")(inputs)
    return keras.Model(inputs, layers.Dense(1, name="output")(hidden))


def mlp(keras):
    layers = keras.layers
    inputs = keras.Input((64,))
    return keras.Model(inputs, layers.Dense(10, name="output")(layers.Dense(12, "relu")(inputs)))


def cnn(keras):
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    hidden = layers.BatchNormalization()(layers.Conv2D(4, 3, use_bias=False)(inputs))
    return keras.Model(
        inputs, layers.Dense(10, name="output")(layers.Flatten()(layers.ReLU()(hidden)))
    )


def lstm(keras):
    layers = keras.layers
    inputs = keras.Input((8, 8))
    return keras.Model(inputs, layers.Dense(10, name="output")(layers.LSTM(6, name="lstm")(inputs)))


def two_inputs(keras):
    layers = keras.layers
    first, second = keras.Input((10,), name="first"), keras.Input((3,), name="second")
    joined = layers.Concatenate()([layers.Dense(8, "relu")(first), second])
    return keras.Model([first, second], layers.Dense(10, name="output")(joined))


def transformer(keras):
    layers = keras.layers
    inputs = keras.Input((8, 8))
    attended = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    inner = layers.LayerNormalization()(layers.Add()([inputs, attended]))
    forward = layers.Dense(8)(layers.Dense(16, "relu")(inner))
    outer = layers.LayerNormalization()(layers.Add()([inner, forward]))
    return keras.Model(
        inputs, layers.Dense(10, name="output")(layers.GlobalAveragePooling1D()(outer))
    )


KINDS = {kind.__name__: kind for kind in (regression, mlp, cnn, lstm, two_inputs, transformer)}
LEFT_DENSE = {"tfmot": [], "keras 3": ["output/kernel"]}  # by `PruneLowMagnitude`, unless asked


def build_of(name, keras):
    def build(seed):
        model = KINDS[name](keras)
        if name == "regression":
            model.compile("adam", "mse", metrics=["mae"])
        else:
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("adam", loss, metrics=["accuracy"])
        return model

    return build


def data_of(name):
    shapes = [tensor.shape[1:] for tensor in KINDS[name](tf_keras).inputs]

    def part(random):
        x = [random.normal(size=(ROWS, *shape)).astype(np.float32) for shape in shapes]
        y = random.normal(size=ROWS) if name == "regression" else random.integers(0, 10, ROWS)
        return (x if len(x) > 1 else x[0]), y

    def data(seed):
        random = np.random.default_rng(seed)
        return part(random), part(random)

    return data


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("engine", ["tfmot", "keras 3"])
def test_the_whole_way(engine, name, tmp_path):
    keras, live_trainer = (tf_keras, of_tfmot) if engine == "tfmot" else (keras_3, of_keras_3)
    build, data = build_of(name, keras), data_of(name)
    (x, y), (x_val, y_val) = data(0)
    model = build(0)
    flight = preflight(RAMP, model=model, data=(x, y), batch_size=BATCH, epochs=2)
    promised = {kernel.name: kernel.zeros for kernel in flight.kernels}
    dense = [kernel.name for kernel in flight.kernels if kernel.dense_because]
    assert dense == LEFT_DENSE[engine]
    mine = Experiment("kind", build, data, epochs=1, more_epochs=2, batch_size=BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = Plan("kind", "", mine.arms(RAMP, ["control", "pruned"]), (0,))
        control, pruned = run_plan(plan, tmp_path).runs
        space = Space(base=None, steps_per_epoch=4, epochs=2, final_sparsity=Real(0.5, 0.9))
        storage = tmp_path / "own.journal"
        goals = ("val_loss", "nonzeros")
        found = search(space, 1, goals, evaluate=ArmTrial(mine), storage=storage)
        settings = TrainingSettings(RAMP, epochs=2, batch_size=BATCH, seed=0)
        record = live_trainer(model)(settings, (x, y, x_val, y_val))
    sizes = [kernel.size for kernel in flight.kernels]
    cut = [size - kept_count(size, 0.75) for size in sizes]  # the arm "pruned" prunes all
    assert list(pruned.zeros.values()) == cut
    assert [zeros for zeros in promised.values() if zeros] == cut[: len(cut) - len(dense)]
    assert pruned.zeros.keys() == control.zeros.keys()
    assert not any(control.zeros.values())
    assert pruned.val.keys() == {"loss", "mae" if name == "regression" else "accuracy"}
    assert len(found.of("complete")) == 1
    assert (record.n_weights, record.nonzeros) == (sum(sizes), sum(sizes) - sum(cut))
    assert record.metrics.keys() == record.dense_metrics.keys() == pruned.val.keys() - {"loss"}
    rows = footprint.weigh(model, x_val, formats=("keras", "gzip"))
    assert all(row.status == "right" for row in rows)
