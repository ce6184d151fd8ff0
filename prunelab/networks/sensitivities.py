"""How much a trained network loses when one layer alone is pruned, layer by layer."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, shown, sparsity_fraction
from prunelab.base.html import html_table
from prunelab.base.text import dense_words
from prunelab.live.thread import cause_of
from prunelab.masks.magnitude import magnitude_mask
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras
from prunelab.networks.models import check_model
from prunelab.networks.prunable import dense_of, kernels_of
from prunelab.networks.targets import check_single

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from numpy.typing import ArrayLike
    from tf_keras import Model

    Data = ArrayLike | Sequence[ArrayLike] | Mapping[str, ArrayLike]

ROWS_AT_ONCE = 256


@dataclass(frozen=True)
class SensitivityRow:
    """One layer pruned alone. layer: the kernel's name, as in `networks.kernels`. sparsity: the
    fraction of its weights set to zero. value: the metric then. dense: the metric unpruned."""

    layer: str
    sparsity: float
    value: float
    dense: float


class Sensitivity(tuple[SensitivityRow, ...]):
    """The rows of a scan: a tuple that is displayed as a table and that pandas accepts."""

    def __repr__(self) -> str:
        layers = len({row.layer for row in self})
        dense = f", dense {self[0].dense:.4g}" if self else ""
        return f"Sensitivity({layers} layers, {len(self)} rows{dense})"

    def _repr_html_(self) -> str:
        heads = [field.name for field in fields(SensitivityRow)]
        return html_table(heads, [(row[0], *(f"{v:.4g}" for v in row[1:])) for row in self._plain])

    @property
    def _plain(self):
        return map(astuple, self)


def sensitivity(
    model: Model,
    x: Data,
    y: Data,
    metric: str | Callable[[Any, Any], float] | None = None,
    sparsities: Iterable[float] = (0.5, 0.75, 0.9, 0.95),
    *,
    report: Callable[[int, int, str], object] | None = None,
) -> Sensitivity:
    """Prune each kernel alone, by magnitude and without retraining, and evaluate: one row each.

    model: a built model of tf_keras; its weights are restored bit for bit, also if an evaluation
    raises or is interrupted. The kernels are those tfmot prunes. x, y: arrays [rows, …]; for
    several inputs or outputs a list or a dict of arrays. metric: None is the loss the model was
    compiled with, a name is one of its compiled metrics, and a function takes y and the predictions
    and returns a number. sparsities: fractions in [0, 1). report: `report(done, total, text)` after
    each row. Rows are ordered by layer, in the order of the model. Raises TypeError or ValueError,
    in one sentence, before anything is pruned. Source: Li et al. 2017, "Pruning Filters for
    Efficient ConvNets", figure 2.
    """
    check_model(model)
    for name, value in (("x", x), ("y", y)):
        _refuse_streams(name, value)
    if isinstance(sparsities, str) or not hasattr(sparsities, "__iter__"):
        raise TypeError(f"sparsities={shown(sparsities)}: write a list, such as (0.5, 0.9)")
    wanted = [sparsity_fraction("sparsities", sparsity) for sparsity in sparsities]
    kernels = kernels_of(model)
    chosen = [kernel for kernel in kernels if not kernel.dense_because]
    if not chosen or not wanted:
        what = f"sparsities={shown(sparsities)}: write at least one"
        why = dense_words(dense_of(kernels)) or "it has no kernels"
        raise ValueError(what if chosen else f"model has no layer that can be pruned: {why}")
    measure = _measure_of(model, x, y, metric)
    dense, rows = measure(), []
    if not np.isfinite(dense):
        raise ValueError(
            f"metric={shown(metric)}: it is {dense} for the unpruned model on these rows, so no "
            "loss of quality can be seen; look for NaN in the data and in the weights"
        )
    for kernel in chosen:
        with _restored(kernel.weight) as before:
            for sparsity in wanted:
                kernel.weight.assign(before * magnitude_mask(before, sparsity))
                rows.append(SensitivityRow(kernel.name, sparsity, measure(), dense))
                if report:
                    report(len(rows), len(chosen) * len(wanted), kernel.name)
    return Sensitivity(rows)


@contextmanager
def _restored(weight):
    """`with` a copy of the weight's array; the variable gets this value back at the end."""
    before = weight.numpy()
    try:
        yield before
    finally:
        try:
            weight.assign(before)
        except BaseException:  # an interrupt in this very line
            weight.assign(before)
            raise


def _refuse_streams(name, value):
    streams = (tf.data.Dataset, tf_keras.utils.Sequence)
    if value is None or callable(value) or hasattr(value, "__next__") or isinstance(value, streams):
        raise TypeError(
            f"{name} is a {type(value).__name__}: every evaluation needs the same rows, so write "
            "arrays, or a list or dict of them"
        )


def _measure_of(model, x, y, metric):
    """A function without arguments that evaluates the model; it is called once as a check."""
    if callable(metric):
        return lambda: _own_value(metric, y, model.predict(x, batch_size=ROWS_AT_ONCE, verbose=0))
    if metric is not None and not isinstance(metric, str):
        raise TypeError(
            f"metric={shown(metric)}: write the name of a compiled metric, a function of y and the "
            "predictions, or None for the loss"
        )
    name = "loss" if metric is None else metric
    if not model._is_compiled or (model.loss is None and name == "loss"):
        what = "loss" if metric is None else "metrics"
        raise ValueError(
            f"model has no compiled {what}: compile it, or write metric as a function of y and the "
            "predictions"
        )

    check_single(model, x, y)

    def evaluate():
        return model.evaluate(x, y, batch_size=ROWS_AT_ONCE, verbose=0, return_dict=True)

    try:
        found = evaluate()
    except Exception as error:  # Keras, or a metric of the reader's own, may raise anything
        said = cause_of(error)[:160]
        raise ValueError(f"x and y cannot be evaluated ({type(error).__name__}: {said})") from error
    if name not in found:
        raise ValueError(f"metric={shown(metric)}: the model was compiled with {', '.join(found)}")
    return lambda: float(evaluate()[name])


def _own_value(metric, y, predictions):
    value = metric(y, predictions)
    try:
        return float(value)
    except (TypeError, ValueError):
        return number("metric's value", value)  # raises an error that says what it must be
