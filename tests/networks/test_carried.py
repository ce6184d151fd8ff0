"""What a reader's model, optimizer, callbacks and targets carry: kept to the bit, or refused."""

import warnings
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments import ExperimentConfig
from prunelab.live import TrainingSettings
from prunelab.live.thread import in_words
from prunelab.networks.carried import SparseModelWarning
from prunelab.networks.live.checks import four_parts
from prunelab.networks.recording import RestoredWeightsWarning
from prunelab.schedules import PolynomialDecay
from tests.helpers.tfmot_oracle import fitted

keras, tfmot = k.tf_keras, k.tfmot
layers, optimizers = keras.layers, keras.optimizers
RAMP = PolynomialDecay(0.0, 0.8, begin_step=2, end_step=6, frequency=2)
SETTINGS = TrainingSettings(RAMP, epochs=2, batch_size=16, seed=3, learning_rate=1e-2)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype("float32")
Y = np.tanh(X[:, 0] - X[:, 1])
DATA = SimpleNamespace(x_train=X, y_train=Y, x_val=X, y_val=Y)


def net(optimizer="adam", loss="mse", units=1, inner=None, **options):
    keras.utils.set_random_seed(1)
    parts = [keras.Input((6,)), layers.Dense(8, "relu", name="d", **options)]
    model = (inner or keras.Sequential)([*parts, layers.Dense(units, name="o")])
    model.compile(optimizer, loss)
    return model


def refused(act, says, error=(TypeError, ValueError)):
    with pytest.raises(error, match=says) as caught:
        act()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 330


# --- optimizers

SCHEDULE = optimizers.schedules.ExponentialDecay
OPTIMIZERS = {
    **{
        name: lambda name=name: getattr(optimizers, name)(1e-2)
        for name in (
            "SGD", "Adam", "AdamW", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Ftrl",
            "Lion", "Adafactor",
        )
    },
    "legacy Nadam": lambda: optimizers.legacy.Nadam(1e-2),
    "legacy SGD": lambda: optimizers.legacy.SGD(1e-2, decay=0.1, momentum=0.9),
    "schedule": lambda: optimizers.SGD(SCHEDULE(1e-2, 2, 0.5)),
    "legacy schedule": lambda: optimizers.legacy.Adam(SCHEDULE(1e-2, 2, 0.5)),
    "warm-up": lambda: optimizers.Adam(
        optimizers.schedules.CosineDecay(0.0, 20, warmup_target=1e-2, warmup_steps=4)
    ),
}  # fmt: skip


# All were compared once; the others share their code with these.
WITH_FIT = {"Nadam", "Lion", "Adafactor", "legacy Nadam", "schedule", "warm-up"}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_every_optimizer_repeats_and_is_that_of_tfmots_fit(name):
    make = OPTIMIZERS[name]
    model = net(make())
    train = k.live_trainer(model)
    runs = [train(SETTINGS, (X, Y, X, Y)) for _ in range(3)]
    assert len({run.weights_digest for run in runs}) == 1
    if name not in WITH_FIT:
        return
    theirs = fitted(model, RAMP, X, Y, SETTINGS, make())
    ours = train.network(runs[0]).get_weights()
    assert [a.tobytes() for a in ours] == [a.tobytes() for a in theirs.get_weights()]


def test_a_schedule_of_rates_begins_at_the_rate_of_the_settings():
    trains = [k.live_trainer(net(optimizers.SGD(SCHEDULE(rate, 2, 0.5)))) for rate in (0.1, 1e-2)]
    a, b = (train(SETTINGS, (X, Y, X, Y)) for train in trains)
    assert a.validation_loss == pytest.approx(b.validation_loss, rel=1e-4)
    constant = k.live_trainer(net(optimizers.SGD(1e-2)))(SETTINGS, (X, Y, X, Y))
    assert constant.validation_loss != pytest.approx(a.validation_loss, rel=1e-4)
    assert [train.learning_rate for train in trains] == [0.1, 0.01]
    assert "scaled to begin at learning_rate" in trains[0].notes


def test_what_an_optimizer_or_a_model_would_lose_is_refused_when_the_trainer_is_made():
    out = optimizers.AdamW()
    out.exclude_from_weight_decay(var_names=["bias"])
    scaled = keras.mixed_precision.LossScaleOptimizer(optimizers.Adam())
    cases = [
        (net(optimizers.Adam(use_ema=True)), "use_ema=True"),
        (net(out), "exclude_from_weight_decay"),
        (net(scaled), "mixed precision"),
        (net(activity_regularizer="l2"), "'d' has an activity_regularizer"),
        (net(dtype="mixed_bfloat16"), "'d' computes in bfloat16"),
        (net(inner=Own), "train_step of its own"),
        (by_hand(net()), "train_step of its own"),
    ]
    for model, says in cases:
        refused(lambda model=model: k.live_trainer(model), says)
    for model, says in cases[3:]:
        refused(lambda model=model: k.prune(model, RAMP), says)


class Own(keras.Sequential):
    def train_step(self, data):
        return {}


def by_hand(model):
    model.train_step = lambda data: {}
    return model


def test_what_a_run_does_otherwise_than_fit_is_said():
    model = net()
    model.compile("adam", "mse", metrics=["mae"])
    assert k.live_trainer(model).notes == ""  # they are measured at the end of each epoch
    assert k.live_trainer(model).metrics == ("mae",)
    assert k.live_trainer(net()).notes == ""
    for name, value in {"jit_compile": True, "run_eagerly": True, "steps_per_execution": 4}.items():
        model.compile("adam", "mse", **{name: value})
        assert f": {name} of the model is not used" in k.live_trainer(model).notes


# --- callbacks


def pruned():
    model = k.prune(net(), RAMP)
    return model, [array.copy() for array in model.get_weights()]


class Restorer(keras.callbacks.Callback):
    """Loads the weights of the first epoch once training has ended."""

    def on_epoch_end(self, epoch, logs=None):
        self.first = getattr(self, "first", None) or self.model.get_weights()

    def on_train_end(self, logs=None):
        self.model.set_weights(self.first)


def test_callbacks_that_bring_weights_back_are_refused_or_found_out(tmp_path):
    model, before = pruned()
    known = [
        (keras.callbacks.EarlyStopping("val_loss", restore_best_weights=True), "restore_best_we"),
        (keras.callbacks.BackupAndRestore(tmp_path), "BackupAndRestore brings back"),
    ]
    for callback, says in known:
        refused(lambda callback=callback: train(model, callbacks=[callback]), says)
    assert all(map(np.array_equal, before, model.get_weights()))
    with pytest.warns(RestoredWeightsWarning, match="a callback \\(Restorer\\) set weights"):
        phase = train(model, epochs=3, callbacks=[Restorer()])
    assert {name: counts[-1] for name, counts in phase.zeros.items()} == k.zeros(model)
    mse = k.evaluate(model, X, Y).mse
    assert phase.val_loss[-1] == pytest.approx(mse, rel=1e-7)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(pruned()[0], callbacks=[keras.callbacks.ReduceLROnPlateau()])


def train(model, data=DATA, **options):
    return k.train(model, data, **{"epochs": 2, "batch_size": 16, "seed": 0} | options)


# --- targets, at every door

CLASSES = np.arange(60) % 3


@pytest.mark.parametrize(
    ("loss", "units", "y", "says"),
    [
        ("sparse_categorical_crossentropy", 3, CLASSES + 1, "class 3, and the model has 3 classes"),
        ("sparse_categorical_crossentropy", 3, CLASSES - 1, "class -1, and"),
        (keras.losses.SparseCategoricalCrossentropy(from_logits=True), 3, CLASSES + 2, "class 3"),
        ("sparse_categorical_crossentropy", 3, CLASSES / 2, "holds 0.5, and .* class numbers"),
        ("sparse_categorical_crossentropy", 3, np.eye(3)[CLASSES], "does not take it"),
        ("binary_crossentropy", 1, CLASSES, "holds 2, and binary_crossentropy takes .* 0 to 1"),
        (keras.losses.BinaryCrossentropy(from_logits=True), 1, -Y, "binary_crossentropy takes"),
        ("BinaryFocalCrossentropy", 1, 9 * Y, "binary_focal_crossentropy takes"),
        ("categorical_crossentropy", 3, 2 * np.eye(3)[CLASSES], "holds 2, and categorical"),
        ("kld", 3, -np.eye(3)[CLASSES], "kl_divergence takes"),
        ("poisson", 1, Y, "poisson takes targets of 0 or more"),
        ("msle", 1, Y, "mean_squared_logarithmic_error takes"),
        ("hinge", 1, CLASSES - 1, "holds 0, and hinge takes −1 and 1, or 0 and 1"),
        ("mse", 3, Y, "this model gives"),
    ],
)
def test_targets_that_a_loss_does_not_mean_are_refused_before_any_step(loss, units, y, says):
    trainer, good = k.live_trainer(net(loss=loss, units=units)), y
    refused(lambda: trainer(SETTINGS, (X, y, X, good)), says)


def test_targets_that_a_loss_means_are_taken():
    ignoring = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=-1)
    labels = np.where(CLASSES == 2, -1, CLASSES)
    for loss, units, y in [(ignoring, 2, labels), ("hinge", 1, CLASSES % 2), ("bce", 1, Y**2)]:
        trainer = k.live_trainer(net(loss=loss, units=units))
        trainer._chosen(SETTINGS)
        four_parts(trainer._model, [trainer._loss], (X, y, X, y))


def test_what_train_and_evaluate_cannot_compare_is_refused():
    two, shared = net(units=3), keras.Input((6,))
    several = keras.Model(shared, [layers.Dense(1)(shared), layers.Dense(1)(shared)])
    pictures = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(1)])
    cases = [
        (two, X, "the network gives 3 numbers a row, and y has one"),
        (several, X, "1 inputs and 2 outputs"),
        (pictures, np.zeros((60, 8, 8, 3)), r"wants \[rows, 8, 8, 3\].* rows of numbers only"),
    ]  # fmt: skip
    for model, x, says in cases:
        data = SimpleNamespace(x_train=x, y_train=Y, x_val=x, y_val=Y)
        refused(lambda model=model, x=x: k.evaluate(model, x, Y), says)
        refused(lambda model=model, data=data: train(model, data), says)
    model = net(loss="binary_crossentropy")
    refused(lambda: train(model, fresh_optimizer=False), "binary_crossentropy takes")


# --- steps and blocks


def test_steps_and_blocks_that_tfmot_stops_at_are_refused():
    schedule = tfmot.sparsity.keras.PolynomialDecay(0.0, 0.5, begin_step=1.5, end_step=9)
    refused(lambda: k.prune(net(), schedule), "begin_step=1.5: steps are whole numbers; write 2")
    trainer = k.live_trainer(net())
    for block in ((1, 8), (6, 1), (6, 8), (2, 8)):
        settings = replace(SETTINGS, block_size=block)
        refused(lambda settings=settings: trainer(settings, (X, Y, X, Y)), "2 × 2 blocks")
        refused(lambda settings=settings: trainer.kernels(settings), "2 × 2 blocks")
    assert trainer(replace(SETTINGS, block_size=(3, 4)), (X, Y, X, Y)).sparsity["d"] > 0
    ramp = {"schedule": RAMP, "more_epochs": 4, "batch_size": 100}
    for block in ((1, 128),):
        refused(
            lambda block=block: ExperimentConfig("b", "twin", (128, 128), block_size=block, **ramp),
            "one row or column of blocks",
        )


# --- the cause of an error


def raised(act):
    try:
        act()
    except Exception as error:
        return in_words(error)


def test_the_cause_is_what_tensorflow_says_last():
    model = net(loss="sparse_categorical_crossentropy", units=3)
    said = raised(lambda: model.fit(X, CLASSES + 1, verbose=0))
    assert "Received a label value of 3 which is outside the valid range of [0, 3)" in said
    said = raised(lambda: net().fit(X[:, :5], Y, verbose=0))
    assert "expected shape=(None, 6), found shape=(None, 5)" in said
    wide = net(loss=lambda y, p: keras.backend.sum(p @ y))
    assert "Matrix size-incompatible" in raised(lambda: wide.fit(X, Y, verbose=0))
    for text in (said,):
        assert "\n" not in text
        assert "in user code" not in text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("in user code:\n\n    File \"a.py\", line 3, in f\n        x\n\n    TypeError: no", "no"),
        ("Graph execution error:\n\nDetected at node a defined at (most recent call last):\n"
         "  File \"b.py\", line 1, in <module>\n\nlabel 3\n\t [[{{node a}}]] [Op:__f]", "label 3"),
        ('Exception encountered when calling layer "d" (type Dense).\n\ntoo wide\n\n'
         "Call arguments received by layer \"d\" (type Dense):\n  • inputs=1", "too wide"),
        ("2 root error(s) found.\n  (0) INTERNAL: no memory\n\t [[{{node a}}]]", "no memory"),
        ("the first line says it\nmore", "the first line says it"),
    ],
)  # fmt: skip
def test_the_line_that_names_the_cause(text, cause):
    assert in_words(RuntimeError(text)) == (
        f"training ended with RuntimeError: {cause} (the log has the traceback)"
    )


# --- layers of the reader's own, which are made again under the same name


class Bare(layers.Layer, tfmot.sparsity.keras.PrunableLayer):
    """Without a get_config: Keras' own one holds no name."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units

    def build(self, shape):
        self.w = self.add_weight("w", (shape[-1], self.units))

    def call(self, x):
        return x @ self.w

    def get_prunable_weights(self):
        return [self.w]


class Halved(keras.regularizers.Regularizer):
    def __call__(self, weight):
        return keras.backend.sum(weight**2) / 2

    def get_config(self):
        return {}


class Holding(layers.Layer):
    """Keeps a function where no copy of it is found."""

    def __init__(self, inside=None, **options):
        super().__init__(**options)
        self.inside = {"it": keras.activations.get(inside)}

    def call(self, x):
        return self.inside["it"](x)

    def get_config(self):
        return super().get_config() | {
            "inside": keras.activations.serialize(self.inside["it"]),
        }


def relu(x):
    """Not the one of Keras with this name."""
    return 3 * keras.activations.relu(x)


def own_parts(*parts):
    keras.utils.set_random_seed(2)
    model = keras.Sequential([keras.Input((6,)), *parts, layers.Dense(1, name="o")])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "make",
    [
        lambda: own_parts(Bare(9)),
        lambda: own_parts(layers.Dense(9, relu, kernel_regularizer=Halved())),
    ],
    ids=["layer", "activation and regularizer"],
)
def test_what_a_reader_wrote_is_pruned_under_its_name(make):
    model = make()
    pruned = k.prune(model, RAMP)
    assert np.allclose(pruned(X), model(X), atol=1e-6)
    assert list(k.kernels(pruned)) == list(k.kernels(model))
    k.train(pruned, DATA, epochs=2, batch_size=16, seed=0)
    assert set(k.zeros(pruned).values()) == {round(0.8 * 54), round(0.8 * 9)}
    live = k.live_trainer(model)
    run = live(SETTINGS, (X, Y, X, Y))
    assert run.dense == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    assert k.zeros(live.network(run)) == k.zeros(pruned)


@pytest.mark.parametrize("door", [lambda model: k.prune(model, RAMP), k.live_trainer])
def test_what_cannot_be_made_again_is_named(door):
    refused(lambda: door(own_parts(Holding(_shifted))), "_shifted.*dec")
    with pytest.warns(UserWarning, match="lambda"):  # of Keras' own
        refused(lambda: door(own_parts(layers.Dense(4, lambda x: x + 1))), "as a def")
    assert door(own_parts(layers.Lambda(lambda x: x + 1)))


def _shifted(x):
    return x + 1


class Rising(optimizers.schedules.LearningRateSchedule):
    """A schedule that Keras does not know."""

    def __call__(self, step):
        return 1e-3 * (1 + keras.backend.cast(step, "float32"))

    def get_config(self):
        return {}


def test_a_schedule_of_the_readers_own_is_followed():
    live = k.live_trainer(net(optimizers.SGD(Rising())))
    assert live.learning_rate == 1e-3
    settings = replace(SETTINGS, learning_rate=1e-3)
    pruned = k.prune(net(), RAMP)
    pruned.compile(optimizers.SGD(Rising()), "mse")
    phase = k.train(pruned, DATA, epochs=2, batch_size=16, seed=3, fresh_optimizer=False)
    run = live(settings, (X, Y, X, Y))
    assert [report.loss for report in run.history] == pytest.approx(phase.loss, rel=1e-6)


def test_an_optimizer_of_the_first_tensorflow_is_named():
    from prunelab.networks.backend import tensorflow

    old = tensorflow.compat.v1.train.AdamOptimizer(1e-2)
    refused(lambda: k.live_trainer(net(old)), "AdamOptimizer.*tf_keras.optimizers")


# --- callbacks, targets and doors


class StopsInside(keras.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 2


class Counting(tfmot.sparsity.keras.UpdatePruningStep):
    calls = 0

    def on_epoch_end(self, epoch, logs=None):
        self.calls += 1
        super().on_epoch_end(epoch, logs)


def trained(model, *callbacks, data=DATA, **options):
    return k.train(model, data, epochs=2, batch_size=16, seed=0, callbacks=callbacks, **options)


def test_an_epoch_that_a_callback_ends_counts_the_steps_it_had():
    assert trained(net(), StopsInside()).steps == 3
    assert trained(net(), keras.callbacks.History()).steps == 8


def test_a_subclass_of_tfmots_callback_takes_its_place():
    counting = Counting()
    one, other = k.prune(net(), RAMP), k.prune(net(), RAMP)
    assert trained(one, counting).zeros == trained(other).zeros
    assert counting.calls == 2


def test_a_diverged_network_is_not_taken_for_a_restored_one():
    pruned = k.prune(net(), RAMP)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RestoredWeightsWarning)
        phase = trained(pruned, keras.callbacks.History(), learning_rate=1e30)
    assert not np.isfinite(phase.val_loss[-1])


def test_a_sparse_network_is_warned_of_only_where_its_zeros_grow_back():
    model = net()
    sparse = [np.where(RNG.random(w.shape) < 0.5, 0, w).astype("f") for w in model.get_weights()]
    model.set_weights(sparse)
    with pytest.warns(SparseModelWarning, match="with frequency 1"):
        k.prune(model, RAMP)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pruned = k.prune(model, PolynomialDecay(0.9, 0.95, 0, 6, frequency=1))
    assert min(trained(pruned).zeros["d"]) >= 0.9 * 48 - 1


@pytest.mark.parametrize("loss", [{"o": "binary_crossentropy"}, ["binary_crossentropy"]])
def test_targets_are_checked_for_a_loss_in_a_list_too(loss):
    data = SimpleNamespace(x_train=X, y_train=Y * 4, x_val=X, y_val=Y)
    model = net(loss=loss)
    refused(lambda: trained(model, data=data, fresh_optimizer=False), "from 0 to 1")


def test_a_loss_is_told_by_its_function():
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, name="ce")
    classes = RNG.integers(0, 3, 60)
    assert k.live_trainer(net(loss=entropy, units=3))(SETTINGS, (X, classes, X, classes)).history
    for loss, units, y, says in (
        (keras.losses.MeanSquaredError(name="sparse_mse"), 3, Y, "number by number"),
        ("categorical_crossentropy", 1, classes > 0, "one output unit"),
        ("categorical_crossentropy", 3, np.zeros((60, 3)), "only zeros in row 0"),
        ("hinge", 1, np.arange(60) % 3, "holds 2"),
    ):
        train = k.live_trainer(net(loss=loss, units=units))
        refused(lambda t=train, y=y: t(SETTINGS, (X, y, X, y)), says)


def test_doors_answer_in_one_sentence():
    huge = SimpleNamespace(x_train=X.astype(float) * 1e300, y_train=Y, x_val=X, y_val=Y)
    refused(lambda: trained(net(), data=huge), "x_train holds a number beyond float32")
    without = net(loss=None)
    refused(lambda: trained(without, fresh_optimizer=False), "without a loss")
    inputs = keras.Input((6,))
    named = keras.Model(inputs, {"a": layers.Dense(1, name="a")(inputs)})
    named.compile("sgd", {"a": "mse"})
    refused(lambda: k.live_trainer(named), "in a dict")
    refused(lambda: k.evaluate(named, X, Y), "in a dict")
    refused(lambda: k.prune(net(), tfmot.sparsity.keras.PolynomialDecay), r"a class: write Poly")
    refused(lambda: TrainingSettings(PolynomialDecay), r"a class: write Poly")
    for door in (k.kernels, k.zeros, k.sparsities):
        refused(lambda d=door: d(keras.Sequential([layers.Dense(3)])), "not built")
        refused(lambda d=door: d(None), "model=None: write a Keras model")
    refused(lambda: k.remask(None), "model=None: write a Keras model")


def test_an_index_outside_an_embedding_is_named():
    model = keras.Sequential([keras.Input((6,)), layers.Embedding(5, 4), layers.Flatten()])
    model.add(layers.Dense(1))
    model.compile("sgd", "mse")
    words = RNG.integers(0, 5, (60, 6))
    words[40, 3] = 7
    train = k.live_trainer(model)
    refused(lambda: train(SETTINGS, (words, Y, words, Y)), "these rows: .*7 is not in")
