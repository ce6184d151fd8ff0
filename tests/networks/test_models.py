"""The network: compared with Keras and tfmot used by hand, and with what preflight promises."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments import runs
from prunelab.experiments.named_configs import CONFIGS
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight
from tests.helpers.tiny_runs import TINY, without_seconds

tf_keras, tfmot = k.tf_keras, k.tfmot
RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=10, frequency=2)
ROWS, FEATURES, BATCH = 44, 10, 10  # five steps an epoch, the last one short


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS + 16, FEATURES))
    y = x @ rng.normal(size=FEATURES)
    return SimpleNamespace(
        x_train=x[:ROWS], x_val=x[ROWS:], y_train=y[:ROWS], y_val=y[ROWS:], seed=0
    )


@pytest.fixture
def model():
    return k.build(FEATURES, (12,), seed=1)


def train(model, rows, epochs=3, **options):
    return k.train(model, rows, **{"epochs": epochs, "batch_size": BATCH, "seed": 5} | options)


def same(a, b):
    return len(a) == len(b) and all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


# --- build


def test_build_is_the_articles_network():
    model = k.build(1000, seed=0)
    assert model.count_params() == 2_075_649
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "ReLU", "Dense", "ReLU", "Dense"]
    initializers = [type(d.kernel_initializer).__name__ for d in model.layers[::2]]
    assert initializers == ["HeNormal", "GlorotUniform", "GlorotUniform"]
    assert all(layer.activation is tf_keras.activations.linear for layer in model.layers[::2])
    found = {name: kernel.size for name, kernel in k.kernels(model).items()}
    assert found == CONFIGS["article"].kernel_sizes
    first, second, _ = k.kernels(model).values()
    assert first.std() == pytest.approx(np.sqrt(2 / 1000), rel=0.01)
    assert abs(second).max() == pytest.approx(np.sqrt(6 / 2048), rel=0.01)


def test_weights_follow_the_seed():
    a, b, c = (k.build(8, (8, 8), seed=seed) for seed in (0, 0, 1))
    assert same(a.get_weights(), b.get_weights())
    kernels = [kernel.ravel()[:8] for m in (a, c) for kernel in k.kernels(m).values()]
    for i, one in enumerate(kernels):
        for other in kernels[:i]:
            assert abs(np.corrcoef(one, other)[0, 1]) < 0.99


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"n_features": 0}, "n_features=0"),
        ({"n_features": 2**31 - 1}, "n_features=2147483647"),
        ({"hidden": 5}, "hidden=5: hidden is the units of each"),
        ({"hidden": None}, "hidden=None: hidden is the units of each"),
        ({"hidden": "ab"}, "hidden='ab': hidden is the units of each"),
        ({"hidden": (2**31 - 1,)}, "hidden=2147483647: .* from 1 to 65_536"),
        ({"hidden": (4, 0)}, "hidden=0"),
        ({"hidden": (2.5,)}, "hidden=2.5"),
        ({"seed": -1}, "seed=-1"),
        ({"seed": None}, "seed=None"),
    ],
)
def test_build_refuses_in_one_sentence(arguments, words):
    with pytest.raises((TypeError, ValueError), match=words):
        k.build(**{"n_features": 3, "hidden": (4,), "seed": 0} | arguments)


# --- prune and strip


def test_pruning_leaves_the_dense_model_alone(model, rows):
    before = model.get_weights()
    pruned = k.prune(model, RAMP)
    assert same(list(k.kernels(pruned).values()), list(k.kernels(model).values()))
    train(pruned, rows)
    assert same(model.get_weights(), before)
    assert set(k.zeros(model).values()) == {0}


def test_tfmot_alone_would_have_changed_it(model, rows):
    before = model.get_weights()
    shared = tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=k.to_tfmot(RAMP))
    train(shared, rows)
    assert not same(model.get_weights(), before)


@pytest.mark.parametrize(
    "schedule",
    [
        RAMP,
        PolynomialDecay(0.0, 0.75, begin_step=5, end_step=50, frequency=3),
        PolynomialDecay(0.25, 0.9, begin_step=0, end_step=13, power=1, frequency=4),
        ConstantSparsity(0.5, begin_step=3, end_step=7, frequency=2),
        ConstantSparsity(0.9, begin_step=16),
    ],
)
def test_zeros_are_what_preflight_promises(schedule, model, rows):
    realised = preflight(schedule, n_samples=ROWS, batch_size=BATCH, epochs=3).realised
    pruned = k.prune(model, schedule)
    phase = train(pruned, rows)
    stripped = k.strip(pruned)
    expected = {name: realised(kernel.size) for name, kernel in k.kernels(model).items()}
    assert k.sparsities(stripped) == pytest.approx(expected, abs=1e-12)
    assert {name: counts[-1] for name, counts in phase.zeros.items()} == k.zeros(stripped)
    assert phase.steps == 15


def test_strip_gives_the_plain_network_and_the_same_answers(model, rows):
    pruned = k.prune(model, RAMP)
    train(pruned, rows)
    stripped = k.strip(pruned)
    assert [layer.name for layer in stripped.layers] == [layer.name for layer in model.layers]
    assert k.evaluate(stripped, rows.x_val, rows.y_val) == k.evaluate(
        pruned, rows.x_val, rows.y_val
    )


def test_only_the_layers_named_are_pruned(model, rows):
    pruned = k.prune(model, RAMP, layers=["hidden_1"])
    train(pruned, rows)
    assert k.sparsities(k.strip(pruned)) == {"hidden_1": 0.75, "output": 0}


def test_prune_takes_tfmots_own_schedules(model):
    schedule = tfmot.sparsity.keras.ConstantSparsity(0.5, 0)
    assert k.to_tfmot(schedule) is schedule
    assert k.prune(model, schedule).layers[0].pruning_schedule is schedule


def test_prune_refuses_in_one_sentence(model):
    import keras

    assert keras.__version__.startswith("3")
    keras3 = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    level = PolynomialDecay(0.0, 0.5, begin_step=7, end_step=7)
    cases = [
        (keras3, RAMP, {}, TypeError, "keras Sequential: tfmot knows only models of tf_keras"),
        (None, RAMP, {}, TypeError, "tfmot knows only models of tf_keras"),
        (tf_keras.Sequential([tf_keras.layers.Dense(1)]), RAMP, {}, ValueError, "not built"),
        (k.prune(model, RAMP), RAMP, {}, ValueError, "model is pruned already"),
        (model, level, {}, ValueError, "begins and ends at step 7"),
        (model, 0.75, {}, TypeError, "schedule is a float"),
        (model, RAMP, {"layers": ["hidden_2"]}, ValueError, r"name at least one of \['hidden_1'"),
        (model, RAMP, {"layers": []}, ValueError, "name at least one"),
        (model, RAMP, {"layers": [["hidden_1"]]}, ValueError, "name at least one"),
        (model, RAMP, {"layers": 5}, TypeError, "layers=5: write a list of names"),
    ]
    for bad, schedule, options, error, words in cases:
        with pytest.raises(error, match=words) as caught:
            k.prune(bad, schedule, **options)
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="nothing to strip"):
        k.strip(model)


# --- train


def by_hand(model, rows, epochs, callback=None, first_epoch=0):
    """Keras' own `train_on_batch` in the promised order: the oracle of `train`."""
    x, y = rows.x_train.astype("float32"), rows.y_train.astype("float32")[:, None]
    if callback:
        callback.set_model(model)
        callback.on_train_begin()
    for epoch in range(first_epoch, first_epoch + epochs):
        order = np.random.default_rng([5, epoch]).permutation(len(x))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            model.train_on_batch(x[chosen], y[chosen])
        if callback:
            callback.on_epoch_end(epoch)


def test_train_is_keras_in_the_promised_order(model, rows):
    twin = tf_keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(tf_keras.optimizers.Adam(1e-3), "mse")
    by_hand(twin, rows, 3)
    train(model, rows)
    assert same(model.get_weights(), twin.get_weights())


def test_pruned_training_is_tfmot_in_the_promised_order(model, rows):
    ours, theirs = k.prune(model, RAMP), k.prune(model, RAMP)
    theirs.compile(tf_keras.optimizers.Adam(1e-3), "mse")
    by_hand(theirs, rows, 3, tfmot.sparsity.keras.UpdatePruningStep())
    train(ours, rows)
    assert same(ours.get_weights(), theirs.get_weights())


def test_training_on_is_training_longer(model, rows):
    parts, whole = model, k.build(FEATURES, (12,), seed=1)
    first = train(parts, rows, 2)
    second = train(parts, rows, 3, first_epoch=2, fresh_optimizer=False)
    phase = train(whole, rows, 5)
    assert same(parts.get_weights(), whole.get_weights())
    assert first.loss + second.loss == phase.loss
    assert first.val_loss + second.val_loss == phase.val_loss


def test_a_fresh_optimizer_is_another_run(model, rows):
    train(model, rows, 2)
    weights = model.get_weights()
    train(model, rows, 1, first_epoch=2, fresh_optimizer=False)
    kept = model.get_weights()
    model.set_weights(weights)
    train(model, rows, 1, first_epoch=2)
    assert not same(model.get_weights(), kept)


def test_val_loss_is_what_evaluate_says(model, rows):
    pruned = k.prune(model, RAMP)
    phase = train(pruned, rows)
    score = k.evaluate(k.strip(pruned), rows.x_val, rows.y_val)
    assert phase.val_loss[-1] == pytest.approx(score.mse, rel=1e-8)
    keras_says = pruned.evaluate(rows.x_val, rows.y_val, verbose=0)
    assert phase.val_loss[-1] == pytest.approx(keras_says, rel=1e-5)
    assert score.r2 == 1 - score.mse / rows.y_val.var()


class Spy(tf_keras.callbacks.Callback):
    """Looks at the zeros at the end of each epoch and may stop training at a batch."""

    def __init__(self, stop_at=None):
        super().__init__()
        self.stop_at, self.batches, self.seen, self.logs = stop_at, 0, [], []

    def on_train_batch_end(self, batch, logs=None):
        self.batches += 1
        if self.batches == self.stop_at:
            raise KeyboardInterrupt

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(k.zeros(self.model))
        self.logs.append(dict(logs))


def test_callbacks_see_masked_weights_and_the_validation_loss(model, rows):
    spy = Spy()
    theirs = [spy, tfmot.sparsity.keras.UpdatePruningStep()]
    phase = train(k.prune(model, RAMP), rows, callbacks=theirs)
    assert [epoch["hidden_1"] for epoch in spy.seen] == list(phase.zeros["hidden_1"])
    assert spy.seen[-1] == {"hidden_1": 90, "output": 9}
    assert [logs["val_loss"] for logs in spy.logs] == pytest.approx(phase.val_loss)


def test_no_callbacks_are_no_callbacks(model, rows):
    assert train(model, rows, 1, callbacks=None).steps == 5


def test_early_stopping_shortens_the_phase(model, rows):
    stop = tf_keras.callbacks.EarlyStopping(monitor="val_loss", min_delta=1e9, patience=1)
    phase = train(model, rows, 30, callbacks=[stop])
    assert len(phase.loss) == 2
    assert phase.steps == 10


def test_an_interrupt_at_any_batch_keeps_the_zeros(rows):
    pruned = k.prune(k.build(FEATURES, (12,), seed=1), RAMP)
    start = pruned.get_weights()
    sizes = {name: kernel.size for name, kernel in k.kernels(pruned).items()}
    found = []
    for batch in range(1, 16):
        pruned.set_weights(start)  # the step counter too, so each round begins at step 0
        stop = [Spy(stop_at=batch)]
        with pytest.raises(KeyboardInterrupt):
            train(pruned, rows, callbacks=stop, fresh_optimizer=batch == 1)
        realised = preflight(RAMP, total_steps=batch).realised
        found.append(k.sparsities(k.strip(pruned)))
        expected = {name: realised(size) for name, size in sizes.items()}
        assert found[-1] == pytest.approx(expected, abs=1e-12)
    assert [batch for batch, zeros in enumerate(found, 1) if not any(zeros.values())] == [1, 2, 3]


def test_tfmot_alone_would_lose_the_zeros_and_our_strip_keeps_them(model, rows):
    pruned = k.prune(model, RAMP)
    k.compile(pruned)
    with pytest.raises(KeyboardInterrupt):
        pruned.fit(
            rows.x_train,
            rows.y_train,
            batch_size=BATCH,
            epochs=3,
            verbose=0,
            shuffle=False,
            callbacks=[tfmot.sparsity.keras.UpdatePruningStep(), Spy(stop_at=13)],
        )
    left = k.zeros(tfmot.sparsity.keras.strip_pruning(pruned))
    assert sum(left.values()) <= 2  # a weight that no gradient reaches stays where the mask put it
    assert k.zeros(k.strip(pruned)) == {"hidden_1": 90, "output": 9}


def test_progress_is_told_each_epoch(model, rows):
    told = []
    train(k.prune(model, RAMP), rows, progress=lambda *values: told.append(values))
    assert [(done, epochs) for done, epochs, _ in told] == [(1, 3), (2, 3), (3, 3)]
    assert set(told[0][2]) == {"loss", "val_loss", "sparsity"}
    assert told[-1][2]["sparsity"] == 99 / 132


def test_train_refuses_in_one_sentence_before_training(model, rows):
    weights = model.get_weights()
    nan, wide = rows.x_train.copy(), np.zeros((ROWS, 2))
    nan[3, 3] = np.nan

    def changed(**arrays):
        return {"data": SimpleNamespace(**vars(rows) | arrays)}

    cases = [
        ({"data": None}, "data=None has no x_train, y_train, x_val, y_val: write a data set"),
        ({"data": SimpleNamespace(x_train=1, y_train=1, x_val=1)}, "has no y_val"),
        ({"callbacks": Spy()}, "callbacks=<.*: write a list of Keras callbacks"),
        ({"callbacks": [Spy(), 5]}, "callbacks holds 5"),
        ({"progress": 5}, "progress=5"),
        ({"batch_size": ROWS + 1}, "batch_size=45: batch_size must not exceed the 44"),
        ({"batch_size": 0}, "batch_size=0"),
        ({"epochs": 0}, "epochs=0"),
        ({"epochs": 2.5}, "epochs=2.5"),
        ({"seed": None}, "seed=None"),
        ({"learning_rate": 0}, "learning_rate=0"),
        ({"fresh_optimizer": False}, "no optimizer yet"),
        (changed(x_train=nan), "x_train holds NaN"),
        (changed(y_val=np.full(16, np.inf)), "y_val holds NaN or infinity"),
        (changed(y_train=wide), r"y_train has shape \(44, 2\)"),
        (changed(y_train=rows.y_train[:-1]), r"y_train has shape \(43,\)"),
        (changed(x_train=rows.x_train[:, 1:]), r"this model wants \[rows, 10\]"),
        (changed(x_val=rows.x_val[:0]), "x_val has shape"),
        (changed(x_val=np.array([["a"] * FEATURES])), "x_val must be an array of real numbers"),
    ]
    for options, words in cases:
        arguments = {"data": rows, "epochs": 1, "batch_size": BATCH, "seed": 0} | options
        with pytest.raises((TypeError, ValueError), match=words) as caught:
            k.train(model, **arguments)
        assert "\n" not in str(caught.value)
    assert same(model.get_weights(), weights)


def test_evaluate_refuses_a_constant_target(model, rows):
    with pytest.raises(ValueError, match="y is constant"):
        k.evaluate(model, rows.x_val, np.ones(16))


# --- the door: each in a process of its own

AGAIN = """
import sys
sys.path.insert(0, sys.argv[2])
import numpy.random as r; before = r.get_state()[1].tobytes()
from prunelab import networks as k
from tests.helpers.tiny_runs import TINY
import tensorflow as tf
result = k.run(TINY, 2, sys.argv[1])
print(k.THREADS, tf.config.threading.get_intra_op_parallelism_threads(),
      tf.config.threading.get_inter_op_parallelism_threads(),
      before == r.get_state()[1].tobytes(), tf.keras.Sequential is k.tf_keras.Sequential)
"""
KERAS_3_FIRST = """
import os; os.environ.pop("TF_USE_LEGACY_KERAS", None)
import tensorflow as tf; tf.keras.layers
import prunelab.networks
"""


def python(code, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_another_process_gives_the_same_bits_and_is_silent(tmp_path):
    root = str(Path(__file__).resolve().parents[2])
    done = python(AGAIN, tmp_path, root, PRUNELAB_THREADS=str(k.THREADS))
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == [str(k.THREADS)] * 3 + ["True", "True"]
    again = runs.load(TINY, 2, tmp_path)
    assert without_seconds(again) == without_seconds(k.run(TINY, 2, tmp_path / "here"))


def test_keras_3_first_stops_with_one_clear_sentence():
    done = python(KERAS_3_FIRST)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: TensorFlow's Keras is already Keras 3")
    assert "restart the kernel and import prunelab.networks first" in last


@pytest.mark.parametrize("threads", ["0", "two", "-1", "1.5", ""])
def test_impossible_threads_are_refused(threads, monkeypatch):
    from prunelab.networks import backend

    monkeypatch.setenv("PRUNELAB_THREADS", threads)
    with pytest.raises(ImportError, match=r"PRUNELAB_THREADS=.*1 or more"):
        backend._threads_wanted()


def test_standard_error_speaks_again_after_the_import(capfd):
    from prunelab.networks import backend

    with backend._silence():
        os.write(2, b"unheard")
    os.write(2, b"heard")
    assert capfd.readouterr().err == "heard"
