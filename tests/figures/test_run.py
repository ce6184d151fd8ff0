"""The figures of runs: what is drawn, read from the artists."""

import numpy as np

from prunelab.figures import draw_losses, draw_runs, new_figure, png_bytes


def test_runs_are_drawn_epoch_by_epoch_with_the_events_marked():
    figure = new_figure()
    top, below = figure.subplots(2, 1)
    runs = {
        "dense": ([0.4, 0.3, 0.3], [0, 0, 0]),
        "a": ([0.4, 0.2, 0.1], [0, 0, 0.5]),
        "b": ([0.3, 0.2, 0.2], [0, 0, 0]),
    }
    draw_runs(top, below, runs, events={2: "again"}, first_epoch=2, title="three runs")
    drawn = {line.get_label(): line for line in top.lines if not line.get_label().startswith("_")}
    assert list(drawn) == ["dense", "a", "b"]
    np.testing.assert_array_equal(drawn["a"].get_xdata(), [2, 3])
    np.testing.assert_array_equal(drawn["a"].get_ydata(), [0.2, 0.1])
    assert len({line.get_color() for line in drawn.values()}) == 3
    assert [line.get_ydata()[-1] for line in below.lines[:3]] == [0, 0.5, 0]
    assert top.lines[-1].get_xdata() == [2, 2]
    assert [text.get_text() for text in below.texts] == ["again"]
    assert {text.get_text().split()[0] for text in top.texts} == set(runs)
    assert top.get_yscale() == "log"
    assert top.get_title(loc="left") == "three runs"
    assert below.get_xlabel() == "epoch"
    assert len(png_bytes(figure)) > 1000


def test_losses_are_named_lines_over_the_epochs():
    ax = new_figure().add_subplot()
    draw_losses(ax, {"training": (0.4, 0.1, 0.01), "validation": (0.4, 0.3, 0.3)}, title="t")
    assert [line.get_label() for line in ax.lines] == ["training", "validation"]
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), [1, 2, 3])
    np.testing.assert_array_equal(ax.lines[1].get_ydata(), [0.4, 0.3, 0.3])
    assert len({line.get_linestyle() for line in ax.lines}) == 2
    assert (ax.get_xlabel(), ax.get_yscale()) == ("epoch", "log")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]
