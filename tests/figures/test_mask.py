"""Figures of masks by what they hold; pictures are never compared."""

import numpy as np
import pytest

from prunelab import figures
from prunelab.figures import mask as figures_mask
from prunelab.masks import magnitude_mask, mask_losses, sensitivity_scan


def _ax():
    return figures.new_figure().subplots()


@pytest.fixture(scope="module")
def network():
    """Weights of a small network, and data for it."""
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=(12, 16)), np.zeros(16), rng.normal(size=(16, 1)), np.zeros(1)]
    return layers, rng.normal(size=(30, 12)), rng.normal(size=30)


def _lines(ax):
    named = {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}
    return {name: (tuple(at.get_xdata()), tuple(at.get_ydata())) for name, at in named.items()}


def test_the_heatmap_shows_each_weight_that_stays_by_its_sign():
    weights = np.array([[1.0, -2.0, 0.1], [-0.2, 0.0, 3.0]])
    mask = magnitude_mask(weights, 0.5)
    ax = _ax()
    figures_mask.draw_mask(ax, weights, mask, title="50 %")
    picture = ax.images[0].get_array()
    np.testing.assert_array_equal(np.ma.getmaskarray(np.ma.masked_invalid(picture)), ~mask)
    assert (np.sign(picture[mask]) == np.sign(weights[mask])).all()
    assert np.abs(picture[mask]).min() > 0.05, "the smallest that stays is still coloured"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("neurons", "inputs")
    assert ax.get_title(loc="left") == "50 %"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["positive", "negative", "cut"]


def test_a_layer_loses_its_lines_where_the_mask_cuts():
    weights = np.array([[1.0, -2.0, 0.1], [-0.2, 0.05, 4.0]])
    mask = magnitude_mask(weights, 0.5)
    ax = _ax()
    figures_mask.draw_layer(ax, weights, mask, title="half of six")
    lines = np.array(ax.lines).reshape(weights.shape)
    assert [line.get_linestyle() for line in lines[mask]] == ["-"] * 3
    assert [line.get_linestyle() for line in lines[~mask]] == [":"] * 3
    assert lines[1, 2].get_linewidth() > lines[0, 1].get_linewidth() > lines[0, 0].get_linewidth()
    assert lines[0, 1].get_color() != lines[0, 0].get_color() == lines[1, 2].get_color()
    assert [label.get_text() for label in ax.get_xticklabels()] == ["inputs", "neurons"]
    assert ax.get_title(loc="left") == "half of six"


def test_a_large_matrix_is_pooled_and_the_label_says_so():
    rng = np.random.default_rng(0)
    mask = rng.random((1000, 1300)) < 0.25
    ax = _ax()
    figures_mask.draw_mask(ax, np.ones(mask.shape), mask, title="25 %")
    picture = np.asarray(ax.images[0].get_array())
    assert picture.shape == (334, 434)
    assert picture[3, 5] == pytest.approx(mask[9:12, 15:18].mean())
    assert picture[-1, -1] == mask[999, 1299]
    assert ax.get_xlabel() == "neurons; a pixel is 3 × 3 weights"
    sizes = np.outer([3] * 333 + [1], [3] * 433 + [1])
    assert (picture * sizes).sum() == pytest.approx(mask.sum())


def test_the_histogram_counts_what_stays_and_what_is_cut():
    weights = np.random.default_rng(1).normal(size=(40, 30))
    mask = magnitude_mask(weights, 0.75)
    threshold = np.abs(weights[mask]).min()
    ax = _ax()
    figures_mask.draw_weights(ax, weights, mask, threshold=threshold, title="75 %")
    kept, cut = (sum(bar.get_height() for bar in bars) for bars in ax.containers)
    assert (kept, cut) == (300, 900)
    assert {line.get_xdata()[0] for line in ax.lines} == {-threshold, threshold}
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert set(labels) == {f"|w| = {threshold:.4g}", "stays (300)", "cut (900)"}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("weight w", "weights in a bin")


def test_the_histogram_of_nothing_cut_and_of_zeros_alone():
    ax = _ax()
    figures_mask.draw_weights(ax, np.zeros((3, 3)), title="zeros")
    assert sum(bar.get_height() for bar in ax.containers[0]) == 9
    assert not ax.lines


def test_losses_are_drawn_as_measured_with_the_point_asked_for(network):
    losses = mask_losses(*network, layer=0, sparsities=[0, 0.4, 0.8], draws=3)
    ax = _ax()
    figures_mask.draw_mask_losses(ax, losses, now=("largest", 0.7), title="kernel 0")
    lines = _lines(ax)
    wanted = {"smallest first": "magnitude", "random, 3 draws": "random"}
    for label, criterion in (wanted | {"largest first": "largest"}).items():
        curve = losses.curve(criterion=criterion)
        assert lines[label] == (curve.realised, curve.losses)
    (dot,) = [line for line in ax.lines if line.get_marker() == "o"]
    curve = losses.curve(criterion="largest")
    assert (dot.get_xdata()[0], dot.get_ydata()[0]) == (curve.realised[2], curve.losses[2])
    notes = [text.get_text() for text in ax.texts]
    assert {"nothing\ncut", "predicting\nthe mean", f"{curve.losses[2]:.4g}"} <= set(notes)
    assert ax.get_ylabel().startswith("validation MSE")
    assert len({line.get_linestyle() for line in ax.lines[:3]}) == 3, "told apart without colour"


def test_one_point_is_drawn_where_a_pattern_has_one(network):
    losses = mask_losses(*network, layer=0, sparsities=[0.5], patterns=["2:4"])
    ax = _ax()
    figures_mask.draw_mask_losses(ax, losses, "2:4", title="2:4")
    assert {line.get_marker() for line in ax.lines[:3]} == {"_"}
    ax = _ax()
    figures_mask.draw_mask_losses(ax, losses, "unstructured", title="not measured")
    assert _lines(ax) == {}


def test_a_band_holds_every_seed_around_their_median(network):
    layers, x, y = network
    scans = [sensitivity_scan(layers, x, seed + np.asarray(y), [0, 0.5, 0.9]) for seed in range(3)]
    ax = _ax()
    figures_mask.draw_sensitivity_band(ax, scans, title="three seeds", names=["first", "head"])
    lines = _lines(ax)
    for at, name in enumerate(("first", "head")):
        ratios = np.array([np.divide(s.curves[at].losses, s.dense) for s in scans])
        np.testing.assert_allclose(lines[name][1], np.median(ratios, axis=0))
        band = ax.collections[at].get_paths()[0].vertices
        assert band[:, 1].min() == pytest.approx(ratios.min())
        assert band[:, 1].max() == pytest.approx(ratios.max())
    assert figures.png_bytes(ax.figure).startswith(b"\x89PNG")


def test_a_pixel_is_drawn_with_its_number_where_it_lies():
    ax = _ax()
    figures_mask.draw_pixels(ax, [0, 1, 2, 30], title="weights left", most=40)
    (image,) = ax.images
    assert image.get_array().tolist() == [[0, 1], [2, 30]]
    notes = {text.get_text(): tuple(text.xy) for text in ax.texts}
    assert notes == {"0": (0, 0), "1": (1, 0), "2": (0, 1), "30": (1, 1)}
    assert image.get_clim()[1] == pytest.approx(46)
    for wrong in ([], [1, 2, 3], np.ones((2, 4))):
        with pytest.raises(ValueError, match="a square picture"):
            figures_mask.draw_pixels(_ax(), wrong, title="no square")


def test_a_scale_that_cannot_be_logarithmic_begins_at_zero():
    layers = [np.zeros((3, 4)), np.zeros(4), np.zeros((4, 1)), np.zeros(1)]
    losses = mask_losses(layers, np.ones((5, 3)), np.zeros(5), layer=0, sparsities=[0, 0.5])
    ax = _ax()
    figures_mask.draw_mask_losses(ax, losses, title="a network that is right by being zero")
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "validation MSE"
