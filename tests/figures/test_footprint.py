"""Figures of bytes and milliseconds: what stands on the Axes is what was handed over."""

import numpy as np
import pytest

from prunelab.figures import draw_break_even, draw_bytes, draw_milliseconds
from prunelab.widgets import FootprintExplorer
from tests.helpers.made_footprint import made_measurement

BARS = {
    "gzip": {"value": 2e6, "limit": 1.9e6, "status": "right"},
    "wrapped": {"value": 3.2e7, "limit": 1.9e6, "status": "right"},
    "raw": {"value": 8e6, "limit": 1.9e6, "status": "right"},
    "sparse": {"value": 1e6, "limit": 1.9e6, "status": "wrong"},
    "int8": {"value": None, "limit": None, "status": "failed"},
    "other": {"value": None, "limit": None, "status": "unmeasured"},
}


def _texts(ax):
    return [text.get_text() for text in ax.texts]


def test_a_bar_runs_from_dense_to_its_value(ax):
    draw_bytes(ax, BARS, dense=8e6, title="bytes")
    ends = [(bar.get_x(), bar.get_x() + bar.get_width()) for bar in ax.patches]
    assert [end for _, end in ends] == pytest.approx([0.25, 4, 1, 0.125])
    assert {start for start, _ in ends} == {1}
    assert _texts(ax) == [
        "2 MB, 4 × smaller",
        "32 MB, 4 × larger",
        "8 MB, as dense",
        "1 MB, WRONG",
        "FAILED",
        "not measured",
    ]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(BARS)


def test_better_worse_and_wrong_differ_by_more_than_colour(ax):
    draw_bytes(ax, BARS, dense=8e6, title="bytes")
    better, worse, _, wrong = ax.patches
    assert better.get_facecolor() != worse.get_facecolor()
    assert better.get_width() < 0 < worse.get_width()
    assert wrong.get_hatch()
    assert not better.get_hatch()


def test_the_limit_is_a_line_that_pauses_where_there_is_none(ax):
    draw_bytes(ax, BARS, dense=8e6, title="bytes")
    (limit,) = [line for line in ax.lines if line.get_label() == "limit"]
    xs = limit.get_xdata()
    assert xs[:8] == pytest.approx([1.9 / 8] * 8)
    assert np.isnan(xs[8:]).all()


def test_milliseconds_show_their_quartiles_and_their_own_dense(ax):
    bar = {"value": 0.1, "low": 0.09, "high": 0.12, "limit": 0.05, "status": "right", "dense": 0.4}
    draw_milliseconds(ax, {"CSR": bar, "call": bar | {"dense": 0.05}}, dense=9.0, title="ms")
    assert _texts(ax) == ["0.1 ms, 4 × faster", "0.1 ms, 2 × slower"]
    spreads = [line.get_xdata() for line in ax.lines if line.get_marker() == "|"]
    assert spreads[0] == pytest.approx([0.225, 0.3])
    assert spreads[1] == pytest.approx([1.8, 2.4])


def test_break_evens_stand_where_they_were_found(ax):
    curves = {"CSR": ([0, 0.5, 0.9], [0.5, 1.1, 5]), "bitmask": ([0, 0.9], [0.97, 7])}
    draw_break_even(
        ax, curves, title="gain", ylabel="times smaller", limit=([0, 0.9], [1, 8]),
        evens={"CSR": 0.48, "bitmask": None},
    )  # fmt: skip
    marks = [line for line in ax.lines if line.get_marker() == "v"]
    assert [tuple(line.get_xydata()[0]) for line in marks] == [(0.48, 1)]
    assert _texts(ax) == ["48 %"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["CSR", "bitmask", "limit"]
    csr, bitmask = (line for line in ax.lines if line.get_label() in curves)
    assert [tuple(point) for point in csr.get_xydata()] == [
        (0, 0.5),
        (0.48, 1),
        (0.5, 1.1),
        (0.9, 5),
    ]
    assert csr.get_markevery() == [0, 2, 3]  # the break-even lies on the line and has no dot
    assert len(bitmask.get_xydata()) == 2


@pytest.mark.parametrize(("even", "side"), [(0.03, "left"), (0.5, "left"), (0.97, "right")])
def test_a_break_even_at_the_edge_is_written_beside_its_mark(ax, even, side):
    draw_break_even(ax, {"x": ([0, 0.98], [0.5, 4])}, title="", ylabel="", evens={"x": even})
    (words,) = ax.texts
    assert words.get_ha() == side


def test_nothing_to_draw_is_one_sentence(ax):
    for draw in (draw_bytes, draw_milliseconds):
        with pytest.raises(ValueError, match=r"bars=\{\}: there is nothing to draw"):
            draw(ax, {}, dense=1, title="")
    with pytest.raises(ValueError, match=r"curves=\{\}: there is nothing to draw"):
        draw_break_even(ax, {}, title="", ylabel="")


@pytest.mark.parametrize("dense", [None, 8e6])
def test_only_failures_can_be_drawn(ax, dense):
    draw_bytes(ax, {"int8": BARS["int8"]}, dense=dense, title="bytes")
    assert _texts(ax) == ["FAILED"]


def test_the_rows_of_an_explorer_can_be_drawn_as_they_are(ax):
    explorer = FootprintExplorer(made_measurement(2, odd=0.4))
    bars = {row["what"]: row for row in explorer.times}
    draw_milliseconds(ax, bars, dense=None, title="ms")
    assert len(ax.texts) == len(bars)
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert "dense" in ticks
    assert len(ticks) <= 6
