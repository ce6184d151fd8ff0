"""The exercises of the chapter on choosing a pruned tree: choose, mend, measure."""

from functools import cache

import numpy as np

from prunelab.exercises.choose_the_pruned_tree.one_standard_error import (
    RULE_MISTAKES,
    rule_cases,
    smallest_within,
)
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import (
    judge_letter,
    judge_numbers,
    one_number,
)

SEEDS = range(100)


def _judge_choice(answer):
    replies = {
        "a": "Growing without a limit is how the path begins; pruning comes after.",
        "b": "An alpha for each subtree is right; between two of them no other tree is best.",
        "d": "Refitting on all the training data with the chosen alpha is good practice.",
    }
    reason = "Then the number it reports has already been used to choose: it is too good."
    return judge_letter(answer, "c", reason, replies)


def _judge_rule(answer):
    return judge_numbers(
        answer,
        rule_cases(),
        smallest_within,
        RULE_MISTAKES,
        right="The smallest tree whose mean error is at most one standard error above the least.",
        look="the mean over folds, its standard error at the best tree, and the last tree whose "
        "mean is no higher than the two together.",
    )


@cache
def _optimism():
    """Mean over `SEEDS` of the error on fresh data less the error on the data used to choose."""
    from sklearn.datasets import make_moons
    from sklearn.tree import DecisionTreeClassifier

    from prunelab.trees.cost_complexity import cost_complexity_path

    gaps = []
    for seed in SEEDS:
        X, y = make_moons(1000, noise=0.35, random_state=seed)  # noqa: N806
        tree = DecisionTreeClassifier(random_state=0).fit(X[:200], y[:200])
        path = cost_complexity_path(tree)
        chose, fresh = 1 - path.scores(X[200:300], y[200:300]), 1 - path.scores(X[400:], y[400:])
        gaps.append(fresh[chose.argmin()] - chose.min())
    return float(np.mean(gaps))


def _judge_optimism(answer):
    value, truth = one_number(answer), _optimism()
    if abs(value - truth) < 0.002:
        words = "points lower is the error on the rows that chose than on new ones."
        return True, f"About {100 * truth:.0f} {words}"
    if abs(value + truth) < 0.002:
        return False, "The size is right, the sign is not: fresh error minus the error that chose."
    if abs(value / 100 - truth) < 0.002:
        return False, "The size is right; give the fraction, not percent."
    if abs(value) < 0.002:
        return False, "Zero is what you get if the same data chooses and is scored."
    if value < 0:
        return False, "Below zero would mean that fresh data is kinder than the data that chose."
    return (
        False,
        "For each seed: choose by the 100 rows of `choose`, then score the choice on `fresh`.",
    )


q1 = Exercise(
    "q1",
    _judge_choice,
    [
        "Follow the test data.",
        "Follow the test data through the recipe: which lines touch it, and what for?",
        "Data that has chosen among many trees cannot say how good the chosen one is.",
    ],
    'mistake = "c"',
    reason="The size was chosen by the test error, so the test error of that size is too good.",
)
q2 = Exercise(
    "q2",
    _judge_rule,
    [
        "How well is a mean over the folds known? And in which order do the trees come?",
        "The standard error of a mean over n folds is the deviation, with ddof=1, over √n.",
        "The largest tree comes first, so of those under the bar the smallest is the last one: "
        "np.flatnonzero(…)[-1].",
    ],
    """
    def within_one_error(fold_errors):
        mean, folds = fold_errors.mean(axis=0), len(fold_errors)
        spread = fold_errors.std(axis=0, ddof=1) / np.sqrt(folds)
        best = mean.argmin()
        return int(np.flatnonzero(mean <= mean[best] + spread[best])[-1])
    """,
    reason="The bar is the lowest mean plus its error; the smallest tree below it is the last.",
    given="""
    def within_one_error(fold_errors):
        mean, spread = fold_errors.mean(axis=0), fold_errors.std(axis=0)
        best = mean.argmin()
        return int(np.argmax(mean <= mean[best] + spread[best]))
    """,
)
q3 = Exercise(
    "q3",
    _judge_optimism,
    [
        "`path.scores` does all the scoring.",
        "path.scores(X, y) scores all subtrees at once; 1 − scores are errors.",
        "best = choose_error.argmin(), then the gap is fresh_error[best] − choose_error[best].",
    ],
    """
    gaps = []
    for seed in range(100):
        X_all, y_all = make_moons(1000, noise=0.35, random_state=seed)
        grown = DecisionTreeClassifier(random_state=0).fit(X_all[:200], y_all[:200])
        path = cost_complexity_path(grown)
        choose_error = 1 - path.scores(X_all[200:300], y_all[200:300])
        fresh_error = 1 - path.scores(X_all[400:], y_all[400:])
        gaps.append(fresh_error[choose_error.argmin()] - choose_error.min())
    optimism = np.mean(gaps)
    """,
    reason="The lowest of many errors on one sample is partly luck; fresh data tell how much.",
    prepare=_optimism,
)
