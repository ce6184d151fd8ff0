"""Right answers and known mistakes of the chapter on decision trees."""

import numpy as np
from scipy import stats

from prunelab.exercises import prune_a_decision_tree as trees
from prunelab.trees import cost_complexity_path, fold


def largest_within(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(path.n_leaves <= budget)))


def first_within(tree, budget):
    path = cost_complexity_path(tree)
    return next(path.tree(k) for k in range(len(path)) if path.n_leaves[k] <= budget)


def by_sorting(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(min(k for k, leaves in enumerate(path.n_leaves) if leaves <= budget))


def strictly_below(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(path.n_leaves < max(budget, 2))))


def one_too_many(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(max(int(np.argmax(path.n_leaves <= budget)) - 1, 0))


def by_number_of_nodes(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(2 * path.n_leaves - 1 <= max(budget, 1))))


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
    (trees.q1, [14.5, "14.5", (61 - 32) / 2]),
    (trees.q2, ["c", "C", " c\n"]),
    (trees.q3, [rule_by_scipy, rule_from_behind, rule_with(standard_error)]),
    (trees.q4, [largest_within, first_within, by_sorting]),
    (trees.q5, [trees._optimism(), round(trees._optimism(), 4), trees._optimism() + 0.001]),
]  # fmt: skip


WRONG = [
    (trees.q1, 29, "three leaves go"),
    (trees.q1, 29 / 3, "loses 3"),
    (trees.q1, 15, "Node 3 makes an error"),
    (trees.q1, 30, "Node 3 makes an error"),
    (trees.q1, 30.5, "only the rise"),
    (trees.q1, -14.5, "not less"),
    (trees.q1, 14.5 / 450, "the rate"),
    (trees.q1, 10, "Write down"),
    (trees.q1, "14,5", "has a point, not a comma"),
    (trees.q2, "a", "pruning comes after"),
    (trees.q2, "b", "no other tree"),
    (trees.q2, "d", "good practice"),
    (trees.q2, "e", "one of the letters"),
    (trees.q2, "cd", "one of the letters"),
    (trees.q2, "", "one of the letters"),
    (trees.q2, 3, "one of the letters"),
    (trees.q2, ["c"], "one of the letters"),
    (trees.q3, rule_as_given, "the first is the largest"),
    (trees.q3, rule_with(standard_error, pick=0), "the path begins there"),
    (trees.q3, rule_with(lambda e: e.std(axis=0, ddof=1)), "√n times better"),
    (trees.q3, rule_with(lambda e: e.std(axis=0) / np.sqrt(len(e))), "ddof=1"),
    (trees.q3, rule_with(lambda e: 2 * standard_error(e)), "two standard errors"),
    (trees.q3, rule_with(standard_error, below=np.less), "`<=`"),
    (trees.q3, lambda e: e.mean(axis=0).argmin(), "the lowest error"),
    (trees.q3, lambda e: np.flatnonzero(
        e.mean(axis=0) - standard_error(e) <= e.mean(axis=0).min())[-1], "brings its own"),
    (trees.q3, rule_until, "further on"),
    (trees.q3, rule_with(standard_error, center=np.median), "the median"),
    (trees.q3, rule_with(standard_error, center=np.min), "luckiest fold"),
    (trees.q3, lambda e: rule_by_scipy(e) + 1, "counted from 0"),
    (trees.q3, lambda e: e.shape[1] - 1 - rule_by_scipy(e), "counts from the root"),
    (trees.q3, lambda e: e.shape[1] - 1, "the root alone"),
    (trees.q3, lambda e: rule_by_scipy(e.T), "not right yet"),
    (trees.q3, lambda e: e.mean(axis=0), "one number should come back"),
    (trees.q3, lambda e: e.sort(axis=0), "changes the array"),
    (trees.q3, 3, "Give the function"),
    (trees.q4, lambda tree, budget: tree, "over budget"),
    (trees.q4, one_too_many, "over budget"),
    (trees.q4, strictly_below, "but the path has a tree of"),
    (trees.q4, by_number_of_nodes, "but the path has a tree of"),
    (trees.q4, lambda tree, budget: fold(tree, 0), "but the path has a tree of"),
    (trees.q4, lambda tree, budget: budget, "should return a tree"),
    (trees.q4, lambda tree, budget: cost_complexity_path(tree), "should return a tree"),
    (trees.q4, lambda tree: tree, "budget of 1 it raises TypeError"),
    (trees.q4, 5, "Give the function"),
    (trees.q5, 0.0, "the same data"),
    (trees.q5, -trees._optimism(), "the sign is not"),
    (trees.q5, 100 * trees._optimism(), "give the fraction"),
    (trees.q5, 0.1, "For each seed"),
    (trees.q5, trees._optimism() + 0.01, "For each seed"),
    (trees.q5, 0.15, "For each seed"),
    (trees.q5, "2 %", "not a text"),
    (trees.q5, [0.01, 0.02], "this is a list"),
]  # fmt: skip
