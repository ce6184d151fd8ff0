"""Whole runs: from one first phase, from checkpoints, from a name; always the same bits."""

import os
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments import data, one_shot, runs
from prunelab.experiments.named_configs import CONFIGS
from prunelab.masks import Network, mean_squared_error
from prunelab.networks import pool
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.networks.prunable import wrappers
from tests.helpers.tiny_runs import (
    ARMS,
    CONTINUED,
    CONTROL,
    CUT,
    DENSE,
    FROM_START,
    GROUPS,
    L2,
    NEURONS,
    RANDOM,
    SHAKEN,
    STOPPED,
    TINY,
    without_seconds,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """All three arms from one first phase: folder, dense phase and results by name."""
    folder = tmp_path_factory.mktemp("shared")
    dense = k.train_dense(TINY, 2)
    arms = (TINY, CONTROL, CONTINUED)
    return folder, dense, {arm.name: k.run(arm, 2, folder, dense=dense) for arm in arms}


def test_run_says_what_happened(shared):
    _, _, results = shared
    result = results["tiny"]
    assert result.zeros == TINY.planned_zeros() == {"hidden_1": 1500, "hidden_2": 96, "output": 6}
    assert result.data_digest == data.twin(2).digest
    assert (result.dense.steps, result.second.steps) == (16, 16)
    assert result.epoch_sparsity[:5] == (0, 0, 0, 0, pytest.approx(1038 / 2136, abs=0.1))
    assert result.val.mse == pytest.approx(result.second.val_loss[-1], rel=1e-8)
    assert result.dense_val.mse == pytest.approx(result.dense.val_loss[-1], rel=1e-8)
    assert result.provenance["threads"] == k.THREADS
    assert set(results["tiny_control"].zeros.values()) == {0}


@pytest.mark.parametrize("config", [TINY, CONTINUED], ids=lambda config: config.name)
def test_a_shared_first_phase_changes_nothing(config, shared, tmp_path):
    alone = k.run(config, 2, tmp_path)
    assert without_seconds(alone) == without_seconds(shared[2][config.name])


def test_the_continued_control_is_one_long_training(shared):
    dataset = data.twin(2)
    model = k.build(125, (16, 8), seed=2)
    phase = k.train(model, dataset, epochs=8, batch_size=250, seed=2)
    result = shared[2]["tiny_continued"]
    assert result.dense.val_loss + result.second.val_loss == phase.val_loss
    assert result.second.val_loss != shared[2]["tiny_control"].second.val_loss


def test_a_stored_run_is_loaded_not_trained(shared, monkeypatch):
    monkeypatch.setattr(pool.PooledNetwork, "train", None)
    assert k.run(TINY, 2, shared[0]) == shared[2]["tiny"]
    with pytest.raises(runs.RunError, match="other settings"):
        k.run(replace(TINY, learning_rate=0.5), 2, shared[0])


def test_a_first_phase_of_other_settings_is_refused(shared, tmp_path):
    for config, seed in ((TINY, 3), (replace(TINY, batch_size=100), 2)):
        with pytest.raises(ValueError, match="first phase of other settings"):
            k.run(config, seed, tmp_path, dense=shared[1])
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("config", ["articel", 5, None, "", CONFIGS])
def test_what_is_no_config_is_refused_before_anything(config, shared, tmp_path):
    calls = [
        lambda: k.run(config, 0, tmp_path),
        lambda: k.train_dense(config, 0),
    ]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match=r"^config=.*article_completed") as caught:
            call()
        assert "\n" not in str(caught.value)
    for dense in (5, "dense", shared[2]["tiny"]):
        with pytest.raises(TypeError, match=r"^dense=.*what train_dense returned"):
            k.run(TINY, 2, tmp_path, dense=dense)
    assert os.listdir(tmp_path) == []


def test_blocks_leave_whole_blocks_and_a_dense_output(tmp_path):
    config = replace(TINY, name="tiny_blocks", hidden=(20, 8), block_size=(5, 1))
    result = k.run(config, 2, tmp_path, keep_weights=True)
    assert result.zeros == config.planned_zeros()
    assert result.zeros == {"hidden_1": 1875, "hidden_2": 120, "output": 0}
    weights = runs.load_weights(config, 2, tmp_path)
    for name in ("hidden_1", "hidden_2"):
        kept = (weights[name] != 0).reshape(-1, 5, weights[name].shape[1]).sum(axis=1)
        assert set(np.unique(kept)) == {0, 5}
    assert runs.load(config, 2, tmp_path) == result
    alone = k.run(replace(config, name="tiny_single", block_size=(1, 1)), 2, tmp_path)
    assert alone.dense.loss == result.dense.loss
    assert alone.zeros["output"] > 0
    assert alone.val != result.val


def test_whole_neurons_go_step_by_step(tmp_path):
    result = k.run(NEURONS, 2, tmp_path, keep_weights=True)
    assert (
        result.zeros == NEURONS.planned_zeros() == {"hidden_1": 1500, "hidden_2": 96, "output": 0}
    )
    counts = result.second.zeros["hidden_1"]
    assert 0 < counts[0] < counts[-1]
    assert not any(count % 125 for count in counts)
    weights = runs.load_weights(NEURONS, 2, tmp_path)
    alive = {name: (weights[name] != 0).sum(axis=0) for name in ("hidden_1", "hidden_2")}
    assert sorted(alive["hidden_1"]) == [0] * 12 + [125] * 4
    assert sorted(alive["hidden_2"]) == [0] * 6 + [16] * 2


def test_the_neurons_that_go_have_the_smallest_mean_magnitude():
    """NumPy's order of the columns against the masks that tfmot's rule makes."""
    once = replace(NEURONS, schedule=one_shot(0.75))
    dense = k.train_dense(once, 2)
    options = {"pruned": True, "layers": once.pruned_layers, "neurons": True}
    with pool.borrowed(125, (16, 8), **options) as network:
        network.begin(dense.weights, schedule=once.schedule, total_steps=16)
        network.model(np.zeros((1, 125), np.float32), training=True)  # step 1 sets the masks
        found = {la.layer.name: la.pruning_vars[0][1].numpy() for la in wrappers(network.model)}
    kernels = {"hidden_1": dense.weights[0], "hidden_2": dense.weights[2]}
    assert set(found) == set(kernels)
    for name, kernel in kernels.items():
        units = kernel.shape[1]
        largest = np.argsort(-np.abs(kernel).mean(axis=0))[: units // 4]
        expected = np.isin(np.arange(units), largest)
        assert np.array_equal(found[name], np.broadcast_to(expected, kernel.shape))


def test_two_of_four_are_those_that_tfmot_cuts(shared, tmp_path):
    dense = shared[1]
    result = k.run(GROUPS, 2, tmp_path, dense=dense, keep_weights=True)
    assert result.zeros == GROUPS.planned_zeros() == {"hidden_1": 992, "hidden_2": 64, "output": 0}
    cut = runs.load_weights(GROUPS, 2, tmp_path)
    model = k.build(GROUPS.n_features, GROUPS.hidden, seed=2)
    model.set_weights(dense.weights)
    layer = model.get_layer("hidden_2")  # tfmot stops at hidden_1: four do not divide its inputs
    single = tf_keras.Sequential([tf_keras.Input((16,)), layer])
    pruned = tfmot.sparsity.keras.prune_low_magnitude(single, sparsity_m_by_n=(2, 4))
    (wrapper,) = wrappers(pruned)
    wrapper.pruning_step.assign(0)  # what tfmot's callback does when training begins
    pruned(np.zeros((1, 16), np.float32), training=True)
    theirs = wrapper.pruning_vars[0][1].numpy()
    assert np.array_equal(cut["hidden_2"] != 0, theirs != 0)


@pytest.mark.parametrize("criterion", ["random", "magnitude"])
def test_a_shake_sets_to_zero_once_and_holds_nothing(criterion, shared, tmp_path):
    """Written out with `train`: zeros in the dense weights, a fresh Adam, no masks."""
    dense, dataset = shared[1], data.twin(2)
    config = replace(SHAKEN, name="tiny_shaken_again", criterion=criterion)
    result = k.run(config, 2, tmp_path, dense=dense)
    # Only weights that no gradient reaches stay where the shake put them.
    assert result.zeros["hidden_1"] == 0
    assert sum(result.zeros.values()) < 0.01 * sum(config.kernel_sizes.values())
    model = k.build(125, (16, 8), seed=2)
    model.set_weights(dense.weights)
    for i, name in enumerate(("hidden_1", "hidden_2", "output")):
        kernel = model.get_layer(name).kernel
        values, gone = kernel.numpy().ravel(), kernel.shape.num_elements() * 3 // 4
        order = np.argsort(np.abs(values))
        if criterion == "random":
            order = np.random.default_rng([2, i]).permutation(values.size)[::-1]
        values[order[:gone]] = 0
        kernel.assign(values.reshape(kernel.shape))
    phase = k.train(model, dataset, epochs=4, batch_size=250, seed=2, first_epoch=4)
    assert result.second.val_loss == phase.val_loss
    assert result.second.loss == phase.loss


def test_a_restart_is_a_second_compilation(tmp_path):
    """The same by two trainings of an unpruned network, the second compiled anew."""
    config = replace(CONTROL, name="tiny_again", dense_epochs=0, more_epochs=8, restart=4)
    result, dataset = k.run(config, 2, tmp_path), data.twin(2)
    model = k.build(125, (16, 8), seed=2)
    options = {"batch_size": 250, "seed": 2, "epochs": 4}
    first = k.train(model, dataset, **options)
    second = k.train(model, dataset, first_epoch=4, **options)
    assert result.second.val_loss == first.val_loss + second.val_loss


def test_an_output_layer_may_stay_whole(shared, tmp_path):
    whole = replace(TINY, name="tiny_whole", prune_output=False)
    result = k.run(whole, 2, tmp_path, dense=shared[1])
    assert result.zeros == whole.planned_zeros() == {"hidden_1": 1500, "hidden_2": 96, "output": 0}
    assert result.val != shared[2]["tiny"].val


def test_a_name_stands_for_its_config(shared, tmp_path, monkeypatch):
    monkeypatch.setitem(CONFIGS, "tiny", TINY)
    assert k.train_dense("tiny", 2).digest == shared[1].digest
    result = k.run("tiny", 2, tmp_path, dense=shared[1])
    assert result.config == TINY
    assert without_seconds(result) == without_seconds(shared[2]["tiny"])
    assert k.run("tiny", 2, tmp_path) == runs.load("tiny", 2, tmp_path) == result


def test_weights_are_kept_where_wanted(shared, tmp_path):
    result = k.run(TINY, 2, tmp_path, dense=shared[1], keep_weights=True)
    weights = runs.load_weights(TINY, 2, tmp_path)
    kernels = {name: w for name, w in weights.items() if not name.endswith("_bias")}
    assert {name: w.size - np.count_nonzero(w) for name, w in kernels.items()} == result.zeros
    assert set(weights) == {*kernels, *(f"{name}_bias" for name in kernels)}
    # They are the whole network: its predictions come out again.
    layers = [(kernels[name], weights[f"{name}_bias"]) for name in kernels]
    dataset = data.twin(2)
    predictions = Network(layers).forward(dataset.x_val.astype(np.float32))
    mse = mean_squared_error(predictions, dataset.y_val.reshape(-1, 1))
    assert mse == pytest.approx(result.val.mse, rel=1e-4)


def test_a_model_made_before_a_run_still_trains_after_it(shared, tmp_path):
    dataset, model = data.twin(2), k.build(125, (3,), seed=1)
    k.train(model, dataset, epochs=1, batch_size=250, seed=5)
    k.run(TINY, 2, tmp_path, dense=shared[1])
    options = {"first_epoch": 1, "fresh_optimizer": False}
    k.train(model, dataset, epochs=1, batch_size=250, seed=5, **options)


# --- each arm is what the calls of the chapters give, on models of their own


def dense_by_hand(config, dataset, l2=0.0):
    model = k.build(125, config.hidden, seed=2)
    if config.dense_epochs:
        k.train(model, dataset, **options(config, config.dense_epochs))
    return model


def options(config, epochs, **more):
    return {
        "epochs": epochs,
        "batch_size": config.batch_size,
        "seed": 2,
        "learning_rate": config.learning_rate,
    } | more


def pruned_by_hand(config, dataset):
    pruned = k.prune(dense_by_hand(config, dataset), config.schedule)
    if config.criterion == "random":
        mask_by_hand(pruned, config.schedule.target_sparsity)
    phase = k.train(
        pruned, dataset, **options(config, config.more_epochs, first_epoch=config.dense_epochs)
    )
    return k.strip(pruned), phase


def mask_by_hand(pruned, sparsity):
    """Random masks, and a schedule that never updates them."""
    wrappers = [layer for layer in pruned.layers if hasattr(layer, "pruning_vars")]
    for i, layer in enumerate(wrappers):
        never = k.tfmot.sparsity.keras.ConstantSparsity(0.5, begin_step=10**6)
        layer.pruning_schedule = layer.pruning_obj._pruning_schedule = never
        ((_, mask, _),) = layer.pruning_vars
        flat = np.ones(int(np.prod(mask.shape)), np.float32)
        order = np.random.default_rng([2, i]).permutation(flat.size)
        flat[order[max(round(flat.size * (1 - sparsity)), 1) :]] = 0
        mask.assign(flat.reshape(mask.shape))


def stopped_by_hand(config, dataset):
    model = dense_by_hand(config, dataset)
    stop = k.tf_keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=config.patience, restore_best_weights=True
    )
    more = {"first_epoch": config.dense_epochs, "callbacks": [stop]}
    return model, k.train(model, dataset, **options(config, config.more_epochs, **more))


def l2_by_hand(config, dataset):
    model = k.build(125, config.hidden, seed=2, l2=config.l2)
    model.set_weights(dense_by_hand(config, dataset).get_weights())
    more = {"first_epoch": config.dense_epochs}
    return model, k.train(model, dataset, **options(config, config.more_epochs, **more))


def cut_by_hand(config, dataset):
    model = dense_by_hand(config, dataset)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            kernel = layer.kernel.numpy()
            smallest = np.argsort(abs(kernel), axis=None, kind="stable")
            kernel.flat[smallest[: kernel.size - max(round(kernel.size * 0.5), 1)]] = 0
            layer.kernel.assign(kernel)
    return model, None


BY_HAND = [
    (TINY, pruned_by_hand),
    (FROM_START, pruned_by_hand),
    (RANDOM, pruned_by_hand),
    (STOPPED, stopped_by_hand),
    (L2, l2_by_hand),
    (CUT, cut_by_hand),
]


@pytest.mark.parametrize(("config", "by_hand"), BY_HAND, ids=[c.name for c, _ in BY_HAND])
def test_an_arm_is_what_the_calls_of_the_chapters_give(config, by_hand, tmp_path):
    dataset = data.twin(2)
    result = k.run(config, 2, tmp_path, keep_weights=True)
    model, phase = by_hand(config, dataset)
    kernels = runs.load_weights(config, 2, tmp_path)
    assert all(np.array_equal(kernels[name], kernel) for name, kernel in k.kernels(model).items())
    assert result.train == k.evaluate(model, dataset.x_train, dataset.y_train)
    assert result.val == k.evaluate(model, dataset.x_val, dataset.y_val)
    assert result.test == k.evaluate(model, *dataset.open_test())
    assert result.zeros == k.zeros(model)
    if phase is not None:
        assert (result.second.loss, result.second.val_loss) == (phase.loss, phase.val_loss)


def test_early_stopping_stops_early_and_goes_back_to_the_best(tmp_path):
    result = k.run(STOPPED, 2, tmp_path)
    losses = result.second.val_loss
    best = losses.index(min(losses))
    assert len(losses) == best + 1 + STOPPED.patience < STOPPED.more_epochs
    assert any(later > earlier for earlier, later in pairwise(losses[: best + 1]))
    assert result.val.mse == pytest.approx(losses[best], rel=1e-8)
    assert result.second.steps == 4 * len(losses)


def test_an_empty_second_phase_ends_where_the_first_one_did(shared, tmp_path):
    result = k.run(DENSE, 2, tmp_path, dense=shared[1])
    assert (result.train, result.val) == (result.dense_train, result.dense_val)
    assert result.second.loss == ()
    assert result.second.steps == 0
    cut = k.run(CUT, 2, tmp_path, dense=shared[1])
    assert cut.zeros == CUT.planned_zeros() == {"hidden_1": 1000, "hidden_2": 64, "output": 4}
    assert cut.dense == result.dense


def test_all_arms_of_one_first_phase_are_as_if_run_alone(shared, tmp_path):
    arms = [arm for arm in ARMS if arm.dense_digest == TINY.dense_digest]
    assert len(arms) == 10
    for arm in arms:
        together = k.run(arm, 2, tmp_path / "together", dense=shared[1])
        alone = k.run(arm, 2, tmp_path / "alone")
        assert without_seconds(together) == without_seconds(alone)
        assert k.run(arm, 2, tmp_path / "alone") == alone
    assert sorted(os.listdir(tmp_path / "alone")) == sorted(f"{a.name}-seed2.json" for a in arms)


def test_the_informative_inputs_are_counted_on_the_first_kernel(shared):
    selection = shared[2]["tiny"].inputs
    assert 0 < selection.surviving <= 125
    assert shared[2]["tiny_control"].inputs.surviving == 125
    assert shared[2]["tiny_control"].inputs.precision == 62 / 125
