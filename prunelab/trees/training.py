"""Data to fit trees on, whole and fold by fold: checked once, however many fits there are."""

import numpy as np
from sklearn import config_context
from sklearn.base import clone, is_classifier
from sklearn.utils.class_weight import compute_sample_weight

from prunelab.trees.samples import as_array, check_labels, distinct, read_samples, weights
from prunelab.validate import shown

_SQUARES = ("squared_error", "friedman_mse")


class TrainingData:
    """X, y and sample weights for clones of one estimator.

    `X` can be cut into folds: frames keep their column names, sparse X stays sparse. scikit-learn's
    checks of a small X take longer than its fit; a dense X of finite numbers is brought into the
    form that the fit wants here, once, and its folds are not checked again. `scored` holds the
    weights that errors count by: the sample weights times the estimator's class weights, those of
    all of y ("balanced" too), so that `class_weight` counts as the same `sample_weight` does.
    """

    def __init__(self, estimator, X, y, sample_weight=None):  # noqa: N803
        self.X, self.y, self.weight = _as_arrays(X, y, sample_weight)
        self.scored = self.weight
        if is_classifier(estimator):
            check_labels("y", self.y)
            if self.y.dtype.kind == "O":
                distinct("y", self.y)
            if estimator.class_weight is not None:
                balance = _class_weights(estimator.class_weight, self.y)
                self.scored = balance if self.weight is None else self.weight * balance
        else:
            _refuse_drowning(estimator, self.y)
        self._estimator = estimator
        self._ready = None if estimator.criterion == "poisson" else _ready(self.X)

    def fit(self, rows=None):
        """A clone of the estimator, fitted on all rows or on those of a fold."""
        if rows is None:
            return clone(self._estimator).fit(self.X, self.y, sample_weight=self.weight)
        given = {"sample_weight": None if self.weight is None else self.weight[rows]}
        with config_context(skip_parameter_validation=True):  # the fit on all rows has done it
            if self._ready is not None:
                X, given["check_input"] = self._ready[rows], False  # noqa: N806
            else:
                X = _rows(self.X, rows)  # noqa: N806
            return clone(self._estimator).fit(X, self.y[rows], **given)

    def unit(self):
        """A power of two near the range of y, for the squares of its errors; 1 for classes."""
        if is_classifier(self._estimator):
            return 1.0
        return float(np.ldexp(1.0, int(np.frexp(np.ptp(self.y.astype(float)))[1])))

    def samples(self, path, rows):
        """The `Samples` of some rows, dropped down the tree of a path that a fold has grown.

        A fold may lack a class altogether; its samples then count as errors, which they are.
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


def _class_weights(class_weight, y):
    """The class weight of each sample; one sentence where scikit-learn refuses them."""
    try:
        balance = compute_sample_weight(class_weight, y)
    except (TypeError, ValueError) as error:
        raise ValueError(f"class_weight={shown(class_weight)} does not fit y: {error}") from None
    balance = weights(balance, len(y), "class_weight")
    _refuse_far("class_weight", balance)
    return balance


def _ready(X):  # noqa: N803
    """X as a tree takes it, float32, row by row; None where only scikit-learn can judge it."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf":
        return None
    with np.errstate(over="ignore"):
        ready = np.ascontiguousarray(X, dtype=np.float32)
    return ready if np.isfinite(ready).all() else None


def _rows(X, chosen):  # noqa: N803
    return X.iloc[chosen] if hasattr(X, "iloc") else X[chosen]


def _as_arrays(X, y, sample_weight):  # noqa: N803
    """Arrays that can be cut into folds; frames keep their column names, sparse X stays sparse."""
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
    """scikit-learn's fit squares weights and multiplies them by squares; refuse what is lost."""
    for one in (weight.sum(), weight[weight > 0].min()):
        if not 1e-70 <= one <= 1e70:
            what = "sums to" if one > 1 else "holds"
            raise ValueError(
                f"{name} {what} {one:.3g}, and scikit-learn's fit loses squares of that; divide "
                f"{name} by its mean, and set to 0 what is still below 1e-70"
            )


def _refuse_drowning(estimator, y):
    """scikit-learn's squared-error fit differences large squares; refuse y where they drown."""
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
        if 0 < np.ptp(y) < 1e-13:
            raise ValueError(
                f"y spans {np.ptp(y):.2g}, which scikit-learn's fit takes for constant; "
                "use y / abs(y).max()"
            )
        return
    for column in y.reshape(len(y), -1).T:
        spread = column.std()
        noise = np.sqrt(np.finfo(float).eps) * max(np.abs(column).max(), 1.0)
        if np.ptp(column) > 0 and spread < 30 * noise:
            raise ValueError(
                f"y has mean {column.mean():.6g} and standard deviation {spread:.2g}, which "
                "scikit-learn's squared-error fit loses to rounding; "
                "use (y - y.mean()) / y.std()"
            )


def _refuse_drowned_deviance(y):
    """The Poisson deviance, about (spread of y)² / (2 · mean), drowns in y · rounding."""
    for column in y.reshape(len(y), -1).T:
        mean, spread = column.mean(), column.std()
        if np.ptp(column) > 0 and spread < 1e-6 * mean:
            raise ValueError(
                f"y has mean {mean:.6g} and standard deviation {spread:.2g}, which "
                "scikit-learn's Poisson fit loses to rounding; "
                "use criterion='squared_error' on (y - y.mean()) / y.std()"
            )
