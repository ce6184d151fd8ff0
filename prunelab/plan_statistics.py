"""What the seeds of a plan say: means, paired comparisons, bands of loss curves, a table of arms.

The statistics are those of `prunelab.seed_statistics`, whose names can be had from here, too.
"""

from dataclasses import dataclass

from prunelab.linear_baselines import MODELS
from prunelab.plan_arms import ARM_WORDS
from prunelab.plan_measures import measure_named, value_of
from prunelab.plans import PlanResults
from prunelab.seed_statistics import (
    KINDS,
    LEVEL,
    Band,
    Change,
    Estimate,
    Value,
    band,
    change,
    estimate,
    t_quantile,
)
from prunelab.validate import shown

__all__ = [
    "KINDS",
    "LEVEL",
    "LOSSES",
    "Band",
    "Change",
    "Estimate",
    "Row",
    "arm_results",
    "arms_of",
    "band",
    "change",
    "estimate",
    "label_of",
    "loss_band",
    "paired",
    "summary",
    "t_quantile",
    "table",
    "values",
]

LOSSES = ("val_loss", "loss")


@dataclass(frozen=True)
class Row(Value):
    """One arm in a table: its name, in words, seeds, sparsity, estimate, and change to control.

    sparsity: mean over seeds. change: None for the control itself.
    """

    arm: str
    label: str
    seeds: tuple
    sparsity: float
    estimate: Estimate
    change: Change | None


def label_of(arm):
    """What an arm is called in words."""
    return ARM_WORDS[arm][0] if arm in ARM_WORDS else arm.replace("_", " ")


def arms_of(results):
    """The names of a plan's arms, then of its linear models."""
    if not isinstance(results, PlanResults):
        raise TypeError(
            f"results={shown(results)}: write the PlanResults of prunelab.plans.load or "
            "prunelab.plan_running.run_plan"
        )
    names = [arm.name for arm in results.plan.arms]
    return (*names, *(model for model in MODELS if any(f.model == model for f in results.linear)))


def arm_results(results, arm):
    """The results of an arm, one a seed; ValueError, with the names, where there is no such arm."""
    names = arms_of(results)
    found = results.of(arm) if isinstance(arm, str) and arm in names else ()
    if found:
        return found
    has = [name for name in names if results.of(name)]
    said = f"the arms of {results.plan.name!r} are {', '.join(has)}" if has else "there are no runs"
    raise ValueError(f"arm={shown(arm)}: {said}")


def values(results, arm, measure="validation_mse"):
    """A dict from seed to the measure of an arm."""
    features = results.plan.arms[0].n_features if arms_of(results) else None
    return {run.seed: value_of(run, measure, features) for run in arm_results(results, arm)}


def summary(results, arm, measure="validation_mse"):
    """The `Estimate` of a measure over an arm's seeds; see `plan_measures.MEASURES`."""
    found = values(results, arm, measure)
    return estimate(found.values(), log=measure_named(measure).log)


def paired(results, arm, control, measure="validation_mse"):
    """The `Change` of a measure from the control to an arm, over the seeds that both have."""
    theirs, its = values(results, control, measure), values(results, arm, measure)
    seeds = [seed for seed in its if seed in theirs]
    if not seeds:
        raise ValueError(f"arm={shown(arm)}: it has no seed in common with {control!r}")
    log = measure_named(measure).log
    return change([its[s] for s in seeds], [theirs[s] for s in seeds], log=log)


def loss_band(results, arm, loss="val_loss", kind="range"):
    """The `Band` of an arm's losses. loss: "val_loss" or "loss", the one on training batches."""
    if loss not in LOSSES:
        raise ValueError(f"loss={shown(loss)}: write 'val_loss' or 'loss'")
    if isinstance(arm, str) and arm in MODELS:
        raise ValueError(f"arm={arm!r}: a linear model is fitted at once and has no loss curve")
    runs = arm_results(results, arm)
    curves = [(*getattr(run.dense, loss), *getattr(run.second, loss)) for run in runs]
    return band(curves, boundary=runs[0].config.dense_epochs, kind=kind)


def table(results, control, measure="validation_mse", arms=None):
    """A `Row` for each arm: what it reached, and its change to the control."""
    arms = arms_of(results) if arms is None else arms
    return tuple(
        Row(
            arm,
            label_of(arm),
            tuple(run.seed for run in arm_results(results, arm)),
            summary(results, arm, "sparsity").mean,
            summary(results, arm, measure),
            None if arm == control else paired(results, arm, control, measure),
        )
        for arm in arms
    )
