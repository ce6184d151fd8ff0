"""The MaskExplorer of several kernels: which are taken, how they lie, what follows the choice."""

import base64
import json
import re
import sys

import numpy as np
import pytest

from prunelab.masks import magnitude_mask, pattern_mask
from prunelab.widgets import MaskExplorer
from prunelab.widgets.mask.data import shown_values
from prunelab.widgets.mask.kernels import kernels_in
from prunelab.widgets.mask.state import code_for
from tests.helpers.mask_cases import layers, losses

KERNELS = {
    "conv": np.random.default_rng(0).normal(size=(3, 3, 2, 5)),
    "head": np.random.default_rng(1).normal(size=(12, 4)),
}


@pytest.mark.parametrize("name", ["cnn", "two inputs", "lstm", "attention"])
def test_kernels_of_a_model_are_those_of_networks(name):
    networks = pytest.importorskip("prunelab.networks")
    from tests.helpers.own_models import MODELS

    model = MODELS[name]()
    found, wanted = kernels_in(model), networks.kernels(model)
    assert list(found) == list(wanted)
    assert all(np.array_equal(found[key], wanted[key]) for key in found)
    explorer = MaskExplorer(model, sparsity=0.5)
    assert explorer.layer == next(iter(wanted))
    assert explorer.weights.size == wanted[explorer.layer].size


def test_wrappers_and_keras_3_and_models_inside():
    k = pytest.importorskip("prunelab.networks")
    from prunelab.schedules import ConstantSparsity
    from tests.helpers.own_models import cnn, of_keras_3

    pruned = k.prune(k.build(6, (5,), seed=0), ConstantSparsity(0.5, 0))
    assert list(kernels_in(pruned)) == ["hidden_1", "output"]
    outer = k.tf_keras.Sequential([cnn(), k.tf_keras.layers.Dense(2, name="head")])
    outer.build((None, 8, 8, 1))
    assert list(kernels_in(outer)) == ["cnn/conv", "cnn/depthwise", "cnn/digits", "head"]
    assert [kernel.ndim for kernel in kernels_in(of_keras_3()).values()] == [4, 2]


def test_a_kernel_of_more_axes_lies_as_a_matrix():
    explorer = MaskExplorer(KERNELS, sparsity=0.6)
    kernel = KERNELS["conv"].astype(np.float32)
    assert np.array_equal(explorer.weights, kernel.reshape(18, 5))
    assert np.array_equal(explorer.kernel_mask, magnitude_mask(kernel, 0.6))
    explorer.pattern = "4x1"
    assert np.array_equal(explorer.mask, pattern_mask(explorer.weights, 0.6, "4x1"))
    assert explorer.kernel_mask.shape == (3, 3, 2, 5)
    assert MaskExplorer(KERNELS["head"]).kernel_mask.shape == (12, 4)


def test_two_of_four_of_a_convolution_are_tfmots_where_fours_divide_its_inputs():
    pytest.importorskip("prunelab.networks")
    from prunelab.networks.backend import PruneLowMagnitude, tensorflow, tfmot

    kernel = np.random.default_rng(3).normal(size=(3, 2, 8, 5)).astype(np.float32)
    schedule = tfmot.sparsity.keras.ConstantSparsity(0.5, 0)
    pruning = sys.modules[PruneLowMagnitude.__module__].pruning_impl.Pruning(
        training_step_fn=lambda: 0, pruning_vars=[], pruning_schedule=schedule,
        block_size=(1, 1), block_pooling_type="AVG", sparsity_m_by_n=(2, 4),
    )  # fmt: skip
    _, theirs = pruning._maybe_update_block_mask(tensorflow.constant(kernel))
    ours = MaskExplorer({"conv": kernel}, pattern="2:4").kernel_mask
    assert np.array_equal(ours, np.asarray(theirs).astype(bool))


def test_the_choice_moves_all_that_is_said():
    explorer = MaskExplorer(KERNELS, layer="head")
    assert repr(explorer).startswith("MaskExplorer(head 12 × 4; sparsity=0.75")
    before = explorer.picture()
    explorer.layer = "conv"
    assert repr(explorer).startswith("MaskExplorer(conv 18 × 5; ")
    assert "of 90 weights stay" in explorer.caption
    assert explorer.code.startswith(
        "# weights = kernel.reshape(-1, 5), of a kernel 3 × 3 × 2 × 5\n"
    )
    assert explorer.picture() != before
    explorer.set_state({"layer": "none", "pattern": "inputs"})
    assert (explorer.layer, explorer.pattern) == ("conv", "inputs")
    explorer.set_state({"layer": "head"})
    assert explorer.weights.shape == (12, 4)


def test_losses_belong_to_the_layer_they_were_measured_on():
    network = layers()
    kernels = {"first": network[0], "second": network[2]}
    explorer = MaskExplorer(kernels, losses(network, seed=5))
    assert explorer.loss is not None
    assert explorer.data["seed"] == 5
    explorer.layer = "second"
    assert explorer.loss is None
    assert explorer.caption.endswith("No loss was measured.")
    with pytest.raises(ValueError, match="losses were measured on another kernel"):
        MaskExplorer({"other": np.ones((3, 2))}, losses(network))


def test_the_saved_page_holds_every_layer():
    page = MaskExplorer(KERNELS).page()
    state = json.loads(re.search(r'id="state"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    for own in state["data"]["layers"]:
        sent = np.frombuffer(base64.b64decode(own["weights"]), "<f4")
        assert np.array_equal(sent, KERNELS[own["layer"]].astype("f4").ravel())
    assert [own["kernel"] for own in state["data"]["layers"]] == [[3, 3, 2, 5], None]


def test_the_code_of_each_layer_is_sent_for_every_choice():
    shapes = {"a": (3, 3, 2, 5), "b": (3, 8, 2), "c": (6, 2), "d": (3, 3, 4, 5)}
    explorer = MaskExplorer({name: np.ones(shape) for name, shape in shapes.items()}, sparsity=0.5)
    codes = []
    for name, shape in shapes.items():
        explorer.layer = name
        sent = shown_values(explorer.data, name)["codes"]
        for pattern in explorer.data["patterns"]:
            for criterion in explorer.data["criteria"]:
                state = {"sparsity": 0.5, "pattern": pattern, "criterion": criterion}
                made = code_for(state, explorer.data["seed"], shape if len(shape) > 2 else None)
                assert sent[f"{pattern} {criterion}"].replace("{sparsity}", "0.5") == made
                codes.append(made)
    assert any("it takes no blocks" in code for code in codes)
    assert any("it groups the inputs of each place" in code for code in codes)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: MaskExplorer({}), "it holds no kernels"),
        (lambda: MaskExplorer({"a": np.ones(3)}), "weights.reshape(-1, 1)"),
        (lambda: MaskExplorer({"a": np.ones((2, 2))}, layer="b"), "layer='b': the layers are a"),
        (lambda: MaskExplorer(np.ones((2, 2)), layer="b"), "this is one matrix"),
        (lambda: MaskExplorer({"a": "text"}), "array of real numbers"),
        (lambda: MaskExplorer({3: np.ones((2, 2))}), "holds the key 3: write names"),
        (lambda: MaskExplorer({"a": np.ones((2**11, 2**12))}), "hand over some of them"),
        (lambda: MaskExplorer({"a": np.ones((0, 2, 2))}), "there is nothing to prune"),
    ],
)
def test_refusals_are_one_sentence(make, words):
    with pytest.raises((TypeError, ValueError), match=re.escape(words)) as caught:
        make()
    assert "\n" not in str(caught.value)
