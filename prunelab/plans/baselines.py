"""Linear models on the raw inputs: the baselines for a network on linear data."""

import time
from dataclasses import asdict, dataclass, fields

import numpy as np

from prunelab.base.checks import number, shown, whole
from prunelab.base.json_files import only_fields
from prunelab.experiments.record_checks import check_digest, check_scores
from prunelab.experiments.results import InputSelection, Score, input_selection

MODELS = ("ridge", "lasso")


@dataclass(frozen=True)
class LinearResult:
    """A linear model fitted to the training rows of one seed.

    model: "ridge" or "lasso". alpha: its penalty, chosen by cross-validation on training rows.
    train, val, test: as in a `RunResult`. inputs: as in a `RunResult`, with the coefficients as a
    kernel of one column. seconds: duration of the fit, including cross-validation.
    """

    model: str
    seed: int
    data_digest: str
    alpha: float
    train: Score
    val: Score
    test: Score
    inputs: InputSelection
    seconds: float

    @classmethod
    def from_dict(cls, values):
        """The result that `asdict` wrote."""
        only_fields("linear", values, [field.name for field in fields(cls)])
        if values["model"] not in MODELS:
            raise ValueError(f"linear: model must be one of {MODELS}")
        check_digest("data_digest", values["data_digest"])
        fit = cls(
            model=values["model"],
            seed=whole("seed", values["seed"], at_most=2**32 - 1),
            data_digest=values["data_digest"],
            alpha=number("alpha", values["alpha"], at_least=0),
            inputs=InputSelection.from_dict("inputs", values["inputs"]),
            seconds=number("seconds", values["seconds"], at_least=0),
            **{name: Score.from_dict(name, values[name]) for name in ("train", "val", "test")},
        )
        for name in ("train", "val", "test"):
            check_scores((name, getattr(fit, name)))
        return fit

    def to_dict(self):
        """The result as plain values, ready for JSON."""
        return asdict(self)


def fit(model, data):
    """Fit "ridge" or "lasso" to the training rows of a `Dataset`; a `LinearResult`.

    Ridge chooses its penalty by leave-one-out, the Lasso by five folds; only training rows are
    used.
    """
    if model not in MODELS:
        raise ValueError(f"model={shown(model)}: write one of {', '.join(map(repr, MODELS))}")
    began = time.perf_counter()
    estimator = _estimator(model).fit(data.x_train, data.y_train)
    seconds = time.perf_counter() - began
    x_test, y_test = data.open_test()
    return LinearResult(
        model=model,
        seed=data.seed,
        data_digest=data.digest,
        alpha=float(estimator.alpha_),
        train=_score(estimator, data.x_train, data.y_train),
        val=_score(estimator, data.x_val, data.y_val),
        test=_score(estimator, x_test, y_test),
        inputs=input_selection(estimator.coef_.reshape(-1, 1), data.coef),
        seconds=seconds,
    )


def _estimator(model):
    from sklearn.linear_model import LassoCV, RidgeCV

    if model == "ridge":
        return RidgeCV(alphas=np.logspace(-8, 2, 11))
    # The noise is small against the signal, so the path must include very small penalties.
    return LassoCV(cv=5, eps=1e-6, alphas=60, max_iter=20_000)


def _score(estimator, x, y):
    mse = float(np.mean((estimator.predict(x) - y) ** 2))
    return Score(mse, 1 - mse / float(np.var(y)))
