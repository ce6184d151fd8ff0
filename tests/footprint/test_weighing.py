"""Real files of small networks: written, read back, compared; wrong ones are shown as wrong."""

import re

import numpy as np
import pytest

from prunelab import footprint
from prunelab import networks as k
from prunelab.footprint import (
    FORMATS,
    as_network,
    networks,
    pruned,
    remove_neurons,
    shape_of,
    tflite,
    to_model,
    weigh,
)
from prunelab.schedules import ConstantSparsity
from tests.footprint.test_codecs import network, same


def rows_of(inputs, n=64, seed=5):
    return np.random.default_rng(seed).normal(size=(n, inputs)).astype(np.float32)


@pytest.fixture(scope="module")
def blocks():
    """Sixteens divide its inputs, so every sparse kernel can do it right; half of it is zeros."""
    return pruned(network((64, 48, 32, 1), seed=1), "16x1", 0.5)


@pytest.fixture(scope="module")
def weighed(blocks):
    said = []
    rows = weigh(
        blocks,
        rows_of(64),
        pattern="16x1",
        sparsity=0.5,
        report=lambda *what: said.append(what),
    )
    return {row.format: row for row in rows}, said


def test_every_format_has_its_row_and_is_read_back(weighed):
    rows, said = weighed
    assert list(rows) == list(FORMATS)
    assert [done for done, _, _ in said] == list(range(1, len(FORMATS) + 1))
    for row in rows.values():
        if row.format not in ("zstd", "tflite_int8_sparse"):
            assert (row.status, row.why) == ("right", ""), row
            assert row.error <= FORMATS[row.format].tolerance
            assert row.bytes > 0
        assert (row.pattern, row.sparsity, row.weights) == (
            "16x1",
            0.5,
            64 * 48 + 48 * 32 + 32,
        )


def test_the_order_of_sizes_is_what_each_contains(weighed):
    rows, _ = weighed
    size = {name: row.bytes for name, row in rows.items()}
    assert size["wrapped"] > size["compiled"] > size["keras"] > size["raw"]
    assert size["csr32"] > size["csr16"] > size["bitmask"] > rows["bitmask"].bound
    assert size["gzip"] < size["raw"]
    assert size["tflite_int8"] < size["tflite_sparse"] < size["tflite"]
    assert rows["tflite_int8"].bound < rows["tflite"].bound


def test_int8_with_sparsity_is_never_called_right_where_the_delegate_fails(weighed, blocks):
    """What its default delegate makes of it differs between versions: so we ask it here."""
    rows, _ = weighed
    row, x = rows["tflite_int8_sparse"], rows_of(64)
    assert row.bytes < rows["tflite_int8"].bytes
    expected = networks.reference(blocks, x)
    try:
        predicted = tflite.predict(tflite.convert(blocks, row.format), x, builtin=False)
    except tflite.ConversionError:
        assert row.status == "failed"
    else:
        off = networks.relative_error(predicted, expected) > networks.INT8_TOLERANCE
        assert (row.status == "wrong") == off


def test_float_blocks_on_inputs_fours_do_not_divide_are_shown_as_wrong():
    """LiteRT's sparse kernel drops the last inputs in silence: what the comparison is for."""
    net = pruned(network((30, 16, 8, 1), seed=2), "4x1", 0.5)
    rows = {row.format: row for row in weigh(net, rows_of(30), ["tflite", "tflite_sparse"])}
    assert rows["tflite"].status == "right"
    row = rows["tflite_sparse"]
    assert row.status == "wrong"
    assert row.bytes > 0
    assert row.error > 0.01
    assert re.search(r"^its predictions are off by .+ where this format with LiteRT.s own", row.why)
    text = footprint.table([row])
    assert "WRONG" in text
    assert f"{row.bytes:,}" in text


def test_a_converter_failure_is_a_row_and_the_rest_still_comes(monkeypatch):
    from prunelab.networks.backend import tensorflow as tf

    class Converter:
        @staticmethod
        def from_keras_model(model):
            raise RuntimeError("no\nsuch " + 500 * "x")

    tflite.convert.cache_clear()
    monkeypatch.setattr(tf.lite, "TFLiteConverter", Converter)
    rows = {row.format: row for row in weigh(network(seed=7), rows_of(40), ["tflite", "raw"])}
    assert rows["tflite"].status == "failed"
    assert rows["tflite"].bytes is None
    assert "the converter stopped: no such" in rows["tflite"].why
    assert "\n" not in rows["tflite"].why
    assert len(rows["tflite"].why) < 300
    assert rows["raw"].status == "right"


def test_without_an_interpreter_the_row_says_how_to_get_one(monkeypatch):
    def none():
        raise ImportError(tflite.MISSING)

    monkeypatch.setattr(tflite, "_classes", none)
    rows = {row.format: row for row in weigh(network(), rows_of(40), ["tflite", "keras"])}
    assert rows["tflite"].status == "missing"
    assert "pip install ai-edge-litert" in rows["tflite"].why
    assert rows["keras"].status == "right"


# --- models


def test_bytes_do_not_depend_on_what_was_built_before(blocks):
    """Keras numbers what nobody named, and the digits are bytes of a file."""
    formats = ("wrapped", "compiled", "keras", "h5", "tflite", "tflite_int8")
    first = [row.bytes for row in footprint.weigh(blocks, rows_of(64), formats)]
    for _ in range(11):
        k.tf_keras.Sequential([k.tf_keras.Input((2,)), k.tf_keras.layers.Dense(1)])
    assert [row.bytes for row in footprint.weigh(blocks, rows_of(64), formats)] == first


def test_a_model_goes_to_arrays_and_back():
    model = k.build(40, (24, 12), seed=3)
    net = as_network(model)
    assert shape_of(net) == (40, 24, 12, 1)
    x = rows_of(40)
    assert np.allclose(net.forward(x), model(x).numpy(), rtol=1e-4, atol=1e-6)
    assert same(as_network(to_model(net)), net)
    assert same(as_network(k.prune(model, ConstantSparsity(0.5, 0))), net)
    wide = network((5, 4, 3))
    assert np.allclose(to_model(wide)(rows_of(5)).numpy(), wide.forward(rows_of(5)), atol=1e-5)


def test_activations_and_dropout_are_looked_through():
    from prunelab.networks.backend import tensorflow as tf

    layers, Sequential = k.tf_keras.layers, k.tf_keras.Sequential  # noqa: N806
    model = Sequential(
        [
            k.tf_keras.Input((7,)),
            layers.Dense(5, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(4, use_bias=False),
            layers.Activation("relu"),
            layers.Dense(3, activation=tf.nn.relu),
            layers.Dense(2),
        ]
    )
    x = rows_of(7)
    assert np.allclose(as_network(model).forward(x), model(x).numpy(), atol=1e-5)


def _models():
    keras, layers = k.tf_keras, k.tf_keras.layers

    def made(*parts):
        return lambda: keras.Sequential([keras.Input((6,)), *parts])

    def branched():
        entry = keras.Input((6,))
        return keras.Model(entry, layers.Dense(1)(entry))

    def of_keras_3():
        import keras as keras_3

        return keras_3.Sequential([keras_3.Input((6,)), keras_3.layers.Dense(1)])

    class Dense(layers.Dense):
        def call(self, inputs):
            return 100 * super().call(inputs)

    class Dropout(layers.Layer):
        def call(self, inputs):
            return 3 * inputs

    class Twice(layers.Wrapper):
        def call(self, inputs):
            return 2 * self.layer(inputs)

    class Own(keras.Sequential):
        def call(self, inputs, training=None, mask=None):
            return 5 * super().call(inputs)

    def relu(x):
        return 7 * x

    def changed():
        model = made(layers.Dense(3, activation="relu"), layers.Dense(1))()
        model.layers[0].call = lambda inputs: inputs
        return model

    last = layers.Dense(1)
    return {
        "own Dense": (made(Dense(3, activation="relu"), last), "of its own called Dense, not"),
        "own Dropout": (made(layers.Dense(3), layers.ReLU(), Dropout(), last), "called Dropout"),
        "own relu": (made(layers.Dense(3, activation=relu), last), "relu, a function of its own"),
        "own relu, a layer": (made(layers.Dense(3), layers.Activation(relu)), "settings of its"),
        "own wrapper": (made(Twice(layers.Dense(3, activation="relu")), last), "a Twice: the foot"),
        "own call": (lambda: Own([keras.Input((6,)), last]), "has a call of its own (Own)"),
        "own call inside": (made(Own([keras.Input((6,)), layers.Dense(3)])), "(Own)"),
        "changed layer": (changed, "a Dense with a call of its own"),
        "rows of rows": (
            lambda: keras.Sequential([keras.Input((5, 6)), layers.Dense(1)]),
            "model takes [rows, 5, 6]: the footprint's runtimes run rows of numbers",
        ),
        "convolution": (made(layers.Reshape((6, 1)), layers.Conv1D(2, 3)), "a Reshape: the foot"),
        "norm": (made(layers.Dense(3), layers.BatchNormalization()), "a BatchNormalization"),
        "tanh": (made(layers.Dense(3, activation="tanh"), layers.Dense(1)), "activation tanh"),
        "capped": (made(layers.Dense(3), layers.ReLU(6.0), layers.Dense(1)), "settings of its own"),
        "linear twice": (made(layers.Dense(3), layers.Dense(1)), "a ReLU after each Dense layer"),
        "relu last": (made(layers.Dense(3), layers.ReLU()), "a ReLU after each Dense layer"),
        "empty": (made(), "has no Dense layer"),
        "branched": (branched, "takes a tf_keras.Sequential of Dense layers"),
        "unbuilt": (lambda: keras.Sequential([layers.Dense(1)]), "is not built"),
        "Keras 3": (of_keras_3, "tfmot knows only models of tf_keras"),
        "a path": (lambda: "model.keras", "write a tf_keras model"),
        "nothing": (lambda: None, "write a tf_keras model"),
        "a list": (lambda: [np.ones((2, 2))], "write a tf_keras model"),
    }


@pytest.mark.parametrize("name", _models())
def test_models_it_does_not_know_are_refused_in_a_sentence(name):
    make, words = _models()[name]
    model = make()
    for ask in (as_network, remove_neurons):
        with pytest.raises((TypeError, ValueError), match=re.escape(words)) as caught:
            ask(model)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("x", "formats", "words"),
    [
        (np.ones((3, 5)), "raw", "the network takes rows of 40 inputs"),
        (np.ones(40), "raw", "the network takes rows of 40 inputs"),
        (np.ones((0, 40)), "raw", "1 at least are needed"),
        (np.full((2, 40), np.nan), "raw", "NaN or infinity"),
        ("x", "raw", "an array of real numbers"),
        (np.ones((3, 40)), "zip", "the formats are wrapped"),
        (np.ones((3, 40)), ["raw", 3], "the formats are wrapped"),
    ],
)
def test_impossible_rows_and_formats(x, formats, words):
    with pytest.raises((TypeError, ValueError), match=words):
        weigh(network(), x, formats)


def test_removing_neurons_from_a_model_gives_a_smaller_model_of_the_same_output():
    model = k.build(40, (24, 12), seed=3)
    kernel = model.layers[0].kernel.numpy()
    kernel[:, ::2] = 0
    model.layers[0].kernel.assign(kernel)
    model.layers[0].bias.assign(np.linspace(-1, 1, 24))
    before = model.get_weights()
    smaller = remove_neurons(model)
    assert isinstance(smaller, k.tf_keras.Sequential)
    assert shape_of(as_network(smaller)) == (40, 12, 12, 1)
    x = rows_of(40)
    assert np.allclose(smaller(x).numpy(), model(x).numpy(), rtol=1e-4, atol=1e-5)
    assert smaller.count_params() < model.count_params()
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


SMALL = "0 of 2 kernels are int8: kernels below 1,024 weights stay float32"


def test_an_int8_file_of_float32_kernels_says_so():
    """The converter leaves kernels of fewer than 1,024 weights as they are."""
    rows = {row.format: row for row in weigh(network((30, 16, 1)), rows_of(30), INT8)}
    assert rows["tflite_int8"].bytes == rows["tflite"].bytes
    assert (rows["tflite"].remark, rows["tflite_int8"].remark) == ("", SMALL)
    assert footprint.table([rows["tflite_int8"]]).endswith(f"  {SMALL}")
    (row,) = weigh(network((64, 32, 1)), rows_of(64), "tflite_int8")
    assert row.remark == SMALL.replace("0 of", "1 of")
    (row,) = weigh(network((32, 32)), rows_of(32), "tflite_int8")
    assert row.remark == ""


INT8 = ("tflite", "tflite_int8")


@pytest.mark.parametrize("kind", ["float16", "float64", "bfloat16"])
def test_a_model_of_another_type_is_not_weighed_as_float32(kind):
    dense = k.tf_keras.layers.Dense
    model = k.tf_keras.Sequential(
        [k.tf_keras.Input((64,)), dense(32, "relu", dtype=kind), dense(2, dtype=kind)]
    )
    rows = {row.format: row for row in weigh(model, None, ("raw", "csr16", "bitmask"))}
    assert {(row.status, row.dtype) for row in rows.values()} == {("right", kind)}
    wide = 8 if kind == "float64" else 2
    assert 0 < rows["raw"].bytes - wide * (66 * 32 + 66 - 32) < 150
    assert f"{kind} weights" in footprint.table(rows.values())
    with pytest.warns(UserWarning, match=rf"has weights in {kind}: they are taken as float32"):
        as_network(model)
