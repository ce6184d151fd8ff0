"""The pruner from `fit` to `fit`: counting, interrupts, checkpoints, and what it refuses."""

import warnings

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as as_array

from prunelab.pruning import PruneLowMagnitude
from prunelab.pruning.callback import PruningWarning
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from tests.helpers.keras3_cases import (
    BACKEND,
    BATCH,
    EPOCHS,
    SCHEDULE,
    Subclassed,
    attention,
    called,
    convolutions,
    embedding,
    functional,
    nested,
    own_layer,
    plain,
    rows,
)  # fmt: skip

STEPS = 8  # in an epoch
X, Y = rows(12), rows(1, seed=2)


def compiled(optimizer="adam", model=None):
    keras.backend.clear_session()
    keras.utils.set_random_seed(0)
    model = model or plain()
    model.compile(optimizer, "mse")
    return model


def train(model, *callbacks, epochs=EPOCHS, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PruningWarning)
        model.fit(
            X, Y, batch_size=BATCH, epochs=epochs, verbose=0, callbacks=list(callbacks), **options
        )
    return model


def zeros(model):
    return [int((as_array(w) == 0).sum()) for w in model.weights if len(w.shape) > 1]


class At(keras.callbacks.Callback):
    """Does something after a batch, counted from 1 through all epochs."""

    def __init__(self, step, action):
        super().__init__()
        self.left, self.action = step, action

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            if hasattr(self.model, "jax_state_sync"):
                self.model.jax_state_sync()
            self.action(self.model)


def stop(model):
    raise KeyboardInterrupt


def test_masks_hold_after_every_step_and_grow_with_the_schedule():
    seen = []
    watch = [At(step, lambda model: seen.append(zeros(model)[:2])) for step in range(1, 41)]
    train(compiled(), *watch, PruneLowMagnitude(SCHEDULE))
    for step, (first, second) in enumerate(seen, 1):
        # An update of step t + 1 is done as soon as step t is.
        updates = SCHEDULE.update_range(min(step + 1, 40))
        held = float(SCHEDULE.sparsity(updates[-1])) if updates else 0.0
        assert (first, second) == (round(192 * held), round(256 * held)), step


def test_a_second_fit_goes_on_counting_and_a_new_optimizer_changes_nothing():
    once = compiled()
    pruner = PruneLowMagnitude(SCHEDULE)
    train(once, pruner, epochs=1)
    part = zeros(once)
    assert pruner.report().step == STEPS
    train(once, epochs=2)  # dense: not counted
    once.compile("adam", "mse")
    train(once, pruner, epochs=4)
    assert pruner.report().step == 5 * STEPS
    assert part[0] < zeros(once)[0] == 144


def test_another_model_begins_anew():
    pruner = PruneLowMagnitude(SCHEDULE)
    for model in (compiled(), compiled()):
        train(model, pruner)
        assert (pruner.report().step, zeros(model)[:2]) == (40, [144, 192])


@pytest.mark.parametrize("step", [1, 11, 16, 27])
def test_an_interrupt_leaves_the_masks_and_nothing_else(step, tmp_path):
    model, pruner = compiled(), PruneLowMagnitude(SCHEDULE)
    with pytest.raises(KeyboardInterrupt):
        train(model, At(step, stop), pruner)
    held = zeros(model)
    updates = SCHEDULE.update_range(step + 1)
    assert held[0] == (round(192 * float(SCHEDULE.sparsity(updates[-1]))) if updates else 0)
    assert pruner.report().step == step

    model.save(tmp_path / "broken.keras")
    again = keras.saving.load_model(tmp_path / "broken.keras")
    shapes = [tuple(v.shape) for v in again.optimizer.variables]
    assert shapes == [(), (), *averages(again)]
    assert int(as_array(again.optimizer.iterations)) == step
    assert zeros(again) == held

    train(model, pruner)
    assert zeros(model)[:2] == [144, 192]
    assert "apply" not in vars(model.optimizer)


def averages(model):
    """The shapes of what Adam keeps beside the step and the rate: two averages of each weight."""
    return [tuple(w.shape) for w in model.trainable_weights for _ in range(2)]


def test_after_an_interrupt_a_fit_without_the_pruner_is_dense():
    model = compiled()
    with pytest.raises(KeyboardInterrupt):
        train(model, At(27, stop), PruneLowMagnitude(SCHEDULE))
    assert "apply" in vars(model.optimizer)
    train(model, epochs=1)
    assert "apply" not in vars(model.optimizer)
    assert zeros(model)[0] == 0


def test_a_checkpoint_in_mid_run_is_the_plain_model(tmp_path):
    path = tmp_path / "mid.keras"
    model = compiled()
    train(model, PruneLowMagnitude(SCHEDULE), At(13, lambda model: model.save(path)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Keras warns where it skips an optimizer's state
        again = keras.saving.load_model(path)
    assert int(as_array(again.optimizer.iterations)) == 13
    assert [tuple(v.shape) for v in again.optimizer.variables] == [(), (), *averages(again)]
    assert zeros(again)[0] == round(192 * float(SCHEDULE.sparsity(12)))


def test_a_model_loaded_in_mid_run_goes_on_to_the_same_weights(tmp_path):
    """Two halves with a new process' objects between them, against one run."""
    whole = train(compiled(), PruneLowMagnitude(SCHEDULE), epochs=4, shuffle=False)
    first = train(compiled(), PruneLowMagnitude(SCHEDULE), epochs=2, shuffle=False)
    first.save(tmp_path / "half.keras")
    second = keras.saving.load_model(tmp_path / "half.keras")
    train(second, PruneLowMagnitude(SCHEDULE), epochs=2, shuffle=False)
    for one, two in zip(whole.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
        assert np.array_equal(one == 0, two == 0)


def test_backup_and_restore_goes_on_with_the_masks(tmp_path):
    def run(*more):
        backup = keras.callbacks.BackupAndRestore(tmp_path / "backup", double_checkpoint=False)
        return train(compiled(), PruneLowMagnitude(SCHEDULE), backup, *more, shuffle=False)

    with pytest.raises(KeyboardInterrupt):
        run(At(19, stop))
    again = run()
    whole = train(compiled(), PruneLowMagnitude(SCHEDULE), shuffle=False)
    for one, two in zip(whole.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)
        assert np.array_equal(one == 0, two == 0)


def test_early_stopping_may_restore_only_what_has_the_last_masks():
    model = compiled()
    early = keras.callbacks.EarlyStopping("loss", patience=1, restore_best_weights=True)
    with pytest.raises(ValueError, match=r"before the last mask update, at step 20.*start_from_"):
        train(model, early, PruneLowMagnitude(SCHEDULE))
    late = keras.callbacks.EarlyStopping(
        "loss", patience=1, restore_best_weights=True, start_from_epoch=2, mode="max"
    )
    train(model, late, PruneLowMagnitude(SCHEDULE))
    assert zeros(model)[:2] == [144, 192]


def test_a_training_that_ends_before_its_schedule_says_so():
    with pytest.warns(PruningWarning, match=r"ends at step 8 and the schedule at 20"):
        compiled().fit(
            X, Y, batch_size=BATCH, epochs=1, verbose=0, callbacks=[PruneLowMagnitude(SCHEDULE)]
        )
    early = At(10, lambda model: setattr(model, "stop_training", True))
    with pytest.warns(PruningWarning, match=r"ends at step 10 and the schedule at 20"):
        compiled().fit(
            X, Y, batch_size=BATCH, epochs=5, verbose=0,
            callbacks=[early, PruneLowMagnitude(SCHEDULE)],
        )  # fmt: skip


def test_a_model_trained_before_is_told_from_one_in_the_middle_of_its_schedule():
    model = train(compiled(), epochs=3)
    with pytest.raises(ValueError, match=r"24 steps.*write start_step=24"):
        train(model, PruneLowMagnitude(SCHEDULE))
    train(model, PruneLowMagnitude(SCHEDULE, start_step=24))
    assert zeros(model)[:2] == [144, 192]


@pytest.mark.parametrize("options", [{}, {"block_size": (2, 4)}, {"scope": "global"}])
def test_a_model_that_runs_eagerly_has_the_same_zeros(options):
    counts = []
    for eagerly in (False, True):
        model = compiled()
        model.compile("adam", "mse", run_eagerly=eagerly)
        one = model.layers[0].name  # a single kernel: TensorFlow then gives back no list
        counts.append(zeros(train(model, PruneLowMagnitude(SCHEDULE, layers=one, **options))))
    assert counts[0] == counts[1]
    assert any(counts[0])


def test_two_pruners_in_one_fit_are_refused_and_leave_the_optimizer_alone():
    model = compiled()
    before = zeros(model)
    with pytest.raises(ValueError, match=r"holds 2 PruneLowMagnitude.*\{layer name: schedule\}"):
        train(model, PruneLowMagnitude(SCHEDULE), PruneLowMagnitude(SCHEDULE))
    assert zeros(model) == before
    assert any(zeros(train(model, PruneLowMagnitude(SCHEDULE))))


def test_weights_that_became_nan_stay_nan():
    model = compiled()
    targets = np.where(np.arange(len(Y)) % 7 == 0, np.nan, Y.ravel()).reshape(Y.shape)
    pruner = PruneLowMagnitude(SCHEDULE)
    model.fit(X, targets, batch_size=BATCH, epochs=EPOCHS, verbose=0, callbacks=[pruner])
    assert np.isnan(as_array(model.layers[0].kernel)).any()
    assert pruner.report().sparsity < 0.5


def test_a_constant_sparsity_from_the_first_step():
    model = train(compiled(), PruneLowMagnitude(ConstantSparsity(0.5, 0, frequency=1)), epochs=1)
    assert zeros(model)[:2] == [96, 128]


def test_n_of_m_is_found_once_before_the_first_step():
    model = compiled()
    before = model.layers[0].get_weights()[0]
    train(model, PruneLowMagnitude(SCHEDULE, sparsity_m_by_n=(2, 4)))
    after = model.layers[0].get_weights()[0]
    groups = np.abs(before).reshape(3, 4, 16)
    kept = groups >= np.sort(groups, axis=1)[:, 2:3]
    assert np.array_equal(after.reshape(3, 4, 16) != 0, kept)


def test_one_threshold_for_the_whole_model():
    model = compiled()
    model.layers[0].kernel.assign(as_array(model.layers[0].kernel) * 0.01)
    pruner = PruneLowMagnitude(ConstantSparsity(0.5, 0, 1, frequency=1), scope="global")
    train(model, pruner, epochs=1)
    first, second, _ = zeros(model)
    assert first + second == (192 + 256) // 2
    assert first > 150


def test_a_loader_of_pytorchs_and_one_of_tensorflows():
    loaders = []
    if BACKEND == "torch":
        import torch

        data = torch.utils.data.TensorDataset(torch.from_numpy(X), torch.from_numpy(Y))
        loaders.append(torch.utils.data.DataLoader(data, batch_size=BATCH))
    else:
        import tensorflow as tf

        data = tf.data.Dataset.from_tensor_slices((X, Y))
        loaders += [data.batch(BATCH), data.repeat().batch(BATCH)]
    for loader in loaders:
        model = compiled()
        steps = STEPS if loader is not loaders[0] else None
        pruner = PruneLowMagnitude(SCHEDULE)
        model.fit(loader, epochs=5, steps_per_epoch=steps, verbose=0, callbacks=[pruner])
        assert zeros(model)[:2] == [144, 192]


# ------------------------------------------------------------------- what is pruned, and refused


def pruned(model, **options):
    report = PruneLowMagnitude(SCHEDULE, **options).report(model)
    return [row.name.rpartition("/")[0] for row in report.pruned]


def test_which_layers_are_pruned():
    keras.backend.clear_session()
    assert pruned(plain()) == ["dense", "dense_1"]
    assert pruned(plain(), prune_output=True) == ["dense_3", "dense_4", "dense_5"]
    assert pruned(nested()) == ["inner/dense_6", "head/dense_7"]
    model = nested()
    assert pruned(model, layers="inner") == ["inner/dense_9"]
    assert pruned(model, exclude=["inner"]) == ["head/dense_10"]
    assert pruned(called(Subclassed())) == ["hidden"]
    assert pruned(convolutions()) == ["conv2d", "separable_conv2d", "conv2d_transpose"]
    assert len(pruned(attention())) == 5
    assert pruned(own_layer()) == ["scaled"]
    assert pruned(embedding(), layers=["words"]) == ["words"]
    assert len(pruned(functional())) == 2


def test_the_report_says_what_stays_dense_and_why():
    keras.backend.clear_session()
    report = PruneLowMagnitude(SCHEDULE).report(embedding())
    words, hidden, last = report.rows
    assert (words.name, words.shape, words.size) == ("words/embeddings", (20, 8), 160)
    assert "layers=…" in words.dense_because
    assert hidden.dense_because == ""
    assert (hidden.zeros, hidden.sparsity, report.sparsity) == (0, 0.0, 0.0)
    assert "prune_output=True" in last.dense_because
    assert report.others == 13
    assert report.step == 0
    lines = repr(report).splitlines()
    assert len(lines) == 5
    assert lines[0] == "after 0 steps, 0.00% zeros in what is pruned"
    assert lines[1].startswith("words/embeddings")


def one_layer():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])


@pytest.mark.parametrize(
    ("make", "kind", "words"),
    [
        (lambda: PruneLowMagnitude(0.5), TypeError, "schedule is a float"),
        (lambda: PruneLowMagnitude({}), ValueError, "write a dict of layers' names"),
        (lambda: PruneLowMagnitude({"dense": 0.5}), TypeError, r"schedule\['dense'\] is a float"),
        (lambda: PruneLowMagnitude({"a": SCHEDULE}, layers=["a"]), ValueError, "leave layers out"),
        (lambda: PruneLowMagnitude(SCHEDULE, layers=3), TypeError, "list of layers' names"),
        (lambda: PruneLowMagnitude(SCHEDULE, scope="model"), ValueError, "'layer' or 'global'"),
        (lambda: PruneLowMagnitude(SCHEDULE, block_size=4), ValueError, "two whole numbers"),
        (lambda: PruneLowMagnitude(SCHEDULE, block_size=(0, 4)), ValueError, r"block_size\[0\]=0"),
        (lambda: PruneLowMagnitude(SCHEDULE, block_pooling_type="SUM"), ValueError, "'AVG' or"),
        (lambda: PruneLowMagnitude(SCHEDULE, sparsity_m_by_n=(4, 4)), ValueError, "must leave a"),
        (
            lambda: PruneLowMagnitude(SCHEDULE, sparsity_m_by_n=(2, 4), scope="global"),
            ValueError,
            "cannot both be",
        ),
        (lambda: PruneLowMagnitude(SCHEDULE, start_step=-1), ValueError, "start_step=-1"),
        (
            lambda: PruneLowMagnitude(PolynomialDecay(0, 0.5, 5, 5)),
            ValueError,
            "divides by zero there",
        ),
        (lambda: PruneLowMagnitude(SCHEDULE).report(), ValueError, "knows no model yet"),
        (lambda: PruneLowMagnitude(SCHEDULE).report(3), TypeError, "takes models of Keras 3"),
        (lambda: pruned(Subclassed()), ValueError, "has no weights yet"),
        (lambda: pruned(one_layer()), ValueError, "nothing to prune.*prune_output=True"),
        (lambda: pruned(plain(), layers=["nosuch"]), ValueError, "'nosuch' names nothing"),
        (lambda: pruned(plain(), exclude=["nosuch"]), ValueError, "exclude: 'nosuch' names"),
        (lambda: pruned(attention(), block_size=(2, 2)), ValueError, "has 3 axes, and blocks"),
        (lambda: pruned(attention(), sparsity_m_by_n=(2, 4)), ValueError, "groups need 2 or 4"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(make, kind, words):
    with pytest.raises(kind, match=words):
        make()
