"""Pessimistic error pruning: half an error per leaf is added, one standard error is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prunelab.trees.pruning import Decision, pruning, training_counts, training_errors
from prunelab.trees.structure import read_structure

if TYPE_CHECKING:
    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Tree


def pessimistic(tree: Tree) -> Pruning:
    """Quinlan's pessimistic pruning, from the training counts alone.

    A branch with L leaves and E training errors is expected to make E + L/2 of N, with standard
    error SE = √((E + L/2)(N - E - L/2)/N); it is folded if the leaf's own errors + 1/2 are within
    one SE of that. There is one pass from the root down; nodes below a fold are skipped. Source:
    Quinlan, Simplifying decision trees, International Journal of Man-Machine Studies 27 (1987),
    section 2.3.

    For classifiers of one output; sample weights count as numbers of samples.
    """
    structure = read_structure(tree)
    samples, errors = training_errors(training_counts(tree, structure, "pessimistic"))
    n_leaves = structure.sum_over_leaves(np.ones(structure.n_nodes, dtype=int))
    as_branch = structure.sum_over_leaves(errors) + n_leaves / 2
    spread = np.sqrt(np.maximum(as_branch * (samples - as_branch) / samples, 0))
    decisions, done = [], np.zeros(structure.n_nodes, dtype=bool)
    for node in structure.inner.tolist():
        if not done[node]:
            decisions.append(
                Decision(
                    node,
                    int(n_leaves[node]),
                    float(errors[node] + 0.5),
                    float(as_branch[node]),
                    float(spread[node]),
                )
            )
        if done[node] or decisions[-1].folds:
            done[structure.left[node]] = done[structure.right[node]] = True
    return pruning("pessimistic", tree, structure, decisions)
