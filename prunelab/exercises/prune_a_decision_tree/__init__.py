"""The exercises of the chapter on decision trees: compute, choose, mend, make, measure."""

import copy
from functools import cache

import numpy as np

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import judge_numbers, one_number
from prunelab.exercises.prune_a_decision_tree.one_standard_error import (
    RULE_MISTAKES,
    rule_cases,
    smallest_within,
)
from prunelab.exercises.sandbox import OutOfTime, words_of

SEEDS = range(100)


def _judge_weakest_link(answer):
    value = one_number(answer)
    if abs(value - 14.5) < 1e-9:
        return (
            True,
            "61 − (1 + 8 + 23) errors more, for 3 − 1 leaves less. "
            "Nodes 4, at 0, and 2, at 10, go first.",
        )
    slips = {
        14.5 / 450: "That is the rate; here we count errors. Multiply by the 450 samples.",
        29: "That is the rise alone, or g once node 4 is folded; here three leaves go.",
        29 / 3: "Folding three leaves leaves one: the branch loses 3 − 1 of them.",
        30: "Node 3 makes an error too, and the branch is freed of two leaves.",
        15: "Node 3 makes an error too: the branch makes 1 + 8 + 23.",
        61 / 2: "The branch makes errors as well; only the rise counts.",
        -14.5: "The fold makes more errors, not less: R(t) − R(T_t).",
    }
    for slip, sentence in slips.items():
        if abs(value - slip) < 1e-6:
            return False, sentence
    return False, "Write down R(t), the sum over the three leaves below, and the leaves that go."


def _judge_choice(answer):
    if not isinstance(answer, str) or answer.strip().lower() not in set("abcd"):
        return False, "Answer with one of the letters 'a', 'b', 'c' and 'd'."
    letter = answer.strip().lower()
    if letter == "c":
        return True, "Then the number it reports has already been used to choose: it is too good."
    replies = {
        "a": "Growing without a limit is how the path begins; pruning comes after.",
        "b": "An alpha for each subtree is right; between two of them no other tree is best.",
        "d": "Refitting on all the training data with the chosen alpha is good practice.",
    }
    return False, replies[letter]


def _judge_rule(answer):
    return judge_numbers(
        answer,
        rule_cases(),
        smallest_within,
        RULE_MISTAKES,
        right="The smallest tree under the bar, and the bar where the folds can put it.",
        look="mean over folds, its standard error at the best tree, then the last tree under both.",
    )


@cache
def _budget_trees():
    """Fitted trees the reader has not seen, their paths, and the budgets to try on each."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    from prunelab.trees.cost_complexity import cost_complexity_path

    random, found = np.random.default_rng(11), []
    for trial in range(3):
        X = random.normal(size=(120, 3))  # noqa: N806
        label = (X[:, 0] + random.normal(size=120) > 0).astype(int)
        tree = DecisionTreeClassifier(random_state=trial).fit(X, label)
        found.append((tree, cost_complexity_path(tree), (1, 2, 3, 5, 8, 13, 10_000)))
    tree = DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, X[:, 1])
    return [*found, (tree, cost_complexity_path(tree), (1, 4, 7, 100))]


def _judge_budget(answer):
    if not callable(answer):
        return False, f"Give the function itself; this is a {type(answer).__name__}."
    for fitted, path, budgets in _budget_trees():
        tree = copy.deepcopy(fitted)  # an answer may do with it what it likes
        for budget in budgets:
            try:
                made = answer(tree, budget)
            except (OutOfTime, KeyboardInterrupt, ImportError):
                raise
            except BaseException as error:
                told = words_of(error, 120)
                return False, f"With a budget of {budget} it raises {told}."
            if not hasattr(made, "get_n_leaves"):
                return False, f"It should return a tree; this is a {type(made).__name__}."
            leaves, most = made.get_n_leaves(), path.n_leaves[path.n_leaves <= budget].max()
            if leaves > budget:
                return False, f"With a budget of {budget} it returns {leaves} leaves, over budget."
            if leaves < most:
                return False, (
                    f"With a budget of {budget} it returns {leaves} leaves, "
                    f"but the path has a tree of {most}."
                )
            if not np.array_equal(made.tree_.value, path.tree(_at(path, most)).tree_.value):
                return False, "The size is right, but it is not the tree of the path."
    return True, "The largest tree of the path that the budget allows, on trees you had not seen."


def _at(path, leaves):
    return int(np.flatnonzero(path.n_leaves == leaves)[0])


@cache
def _optimism():
    """Mean of (error on fresh data − error on the test data that chose), over `SEEDS`."""
    from sklearn.datasets import make_moons
    from sklearn.tree import DecisionTreeClassifier

    from prunelab.trees.cost_complexity import cost_complexity_path

    gaps = []
    for seed in SEEDS:
        X, y = make_moons(1000, noise=0.35, random_state=seed)  # noqa: N806
        tree = DecisionTreeClassifier(random_state=0).fit(X[:200], y[:200])
        path = cost_complexity_path(tree)
        test, fresh = 1 - path.scores(X[200:300], y[200:300]), 1 - path.scores(X[400:], y[400:])
        gaps.append(fresh[test.argmin()] - test.min())
    return float(np.mean(gaps))


def _judge_optimism(answer):
    value, truth = one_number(answer), _optimism()
    if abs(value - truth) < 0.002:
        return True, f"About {100 * truth:.0f} points of error that nobody will see again."
    if abs(value + truth) < 0.002:
        return False, "The size is right, the sign is not: fresh error minus the error that chose."
    if abs(value / 100 - truth) < 0.002:
        return False, "The size is right; give the fraction, not percent."
    if abs(value) < 0.002:
        return False, "Zero is what you get if the same data chooses and is scored."
    return (
        False,
        "For each seed: choose by the 100 test rows, then score the choice on rows 400 on.",
    )


q1 = Exercise(
    "q1",
    _judge_weakest_link,
    [
        "Write down the leaves below node 1, and their errors.",
        "Its branch has three leaves: nodes 3, 7 and 8.",
        "(61 − (1 + 8 + 23)) / (3 − 1), in errors for a leaf.",
    ],
    "g_of_node_1 = (61 - (1 + 8 + 23)) / (3 - 1)",
    reason="The errors a fold adds are shared among the leaves it saves: three become one.",
)
q2 = Exercise(
    "q2",
    _judge_choice,
    [
        "Follow the test data.",
        "Follow the test data through the recipe: which lines touch it, and what for?",
        "Data that has chosen among many trees cannot say how good the chosen one is.",
    ],
    'mistake = "c"',
    reason="The size was chosen by the test error, so the test error of that size is too good.",
)
q3 = Exercise(
    "q3",
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
q4 = Exercise(
    "q4",
    _judge_budget,
    [
        "It is tried on trees, and budgets, that you have not seen: ask the path, not one tree.",
        "`cost_complexity_path(tree)` knows the size of each of its trees: `.n_leaves`.",
        "The sizes fall along the path, so you want the first that is not above the budget.",
    ],
    """
    def fold_to_budget(tree, most_leaves):
        path = cost_complexity_path(tree)
        return path.tree(int(np.argmax(path.n_leaves <= most_leaves)))
    """,
    reason="Sizes fall along the path, so argmax finds the first tree that fits the budget.",
    prepare=_budget_trees,
)
q5 = Exercise(
    "q5",
    _judge_optimism,
    [
        "`path.scores` does all the scoring.",
        "path.scores(X, y) scores all subtrees at once; 1 − scores are errors.",
        "best = test_error.argmin(), then the gap is fresh_error[best] − test_error[best].",
    ],
    """
    gaps = []
    for seed in range(100):
        X_all, y_all = make_moons(1000, noise=0.35, random_state=seed)
        grown = DecisionTreeClassifier(random_state=0).fit(X_all[:200], y_all[:200])
        path = cost_complexity_path(grown)
        test_error = 1 - path.scores(X_all[200:300], y_all[200:300])
        fresh_error = 1 - path.scores(X_all[400:], y_all[400:])
        gaps.append(fresh_error[test_error.argmin()] - test_error.min())
    optimism = np.mean(gaps)
    """,
    reason="The lowest of many errors on one test set is partly luck; fresh data tell how much.",
    prepare=_optimism,
)
