"""The gain of each split (how much it lowers the risk), and a bound on its rounding error.

The risk of a node is its share of the training weight times its impurity (or its error). Folding a
branch raises the risk by the sum of the gains of its splits, so cost-complexity pruning needs only
the gains. For squared error, and for the Gini index (a sum of squares too), the gain is the scatter
between the two children,

    gain(t) = w_left · w_right / w_t · |value_left - value_right|² / w_root,

which needs only node means. For entropy and Poisson deviance it is the divergence

    gain(t) = sum over both children of w_child / w_root · value_child · log(value_child / value_t).

scikit-learn's stored impurities are differences of large numbers: they lose their digits if y has a
large offset, overflow if y is huge, and are NaN at nodes whose weight is lost beside a heavy
sibling's. The formulas hold if the node values are the means of the training targets. Boosting,
monotonic constraints and values changed later break that. Then the formula disagrees at some split
with the fall of the stored impurities, and the impurities are used instead.
"""

from dataclasses import dataclass, replace

import numpy as np

COSTS = ("impurity", "error")
_SQUARES = ("squared_error", "friedman_mse")
_EPS = np.finfo(float).eps
# scikit-learn's fit stops at an impurity of _EPS; a spread below 30 of its roots is lost.
LEAST_IMPURITY = 900 * _EPS
LEAST_DEVIANCE = 1e-13  # the same for the criteria that are not squares


@dataclass(frozen=True, eq=False)
class Gains:
    """The gain of each node's split (0 at a leaf), its rounding error, and the risk of the leaves.

    All are in units of 2^`exponent`, so that the square of a huge y does not overflow. `noise`
    bounds the rounding error of each split's gain. `refit_noise` bounds the error of the same gain
    in scikit-learn's refit, which subtracts stored impurities. `full_risk`, the risk of the leaves,
    is NaN if the fitted tree does not hold it accurately (y has a large offset).
    """

    split: np.ndarray
    noise: np.ndarray
    refit_noise: np.ndarray
    full_risk: float
    exponent: int = 0


def split_gains(tree, structure, cost):
    """The `Gains` of a fitted tree under `cost`."""
    if not isinstance(cost, str) or cost not in COSTS:
        raise ValueError(f"cost={cost!r}: cost must be 'impurity' or 'error'")
    if structure.is_classifier:
        return _classifier_gains(tree, structure, cost)
    return _regressor_gains(tree, structure, cost)


def check_counts(tree, structure, asked):
    """Refuse a classifier whose node values are not class fractions; `asked` names the use."""
    if not _fractions_hold(tree, structure):
        raise ValueError(
            f"tree: {asked} needs the class fractions of the training samples, and its node values "
            f"are others ({_why_others(tree)}); use cost_complexity_path with cost='impurity', "
            "or reduced_error on validation data"
        )


def _classifier_gains(tree, structure, cost):
    if cost == "error":
        check_counts(tree, structure, "cost='error'")
        # The sum over all but the majority class: 1 - max would round it off beside a heavy class.
        wrong = np.sort(structure.value, axis=2)[:, :, :-1].sum(axis=2)
        risk = structure.share * wrong.mean(axis=1)
        noise = _summed(structure, structure.rounding * risk)
        return Gains(
            _falls(structure, risk, noise, tree.criterion),
            noise,
            noise,
            _at_leaves(structure, risk),
        )
    if not _finite(structure.impurity, structure) and _fractions_hold(tree, structure):
        structure = replace(structure, impurity=_impurity(tree, structure.value))
    stored = structure.share * structure.impurity
    noise = _stored_noise(tree, structure)
    if tree.criterion == "gini":
        split, _ = _scatter(structure, structure.value, structure.value)
    else:
        split = _divergence(structure, structure.value) / np.log(2)
    if not _agree(structure, split, _raw_falls(structure, stored), noise):
        split = _falls(structure, stored, noise, tree.criterion)
    return Gains(split, noise, noise, _at_leaves(structure, stored))


def _regressor_gains(tree, structure, cost):
    stored = structure.share * structure.impurity
    means = structure.value[:, :, 0]
    squares = tree.criterion in _SQUARES
    refuse_stunted(tree, structure)
    if cost == "error" and not squares and tree.criterion != "poisson":
        raise ValueError(
            f"cost='error' is the mean squared error, which a tree grown with "
            f"criterion={tree.criterion!r} does not hold; use cost='impurity'"
        )
    if squares or cost == "error":
        gains = _scatter_gains(tree, structure, means, stored if squares else None)
        if gains is not None:
            return gains
    if cost == "error":
        raise ValueError(
            "tree: cost='error' needs the mean of y at each node, and its node values are others "
            f"({_why_others(tree)}); use cost='impurity', and path.errors(X, y) for errors on data"
        )
    noise = _stored_noise(tree, structure)
    if tree.criterion == "poisson" and (means[structure.reached] >= 0).all():
        split = _divergence(structure, structure.value)
        if _finite(stored, structure):
            if _agree(structure, split, _raw_falls(structure, stored), noise):
                return Gains(split, noise, noise, _at_leaves(structure, stored))
        elif (  # at the root only a y too small for scikit-learn's fit is not finite
            np.isfinite(stored[0])
            and not _clips(tree)
            and _means_balance(structure, means, np.abs(means))
        ):
            alone = (structure.n_samples[structure.leaf] == 1).all()  # the leaves have no risk
            noise = _summed(structure, structure.rounding * structure.share * means.mean(axis=1))
            return Gains(split, noise, noise, 0.0 if alone else np.nan)
    split = _falls(structure, stored, noise, tree.criterion)
    return Gains(split, noise, noise, _at_leaves(structure, stored))


def _scatter_gains(tree, structure, means, stored):
    """The `Gains` of a tree whose node values are means of y; None if they are not means.

    `stored`: the risks of the nodes as fitted, in units of y²; None for a tree grown by another
    criterion, whose means must then agree with each other.
    """
    # Centred and scaled by a power of two, exactly; halved, so that no difference can overflow.
    centred = means / 2 - means[0] / 2
    power = int(np.frexp(np.abs(centred).max())[1]) + 1
    scaled = np.ldexp(centred, 1 - power)
    size = np.ldexp(np.abs(means), -power)
    split, noise = _scatter(structure, scaled[:, :, None], size[:, :, None])
    alone = (structure.n_samples[structure.leaf] == 1).all()  # the leaves have no risk
    if stored is None:
        if not _means_balance(structure, scaled, size):
            return None
        return Gains(split, noise, noise, 0.0 if alone else np.nan, 2 * power)
    with np.errstate(over="ignore", under="ignore"):
        risks = np.ldexp(stored, -2 * power)
        refit_noise = np.ldexp(_stored_noise(tree, structure), -2 * power)
    inner = structure.inner
    if not _finite(stored, structure) and _clips(tree):
        return None  # nothing tells whether the values are means
    known = np.isfinite(risks).all() and np.isfinite(refit_noise).all()
    if known and not _agree(structure, split, _raw_falls(structure, risks), noise + refit_noise):
        return None
    full = float(np.maximum(risks[structure.leaf], 0).sum())
    offset = float(size.max())
    if alone:
        full = 0.0
    elif len(inner) and not 1e6 * _EPS * offset * offset <= full + split.sum() < np.inf:
        full = np.nan
    return Gains(split, noise, np.nan_to_num(refit_noise, posinf=0.0), full, 2 * power)


def _scatter(structure, value, size):
    """The gain formula above and its rounding, averaged over outputs.

    `value` has shape (nodes, outputs, classes); only its differences are used. `size`: the
    magnitude of the numbers whose means were rounded.
    """
    inner, share = structure.inner, structure.share
    left, right = structure.left[inner], structure.right[inner]
    shares = structure.weight[left] / structure.weight[inner] * share[right]
    apart = np.abs(value[left] - value[right])
    slip = structure.rounding[inner, None, None] * (size[left] + size[right])
    split, noise = np.zeros((2, structure.n_nodes))
    split[inner] = shares * (apart**2).sum(axis=2).mean(axis=1)
    noise[inner] = shares * ((2 * apart + slip) * slip).sum(axis=2).mean(axis=1)
    return split, noise + 8 * _EPS * split


def _divergence(structure, value):
    """The gain of each split under entropy (in nats) or Poisson deviance, averaged over outputs.

    With r = value_child / value_t the sum is that of value_t · (r log r - r + 1): the terms that
    are added cancel between the children, and each that is left is at least 0.
    """
    inner = structure.inner
    above = value[inner]
    known = above > 0
    split = np.zeros(structure.n_nodes)
    for child in (structure.left[inner], structure.right[inner]):
        ratio = np.divide(value[child], above, out=np.ones_like(above), where=known)
        some = np.where(ratio > 0, ratio, 1)
        # Near 1 the three terms cancel; there the series in r - 1 has all digits.
        part = np.where(ratio > 0, some * np.log(some) - some + 1, 1)
        off = some - 1
        near = np.abs(off) < 1e-3
        part = np.where(
            near & (ratio > 0), off**2 / 2 - off**3 / 6 + off**4 / 12 - off**5 / 20, part
        )
        split[inner] += structure.share[child] * (above * part).sum(axis=2).mean(axis=1)
    return split


def _finite(amounts, structure):
    """Whether all nodes that the root reaches have a finite amount."""
    return bool(np.isfinite(amounts[structure.reached]).all())


def _raw_falls(structure, risk):
    """The risk of each inner node minus that of its children, 0 at a leaf."""
    inner = structure.inner
    fall = np.zeros(structure.n_nodes)
    with np.errstate(invalid="ignore"):
        fall[inner] = risk[inner] - risk[structure.left[inner]] - risk[structure.right[inner]]
    return fall


def _falls(structure, risk, noise, criterion):
    """Gains as differences of risks, for criteria without a better formula; at least 0."""
    split = _raw_falls(structure, risk)
    if not (_finite(risk, structure) and (split >= -1e-9 * abs(risk[0]) - 32 * noise).all()):
        weighted = (structure.weight != structure.n_samples).any()
        if structure.is_classifier:
            why, way = "", "on its data"
            if weighted:
                why, way = "", "with sample weights that span fewer orders of magnitude"
        else:
            why = "so y was too large or too small for them" + (
                ", or its sample weights span too many orders of magnitude" if weighted else ""
            )
            poisson = criterion == "poisson"
            way = "on y / abs(y).max()" if poisson else "on (y - y.mean()) / y.std()"
        raise ValueError(
            "tree: the impurities it stores are not finite, or grow from parent to child"
            f"{', ' * bool(why)}{why}; refit it {way}"
        )
    return np.maximum(split, 0) + 0.0


def _at_leaves(structure, risk):
    return float(np.maximum(risk[structure.leaf], 0).sum())  # rounding brings -1e-17


def _stored_noise(tree, structure):
    """Rounding error of the fall in the stored impurities at each split, times the share.

    An impurity is a difference of terms of the size of its `scale`; that of a child is taken from
    sums of its parent, less those of its sibling, so it rounds at the parent's size too.
    """
    size = np.abs(structure.value)
    if structure.is_classifier:
        scale = 1 + np.abs(structure.impurity)
    elif tree.criterion in _SQUARES:
        with np.errstate(over="ignore"):
            scale = np.abs(structure.impurity) + (size**2).sum(axis=(1, 2)) / size.shape[1]
    else:
        scale = np.abs(structure.impurity) + size.mean(axis=(1, 2))
    risk = structure.rounding * structure.share * scale
    noise = _summed(structure, risk)
    if structure.is_classifier and (structure.weight == structure.n_samples).all():
        return noise  # counts are exact
    up = structure.parent[structure.inner]
    noise[structure.inner] += np.where(up >= 0, risk[up], 0)
    return noise


def _summed(structure, risk):
    """For each split, the sum of `risk` over the node and its children."""
    inner = structure.inner
    total = np.zeros(structure.n_nodes)
    total[inner] = risk[inner] + risk[structure.left[inner]] + risk[structure.right[inner]]
    return total


def _agree(structure, scatter, falls, noise):
    """Whether two computations of the gains agree at each split, up to rounding."""
    inner = structure.inner
    away = np.abs(scatter - falls)[inner]
    return bool((away <= 32 * noise[inner] + 1e-9 * scatter[inner]).all())


def _balanced(structure, sums, size):
    """Whether each node's sum is that of its children's, up to rounding at `size`."""
    inner, left, right = structure.inner, structure.left, structure.right
    away = np.abs(sums[inner] - sums[left[inner]] - sums[right[inner]])
    room = size[inner] + size[left[inner]] + size[right[inner]]
    return bool((away <= 32 * structure.rounding[inner, None] * room).all())


def _means_balance(structure, means, size):
    """Whether the means of each node are those of its children's, up to rounding at `size`."""
    weight = structure.weight[:, None]
    return _balanced(structure, weight * means, weight * size)


def _impurity(tree, value):
    """The impurity of each node with these class fractions, averaged over outputs."""
    if tree.criterion == "gini":
        impurity = 1 - (value**2).sum(axis=2)
    else:
        impurity = -(value * np.log2(np.where(value > 0, value, 1))).sum(axis=2)
    return impurity.mean(axis=1)


def _fractions_hold(tree, structure):
    """Whether node values are class fractions: they sum to 1, add up, and give the impurity.

    An impurity that is not finite, which scikit-learn stores where a node's weight was lost beside
    its sibling's, says nothing.
    """
    value, weight = structure.value, structure.weight[:, None, None]
    shape = (structure.n_nodes, -1)
    sums = (weight * value).reshape(shape)
    if not _balanced(structure, sums, np.broadcast_to(weight, value.shape).reshape(shape)):
        return False
    own = value[structure.reached]
    if (own < 0).any() or np.abs(own.sum(axis=2) - 1).max() > 1e-9:
        return False
    # Looser than rounding: beside heavy weights scikit-learn's impurity of a light node is noise.
    stored = structure.impurity[structure.reached]
    away = np.abs(_impurity(tree, own) - stored)
    up = np.maximum(structure.parent, 0)
    heavy = structure.weight[up] / structure.weight
    room = 64 * structure.rounding * (1 + structure.impurity) * heavy
    near = away <= np.maximum(room[structure.reached], 1e-9)
    return bool((near | ~np.isfinite(stored)).all())


def _why_others(tree):
    """The possible causes of changed node values in a tree, in words."""
    return "its monotonic_cst clips them" if _clips(tree) else "set by boosting or after the fit"


def _clips(tree):
    """True if node values may be clipped because of a monotonic constraint."""
    limits = getattr(tree, "monotonic_cst", None)
    return limits is not None and np.any(np.asarray(limits) != 0)


def refuse_stunted(tree, structure):
    """Refuse a regression tree that is small because scikit-learn's fit took y for constant.

    Its fit stops at an impurity of 2e-16, whatever the unit of y.
    """
    if structure.is_classifier:
        return
    offset = float(np.abs(structure.value[structure.reached]).max())
    squares = tree.criterion in _SQUARES
    if squares:
        _refuse_drowned_root(structure, offset)
    elif tree.criterion == "poisson":
        _refuse_drowned_deviance(structure)
    _refuse_early_leaves(structure, squares)


def drowned_words(mean, spread):
    """What is wrong with a y whose squares the fit cannot tell apart, and the way out."""
    return (
        f"y has mean {mean:.6g} and standard deviation {spread:.2g}, which scikit-learn's "
        "squared-error fit loses to rounding; use (y - y.mean()) / y.std()"
    )


def _refuse_drowned_root(structure, offset):
    """Refuse a tree of one leaf if scikit-learn's fit may have missed the spread of y."""
    if structure.n_nodes > 1 or structure.n_samples[0] == 1:
        return
    noise, impurity = _EPS * offset * offset, abs(structure.impurity[0])
    if noise > 1e-3 and not impurity > 64 * noise:
        raise ValueError(
            f"tree: it is a single leaf at y = {offset:.6g}, where scikit-learn's fit cannot see "
            f"a spread of y below about {8 * np.sqrt(noise):.2g}; refit it on y - y.mean() "
            "(if y is constant, there is nothing to prune)"
        )


def _refuse_early_leaves(structure, squares):
    """Refuse a tree with leaves that are none yet, but whose impurity the fit rounds to 0.

    A tree in which a node of such an impurity is split was not stopped: its values were scaled
    after the fit.
    """
    root = float(structure.impurity[0])
    if not root < (LEAST_IMPURITY if squares else LEAST_DEVIANCE):
        return
    with np.errstate(over="ignore"):
        size = np.abs(structure.value).max(axis=(1, 2)) ** (2 if squares else 1)
    seen = structure.impurity > 64 * _EPS * size  # more than rounding
    early = structure.leaf & (structure.n_samples > 1) & seen & (structure.impurity <= _EPS)
    if not (early.any() and (structure.impurity[structure.inner] > _EPS).all()):
        return
    if squares:
        raise ValueError(drowned_words(structure.value[0].mean(), root**0.5))
    raise ValueError(
        f"tree: it has leaves that scikit-learn's fit takes for constant, since y has an impurity "
        f"of {root:.2g}; refit it on y / abs(y).max()"
    )


def _refuse_drowned_deviance(structure):
    """Refuse a tree of one leaf if the Poisson deviance, about spread² / mean, is rounded off."""
    if structure.n_nodes > 1 or structure.n_samples[0] == 1:
        return
    mean = float(structure.value[0].max())
    if mean >= 1e6 and abs(structure.impurity[0]) <= 64 * _EPS * mean:
        raise ValueError(
            f"tree: it is a single leaf at y = {mean:.6g}, where scikit-learn's Poisson fit cannot "
            f"see a spread of y below about {1e-6 * mean:.2g}; use criterion='squared_error' on "
            "y - y.mean() (if y is constant, there is nothing to prune)"
        )
