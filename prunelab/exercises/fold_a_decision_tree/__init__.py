"""The exercises of the chapter on folding a decision tree: compute, make."""

import copy
from functools import cache

import numpy as np

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import one_number
from prunelab.exercises.sandbox import OutOfTime, words_of


def _judge_weakest_link(answer):
    value = one_number(answer)
    if abs(value - 14.5) < 1e-9:
        return (
            True,
            "61 − (1 + 8 + 23) errors more, for 3 − 1 leaves less. "
            "Nodes 4, at 0, and 2, at 10, go first.",
        )
    mistakes = {
        14.5 / 450: "That is the rate; here we count errors. Multiply by the 450 samples.",
        29: "That is the rise in errors, or g once node 4 is folded. Here three leaves become one: "
        "divide the rise by the leaves that are saved.",
        29 / 3: "Three leaves become one, so 3 − 1 leaves are saved, not three.",
        30: "Node 3 makes an error too, and the branch is freed of two leaves.",
        15: "Node 3 makes an error too: the branch makes 1 + 8 + 23.",
        61 / 2: "The branch makes errors as well; only the rise counts.",
        -14.5: "The fold makes more errors, not less: R(t) − R(T_t).",
    }
    for mistake, sentence in mistakes.items():
        if abs(value - mistake) < 1e-6:
            return False, sentence
    return (
        False,
        "Write down R(t), the sum over the three leaves below, and how many leaves the fold saves.",
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
        tree = copy.deepcopy(fitted)  # a copy, since an answer may change it
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
                return (
                    False,
                    f"With a budget of {budget} it returns {_leaves(leaves)}, over budget.",
                )
            if leaves < most:
                return False, (
                    f"With a budget of {budget} it returns {_leaves(leaves)}, "
                    f"but the path has a tree of {most}."
                )
            if not np.array_equal(made.tree_.value, path.tree(_at(path, most)).tree_.value):
                return False, "The size is right, but it is not the tree of the path."
    return True, "The largest tree of the path that the budget allows, on trees you had not seen."


def _leaves(count):
    return "1 leaf" if count == 1 else f"{count} leaves"


def _at(path, leaves):
    return int(np.flatnonzero(path.n_leaves == leaves)[0])


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
