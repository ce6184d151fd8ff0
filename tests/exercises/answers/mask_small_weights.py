"""Right answers and known mistakes of the chapter on masks."""

import sys

import numpy as np

from prunelab.exercises import mask_small_weights as mask
from prunelab.masks import magnitude_mask
from tests.exercises.answers.common import no_letters


def stay(weights, sparsity):
    return max(round(weights.size * (1 - sparsity)), 1)


def at_rank(count, values=np.abs):
    """An answer: the `count(weights, sparsity)`-th largest of all, the first being 1."""

    def threshold(weights, sparsity):
        ordered = np.sort(values(weights), axis=None)[::-1]
        return ordered[min(count(weights, sparsity), weights.size) - 1]

    return threshold


def by_partition(weights, sparsity):
    kept = stay(weights, sparsity)
    return float(np.partition(np.abs(weights).ravel(), -kept)[-kept])


def by_what_goes(weights, sparsity):
    """It rounds how many go, not how many stay."""
    goes = min(round(weights.size * sparsity), weights.size - 1)
    return np.sort(np.abs(weights), axis=None)[goes]


def in_plain_python(weights, sparsity):
    return sorted(map(abs, weights.ravel().tolist()), reverse=True)[stay(weights, sparsity) - 1]


def sorts_in_place(weights, sparsity):
    weights.sort()
    return at_rank(stay)(weights, sparsity)


def cut_above(threshold, values=np.abs, above=np.greater_equal):
    return lambda weights, s: weights * above(values(weights), threshold(weights, s))


def cut_by_where(weights, sparsity):
    return np.where(np.abs(weights) < in_plain_python(weights, sparsity), 0, weights)


def cut_a_copy(weights, sparsity):
    pruned = weights.copy()
    pruned[np.abs(pruned) < in_plain_python(weights, sparsity)] = 0.0
    return pruned


def cut_in_place(weights, sparsity):
    weights[np.abs(weights) < in_plain_python(weights, sparsity)] = 0.0
    return weights


def cut_by_place(weights, sparsity):
    """Exactly so many stay, whatever is tied."""
    pruned = np.zeros_like(weights)
    order = np.argsort(-np.abs(weights), axis=None, kind="stable")[: stay(weights, sparsity)]
    pruned.flat[order] = weights.flat[order]
    return pruned


def cut_as_given(weights, sparsity):
    """The function of the exercise, before it is mended."""
    kept = max(round(weights.size * (1 - sparsity)), 1)
    threshold = np.sort(weights, axis=None)[-kept]
    weights[weights <= threshold] = 0
    return weights


def shares(hidden_1, hidden_2, output):
    return {"hidden_1": hidden_1, "hidden_2": hidden_2, "output": output}


RIGHT = [
    (mask.q1, [at_rank(stay), by_partition, in_plain_python]),
    (mask.q2, ["c", "C", " c\n", "(c)", "c)", "C.", ["c"]]),
    (mask.q3, [lambda w, s: w * magnitude_mask(w, s), cut_by_where, cut_a_copy]),
    (mask.q4, [shares(0.86, 0.35, 0), shares(0.816, 0.5, 0), shares(0.9, 0.3, np.float64(0)),
               shares([0.86], np.array([0.35]), 0)]),
]  # fmt: skip


WRONG = [
    (mask.q1, at_rank(lambda w, s: stay(w, s) + 1), "largest weight that goes"),
    (mask.q1, at_rank(lambda w, s: max(stay(w, s) - 1, 1)), "one weight too high"),
    (mask.q1, at_rank(stay, values=np.asarray), "by sign and size"),
    (mask.q1, lambda w, s: -by_partition(w, s), "no sign"),
    (mask.q1, at_rank(lambda w, s: max(int(w.size * (1 - s)), 1)), "not down"),
    (mask.q1, at_rank(lambda w, s: int(np.ceil(w.size * (1 - s)))), "not up"),
    (mask.q1, at_rank(lambda w, s: max(int(w.size * (1 - s) + 0.5), 1)), "even neighbour"),
    (mask.q1, by_what_goes, "it rounds how many go"),
    (mask.q1, at_rank(lambda w, s: max(int(np.ceil(w.size * (1 - s) - 0.5)), 1)), "so 3.5 is"),
    (mask.q1, at_rank(lambda w, s: stay(w, s / 100)), "not half a percent"),
    (mask.q1, lambda w, s: np.quantile(np.abs(w), s), "between two weights"),
    (mask.q1, at_rank(lambda w, s: max(round(w.size * s), 1)), "the fraction that goes"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=None)[-round(w.size * (1 - s))],
     "[-0] is the first"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=None)[w.size - round(w.size * (1 - s))],
     "where one must stay it raises IndexError"),
    (mask.q1, lambda w, s: np.abs(w).max(), "largest of all"),
    (mask.q1, lambda w, s: np.abs(w).mean(), "not right yet"),
    (mask.q1, magnitude_mask, "one number should come back"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=0)[-stay(w, s)], "raises IndexError"),
    (mask.q1, sorts_in_place, "changes the array"),
    (mask.q1, lambda w, s: sys.exit("bye"), "raises SystemExit: bye"),
    (mask.q1, lambda w, s: np.nan, "not a finite number"),
    (mask.q1, 0.5, "Give the function"),
    (mask.q2, "a", "half a weight"),
    (mask.q2, "b", "nothing happens after"),
    (mask.q2, "d", "they go first"),
    (mask.q2, "e", "a sign is no part"),
    *no_letters(mask.q2, "f", "ca"),
    (mask.q3, cut_as_given, "changes the array"),
    (mask.q3, cut_in_place, "changes the array"),
    (mask.q3, lambda w, s: cut_as_given(w.copy(), s), "of size 0.8 goes and one of 0.3 stays"),
    (mask.q3, cut_above(at_rank(stay, values=np.asarray), values=np.asarray), "goes and one"),
    (mask.q3, cut_above(at_rank(stay), values=np.asarray), "too few"),
    (mask.q3, cut_above(at_rank(stay), above=np.greater), "does the threshold itself stay"),
    (mask.q3, cut_above(at_rank(lambda w, s: max(int(w.size * (1 - s)), 1))), "too few"),
    (mask.q3, cut_above(at_rank(lambda w, s: int(np.ceil(w.size * (1 - s))))), "too many"),
    (mask.q3, cut_above(by_what_goes), "where 2.5 would stay 3 of 5 weights stay"),
    (mask.q3, cut_above(at_rank(lambda w, s: stay(w, s / 100))), "too many"),
    (mask.q3, cut_above(at_rank(stay), above=np.less), "goes and one"),
    (mask.q3, cut_by_place, "ties stay together"),
    (mask.q3, magnitude_mask, "returns the mask"),
    (mask.q3, lambda w, s: magnitude_mask(w, s).astype(float), "returns the mask"),
    (mask.q3, lambda w, s: np.abs(w) * magnitude_mask(w, s), "keep size and sign"),
    (mask.q3, lambda w, s: w[magnitude_mask(w, s)], "returns shape (3,)"),
    (mask.q3, lambda w, s: None, "should come back"),
    (mask.q3, lambda w, s: (w * magnitude_mask(w, s)).tolist(), "should come back"),
    (mask.q3, lambda w, s: w * magnitude_mask(w, 100 * s), "raises ValueError"),
    (mask.q3, np.zeros(3), "Give the function"),
    (mask.q4, shares(0.75, 0.75, 0.75), "the same sparsity everywhere"),
    (mask.q4, shares(0.8, 0.8, 0.8), "the same sparsity everywhere"),
    (mask.q4, shares(0.6, 0.9, 0.9), "the mean over layers"),
    (mask.q4, shares(0.75, 0.75, 0.0), "Only 74.77 %"),
    (mask.q4, shares(0.7534, 0.75, 0.0), "cut of hidden_2 alone"),
    (mask.q4, shares(0.7, 0.97, 0.0), "cut of hidden_2 alone"),
    (mask.q4, shares(0.87, 0.28, 0.75), "cut of output alone"),
    (mask.q4, shares(0.99, 0.0, 0.0), "cut of hidden_1 alone"),
    (mask.q4, shares(86, 35, 0), "for 86 % write 0.86"),
    (mask.q4, shares(1.0, 0.35, 0), "a fraction in [0, 1)"),
    (mask.q4, shares("0.86", 0.35, 0), "hidden_1="),
    (mask.q4, {"hidden_1": 0.9, "hidden_2": 0.3}, "a sparsity for each of"),
    (mask.q4, {"hidden1": 0.9, "hidden2": 0.3, "output": 0}, "a sparsity for each of"),
    (mask.q4, [0.86, 0.35, 0.0], "Give a dict"),
]  # fmt: skip
