"""Reduced-error pruning: fold each branch that is no better than a leaf on held-out data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prunelab.trees.gains import refuse_stunted
from prunelab.trees.pruning import fold_upwards, pruning
from prunelab.trees.samples import loss_unit, node_losses, read_samples, unscaled
from prunelab.trees.structure import read_structure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Features, Tree


def reduced_error(
    tree: Tree,
    X_val: Features,  # noqa: N803
    y_val: ArrayLike,
    sample_weight: ArrayLike | None = None,
) -> Pruning:
    """The smallest of the subtrees that are most accurate on the validation data.

    From the leaves up, a branch is folded if the leaf makes no more errors on the samples that
    reach it; a branch that no sample reaches is folded too. Errors are summed weights of
    misclassified samples (of several outputs, all must be right), or summed squared errors for a
    regressor (averaged over outputs). Source: Quinlan, Simplifying decision trees, International
    Journal of Man-Machine Studies 27 (1987), section 2.2, in its bottom-up form.

    Parameters
    ----------
    tree : fitted DecisionTreeClassifier or DecisionTreeRegressor (ExtraTree too)
    X_val, y_val : validation data, shapes (n, n_features) and (n,) or (n, n_outputs)
    sample_weight : optional, shape (n,)
    """
    structure = read_structure(tree)
    refuse_stunted(tree, structure)
    samples = read_samples(tree, structure, X_val, y_val, sample_weight, ("X_val", "y_val"))
    unit = loss_unit(structure, samples)
    losses = unscaled(node_losses(structure, samples, unit).mean(axis=1), unit)
    return pruning("reduced_error", tree, structure, fold_upwards(structure, losses))
