"""Right answers and known mistakes of the chapter on choosing a pruned tree."""

import numpy as np
from scipy import stats

from prunelab.exercises import choose_the_pruned_tree as trees
from tests.exercises.answers.common import Column, no_letters


def over_folds(errors):
    """Means and standard errors, as SciPy has them."""
    return errors.mean(axis=0), stats.sem(errors, axis=0)


def rule_by_scipy(errors):
    mean, spread = over_folds(errors)
    bar = mean.min() + spread[mean.argmin()]
    return max(at for at, error in enumerate(mean) if error <= bar)


def rule_from_behind(errors):
    mean, spread = over_folds(errors)
    for at in range(len(mean))[::-1]:
        if mean[at] <= mean.min() + spread[mean.argmin()]:
            return np.array([at])


def rule_as_given(errors):
    """The function of the exercise, before it is mended."""
    mean, spread = errors.mean(axis=0), errors.std(axis=0)
    best = mean.argmin()
    return int(np.argmax(mean <= mean[best] + spread[best]))


def rule_with(spread_of, below=np.less_equal, pick=-1, center=np.mean):
    def rule(errors):
        middle, spread = center(errors, axis=0), spread_of(errors)
        best = middle.argmin()
        under = np.flatnonzero(below(middle, middle[best] + spread[best]))
        return under[pick] if under.size else best

    return rule


def rule_until(errors):
    mean, spread = over_folds(errors)
    at = best = mean.argmin()
    while at + 1 < len(mean) and mean[at + 1] <= mean[best] + spread[best]:
        at += 1
    return at


def standard_error(errors):
    return over_folds(errors)[1]


RIGHT = [
    (trees.q1, ["c", "C", " c\n", "(c)", "c)", "C."]),
    (trees.q2, [rule_by_scipy, rule_from_behind, rule_with(standard_error)]),
    (trees.q3, [trees._optimism(), round(trees._optimism(), 4), trees._optimism() + 0.001,
                [trees._optimism()], Column([[trees._optimism()]])]),
]  # fmt: skip


WRONG = [
    (trees.q1, "a", "pruning comes after"),
    (trees.q1, "b", "no other tree"),
    (trees.q1, "d", "good practice"),
    *no_letters(trees.q1, "e", "cd"),
    (trees.q2, rule_as_given, "the first is the largest"),
    (trees.q2, rule_with(standard_error, pick=0), "the path begins there"),
    (trees.q2, rule_with(lambda e: e.std(axis=0, ddof=1)), "√n times better"),
    (trees.q2, rule_with(lambda e: e.std(axis=0)), "still a standard deviation up"),
    (trees.q2, rule_with(lambda e: e.std(axis=0) / np.sqrt(len(e))), "needs ddof=1"),
    (trees.q2, rule_with(lambda e: 2 * standard_error(e)), "two standard errors"),
    (trees.q2, rule_with(standard_error, below=np.less), "`<=`"),
    (trees.q2, lambda e: e.mean(axis=0).argmin(), "the lowest error"),
    (trees.q2, lambda e: np.flatnonzero(
        e.mean(axis=0) - standard_error(e) <= e.mean(axis=0).min())[-1], "brings its own"),
    (trees.q2, rule_until, "further on"),
    (trees.q2, rule_with(standard_error, center=np.median), "the median"),
    (trees.q2, rule_with(standard_error, center=np.min), "luckiest fold"),
    (trees.q2, rule_with(lambda e: np.full(e.shape[1], standard_error(e).mean())), "not right yet"),
    (trees.q2, rule_with(lambda e: e.std(axis=0, ddof=1) / np.sqrt(len(e) - 1)), "not right yet"),
    (trees.q2, lambda e: rule_by_scipy(e) + 1, "counted from 0"),
    (trees.q2, lambda e: e.shape[1] - 1 - rule_by_scipy(e), "counts from the root"),
    (trees.q2, lambda e: e.shape[1] - 1, "the root alone"),
    (trees.q2, lambda e: rule_by_scipy(e.T), "not right yet"),
    (trees.q2, lambda e: e.mean(axis=0), "one number should come back"),
    (trees.q2, lambda e: e.sort(axis=0), "changes the array"),
    (trees.q2, 3, "Give the function"),
    (trees.q3, 0.0, "the same data"),
    (trees.q3, -trees._optimism(), "the sign is not"),
    (trees.q3, -0.05, "kinder than the data"),
    (trees.q3, 100 * trees._optimism(), "give the fraction"),
    (trees.q3, 0.1, "100 rows of `choose`"),
    (trees.q3, trees._optimism() + 0.01, "For each seed"),
    (trees.q3, 0.15, "For each seed"),
    (trees.q3, "2 %", "not a text"),
    (trees.q3, [0.01, 0.02], "this is a list"),
]  # fmt: skip
