"""The threshold of a mask, arrays to test a function on, and common mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

import numpy as np

from prunelab.masks.magnitude import kept_count

# (number of weights, sparsity): a half would stay. What rounds otherwise than tfmot, or rounds how
# many go, keeps another number in one of them at least; a test says so for each pair of roundings.
HALVES = (
    *((n, 0.5) for n in (5, 7, 9, 11, 15)),
    *((n, s) for n in (6, 14, 22) for s in (0.25, 0.75)),
)


def arrays():
    """(words, (weights, sparsity)) pairs without ties; products on a half are exact floats."""
    random = np.random.default_rng(21)

    def drawn(*shape):
        return random.normal(size=shape)

    return [
        ("six weights at sparsity 0.5", (np.array([0.9, -0.8, 0.3, -0.1, 0.2, -0.6]), 0.5)),
        ("a 12 × 10 matrix at sparsity 0.75", (drawn(12, 10), 0.75)),
        ("ten weights at sparsity 0.25, where 7.5 would stay", (drawn(10), 0.25)),
        ("ten weights at sparsity 0.75, where 2.5 would stay", (drawn(10), 0.75)),
        ("seven weights at sparsity 0.4", (drawn(7), 0.4)),
        ("eleven weights at sparsity 0.3", (drawn(11), 0.3)),
        ("negative weights only, at sparsity 0.5", (-np.abs(drawn(4, 5)), 0.5)),
        ("five weights at sparsity 0, where all stay", (drawn(5), 0.0)),
        ("three weights at sparsity 0.9, where one must stay", (drawn(3), 0.9)),
        *(
            (f"{n} weights at sparsity {s}, where {n * (1 - s)} would stay", (drawn(n), s))
            for n, s in HALVES
        ),
    ]


def threshold_of(weights, sparsity):
    """The smallest magnitude that `magnitude_mask` keeps."""
    magnitudes = np.sort(np.abs(weights), axis=None)
    return magnitudes[-kept_count(weights.size, sparsity)]


def _sorted_at(position, values=np.abs):
    """A mistake: the value at `position(size, sparsity)` of the sorted, clipped to the array."""

    def mistake(weights, sparsity):
        at = position(weights.size, sparsity)
        return np.sort(values(weights), axis=None)[int(np.clip(at, 0, weights.size - 1))]

    return mistake


def _slip_by_count(count):
    return _sorted_at(lambda n, s: n - max(int(count(n * (1 - s))), 1))


MISTAKES = [
    (
        _sorted_at(lambda n, s: n - kept_count(n, s) - 1),
        "That is the largest weight that goes; the smallest that stays comes right after it.",
    ),
    (
        _sorted_at(lambda n, s: n - kept_count(n, s) + 1),
        "That is one weight too high: the smallest that stays comes right before it.",
    ),
    (
        _sorted_at(lambda n, s: n - kept_count(n, s), values=np.asarray),
        "These are sorted by sign and size; a weight of −0.9 is a large one.",
    ),
    (
        lambda weights, sparsity: -threshold_of(weights, sparsity),
        "The place is right, but a magnitude has no sign.",
    ),
    (_slip_by_count(np.floor), "n·(1 − s) is rounded to the nearest, not down."),
    (_slip_by_count(np.ceil), "n·(1 − s) is rounded to the nearest, not up."),
    (
        _slip_by_count(lambda kept: np.floor(kept + 0.5)),
        "Nearly: a half goes to the even neighbour, so 2.5 is rounded to 2.",
    ),
    (
        _slip_by_count(lambda kept: np.ceil(kept - 0.5)),
        "Nearly: a half goes to the even neighbour, so 3.5 is rounded to 4.",
    ),
    (
        _sorted_at(lambda n, s: round(n * s)),
        "Nearly: it rounds how many go. Round how many stay, n·(1 − s): of 7 at 0.5 that is 4.",
    ),
    (
        lambda weights, sparsity: threshold_of(weights, sparsity / 100),
        "Sparsity comes as a fraction; 0.5 means half of the weights, not half a percent.",
    ),
    (
        lambda weights, sparsity: np.quantile(np.abs(weights), sparsity),
        "A quantile lies between two weights; the threshold is the magnitude of one of them.",
    ),
    (
        _sorted_at(lambda n, s: n - max(round(n * s), 1)),
        "Sparsity is the fraction that goes; n·(1 − s) weights stay.",
    ),
    (
        _sorted_at(lambda n, s: n - round(n * (1 - s)) if round(n * (1 - s)) else 0),
        "Where n·(1 − s) is rounded to 0, one weight stays all the same; [-0] is the first.",
    ),
    (
        lambda weights, sparsity: np.max(np.abs(weights)),
        "That is the largest of all; the smallest that stays is looked for.",
    ),
]
