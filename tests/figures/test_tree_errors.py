"""Figures of errors by what they hold; pictures are never compared."""

import numpy as np

from prunelab import figures
from prunelab.figures import tree


def _ax():
    return figures.new_figure().subplots()


def test_errors_choices_stops_and_the_tree_on_show_are_drawn_where_they_belong():
    sizes = [9, 4, 2, 1]
    curves = {"training": [0, 0.1, 0.2, 0.5], "cross-validated": [0.3, 0.2, 0.25, 0.5]}
    ax = _ax()
    tree.draw_errors(
        ax, sizes, curves, spread=[0.02] * 4, choices={"least": 4, "one standard error": 2},
        stops=[("P", 3, 0.15)], now=(2, [0.2, 0.25]),
    )  # fmt: skip
    lines = {line.get_label(): line for line in ax.lines}
    for label, errors in curves.items():
        np.testing.assert_array_equal(lines[label].get_data(), [sizes, errors])
    assert lines["training"].get_linestyle() != lines["cross-validated"].get_linestyle()
    np.testing.assert_array_equal(lines["on show"].get_data(), [[2, 2], [0.2, 0.25]])
    notes = {text.get_text(): text.xy for text in ax.texts}
    assert notes["P"] == (3, 0.15)
    assert notes["least"][0] == 4
    assert notes["one standard error"][0] == 2
    assert ax.get_xscale() == "log"
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("leaves (log scale)", "share wrong")
    ax.figure.canvas.draw()
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["1", "2", "3", "4", "5", "7"]


def test_squares_are_not_percentages():
    ax = _ax()
    tree.draw_errors(ax, [2, 1], {"training": [3.0, 40.0]}, rate=False)
    assert ax.get_ylabel() == "mean squared error"
    ax.figure.canvas.draw()
    assert not any("%" in tick.get_text() for tick in ax.get_yticklabels())


def test_a_path_of_one_can_be_drawn():
    ax = _ax()
    tree.draw_errors(ax, [1], {"training": [0.0]})
    assert figures.png_bytes(ax.figure).startswith(b"\x89PNG")
