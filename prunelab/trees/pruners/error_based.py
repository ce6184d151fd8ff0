"""Error-based pruning: C4.5's upper bound on the errors of a leaf, with C4.5's own arithmetic."""

from __future__ import annotations

import numbers
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, real_array, shown
from prunelab.trees.pruning import fold_upwards, pruning, training_counts, training_errors
from prunelab.trees.structure import read_structure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Tree

# One-sided tail probabilities of the normal distribution and their deviates, as C4.5 tabulates
# them; it interpolates linearly between, so 25 % has deviate 0.6925 where the exact one is 0.6745.
_TAILS = (0.0, 0.001, 0.005, 0.01, 0.05, 0.10, 0.20, 0.40, 1.00)
_DEVIATES = (4.0, 3.09, 2.58, 2.33, 1.65, 1.28, 0.84, 0.25, 0.00)
# C4.5 folds a branch that is better than the leaf by no more than a tenth of an error.
_SLACK = 0.1


def error_based_estimate(
    errors: ArrayLike, samples: ArrayLike, confidence: float = 0.25
) -> float | NDArray[np.float64]:
    """The errors C4.5 predicts for a leaf that covers `samples` and got `errors` of them wrong.

    The estimate is the upper confidence limit of a binomial error rate, times `samples`. For no
    errors it is exact, samples · (1 - confidence^(1/samples)); between none and one error it is
    linear; above, it is the normal approximation with continuity correction, with a deviate
    interpolated in a short table.
    It differs from the exact binomial limit in the third digit: for 1 error of 16 at 25 % it gives
    the rate 0.157, Quinlan's printed number, where the exact limit is 0.160. Source: Quinlan, C4.5:
    Programs for Machine Learning (1993), chapter 4, and the program's file stats.c.

    Parameters
    ----------
    errors, samples : numbers or arrays, whole or not (weights make fractions); 0 ≤ errors ≤ samples
    confidence : above 0, at most 1; C4.5's -c option divided by 100

    Returns a float, or an array of the shape errors and samples broadcast to.
    """
    confidence = _confidence(confidence)
    wrong, total = _amounts("errors", errors), _amounts("samples", samples)
    try:
        wrong, total = np.broadcast_arrays(wrong, total)
    except ValueError:
        raise ValueError(
            f"errors has shape {wrong.shape} and samples {total.shape}; "
            "they must be of one shape, or one of them a number"
        ) from None
    if (wrong > total).any():
        at = np.argmax((wrong > total).ravel())
        raise ValueError(
            f"errors={wrong.ravel()[at]:g} exceeds samples={total.ravel()[at]:g}: "
            "errors counts the misclassified among samples"
        )
    estimate = wrong + _added(wrong, total, confidence)
    return float(estimate) if estimate.ndim == 0 else estimate


def error_based(tree: Tree, confidence: float = 0.25) -> Pruning:
    """C4.5's error-based pruning by subtree replacement.

    From the leaves up, a branch is folded if the errors predicted for the leaf are no more than
    the sum predicted for its leaves, plus C4.5's slack of 0.1 errors. C4.5 may also raise the
    largest branch in place of its parent; that needs the training data and gives no subtree of the
    given tree, so it is left out. Source: Quinlan (1993), chapter 4; prune.c.

    For classifiers of one output; sample weights count as numbers of samples, as in C4.5.
    """
    confidence = _confidence(confidence)
    structure = read_structure(tree)
    samples, errors = training_errors(training_counts(tree, structure, "error_based"))
    predicted = error_based_estimate(errors, samples, confidence)
    decisions = fold_upwards(structure, predicted, allowance=_SLACK)
    return pruning("error_based", tree, structure, decisions)


def _added(errors, samples, confidence):
    """The difference between the bound and the observed errors."""
    n = np.maximum(samples, 1e-300)
    none = n * -np.expm1(np.log(confidence) / n)
    one = _added_by_normal(np.ones_like(n), n, confidence)
    some = _added_by_normal(errors, n, confidence)
    # The program's own limits for "no error" and "one error", which fractional counts need.
    added = np.where(errors < 0.9999, none + errors * (one - none), some)
    return np.where(samples == 0, 0.0, np.where(errors < 1e-6, none, added))


def _added_by_normal(errors, n, confidence):
    z2 = np.interp(confidence, _TAILS, _DEVIATES) ** 2
    seen = errors + 0.5
    with np.errstate(invalid="ignore"):
        root = np.sqrt(z2 * (seen * (1 - seen / n) + z2 / 4))
    normal = n * (seen + z2 / 2 + root) / (n + z2) - errors
    return np.where(seen >= n, 0.67 * (n - errors), normal)


def _confidence(confidence):
    if isinstance(confidence, numbers.Real) and 1 < confidence <= 100:
        raise ValueError(
            f"confidence={float(confidence):g}: confidence is a fraction; for "
            f"{float(confidence):g} % write {float(confidence) / 100:g}"
        )
    return number("confidence", confidence, above=0, at_most=1)


def _amounts(name, value):
    amounts = real_array(name, value).astype(float)
    if not (np.isfinite(amounts).all() and (amounts >= 0).all()):
        raise ValueError(f"{name}={shown(value)}: {name} must be finite and at least 0")
    return amounts
