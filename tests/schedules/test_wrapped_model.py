"""Preflight of models that tfmot has wrapped already, or refuses: its zeros are those of training.

The oracle is a training by tfmot's own wrappers and callback, whose zeros are counted.
"""

import warnings

import numpy as np
import pytest

from prunelab.networks import prune, zeros
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.schedules import preflight

tfmot_keras, layers = tfmot.sparsity.keras, tf_keras.layers
wrap = tfmot_keras.prune_low_magnitude
RAMP = tfmot_keras.PolynomialDecay(0.0, 0.8, 0, 20, frequency=2)
HALF = tfmot_keras.ConstantSparsity(0.5, 0, frequency=2)
OLD_STEPS = 6


def trained(model, steps):
    """The zeros of each kernel after a training by tfmot alone."""
    if model.optimizer is None:
        model.compile("sgd", "mse")
    shape = (steps * 4, *model.input_shape[1:]) if model.inputs else (steps * 4, 30)
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    y = np.zeros((len(x), *model(x[:1]).shape[1:]), np.float32)
    step = tfmot_keras.UpdatePruningStep()
    model.fit(x, y, batch_size=4, verbose=0, callbacks=[step])
    return zeros(model)


def stack(*parts, shape=(30,)):
    return tf_keras.Sequential([tf_keras.Input(shape), *parts])


class Own(tf_keras.Model):
    def __init__(self, first):
        super().__init__()
        self.first, self.last = first, layers.Dense(1, name="last")

    def call(self, x):
        return self.last(self.first(x))


class InLayer(layers.Layer):
    def __init__(self):
        super().__init__()
        self.inner = wrap(layers.Dense(30, name="deep"), RAMP)

    def call(self, x, training=None):
        return self.inner(x, training=training)


def called(times, **how):
    layer, x = wrap(layers.Dense(30, name="a"), RAMP), tf_keras.Input((30,))
    y = x
    for _ in range(times):
        y = layer(y, **how)
    return tf_keras.Model(x, layers.Dense(1, name="b")(y))


def own():
    model = Own(wrap(layers.Dense(30, name="a"), RAMP))
    model(np.ones((1, 30), np.float32))
    return model


def within_own():
    x = tf_keras.Input((30,))
    return tf_keras.Model(x, layers.Dense(1)(Own(wrap(layers.Dense(30), RAMP))(x)))


def again():
    model = stack(wrap(layers.Dense(30, name="a"), RAMP), layers.Dense(1))
    trained(model, OLD_STEPS)
    return model


MODELS = {
    "some": lambda: stack(wrap(layers.Dense(64), RAMP), layers.Dense(32), layers.Dense(1)),
    "all": lambda: wrap(stack(layers.Dense(20), layers.Dense(1)), RAMP),
    "nested": lambda: stack(stack(wrap(layers.Dense(30), RAMP)), layers.Dense(1)),
    "two schedules": lambda: stack(wrap(layers.Dense(20), HALF), wrap(layers.Dense(9), RAMP)),
    "frozen": lambda: stack(wrap(layers.Dense(30, trainable=False), RAMP), layers.Dense(1)),
    "called twice": lambda: called(2),
    "subclassed": own,
    "within a subclassed one": within_own,
    "trained before": again,
    "blocks": lambda: stack(wrap(layers.Dense(30), RAMP, block_size=(2, 3)), layers.Dense(1)),
    "groups": lambda: stack(wrap(layers.Dense(7), RAMP, sparsity_m_by_n=(2, 4)), layers.Dense(1)),
    "groups of channels": lambda: stack(
        wrap(layers.Conv2D(3, 3), RAMP, sparsity_m_by_n=(1, 4)), shape=(5, 5, 6)
    ),
}


@pytest.mark.parametrize("steps", [10, 23])
@pytest.mark.parametrize("name", MODELS)
def test_a_wrapped_model_has_the_zeros_that_training_leaves(name, steps):
    model = MODELS[name]()
    flight = preflight(RAMP, model=model, total_steps=steps)
    assert not flight.refusal
    assert all(kernel.exact for kernel in flight.kernels)
    assert {kernel.name: kernel.zeros for kernel in flight.kernels} == trained(model, steps)


def test_what_is_not_wrapped_is_named_with_the_reason():
    flight = preflight(RAMP, model=MODELS["some"](), total_steps=40)
    assert flight.ok
    assert "1,536 of 1,920 weights in 1 kernels" in flight.promise
    assert flight.promise.count("is in no pruning wrapper") == 2


def test_blocks_at_the_edge_give_the_least_there_can_be():
    model = stack(wrap(layers.Dense(30), RAMP, block_size=(4, 4)), layers.Dense(1))
    flight = preflight(RAMP, model=model, total_steps=10)
    promised, found = flight.kernels[0], trained(model, 10)
    assert not promised.exact
    assert 0.8 * found[promised.name] <= promised.zeros <= found[promised.name]
    assert flight.promise.startswith("at least ")
    assert "≥" in flight._repr_html_()


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("two schedules", {"other_schedule"}),
        ("called twice", {"calls_as_steps"}),
        ("groups", {"n_of_m_without_schedule"}),
        ("trained before", {"steps_done"}),
    ],
)
def test_a_wrapper_that_does_not_do_what_the_schedule_says_is_found(name, codes):
    flight = preflight(RAMP, model=MODELS[name](), total_steps=40)
    assert {finding.code for finding in flight.findings} == codes
    assert flight.ok == (name == "trained before")


def test_the_schedule_in_a_wrapper_is_looked_at_too():
    late = tfmot_keras.PolynomialDecay(0.0, 0.5, 0, 200, frequency=2)
    flight = preflight(RAMP, model=stack(wrap(layers.Dense(9, name="a"), late)), total_steps=40)
    assert "In the wrapper of a: The schedule ends at step 200" in " ".join(
        map(str, flight.findings)
    )


class Wave(tfmot_keras.PruningSchedule):
    def __call__(self, step):
        return True, 0.5

    def get_config(self):
        return {}


def test_a_schedule_of_the_readers_own_in_a_wrapper_is_not_guessed():
    with pytest.raises(TypeError, match="the pruning_schedule around 'a' is a Wave"):
        preflight(RAMP, model=stack(wrap(layers.Dense(9, name="a"), Wave())), total_steps=9)


# --- what stops with an error


STOPS = {
    "a block too large": lambda: stack(wrap(layers.Dense(30), RAMP, block_size=(32, 32))),
    "one column of blocks": lambda: stack(wrap(layers.Dense(1), RAMP, block_size=(2, 1))),
    "groups of three axes": lambda: stack(
        wrap(layers.Conv1D(3, 2), RAMP, sparsity_m_by_n=(1, 4)), shape=(5, 6)
    ),
    "in a layer": lambda: stack(InLayer(), layers.Dense(1)),
}


@pytest.mark.parametrize("name", STOPS)
def test_a_wrapper_that_stops_the_training_is_a_problem(name):
    flight = preflight(RAMP, model=STOPS[name](), total_steps=10)
    assert not flight.ok
    assert flight.promise == f"no weight will be zero: {flight.refusal}"
    with pytest.raises(Exception, match=r".+"):
        trained(STOPS[name](), 10)


def test_a_wrapper_in_inference_prunes_nothing():
    model = called(1, training=False)
    flight = preflight(RAMP, model=model, total_steps=10)
    assert not flight.ok
    assert "training=False" in flight.promise
    assert set(trained(model, 10).values()) == {0}


def plain_own():
    model = Own(layers.Dense(30))
    model(np.ones((1, 30), np.float32))
    return model


def half_precision():
    return stack(layers.Dense(9, dtype=tf_keras.mixed_precision.Policy("mixed_float16")))


REFUSED = {
    "subclassed": (plain_own, "subclassed Own"),
    "mixed precision": (half_precision, "mixed precision"),
    "a lambda": (lambda: stack(layers.Dense(9, activation=lambda x: x)), "a lambda"),
    "activity": (lambda: stack(layers.Dense(9, activity_regularizer="l2")), "activity_regularizer"),
    "nothing to prune": (lambda: stack(layers.ReLU()), "no layer that can be pruned"),
    "all frozen": (lambda: stack(layers.Dense(9, trainable=False)), "no layer that can be pruned"),
}


@pytest.mark.filterwarnings("ignore:The object being serialized includes a `lambda`")
@pytest.mark.parametrize("name", REFUSED)
def test_what_prune_refuses_preflight_finds_in_the_same_words(name):
    make, words = REFUSED[name]
    model = make()
    with pytest.raises((TypeError, ValueError), match=words) as caught:
        prune(model, RAMP)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        flight = preflight(RAMP, model=model, total_steps=40)
    assert not flight.ok
    assert [finding.code for finding in flight.findings] == ["model_refused"]
    assert flight.promise == f"no weight will be zero: {caught.value}"
    assert not any(kernel.zeros for kernel in flight.kernels)


@pytest.mark.parametrize("make", [lambda: Own(layers.Dense(3)), lambda: tf_keras.Sequential()])
def test_an_unbuilt_model_is_refused_as_prune_refuses_it(make):
    with pytest.raises(ValueError, match="not built") as expected:
        prune(make(), RAMP)
    with pytest.raises(ValueError, match="not built") as caught:
        preflight(RAMP, model=make(), total_steps=40)
    assert str(caught.value) == str(expected.value)
