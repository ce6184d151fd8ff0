"""Choose a subtree by cross-validation: one tree is fitted per fold, none per alpha."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils.class_weight import compute_sample_weight

from prunelab.base.checks import shown, whole
from prunelab.trees.cost_complexity import CostComplexityPath, cost_complexity_path
from prunelab.trees.gains import LEAST_DEVIANCE, LEAST_IMPURITY, drowned_words
from prunelab.trees.samples import as_array, check_labels, distinct, read_samples, unscaled, weights
from prunelab.trees.structure import check_tree_type

if TYPE_CHECKING:
    from numpy.typing import ArrayLike
    from sklearn.model_selection import BaseCrossValidator

    from prunelab.trees.structure import Features, Tree

_SQUARES = ("squared_error", "friedman_mse")


class TrainingData:
    """X, y and sample weights for clones of one estimator.

    `X` can be split into folds: data frames keep their column names, sparse X stays sparse.
    scikit-learn's checks of a small X take longer than its fit; so a dense X of finite numbers is
    converted here, once, to the form that the fit needs, and its folds are not checked again.
    `scored` holds the weights of the errors: the sample weights times the estimator's class
    weights, computed on all of y ("balanced" too), so that `class_weight` has the same effect as
    the equal `sample_weight`.
    """

    def __init__(self, estimator, X, y, sample_weight=None):  # noqa: N803
        self.X, self.y, self.weight = _as_arrays(X, y, sample_weight)
        self.scored = self.weight
        if is_classifier(estimator):
            check_labels("y", self.y)
            if self.y.dtype.kind == "O":
                distinct("y", self.y)
            if estimator.class_weight is not None:
                balance = class_weights(estimator.class_weight, self.y)
                self.scored = balance if self.weight is None else self.weight * balance
        else:
            refuse_drowning(estimator, self.y)
        self._estimator = estimator
        self._ready = None if estimator.criterion == "poisson" else _ready(self.X)

    def fit(self, rows=None):
        """A clone of the estimator, fitted on all rows or on those of a fold."""
        if rows is None:
            return clone(self._estimator).fit(self.X, self.y, sample_weight=self.weight)
        given = {"sample_weight": None if self.weight is None else self.weight[rows]}
        with config_context(skip_parameter_validation=True):  # done by the fit on all rows
            if self._ready is not None:
                X, given["check_input"] = self._ready[rows], False  # noqa: N806
            else:
                X = _rows(self.X, rows)  # noqa: N806
            return clone(self._estimator).fit(X, self.y[rows], **given)

    def unit(self):
        """A power of two near the range of y, the unit of squared errors; 1 for classes."""
        if is_classifier(self._estimator):
            return 1.0
        return float(np.ldexp(1.0, int(np.frexp(np.ptp(self.y.astype(float)))[1])))

    def samples(self, path, rows):
        """The `Samples` of some rows, sorted into the leaves of a fold's tree.

        If the training fold lacks a class, the samples of that class count as errors.
        """
        weight = None if self.scored is None else self.scored[rows]
        if weight is not None and not weight.any():
            raise ValueError(
                "cv: the samples that a fold leaves out all have weight 0, so it has no error; "
                "drop the samples of weight 0, or cut other folds"
            )
        quick = self._ready is not None
        X = self._ready[rows] if quick else _rows(self.X, rows)  # noqa: N806
        tree, structure = path.estimator, path._structure
        return read_samples(tree, structure, X, self.y[rows], weight, strict=False, checked=quick)


def class_weights(class_weight, y):
    """The class weight of each sample; an error in one sentence if scikit-learn refuses them."""
    try:
        balance = compute_sample_weight(class_weight, y)
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_weight={shown(class_weight)} does not fit y: {error}") from None
    balance = weights(balance, len(y), "class_weight")
    _refuse_far("class_weight", balance)
    return balance


def _ready(X):  # noqa: N803
    """X as C-ordered float32, as trees need it; None if scikit-learn has to check it."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf":
        return None
    with np.errstate(over="ignore"):
        ready = np.ascontiguousarray(X, dtype=np.float32)
    return ready if np.isfinite(ready).all() else None


def _rows(X, chosen):  # noqa: N803
    return X.iloc[chosen] if hasattr(X, "iloc") else X[chosen]


def _as_arrays(X, y, sample_weight):  # noqa: N803
    """Arrays that can be split into folds; frames keep column names, sparse X stays sparse."""
    if hasattr(X, "tocsr"):
        X = X.tocsr()  # noqa: N806
    elif not hasattr(X, "iloc"):
        X = as_array("X", X)  # noqa: N806
    y = as_array("y", y)
    if X.ndim != 2 or y.ndim not in (1, 2) or len(y) != X.shape[0]:
        raise ValueError(
            f"X and y have shapes {X.shape} and {y.shape}; they must be (n, n_features) and (n,) "
            "or (n, n_outputs)"
        )
    if sample_weight is None:
        return X, y, None
    weight = weights(sample_weight, len(y))
    _refuse_far("sample_weight", weight)
    return X, y, weight


def _refuse_far(name, weight):
    """Refuse weights whose squares and products with squares scikit-learn's fit cannot hold."""
    for one in (weight.sum(), weight[weight > 0].min()):
        if not 1e-70 <= one <= 1e70:
            what = "sums to" if one > 1 else "holds"
            raise ValueError(
                f"{name} {what} {one:.3g}, and scikit-learn's fit loses squares of that; divide "
                f"{name} by its mean, and set to 0 what is still below 1e-70"
            )


def refuse_drowning(estimator, y):
    """Refuse y with so large an offset that the fit's differences of squares lose their digits."""
    try:
        y = y.astype(float)
    except (TypeError, ValueError):
        raise ValueError(f"y must hold numbers for a regressor, not {y.dtype}") from None
    if not np.isfinite(y).all():
        raise ValueError("y holds NaN or infinity; drop those rows")
    largest = np.abs(y).max()
    if largest > 1e150:
        raise ValueError(
            f"y reaches {largest:.3g}, whose squares overflow in scikit-learn's fit; "
            "use y / abs(y).max()"
        )
    if estimator.criterion == "poisson":
        _refuse_drowned_deviance(y)
    if estimator.criterion not in _SQUARES:
        if 0 < np.ptp(y) < LEAST_DEVIANCE:
            raise ValueError(
                f"y spans {np.ptp(y):.2g}, which scikit-learn's fit takes for constant; "
                "use y / abs(y).max()"
            )
        return
    for column in y.reshape(len(y), -1).T:
        spread = column.std()
        if np.ptp(column) > 0 and spread < LEAST_IMPURITY**0.5 * max(np.abs(column).max(), 1.0):
            raise ValueError(drowned_words(column.mean(), spread))


def _refuse_drowned_deviance(y):
    """Refuse y whose Poisson deviance, about (spread of y)² / (2 · mean), is lost to rounding."""
    for column in y.reshape(len(y), -1).T:
        mean, spread = column.mean(), column.std()
        if np.ptp(column) > 0 and spread < 1e-6 * mean:
            raise ValueError(
                f"y has mean {mean:.6g} and standard deviation {spread:.2g}, which "
                "scikit-learn's Poisson fit loses to rounding; "
                "use criterion='squared_error' on (y - y.mean()) / y.std()"
            )


@dataclass(frozen=True, eq=False)
class Choice:
    """One subtree of the full tree's path: its index, alpha, size and errors."""

    index: int
    ccp_alpha: float
    n_leaves: int
    error: float
    standard_error: float
    tree: Tree = field(repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """The path of the tree fitted on all data, and the cross-validated error of each subtree.

    `path` : the full tree's path. `ccp_alphas` : the alpha at which each subtree was evaluated,
    Breiman's midpoints. `fold_errors` : shape (folds, subtrees). `errors` and `standard_errors` :
    the mean error and its standard error, over "folds" or "samples" as `over` says. `weighted` :
    whether samples were weighted (sample_weight or class_weight). `best` : the smallest subtree of
    least error. `one_standard_error` : the smallest subtree whose error is within one standard
    error of the least. `tree` : the estimator of the one-standard-error choice.
    """

    path: CostComplexityPath
    ccp_alphas: np.ndarray
    fold_errors: np.ndarray
    errors: np.ndarray
    standard_errors: np.ndarray
    best: Choice
    one_standard_error: Choice
    over: str = "folds"
    weighted: bool = False

    @property
    def tree(self) -> Tree:
        """The estimator of the one-standard-error choice."""
        return self.one_standard_error.tree

    def __repr__(self) -> str:
        return (
            f"CrossValidation({len(self.fold_errors)} folds, {len(self.path)} subtrees: best "
            f"{self.best.n_leaves} leaves, error {self.best.error:.4g} ± "
            f"{self.best.standard_error:.2g}; one standard error "
            f"{self.one_standard_error.n_leaves} leaves"
            f"{'' if self.over == 'folds' else ', over samples'})"
        )


def cross_validate(
    estimator: Tree,
    X: Features,  # noqa: N803
    y: ArrayLike,
    cv: int | BaseCrossValidator | Iterable[tuple[ArrayLike, ArrayLike]] = 10,
    *,
    sample_weight: ArrayLike | None = None,
    cost: str = "impurity",
    groups: ArrayLike | None = None,
    standard_error: str = "folds",
) -> CrossValidation:
    """Breiman's choice of a subtree: one tree is fitted on all data, and one on each training fold.

    Subtree k of the full tree is best for alphas from `ccp_alphas[k]` to the next, so it is
    evaluated at their geometric midpoint (the root alone at infinity). In each fold its error is
    that of the fold's own subtree at this alpha, on the samples left out. All subtrees of a fold
    are scored in one pass. Source: Breiman, Friedman, Olshen, Stone (1984), sections 3.4 and 11.5.

    Parameters
    ----------
    estimator : DecisionTreeClassifier or DecisionTreeRegressor, fitted or not (it is cloned);
        set its random_state for repeatable results
    X, y : training data
    cv : number of folds (stratified for classes, unshuffled, as in scikit-learn), a splitter, or
        an iterable of (train, test) indices
    sample_weight : optional, shape (n,); used in fitting and in scoring. The estimator's
        class_weight is used in both as well, and has the same effect as the equal sample weights;
        in scoring, "balanced" is computed on all of y
    cost : as in `cost_complexity_path`
    groups : passed on to the splitter
    standard_error : "folds", s / √folds of the errors of the folds, whose mean is the error; or
        "samples", as in Breiman and in rpart: the error is the mean over all samples left out, and
        its standard error √(Σ w (loss - error)²) / Σ w. Weights count there as numbers of samples,
        as in rpart: a weight of 3 is three equal rows, and all weights times 4 halve it

    Errors are rates of misclassified samples, or mean squared errors.
    """
    run = FoldByFold(
        estimator, X, y, cv, sample_weight, cost=cost, groups=groups, standard_error=standard_error
    )
    for _ in run.folds:
        pass
    return run.result()


class FoldByFold:
    """`cross_validate` in steps, for a progress bar; the constructor only checks the arguments.

    `folds` fits the tree on all data, then one tree per fold, and yields the number of folds done
    after each fit (0 after the first). Then `result()` returns the `CrossValidation`. `n_folds`:
    the number of folds.
    """

    def __init__(
        self,
        estimator,
        X,  # noqa: N803
        y,
        cv,
        sample_weight=None,
        *,
        cost="impurity",
        groups=None,
        standard_error="folds",
    ):
        check_tree_type(estimator, "estimator")
        if hasattr(estimator, "pruner"):
            raise TypeError(
                f"estimator: a {type(estimator).__name__} is cross-validated and pruned in its own "
                "fit; for its error on unseen data use sklearn.model_selection.cross_val_score"
            )
        if not isinstance(standard_error, str) or standard_error not in ("folds", "samples"):
            raise ValueError(
                f"standard_error={shown(standard_error)}: write 'folds' or 'samples', what the "
                "standard error is taken over"
            )
        self._data = TrainingData(estimator, X, y, sample_weight)
        self._splits = _folds(estimator, self._data, cv, groups)
        self.n_folds = len(self._splits)
        self._cost, self._over = cost, standard_error
        self._sums, self._weights = [], []
        self._unit = self._data.unit() if standard_error == "samples" else None
        self.folds = self._each()

    def _each(self):
        self.path = cost_complexity_path(self._data.fit(), self._cost)
        self._middles = midpoints(self.path.ccp_alphas)
        yield 0
        for done, (train, test) in enumerate(self._splits, 1):
            path = cost_complexity_path(self._data.fit(train), self._cost)
            samples, index = self._data.samples(path, test), path._indices(self._middles)
            if self._over == "folds":
                self._sums.append(path._errors(samples)[index])
            else:
                self._sums.append(path._moments(samples, self._unit)[index])
                self._weights.append(samples.weight.sum())
            yield done

    def result(self):
        """The `CrossValidation` of all folds."""
        path, sums = self.path, np.array(self._sums)
        if self._over == "folds":
            fold_errors = sums
            # In units of a power of two near the largest, so that squares and sums do not overflow.
            top = np.ldexp(1.0, int(np.frexp(fold_errors.max())[1]) - 1)
            shares = fold_errors / top
            errors = shares.mean(axis=0) * top
            spread = shares.std(axis=0, ddof=1) / np.sqrt(len(fold_errors)) * top
        else:
            fold_errors, errors, spread = self._over_samples(sums)
        best = _smallest_within(errors, errors.min())
        frugal = _smallest_within(errors, errors[best] + spread[best])
        for array in (self._middles, fold_errors, errors, spread):
            array.setflags(write=False)
        return CrossValidation(
            path=path,
            ccp_alphas=self._middles,
            fold_errors=fold_errors,
            errors=errors,
            standard_errors=spread,
            best=_choice(path, best, errors, spread),
            one_standard_error=_choice(path, frugal, errors, spread),
            over=self._over,
            weighted=self._data.scored is not None,
        )

    def _over_samples(self, sums):
        weights = np.array(self._weights)
        fold_errors = unscaled(sums[:, :, 0] / weights[:, None], self._unit)
        (losses, squares), weight = sums.sum(axis=0).T, weights.sum()
        errors = losses / weight
        away = np.maximum(squares - 2 * errors * losses + errors * errors * weight, 0)
        spread = np.sqrt(away) / weight
        return fold_errors, unscaled(errors, self._unit), unscaled(spread, self._unit)


def _folds(estimator, data, cv, groups):
    """The folds as pairs of row numbers, (train, test); else an error about `cv`."""
    if isinstance(cv, (numbers.Real, np.bool_)):
        cv = whole("cv", cv, at_least=2, at_most=max(2, len(data.y)))
    if isinstance(cv, Iterable) and not isinstance(cv, str):
        folds = list(cv)
    else:
        cutter = check_cv(cv, data.y, classifier=is_classifier(estimator))
        folds = list(cutter.split(data.X, data.y, groups))
    if len(folds) < 2:
        raise ValueError(f"cv={shown(cv)}: cv must give at least 2 folds, for a standard error")
    return [_checked_fold(fold, len(data.y)) for fold in folds]


def _checked_fold(fold, n_rows):
    try:
        pair = [np.asarray(rows) for rows in fold]
    except (TypeError, ValueError):
        pair = []
    pair = [np.flatnonzero(rows) if rows.dtype == bool else rows for rows in pair]
    if len(pair) != 2 or not all(_are_rows(rows, n_rows) for rows in pair):
        raise ValueError(
            f"cv gives the fold {shown(fold)}; each fold must be (train, test), "
            f"two arrays of row numbers from 0 to {n_rows - 1}, neither empty"
        )
    return tuple(pair)


def _are_rows(rows, n_rows):
    if rows.ndim != 1 or rows.size == 0 or rows.dtype.kind not in "iu":
        return False
    return rows.min() >= 0 and rows.max() < n_rows


def midpoints(ccp_alphas):
    """√(alpha_k · alpha_k+1) for each subtree, infinity for the last."""
    roots = np.sqrt(ccp_alphas)
    return np.append(roots[:-1] * roots[1:], np.inf)


def _smallest_within(errors, limit):
    """The last subtree (the smallest) whose error is at most `limit`, up to rounding."""
    return int(np.flatnonzero(errors <= limit + 1e-12 * abs(limit))[-1])


def _choice(path, k, errors, spread):
    return Choice(
        index=k,
        ccp_alpha=float(path.ccp_alphas[k]),
        n_leaves=int(path.n_leaves[k]),
        error=float(errors[k]),
        standard_error=float(spread[k]),
        tree=path.tree(k),
    )
