"""Right answers and known mistakes of the chapter on decision trees."""

import numpy as np

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


RIGHT = [
    (trees.q1, [14.5, "14.5", (61 - 32) / 2]),
    (trees.q2, ["c", "C", " c\n"]),
    (trees.q3, [largest_within, first_within, by_sorting]),
    (trees.q4, [trees._optimism(), round(trees._optimism(), 4), trees._optimism() + 0.001]),
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
    (trees.q1, "14,5", "cannot be used"),
    (trees.q2, "a", "pruning comes after"),
    (trees.q2, "b", "no other tree"),
    (trees.q2, "d", "good practice"),
    (trees.q2, "e", "one of the letters"),
    (trees.q2, "cd", "one of the letters"),
    (trees.q2, "", "one of the letters"),
    (trees.q2, 3, "one of the letters"),
    (trees.q2, ["c"], "one of the letters"),
    (trees.q3, lambda tree, budget: tree, "over budget"),
    (trees.q3, one_too_many, "over budget"),
    (trees.q3, strictly_below, "but the path has a tree of"),
    (trees.q3, by_number_of_nodes, "but the path has a tree of"),
    (trees.q3, lambda tree, budget: fold(tree, 0), "but the path has a tree of"),
    (trees.q3, lambda tree, budget: budget, "should return a tree"),
    (trees.q3, lambda tree, budget: cost_complexity_path(tree), "should return a tree"),
    (trees.q3, lambda tree: tree, "cannot be used"),
    (trees.q3, 5, "Give the function"),
    (trees.q4, 0.0, "the same data"),
    (trees.q4, -trees._optimism(), "the sign is not"),
    (trees.q4, 100 * trees._optimism(), "give the fraction"),
    (trees.q4, 0.1, "For each seed"),
    (trees.q4, trees._optimism() + 0.01, "For each seed"),
    (trees.q4, 0.15, "For each seed"),
    (trees.q4, "2 %", "cannot be used"),
    (trees.q4, [0.01, 0.02], "cannot be used"),
]  # fmt: skip
