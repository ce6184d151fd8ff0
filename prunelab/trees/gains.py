"""What each split is worth: the fall in risk it brings, computed so that rounding cannot spoil it.

The risk of a node is its share of the training weight times its impurity (or its error). Folding a
branch raises the risk by the sum of the gains of its splits, so all of cost-complexity pruning
needs gains only. For squared error, and for the Gini index (a sum of squares too), the gain is the
scatter between the two children,

    gain(t) = w_left · w_right / w_t · |value_left - value_right|² / w_root,

which needs node means only: no difference of large squares, as in the impurities scikit-learn
stores, that drown when y sits on a large offset and overflow when y is huge.
"""

from dataclasses import dataclass

import numpy as np

COSTS = ("impurity", "error")
_MEANS = ("squared_error", "friedman_mse", "poisson")
_EPS = np.finfo(float).eps


@dataclass(frozen=True, eq=False)
class Gains:
    """Gain of each node's split (0 at a leaf), the risk left at the leaves, and their rounding.

    `full_risk` is NaN where the fitted tree does not tell (an offset in y drowned it). Values
    whose difference is below `absolute`, or below `rooted` times their square root, are equal.
    """

    split: np.ndarray
    full_risk: float
    absolute: float
    rooted: float


def split_gains(tree, structure, cost):
    """The `Gains` of a fitted tree under `cost`."""
    if not isinstance(cost, str) or cost not in COSTS:
        raise ValueError(f"cost={cost!r}: cost must be 'impurity' or 'error'")
    if structure.is_classifier:
        return _classifier_gains(tree, structure, cost)
    return _regressor_gains(tree, structure, cost)


def _classifier_gains(tree, structure, cost):
    share = structure.weight / structure.weight[0]
    if cost == "error":
        risk = share * (1 - structure.value.max(axis=2)).mean(axis=1)
    else:
        risk = share * structure.impurity
    if cost == "impurity" and tree.criterion == "gini" and not _constrained(tree):
        split = _scatter(structure, structure.value)
    else:
        split = _falls(structure, risk)
    # Impurities and errors of a classifier are of order 1: below 1e-9 lies rounding only.
    return Gains(split, float(risk[structure.left < 0].sum()), 1e-9, 0.0)


def _regressor_gains(tree, structure, cost):
    stored = structure.weight / structure.weight[0] * structure.impurity
    squares = tree.criterion in _MEANS[:2] or (cost == "error" and tree.criterion in _MEANS)
    if not squares or _constrained(tree):
        if tree.criterion == "poisson":
            _refuse_drowned_deviance(structure)
        if cost == "error" and tree.criterion not in _MEANS[:2]:
            raise ValueError(
                f"cost='error' is the mean squared error, which a tree grown with "
                f"criterion={tree.criterion!r} does not hold; use cost='impurity'"
            )
        split = _falls(structure, stored)
        full = float(stored[structure.left < 0].sum())
        rounding = 64 * _EPS * float(stored[0])
        return Gains(split, full, max(rounding, _near(structure, split)), 0.0)
    means = structure.value[:, :, 0]
    offset = float(np.abs(means).max())
    _refuse_drowned_root(structure, offset)
    split = _scaled_scatter(structure, means)
    leaves = structure.left < 0
    full = float(np.maximum(stored[leaves], 0).sum()) if tree.criterion in _MEANS[:2] else np.nan
    if (structure.n_samples[leaves] == 1).all():
        full = 0.0
    elif structure.n_nodes > 1 and not 1e6 * _EPS * offset * offset <= full + split.sum():
        full = np.nan
    return Gains(split, full, _near(structure, split), 8 * _EPS * offset)


def _near(structure, split):
    """How close alphas of a regressor, in units of y², count as one: 1e-9 or, if y is so small or
    the leaves so many that unequal alphas lie as close as that, a fraction of their distance."""
    n_leaves = (structure.n_nodes + 1) // 2
    return min(1e-9, float(split.sum()) / (25 * n_leaves**2))


def _scatter(structure, value):
    """The gain formula above; `value` of shape (nodes, outputs, classes), averaged over outputs."""
    inner = np.array(structure.inner, dtype=int)
    left, right = structure.left[inner], structure.right[inner]
    heavy, light = structure.weight[left], structure.weight[right]
    apart = ((value[left] - value[right]) ** 2).sum(axis=2).mean(axis=1)
    split = np.zeros(structure.n_nodes)
    split[inner] = heavy / structure.weight[inner] * (light / structure.weight[0]) * apart
    return split


def _scaled_scatter(structure, means):
    """`_scatter` of node means of any size: centred and scaled by a power of two, exactly."""
    centred = means / 2 - means[0] / 2  # halves, so that the difference cannot overflow
    exponent = int(np.frexp(np.abs(centred).max())[1])
    split = _scatter(structure, np.ldexp(centred, -exponent)[:, :, None])
    with np.errstate(over="ignore"):
        split = np.ldexp(split, 2 * exponent + 2)
        total = split.sum()
    if not np.isfinite(total):
        raise ValueError(
            f"tree: its values reach {np.abs(means).max():.3g}, and their squares exceed the "
            "largest float; refit it on y / abs(y).max()"
        )
    return split


def _falls(structure, risk):
    """Gains as differences of risks, where no better formula exists."""
    split = np.zeros(structure.n_nodes)
    inner = np.array(structure.inner, dtype=int)
    split[inner] = risk[inner] - risk[structure.left[inner]] - risk[structure.right[inner]]
    if not (np.isfinite(risk).all() and (split >= -1e-9 * max(abs(risk[0]), 1e-300)).all()):
        raise ValueError(
            "tree: the impurities it stores are not finite, or grow from parent to child, so y "
            "was too large or too small for them; refit it on (y - y.mean()) / y.std()"
        )
    return np.maximum(split, 0)


def _refuse_drowned_root(structure, offset):
    """Refuse a lone leaf where scikit-learn's fit may have missed, or ignored, y's spread."""
    if structure.n_nodes > 1 or structure.n_samples[0] == 1:
        return
    noise, impurity = _EPS * offset * offset, abs(structure.impurity[0])
    if noise > 1e-3 and not impurity > 64 * noise:
        raise ValueError(
            f"tree: it is a single leaf at y = {offset:.6g}, where scikit-learn's fit cannot see "
            f"a spread of y below about {8 * np.sqrt(noise):.2g}; refit it on y - y.mean() "
            "(if y is constant, there is nothing to prune)"
        )
    if 64 * noise < impurity <= _EPS:
        raise ValueError(
            f"tree: it is a single leaf because scikit-learn's fit takes y with a variance of "
            f"{impurity:.2g} for constant; refit it on y / abs(y).max()"
        )


def _refuse_drowned_deviance(structure):
    """Refuse a lone leaf where the Poisson deviance, of order spread² / mean, is lost in mean."""
    if structure.n_nodes > 1 or structure.n_samples[0] == 1:
        return
    mean = float(structure.value[0].max())
    if mean >= 1e6 and abs(structure.impurity[0]) <= 64 * _EPS * mean:
        raise ValueError(
            f"tree: it is a single leaf at y = {mean:.6g}, where scikit-learn's Poisson fit cannot "
            f"see a spread of y below about {1e-6 * mean:.2g}; use criterion='squared_error' on "
            "y - y.mean() (if y is constant, there is nothing to prune)"
        )


def _constrained(tree):
    """True where node values are clipped to keep a monotonic constraint, so are no means."""
    limits = getattr(tree, "monotonic_cst", None)
    return limits is not None and np.any(np.asarray(limits) != 0)
