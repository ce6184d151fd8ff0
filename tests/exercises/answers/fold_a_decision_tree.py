"""Right answers and known mistakes of the chapter on folding a decision tree."""

import numpy as np

from prunelab.exercises import fold_a_decision_tree as trees
from prunelab.trees import cost_complexity_path, fold
from tests.exercises.answers.common import Column


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
    (trees.q1, [14.5, "14.5", (61 - 32) / 2, [14.5], (14.5,), np.array([14.5]),
                Column([14.5])]),
    (trees.q2, [largest_within, first_within, by_sorting]),
]  # fmt: skip


WRONG = [
    (trees.q1, 29, "divide the rise"),
    (trees.q1, 29 / 3, "not three"),
    (trees.q1, 15, "Node 3 makes an error"),
    (trees.q1, 30, "Node 3 makes an error"),
    (trees.q1, 30.5, "only the rise"),
    (trees.q1, -14.5, "not less"),
    (trees.q1, 14.5 / 450, "the rate"),
    (trees.q1, 10, "Write down"),
    (trees.q1, True, "this is a bool"),
    (trees.q1, np.array([True]), "this is a bool"),
    (trees.q1, [14.5, 14.5], "this is a list"),
    (trees.q1, Column([14.5, 14.5]), "an array of shape (2,)"),
    (trees.q1, "14.5 %", "not a text"),
    (trees.q1, "14,5", "has a point, not a comma"),
    (trees.q2, lambda tree, budget: tree, "over budget"),
    (trees.q2, one_too_many, "over budget"),
    (trees.q2, strictly_below, "but the path has a tree of"),
    (trees.q2, by_number_of_nodes, "but the path has a tree of"),
    (trees.q2, lambda tree, budget: fold(tree, 0), "but the path has a tree of"),
    (trees.q2, lambda tree, budget: budget, "should return a tree"),
    (trees.q2, lambda tree, budget: cost_complexity_path(tree), "should return a tree"),
    (trees.q2, lambda tree: tree, "budget of 1 it raises TypeError"),
    (trees.q2, 5, "Give the function"),
]  # fmt: skip
