"""Models that are no MLP: weighed, timed and counted; each row compared with the model itself."""

import re
from dataclasses import replace

import numpy as np
import pytest

from prunelab import footprint
from prunelab import networks as k
from prunelab.footprint import FORMATS, RUNTIMES, cost, time, weigh
from prunelab.footprint.models.network import KerasNetwork
from prunelab.schedules import ConstantSparsity
from tests.footprint.test_weighing import _models
from tests.helpers.own_models import MODELS, cnn, of_keras_3, rows_for, two_inputs

LITE = ("raw", "gzip", "bitmask", "csr16", "keras", "h5", "tflite", "tflite_int8")


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_weighed_and_read_back_right(name):
    model = MODELS[name]()
    before = model.get_weights()
    rows = {row.format: row for row in weigh(model, rows_for(model), LITE)}
    assert {row.format: row.why for row in rows.values() if row.status != "right"} == {}
    arrays = model.get_weights()
    assert rows["raw"].bytes >= sum(a.nbytes for a in arrays)
    assert rows["raw"].bytes < sum(a.nbytes for a in arrays) + 1000
    assert all(np.array_equal(a, b) for a, b in zip(before, arrays, strict=True))


def test_all_formats_of_a_cnn():
    model = cnn()
    rows = {row.format: row for row in weigh(model)}
    assert list(rows) == list(FORMATS)
    wrong = {name for name, row in rows.items() if row.status != "right"}
    assert not wrong - {"tflite_sparse", "tflite_int8_sparse"}, rows
    size = {name: row.bytes for name, row in rows.items()}
    assert size["wrapped"] > size["compiled"] > size["keras"] > size["raw"]


def test_the_readers_optimizer_and_wrappers_are_no_part_of_the_bytes():
    model = cnn()
    (plain,) = weigh(model, None, "keras")
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(rows_for(model), np.zeros(9), verbose=0)
    assert weigh(model, None, "keras")[0].bytes == pytest.approx(plain.bytes, abs=200)
    pruned = k.prune(model, ConstantSparsity(0.5, 0, frequency=1))
    pruned.compile("adam", "sparse_categorical_crossentropy")
    callback = k.tfmot.sparsity.keras.UpdatePruningStep()
    pruned.fit(rows_for(model), np.zeros(9), verbose=0, callbacks=[callback])
    before = pruned.get_weights()
    (row,) = weigh(pruned, None, "bitmask")
    assert row.status == "right"
    assert 0.3 < row.zeros <= 0.5  # a depthwise kernel stays dense
    assert all(np.array_equal(a, b) for a, b in zip(before, pruned.get_weights(), strict=True))


def test_a_wrong_file_of_a_cnn_is_called_wrong(monkeypatch):
    from prunelab.footprint import formats

    def spoilt(content, name):
        arrays = original(content, name)
        arrays[0] = arrays[0] * 1.5
        return arrays

    original = formats.decode_arrays
    monkeypatch.setattr(formats, "decode_arrays", spoilt)
    (row,) = weigh(cnn(), None, "raw")
    assert (row.status, row.bytes > 0) == ("wrong", True)
    assert "are off by" in row.why


def test_times_of_every_runtime_that_applies():
    model = cnn()
    rows = time(model, rows_for(model), batches=(1, 3), repeats=3, seconds=0.02)
    names = [name for name in RUNTIMES if RUNTIMES[name].any_model]
    assert [(row.runtime, row.batch) for row in rows] == [(n, b) for b in (1, 3) for n in names]
    for row in rows:
        if "sparse" not in row.runtime:
            assert (row.status, row.why) == ("right", ""), row
            assert row.median > 0
            assert row.ratio > 0
    text = footprint.table(rows, cost=cost(model))
    assert text.startswith(f"{cost(model).parameters:,} parameters; ")


@pytest.mark.parametrize("name", ["two inputs", "lstm"])
def test_times_of_two_inputs_and_of_a_loop(name):
    model = MODELS[name]()
    names = ["keras_call", "tf_function", "litert_builtin", "litert_xnnpack"]
    rows = time(model, rows_for(model), names, batches=(3,), repeats=3, seconds=0.02)
    assert [row.status for row in rows] == ["right"] * 4, rows


def test_a_wrong_runtime_of_a_cnn_is_called_wrong(monkeypatch):
    runtime = RUNTIMES["keras_call"]
    swapped = replace(runtime, make=lambda n, x, t: lambda: -runtime.make(n, x, t)())
    monkeypatch.setitem(RUNTIMES, "keras_call", swapped)
    (row,) = time(cnn(), None, "keras_call", batches=(2,), repeats=3, seconds=0.01)
    assert row.status == "wrong"


def test_bytes_of_keras_3():
    rows = {row.format: row for row in weigh(of_keras_3())}
    assert {"keras", "h5", "compiled", "raw", "bitmask"} <= set(rows)
    assert {row.status for row in rows.values()} == {"right"}
    with pytest.raises(ValueError, match="'tflite' cannot be made of a model of Keras 3"):
        weigh(of_keras_3(), None, "tflite")
    with pytest.raises(TypeError, match="of Keras 3: weigh gives its bytes"):
        time(of_keras_3(), None)


def _subclassed():
    class Own(k.tf_keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = k.tf_keras.layers.Dense(2)

        def call(self, inputs):
            return self.dense(inputs)

    model = Own()
    model.build((None, 3))
    return model


REFUSED = {
    "a hand-written routine": (lambda: time(cnn(), None, "scipy_csr"), "is written for Dense"),
    "neurons of a CNN": (lambda: footprint.remove_neurons(cnn()), "holds the layer 'conv'"),
    "a CNN as an MLP": (lambda: footprint.as_network(cnn()), "holds the layer 'conv'"),
    "subclassed": (lambda: weigh(_subclassed()), "is a subclassed Own"),
    "one array for two": (lambda: weigh(two_inputs(), np.ones((3, 5))), "the model has 2 inputs"),
    "a wrong key": (lambda: weigh(two_inputs(), {"a": 1}), "x has the keys ['a']"),
    "uneven": (lambda: weigh(two_inputs(), [np.ones((3, 5)), np.ones((2, 4, 4, 1))]), "2 and 3 r"),
    "wrong sides": (lambda: weigh(cnn(), np.ones((3, 64))), "takes [rows, 8, 8, 1]"),
    "NaN": (lambda: weigh(cnn(), np.full((1, 8, 8, 1), np.nan)), "NaN or infinity"),
    "threads": (lambda: time(cnn(), None, threads=7), "begin Python with PRUNELAB_THREADS"),
    "a file's format": (lambda: weigh(cnn(), None, "file"), "cannot be made of a model of tf_k"),
    "nothing": (lambda: cost(None), "write a tf_keras model"),
    "Keras 3": (lambda: cost(of_keras_3()), "model is a Keras 3 model"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_sentence(name):
    ask, words = REFUSED[name]
    with pytest.raises((TypeError, ValueError), match=re.escape(words)) as caught:
        ask()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_weights_that_are_no_numbers_are_refused():
    model = cnn()
    model.get_layer("digits").kernel.assign(np.full((24, 10), np.nan))
    with pytest.raises(ValueError, match="NaN or infinity, so its predictions say nothing"):
        weigh(model)


def test_sides_of_any_length_are_those_of_the_rows():
    layers = k.tf_keras.layers
    parts = [layers.Conv1D(4, 2), layers.GlobalMaxPooling1D(), layers.Dense(2)]
    model = k.tf_keras.Sequential([k.tf_keras.Input((None, 3)), *parts])
    x = np.random.default_rng(0).normal(size=(5, 7, 3))
    assert {row.status for row in weigh(model, x, ["raw", "tflite"])} == {"right"}
    rows = time(model, x, ["litert_xnnpack"], batches=(2,), repeats=3, seconds=0.01)
    assert rows[0].status == "right", rows
    with pytest.raises(ValueError, match="sides of any length"):
        weigh(model)


def test_a_model_without_biases_has_no_bytes_of_biases():
    layers = k.tf_keras.layers
    parts = [layers.Dense(8, activation="relu", use_bias=False), layers.Dense(1, use_bias=False)]
    (row,) = weigh(k.tf_keras.Sequential([k.tf_keras.Input((6,)), *parts]), None, "raw")
    assert 4 * (6 * 8 + 8) < row.bytes < 4 * (6 * 8 + 8) + 100


def test_rows_are_drawn_for_the_courses_mlp_too():
    (row,) = weigh(k.build(6, (5,), seed=0), None, "raw")
    assert row.status == "right"


@pytest.mark.parametrize(
    "name", ["own Dense", "own relu", "own wrapper", "norm", "tanh", "branched"]
)
def test_what_is_no_mlp_of_the_course_is_weighed_all_the_same(name):
    model = _models()[name][0]()
    # A reader's class called like one of Keras' is taken for it where a file is loaded.
    formats = ["raw", "tflite", *(["keras", "h5"] if name != "own Dense" else [])]
    assert {row.why for row in weigh(model, rows_for(model), formats)} == {""}


def test_rows_by_name_are_the_rows_in_order():
    model = two_inputs()
    zeta, alpha = rows_for(model)
    network = KerasNetwork(model)
    named = network.checked_rows({"alpha": alpha, "zeta": zeta})
    assert all(map(np.array_equal, named.arrays, (zeta, alpha)))
    found = network.forward(named)
    expected = model([zeta, alpha])
    assert np.array_equal(found, np.concatenate(expected, axis=1))


def tensorflows_count(model):
    """Multiply-adds of one row as TensorFlow's own profiler counts them in the frozen graph."""
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2_as_graph,
    )

    from prunelab.networks.backend import tensorflow as tf

    specs = [tf.TensorSpec((1, *each.shape[1:]), each.dtype) for each in model.inputs]
    call = tf.function(lambda *x: model(x if len(x) > 1 else x[0], training=False))
    _, graph = convert_variables_to_constants_v2_as_graph(call.get_concrete_function(*specs))
    with tf.Graph().as_default() as empty:
        tf.graph_util.import_graph_def(graph, name="")
        options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        kinds = ["MatMul", "BatchMatMulV2", "Conv2D", "DepthwiseConv2dNative"]
        options = options | {"account_type_regexes": kinds, "output": "none"}
        found = tf.compat.v1.profiler.profile(empty, options=options)
    return found.total_float_ops / 2


@pytest.mark.parametrize("name", ["cnn", "two inputs"])
def test_multiply_adds_are_those_tensorflow_counts(name):
    model = MODELS[name]()
    counted = cost(model)
    assert counted.uncounted == ()
    assert counted.multiply_adds == tensorflows_count(model)
    assert counted.parameters == model.count_params()


def test_multiply_adds_of_loops_and_attention_by_hand():
    assert cost(MODELS["lstm"]()).multiply_adds == 6 * (3 + 4) * 16 + 4 * 2
    heads = 6 * 4 * 8 * 8 + 2 * 6 * 6 * 2 * 4  # four projections, then q·k and weights·v
    assert cost(MODELS["attention"]()).multiply_adds == heads + 8 * 2


def test_a_layer_that_cannot_be_counted_is_named():
    layers = k.tf_keras.layers
    model = k.tf_keras.Sequential(
        [k.tf_keras.Input((None, 3)), layers.LSTM(4, name="loop"), layers.Dense(2)]
    )
    assert cost(model).uncounted == ("loop",)
    assert str(cost(model)).endswith("; not counted: loop")


def test_a_subclassed_model_has_no_count_rather_than_none_at_all():
    layers = k.tf_keras.layers

    class Own(k.tf_keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = layers.Dense(4, name="one"), layers.Dense(1, name="two")

        def call(self, x):
            return self.two(self.one(x))

    model = Own()
    model(np.ones((1, 3), "f4"))
    words = str(cost(model))
    assert words.startswith("21 parameters; no multiply-adds could be counted: those of one, two")
    assert " 0 " not in words
    assert words.endswith("a Sequential or functional one, with an Input of fixed sides")
