"""The result of a pruner, and what several pruners use: training counts and the upward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from prunelab.trees.folding import folded_estimator
from prunelab.trees.gains import check_counts

if TYPE_CHECKING:
    from prunelab.trees.structure import Tree


@dataclass(frozen=True)
class Decision:
    """A pruner's decision at one inner node: fold if `as_leaf` ≤ `as_branch` + `allowance`.

    `node` is numbered as in the given tree and `n_leaves` is the size of its branch there; the two
    estimates are in the pruner's own units, the branch's after any folds below it.
    """

    node: int
    n_leaves: int
    as_leaf: float
    as_branch: float
    allowance: float = 0.0

    @property
    def folds(self) -> bool:
        """True if the branch is to become a leaf; values equal up to rounding count as equal."""
        limit = self.as_branch + self.allowance
        return self.as_leaf <= limit + 1e-12 * abs(limit)


@dataclass(frozen=True, eq=False, repr=False)
class Pruning:
    """A pruned tree and the decisions that led to it.

    `tree` is the pruned estimator. `folded` maps each node that became a leaf to its decision.
    `decisions` holds all decisions in order, also those of nodes inside a later fold.
    """

    method: str
    tree: Tree
    folded: tuple[Decision, ...]
    decisions: tuple[Decision, ...]

    def __repr__(self) -> str:
        return (
            f"Pruning({self.method}: {self.tree.get_n_leaves()} leaves, "
            f"{len(self.folded)} of {len(self.decisions)} branches folded)"
        )


def pruning(method, tree, structure, decisions):
    """The `Pruning` in which all nodes whose decision says fold are folded."""
    marked = np.zeros(structure.n_nodes, dtype=bool)
    marked[[decision.node for decision in decisions if decision.folds]] = True
    topmost = marked & ~structure.below(marked)
    return Pruning(
        method=method,
        tree=folded_estimator(tree, structure, np.flatnonzero(topmost)),
        folded=tuple(sorted((d for d in decisions if topmost[d.node]), key=lambda d: d.node)),
        decisions=tuple(decisions),
    )


def fold_upwards(structure, as_leaf, allowance=0.0, per=None):
    """Decisions of one pass from the leaves up; a branch's estimate is the sum over its leaves.

    `as_leaf` is the estimate of each node as a leaf, as a total; `per` divides the reported
    estimates, to turn totals into rates.
    """
    best = np.asarray(as_leaf, dtype=float).tolist()
    per = (np.ones(structure.n_nodes) if per is None else per).tolist()
    n_leaves = structure.sum_over_leaves(np.ones(structure.n_nodes, dtype=int))
    decisions = []
    for node in reversed(structure.inner.tolist()):
        branch = best[structure.left[node]] + best[structure.right[node]]
        decision = Decision(
            node, int(n_leaves[node]), best[node] / per[node], branch / per[node], allowance
        )
        decisions.append(decision)
        if not decision.folds:
            best[node] = branch
    return decisions


def training_counts(tree, structure, method):
    """Class counts of the training samples at each node, shape (nodes, classes).

    A sample weight counts as that many samples. Raises an error for trees whose counts cannot be
    used.
    """
    remedy = "use cost_complexity_path or reduced_error"
    if not structure.is_classifier:
        raise ValueError(
            f"tree: {method} counts misclassified samples, and this {type(tree).__name__} is a "
            f"regressor; {remedy}"
        )
    if structure.value.shape[1] > 1:
        raise ValueError(
            f"tree: {method} counts the errors of one class label, and this tree has "
            f"{structure.value.shape[1]} outputs; {remedy}, or fit one tree an output"
        )
    check_counts(tree, structure, method)
    total, n_leaves = structure.weight[0], structure.n_leaves
    if n_leaves > 1 and total < n_leaves:
        raise ValueError(
            f"tree: its sample weights sum to {total:.4g} over {n_leaves} leaves, and {method} "
            "reads weights as numbers of samples; refit it with weights that average 1"
        )
    counts = structure.weight[:, None] * structure.value[:, 0, :]
    whole = np.round(counts)  # fractions times weights come out as 1.9999999999999998
    return np.where(np.abs(counts - whole) <= 1e-9 * np.maximum(1, counts), whole, counts)


def training_errors(counts):
    """Samples and misclassified samples at each node, from its class counts."""
    return counts.sum(axis=1), without(counts, counts.argmax(axis=1))


def without(amounts, column):
    """The sum of each row without one column; a difference would lose it beside a heavy class."""
    others = amounts.copy()
    others[np.arange(len(others)), column] = 0
    return others.sum(axis=1)
