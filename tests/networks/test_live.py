"""Live training: the bits of the course's own runs, steering, any compiled model."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.exercises.tune_the_schedule import numpy_twin
from prunelab.experiments import ExperimentConfig, runs
from prunelab.experiments import data as datasets
from prunelab.experiments.results import DivergedError
from prunelab.live import LiveTraining, TrainingControl, TrainingSettings
from prunelab.live.protocol import layers_of
from prunelab.networks import live_course
from prunelab.networks.live import networks
from prunelab.networks.live.checks import chosen_layers, fits_all
from prunelab.networks.live.networks import LiveNetwork
from prunelab.networks.optimizers import Recipe
from prunelab.networks.pool import Pool
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight
from prunelab.schedules.steering import Steering
from tests.helpers.live_runs import without_seconds

keras = k.tf_keras
ROWS, FEATURES, BATCH, EPOCHS = 160, 6, 10, 4
STEPS = 16 * EPOCHS
RAMP = PolynomialDecay(0.0, 0.75, begin_step=4, end_step=40, frequency=4)
SETTINGS = TrainingSettings(RAMP, epochs=EPOCHS, batch_size=BATCH, seed=7)


def dense_model(optimizer="adam", loss="mse", compiled=True, **options):
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            layers.Dense(16, activation="relu", name="first", **options),
            layers.Dense(8, activation="relu", name="second"),
            layers.Dense(1, name="head"),
        ]
    )
    if compiled:
        model.compile(optimizer, loss)
    return model


def rows(seed=0, n=ROWS):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n + 40, FEATURES))
    y = np.tanh(x @ rng.normal(size=FEATURES))
    return x[:n], y[:n], x[n:], y[n:]


DATA = rows()


@pytest.fixture(scope="module")
def train():
    return k.live_trainer(dense_model())


# --- the course's networks


def test_it_is_what_the_courses_own_run_makes_of_the_same_settings(tmp_path):
    """The oracle: `networks.run`, which goes through Keras' `fit` and another network."""
    schedule = PolynomialDecay(0.0, 0.75, begin_step=16, end_step=64, frequency=8)
    config = ExperimentConfig(
        "tiny", "twin", (128, 128), 128, dense_epochs=12, more_epochs=12, schedule=schedule
    )
    result = k.run(config, 0, tmp_path, keep_weights=True)
    weights = runs.load_weights(config, 0, tmp_path)
    course, data = live_course(dense_epochs=12), datasets.twin(0)
    run = course(TrainingSettings(schedule, epochs=12, batch_size=128, seed=0), data)
    network = course.network(run)
    found = k.kernels(network)
    found |= {f"{name}_bias": network.get_layer(name).bias.numpy() for name in tuple(found)}
    assert {name: kernel.tobytes() for name, kernel in found.items()} == {
        name: kernel.tobytes() for name, kernel in weights.items()
    }
    assert run.sparsity == result.sparsity
    losses = [report.loss for report in run.history]
    assert losses == pytest.approx(result.second.loss, rel=1e-6)
    validation = [report.validation_loss for report in run.history]
    assert validation == pytest.approx(result.second.val_loss, rel=1e-5)
    assert run.dense == pytest.approx(result.dense_val.mse, rel=1e-5)
    assert run.validation_loss == pytest.approx(result.val.mse, rel=1e-5)
    assert layers_of(course, data) == config.kernel_sizes


def test_the_dense_network_is_trained_once_for_data_and_seed():
    course, data = live_course(dense_epochs=2), datasets.twin(1)
    control = TrainingControl()
    weights = course.dense(data, 3, control)
    assert (control.state, control.busy) == ("running", "")
    assert course.dense(data, 3) is weights
    assert not np.array_equal(course.dense(data, 4)[0], weights[0])
    assert len(live_course(0).dense(data, 3)) == 6


def test_a_stop_reaches_the_dense_training_too():
    live = LiveTraining(live_course(2000), replace(SETTINGS, batch_size=128), datasets.twin(0))
    live.start()
    ends = time.monotonic() + 60
    while not live.control.busy.endswith("epochs"):
        assert time.monotonic() < ends
        time.sleep(0.01)
    live.control.stop()
    assert live.join(30)
    assert (live.state, live.error, live.result) == ("stopped", "", None)


def test_the_exercises_twin_in_numpy_is_this_one():
    """The same first weights, rows and schedule: the same network, but for the last digits."""
    schedule = PolynomialDecay(0.0, 0.75, begin_step=8, end_step=64, frequency=8)
    course, data = live_course(0), datasets.twin(0)
    run = course(TrainingSettings(schedule, epochs=12, batch_size=128, seed=0), data)
    theirs = course.network(run).get_weights()
    ours = [array.copy() for array in course.dense(data, 0)]
    x, y, x_val, y_val = numpy_twin._rows(0)
    numpy_twin.train(ours, x, y, 1e-3, [0], schedule, epochs=12)
    error = np.mean((numpy_twin.forward(ours, x_val)[-1] - y_val) ** 2)
    assert error == pytest.approx(run.validation_loss, rel=2e-3)
    for mine, other in zip(ours[::2], theirs[::2], strict=True):
        assert np.mean((mine == 0) != (other == 0)) < 2e-3
        assert np.abs(mine - other).mean() < 1e-4


@pytest.mark.parametrize("data", [DATA, None, "twin"])
def test_other_data_than_the_courses_are_refused(data):
    for act in (lambda: k.train_live(SETTINGS, data), lambda: layers_of(k.train_live, data)):
        with pytest.raises(TypeError, match="live_trainer"):
            act()


# --- any compiled model


def test_it_prunes_a_copy_and_reports_what_keras_would():
    model = dense_model()
    before = [array.copy() for array in model.get_weights()]
    train, reports = k.live_trainer(model), []
    run = train(SETTINGS, DATA, TrainingControl(), reports.append)
    assert all(map(np.array_equal, before, model.get_weights()))
    assert run.dense == pytest.approx(model.evaluate(*DATA[2:], verbose=0), rel=1e-5)
    pruned = train.network(run)
    pruned.compile("adam", "mse")
    assert run.validation_loss == pytest.approx(pruned.evaluate(*DATA[2:], verbose=0), rel=1e-5)
    assert tuple(reports) == run.history
    assert [report.step for report in reports] == [16, 32, 48, 64]
    assert not run.stopped
    assert run.seconds > 0
    assert k.sparsities(pruned) == run.sparsity
    realised = preflight(RAMP, total_steps=STEPS).realised
    assert run.sparsity == {name: realised(size) for name, size in train.layers.items()}
    assert run.n_weights == sum(train.layers.values()) == 16 * 6 + 16 * 8 + 8
    assert run.nonzeros == sum(np.count_nonzero(kernel) for kernel in k.kernels(pruned).values())


def test_it_is_what_fit_and_tfmot_make_of_the_same_batches():
    """The oracle: Keras' `fit` with tfmot's own schedule and callback, in the reader's way."""
    model = dense_model(keras.optimizers.SGD(0.05, momentum=0.9))
    train = k.live_trainer(model)
    run = train(replace(SETTINGS, learning_rate=0.05), DATA)
    wrapped = k.prune(model, RAMP)
    wrapped.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    history = wrapped.fit(
        k.batches(*DATA[:2], batch_size=BATCH, epochs=EPOCHS, seed=7),
        epochs=EPOCHS,
        steps_per_epoch=16,
        callbacks=[k.tfmot.sparsity.keras.UpdatePruningStep()],
        verbose=0,
    )
    ours, theirs = k.kernels(train.network(run)), k.kernels(k.strip(wrapped))
    assert {name: a.tobytes() for name, a in ours.items()} == {
        name: a.tobytes() for name, a in theirs.items()
    }
    assert [r.loss for r in run.history] == pytest.approx(history.history["loss"], rel=1e-6)


def test_the_same_settings_are_the_same_run_whatever_was_before(train):
    first = train(SETTINGS, DATA)
    train(replace(SETTINGS, learning_rate=0.1, seed=1, batch_size=33), rows(5, 200))
    stopped = TrainingControl.replaying((), stop_at=24)
    train(SETTINGS, rows(6), stopped)
    with pytest.raises(DivergedError):
        train(replace(SETTINGS, learning_rate=1e30), DATA)
    assert without_seconds(train(SETTINGS, DATA)) == without_seconds(first)
    assert without_seconds(k.live_trainer(dense_model())(SETTINGS, DATA)) == without_seconds(first)
    others = [replace(SETTINGS, seed=8), replace(SETTINGS, learning_rate=2e-3)]
    digests = {train(other, DATA).weights_digest for other in others}
    assert len(digests | {first.weights_digest}) == 3


def test_a_steered_run_is_replayed_from_its_record_bit_for_bit(train):
    def steering(report):  # from the training's thread: at the same steps on any machine
        if report.epoch == 1:
            control.steer(final_sparsity=0.9, power=1)
        if report.epoch == 2:
            control.steer(end_step=60)

    control = TrainingControl()
    run = train(SETTINGS, DATA, control, steering)
    assert run.steerings == (
        Steering(16, final_sparsity=0.9, power=1),
        Steering(32, end_step=60),
    )
    assert run.sparsity["first"] == pytest.approx(0.9, abs=0.5 / 96)
    plain = train(SETTINGS, DATA)
    assert run.history[0].loss == plain.history[0].loss
    assert run.weights_digest != plain.weights_digest
    stored = type(run).from_dict(run.to_dict())
    again = train(stored.settings, DATA, TrainingControl.replaying(stored.steerings))
    assert without_seconds(again) == without_seconds(run)


def test_the_masks_follow_the_steered_curve_step_by_step(train):
    """Zeros after each epoch are those of the schedule in force, counted as tfmot does."""
    schedules = []

    def steering(report):
        if report.epoch == 1:
            control.steer(final_sparsity=0.9, end_step=64)
        schedules.append((report, control.schedule))

    control = TrainingControl()
    train(SETTINGS, DATA, control, steering)
    sizes = train.layers
    for report, schedule in schedules:
        realised = preflight(schedule, total_steps=report.step).realised
        zeros = sum(round(realised(size) * size) for size in sizes.values())
        assert report.realised_sparsity == pytest.approx(zeros / sum(sizes.values()))
    assert schedules[-1][0].realised_sparsity > 0.88


@pytest.mark.parametrize("stop_at", [0, 8, 16, 24])
def test_a_stop_keeps_the_mask(stop_at, train):
    """In mid-epoch too, where an optimizer's step has just made all weights dense."""
    schedule = replace(RAMP, begin_step=1, end_step=21)
    settings = replace(SETTINGS, schedule=schedule)
    run = train(settings, DATA, TrainingControl.replaying((), stop_at=stop_at))
    assert run.stopped
    assert run.steps == stop_at
    assert [report.epoch for report in run.history] == list(range(1, -(-stop_at // 16) + 1))
    realised = preflight(schedule, total_steps=max(stop_at, 1)).realised
    expected = {name: realised(size) * bool(stop_at) for name, size in train.layers.items()}
    assert run.sparsity == expected
    assert k.sparsities(train.network(run)) == expected
    if not stop_at:
        assert run.validation_loss == run.dense


def test_from_a_thread_paused_and_stopped(train):
    """While it is paused nothing moves, and the pause is not counted as training."""
    live = LiveTraining(train, replace(SETTINGS, epochs=10**5), DATA)
    live.start()
    ends = time.monotonic() + 60
    while len(live.reports) < 2:
        assert time.monotonic() < ends
        time.sleep(0.005)
    live.control.pause()
    while live.state != "paused":
        assert time.monotonic() < ends
        time.sleep(0.005)
    step = live.control.step
    time.sleep(0.5)
    assert live.control.step == step
    live.control.stop()
    assert live.join(30)
    assert (live.state, live.error) == ("stopped", "")
    assert live.result.stopped
    assert live.result.steps == step
    assert live.result.seconds < time.monotonic() - ends + 60 - 0.45
    run = live.result
    again = train(run.settings, DATA, TrainingControl.replaying((), stop_at=run.steps))
    assert without_seconds(again) == without_seconds(run)


def test_errors_in_the_thread_come_up_in_words(train, caplog):
    live = LiveTraining(train, SETTINGS, (*DATA[:3], DATA[3][:-1]))
    live.start()
    assert live.join(60)
    assert (live.state, live.error) == (
        "failed",
        "y_val has shape (39,): 40 rows of x_val need as many",
    )
    live = LiveTraining(train, replace(SETTINGS, learning_rate=1e30), DATA)
    live.start()
    assert live.join(60)
    assert "lower learning_rate" in live.error


def test_two_threads_at_once_are_as_one_after_the_other(train):
    cases = [SETTINGS, replace(SETTINGS, seed=8)]
    expected = [without_seconds(train(case, DATA)) for case in cases]
    trainings = [LiveTraining(train, case, DATA) for case in cases]
    for training in trainings:
        training.start()
    for training in trainings:
        assert training.join(120)
    assert [without_seconds(training.result) for training in trainings] == expected


def test_chosen_layers_and_blocks():
    train = k.live_trainer(dense_model())
    run = train(replace(SETTINGS, layers=("second",)), DATA)
    assert [name for name, sparsity in run.sparsity.items() if sparsity] == ["second"]
    assert run.history[-1].realised_sparsity == run.sparsity["second"]
    assert run.total_sparsity == pytest.approx(96 / 232)
    run = train(replace(SETTINGS, block_size=(2, 4)), DATA)
    assert run.sparsity["head"] == 0
    kernels = k.kernels(train.network(run))
    for name in ("first", "second"):
        rows, columns = kernels[name].shape
        blocks = (kernels[name] == 0).reshape(rows // 2, 2, columns // 4, 4)
        assert (blocks.all(axis=(1, 3)) == blocks.any(axis=(1, 3))).all()
        assert run.sparsity[name] == pytest.approx(0.75)


def test_constant_sparsity_and_a_single_cut():
    train = k.live_trainer(dense_model())
    cut = ConstantSparsity(0.5, begin_step=1, end_step=1, frequency=1)
    run = train(replace(SETTINGS, schedule=cut), DATA)
    assert {report.realised_sparsity for report in run.history} == {0.5}


def labelled():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 8, 8, 1)).astype(np.float32)
    return x[:80], x.sum(axis=(1, 2, 3))[:80] > 0, x[80:], x.sum(axis=(1, 2, 3))[80:] > 0


def test_a_convolutional_classifier_with_dropout_and_batch_norm_is_repeatable():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    inputs = keras.Input((8, 8, 1))
    h = layers.Conv2D(4, 3, activation="relu", name="conv")(inputs)
    h = layers.BatchNormalization()(h)
    h = layers.Flatten()(h)
    h = layers.Dropout(0.5)(h)
    model = keras.Model(inputs, layers.Dense(2, name="logits")(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.legacy.Adam(), loss, metrics=["accuracy"])
    train, data = k.live_trainer(model), labelled()
    run = train(SETTINGS, data)
    assert train.layers == {"conv": 36, "logits": 288}
    assert run.dense == pytest.approx(model.evaluate(*data[2:], verbose=0)[0], rel=1e-4)
    assert without_seconds(train(SETTINGS, data)) == without_seconds(run)
    other = train(replace(SETTINGS, seed=8), data)
    assert other.weights_digest != run.weights_digest
    # The seed decides what is dropped: with one batch an epoch, the order of rows does not matter.
    whole = replace(SETTINGS, batch_size=80, epochs=2)
    losses = [train(replace(whole, seed=seed), data).history[0].loss for seed in (1, 2)]
    assert abs(losses[0] - losses[1]) > 1e-4


def test_frozen_layers_are_left_alone():
    model = dense_model()
    model.get_layer("first").trainable = False
    model.compile("adam", "mse")
    train = k.live_trainer(model)
    assert list(train.layers) == ["second", "head"]
    run = train(SETTINGS, DATA)
    assert run.sparsity["first"] == 0
    assert np.array_equal(k.kernels(train.network(run))["first"], k.kernels(model)["first"])
    with pytest.raises(ValueError, match="'first' cannot be pruned"):
        train(replace(SETTINGS, layers=("first",)), DATA)


def test_a_layer_called_twice_is_left_alone():
    """tfmot counts each call of it as a step, so its masks would be through in half the time."""
    layers = keras.layers
    inputs, twice = keras.Input((FEATURES,)), layers.Dense(FEATURES, "relu", name="twice")
    outputs = layers.Dense(1, name="head")(twice(twice(inputs)))
    model = keras.Model(inputs, outputs)
    model.compile("adam", "mse")
    train = k.live_trainer(model)
    assert train.layers == {"head": FEATURES}
    assert train(SETTINGS, DATA).sparsity["twice"] == 0.0
    with pytest.raises(ValueError, match=r"'twice' cannot be pruned .* or shared"):
        train(replace(SETTINGS, layers=("twice",)), DATA)


def cubed(y_true, y_pred):
    return keras.backend.mean(keras.backend.abs(y_true - y_pred) ** 3, axis=-1)


class Cubed(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return cubed(y_true, y_pred)


@pytest.mark.parametrize("loss", [cubed, Cubed(), {"head": "mse"}, ["mse"]])
def test_any_loss_that_compile_takes(loss):
    model = dense_model(loss=loss)
    train = k.live_trainer(model)
    run = train(SETTINGS, DATA)
    assert run.dense == pytest.approx(model.evaluate(*DATA[2:], verbose=0), rel=1e-5)
    pruned = train.network(run)
    pruned.compile(loss=loss)
    assert run.validation_loss == pytest.approx(pruned.evaluate(*DATA[2:], verbose=0), rel=1e-5)


def test_a_loss_of_the_readers_own_that_takes_class_numbers():
    def of_classes(y_true, y_pred):
        return keras.losses.sparse_categorical_crossentropy(y_true, y_pred, from_logits=True)

    model = keras.Sequential([keras.Input((FEATURES,)), keras.layers.Dense(3)])
    x, y, x_val, y_val = DATA
    data = x, np.digitize(y, (-0.3, 0.3)), x_val, np.digitize(y_val, (-0.3, 0.3))
    model.compile("adam", of_classes)
    with pytest.raises(ValueError, match='must say "sparse" in its name'):
        k.live_trainer(model)(SETTINGS, data)
    of_classes.__name__ = "sparse_of_classes"
    run = k.live_trainer(model)(SETTINGS, data)
    assert run.dense == pytest.approx(model.evaluate(*data[2:], verbose=0), rel=1e-5)


def test_an_output_without_an_axis_is_compared_number_by_number():
    layers = [keras.Input((FEATURES,)), keras.layers.Dense(4), keras.layers.Dense(1)]
    model = keras.Sequential([*layers, keras.layers.Lambda(lambda y: y[:, 0])])
    model.compile("adam", "mse")
    run = k.live_trainer(model)(SETTINGS, DATA)
    assert run.dense == pytest.approx(
        float(np.mean((model.predict(DATA[2], verbose=0) - DATA[3]) ** 2)), rel=1e-5
    )


def test_the_learning_rate_is_the_settings_own():
    a, b = (k.live_trainer(dense_model(keras.optimizers.Adam(rate))) for rate in (1.0, 3.0))
    assert a(SETTINGS, DATA).weights_digest == b(SETTINGS, DATA).weights_digest
    assert (a.learning_rate, b.learning_rate) == (1.0, 3.0)


# --- what is refused, before any work


def subclassed():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(1)

        def call(self, x):
            return self.dense(x)

    model = Own()
    model.build((None, FEATURES))
    model.compile("adam", "mse")
    return model


def keras_3():
    import keras as newer

    return newer.Sequential([newer.Input((2,)), newer.layers.Dense(1)])


def frozen():
    model = dense_model(compiled=False)
    model.trainable = False
    model.compile("adam", "mse")
    return model


def without_kernels():
    model = keras.Sequential([keras.Input((2,)), keras.layers.ReLU()])
    model.compile("adam", "mse")
    return model


def unbuilt():
    model = keras.Sequential([keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def pruned():
    model = k.prune(dense_model(), RAMP)
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: None, "tfmot knows only models of tf_keras"),
        (keras_3, "tfmot knows only models of tf_keras"),
        (unbuilt, "not built"),
        (lambda: dense_model(compiled=False), "not compiled"),
        (lambda: dense_model(loss=None), "without a loss"),
        (subclassed, "subclassed Own"),
        (pruned, "pruned already"),
        (frozen, "no layer that can be pruned"),
        (without_kernels, "no layer that can be pruned"),
    ],
)
def test_models_that_cannot_be_trained_live_are_refused_in_one_sentence(make, says):
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        k.live_trainer(make())
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def changed(at, change):
    arrays = list(DATA)
    arrays[at] = change(arrays[at].copy())
    return tuple(arrays)


def with_nan(array):
    array[3] = np.nan
    return array


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (DATA[:3], r"write \(x, y, x_val, y_val\)"),
        (None, r"write \(x, y, x_val, y_val\)"),
        (changed(0, with_nan), "x holds NaN"),
        (changed(1, with_nan), "y holds NaN"),
        (changed(2, with_nan), "x_val holds NaN"),
        (changed(3, with_nan), "y_val holds NaN"),
        (changed(0, lambda x: x[:, :5]), r"x has shape \(160, 5\): this model wants \[rows, 6\]"),
        (changed(0, lambda x: x[0]), "x has shape"),
        (changed(0, lambda x: x[:0]), "x has shape"),
        (changed(1, lambda y: y[:9]), r"y has shape \(9,\)"),
        (changed(1, lambda y: np.stack([y, y], 1)), r"y has shape \(160, 2\): this model gives"),
        (changed(1, lambda y: y.astype(str)), "y has dtype"),
        (changed(0, lambda x: [[1], [2, 3]]), "x has dtype"),
        (changed(0, lambda x: x * 1e300), "beyond float32"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_any_step(data, says, train):
    control = TrainingControl()
    with pytest.raises((TypeError, ValueError), match=says) as caught:
        train(SETTINGS, data, control)
    assert len(str(caught.value)) < 300
    assert (control.state, control.step, control.schedule) == ("failed", 0, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"batch_size": 161}, "160 training rows"),
        ({"layers": ("third",)}, "'third' is not in the model"),
        ({"block_size": (4, 1)}, None),
        ({"block_size": (4, 1), "layers": ("first",)}, "does not divide the kernel"),
        ({"block_size": (7, 7)}, "divides no kernel"),
        ({"block_size": (1, 16), "layers": ("first",)}, "does not divide the kernel"),
        ({"block_size": (6, 1)}, "at least 2 × 2 blocks"),
        ({"schedule": replace(RAMP, end_step=4)}, "no length"),
    ],
)
def test_settings_that_do_not_fit_are_refused_before_any_step(change, says, train):
    settings = replace(SETTINGS, **change)
    if says is None:  # (4, 1) divides the second kernel, so that one is pruned
        assert train(settings, DATA).sparsity["second"] == 0.75
        return
    with pytest.raises(ValueError, match=says) as caught:
        train(settings, DATA)
    assert len(str(caught.value)) < 300


def test_wrong_arguments_are_refused(train):
    for arguments in (({}, DATA), (SETTINGS, DATA, "control"), (SETTINGS, DATA, None, "report")):
        with pytest.raises(TypeError, match="write a"):
            train(*arguments)
    with pytest.raises(ValueError, match="only the networks of the last"):
        train.network(None)
    with pytest.raises(TypeError, match="code="):
        k.live_trainer(dense_model(), code=3)


def test_only_layers_that_fit_are_chosen():
    shapes = {"a": ((8, 8),), "b": ((8, 1),), "c": ((3, 3, 8, 8),), "d": ((8, 8), (4, 8))}

    def fitting(block):
        return [name for name, each in shapes.items() if fits_all(each, block)]

    assert fitting((1, 1)) == ["a", "b", "c", "d"]
    assert fitting((2, 1)) == fitting((1, 4)) == ["a", "d"]
    assert fitting((4, 1)) == ["a"], "tfmot stops at one row of blocks"
    assert not fitting((1, 8)), "and at one column of blocks"
    backwards = replace(SETTINGS, layers=("c", "a"))
    assert chosen_layers(backwards, shapes, {}) == ("a", "c")


def test_the_code_makes_the_same_function_again():
    for train in (k.train_live, live_course(3), k.live_trainer(dense_model())):
        names = {"model": dense_model()}
        exec(train.name, names)
        assert type(names["train"]) is type(train)
        assert getattr(names["train"], "dense_epochs", 0) == getattr(train, "dense_epochs", 0)
    assert k.live_trainer(dense_model(), code="train = mine()").name == "train = mine()"


# --- memory


def test_a_network_is_compiled_once_for_all_choices_of_layers(monkeypatch):
    made = []
    original = networks.LiveNetwork.__init__

    def counting(self, *arguments, **options):
        made.append(arguments[1:3])
        original(self, *arguments, **options)

    monkeypatch.setattr(networks.LiveNetwork, "__init__", counting)
    train = k.live_trainer(dense_model())
    settings = [
        replace(SETTINGS, layers=layers, block_size=block, epochs=1)
        for block, layers in [
            ((1, 1), ()),
            ((1, 1), ("second",)),
            ((4, 1), ()),
            ((1, 1), ("head",)),
        ]
    ]
    runs = [train(each, DATA) for each in settings]
    assert made == [(("first", "second", "head"), (1, 1)), (("second",), (4, 1))]
    pruned = [{name for name, zeros in run.sparsity.items() if zeros} for run in runs]
    assert pruned == [{"first", "second", "head"}, {"second"}, {"second"}, {"head"}]
    for key, network in train._pool._idle:
        assert [len(rows.numpy()) for rows in network._data] == [0] * 4, f"{key} keeps its rows"


@pytest.mark.parametrize("layers", [("first",), ("second", "head")])
def test_a_layer_left_whole_trains_as_if_it_had_no_wrapper(layers):
    """The oracle: a network in which tfmot wraps the chosen layers alone."""
    settings = replace(SETTINGS, layers=layers)
    run = k.live_trainer(dense_model())(settings, DATA)
    narrow = k.live_trainer(dense_model())
    narrow._shapes = {name: narrow._shapes[name] for name in layers}
    assert narrow(settings, DATA).weights_digest == run.weights_digest


class Held:
    """A network that only says how large it is."""

    proven = True

    def __init__(self, megabytes):
        self.megabytes = megabytes

    def release(self):
        pass


def test_few_networks_wait_and_of_large_ones_fewer():
    pool = Pool()
    for key in range(6):
        with pool.borrowed(key, lambda: Held(1)):
            pass
    assert [key for key, _ in pool._idle] == [2, 3, 4, 5]
    for key, megabytes in (("large", 50), ("larger", 60), ("largest", 500)):
        with pool.borrowed(key, lambda megabytes=megabytes: Held(megabytes)):
            pass
        waits = [key for key, _ in pool._idle]
        assert waits[-1] == key
        assert pool._megabytes() <= 80 or waits == [key]


def test_a_network_says_how_large_it_is_and_keeps_no_zeros():
    model = dense_model()
    network = LiveNetwork(
        model, ("first", "second"), (1, 1),
        Recipe.of(keras.optimizers.Adam()), {"loss": "mse"},
    )  # fmt: skip
    weights = sum(np.prod(array.shape) for array in model.get_weights())
    masks = FEATURES * 16 + 16 * 8
    assert network.megabytes == pytest.approx(4 * (3 * weights + masks) / 1e6, rel=0.05)
    assert all(value is None for value in network._fresh_optimizer if np.ndim(value))


def test_a_thread_that_was_never_here_leaves_nothing(train):
    before = threading.active_count()
    live = LiveTraining(train, SETTINGS, DATA)
    live.start()
    assert live.join(60)
    assert threading.active_count() == before
