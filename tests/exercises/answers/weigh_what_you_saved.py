"""Right answers and known mistakes of the chapter on footprints."""

import math
import sys

import numpy as np
from scipy.stats import entropy

from prunelab import footprint
from prunelab.exercises import weigh_what_you_saved as weigh

# ---- the limit ----------------------------------------------------------------------------------


def by_scipy(n, sparsity):
    return n * (entropy([sparsity, 1 - sparsity], base=2) + 32 * (1 - sparsity)) / 8


def by_cases(n, sparsity):
    p = 1 - sparsity
    if p == 1:
        return 4 * n
    return n / 8 * (-p * math.log2(p) - sparsity * math.log2(sparsity) + 32 * p)


def bound(which=1, values=32, of=lambda s: 1 - s, log=np.log2, unit=8, each=True):
    """An answer: n · (which · H + values · p) / unit, with parts that can be turned."""

    def least_bytes(n, sparsity):
        p = of(sparsity)
        news = -sum(q * log(q) for q in (p, 1 - p) if q > 0)
        return (n if each else 1) * (which * news + values * p) / unit

    return least_bytes


def without_the_other_half(n, sparsity):
    p = 1 - sparsity
    return n * (-p * np.log2(p) + 32 * p) / 8


def with_a_plus(n, sparsity):
    return bound(which=-1)(n, sparsity)


def without_an_exception(n, sparsity):
    p = np.float64(1 - sparsity)
    return n * (-p * np.log2(p) - (1 - p) * np.log2(1 - p) + 32 * p) / 8


def by_math_log2(n, sparsity):
    p = 1 - sparsity
    return n * (-p * math.log2(p) - (1 - p) * math.log2(1 - p) + 32 * p) / 8


# ---- the claims ---------------------------------------------------------------------------------


def ten(a="training_file", b="nonzeros", c="transfer", d="network"):
    return {"A": a, "B": b, "C": c, "D": d}


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


# ---- the file -----------------------------------------------------------------------------------


def recipe(neurons=(1024, 1024), sparsity=0.75, bits=8, packing="bitmask", **more):
    made = {"neurons": neurons, "sparsity": sparsity, "bits": bits, "packing": packing}
    return made | more


RIGHT = [
    (weigh.q1, [by_scipy, by_cases, bound(), lambda n, s: np.float64(by_cases(n, s))]),
    (weigh.q2, [ten(), ten(" Training_File", d="NETWORK\n"), dict(reversed(ten().items()))]),
    (weigh.q3, [break_even, by_the_package, by_walking, by_recursion, bisecting(width=1e-6)]),
    (weigh.q4, [
        measured(), measured(rows=of_arrays()), measured(race=never, at=np.linspace(0, 0.96, 9)),
        measured(race=never, at=(0.0, 0.98)),
        measured(at=[*np.arange(0.7, 0.98, 0.02).tolist(), 0.1]),
    ]),
    (weigh.q5, [
        recipe((1024, 256)), recipe(bits=3), recipe(bits=4, packing="gzip"),
        recipe([1024, 300], 0.0, np.int64(6)), recipe((1000, 256), 0.76, 4),
    ]),
]  # fmt: skip

WRONG = [
    (weigh.q1, lambda n, s: n * (by_cases(1, s) - 4 * (1 - s) + 4 * s), "the one that goes"),
    (weigh.q1, lambda n, s: 4 * n * (1 - s), "the values alone"),
    (weigh.q1, bound(values=0), "their values are missing"),
    (weigh.q1, bound(unit=1), "eight of them are a byte"),
    (weigh.q1, bound(values=4), "a value takes 4 bytes, which are 32 bits"),
    (weigh.q1, bound(values=256), "a value takes 32 bits, which are 4 bytes"),
    (weigh.q1, bound(log=np.log), "the natural logarithm"),
    (weigh.q1, bound(log=np.log10), "bits want base 2"),
    (weigh.q1, lambda n, s: n / 8 + 4 * n * (1 - s), "That is the bitmask"),
    (weigh.q1, bound(each=False), "the limit of one weight"),
    (weigh.q1, without_the_other_half, "have their part of H too"),
    (weigh.q1, with_a_plus, "both parts of H have a minus"),
    (weigh.q1, bound(of=lambda s: 1 - s / 100), "not 0.75 %"),
    (weigh.q1, lambda n, s: 4 * n / by_cases(n, s), "how many times smaller"),
    (weigh.q1, bound(values=64), "not 64"),
    (weigh.q1, bound(values=8), "nothing is quantised"),
    (weigh.q1, without_an_exception, "sparsity 0 it returns np.float64(nan)"),
    (weigh.q1, by_math_log2, "sparsity 0 it raises ValueError: math domain error"),
    (weigh.q1, lambda n, s: math.ceil(by_cases(n, s)), "do not round"),
    (weigh.q1, lambda n, s: by_cases(n, s) + 8, "not right yet"),
    (weigh.q1, lambda n, s: (by_cases(n, s), 4 * n), "one number should come back"),
    (weigh.q1, lambda n: 4 * n, "raises TypeError"),
    (weigh.q1, lambda n, s: sys.exit("bye"), "raises SystemExit: bye"),
    (weigh.q1, 2_284_000, "Give the function"),
    (weigh.q2, ten(a="network"), "larger than the network's 8.3 MB"),
    (weigh.q2, ten(a="bits"), "Look at A again"),
    (weigh.q2, ten(b="network"), "its file has as many bytes as before"),
    (weigh.q2, ten(b="transfer"), "transfer is the file alone"),
    (weigh.q2, ten(c="network"), "its memory does not"),
    (weigh.q2, ten(c="nonzeros"), "each 0 still has its four bytes"),
    (weigh.q2, ten(d="nonzeros"), "all four of its columns"),
    (weigh.q2, ten(d="bits"), "bits is fewer bits for each weight"),
    (weigh.q2, ten(d="quantised"), "The readings to choose from"),
    (weigh.q2, ten(d=["network"]), "The readings to choose from"),
    (weigh.q2, ten(c=...), "No reading yet for claim C"),
    (weigh.q2, {}, "No reading yet for claim A"),
    (weigh.q2, ten() | {"E": "bits"}, "the letters A to D"),
    (weigh.q2, list(ten().values()), "Give the dict"),
    (weigh.q3, as_given, "look which half it keeps"),
    (weigh.q3, bisecting(wins=lambda gain: gain <= 1, ends=False), "look which half it keeps"),
    (weigh.q3, bisecting(wins=lambda gain: gain >= 1), "that is a tie, and no win"),
    (weigh.q3, bisecting(back=lambda low, high: low), "the last that lost"),
    (weigh.q3, bisecting(width=0.1), "more than 0.01 above"),
    (weigh.q3, bisecting(width=1e-9, back=lambda low, high: round(low, 2)), "the last that lost"),
    (weigh.q3, bisecting(ends=False), "None says so"),
    (weigh.q3, without_looking_at_high, "None says so"),
    (weigh.q3, without_looking_at_low, "it wins at low already"),
    (weigh.q3, bisecting(back=lambda low, high: (low, high)), "one number should come back"),
    (weigh.q3, bisecting(back=lambda low, high: str(high)), "one number should come back"),
    (weigh.q3, bisecting(back=lambda low, high: -high), "not between low and high"),
    (weigh.q3, bisecting(back=lambda low, high: math.nan), "not between low and high"),
    (weigh.q3, in_percent, "a sparsity is a fraction"),
    (weigh.q3, lambda gain, low, high: None, "though the gain is above 1 at high"),
    (weigh.q3, lambda gain, low, high: low - 1, "not between low and high"),
    (weigh.q3, lambda gain, low, high: 0.2, "where the gain is below 1"),
    (weigh.q3, lambda gain, low, high: gain(1.0), "raises ZeroDivisionError"),
    (weigh.q3, lambda gain: 0.5, "raises TypeError"),
    (weigh.q3, 0.5, "Give the function"),
    (weigh.q4, {"measured": ..., "break_even": 0.8}, "Nothing is measured yet"),
    (weigh.q4, measured()["measured"], "the keys"),
    (weigh.q4, measured() | {"machine": "mine"}, "the keys"),
    (weigh.q4, measured(0.8, rows="fast"), "should be a list"),
    (weigh.q4, measured(0.8, rows=[0.8, 0.15, 0.14]), "is no row"),
    (weigh.q4, measured(0.8, rows=[(0.8, 1.1)]), "each is (sparsity, dense ms, sparse ms)"),
    (weigh.q4, measured(0.8, rows=turned(2, 1, math.nan)), "three finite numbers"),
    (weigh.q4, measured(0.8, rows=turned(2, 1, "0.15 ms")), "three finite numbers"),
    (weigh.q4, measured(80, rows=[(100 * s, *race(s)) for s in (0, 0.5)]), "50 is none"),
    (weigh.q4, measured(0.8, rows=turned(1, 2, -0.1)), "not above 0"),
    (weigh.q4, measured(0.8, rows=[]), "Too few rows"),
    (weigh.q4, measured(at=(0.8,)), "Too few rows"),
    (weigh.q4, measured(race=lambda s: (0.8 + s, 0.7)), "without a single zero"),
    (weigh.q4, measured(race=lambda s: [ms / 1000 for ms in race(s)]), "look like seconds"),
    (weigh.q4, measured(race=lambda s: (0.15, race(s)[1])), "the very same in each row"),
    (weigh.q4, measured(race=lambda s: race(s)[::-1]), "are the two times in this order"),
    (weigh.q4, measured(0.811, rows=turned(2, 1, 0.31 * 5)), "though zeros do not touch it"),
    (weigh.q4, measured("0.8"), "should be a sparsity"),
    (weigh.q4, measured(80.0), "should be a sparsity"),
    (weigh.q4, measured(0.805), "not among your rows"),
    (weigh.q4, measured(0.735), "not faster in your own rows"),
    (weigh.q4, measured(0.8575), "wins already in your rows"),
    (weigh.q4, measured(at=(0.0, 0.5, 0.7, 0.75, 0.85, 0.9, 0.98)), "is more than 0.02"),
    (weigh.q4, measured(at=(0.85, 0.87, 0.89, 0.91, 0.93, 0.98)), "Nothing was measured below"),
    (weigh.q4, measured(None), "None says that nothing wins"),
    (weigh.q4, measured(race=never, at=np.linspace(0, 0.9, 9)), "looked no further than 0.9"),
    (weigh.q5, recipe(), "794 kB with a validation MSE of 0.0013: above 500 kB. Count"),
    (weigh.q5, recipe(bits=4), "535 kB"),
    (weigh.q5, recipe(bits=16), "fewer bits a value cost"),
    (weigh.q5, recipe(bits=32, packing="gzip"), "fewer bits a value cost"),
    (weigh.q5, recipe(bits=8, packing="gzip"), "gzip looks for bytes that come again"),
    (weigh.q5, recipe(bits=4, packing="dense"), "every 0 is stored like any other"),
    (weigh.q5, recipe(bits=2), "With bits alone it is"),
    (weigh.q5, recipe(sparsity=0.9), "With sparsity alone it is 0.028"),
    (weigh.q5, recipe((512, 512)), "With neurons alone it is"),
    (weigh.q5, recipe((900, 1024), bits=4), "an MSE above 0.0015"),
    (weigh.q5, recipe((512, 1024), bits=16), "above 500 kB and an MSE above 0.0015"),
    (weigh.q5, recipe(sparsity=75), "sparsity=75"),
    (weigh.q5, recipe(bits=9), "bits=9: choose from 32, 16, 8"),
    (weigh.q5, recipe(bits=8.0), "bits=8.0: choose from"),
    (weigh.q5, recipe(packing="xz"), "packing='xz': choose from dense, bitmask, gzip"),
    (weigh.q5, recipe((1024, 256, 1)), "how many stay in each hidden layer"),
    (weigh.q5, recipe(1024), "how many stay in each hidden layer"),
    (weigh.q5, recipe((0.5, 0.5)), "neurons=0.5"),
    (weigh.q5, recipe((2048, 1024)), "neurons=2048"),
    (weigh.q5, recipe(loss=0.001), "a dict with the keys neurons, sparsity, bits, packing"),
    (weigh.q5, (491_312, 0.00128), "a dict with the keys"),
    (weigh.q5, np.zeros(123_000, np.float32).tobytes(), "a dict with the keys"),
]  # fmt: skip
