"""The figures of plans: what is drawn, read from the artists."""

import numpy as np
import pytest

from prunelab.figures import new_figure, png_bytes
from prunelab.figures import plan as draw
from prunelab.plans import statistics as plan
from prunelab.plans.styles import COLOURS, MARKERS, styles_of
from prunelab.widgets.plan.data import gather
from tests.helpers.made_plans import EPOCHS, made_results

ARMS = {"control": [0.02, 0.03, 0.025], "a": [0.01, 0.012, 0.011], "b": [0.02]}


def _line(ax, *, marker=None, colour=None):
    return [
        line
        for line in ax.lines
        if (marker is None or line.get_marker() == marker)
        and (colour is None or line.get_color() == colour)
    ]


def _notes(ax):
    return [text.get_text() for text in ax.texts]


def test_arms_have_a_dot_a_seed_a_mean_and_an_interval():
    ax = new_figure().subplots()
    draw.draw_arms(ax, ARMS, title="three arms", xlabel="validation MSE", control="control")
    dots = _line(ax, marker="o")
    assert [list(line.get_xdata()) for line in dots] == list(ARMS.values())
    means = [line.get_xdata()[0] for line in _line(ax, marker="|")]
    found = [plan.estimate(values, log=True) for values in ARMS.values()]
    assert means == [each.mean for each in found]
    bars = [list(line.get_xdata()) for line in ax.lines if line.get_linewidth() == 2.4]
    assert [found[0].low, found[0].high] in bars
    assert [found[1].low, found[1].high] in bars
    assert not any(None in bar for bar in bars)
    assert [tick.get_text() for tick in ax.get_yticklabels()] == list(ARMS)
    assert [found[0].mean] * 2 in [list(line.get_xdata()) for line in ax.lines]
    assert (ax.get_xscale(), ax.get_title(loc="left")) == ("log", "three arms")
    assert ax.get_ylim()[0] > ax.get_ylim()[1], "the first arm stands on top"


def test_changes_are_drawn_about_the_control_and_say_how_many_agree():
    results = made_results()
    changes = {arm: plan.paired(results, arm, "control") for arm in ("dense", "completed_75")}
    ax = new_figure().subplots()
    draw.draw_changes(ax, changes, title="against the control", xlabel="ratio")
    dots = _line(ax, marker="o")
    assert [tuple(line.get_xdata()) for line in dots] == [c.changes for c in changes.values()]
    for change in changes.values():
        side = "lower" if change.estimate.mean < 1 else "higher"
        assert f"{side} in {change.agree} of 3" in _notes(ax)
    assert [1.0, 1.0] in [list(line.get_xdata()) for line in ax.lines]
    differences = plan.paired(results, "dense", "control", "input_auc")
    with pytest.raises(ValueError, match="mixes ratios and differences"):
        draw.draw_changes(ax, changes | {"auc": differences}, title="", xlabel="")
    linear = new_figure().subplots()
    draw.draw_changes(linear, {"dense": differences}, title="", xlabel="difference")
    assert linear.get_xscale() == "linear"
    assert [0.0, 0.0] in [list(line.get_xdata()) for line in linear.lines]


def _front(ax, **options):
    arms = {
        "control": ([0.0, 0.0], [0.02, 0.03]),
        "dense": ([0.0, 0.0], [0.02, 0.04]),
        "pruned to 50 %": ([0.5, 0.5], [0.01, 0.02]),
        "pruned to 90 %": ([0.9, 0.9], [0.03, 0.04]),
    }
    draw.draw_front(
        ax, arms, title="front", ylabel="MSE", control="control",
        lines=[["pruned to 50 %", "pruned to 90 %"]], **options,
    )  # fmt: skip
    return arms


def test_levels_are_drawn_in_their_own_order():
    """And not in that of their hashes, which is another one in each process."""
    ax = new_figure().subplots()
    levels = {f"level {at}": 0.02 + at / 1000 for at in (3, 1, 4, 2, 6, 5, 7, 0)}
    _front(ax, levels=levels)
    drawn = [line.get_ydata()[0] for line in _line(ax) if line.get_linestyle() == ":"]
    assert drawn == list(levels.values())


def test_the_front_stands_on_the_scale_of_what_is_left():
    ax = new_figure().subplots()
    arms = _front(ax, levels={"ridge": 4e-6, "lasso": 0.015})
    marks = {line.get_label(): line for line in ax.lines if line.get_label() in arms}
    assert marks["pruned to 50 %"].get_xdata()[0] == pytest.approx(-np.log10(0.5))
    assert marks["pruned to 90 %"].get_xdata()[0] == pytest.approx(1)
    assert marks["control"].get_xdata()[0] < 0 < marks["dense"].get_xdata()[0]
    for label, (_, values) in arms.items():
        assert marks[label].get_ydata()[0] == plan.estimate(values, log=True).mean
    seen = [sorted(line.get_ydata()) for line in _line(ax, marker="o")]
    assert all(sorted(values) in seen for _, values in arms.values())
    joined = [
        line for line in ax.lines if len(line.get_xdata()) == 2 and line.get_linewidth() == 1.3
    ]
    assert len(joined) == 1
    assert "the control" in _notes(ax)
    assert "lasso 0.015" in _notes(ax)
    assert any("far below" in note and "ridge 4e-06" in note for note in _notes(ax))
    assert ax.get_ylim()[0] > 4e-6, "a level far below does not squeeze the networks"
    ax.figure.canvas.draw()
    ticks = [tick.get_text() for tick in ax.get_xticklabels()]
    assert ticks == ["0 %", "50 %", "75 %", "90 %"]
    names = [text.get_text() for text in ax.get_legend().get_texts()]
    assert names == ["control", "dense", "pruned to 50, 90 %"], "one entry a line"
    assert len(png_bytes(ax.figure)) > 1000


def test_styles_can_be_chosen_and_the_legend_left_out():
    ax = new_figure().subplots()
    _front(ax, styles={"dense": ("#123456", "*")}, legend=False)
    (mark,) = [line for line in ax.lines if line.get_label() == "dense"]
    assert (mark.get_color(), mark.get_marker()) == ("#123456", "*")
    assert ax.get_legend() is None


def test_seeds_in_two_groups_are_shown_by_their_median():
    ax = new_figure().subplots()
    arms = {"control": ([0.0] * 3, [2.0, 2.0, 2.0]), "apart": ([0.9] * 3, [0.1, 0.2, 9.0])}
    draw.draw_front(ax, arms, title="", ylabel="MSE", control="control", middle="median")
    (mark,) = [line for line in ax.lines if line.get_label() == "apart"]
    assert list(mark.get_ydata()) == [0.2]
    with pytest.raises(ValueError, match="middle='mode'"):
        draw.draw_front(ax, arms, title="", ylabel="", middle="mode")


def test_rows_take_the_looks_of_their_arms():
    ax = new_figure().subplots()
    draw.draw_arms(ax, {"a": [1, 2], "b": [2, 3]}, title="", xlabel="", styles={"b": ("red", "D")})
    assert {(line.get_color(), line.get_marker()) for line in ax.lines} >= {("red", "D")}


def test_figures_and_the_explorer_agree_on_an_arms_look():
    results = made_results()
    styles = styles_of(results)
    data = gather(results, "control", False)
    for arm in data["arms"]:
        if not arm["linear"]:
            look = COLOURS[arm["style"]["colour"]], MARKERS[arm["style"]["shape"]]
            assert styles[arm["label"]] == look
    assert len(set(styles.values())) > 3


def test_loss_bands_are_the_bands_that_were_handed_over():
    results = made_results()
    bands = {arm: plan.loss_band(results, arm) for arm in ("control", "dense", "early_stopping")}
    ax = new_figure().subplots()
    draw.draw_loss_bands(ax, bands, title="losses", control="control")
    for label, band in bands.items():
        (line,) = [line for line in ax.lines if line.get_label() == label]
        np.testing.assert_array_equal(line.get_xdata(), band.epochs)
        np.testing.assert_array_equal(line.get_ydata(), band.middle)
    assert len(ax.collections) == 3
    assert [EPOCHS + 0.5] * 2 in [list(line.get_xdata()) for line in ax.lines]
    assert _notes(ax) == ["second phase"]
    assert (ax.get_yscale(), ax.get_xlabel()) == ("log", "epoch")


def test_curves_of_one_colour_differ_in_their_dashes():
    ax = new_figure().subplots()
    band = plan.band([(0.2, 0.1)], 0)
    styles = {label: ("#0072B2", "o") for label in "abc"}
    draw.draw_loss_bands(ax, dict.fromkeys("abc", band), title="", styles=styles)
    assert len({str(line.get_linestyle()) for line in ax.lines}) == 3


def test_what_cannot_be_drawn_is_refused_in_one_sentence():
    ax = new_figure().subplots()
    for call, words in (
        (lambda: draw.draw_arms(ax, {}, title="", xlabel=""), "arms={}"),
        (lambda: draw.draw_arms(ax, ARMS, title="", xlabel="", control="x"), "control='x'"),
        (lambda: draw.draw_changes(ax, {}, title="", xlabel=""), "changes={}"),
        (lambda: draw.draw_front(ax, {}, title="", ylabel=""), "arms={}"),
        (lambda: draw.draw_loss_bands(ax, {}, title=""), "bands={}"),
    ):
        with pytest.raises(ValueError, match=words) as caught:
            call()
        assert "\n" not in str(caught.value)
