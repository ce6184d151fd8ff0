"""The MaskExplorer without a browser: its mask, its words, its picture, its page."""

import json

import numpy as np
import pytest
from ipywidgets.widgets.widget import _remove_buffers

from prunelab.masks import PATTERNS, block_mask, magnitude_mask, n_of_m_mask, pattern_mask
from prunelab.masks.patterns import CRITERIA
from prunelab.widgets import MaskExplorer
from tests.helpers.mask_cases import coarse, layers, losses, measured

STATES = [(pattern, criterion) for pattern in PATTERNS for criterion in CRITERIA]


@pytest.fixture
def explorer():
    """20 × 24 weights with losses of every pattern."""
    return measured()


# ---- the mask on show -------------------------------------------------------------------------


def test_the_mask_is_that_of_magnitude(explorer):
    weights = explorer.weights
    wanted = {
        "unstructured": magnitude_mask(weights, 0.6),
        "4x1": block_mask(weights, 0.6, (4, 1)),
        "16x1": block_mask(weights, 0.6, (16, 1)),
        "1x4": block_mask(weights, 0.6, (1, 4)),
        "4x4": block_mask(weights, 0.6, (4, 4)),
        "2:4": n_of_m_mask(weights, 2, 4),
        "neurons": block_mask(weights, 0.6, (20, 1)),
        "inputs": block_mask(weights, 0.6, (1, 24)),
    }
    explorer.sparsity = 0.6
    for explorer.pattern, mask in wanted.items():
        assert explorer.mask.dtype == bool
        np.testing.assert_array_equal(explorer.mask, mask)
        np.testing.assert_array_equal(explorer.pruned, weights * mask)
        assert explorer.realised_sparsity == pytest.approx(1 - mask.mean())


def test_a_random_mask_is_that_of_the_losses_first_draw():
    network = layers()
    made = MaskExplorer(network[0], losses(network, seed=5), criterion="random")
    assert made.data["seed"] == 5
    wanted = pattern_mask(network[0], 0.75, criterion="random", seed=5)
    np.testing.assert_array_equal(made.mask, wanted)
    every = losses(network, layer=None, seed=5)
    assert MaskExplorer(network[2], every).data["seed"] == 6
    assert MaskExplorer(network[0]).data["seed"] == 0
    assert MaskExplorer(network[0], seed=9).data["seed"] == 9


def test_the_loss_is_the_measured_one_nearest_to_the_slider(explorer):
    curve = explorer.losses.curve("4x1", "largest")
    explorer.pattern, explorer.criterion = "4x1", "largest"
    explorer.sparsity = 0.52
    assert explorer.loss == curve.losses[10]
    assert "measured at 50.00 %, the nearest" in explorer.caption
    explorer.sparsity = float(curve.sparsities[10])
    assert "measured here" in explorer.caption
    assert coarse().loss is None
    assert coarse().caption.endswith("No loss was measured.")


def test_a_pattern_that_was_not_measured_says_so():
    network = layers()
    made = MaskExplorer(network[0], losses(network, patterns=["unstructured"]), pattern="inputs")
    assert made.loss is None
    assert made.caption.endswith("No loss was measured for this pattern and criterion.")


def test_the_weights_are_a_copy_that_cannot_be_changed():
    given = np.ones((3, 4))
    explorer = MaskExplorer(given)
    given[:] = 7
    assert (explorer.weights == 1).all()
    assert explorer.weights.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        explorer.weights[0, 0] = 2


@pytest.mark.parametrize("weights", [[[1]], [[1, 2, 3]], [[1], [0]], np.eye(5, dtype=bool)])
def test_odd_matrices_can_be_shown(weights):
    explorer = MaskExplorer(weights)
    for explorer.pattern, explorer.criterion in STATES:
        for explorer.sparsity in (0.0, 0.5, 0.99):
            assert explorer.mask.shape == np.shape(weights)
            assert explorer.mask.any()
            assert explorer.caption
    assert explorer.picture().startswith(b"\x89PNG")


# ---- the words --------------------------------------------------------------------------------


def test_the_caption_says_all_that_the_picture_shows():
    explorer = coarse(sparsity=0.5)
    mask, weights = explorer.mask, explorer.weights
    live = mask & (weights != 0)
    caption = explorer.caption
    assert caption.startswith(f"{mask.sum()} of 117 weights stay: {100 * (~live).mean():.2f} % zer")
    assert "Asked: 50.00 %." in caption
    assert f"A weight stays where |w| ≥ {explorer.threshold:g}." in caption
    assert f"{mask.sum() - 58} more weights are exactly as large and stay too." in caption
    assert f"Without any weight left: {(~live.any(axis=1)).sum()} of 13 inputs and " not in caption
    assert "1 of 9 neurons" in caption
    explorer.sparsity = 0.0
    assert f"{mask.size - (weights != 0).sum()} of those that stay are zero already." in (
        explorer.caption
    )


def test_the_caption_in_special_cases():
    explorer = measured(pattern="2:4", sparsity=0.9)
    assert "The pattern 2:4 has no slider: two of every four inputs of a neuron go." in (
        explorer.caption
    )
    assert "50.00 % zeros" in explorer.caption
    assert "Each group of four has a threshold of its own." in explorer.caption
    explorer.criterion = "random"
    assert "Drawn at random with seed 0, so there is no threshold." in explorer.caption
    explorer.pattern, explorer.criterion, explorer.sparsity = "inputs", "magnitude", 0.99
    assert "An input stays where mean |w| ≥" in explorer.caption
    assert "One input always stays." in explorer.caption
    assert "Without any weight left: 19 of 20 inputs." in explorer.caption


def test_repr_states_the_facts_in_one_line(explorer):
    loss = explorer.losses.curve().losses[15]
    assert repr(explorer) == (
        "MaskExplorer(first kernel 20 × 24; sparsity=0.75, pattern='unstructured', "
        f"criterion='magnitude'; 120 of 480 kept, 75.00 % zeros, validation MSE {loss:.4g})"
    )
    assert "MSE" not in repr(coarse())
    assert "\n" not in repr(coarse())


@pytest.mark.parametrize(("pattern", "criterion"), STATES)
def test_the_code_runs_and_gives_the_mask_on_show(pattern, criterion):
    explorer = measured(sparsity=0.62, pattern=pattern, criterion=criterion)
    given = {"weights": explorer.weights}
    exec(explorer.code, given)
    np.testing.assert_array_equal(given["mask"], explorer.mask)
    np.testing.assert_array_equal(given["pruned"], explorer.pruned)


def test_the_code_names_tfmots_line_where_there_is_one(explorer):
    from tests.helpers.tfmot_oracle import tfmot  # the oracle of the lines that are comments

    for pattern, wanted in (
        ("unstructured", "pruning_schedule=schedule)"),
        ("4x1", "block_size=(4, 1))"),
        ("2:4", "sparsity_m_by_n=(2, 4))"),
    ):
        explorer.pattern = pattern
        lines = [line[2:] for line in explorer.code.splitlines() if line.startswith("# ")]
        tail = "\n".join(lines[1:])
        assert wanted in tail
        calls = []
        keras = type("keras", (), {})
        keras.ConstantSparsity = tfmot.sparsity.keras.ConstantSparsity
        keras.prune_low_magnitude = lambda *a, **k: calls.append((a, k))  # noqa: B023
        fake = type("tfmot", (), {"sparsity": type("sparsity", (), {"keras": keras})})
        exec(tail, {"tfmot": fake, "model": "a model", "layer": "a layer"})
        assert len(calls) == 1
    for pattern, criterion, said in (
        ("neurons", "magnitude", "tfmot cannot"),
        ("4x4", "random", "always cuts the smallest"),
    ):
        explorer.pattern, explorer.criterion = pattern, criterion
        assert said in explorer.code


# ---- what it refuses --------------------------------------------------------------------------

REFUSED = {
    "one dimension": (np.ones(4), ValueError, r"write weights\.reshape\(-1, 1\)"),
    "three dimensions": (np.ones((2, 2, 2)), ValueError, "draws a matrix"),
    "empty": (np.ones((0, 4)), ValueError, "nothing to prune"),
    "NaN": ([[1.0, np.nan]], ValueError, "NaN or infinity"),
    "infinity": ([[1.0, -np.inf]], ValueError, "NaN or infinity"),
    "words": ([["a", "b"]], TypeError, "array of real numbers"),
    "ragged": ([[1, 2], [3]], TypeError, "array of real numbers"),
    "complex": ([[1j]], TypeError, "array of real numbers"),
    "nothing": (None, TypeError, "array of real numbers"),
    "float64": ([[1e300, 1.0]], ValueError, "beyond float32"),
    "large": (np.broadcast_to(1.0, (3000, 3000)), ValueError, r"at most 4,194,304: hand over a"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_impossible_weights_are_refused_in_one_sentence(case):
    weights, error, words = REFUSED[case]
    with pytest.raises(error, match=words) as caught:
        MaskExplorer(weights)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"seed": -1}, ValueError, "seed=-1"),
        ({"name": ""}, ValueError, "what to call the matrix"),
        ({"losses": {"dense": 1}}, TypeError, "mask_losses returned, or None"),
        ({"losses": losses(layers(seed=8))}, ValueError, "measured on another kernel"),
        ({"losses": losses(layers()), "seed": 3}, ValueError, "leave seed out"),
    ],
)
def test_impossible_options_are_refused_in_one_sentence(options, error, words):
    with pytest.raises(error, match=words) as caught:
        MaskExplorer(layers()[0], **options)
    assert "\n" not in str(caught.value)


# ---- picture and page -------------------------------------------------------------------------


def test_names_cannot_break_the_page():
    evil = "</script><script>alert('x')</script><!--"
    page = MaskExplorer(np.ones((2, 2)), name=evil).page()
    assert page.count("<script") == coarse().page().count("<script")


def test_the_page_is_no_larger_than_the_matrix_asks():
    page = MaskExplorer(np.random.default_rng(0).normal(size=(256, 256))).page()
    assert len(page) < 256 * 256 * 8 * 4 / 3 + 90_000


def test_a_weight_travels_as_at_most_a_float():
    weights = np.random.default_rng(0).normal(size=(300, 200)).astype(np.float32)
    made = MaskExplorer(weights)
    state, _, buffers = _remove_buffers(made.get_state())
    sent = len(json.dumps(state["data"])) + sum(len(memoryview(buffer)) for buffer in buffers)
    more = 13_000  # the tables of patterns and criteria, and the code of each choice
    assert sent < 4 * weights.size + more
    assert len(json.dumps(made.page_state())) < 4 * weights.size * 4 / 3 + more
    assert np.array_equal(np.frombuffer(made.data["weights"], "<f4"), weights.ravel())
