"""The figure of a search's front: what is drawn is what was given."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from prunelab.figures import draw_pareto_front, draw_sampler

POINTS = [[0.004, 500], [0.002, 2000], [0.0019, 9000], [0.005, 3000]]
WORDS = {"title": "a front", "xlabel": "weights", "ylabel": "MSE"}


def drawn(**options):
    ax = Figure().add_subplot()
    draw_pareto_front(ax, **{"points": POINTS, "front": [0, 1, 2]} | WORDS | options)
    return ax, {line.get_label(): np.transpose(line.get_data()).tolist() for line in ax.lines}


def test_trials_front_and_knee_are_where_they_belong():
    ax, lines = drawn(knee=1)
    assert lines["beaten by another trial"] == [[3000, 0.005]]
    assert lines["the front: beaten by none"] == [[500, 0.004], [2000, 0.002], [9000, 0.0019]]
    assert lines["its knee"] == [[2000, 0.002]]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")
    assert (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()) == tuple(WORDS.values())


def test_levels_are_lines_with_their_names():
    ax, _ = drawn(levels={"dense": 0.003})
    assert [text.get_text() for text in ax.texts] == ["dense"]
    assert any(list(line.get_ydata()) == [0.003, 0.003] for line in ax.lines)
    assert "its knee" not in {line.get_label() for line in ax.lines}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"points": []}, "points has shape"),
        ({"points": [[1, 2, 3]]}, "points has shape"),
        ({"points": [[0, 1]]}, "not above 0"),
        ({"front": []}, "front="),
        ({"front": [9]}, "front="),
        ({"knee": 3}, "knee=3"),
    ],
)
def test_wrong_values_are_refused_in_one_sentence(options, words):
    with pytest.raises(ValueError, match=words) as caught:
        drawn(**options)
    assert "\n" not in str(caught.value)


def test_a_samplers_two_groups_lie_where_their_values_lie():
    ax = Figure().add_subplot()
    draw_sampler(ax, [0.01, 0.012], [0.001, 0.0012, 0.001], title="rate", xlabel="learning rate")
    lines = {line.get_label(): line for line in ax.lines}
    for label, near in (("the best trials", 0.011), ("the others", 0.00106)):
        across, up = lines[label].get_data()
        assert across[np.argmax(up)] == pytest.approx(near, rel=0.1)
    assert "likely to be drawn next" in [text.get_text() for text in ax.get_legend().get_texts()]
    with pytest.raises(ValueError, match="above 0"):
        draw_sampler(ax, [], [1.0], title="", xlabel="")
