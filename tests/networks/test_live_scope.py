"""One threshold for all kernels of a live run, against a loop in NumPy and Keras' plain steps."""

from dataclasses import replace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.live import TrainedRun, TrainingControl, TrainingSettings
from prunelab.live.protocol import kernels_of
from prunelab.schedules import PolynomialDecay

keras = k.tf_keras
layers = keras.layers
RAMP = PolynomialDecay(0.0, 0.8, begin_step=4, end_step=40, frequency=4)
SETTINGS = TrainingSettings(
    RAMP, epochs=4, batch_size=10, learning_rate=0.05, seed=7, scope="global"
)
NAMES = ("large", "small", "head")


def model_of_uneven_layers():
    """Three kernels, the second ten times smaller in its values than the first."""
    keras.utils.set_random_seed(0)
    normal = keras.initializers.RandomNormal
    model = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(16, "relu", kernel_initializer=normal(stddev=0.5, seed=1), name="large"),
            layers.Dense(8, "relu", kernel_initializer=normal(stddev=0.05, seed=2), name="small"),
            layers.Dense(1, name="head"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.05, momentum=0.9), "mse")
    return model


def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)).astype(np.float32)
    y = np.tanh(x @ rng.normal(size=6)).astype(np.float32)
    return x[:160], y[:160], x[160:], y[160:]


def by_hand(chosen):
    """The kernels that plain Keras and masks in NumPy end with: one ranking of all chosen ones."""
    model = model_of_uneven_layers()
    kernels = {name: model.get_layer(name).kernel for name in chosen}
    masks = {name: np.ones(kernel.shape, np.float32) for name, kernel in kernels.items()}
    x, y, *_ = data()
    step = 0
    for epoch in range(4):
        order = np.random.default_rng([7, epoch]).permutation(160)
        for rows in np.split(order, 16):
            step += 1
            if 4 <= step <= 40 and (step - 4) % 4 == 0:
                share = np.float32(0.8 * (1 - (1 - (step - 4) / 36) ** 3))
                flat = np.concatenate([abs(kernel.numpy()).ravel() for kernel in kernels.values()])
                kept = max(round(len(flat) * (1 - float(share))), 1)
                lowest = np.sort(flat)[::-1][kept - 1]
                masks = {n: (abs(w.numpy()) >= lowest).astype("f") for n, w in kernels.items()}
            for name, kernel in kernels.items():
                kernel.assign(kernel * masks[name])
            model.train_on_batch(x[rows], y[rows, None])
    return {name: kernel.numpy() * masks[name] for name, kernel in kernels.items()}


@pytest.mark.parametrize("chosen", [(), ("large", "small")])
def test_the_kernels_are_ranked_together_as_by_hand(chosen):
    train = k.live_trainer(model_of_uneven_layers())
    settings = replace(SETTINGS, layers=chosen)
    run = train(settings, data())
    found = k.kernels(train.network(run))
    for name, kernel in by_hand(chosen or NAMES).items():
        assert np.array_equal(found[name] == 0, kernel == 0), name
        assert found[name] == pytest.approx(kernel, abs=1e-6)
    sizes = {"large": 96, "small": 128, "head": 8}
    names = chosen or NAMES
    total = sum(sizes[name] for name in names)
    zeros = sum(round(run.sparsity[name] * sizes[name]) for name in names)
    assert zeros == round(0.8 * total)
    assert run.sparsity["small"] > 0.9 > run.sparsity["large"], "small weights lose more"
    assert run.sparsity["head"] == 0 or not chosen
    kernels = kernels_of(train, settings, None)
    flight = settings.preflight(160, (total,))
    assert (kernels.together, kernels.zeros(flight)) == (True, zeros)
    assert run.history[-1].realised_sparsity == pytest.approx(zeros / total)


def test_a_layer_by_layer_run_is_the_same_before_and_after_a_global_one():
    train = k.live_trainer(model_of_uneven_layers())
    alone = replace(SETTINGS, scope="layer")
    first = train(alone, data())
    together = train(SETTINGS, data())
    assert train(alone, data()).weights_digest == first.weights_digest
    assert train(SETTINGS, data()).weights_digest == together.weights_digest
    assert together.weights_digest != first.weights_digest
    assert set(first.sparsity.values()) != set(together.sparsity.values())


def test_a_steered_global_run_is_stored_and_replayed_bit_for_bit():
    def steering(report):
        if report.epoch == 1:
            control.steer(final_sparsity=0.9)

    control, train = TrainingControl(), k.live_trainer(model_of_uneven_layers())
    run = train(SETTINGS, data(), control, steering)
    stored = TrainedRun.from_dict(run.to_dict())
    assert stored.settings.scope == "global"
    again = train(stored.settings, data(), TrainingControl.replaying(stored.steerings))
    assert again.weights_digest == run.weights_digest
    assert run.nonzeros == 232 - round(0.9 * 232)


def test_blocks_are_refused_before_any_step():
    train, control = k.live_trainer(model_of_uneven_layers()), TrainingControl()
    with pytest.raises(ValueError, match=r"block_size=\(2, 1\): scope='global' ranks single"):
        train(replace(SETTINGS, block_size=(2, 1)), data(), control)
    assert control.step == 0
    with pytest.raises(ValueError, match="scope='all': write 'layer' or 'global'"):
        replace(SETTINGS, scope="all")


def test_a_record_of_a_layer_by_layer_run_is_as_before():
    values = replace(SETTINGS, scope="layer").to_dict()
    assert "scope" not in values
    assert TrainingSettings.from_dict(values).scope == "layer"
    assert TrainingSettings.from_dict(SETTINGS.to_dict()) == SETTINGS
