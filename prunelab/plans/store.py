"""The course's plans, and the file that stores all runs of a plan."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from prunelab.base import json_files
from prunelab.base.checks import shown
from prunelab.base.json_files import RunError, load_record, only_fields, save_record
from prunelab.course.places import runs_folder
from prunelab.experiments import runs
from prunelab.plans.arms import (
    TWIN_L2,
    TWIN_SMALLER_L2,
    block_arms,
    cause_arms,
    full_arms,
    knob_arms,
    longer_arms,
    on_twin,
    rival_arms,
    short_arms,
    structure_arms,
)
from prunelab.plans.baselines import LinearResult
from prunelab.plans.plan import Plan, PlanResults

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path


__all__ = ["PLANS", "Plan", "PlanResults", "in_order", "load", "path", "plan_named", "save"]

FORMAT = 1


def _extra(name, words, arms):
    """A plan beside the main ones: eight seeds, and no linear models again."""
    return Plan(name, words, arms, seeds=tuple(range(8)), linear=False)


PLANS = {
    plan.name: plan
    for plan in (
        Plan(
            "full",
            "the article's experiment at its own length, 200 + 200 epochs",
            full_arms(),
            seeds=(0, 1, 2),
        ),
        Plan(
            "short",
            "every arm at 40 + 40 epochs, where the dense network has converged",
            short_arms(),
            seeds=tuple(range(8)),
        ),
        _extra(
            "blocks",
            "what 4 × 1 blocks cost, at the short plan's length and with its seeds",
            block_arms(),
        ),
        _extra(
            "causes",
            "what else could have made the gain of pruning, at the short plan's length",
            cause_arms(),
        ),
        _extra(
            "causes_twin",
            "the same on the small twin",
            tuple(on_twin(arm) for arm in cause_arms(TWIN_L2, TWIN_SMALLER_L2)),
        ),
        _extra(
            "longer",
            "90 and 95 % with three times the second phase, and their control",
            longer_arms(),
        ),
        _extra(
            "structures",
            "two of four, and whole neurons at once and in steps, on the small twin",
            tuple(on_twin(arm) for arm in structure_arms()),
        ),
        Plan(
            "rivals",
            "what a tuned schedule has to beat, on seeds that no search has seen",
            rival_arms(),
            seeds=tuple(range(20, 28)),
            linear=False,
        ),
        _extra(
            "knobs",
            "one schedule to 95 % on the small twin, each of its knobs turned by itself",
            knob_arms(),
        ),
        Plan(
            "twin",
            "the arms of the short plan on the small twin, to try things out",
            tuple(on_twin(arm) for arm in short_arms()),
            seeds=(0, 1, 2),
        ),
    )
}


def plan_named(name):
    """The `Plan` of this name; a Plan is returned unchanged."""
    if isinstance(name, Plan):
        return name
    if not isinstance(name, str) or name not in PLANS:
        raise ValueError(f"plan={shown(name)}: the plans are {', '.join(PLANS)}")
    return PLANS[name]


def path(plan: Plan | str, folder: str | PathLike[str] | None = None) -> Path:
    """The file of a plan's results: `<name>.json` in `folder` (see `course.default_folder`)."""
    return runs_folder(folder) / f"{plan_named(plan).name}.json"


def most_bytes(plan):
    """The largest size in bytes of a plan's file; it grows with the runs and their epochs."""
    per_seed = sum(runs.most_bytes(arm) for arm in plan.arms)
    return runs.MAX_BYTES + per_seed * len(plan.seeds)


def save(results, folder=None):
    """Store `PlanResults` in one file, atomically; a shared first phase is written once.

    The file is read back; after this, single runs may be removed. RunError if it cannot be loaded.
    """
    target = path(results.plan, folder)
    first, rows = {}, []
    for result in results.runs:
        values = result.to_dict()
        key = f"{result.config.dense_digest[:12]} seed {result.seed}"
        while first.setdefault(key, values["dense"]) != values["dense"]:
            key += " again"  # trained again after a stop: the same losses, another duration
        rows.append(values | {"dense": key})
    values = {
        "format": FORMAT,
        "plan": results.plan.name,
        "plan_digest": results.plan.digest,
        "first_phases": first,
        "runs": rows,
        "linear": [asdict(result) for result in results.linear],
    }
    _parsed(results.plan, target, json_files.parse(json.dumps(values, allow_nan=False)))
    target.parent.mkdir(parents=True, exist_ok=True)
    save_record(values, target, most_bytes(results.plan))
    return target


def load(plan: Plan | str, folder: str | PathLike[str] | None = None) -> PlanResults:
    """The stored `PlanResults`; RunError if the file is missing, damaged or of another plan.

    Nothing is built or trained: `run_plan` tells whether a reader's experiment has changed since.
    """
    plan = plan_named(plan)
    found = stored_part(plan, folder)
    if not found.is_whole:
        raise RunError(
            f"{path(plan, folder).name} was made by other settings than {plan.name!r} has now, and "
            f"holds {found.stored_words()}"
        )
    return in_order(plan, found.runs, found.linear)


@dataclass(frozen=True)
class StoredPart:
    """The runs of a plan that its file holds; is_whole: whether the file is of just this plan."""

    plan: Plan
    runs: tuple
    linear: tuple
    is_whole: bool

    def stored_words(self):
        """How many runs are stored, and the way to the others."""
        total = len(self.plan.runs) + len(self.plan.linear_fits)
        done = len(self.runs) + len(self.linear)
        return f"{done} of its {total} runs: run_plan keeps them and trains the others"


def stored_part(plan: Plan, folder: str | PathLike[str] | None = None) -> StoredPart:
    """The runs in a plan's file, for a plan that may have been extended by arms and seeds since.

    RunError if the file is missing or damaged, or holds runs that are none of this plan.
    """
    source = path(plan, folder)
    values = load_record(source, most_bytes(plan))
    if isinstance(values, dict) and values.get("plan_digest") == plan.digest:
        results = _parsed(plan, source, values)
        return StoredPart(plan, results.runs, results.linear, is_whole=True)
    try:
        found, linear = _rows(plan, source, values)
        more = {(run.config, run.seed) for run in found} - set(plan.runs)
        more |= {(fit.model, fit.seed) for fit in linear} - set(plan.linear_fits)
        if more:
            raise ValueError(f"{len(more)} of its runs are none of this plan")
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(
            f"{source.name} was made by other settings than {plan.name!r} has now ({error}): give "
            "the plan another name, or choose another folder"
        ) from None
    return StoredPart(plan, tuple(found), tuple(linear), is_whole=False)


def _parsed(plan, source, values):
    try:
        found, linear = _rows(plan, source, values)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError(f"{source.name} cannot be used: {error}; remove it and run again") from None
    return in_order(plan, found, linear)


def _rows(plan, source, values):
    """(runs, linear fits) in the values of a plan's file."""
    wanted = ["format", "plan", "plan_digest", "first_phases", "runs", "linear"]
    only_fields(source.name, values, wanted)
    if values["format"] != FORMAT:
        raise ValueError(f"its format is {shown(values['format'])}, and not {FORMAT}")
    first = values["first_phases"]
    found = [
        runs.result_from(run | {"dense": first[run["dense"]]}, _arm_of(plan, run))
        for run in values["runs"]
    ]
    return found, [LinearResult.from_dict(fit) for fit in values["linear"]]


def _arm_of(plan, run):
    """The `Arm` of this run; None for a run of the course's plans, which holds its own config."""
    return plan.arm(run["config"]["name"]) if plan.experiment is not None else None


def in_order(plan, results, linear):
    """`PlanResults` of all that the plan names, in its order; RunError if one is missing."""
    found = {(result.config, result.seed): result for result in results}
    fits = {(result.model, result.seed): result for result in linear}
    missing = [f"{arm.name} seed {seed}" for arm, seed in plan.runs if (arm, seed) not in found]
    missing += [f"{m} seed {seed}" for m, seed in plan.linear_fits if (m, seed) not in fits]
    if missing:
        raise RunError(f"{plan.name}: {len(missing)} runs are missing, the first is {missing[0]}")
    ordered = tuple(found[key] for key in plan.runs)
    return PlanResults(plan, ordered, tuple(fits[key] for key in plan.linear_fits))
