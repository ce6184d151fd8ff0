"""Plans: arms × seeds, run on any executor, stored in one file, and compared over seeds."""

from prunelab.plans.arms import ARM_WORDS
from prunelab.plans.course import course_experiment
from prunelab.plans.own import ArmTrial
from prunelab.plans.plan import Plan, PlanResults
from prunelab.plans.running import run_plan
from prunelab.plans.statistics import (
    change,
    clusters,
    compared,
    estimate,
    gap_closed,
    holm,
    label_of,
    loss_band,
    p_value,
    paired,
    summary,
    t_quantile,
    values,
)
from prunelab.plans.store import PLANS, load, path
from prunelab.plans.styles import styles_of

__all__ = [
    "ARM_WORDS",
    "PLANS",
    "ArmTrial",
    "Plan",
    "PlanResults",
    "change",
    "clusters",
    "compared",
    "course_experiment",
    "estimate",
    "gap_closed",
    "holm",
    "label_of",
    "load",
    "loss_band",
    "p_value",
    "paired",
    "path",
    "run_plan",
    "styles_of",
    "summary",
    "t_quantile",
    "values",
]
