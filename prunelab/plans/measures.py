"""The measures of a run, by name: losses, R², sparsity, seconds, selection of inputs.

For a reader's own network: the metrics with which it was compiled.
"""

from dataclasses import dataclass

from prunelab.base.checks import shown
from prunelab.base.metrics import MAXIMIZE, MINIMIZE
from prunelab.experiments.own import OwnResult
from prunelab.experiments.results import RunResult

_DATA = (("train", "train", "training"), ("validation", "val", "validation"), ("test",) * 3)
_LAYER = "sparsity_"


@dataclass(frozen=True)
class Measure:
    """A number that can be computed for a run.

    name: the key. label: in words, with the unit. log: whether the scale is positive, so that means
    are geometric and comparisons are ratios. higher: whether higher is better; None if neither is.
    of_test: whether it needs test data.
    """

    name: str
    label: str
    log: bool = False
    higher: bool | None = None
    of_test: bool = False


MEASURES = {
    measure.name: measure
    for measure in (
        *(
            Measure(f"{name}_mse", f"{words} MSE", log=True, higher=False, of_test=name == "test")
            for name, _, words in _DATA
        ),
        *(
            Measure(f"{name}_r2", f"{words} R²", higher=True, of_test=name == "test")
            for name, _, words in _DATA
        ),
        Measure("sparsity", "sparsity, fraction of zeros"),
        Measure("nonzeros", "weights that are not zero"),
        Measure("seconds", "seconds of training", log=True, higher=False),
        Measure("surviving_inputs", "inputs the network still listens to"),
        Measure("input_precision", "precision of the surviving inputs", higher=True),
        Measure("input_recall", "recall of the surviving inputs", higher=True),
        Measure("input_auc", "ROC AUC of the inputs, by the norm of their weights", higher=True),
        Measure("input_precision_at_k", "precision among the k largest inputs", higher=True),
    )
}


_OF_ANY = ("sparsity", "nonzeros", "seconds")  # also for a reader's own network


def measures_of(results):
    """{name: `Measure`} of all measures of the runs in a `PlanResults`."""
    experiment = results.plan.experiment
    if experiment is None or not results.runs:
        return MEASURES
    first = results.runs[0]
    metrics = sorted(first.val, key=lambda metric: metric == "loss")
    own = {}
    shown_first = (_DATA[1], _DATA[0], *_DATA[2 : 2 + (first.test is not None)])
    for data, _, words in shown_first:
        for metric in metrics:
            direction = experiment.direction(metric)
            own[f"{data}_{metric}"] = Measure(
                f"{data}_{metric}",
                f"{words} {metric.replace('_', ' ')}",
                log=direction == MINIMIZE and _all_positive(results.runs, metric),
                higher=None if direction is None else direction == MAXIMIZE,
                of_test=data == "test",
            )
    return own | {name: MEASURES[name] for name in _OF_ANY}


def _all_positive(runs, metric):
    parts = [part for run in runs for part in (run.train, run.val, run.test) if part]
    return min(part[metric] for part in parts) > 0


def measure_of(results, name):
    """The `Measure` of this name in a `PlanResults`; "sparsity_<layer>" is that of one kernel."""
    known = measures_of(results)
    return _named(name, known, "measures" if known is MEASURES else "measures here")


def first_measure(results):
    """The name of the default measure: validation MSE, else the first metric."""
    return next(iter(measures_of(results))) if results.plan.experiment else "validation_mse"


def measure_named(name):
    """The `Measure` of this name; "sparsity_<layer>" is that of one kernel.

    Raises ValueError, which lists the names, for another one.
    """
    return _named(name, MEASURES, "measures")


def _named(name, known, words):
    if isinstance(name, Measure):
        return name
    if isinstance(name, str) and name in known:
        return known[name]
    if isinstance(name, str) and name.startswith(_LAYER) and name != _LAYER:
        return Measure(name, f"sparsity of {name.removeprefix(_LAYER)}, fraction of zeros")
    raise ValueError(
        f"measure={shown(name)}: the {words} are {', '.join(known)} and sparsity_<layer>"
    )


def value_of(result, measure, n_features=None):
    """The measure of a `RunResult` or a `LinearResult`, as a float.

    n_features: columns of the data; needed for the sparsity of a linear model. seconds include both
    phases, even if arms share the first. Raises ValueError for an unknown layer.
    """
    if isinstance(result, OwnResult):
        return _of_own(result, measure.name if isinstance(measure, Measure) else measure)
    name = measure_named(measure).name
    for data, field, _ in _DATA:
        if name in (f"{data}_mse", f"{data}_r2"):
            return getattr(getattr(result, field), name.rpartition("_")[2])
    if name == "surviving_inputs":
        return float(result.inputs.surviving)
    if name.startswith("input_"):
        return getattr(result.inputs, name.removeprefix("input_"))
    if isinstance(result, RunResult):
        return _of_network(result, name)
    return _of_linear(result, name, n_features)


def _of_own(result, name):
    data, _, metric = name.partition("_")
    fields = {data: field for data, field, _ in _DATA}
    if data in fields and metric in result.val:
        return getattr(result, fields[data])[metric]
    if name == "nonzeros":
        return float(sum(result.sizes.values()) - sum(result.zeros.values()))
    return _of_network(result, name)


def _of_network(result, name):
    if name == "seconds":
        return result.dense.seconds + result.second.seconds
    if name == "sparsity":
        return result.total_sparsity
    if name == "nonzeros":
        return float(sum(result.config.kernel_sizes.values()) - sum(result.zeros.values()))
    layer, found = name.removeprefix(_LAYER), result.sparsity
    if layer not in found:
        raise ValueError(
            f"measure={name!r}: {result.config.name} has the layers {', '.join(found)}"
        )
    return found[layer]


def _of_linear(result, name, n_features):
    if name == "seconds":
        return result.seconds
    if name == "nonzeros":
        return float(result.inputs.surviving)
    if name == "sparsity" and n_features:
        return 1 - result.inputs.surviving / n_features
    raise ValueError(f"measure={name!r}: {result.model} is a linear model and has no such layer")
