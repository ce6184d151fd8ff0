"""A function that finds a front, points to test one on, and common mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

import math

import numpy as np

from prunelab.base.checks import shown
from prunelab.exercises.functions import call_all, in_any_order


def front_cases():
    """(words, (points,)) pairs; points: [n, 2], validation MSE and non-zeros, smaller is better."""
    random = np.random.default_rng(7)
    nonzeros = np.round(np.exp(random.uniform(7, 10, size=30)))
    mse = 3 / nonzeros * np.exp(random.gamma(2, 0.4, size=30))
    bulging = [[0.001, 9000], [0.0019, 8000], [0.0022, 5000], [0.003, 1000], [0.0031, 4000]]
    tied = [[0.002, 5000], [0.001, 8000], [0.001, 5000], [0.004, 3000], [0.004, 2000]]
    twice = [[0.003, 2000], [0.001, 6000], [0.005, 7000], [0.001, 6000], [0.003, 2000]]
    small = [[1e-9, 5000], [3e-9, 5000], [2e-9, 3000], [2e-9, 4000], [4e-9, 3000]]
    return [
        ("five networks, one of them beaten", (np.array(bulging),)),
        ("networks with an equal error or equal non-zeros", (np.array(tied),)),
        ("networks that are there twice", (np.array(twice),)),
        ("thirty networks", (np.column_stack([mse, nonzeros]),)),
        ("networks of errors around a billionth", (np.array(small),)),
        ("a single network", (np.array([[0.002, 5000.0]]),)),
    ]


def on_front(points, beats=None):
    """Rows of the points that no other point beats, in order; the rest is for mistakes."""
    beats = beats or (lambda p, q: bool((p <= q).all() and (p < q).any()))
    count = range(len(points))
    return [i for i in count if not any(beats(points[j], points[i]) for j in count)]


def _hull(points):
    """Rows that are best for some weighted sum of the two objectives."""
    low, high = points.min(axis=0), points.max(axis=0)
    scaled = (points - low) / np.where(high > low, high - low, 1)
    sums = [scaled @ [share, 1 - share] for share in np.linspace(0.001, 0.999, 999)]
    return sorted({int(i) for each in sums for i in np.flatnonzero(each == each.min())})


def _records(points):
    """Rows with fewer non-zeros than all rows of smaller error."""
    kept, least = [], math.inf
    for i in np.argsort(points[:, 0], kind="stable"):
        if points[i, 1] < least:
            least = points[i, 1]
            kept.append(int(i))
    return sorted(kept)


def _beaten(points):
    front = on_front(points)
    return [i for i in range(len(points)) if i not in front]


def _first_of_equals(points):
    front = on_front(points)
    return [i for i in front if not any((points[j] == points[i]).all() for j in front if j < i)]


FRONT_MISTAKES = [
    (_beaten, "These are the points that are beaten; the front is the others."),
    (
        lambda points: on_front(-points),
        "That is the front of the worst: in both columns smaller is better.",
    ),
    (
        lambda points: on_front(points * [1, -1]),
        "That wants many non-zeros: in both columns smaller is better.",
    ),
    (
        lambda points: on_front(points, lambda p, q: bool((p < q).all())),
        "A point that is equal in one column and worse in the other is beaten as well.",
    ),
    (
        lambda points: on_front(points, lambda p, q: bool((p <= q).all())),
        "Nothing is left: nowhere worse is not enough to beat, or each point beats itself.",
    ),
    (
        lambda points: on_front(points, lambda p, q: bool((p < q).any())),
        "To be better in one column is not enough to beat: in the other it may be worse.",
    ),
    (_first_of_equals, "Points that are equal do not beat each other: both stay."),
    (
        _records,
        "Look at two networks with one error: the one met first is not always the better one.",
    ),
    (
        lambda points: on_front(points, lambda p, q: bool(p[0] < q[0])),
        "That is the smallest error alone; the non-zeros count as much.",
    ),
    (
        lambda points: on_front(points, lambda p, q: bool(p.sum() < q.sum())),
        "A sum of MSE and non-zeros has no meaning; compare column by column.",
    ),
    (_hull, "A point in a hollow of the front belongs to it too: nobody beats it."),
    (
        lambda points: [i + 1 for i in on_front(points)],
        "The rows are right, counted from 1; the first row is 0.",
    ),
]


def judge_front(answer):
    """(right, sentence) for a function that should return the rows of a front."""
    cases = front_cases()
    given, sentence = call_all(answer, cases)
    if sentence:
        return False, sentence
    rows = []
    for (words, (points,)), value in zip(cases, given, strict=True):
        found, sentence = _rows(value, points)
        if sentence:
            return False, f"On {words} it returns {sentence}"
        rows.append(found)
    wanted = [on_front(points) for _, (points,) in cases]
    if rows == wanted:
        return True, "Nothing on it is beaten, and all that is not beaten is on it."
    for mistake, sentence in FRONT_MISTAKES:
        if rows == [mistake(points) for _, (points,) in cases]:
            return False, sentence
    at = next(at for at in range(len(cases)) if rows[at] != wanted[at])
    words, (points,) = cases[at]
    amiss = _difference(rows[at], wanted[at], len(points))
    return False, f"On {words} it is not right yet: {amiss}"


def _rows(value, points):
    """(row numbers in order, None), or (None, what was returned instead)."""
    value = in_any_order(value)
    if not isinstance(value, list | tuple | np.ndarray):
        return None, f"{shown(value)}; a list or an array of row numbers should come back."
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.array("ragged")
    if array.dtype == bool and array.ndim:
        return None, "a mask; np.flatnonzero makes row numbers of it."
    if array.dtype.kind in "iuf" and array.ndim == 2 and array.shape[1] == 2 and array.size > 2:
        return None, "the points themselves; return the numbers of their rows."
    if array.size and (array.dtype.kind not in "iuf" or not np.all(array == np.round(array))):
        return None, f"{shown(value)}; a list or an array of row numbers should come back."
    rows = sorted(map(int, array.ravel()))
    if len(set(rows)) < len(rows):
        return None, "a row more than once."
    return rows, None


def _difference(rows, wanted, n_rows):
    outside = [row for row in rows if not 0 <= row < n_rows]
    if outside:
        return f"there is no row {outside[0]} among {n_rows}; the first is row 0."
    extra = [row for row in rows if row not in wanted]
    if extra:
        return f"row {extra[0]} is there, but another point beats it."
    missing = [row for row in wanted if row not in rows]
    return f"row {missing[0]} is not there, and no point beats it."
