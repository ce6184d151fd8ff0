"""Minimum-error pruning: expected errors from m-probability estimates, from the leaves up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number
from prunelab.trees.pruning import fold_upwards, pruning, training_counts, without
from prunelab.trees.structure import read_structure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Tree


def minimum_error(
    tree: Tree, m: float = 2.0, prior: str | Sequence[float] | None = None
) -> Pruning:
    """Niblett and Bratko's pruning with the m-probability estimate.

    A leaf with N samples, n of its majority class, is expected to err with probability
    1 - (n + m · p) / (N + m), where p is the prior probability of that class: m is how many samples
    the prior is worth. A branch's error is the mean over its children, weighted by their samples;
    it is folded if the leaf's is no larger. Sources: Niblett & Bratko, Learning decision rules in
    noisy domains (1986), which is m = number of classes with a uniform prior (Laplace); Cestnik &
    Bratko, On estimating probabilities in tree pruning, EWSL 1991.

    Parameters
    ----------
    tree : fitted classifier of one output; sample weights count as numbers of samples
    m : 0 or more; the larger, the more is folded
    prior : None for the class frequencies at the root; "uniform"; or one probability a class
    """
    m = number("m", m, at_least=0)
    structure = read_structure(tree)
    counts = training_counts(tree, structure, "minimum_error")
    prior = _prior(prior, counts)
    samples, majority = counts.sum(axis=1), structure.majority[:, 0]
    # 1 - (n + m · p) / (N + m), summed over the other classes: 1 - … would round off small values.
    elsewhere = without(np.tile(prior, (len(prior), 1)), np.arange(len(prior)))[majority]
    error = (without(counts, majority) + m * elsewhere) / (samples + m)
    decisions = fold_upwards(structure, samples * error, per=samples)
    return pruning("minimum_error", tree, structure, decisions)


def _prior(prior, counts):
    n_classes = counts.shape[1]
    if prior is None:
        return counts[0] / counts[0].sum()
    if isinstance(prior, str) and prior == "uniform":
        return np.full(n_classes, 1 / n_classes)
    try:
        chances = np.asarray(prior, dtype=float)
    except (TypeError, ValueError):
        chances = np.array(np.nan)
    if chances.shape != (n_classes,) or not (
        (chances >= 0).all() and abs(chances.sum() - 1) < 1e-9
    ):
        raise ValueError(
            f"prior={prior!r}: prior must be None, 'uniform', or {n_classes} probabilities that "
            "sum to 1, in the order of tree.classes_"
        )
    return chances
