"""What is wrong with a schedule for a run of so many steps, one finding a trap."""

import math
from dataclasses import dataclass

import numpy as np

from prunelab.magnitude import count_kept
from prunelab.schedules import PolynomialDecay

# Below this many updates a ramp is a few large jumps, and the network gets no time between them.
HANDFUL = 5
# A tensor so small that rounding to whole weights moves it further than this is worth a word.
MOST_ROUNDED_OFF = 0.01


@dataclass(frozen=True)
class Finding:
    """One thing amiss: a stable `code`, what will happen (`message`), and a way out (`fix`)."""

    code: str
    message: str
    fix: str

    def __str__(self):
        return f"{self.message} {self.fix}"


def percent(sparsity):
    """A sparsity in [0, 1] in words, with two digits: 0.28940625 → '28.94 %'."""
    # Halves are rounded up explicitly, so that the explorer's JavaScript writes the same digits.
    return f"{math.floor(sparsity * 1e4 + 0.5) / 100:.2f} %"


def run_findings(run):
    """What is wrong with the run itself: a dict of n_samples, batch_size, epochs, or of Nones."""
    if run["batch_size"] and run["batch_size"] > run["n_samples"]:
        yield Finding(
            "batch_larger_than_data",
            f"A batch of {run['batch_size']} is larger than the {run['n_samples']} samples, "
            "so an epoch is one step.",
            f"Lower batch_size to {run['n_samples']} or less.",
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
        )
    if (end - begin) % frequency:
        yield Finding(
            "off_grid",
            f"frequency={frequency} does not divide the {end - begin} steps of the ramp, "
            f"so no update falls on end_step={end}.",
            "Choose end_step as begin_step plus a multiple of frequency.",
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


def _why_never(schedule, total_steps):
    """Message and fix for a run without a single mask update."""
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
