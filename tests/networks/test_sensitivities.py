"""One layer pruned alone, against masks put on by hand; weights come back bit for bit."""

import re
from dataclasses import asdict

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.masks import magnitude_mask
from prunelab.networks import sensitivity
from prunelab.schedules import ConstantSparsity
from tests.helpers.own_models import MODELS, cnn, rows_for, two_inputs

CROSS = "sparse_categorical_crossentropy"


def labels(n=9):
    return np.arange(n) % 10


def bits(model):
    return [weight.tobytes() for weight in model.get_weights()]


def compiled(**options):
    model = cnn()
    model.compile("sgd", CROSS, metrics=["accuracy"], **options)
    return model


def test_rows_are_what_masks_by_hand_give():
    model = compiled()
    x, y, before = rows_for(model), labels(), bits(model)
    said = []
    found = sensitivity(model, x, y, "accuracy", (0.0, 0.6), report=lambda *w: said.append(w))
    losses = sensitivity(model, x, y, sparsities=(0.6,))
    assert bits(model) == before
    assert [(r.layer, r.sparsity) for r in found] == [
        (layer, s) for layer in ("conv", "digits") for s in (0.0, 0.6)
    ]
    assert said[-1] == (4, 4, "digits")
    for layer, row in zip(("conv", "digits"), losses, strict=True):
        other = compiled()
        kernel = other.get_layer(layer).kernel
        kernel.assign(kernel.numpy() * magnitude_mask(kernel.numpy(), 0.6))
        assert row.value == pytest.approx(other.evaluate(x, y, verbose=0)[0], rel=1e-5)
    assert {row.dense for row in losses} == {losses[0].dense}
    assert all(row.value == row.dense for row in found if row.sparsity == 0)


@pytest.mark.parametrize("name", ["lstm", "attention"])
def test_a_function_needs_no_compiling(name):
    model = MODELS[name]()
    before = bits(model)
    found = sensitivity(
        model, rows_for(model), np.zeros((9, 2)), lambda y, p: np.mean((y - p) ** 2), (0.5,)
    )
    assert bits(model) == before
    assert {row.layer for row in found} >= {"end"}
    if name == "lstm":
        assert [r.layer for r in found] == ["lstm/kernel", "lstm/recurrent_kernel", "end"]
    assert len({row.value for row in found}) == len(found)


def test_two_inputs_two_outputs_and_a_model_inside():
    model = two_inputs()
    model.compile("sgd", ["mse", "mae"])
    y = [np.zeros((9, 2)), np.zeros(9)]
    found = sensitivity(model, rows_for(model), y, "aa_loss", (0.9,))
    assert [row.layer for row in found] == ["conv", "left", "zz", "aa"]
    assert found[2].value == found[2].dense  # the other output's layer
    outer = k.tf_keras.Sequential([cnn(), k.tf_keras.layers.Dense(2, name="head")])
    outer.build((None, 8, 8, 1))
    outer.compile("sgd", "mse")
    x = rows_for(cnn())
    found = sensitivity(outer, x, np.zeros((9, 2)), sparsities=(0.5,))
    assert [row.layer for row in found] == ["cnn/conv", "cnn/digits", "head"]


def test_a_model_in_pruning_wrappers():
    model = k.prune(k.build(6, (5,), seed=0), ConstantSparsity(0.5, 0))
    model.compile("sgd", "mse")
    before = bits(model)
    rows = sensitivity(model, np.ones((4, 6)), np.zeros(4), sparsities=[0.9])
    assert bits(model) == before
    assert all(row.value != row.dense for row in rows)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_weights_come_back_where_it_is_stopped(stop):
    model, calls = compiled(), []
    before = bits(model)

    def metric(y, predictions):
        calls.append(1)
        if len(calls) == 4:
            assert bits(model) != before
            raise stop
        return 0.0

    with pytest.raises(stop):
        sensitivity(model, rows_for(model), labels(), metric)
    assert bits(model) == before


def test_minus_zero_and_nan_come_back_too():
    model = compiled()
    kernel = model.get_layer("digits").kernel
    kernel.assign(np.where(kernel.numpy() > 0.6, -0.0, kernel.numpy()))
    before = bits(model)
    sensitivity(model, rows_for(model), labels(), sparsities=(0.5,))
    assert bits(model) == before


def test_the_table_of_a_notebook():
    model = compiled()
    found = sensitivity(model, rows_for(model), labels(), sparsities=(0.5,))
    assert repr(found) == f"Sensitivity(2 layers, 2 rows, dense {found[0].dense:.4g})"
    html = found._repr_html_()
    assert html.count("<tr>") == 3
    assert "<th>layer</th><th>sparsity</th><th>value</th><th>dense</th>" in html
    assert list(asdict(found[0])) == ["layer", "sparsity", "value", "dense"]  # as pandas reads it


X = np.ones((9, 8, 8, 1), np.float32)
REFUSED = {
    "a generator": (lambda m: sensitivity(m, (x for x in X), labels()), "x is a generator"),
    "no y": (lambda m: sensitivity(m, X, None), "y is a NoneType"),
    "a stream": (
        lambda m: sensitivity(m, k.tf_keras.utils.Sequence(), labels()),
        "every evaluation needs the same rows",
    ),
    "a metric not there": (lambda m: sensitivity(m, X, labels(), "auc"), "loss, accuracy"),
    "a metric of no kind": (lambda m: sensitivity(m, X, labels(), 3), "metric=3: write the name"),
    "a metric of texts": (
        lambda m: sensitivity(m, X, labels(), lambda y, p: "good"),
        "metric's value='good'",
    ),
    "a wide x": (lambda m: sensitivity(m, X[..., [0, 0]], labels()), "wants [rows, 8, 8, 1]"),
    "a label too many": (lambda m: sensitivity(m, X, labels() + 2), "y holds class 10"),
    "NaN among the rows": (
        lambda m: sensitivity(
            m, np.where(np.arange(64).reshape(8, 8, 1) == 9, np.nan, X), labels()
        ),
        "x holds NaN or infinity",
    ),
    "a metric that is NaN": (
        lambda m: sensitivity(m, X, labels(), lambda y, p: np.nan),
        "it is nan for the unpruned model",
    ),
    "percent": (lambda m: sensitivity(m, X, labels(), None, (50,)), "for 50 % write 0.5"),
    "one number": (lambda m: sensitivity(m, X, labels(), None, 0.5), "sparsities=0.5: write a li"),
    "none": (lambda m: sensitivity(m, X, labels(), None, ()), "write at least one"),
    "other rows": (lambda m: sensitivity(m, X[:, :3], labels()), "x has shape (9, 3, 8, 1)"),
    "fewer labels": (lambda m: sensitivity(m, X, labels(8)), "x and y cannot be evaluated"),
    "not compiled": (lambda m: sensitivity(cnn(), X, labels()), "no compiled loss: compile it"),
    "no model": (lambda m: sensitivity(3, X, labels()), "model is a"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_sentence_and_leave_the_weights(name):
    ask, words = REFUSED[name]
    model = compiled()
    before = bits(model)
    with pytest.raises((TypeError, ValueError), match=re.escape(words)) as caught:
        ask(model)
    assert "\n" not in str(caught.value)
    assert bits(model) == before
