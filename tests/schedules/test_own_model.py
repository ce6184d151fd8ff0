"""Preflight of a reader's own model: what it promises is what tfmot's own training leaves."""

import warnings

import numpy as np
import pytest

from prunelab.networks import prune, zeros
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.schedules import PolynomialDecay, preflight

RAMP = PolynomialDecay(0.0, 0.8, begin_step=1, end_step=5, frequency=1)


def recurrent():
    layers = tf_keras.layers
    model = tf_keras.Sequential(
        [
            tf_keras.Input((6, 3)),
            layers.LSTM(5, name="lstm"),
            layers.LayerNormalization(),
            layers.Dense(7, name="frozen", trainable=False),
            layers.Dense(2, name="out"),
        ]
    )
    model.compile("sgd", "mse")
    return model


def test_the_promise_is_kept_by_tfmots_own_training():
    model, x = recurrent(), np.ones((20, 6, 3), np.float32)
    flight = preflight(RAMP, model=model, data=(x, x[:, 0]), batch_size=4, epochs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pruned = prune(model, RAMP)
    pruned.compile("sgd", "mse")
    step = tfmot.sparsity.keras.UpdatePruningStep()
    pruned.fit(x, np.ones((20, 2)), batch_size=4, callbacks=[step], verbose=0)
    assert {kernel.name: kernel.zeros for kernel in flight.kernels} == zeros(pruned)
    assert [k.name for k in flight.kernels if k.dense_because] == ["frozen"]
    total = sum(kernel.size for kernel in flight.kernels)
    assert f"of all {total:,}; frozen stays dense, because it is frozen" in flight.promise
    assert flight.steps_per_epoch == 5


def test_it_is_a_table_in_a_notebook_and_a_line_elsewhere():
    flight = preflight(RAMP, model=recurrent(), total_steps=10)
    html = flight._repr_html_()
    assert html.count("<tr") == 1 + len(flight.kernels)
    assert "lstm/recurrent_kernel" in html
    sizes = [kernel.size for kernel in flight.kernels if not kernel.dense_because]
    assert repr(flight) == repr(preflight(RAMP, total_steps=10, sizes=sizes))
    assert preflight(RAMP, total_steps=10)._repr_html_() is None
    assert preflight(RAMP, total_steps=10).promise == ""


def test_a_kernel_too_small_for_the_target_is_found():
    model = tf_keras.Sequential([tf_keras.Input((2,)), tf_keras.layers.Dense(1)])
    flight = preflight(PolynomialDecay(0, 0.9, 1, 5, frequency=1), model=model, total_steps=10)
    assert flight.findings
    assert flight.kernels[0].zeros == 1


def test_data_of_any_kind_give_the_length():
    x = np.ones((20, 4))
    batches = tf.data.Dataset.from_tensor_slices(x).batch(4)
    for data, more in (
        (x, {"batch_size": 4}),
        ((x, x), {"batch_size": 4}),
        (({"a": x, "b": x}, x), {"batch_size": 4}),
        (batches, {}),
        (iter(()), {"steps_per_epoch": 5}),
    ):
        assert preflight(RAMP, data=data, epochs=3, **more).total_steps == 15


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"model": 3, "total_steps": 5}, TypeError, "model: 3 is no model of Keras"),
        ({"data": iter(()), "epochs": 2}, TypeError, "give steps_per_epoch"),
        ({"data": np.ones(3), "epochs": 3}, ValueError, "and batch_size is missing"),
        ({"data": (np.ones(5), np.ones(4)), "epochs": 1}, ValueError, "have 5, 4 rows"),
        ({"data": np.ones(3), "n_samples": 3}, ValueError, "n_samples=3: data say it already"),
    ],
)
def test_refusals_are_one_sentence(given, error, words):
    with pytest.raises(error) as caught:
        preflight(RAMP, **given)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
