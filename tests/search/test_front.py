"""The Pareto front and its knee, against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from prunelab.search import knee, pareto_front

few = st.integers(0, 6).map(float)  # ties are the rule, not the exception
points = st.tuples(st.integers(0, 25), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=few)
)


def beaten(p, others):
    return any(all(a <= b for a, b in zip(o, p, strict=True)) and tuple(o) != tuple(p)
               for o in others)  # fmt: skip


@given(points)
def test_the_front_is_what_brute_force_leaves(points):
    found = pareto_front(points)
    wanted = [i for i, p in enumerate(points) if not beaten(p, points)]
    assert sorted(found) == wanted
    assert [tuple(points[i]) for i in found] == sorted(tuple(points[i]) for i in found)


def test_the_front_of_nothing_is_empty():
    assert pareto_front(np.empty((0, 2))).tolist() == []


def distance_below(point, first, last):
    """How far below the line from first to last, by the area of a triangle."""
    (x, y), (x0, y0), (x1, y1) = point, first, last
    cross = (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)
    return -cross / np.hypot(x1 - x0, y1 - y0)


@given(arrays(np.float64, (30, 2), elements=st.floats(-5, 5).map(lambda v: round(v, 3))))
def test_the_knee_is_the_farthest_point_below_the_line_of_the_ends(points):
    front = points[pareto_front(points)]
    low, span = front.min(axis=0), np.ptp(front, axis=0)
    at = knee(front)
    if (span == 0).any():
        assert at is None
        return
    unit = (front - low) / span
    distances = [distance_below(p, (0, 1), (1, 0)) for p in unit]
    if at is None:
        assert max(distances) < 1e-9
    else:
        assert distances[at] == pytest.approx(max(distances))
        assert distances[at] > 0


def test_a_corner_is_found_and_a_straight_front_has_none():
    assert knee([[0, 10], [1, 1], [10, 0]]) == 1
    assert knee([[0, 4], [1, 3], [2, 2], [3, 1], [4, 0]]) is None
    assert knee([[0, 1], [1, 0]]) is None
    assert knee([[0, 1]]) is None
    assert knee(np.empty((0, 2))) is None


def test_the_knee_does_not_change_with_units():
    front = np.array([[0.0, 10.0], [1, 4], [2, 1.5], [5, 1], [10, 0]])
    assert knee(front) == knee(front * [1000, 0.001] + [7, -3]) == 2


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: pareto_front([1, 2]), ValueError, r"must be \[n, objectives\]"),
        (lambda: pareto_front([[1, np.nan]]), ValueError, "without NaN"),
        (lambda: pareto_front("front"), TypeError, "array of real numbers"),
        (lambda: knee([[1, 2, 3]]), ValueError, "two objectives"),
    ],
)
def test_wrong_points_are_refused_in_one_sentence(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)
