"""The picture of a choice: every network where its bytes and its error are, with its interval."""

import pytest

from prunelab.figures import draw_choices
from prunelab.plans import estimate

WAYS = {
    "single weights": [(4e6, [0.002, 0.003], "50 %"), (2e6, [0.001, 0.0015], "75 %")],
    "int8": [(5e5, [0.004], "75 %")],
}


def test_networks_stand_at_their_bytes_and_mean_error(ax):
    draw_choices(ax, WAYS, title="choices", control=("control", [0.002, 0.008]))
    marks = {line.get_label(): line for line in ax.lines if line.get_label() in WAYS}
    assert list(marks) == list(WAYS)
    for label, networks in WAYS.items():
        sizes, means = marks[label].get_data()
        assert list(sizes) == [size for size, _, _ in networks]
        assert list(means) == [estimate(errors, log=True).mean for _, errors, _ in networks]
    assert len({line.get_marker() for line in marks.values()}) == len(WAYS)
    notes = [text.get_text() for text in ax.texts]
    assert notes == ["50 %", "75 %", "75 %", "control"]
    level = [
        line for line in ax.lines if line.get_linestyle() == "--" and len(line.get_xdata()) == 2
    ]
    assert any(line.get_ydata()[0] == pytest.approx(0.004) for line in level)


def test_intervals_are_drawn_where_there_are_some(ax):
    draw_choices(ax, WAYS, title="choices")
    upright = [
        line.get_ydata() for line in ax.lines if list(line.get_xdata()) in ([4e6] * 2, [2e6] * 2)
    ]
    wanted = [estimate(errors, log=True) for _, errors, _ in WAYS["single weights"]]
    assert [list(ys) for ys in upright] == [[each.low, each.high] for each in wanted]
    assert not [line for line in ax.lines if list(line.get_xdata()) == [5e5] * 2]


def test_ticks_are_bytes_in_words(ax):
    draw_choices(ax, WAYS, title="choices")
    ax.figure.canvas.draw()
    assert {"500 kB", "1 MB"} <= {label.get_text() for label in ax.get_xticklabels()}


@pytest.mark.parametrize("ways", [{}, {"none": []}])
def test_nothing_to_draw_is_one_sentence(ax, ways):
    with pytest.raises(ValueError, match="ways: there is nothing to draw"):
        draw_choices(ax, ways, title="")
