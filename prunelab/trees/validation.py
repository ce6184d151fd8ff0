"""Choosing a subtree by cross-validation, with one tree fitted a fold and no refit per alpha."""

import numbers
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv

from prunelab.trees.cost_complexity import CostComplexityPath, cost_complexity_path
from prunelab.trees.samples import unscaled
from prunelab.trees.structure import check_tree_type
from prunelab.trees.training import TrainingData
from prunelab.validate import shown, whole


@dataclass(frozen=True, eq=False)
class Choice:
    """One subtree of the full tree's path: its index there, its alpha, its size, its errors."""

    index: int
    ccp_alpha: float
    n_leaves: int
    error: float
    standard_error: float
    tree: object = field(repr=False)


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidation:
    """The path of the tree fitted on all data, and each subtree's cross-validated error.

    `path` : the full tree's path. `ccp_alphas` : the alpha each subtree was judged at, Breiman's
    midpoints. `fold_errors` : shape (folds, subtrees); `errors` and `standard_errors` : their mean
    and its standard error, over what `over` says: "folds" or "samples". `weighted` : whether
    samples counted by weights (sample_weight or class_weight). `best` : the smallest subtree of
    least error; `one_standard_error` : the smallest whose error is within one standard error of
    that. `tree` : the estimator of the one-standard-error choice.
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
    def tree(self):
        """The estimator of the one-standard-error choice."""
        return self.one_standard_error.tree

    def __repr__(self):
        return (
            f"CrossValidation({len(self.fold_errors)} folds, {len(self.path)} subtrees: best "
            f"{self.best.n_leaves} leaves, error {self.best.error:.4g} ± "
            f"{self.best.standard_error:.2g}; one standard error "
            f"{self.one_standard_error.n_leaves} leaves"
            f"{'' if self.over == 'folds' else ', over samples'})"
        )


def cross_validate(
    estimator,
    X,  # noqa: N803
    y,
    cv=10,
    *,
    sample_weight=None,
    cost="impurity",
    groups=None,
    standard_error="folds",
):
    """Breiman's choice of a subtree: fits one tree on all data and one on each training fold.

    Subtree k of the full tree is best for alphas from `ccp_alphas[k]` to the next, so it is judged
    at their geometric midpoint (the root alone at infinity): in each fold, by the error of that
    fold's own subtree at this alpha on the samples left out. All subtrees of a fold are scored in
    one pass. Source: Breiman, Friedman, Olshen, Stone (1984), sections 3.4 and 11.5.

    Parameters
    ----------
    estimator : DecisionTreeClassifier or DecisionTreeRegressor, fitted or not (it is cloned);
        set its random_state for repeatable results
    X, y : training data
    cv : number of folds (stratified for classes, unshuffled, as in scikit-learn), a splitter, or
        an iterable of (train, test) indices
    sample_weight : optional, shape (n,); used in fitting and in scoring. The estimator's
        class_weight is used in both as well, and counts as the sample weights that it stands for:
        in scoring, "balanced" is taken from all of y
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
    """A `cross_validate` that can be watched; making one checks the arguments and fits nothing.

    `folds` fits the whole tree, then one a fold, and yields the number of folds done after each
    (0 after the whole tree); then `result()` is the `CrossValidation`. `n_folds`: how many.
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
            # In units of a power of two near the largest: a huge error has a square and a sum too.
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
    """The folds as pairs of row numbers, (train, test), or one sentence on `cv`."""
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
