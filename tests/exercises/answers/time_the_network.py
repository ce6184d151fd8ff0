"""Right answers and known mistakes of the chapter on time."""

import math

import numpy as np

from prunelab import footprint
from prunelab.exercises import time_the_network as timing

# ---- the break-even -----------------------------------------------------------------------------


def break_even(gain, low, high):
    if gain(low) > 1:
        return low
    if gain(high) <= 1:
        return None
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (low, middle) if gain(middle) > 1 else (middle, high)
    return high


def by_the_package(gain, low, high):
    return footprint.break_even(gain, low=low, high=high).sparsity


def by_walking(gain, low, high):
    steps = np.arange(low, high, 0.005)
    return next((at for at in [*steps, high] if gain(at) > 1), None)


def by_recursion(gain, low, high, first=True):
    if first and not gain(high) > 1:
        return None
    if first and gain(low) > 1:
        return low
    if high - low <= 0.002:
        return high
    middle = low + (high - low) / 2
    halves = (low, middle) if gain(middle) > 1 else (middle, high)
    return by_recursion(gain, *halves, first=False)


def as_given(gain, low, high):
    """The function of the exercise, before it is mended."""
    while high - low > 0.01:
        middle = (low + high) / 2
        if gain(middle) >= 1:
            low = middle
        else:
            high = middle
    return low


def bisecting(wins=lambda gain: gain > 1, width=0.01, back=lambda low, high: high, ends=True):
    """An answer with parts that can be turned."""

    def found(gain, low, high):
        if ends and wins(gain(low)):
            return low
        if ends and not wins(gain(high)):
            return None
        while high - low > width:
            middle = (low + high) / 2
            low, high = (low, middle) if wins(gain(middle)) else (middle, high)
        return back(low, high)

    return found


def without_looking_at_low(gain, low, high):
    return bisecting(ends=False)(gain, low, high) if gain(high) > 1 else None


def without_looking_at_high(gain, low, high):
    return low if gain(low) > 1 else bisecting(ends=False)(gain, low, high)


def in_percent(gain, low, high):
    found = break_even(gain, low, high)
    return found and 100 * found


# ---- the machine --------------------------------------------------------------------------------


def race(sparsity):
    """What such a kernel takes, in ms: about as measured on a server, with a little noise."""
    noise = 1 + 0.02 * np.sin(1000 * sparsity)
    return 0.15 * noise, 0.7 * (1 - sparsity) + 0.01


def measured(
    even=..., race=race, at=(0.0, 0.98, 0.49, 0.735, 0.8575, 0.796, 0.811, 0.80), rows=None
):
    rows = [(s, *race(s)) for s in at] if rows is None else rows
    if even is ...:
        even = min((s for s, dense, sparse in rows if sparse < dense), default=None)
    return {"measured": rows, "break_even": even}


def never(sparsity):
    return race(sparsity)[0], 0.2 + race(sparsity)[1]


def of_arrays():
    return [[np.float64(value) for value in row] for row in measured()["measured"]]


def turned(at, column, value):
    """Rows of which one number was changed."""
    rows = [list(row) for row in measured()["measured"]]
    rows[at][column] = value
    return rows


RIGHT = [
    (timing.q1, [break_even, by_the_package, by_walking, by_recursion, bisecting(width=1e-6)]),
    (timing.q2, [
        measured(), measured(rows=of_arrays()), measured(0.8, rows=np.array(of_arrays())),
        measured(race=never, at=np.linspace(0, 0.96, 9)),
        measured(race=never, at=(0.0, 0.98)),
        measured(at=[*np.arange(0.7, 0.98, 0.02).tolist(), 0.1]),
    ]),
]  # fmt: skip

WRONG = [
    (timing.q1, as_given, "look which half it keeps"),
    (timing.q1, bisecting(wins=lambda gain: gain <= 1, ends=False), "look which half it keeps"),
    (timing.q1, bisecting(wins=lambda gain: gain >= 1), "that is a tie, and no win"),
    (timing.q1, lambda g, low, high: low if g(low) >= 1 else break_even(g, low, high), "a tie"),
    (timing.q1, lambda g, low, high: None if g(high) < 1 else bisecting(ends=False)(g, low, high)
     if g(low) <= 1 else low, "None says so"),
    (timing.q1, bisecting(width=0.015), "more than 0.01 above"),
    (timing.q1, bisecting(back=lambda low, high: low), "the last that lost"),
    (timing.q1, bisecting(width=0.1), "more than 0.01 above"),
    (timing.q1, bisecting(width=1e-9, back=lambda low, high: round(low, 2)), "the last that lost"),
    (timing.q1, bisecting(ends=False), "None says so"),
    (timing.q1, without_looking_at_high, "None says so"),
    (timing.q1, without_looking_at_low, "it wins at low already"),
    (timing.q1, bisecting(back=lambda low, high: (low, high)), "one number should come back"),
    (timing.q1, bisecting(back=lambda low, high: str(high)), "one number should come back"),
    (timing.q1, bisecting(back=lambda low, high: -high), "not between low and high"),
    (timing.q1, bisecting(back=lambda low, high: math.nan), "not between low and high"),
    (timing.q1, in_percent, "a sparsity is a fraction"),
    (timing.q1, lambda gain, low, high: None, "though the gain is above 1 at high"),
    (timing.q1, lambda gain, low, high: low - 1, "not between low and high"),
    (timing.q1, lambda gain, low, high: 0.2, "where the gain is below 1"),
    (timing.q1, lambda gain, low, high: gain(1.0), "raises ZeroDivisionError"),
    (timing.q1, lambda gain: 0.5, "raises TypeError"),
    (timing.q1, 0.5, "Give the function"),
    (timing.q2, {"measured": ..., "break_even": 0.8}, "Nothing is measured yet"),
    (timing.q2, measured()["measured"], "the keys"),
    (timing.q2, measured() | {"machine": "mine"}, "the keys"),
    (timing.q2, measured(0.8, rows="fast"), "should be a list"),
    (timing.q2, measured(0.8, rows=[0.8, 0.15, 0.14]), "is no row"),
    (timing.q2, measured(0.8, rows=[(0.8, 1.1)]), "each is (sparsity, dense ms, sparse ms)"),
    (timing.q2, measured(0.8, rows=turned(2, 1, math.nan)), "three finite numbers"),
    (timing.q2, measured(0.8, rows=turned(2, 1, "0.15 ms")), "three finite numbers"),
    (timing.q2, measured(80, rows=[(100 * s, *race(s)) for s in (0, 0.5)]), "50 is none"),
    (timing.q2, measured(0.8, rows=turned(1, 2, -0.1)), "not above 0"),
    (timing.q2, measured(0.8, rows=[]), "Too few rows"),
    (timing.q2, measured(at=(0.8,)), "Too few rows"),
    (timing.q2, measured(race=lambda s: (0.8 + s, 0.7)), "without a single zero"),
    (timing.q2, measured(race=lambda s: [ms / 1000 for ms in race(s)]), "look like seconds"),
    (timing.q2, measured(race=lambda s: (0.15, race(s)[1])), "the very same in each row"),
    (timing.q2, measured(race=lambda s: race(s)[::-1]), "are the two times in this order"),
    (timing.q2, measured(0.811, rows=turned(2, 1, 0.31 * 5)), "though zeros do not touch it"),
    (timing.q2, measured("0.8"), "should be a sparsity"),
    (timing.q2, measured(80.0), "should be a sparsity"),
    (timing.q2, measured(0.805), "not among your rows"),
    (timing.q2, measured(0.735), "not faster in your own rows"),
    (timing.q2, measured(0.8575), "wins already in your rows"),
    (timing.q2, measured(at=(0.0, 0.5, 0.7, 0.75, 0.85, 0.9, 0.98)), "is more than 0.02"),
    (timing.q2, measured(at=(0.85, 0.87, 0.89, 0.91, 0.93, 0.98)), "Nothing was measured below"),
    (timing.q2, measured(None), "None says that nothing wins"),
    (timing.q2, measured(race=never, at=np.linspace(0, 0.9, 9)), "looked no further than 0.9"),
]  # fmt: skip
