"""Networks that are reset: the bits of new ones with tfmot's own schedule, whatever was before."""

import threading
from types import SimpleNamespace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments import one_shot
from prunelab.masks import kept_count
from prunelab.networks import pool
from prunelab.networks.pool import borrowed, initial_weights
from prunelab.schedules import ConstantSparsity, PolynomialDecay

ROWS, FEATURES, HIDDEN, BATCH, EPOCHS = 44, 10, (12,), 10, 4
STEPS = 5 * EPOCHS  # the last batch of an epoch is short
RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=10, frequency=2)


@pytest.fixture(autouse=True)
def _none_idle(monkeypatch):
    monkeypatch.setattr(pool._networks, "_idle", [])


def fit(model, rows, **options):
    return k.train(model, rows, **{"epochs": EPOCHS, "batch_size": BATCH, "seed": 5} | options)


def in_network(network, rows, schedule=None, seed=1, rate=1e-3, **options):
    """A run in a borrowed network; everything it leaves, as bytes."""
    network.begin(
        initial_weights(FEATURES, HIDDEN, seed),
        learning_rate=rate,
        schedule=schedule,
        total_steps=STEPS,
    )
    phase = fit(network.model, rows, fresh_optimizer=False, **options)
    return left(network.model, phase)


def left(model, phase):
    variables = [*model.weights, *model.optimizer.variables]
    return phase.loss, phase.val_loss, [variable.numpy().tobytes() for variable in variables]


def anew(rows, schedule=None, seed=1, rate=1e-3):
    """The same by a new model, compiled, with tfmot's own schedule."""
    model = k.build(FEATURES, HIDDEN, seed=seed)
    model = model if schedule is None else k.prune(model, schedule)
    phase = fit(model, rows, learning_rate=rate)
    return left(model, phase)


SCHEDULES = [
    None,
    RAMP,
    PolynomialDecay(0.0, 0.75, begin_step=3, end_step=50, frequency=3),
    PolynomialDecay(0.25, 0.9, begin_step=0, end_step=13, power=1, frequency=4),
    PolynomialDecay(0.6, 0.2, begin_step=1, end_step=20, power=2.5, frequency=1),
    PolynomialDecay(0.0, 0.8, begin_step=2, end_step=17, power=0.3, frequency=5),
    ConstantSparsity(0.5, begin_step=3, end_step=7, frequency=2),
    ConstantSparsity(0.9, begin_step=16, frequency=1),
    ConstantSparsity(0.5, begin_step=100),
    one_shot(0.75),
]


def test_a_reset_network_is_a_new_one_bit_for_bit(rows):
    """All schedules in turn in one network, each against tfmot's own in a new one; then again."""
    found = []
    for schedule in SCHEDULES:
        with borrowed(FEATURES, HIDDEN, pruned=schedule is not None) as network:
            found.append(in_network(network, rows, schedule))
    for schedule, one in zip(SCHEDULES, found, strict=True):
        assert one == anew(rows, schedule), schedule
    for schedule, one in reversed(list(zip(SCHEDULES, found, strict=True))):
        with borrowed(FEATURES, HIDDEN, pruned=schedule is not None) as network:
            assert in_network(network, rows, schedule) == one, schedule
    assert len(pool._networks._idle) == 2


@pytest.mark.parametrize("block_size", [(1, 1), (4, 2)])
def test_thresholds_by_partition_give_tfmots_bits(rows, monkeypatch, block_size):
    """All weights, masks and thresholds of a run with an update at every step."""

    def trained():
        monkeypatch.setattr(pool, "_networks", pool.Pool())
        schedule = PolynomialDecay(0.1, 0.9, 0, 12, frequency=1)
        shape, layers = (FEATURES, (16, 8)), ["hidden_1", "hidden_2"]
        with borrowed(*shape, pruned=True, layers=layers, block_size=block_size) as network:
            network.begin(initial_weights(*shape, 3), schedule=schedule, total_steps=STEPS)
            network.train(rows, epochs=EPOCHS, batch_size=BATCH, seed=1)
            return [variable.numpy() for variable in network.model.variables], network

    fast, network = trained()
    assert all("_update_mask" in vars(layer.pruning_obj) for layer in network._wrappers())
    monkeypatch.setattr(pool, "rank_on_host", lambda model: model)
    slow, network = trained()
    assert not any("_update_mask" in vars(layer.pruning_obj) for layer in network._wrappers())
    assert all(one.tobytes() == two.tobytes() for one, two in zip(fast, slow, strict=True))
    assert k.sparsities(network.model)["hidden_1"] > 0.5


def test_nothing_is_left_of_the_run_before(rows):
    with borrowed(FEATURES, HIDDEN, pruned=True) as network:
        first = in_network(network, rows, RAMP)
        for schedule, seed, rate in ((one_shot(0.9), 2, 0.5), (SCHEDULES[4], 3, 1e-6)):
            in_network(network, rows, schedule, seed, rate)
            network.mask_at_random(0.9, seed)
            network.model.stop_training = True
            assert in_network(network, rows, RAMP) == first
        assert float(network.model.optimizer.learning_rate) == np.float32(1e-3)


def test_an_optimizers_state_is_taken_along(rows):
    model = k.build(FEATURES, HIDDEN, seed=1)
    fit(model, rows)
    phase = fit(model, rows, fresh_optimizer=False, first_epoch=EPOCHS)
    expected = left(model, phase)
    with borrowed(FEATURES, HIDDEN) as network:
        in_network(network, rows)
        weights, state = network.model.get_weights(), network.optimizer_state()
        in_network(network, rows, seed=9)
        network.begin(weights, optimizer=state)
        phase = fit(network.model, rows, fresh_optimizer=False, first_epoch=EPOCHS)
        assert left(network.model, phase) == expected


def test_first_weights_are_those_of_build():
    for seed in (0, 7):
        expected = k.build(FEATURES, HIDDEN, seed=seed).get_weights()
        found = initial_weights(FEATURES, HIDDEN, seed)
        assert [a.tobytes() for a in found] == [a.tobytes() for a in expected]


# --- borrowing


def test_nobody_else_has_a_network_meanwhile(rows):
    with borrowed(FEATURES, HIDDEN) as outer:
        expected = in_network(outer, rows)
        with borrowed(FEATURES, HIDDEN) as inner:
            assert inner is not outer
            in_network(inner, rows, seed=4)
            assert left(outer.model, SimpleNamespace(loss=0, val_loss=0))[2] == expected[2]
    with borrowed(FEATURES, HIDDEN) as again:
        assert again in (outer, inner)
        assert in_network(again, rows) == expected


def test_a_network_is_lent_for_its_own_shape_only():
    made = []
    shapes = [
        ((FEATURES, HIDDEN), {}),
        ((FEATURES, HIDDEN), {"pruned": True}),
        ((FEATURES, HIDDEN), {"l2": 0.1}),
        ((FEATURES, HIDDEN), {"l2": 0.2}),
        ((FEATURES, (12, 12)), {}),
        ((FEATURES + 1, HIDDEN), {}),
    ]
    for arguments, options in shapes:
        with borrowed(*arguments, **options) as network:
            made.append(network)
    assert len(set(map(id, made))) == len(shapes)
    for (arguments, options), before in zip(shapes, made, strict=True):
        with borrowed(*arguments, **options) as network:
            assert network is before


def test_only_a_few_wait_idle(monkeypatch):
    monkeypatch.setattr(pool._networks, "at_most", 3)
    made = {}
    for units in (1, 2, 3, 4):
        with borrowed(2, (units,)) as made[units]:
            pass
    assert [shape[1] for shape, _ in pool._networks._idle] == [(2,), (3,), (4,)]
    with borrowed(2, (2,)) as again:
        assert again is made[2]
    with borrowed(2, (1,)) as other:
        assert other is not made[1]


def test_in_two_threads_as_in_one(rows):
    cases = [(RAMP, 1), (SCHEDULES[3], 2)] * 3
    with borrowed(FEATURES, HIDDEN, pruned=True) as network:
        expected = [in_network(network, rows, schedule, seed) for schedule, seed in cases[:2]] * 3
    found, barrier = [None] * len(cases), threading.Barrier(2)

    def work(worker):
        barrier.wait()
        for i in range(worker, len(cases), 2):
            with borrowed(FEATURES, HIDDEN, pruned=True) as network:
                found[i] = in_network(network, rows, *cases[i])

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert found == expected


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
@pytest.mark.parametrize("proven", [False, True])
def test_after_an_error_only_a_proven_network_comes_back(error, proven, rows):
    if proven:
        with borrowed(FEATURES, HIDDEN, pruned=True) as before:
            expected = in_network(before, rows, RAMP)

    class Stop(k.tf_keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 3:
                raise error

    with pytest.raises(error), borrowed(FEATURES, HIDDEN, pruned=True) as hurt:
        in_network(hurt, rows, RAMP, seed=3, callbacks=[Stop()])
    assert len(pool._networks._idle) == (proven and error is ValueError)
    if pool._networks._idle:
        with borrowed(FEATURES, HIDDEN, pruned=True) as again:
            assert again is hurt is before
            assert in_network(again, rows, RAMP) == expected


# --- random masks


def test_random_masks_have_the_zeros_magnitude_would_cut(rows):
    with borrowed(FEATURES, HIDDEN, pruned=True) as network:
        network.begin(initial_weights(FEATURES, HIDDEN, 1), schedule=RAMP, total_steps=STEPS)
        before = k.kernels(network.model)
        network.mask_at_random(0.7, seed=3)
        after = k.kernels(network.model)
        for name, kernel in after.items():
            kept = kernel != 0
            assert kept.sum() == kept_count(kernel.size, 0.7)
            assert np.array_equal(kernel[kept], before[name][kept])
        fit(network.model, rows, fresh_optimizer=False)
        trained = k.kernels(network.model)
        assert all(np.array_equal(trained[n] == 0, after[n] == 0) for n in after)
        assert all((trained[n] != after[n]).any() for n in after)


def test_random_masks_follow_the_seed_not_the_weights():
    def zeros(weights_seed, seed):
        with borrowed(FEATURES, (12, 12), pruned=True) as network:
            network.begin(
                initial_weights(FEATURES, (12, 12), weights_seed), schedule=RAMP, total_steps=STEPS
            )
            network.mask_at_random(0.5, seed)
            return [kernel == 0 for kernel in k.kernels(network.model).values()]

    def same(a, b):
        return [np.array_equal(x, y) for x, y in zip(a, b, strict=True)]

    one = zeros(1, 3)
    assert all(same(one, zeros(2, 3)))
    assert same(one, zeros(1, 4))[:2] == [False, False]
    overlap = (one[0].ravel() == one[1].ravel()[: one[0].size]).mean()
    assert 0.3 < overlap < 0.7  # two layers do not share a pattern
