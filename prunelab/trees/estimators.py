"""scikit-learn estimators that grow a tree and prune it in `fit`.

A clone of a tree that `fold` or a pruner returns is fitted without pruning. The estimators here
prune in each fit, also in clones, so they work in a Pipeline, GridSearchCV and cross_val_score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.tree import BaseDecisionTree, DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d, validate_data

from prunelab.base.checks import number, shown, whole
from prunelab.trees.cross_validation import (
    CrossValidation,
    class_weights,
    cross_validate,
    refuse_drowning,
)
from prunelab.trees.pruners.error_based import error_based
from prunelab.trees.pruners.minimum_error import minimum_error
from prunelab.trees.pruners.pessimistic import pessimistic
from prunelab.trees.pruners.reduced_error import reduced_error
from prunelab.trees.samples import weights

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Self

    from numpy.random import RandomState
    from numpy.typing import ArrayLike
    from sklearn.model_selection import BaseCrossValidator

    from prunelab.trees.cost_complexity import CostComplexityPath
    from prunelab.trees.pruning import Pruning
    from prunelab.trees.structure import Features

PRUNERS = ("cost_complexity", "reduced_error", "pessimistic", "error_based", "minimum_error")
REGRESSION = PRUNERS[:2]  # the others count misclassified samples
RULES = ("one_standard_error", "best")
_OWN = ("pruner", "rule", "cost", "cv", "validation_fraction", "confidence", "m")

_PARAMETERS = """

    Parameters
    ----------
    pruner : "cost_complexity", "reduced_error", "pessimistic", "error_based" or "minimum_error",
        the functions of that name in `prunelab.trees`; the last three count misclassified training
        samples, so they are for classifiers of one output
    rule : "one_standard_error" or "best", which subtree cross-validation chooses; for
        "cost_complexity"
    cost : "impurity" or "error", as in `cost_complexity_path`; for "cost_complexity"
    cv : the number of folds, a splitter, or an iterable of (train, test) indices; for
        "cost_complexity". Folds that are given as a number are drawn by `random_state`, stratified
        for classes, and equal samples lie in one fold: so a sample of weight 3 counts as three
        equal rows do, and no copy of a training row is a test row
    validation_fraction : the share of the samples, above 0 and below 1, that are kept from growing
        the tree and used to prune it, drawn as the folds are; for "reduced_error"
    confidence : as in `error_based`; m : as in `minimum_error`
    random_state : of the tree, and of the folds or the validation samples

    All other parameters are those of scikit-learn's tree. `ccp_alpha` is missing: the pruner
    chooses it.

    After `fit` it is a fitted tree of scikit-learn's kind (`tree_`, `plot_tree`, `export_text`),
    with two attributes more. `pruning_` : the `CrossValidation` or the `Pruning`, with the reasons.
    `path_` : the `CostComplexityPath` of the tree before pruning; for "cost_complexity" only.
    Data that cannot be cut in two, such as one sample, give the unpruned tree, `pruning_` None.
    """


class _PrunedTree(BaseDecisionTree):
    """Base of the classifier and the regressor; comes before scikit-learn's tree in the bases."""

    pruner: str
    rule: str
    pruning_: CrossValidation | Pruning | None
    path_: CostComplexityPath

    def _take(self, arguments):
        """Keep the arguments of `__init__` under their names, where scikit-learn looks for them."""
        for name, value in arguments.items():
            if name != "self":
                setattr(self, name, value)

    def fit(
        self,
        X: Features,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        check_input: bool = True,
    ) -> Self:
        """Grow a tree on X and y and prune it; this estimator then is the pruned tree.

        X : shape (n, n_features), dense or sparse, values may be missing where scikit-learn's tree
        takes them; y : shape (n,) or (n, n_outputs); sample_weight : optional, shape (n,);
        check_input : scikit-learn's, taken because its ensembles pass it on; data are always
        checked. Raises ValueError, in one sentence, for parameters and data that a pruner cannot
        take.
        """
        self._check_own()
        X, y, weight = self._checked_data(X, y, sample_weight)  # noqa: N806
        if self.pruner == "reduced_error":
            pruned, self.pruning_ = self._with_validation(X, y, weight)
        elif self.pruner == "cost_complexity":
            pruned, self.pruning_ = self._cross_validated(X, y, weight)
        else:
            self.pruning_ = self._by_counts(self._grown(X, y, weight))
            pruned = self.pruning_.tree
        for name, value in vars(pruned).items():
            if name.endswith("_") and name != "n_features_in_":
                setattr(self, name, value)
        self.__dict__.pop("path_", None)
        if isinstance(self.pruning_, CrossValidation):
            self.path_ = self.pruning_.path
        return self

    def cost_complexity_pruning_path(
        self,
        X: Features,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Any:
        """scikit-learn's `cost_complexity_pruning_path` of the tree before pruning; see there."""
        return self._unpruned().cost_complexity_pruning_path(X, y, sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self.pruner in REGRESSION
        if tags.classifier_tags is not None:
            tags.classifier_tags.multi_label = self.pruner in REGRESSION
        return tags

    def _check_own(self):
        pruners = PRUNERS if isinstance(self, DecisionTreeClassifier) else REGRESSION
        for name, known in {"pruner": pruners, "rule": RULES}.items():
            value = getattr(self, name)
            if not isinstance(value, str) or value not in known:
                raise ValueError(f"{name}={shown(value)}: it is one of {', '.join(known)}")
        if number("validation_fraction", self.validation_fraction, above=0) >= 1:
            raise ValueError(
                f"validation_fraction={self.validation_fraction}: write a share below 1, so that "
                "samples are left to grow the tree"
            )

    def _checked_data(self, X, y, sample_weight):  # noqa: N803
        """X, y and weights as arrays that can be split; feature names are stored."""
        if y is None:
            raise ValueError(
                f"y=None: {type(self).__name__} requires y to be passed, but the target y is None; "
                "hand over the classes or numbers to predict"
            )
        tags = self.__sklearn_tags__()
        X, y = validate_data(  # noqa: N806
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=np.float32,
            multi_output=True,
            ensure_all_finite="allow-nan" if tags.input_tags.allow_nan else True,
        )
        if y.ndim == 2 and not tags.target_tags.multi_output:
            if y.shape[1] > 1:
                raise ValueError(
                    f"pruner={self.pruner!r} counts the errors of one class label, and y has "
                    f"{y.shape[1]} outputs; write pruner='cost_complexity' or 'reduced_error', or "
                    "fit one tree an output"
                )
            y = column_or_1d(y, warn=True)
        if isinstance(self, DecisionTreeClassifier):
            check_classification_targets(y)
        else:
            refuse_drowning(self, y)
        if sample_weight is None:
            return X, y, None
        weight = weights(sample_weight, len(y))
        if isinstance(self.cv, int | np.integer) or self.pruner == "reduced_error":
            counts = weight > 0
            X, y, weight = X[counts], y[counts], weight[counts]  # noqa: N806
        return X, y, weight

    def _unpruned(self):
        """The unfitted tree before pruning: scikit-learn's class with the same parameters."""
        given = {
            name: value for name, value in self.get_params(deep=False).items() if name not in _OWN
        }
        if isinstance(self.random_state, np.random.RandomState):
            given["random_state"] = int(self.random_state.randint(2**31 - 1))
        return self._kind(**given)

    def _grown(self, X, y, weight):  # noqa: N803
        return self._unpruned().fit(X, y, sample_weight=weight)

    def _by_counts(self, grown):
        """The `Pruning` by a pruner that only needs the training counts."""
        if self.pruner == "pessimistic":
            return pessimistic(grown)
        if self.pruner == "error_based":
            return error_based(grown, self.confidence)
        return minimum_error(grown, self.m)

    def _cross_validated(self, X, y, weight):  # noqa: N803
        """(the chosen tree, the `CrossValidation`)."""
        cv = self.cv
        if isinstance(cv, str) or not (hasattr(cv, "split") or hasattr(cv, "__iter__")):
            turn, _ = self._drawn(X, y)
            fold = turn % min(whole("cv", cv, at_least=2), turn.max() + 1)
            if not fold.any():
                return self._grown(X, y, weight), None
            cv = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]
        crossed = cross_validate(self._unpruned(), X, y, cv, sample_weight=weight, cost=self.cost)
        chosen = crossed.best if self.rule == "best" else crossed.one_standard_error
        return chosen.tree, crossed

    def _with_validation(self, X, y, weight):  # noqa: N803
        """(the pruned tree, the `Pruning`), by a pruner that uses held-out samples."""
        turn, label = self._drawn(X, y)
        kept = np.zeros(len(y), dtype=bool)
        for each in np.unique(label):
            turns = np.unique(turn[label == each])
            kept |= np.isin(turn, turns[: int(self.validation_fraction * len(turns))])
        if not kept.any():
            return self._grown(X, y, weight), None
        scored = weight
        if getattr(self, "class_weight", None) is not None:
            balance = class_weights(self.class_weight, y)
            scored = balance if weight is None else weight * balance
        part = [None if each is None else each[~kept] for each in (X, y, weight)]
        grown = self._grown(*part)
        pruned = reduced_error(grown, X[kept], y[kept], None if scored is None else scored[kept])
        return pruned.tree, pruned

    def _drawn(self, X, y):  # noqa: N803
        """(position of each sample in a random order, its label), for folds and validation rows.

        Equal samples share a position, and the positions of one label are consecutive, in random
        order. Samples are sorted by their bytes before the shuffle, so the order of rows has no
        effect.
        """
        sample = _equal_rows(X, y)
        label = np.zeros(len(y), dtype=int)
        if isinstance(self, DecisionTreeClassifier):
            label = _equal_rows(np.empty((len(y), 0), dtype=np.float32), y)
        first = np.unique(sample, return_index=True)[1]
        order = check_random_state(self.random_state).permutation(len(first))
        order = order[np.argsort(label[first][order], kind="stable")]
        turn = np.empty(len(first), dtype=int)
        turn[order] = np.arange(len(first))
        return turn[sample], label


def _equal_rows(X, y):  # noqa: N803
    """A number for each row, the same for rows that are equal in X and y."""
    y = np.unique(y, return_inverse=True)[1].reshape(len(y), -1)
    if hasattr(X, "tocsr"):
        X = X.tocsr(copy=True)  # noqa: N806
        X.sum_duplicates()
        X.eliminate_zeros()
        ends = list(zip(X.indptr, X.indptr[1:], strict=False))
        rows = [X.indices[a:b].tobytes() + X.data[a:b].tobytes() for a, b in ends]
        X = np.unique(np.array(rows, dtype=object), return_inverse=True)[1][:, None]  # noqa: N806
    else:
        X = X + np.float32(0)  # noqa: N806 (-0 is 0)
    parts = [np.ascontiguousarray(each).view(np.uint8).reshape(len(y), -1) for each in (X, y)]
    rows = np.ascontiguousarray(np.hstack(parts))
    return np.unique(rows.view(f"V{rows.shape[1]}").ravel(), return_inverse=True)[1]


class PrunedTreeClassifier(_PrunedTree, DecisionTreeClassifier):
    __doc__ = """A DecisionTreeClassifier that `fit` grows and prunes.""" + _PARAMETERS

    _kind = DecisionTreeClassifier

    def __init__(
        self,
        pruner: str = "cost_complexity",
        *,
        rule: str = "one_standard_error",
        cost: str = "impurity",
        cv: int | BaseCrossValidator | Iterable[tuple[ArrayLike, ArrayLike]] = 10,
        validation_fraction: float = 0.25,
        confidence: float = 0.25,
        m: float = 2.0,
        criterion: str = "gini",
        splitter: str = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        class_weight: dict[Any, float] | list[dict[Any, float]] | str | None = None,
        monotonic_cst: ArrayLike | None = None,
        random_state: int | RandomState | None = None,
    ) -> None:
        self._take(locals())


class PrunedTreeRegressor(_PrunedTree, DecisionTreeRegressor):
    __doc__ = """A DecisionTreeRegressor that `fit` grows and prunes.""" + _PARAMETERS

    _kind = DecisionTreeRegressor

    def __init__(
        self,
        pruner: str = "cost_complexity",
        *,
        rule: str = "one_standard_error",
        cost: str = "impurity",
        cv: int | BaseCrossValidator | Iterable[tuple[ArrayLike, ArrayLike]] = 10,
        validation_fraction: float = 0.25,
        criterion: str = "squared_error",
        splitter: str = "best",
        max_depth: int | None = None,
        min_samples_split: int | float = 2,
        min_samples_leaf: int | float = 1,
        min_weight_fraction_leaf: float = 0.0,
        max_features: int | float | str | None = None,
        max_leaf_nodes: int | None = None,
        min_impurity_decrease: float = 0.0,
        monotonic_cst: ArrayLike | None = None,
        random_state: int | RandomState | None = None,
    ) -> None:
        self._take(locals())
