"""The numbers behind the TuningBench: their bounds, which ones adjust, and what follows."""

import math
from dataclasses import asdict
from functools import lru_cache

import numpy as np

from prunelab.base.checks import shown, whole
from prunelab.base.engines import arrays_in
from prunelab.live.settings import LAYER, TrainingSettings
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay, to_dict
from prunelab.widgets.bench.measures import Measure
from prunelab.widgets.schedule import state as schedule_state
from prunelab.widgets.schedule.state import SCHEDULE

RUN = ("epochs", "batch_size")
OTHERS = ("learning_rate", "block_rows", "block_columns", "seed")
KNOBS = (*SCHEDULE, *RUN, *OTHERS)
CHOICES = ("layers", "scope")  # knobs that are no numbers
_NAMED = (*RUN, "learning_rate", "seed")  # named alike in the knobs and in TrainingSettings
STEERABLE = ("final_sparsity", "end_step", "power")

MOST_LEARNING_RATE = 10.0
LEAST_LEARNING_RATE = 1e-8
BOUNDS = schedule_state.BOUNDS | {
    "learning_rate": (LEAST_LEARNING_RATE, MOST_LEARNING_RATE),
    "block_rows": (1, 1024),
    "block_columns": (1, 1024),
    "seed": (0, 2**32 - 1),
}
MOST_POINTS = 240  # points of a curve: as many as can be told apart in a chart


def settle(state, changes):
    """`widgets.schedule.state.settle` for every knob of the bench."""
    return schedule_state.settle(state, changes, BOUNDS)


def checked_layers(name, value, known):
    """Names of layers to prune, in the network's order; empty means all of them."""
    if isinstance(value, str) or not hasattr(value, "__iter__"):
        raise TypeError(f"{name}={shown(value)}: write a list of names, such as {list(known)[:1]}")
    value = list(value)
    unknown = [layer for layer in value if layer not in known]
    if unknown and known:
        raise ValueError(f"{name} holds {shown(unknown[0])}: the layers are {', '.join(known)}")
    chosen = tuple(layer for layer in known if layer in value) if known else tuple(value)
    return () if known and len(chosen) == len(known) else chosen


def rows_of(data):
    """The number of rows in a training set: a Dataset, or (x, y, x_val, y_val)."""
    x = getattr(data, "x_train", None)
    if x is None and isinstance(data, tuple | list) and data:
        x = (arrays_in(data[0]) or [None])[0]  # the first of several inputs
    if x is None or not hasattr(x, "__len__"):
        raise TypeError(
            f"data is a {type(data).__name__}: write a Dataset of prunelab.experiments.data, "
            "or four arrays (x, y, x_val, y_val)"
        )
    return whole("the number of rows in data", len(x), at_least=1)


def starting_schedule(n_samples, batch_size, epochs):
    """A ramp to 75 % over the middle half of the run, adjusted to fit."""
    total = -(-n_samples // batch_size) * epochs
    ramp = PolynomialDecay(0.0, 0.75, begin_step=total // 4, end_step=max(3 * total // 4, 1))
    return preflight(ramp, total_steps=total).suggest()


def settings_of(knobs, layers, scope=LAYER):
    """The `TrainingSettings` that the knobs stand for."""
    return TrainingSettings(
        schedule=schedule_of(knobs),
        layers=tuple(layers),
        scope=scope,
        block_size=(knobs["block_rows"], knobs["block_columns"]),
        **{name: knobs[name] for name in _NAMED},
    )


def knobs_of(settings):
    """The knobs that stand for `settings`; the schedule must be a PolynomialDecay."""
    if not isinstance(settings.schedule, PolynomialDecay):
        raise TypeError("this run has a constant sparsity: the bench's knobs are those of a ramp")
    rows, columns = settings.block_size
    others = {"block_rows": rows, "block_columns": columns}
    named = {name: getattr(settings, name) for name in _NAMED}
    return asdict(settings.schedule) | named | others


def schedule_of(knobs):
    """The knobs' PolynomialDecay."""
    return PolynomialDecay(**{name: knobs[name] for name in SCHEDULE})


def flight_of(knobs, n_samples, sizes=()):
    """The Preflight of the knobs on `n_samples` rows; `sizes` of the layers to prune."""
    run = n_samples, knobs["batch_size"], knobs["epochs"]
    return _flight(schedule_of(knobs), *run, tuple(sizes))


@lru_cache(maxsize=8)  # read for each frame, and changes only with a knob
def _flight(schedule, n_samples, batch_size, epochs, sizes):
    run = {"n_samples": n_samples, "batch_size": batch_size, "epochs": epochs}
    return preflight(schedule, **run, sizes=list(sizes))


def schedule_values(schedule):
    """A schedule in the chart's format; a constant one is a ramp that begins at its target."""
    values = to_dict(schedule)
    if values.pop("schedule") == "PolynomialDecay":
        return values
    target = values.pop("target_sparsity")
    end = values["end_step"] if values["end_step"] >= 0 else values["begin_step"] + 1
    return values | {
        "initial_sparsity": target,
        "final_sparsity": target,
        "end_step": end,
        "power": 1,
    }


def thinned(history, measure=Measure()):  # noqa: B008 (a frozen value)
    """[step, training loss, validation value, realised sparsity] of at most MOST_POINTS epochs.

    measure: the `Measure` of the validation value; the training loss is None for a metric.
    """
    chosen = range(len(history))
    if len(history) > MOST_POINTS:
        chosen = np.unique(np.linspace(0, len(history) - 1, MOST_POINTS).round().astype(int))
    return [_point(history[at], measure) for at in chosen]


def _point(report, measure):
    values = (report.loss if measure.is_loss else None, measure.of_report(report))
    # JSON has no NaN: a value that is missing becomes a gap in the curve.
    known = [value is not None and math.isfinite(value) for value in values]
    values = [float(f"{v:.5g}") if there else None for v, there in zip(values, known, strict=True)]
    return [report.step, *values, round(report.realised_sparsity, 5)]
