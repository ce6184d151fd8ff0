"""Six kinds of networks of one's own: preflight, a plan, a search, bytes and the bench of each."""

import warnings

import numpy as np
import pytest

from prunelab import footprint
from prunelab.experiments import Experiment
from prunelab.live import TrainingSettings
from prunelab.networks import kernels, live_trainer
from prunelab.networks.backend import tf_keras
from prunelab.plans import ArmTrial, Plan, run_plan
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.search import Real, Space, search

layers, Input, Model = tf_keras.layers, tf_keras.Input, tf_keras.Model
RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=6, frequency=2)
ROWS, BATCH = 32, 8
CLASSES = tf_keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def regression():
    inputs = Input((10,))
    hidden = layers.Dense(16, "relu", name="hidden_1")(inputs)
    return Model(inputs, layers.Dense(1, name="output")(hidden))


def mlp():
    inputs = Input((64,))
    return Model(inputs, layers.Dense(10)(layers.Dense(12, "relu")(inputs)))


def cnn():
    inputs = Input((8, 8, 1))
    hidden = layers.BatchNormalization()(layers.Conv2D(4, 3, use_bias=False)(inputs))
    return Model(inputs, layers.Dense(10)(layers.Flatten()(layers.ReLU()(hidden))))


def lstm():
    inputs = Input((8, 8))
    return Model(inputs, layers.Dense(10)(layers.LSTM(6, name="lstm")(inputs)))


def two_inputs():
    first, second = Input((10,), name="first"), Input((3,), name="second")
    joined = layers.Concatenate()([layers.Dense(8, "relu")(first), second])
    return Model([first, second], layers.Dense(10)(joined))


def transformer():
    inputs = Input((8, 8))
    attended = layers.MultiHeadAttention(2, 4, name="attention")(inputs, inputs)
    inner = layers.LayerNormalization()(layers.Add()([inputs, attended]))
    forward = layers.Dense(8)(layers.Dense(16, "relu")(inner))
    outer = layers.LayerNormalization()(layers.Add()([inner, forward]))
    return Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling1D()(outer)))


KINDS = {kind.__name__: kind for kind in (regression, mlp, cnn, lstm, two_inputs, transformer)}
DENSE = {"transformer": "attention"}  # what tfmot leaves, beside what it prunes


def build_of(name):
    def build(seed):
        model = KINDS[name]()
        if name == "regression":
            model.compile("adam", "mse", metrics=["mae"])
        else:
            model.compile("adam", CLASSES, metrics=["accuracy"])
        return model

    return build


def data_of(name):
    shapes = [tensor.shape[1:] for tensor in KINDS[name]().inputs]

    def part(random):
        x = [random.normal(size=(ROWS, *shape)).astype(np.float32) for shape in shapes]
        y = random.normal(size=ROWS) if name == "regression" else random.integers(0, 10, ROWS)
        return (x if len(x) > 1 else x[0]), y

    def data(seed):
        random = np.random.default_rng(seed)
        return part(random), part(random)

    return data


@pytest.mark.parametrize("name", KINDS)
def test_the_whole_way(name, tmp_path):
    build, data = build_of(name), data_of(name)
    (x, y), (x_val, y_val) = data(0)
    model = build(0)
    flight = preflight(RAMP, model=model, data=(x, y), batch_size=BATCH, epochs=2)
    promised = {kernel.name: kernel.zeros for kernel in flight.kernels}
    assert [k.name for k in flight.kernels if k.dense_because and DENSE.get(name, "?") not in k.name
            ] == []  # fmt: skip
    mine = Experiment(name, build, data, epochs=1, more_epochs=2, batch_size=BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = Plan(name, "", mine.arms(RAMP, ["control", "pruned"]), (0,))
        control, pruned = run_plan(plan, tmp_path).runs
        space = Space(base=None, steps_per_epoch=4, epochs=2, final_sparsity=Real(0.5, 0.9))
        storage = tmp_path / "own.journal"
        goals = ("val_loss", "nonzeros")
        found = search(space, 1, goals, evaluate=ArmTrial(mine), storage=storage)
    assert list(pruned.zeros.values()) == list(promised.values())
    assert pruned.zeros.keys() == control.zeros.keys()
    assert not any(control.zeros.values())
    assert len(found.of("complete")) == 1
    rows = footprint.weigh(model, x_val, formats=("keras", "gzip"))
    assert all(row.status == "right" for row in rows)
    settings = TrainingSettings(RAMP, epochs=2, batch_size=BATCH, seed=0)
    if name == "two_inputs":
        with pytest.raises(ValueError, match="2 inputs and 1 outputs"):
            live_trainer(model)
        return
    record = live_trainer(model)(settings, (x, y, x_val, y_val))
    zeros = sum(promised.values())
    total = sum(kernel.size for kernel in kernels(model).values())
    assert record.nonzeros == total - zeros
