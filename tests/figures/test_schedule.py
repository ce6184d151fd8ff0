"""Figures by what they hold, line by line and label by label; pictures are never compared."""

import numpy as np
import pytest

from prunelab import figures
from prunelab.figures import schedule as figures_schedule
from prunelab.schedules import ConstantSparsity, PolynomialDecay, preflight

ARTICLE = PolynomialDecay(0.0, 0.75, 1000, 5000)


def _drawn(schedule, *, axis="steps", **run):
    run = run or {"n_samples": 8000, "batch_size": 1024, "epochs": 200}
    ax = figures.new_figure().subplots()
    figures.draw_schedule(ax, preflight(schedule, **run), axis=axis)
    ax.figure.canvas.draw()
    return ax


def _line(ax, label):
    (found,) = [line for line in ax.lines if line.get_label() == label]
    return np.asarray(found.get_xdata(), dtype=float), np.asarray(found.get_ydata(), dtype=float)


def _notes(ax):
    return [text.get_text() for text in ax.texts if text.get_text()]


def test_the_formula_the_masks_and_their_updates_are_those_of_the_schedule():
    ax = _drawn(ARTICLE)
    steps, values = _line(ax, "the formula")
    np.testing.assert_allclose(values, ARTICLE.sparsity(steps))
    assert steps[-1] == 1600
    steps, values = _line(ax, "a mask update")
    assert steps.tolist() == [1000, 1100, 1200, 1300, 1400, 1500, 1600]
    np.testing.assert_allclose(values, ARTICLE.sparsity(steps))
    steps, values = _line(ax, "what the masks hold")
    assert (steps[0], values[0]) == (0, 0)
    assert (steps[-1], values[-1]) == (1600, pytest.approx(0.28940625))


def test_asked_realised_the_gap_and_the_wall_are_labelled():
    notes = _notes(_drawn(ARTICLE))
    assert "asked\n75.00 %" in notes
    assert "realised\n28.94 %" in notes
    assert "46.06\npoints" in notes
    assert "training ends\nat step 1600" in notes


def test_where_the_target_is_reached_one_label_says_so():
    notes = _notes(_drawn(PolynomialDecay(0.0, 0.75, 400, 1200)))
    assert "as asked\n75.00 %" in notes
    assert not any("realised" in note or "points" in note for note in notes)


def test_labels_of_values_that_lie_close_do_not_overlap():
    ax = _drawn(PolynomialDecay(0.0, 0.8, 0, 150), total_steps=240)
    boxes = [text.get_window_extent() for text in ax.texts if "0 %" in text.get_text()]
    boxes += [text.get_window_extent() for text in ax.texts if "realised" in text.get_text()]
    assert len(boxes) == 2
    assert not boxes[0].overlaps(boxes[1])


def test_title_axes_and_legend_name_everything():
    ax = _drawn(ARTICLE)
    title = ax.get_title(loc="left")
    assert title == "0 % → 75 %, step 1000 to 5000, power 3, every 100 steps; the run has 1600"
    assert ax.get_ylabel() == "sparsity, % zeros"
    assert ax.get_xlabel() == "training step"
    (upper,) = ax.child_axes
    assert upper.get_xlabel() == "epoch (8 steps each)"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["the formula", "what the masks hold", "a mask update", "after training"]


def test_epochs_can_be_the_lower_axis():
    ax = _drawn(ARTICLE, axis="epochs")
    (lower,) = ax.child_axes
    assert lower.get_xlabel() == "epoch (8 steps each)"
    assert lower.xaxis.get_label_position() == "bottom"
    assert (ax.get_xlabel(), ax.xaxis.get_label_position()) == ("training step", "top")


def test_without_epochs_there_is_one_axis():
    ax = _drawn(ARTICLE, total_steps=1600)
    assert ax.child_axes == []
    assert ax.get_xlabel() == "training step"


def test_many_updates_are_thinned_and_the_legend_says_so():
    ax = _drawn(PolynomialDecay(0.0, 0.75, 0, 1500, frequency=1))
    steps, _ = _line(ax, "a mask update (one in 38 drawn)")
    assert len(steps) <= figures_schedule.MOST_DOTS + 1
    assert (steps[0], steps[-1]) == (1, 1500)


@pytest.mark.parametrize(
    ("schedule", "run"),
    [
        (PolynomialDecay(0.0, 0.5, 2000, 3000), {"total_steps": 100}),
        (PolynomialDecay(0.0, 0.5, 50, 50), {"total_steps": 100}),
        (ConstantSparsity(0.5, 0), {"total_steps": 1000}),
        (ConstantSparsity(0.5, 10, 20, 5), {"total_steps": 1}),
    ],
)
def test_every_schedule_can_be_drawn(schedule, run):
    ax = _drawn(schedule, **run)
    assert figures.png_bytes(ax.figure).startswith(b"\x89PNG")
    assert _notes(ax)


def test_curves_differ_in_colour_and_dash_and_carry_their_labels():
    steps = np.arange(100)
    curves = {f"power {p}": PolynomialDecay(0, 0.9, 0, 99, p).sparsity(steps) for p in (1, 2, 3)}
    ax = figures.new_figure().subplots()
    figures.draw_curves(ax, steps, curves, title="Sparsity by power")
    assert len({line.get_color() for line in ax.lines}) == 3
    assert len({line.get_linestyle() for line in ax.lines}) == 3
    for label, values in curves.items():
        np.testing.assert_array_equal(_line(ax, label)[1], values)
    assert ax.get_title(loc="left") == "Sparsity by power"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(curves)


def test_the_same_figure_gives_the_same_bytes():
    first, second = (figures.png_bytes(_drawn(ARTICLE).figure) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(("total", "end"), [(1, 0), (5, 12), (1600, 5000), (1600, 1200), (99, 99)])
def test_the_horizon_leaves_room_beyond_run_and_schedule(total, end):
    reach = figures_schedule.horizon(total, end)
    assert 1.25 * total <= reach
    assert 1.04 * end <= reach <= 1.6 * max(1.25 * total, 1.04 * end) + 1


def test_a_survey_draws_each_schedule_from_asked_to_realised_worst_first():
    ax = figures.new_figure().subplots()
    asked, realised = [0.5, 0.9, 0.8], [0.5, 0.3, 0.0]
    figures.draw_survey(ax, asked, realised, [None, "too late", "never"])
    ax.figure.canvas.draw()
    dots = [line for line in ax.lines if line.get_marker() not in ("None", None)]
    assert [(float(d.get_xdata()[0]), float(d.get_ydata()[0])) for d in dots] == [
        (0, 0.0),
        (1, 0.3),
        (2, 0.5),
    ]
    stems = [line for line in ax.lines if len(line.get_xdata()) == 2]
    ends = {tuple(map(float, line.get_ydata())) for line in stems}
    assert {(0.0, 0.8), (0.3, 0.9), (0.5, 0.5), (0.8, 0.8), (0.9, 0.9)} <= ends
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["asked", "never (1)", "too late (1)", "reaches it (1)"]
    assert ax.get_title(loc="left") == "3 schedules in their own runs: 2 miss their target"
    looks = {(d.get_marker(), d.get_color()) for d in dots}
    assert len(looks) == 3  # told apart by form and by colour
