"""An experiment of the reader's own with a network of Keras 3: the same arms, by the pruner."""

import keras
import numpy as np
import pytest

from prunelab.experiments import Experiment
from prunelab.masks.magnitude import kept_count
from prunelab.plans import Plan, load, run_plan
from prunelab.pruning import PruneLowMagnitude, engine
from prunelab.pruning.kernels import kernels_of
from prunelab.schedules import PolynomialDecay, preflight

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=8, frequency=2)
SIZES = {"a/kernel": 3 * 3 * 1 * 4, "b/kernel": 36 * 3}


def data(seed):
    random = np.random.default_rng(seed)
    x = random.normal(size=(60, 5, 5, 1)).astype("float32")
    y = (x[:, 0, 0, 0] > 0).astype(int) + (x[:, 1, 1, 0] > 0)
    return (x[:40], y[:40]), (x[40:], y[40:])


def build(seed):
    model = keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            keras.layers.Conv2D(4, 3, activation="relu", name="a"),
            keras.layers.Flatten(),
            keras.layers.Dense(3, name="b"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    mine = Experiment("mine", build, data, epochs=2, batch_size=10)
    folder = tmp_path_factory.mktemp("own")
    found = run_plan(Plan("mine", "", mine.arms(RAMP), (0,)), folder)
    assert load(found.plan, folder).runs == found.runs
    return {run.config.name: run for run in found.runs}


def test_every_control_is_what_its_name_says(results):
    cut = {name: size - kept_count(size, 0.75) for name, size in SIZES.items()}
    assert results["pruned"].zeros == results["random_mask"].zeros == cut
    assert results["output_whole"].zeros == cut | {"b/kernel": 0}
    for arm in ("dense", "control", "l2"):
        assert not any(results[arm].zeros.values())
    assert sum(results["shake"].zeros.values()) < sum(cut.values()) / 2
    assert sum(results["small"].sizes.values()) <= sum(SIZES.values()) - sum(cut.values())


def test_it_says_what_pruned_it_and_measures_what_was_compiled(results):
    run = results["pruned"]
    assert run.engine == f"Keras {keras.__version__} on {keras.backend.backend()}"
    assert set(run.val) == {"loss", "accuracy"}
    assert set(run.second.values) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert run.dense.loss == results["control"].dense.loss


def test_a_penalty_is_no_part_of_what_is_compared(tmp_path):
    mine = Experiment("mine", build, data, epochs=2, batch_size=10)
    (run,) = run_plan(Plan("mine", "", mine.arms(RAMP, ["l2"], l2=10.0), (0,)), tmp_path).runs
    assert run.second.loss[0] > 3 * run.second.val_loss[0]


def test_what_is_not_compiled_or_built_is_refused(tmp_path):
    def raw(seed):
        return keras.Sequential([keras.layers.Dense(3)])

    def uncompiled(seed):
        return keras.Sequential([keras.Input((5, 5, 1)), keras.layers.Flatten()])

    for bad, words in ((raw, "not built"), (uncompiled, "not compiled")):
        mine = Experiment("mine", bad, data, epochs=1)
        with pytest.raises(ValueError, match=f"build: its model is {words}"):
            run_plan(Plan("mine", "", mine.arms(RAMP), (0,)), tmp_path)


def test_arrays_that_keras_would_broadcast_are_refused():
    layers, x = keras.layers, np.ones((9, 4), np.float32)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    model.compile("adam", "mse")
    engine.check_data(model, x, np.ones((9, 3)), "training")
    with pytest.raises(ValueError, match=r"y of training has shape \(9,\): this model gives"):
        engine.check_data(model, x, np.ones(9), "training")
    with pytest.raises(
        ValueError, match=r"x of test has shape \(9, 2\): this model wants \[rows, 4\]"
    ):
        engine.check_data(model, x[:, :2], np.ones((9, 3)), "test")
    for loss in (
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        "ctc",
        keras.losses.CategoricalGeneralizedCrossEntropy(),
    ):
        model.compile("adam", loss)
        engine.check_data(model, x, np.ones(9), "training")
    for loss, says in (
        (lambda y, p: keras.ops.mean((y - p) ** 2), 'must say "sparse" in its name$'),
        (keras.losses.mean_squared_error, "number by number$"),
    ):
        model.compile("adam", loss)
        with pytest.raises(ValueError, match=says):
            engine.check_data(model, x, np.ones(9), "training")


def test_preflight_promises_what_the_pruner_leaves():
    model, (x, y) = build(0), data(0)[0]
    flight = preflight(RAMP, model=model, data=(x, y), batch_size=10, epochs=2)
    model.fit(x, y, batch_size=10, epochs=2, callbacks=[PruneLowMagnitude(RAMP)], verbose=0)
    values = {k.name: np.asarray(keras.ops.convert_to_numpy(k.weight)) for k in kernels_of(model)}
    left = {name: value.size - np.count_nonzero(value) for name, value in values.items()}
    assert {kernel.name: kernel.zeros for kernel in flight.kernels} == left
    assert "b/kernel stays dense, because it is the output" in flight.promise


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = keras.layers.Dense(6), keras.layers.Dense(1)

    def call(self, x):
        return self.last(self.first(x))


def test_preflight_promises_a_subclassed_model_the_zeros_that_the_callback_leaves():
    model, x = Subclassed(), np.ones((40, 5), np.float32)
    with pytest.raises(ValueError, match="model has no weights yet: call it on a batch"):
        preflight(RAMP, model=model, total_steps=10)
    model(x[:1])
    flight = preflight(RAMP, model=model, total_steps=10)
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], batch_size=4, verbose=0, callbacks=[PruneLowMagnitude(RAMP)])
    left = {k.name: k.size - np.count_nonzero(np.asarray(k.weight)) for k in kernels_of(model)}
    assert {kernel.name: kernel.zeros for kernel in flight.kernels} == left
    assert not flight.refusal
    assert sum(left.values())
