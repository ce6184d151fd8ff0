"""A Keras 3 model that is steered while it trains: `fit` with the pruner, and nothing else."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from prunelab.experiments.results import DivergedError
from prunelab.live import LiveTraining, TrainedRun, TrainingControl, TrainingSettings
from prunelab.live.protocol import kernels_of as promised
from prunelab.masks.magnitude import kept_count
from prunelab.pruning import PruneLowMagnitude, live_trainer
from prunelab.pruning.kernels import kernels_of
from prunelab.schedules import PolynomialDecay, preflight
from tests.helpers.live_runs import until, without_seconds

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=10, frequency=2)
SETTINGS = TrainingSettings(RAMP, epochs=3, batch_size=10, learning_rate=0.01, seed=7)
STEPS = 5  # an epoch: 46 rows, the last batch holds six


def model(optimizer="adam", **compiled):
    keras.utils.set_random_seed(0)
    made = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(16, activation="relu", name="first"),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(3, name="head"),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile(optimizer, loss, **{"metrics": ["accuracy"]} | compiled)
    return made


def data():
    x = np.random.default_rng(0).normal(size=(86, 6)).astype("float32")
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 1)
    return x[:46], y[:46], x[46:], y[46:]


@pytest.fixture(scope="module")
def train():
    return live_trainer(model())


@pytest.fixture(scope="module")
def run(train):
    return train(SETTINGS, data())


def test_the_zeros_are_the_schedules_and_the_metrics_are_those_of_evaluate(train, run):
    sizes = {"first/kernel": 96, "head/kernel": 48}
    assert run.sparsity == {n: 1 - kept_count(s, 0.75) / s for n, s in sizes.items()}
    assert train.layers == {"first": 96, "head": 48}
    assert (train.metrics, train.loss) == (("accuracy",), "sparse categorical crossentropy")
    original = model()
    before = original.evaluate(*data()[2:], verbose=0, return_dict=True)
    assert run.dense == pytest.approx(before["loss"], rel=1e-5)
    assert run.dense_metrics["accuracy"] == pytest.approx(before["accuracy"])
    ended = train.network(run)
    hits = np.argmax(ended.predict(data()[2], verbose=0), axis=1) == data()[3]
    assert run.metrics["accuracy"] == pytest.approx(hits.mean())
    weights = [kernel.weight.numpy() for kernel in kernels_of(ended, output=True)]
    assert run.nonzeros == sum(map(np.count_nonzero, weights))
    assert [report.step for report in run.history] == [STEPS, 2 * STEPS, 3 * STEPS]
    # The masks of step 6 are found as soon as step 5 is done, from the weights it left.
    realised = preflight(RAMP, total_steps=STEPS + 1).realised
    zeros = sum(round(realised(size) * size) for size in sizes.values())
    assert run.history[0].realised_sparsity == pytest.approx(zeros / 144)
    assert TrainedRun.from_dict(run.to_dict()) == run
    assert promised(train, SETTINGS, None).zeros(SETTINGS.preflight(46)) == 144 - run.nonzeros


def test_it_is_what_the_readers_own_fit_with_the_pruner_gives():
    """The oracle: `fit` on the same rows in the same order, by hand, without dropout."""

    def plain():
        made = model(keras.optimizers.SGD(0.05, momentum=0.9), jit_compile=False)
        made.layers[1].rate = 0.0
        return made

    train = live_trainer(plain())
    run = train(replace(SETTINGS, learning_rate=0.05), data())
    mine, (x, y, *_) = plain(), data()

    def batches():
        for epoch in range(3):
            order = np.random.default_rng([7, epoch]).permutation(46)
            for start in range(0, 46, 10):
                yield x[order[start : start + 10]], y[order[start : start + 10]]

    pruner = PruneLowMagnitude(RAMP, prune_output=True)
    mine.fit(batches(), steps_per_epoch=STEPS, epochs=3, callbacks=[pruner], verbose=0)
    for ours, theirs in zip(train.network(run).get_weights(), mine.get_weights(), strict=True):
        assert np.array_equal(ours == 0, theirs == 0)
        assert ours == pytest.approx(theirs, abs=1e-6)


def test_the_same_settings_are_the_same_run_and_the_model_stays(train, run):
    train(replace(SETTINGS, seed=1, learning_rate=0.1), data())
    assert without_seconds(train(SETTINGS, data())) == without_seconds(run)
    assert without_seconds(live_trainer(model())(SETTINGS, data())) == without_seconds(run)
    assert train(replace(SETTINGS, seed=8), data()).weights_digest != run.weights_digest


def test_a_steered_run_follows_the_new_curve_and_is_replayed(train, run):
    def steering(report):
        if report.epoch == 1:
            control.steer(final_sparsity=0.9, end_step=14)

    control = TrainingControl()
    steered = train(SETTINGS, data(), control, steering)
    assert [each.step for each in steered.steerings] == [STEPS]
    assert steered.sparsity["first/kernel"] == pytest.approx(0.9, abs=0.5 / 96)
    assert steered.history[0].loss == run.history[0].loss
    zeros = [report.realised_sparsity for report in steered.history]
    assert zeros == sorted(zeros)
    stored = TrainedRun.from_dict(steered.to_dict())
    again = train(stored.settings, data(), TrainingControl.replaying(stored.steerings))
    assert without_seconds(again) == without_seconds(steered)


@pytest.mark.parametrize("stop_at", [0, 3, STEPS])
def test_a_stop_keeps_the_masks(stop_at, train):
    stopped = train(SETTINGS, data(), TrainingControl.replaying((), stop_at=stop_at))
    assert (stopped.stopped, stopped.steps) == (True, stop_at)
    if not stop_at:
        assert (stopped.validation_loss, stopped.metrics) == (stopped.dense, stopped.dense_metrics)
    held = {0: 0.0, 3: RAMP.sparsity(2), 5: RAMP.sparsity(4)}[stop_at]
    # The masks of the next update are on as soon as the step before it is done.
    late = RAMP.sparsity(stop_at + 1) if (stop_at + 1) % 2 == 0 else held
    assert stopped.sparsity["first/kernel"] == pytest.approx(float(late), abs=0.6 / 96)


def test_paused_and_stopped_from_another_thread(train):
    live = LiveTraining(train, replace(SETTINGS, epochs=10**5), data())
    live.start()
    until(lambda: live.reports)
    live.control.pause()
    until(lambda: live.state == "paused")
    step = live.control.step
    live.control.stop()
    assert live.join(60)
    assert (live.state, live.error, live.result.steps) == ("stopped", "", step)


def test_all_weights_ranked_together_and_chosen_layers(train):
    together = train(replace(SETTINGS, scope="global"), data())
    assert together.n_weights - together.nonzeros == 144 - kept_count(144, 0.75)
    assert len(set(together.sparsity.values())) == 2
    kernels = [k.weight.numpy() for k in kernels_of(train.network(together), output=True)]
    assert min(abs(w[w != 0]).min() for w in kernels) > 0
    alone = train(replace(SETTINGS, layers=("first",)), data())
    assert alone.sparsity["head/kernel"] == 0
    assert alone.left_dense == {"head/kernel": (48, "is not among the layers to prune")}
    blocks = train(replace(SETTINGS, block_size=(2, 4)), data())
    kernel = kernels_of(train.network(blocks))[0].weight.numpy() == 0
    grid = kernel.reshape(3, 2, 4, 4)
    assert (grid.all(axis=(1, 3)) == grid.any(axis=(1, 3))).all()
    assert blocks.left_dense["head/kernel"][1] == (
        "has a kernel that blocks of 2 × 4 do not divide"
    )


def test_two_inputs_by_position_and_by_name():
    keras.utils.set_random_seed(0)
    a, b = keras.Input((4,), name="wide"), keras.Input((2,), name="narrow")
    h = keras.layers.Concatenate()([keras.layers.Dense(8, name="of_wide")(a), b])
    both = keras.Model([a, b], keras.layers.Dense(1, name="head")(h))
    both.compile("sgd", "mse", metrics=["mae"])
    x, _, x_val, _ = data()
    y, y_val = x.sum(axis=1), x_val.sum(axis=1)
    train = live_trainer(both)
    run = train(SETTINGS, ([x[:, :4], x[:, 4:]], y, [x_val[:, :4], x_val[:, 4:]], y_val))
    error = train.network(run).predict([x_val[:, :4], x_val[:, 4:]], verbose=0)[:, 0] - y_val
    assert run.metrics["mae"] == pytest.approx(np.abs(error).mean(), rel=1e-5)
    named = [{"wide": part[:, :4], "narrow": part[:, 4:]} for part in (x, x_val)]
    assert train(SETTINGS, (named[0], y, named[1], y_val)).weights_digest == run.weights_digest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"layers": ("third",)}, "'third' names nothing that could be pruned"),
        ({"block_size": (7, 7)}, "divides no kernel"),
        ({"block_size": (4, 4), "layers": ("head",)}, "does not divide the kernel of 'head'"),
        ({"block_size": (2, 2), "scope": "global"}, "scope='global' ranks single weights"),
        ({"batch_size": 47}, "46 training rows"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_any_step(change, says, train):
    control = TrainingControl()
    with pytest.raises(ValueError, match=says) as caught:
        train(replace(SETTINGS, **change), data(), control)
    assert control.step == 0
    assert len(str(caught.value)) < 300


def test_models_and_data_that_do_not_fit_are_refused_in_one_sentence(train):
    x, y, *validation = data()
    for wrong, says in [
        ((x, y), "write \\(x, y, x_val, y_val\\)"),
        ((x, y[:9], *validation), r"y has shape \(9,\): 46 rows of x need as many"),
        ((x * np.nan, y, *validation), "x holds NaN"),
    ]:
        with pytest.raises((TypeError, ValueError), match=says):
            train(SETTINGS, wrong)
    one = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])
    one.compile("adam", "mse")
    twice = x, np.stack([y, y], 1), *validation
    with pytest.raises(ValueError, match=r"y has shape \(46, 2\): this model gives \(1,\)"):
        live_trainer(one)(SETTINGS, twice)
    with pytest.raises(TypeError, match="write a compiled model of Keras 3"):
        live_trainer(3)
    with pytest.raises(ValueError, match="not compiled"):
        live_trainer(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
    with pytest.raises(DivergedError, match="lower learning_rate"):
        live_trainer(model("sgd"))(replace(SETTINGS, learning_rate=1e30), data())
