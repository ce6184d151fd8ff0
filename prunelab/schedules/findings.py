"""Findings: what is wrong with a schedule in a run of a given length."""

from dataclasses import dataclass, replace

import numpy as np

from prunelab.base.text import percent
from prunelab.masks.magnitude import count_kept
from prunelab.schedules.schedule import LARGEST_STEP, PolynomialDecay

# With fewer updates a ramp is a few large jumps, and the network cannot recover between them.
HANDFUL = 5
# A tensor is reported if rounding to whole weights moves its sparsity further than this.
MOST_ROUNDED_OFF = 0.01
# A schedule that ends this near to its target is not reported.
NEAR = 1e-3
# In shorter epochs, a ramp within the first epoch is not taken for one in units of epochs.
LEAST_STEPS_PER_EPOCH = 20
LEAST_OF_SAMPLES = 10  # an end_step in samples is one only if it lies past a tenth of the training
# If the length of an epoch is unknown: a ramp that ends this early in the run is questioned.
FEW_STEPS, SHARE = 20, 50

PROBLEM, HINT = "problem", "hint"


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: a stable `code`, what will happen (`message`), what to do (`fix`).

    severity: "problem", or "hint" if the schedule still does what it says.
    """

    code: str
    message: str
    fix: str
    severity: str = PROBLEM

    @property
    def is_problem(self) -> bool:
        """Whether the schedule will not do what it says."""
        return self.severity == PROBLEM

    def __str__(self) -> str:
        return f"{self.message} {self.fix}"


@dataclass(frozen=True)
class Run:
    """The known facts of a run: total steps, training rows, rows per step, steps per epoch.

    all_samples: the rows before the validation split.
    """

    total_steps: int
    n_samples: int | None = None
    batch_size: int | None = None
    steps_per_epoch: int | None = None
    all_samples: int | None = None


def run_findings(run):
    """What is wrong with the `Run` itself."""
    if run.batch_size and run.n_samples and run.batch_size > run.n_samples:
        yield Finding(
            "batch_larger_than_data",
            f"A batch of {run.batch_size} is larger than the {run.n_samples} samples, "
            "so an epoch is one step.",
            f"Lower batch_size to {run.n_samples} or less.",
        )


def in_epochs(schedule, run):
    """Whether the numbers of `schedule` look like epochs of the `Run`, written as steps."""
    begin, end, total = schedule.begin_step, schedule.end_step, run.total_steps
    per_epoch = run.steps_per_epoch
    last = end
    if not isinstance(schedule, PolynomialDecay):
        if begin < 2 or not per_epoch:  # step 0 or 1: cuts before any training
            return False
        last = max(begin, end)
    elif begin == end:
        return False
    if not per_epoch:
        return last <= FEW_STEPS and last * SHARE <= total
    return last < per_epoch >= LEAST_STEPS_PER_EPOCH and last * per_epoch <= total


def samples_of_unit(schedule, run):
    """The number of samples of which the `end_step` seems to be a multiple, or None.

    Read as samples, the ramp must take a tenth of the training at least: 2,000 steps after 1,600 of
    them, 200 epochs of 1,000 samples, are a ramp that ends late, not one of two epochs.
    """
    if not run.steps_per_epoch or run.steps_per_epoch < 2 or schedule.end_step <= run.total_steps:
        return None
    for n in (run.n_samples, run.all_samples):
        if n and n >= 100 and run.steps_per_epoch < n and schedule.end_step % n == 0:
            meant = schedule.end_step // n * run.steps_per_epoch
            if meant * LEAST_OF_SAMPLES >= run.total_steps:
                return n
    return None


def meant(schedule, run):
    """`schedule` converted to steps if its numbers look like epochs or samples, else unchanged.

    If the steps per epoch are unknown, it is unchanged.
    """
    per_epoch = run.steps_per_epoch
    if per_epoch and in_epochs(schedule, run):
        unit, of = per_epoch, 1
    elif samples := samples_of_unit(schedule, run):
        unit, of = per_epoch, samples
    else:
        return schedule
    begin, end = (
        step if step < 0 else min(step * unit // of, LARGEST_STEP)
        for step in (schedule.begin_step, schedule.end_step)
    )
    return replace(schedule, begin_step=begin, end_step=end)


def unit_findings(schedule, run):
    """Findings on numbers that look like epochs or samples instead of steps."""
    if in_epochs(schedule, run):
        yield _are_these_epochs(schedule, run)
    elif samples := samples_of_unit(schedule, run):
        times = schedule.end_step // samples
        yield Finding(
            "samples_as_steps",
            f"end_step={schedule.end_step} is {times} times the {samples} samples, and a "
            "step is a whole batch: are these samples?",
            f"If so, write end_step={times * run.steps_per_epoch}, {times} × "
            f"{run.steps_per_epoch} steps an epoch.",
        )


def _are_these_epochs(schedule, run):
    total, per_epoch = run.total_steps, run.steps_per_epoch
    is_ramp = isinstance(schedule, PolynomialDecay)
    at = schedule.end_step if is_ramp else schedule.begin_step
    what = f"The ramp is over after {at}" if is_ramp else f"All is cut at step {at}"
    where = ", in the first epoch" if per_epoch else ""
    if per_epoch:
        name = "end_step" if is_ramp else "begin_step"
        fix = f"If so, write steps: {name}={at * per_epoch} is {at} × {per_epoch} steps an epoch."
    else:
        fix = "If so, multiply them by the steps of an epoch; steps_per_epoch tells it here."
    return Finding(
        "epochs_as_steps",
        f"{what} of {total} steps{where}: are these epochs?",
        fix,
        PROBLEM if is_ramp and per_epoch else HINT,
    )


def schedule_findings(schedule, total_steps, sizes):
    """What goes wrong with `schedule` in `total_steps` on tensors of these `sizes`."""
    updates = schedule.update_range(total_steps)
    if not updates and not _divides_by_zero(schedule):
        yield Finding("never_updates", *_why_never(schedule, total_steps))
    if isinstance(schedule, PolynomialDecay):
        yield from _ramp_findings(schedule, total_steps, updates)
    target = np.float32(schedule.final_sparsity)
    for size in sizes:
        held = 1 - count_kept(size, target) / size
        if abs(held - schedule.final_sparsity) > MOST_ROUNDED_OFF:
            yield Finding(
                "unreachable_target",
                f"A tensor of {size} weights cannot hold {percent(schedule.final_sparsity)} zeros: "
                f"whole weights go and one always stays, so it ends at {percent(held)}.",
                "Leave that tensor unpruned or change the target.",
            )


def _divides_by_zero(schedule):
    same = schedule.begin_step == schedule.end_step
    return isinstance(schedule, PolynomialDecay) and same and schedule.begin_step > 0


def _ramp_findings(schedule, total_steps, updates):
    begin, end, frequency = schedule.begin_step, schedule.end_step, schedule.frequency
    near = bool(updates) and _is_near(schedule, updates[-1])
    if begin == end:
        yield Finding(
            "begin_equals_end",
            f"begin_step and end_step are both {begin}: the ramp has no length"
            + (", and tfmot stops with an error at that step." if begin else "."),
            "Raise end_step, or use ConstantSparsity for a single cut.",
        )
    if end > total_steps:
        yield Finding(
            "ends_after_training",
            f"The schedule ends at step {end}, the run at step {total_steps}.",
            f"Lower end_step to {total_steps} or less, or train longer.",
            HINT if near else PROBLEM,
        )
    if (end - begin) % frequency:
        fix = "Choose end_step as begin_step plus a multiple of frequency"
        yield Finding(
            "off_grid",
            f"frequency={frequency} does not divide the {end - begin} steps of the ramp, "
            f"so no update falls on end_step={end}.",
            f"It ends close to its target all the same. {fix} to meet it." if near else f"{fix}.",
            HINT if near else PROBLEM,
        )
    if schedule.power == 0:
        yield Finding(
            "power_zero",
            "With power=0 the sparsity stays at initial_sparsity for ever.",
            "Write power=1 for a straight ramp or 3 for tfmot's default.",
        )
    if schedule.initial_sparsity > schedule.final_sparsity:
        yield Finding(
            "initial_above_final",
            f"The sparsity falls from {percent(schedule.initial_sparsity)} to "
            f"{percent(schedule.final_sparsity)}: pruned weights would come back.",
            "Lower initial_sparsity to final_sparsity or less.",
        )
    if 0 < len(updates) < HANDFUL:
        count = "once" if len(updates) == 1 else f"{len(updates)} times"
        yield Finding(
            "few_updates",
            f"The masks are updated only {count}, in large jumps.",
            "Lower frequency, or make the ramp longer.",
        )


def _is_near(schedule, step):
    return abs(float(schedule.sparsity(step)) - schedule.final_sparsity) <= NEAR


def _why_never(schedule, total_steps):
    """Message and fix for a run without any mask update."""
    message = f"The masks are never updated in {total_steps} steps, so nothing is pruned: "
    if schedule.begin_step > total_steps:
        return message + f"begin_step is {schedule.begin_step}.", "Begin earlier or train longer."
    if schedule.begin_step == schedule.end_step:
        return message + "step 0 never happens.", "Raise end_step."
    first = f"from begin_step=0 the first update is at step {schedule.frequency}."
    # A ramp's update at step 1 would be its only one, and cut nothing.
    if isinstance(schedule, PolynomialDecay):
        return message + first, "Lower frequency."
    return message + first, "Lower frequency, or write begin_step=1."
