"""Changes to a schedule during a run, and the schedule that follows from them."""

import math
from dataclasses import dataclass, fields, replace

from prunelab.base.checks import number, sparsity_fraction, whole
from prunelab.base.json_files import only_fields
from prunelab.base.text import percent
from prunelab.schedules.schedule import ConstantSparsity

STEERED = ("final_sparsity", "end_step", "power")


@dataclass(frozen=True)
class Steering:
    """A change to the schedule during a run; None leaves a value unchanged.

    step: the training steps done when the change took effect; later mask updates follow it.
    final_sparsity (for a ConstantSparsity its target), end_step, power: the new values.
    """

    step: int
    final_sparsity: float | None = None
    end_step: int | None = None
    power: float | None = None

    def __post_init__(self):
        cleaned = {"step": whole("step", self.step)} | _changes(self.changes)
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)
        if not self.changes:
            raise ValueError(
                "a steering that changes nothing: write final_sparsity, end_step or power"
            )

    @property
    def changes(self):
        """The changed values, a dict by field name."""
        values = {name: getattr(self, name) for name in STEERED}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values):
        """The steering that `dataclasses.asdict` wrote."""
        only_fields("steering", values, [field.name for field in fields(cls)])
        return cls(**values)


def steered(schedule, steering):
    """The schedule that applies from `steering.step` on, once `steering` is applied.

    The sparsity never falls: the new ramp begins at the sparsity of the last mask update of the old
    grid, and keeps that grid. The rest of a polynomial decay is again a polynomial decay, so
    steering to the values that a ramp already has changes nothing.
    Raises ValueError, in one sentence, if the end is already past or the final sparsity is below
    the sparsity already reached.
    """
    step, changes = steering.step, dict(steering.changes)
    if isinstance(schedule, ConstantSparsity):
        return _steered_constant(schedule, step, changes)
    cut = sparsity_at(schedule, step)
    ahead = replace(schedule, **_not_before_begin(schedule, changes))
    _refuse_growing_back(ahead.final_sparsity, cut, step)
    first = schedule.begin_step or schedule.frequency
    behind, least = None, max(first, schedule.begin_step + 1)  # a ramp needs some length
    if step >= first:
        behind = step - (step - schedule.begin_step) % schedule.frequency
        least = behind + schedule.frequency
    if ahead.end_step < least:
        _refuse_late(ahead, step, least, "end_step" in changes)
    if behind is not None:
        ahead = replace(ahead, initial_sparsity=cut, begin_step=behind)
    if not ahead.power:
        raise ValueError(
            "power=0: the sparsity would stay where it is; write 1 for a straight ramp"
        )
    return ahead


def replayed(schedule, steerings):
    """The schedules with their first steps: [(0, `schedule`), (step of the first steering, …), …].

    ValueError, as in `steered`, for steerings that cannot have been applied in this order.
    """
    segments = [(0, schedule)]
    for steering in steerings:
        segments.append((steering.step, steered(segments[-1][1], steering)))
    return segments


def sparsity_at(schedule, step):
    """The sparsity that the masks hold once `step` steps are done (float; 0.0 before the first)."""
    updates = schedule.update_range(step)
    return float(schedule.sparsity(updates[-1])) if updates else 0.0


def _steered_constant(schedule, step, changes):
    if "power" in changes:
        raise ValueError(
            f"power={changes['power']}: a ConstantSparsity has no ramp; "
            "steer final_sparsity or end_step"
        )
    changes["target_sparsity"] = changes.pop("final_sparsity", schedule.target_sparsity)
    ahead = replace(schedule, **_not_before_begin(schedule, changes))
    _refuse_growing_back(ahead.target_sparsity, sparsity_at(schedule, step), step)
    first = schedule.begin_step or schedule.frequency
    if step >= first:
        first = step - (step - schedule.begin_step) % schedule.frequency + schedule.frequency
    if 0 <= ahead.end_step < first:
        _refuse_late(ahead, step, first, "end_step" in changes)
    return ahead


def _not_before_begin(schedule, changes):
    end = changes.get("end_step", schedule.end_step)
    if 0 <= end < schedule.begin_step:
        raise ValueError(
            f"end_step={end}: the schedule begins at step {schedule.begin_step}; write a later step"
        )
    return changes


def _refuse_growing_back(final_sparsity, cut, step):
    if final_sparsity < cut:
        least = math.ceil(cut * 1e4) / 1e4
        raise ValueError(
            f"final_sparsity={final_sparsity:g}: at step {step} {percent(cut)} are cut already, "
            f"and weights do not grow back; write {min(least, 0.9999):g} or more"
        )


def _refuse_late(ahead, step, first, said):
    remedy = f"write {first} or more" if said else f"steer end_step too, to {first} or more"
    raise ValueError(
        f"end_step={ahead.end_step}: the run is at step {step}, and no mask update lies between "
        f"them; {remedy}"
    )


def _changes(values):
    """The steered values given, each checked."""
    checks = {
        "final_sparsity": sparsity_fraction,
        "end_step": lambda name, value: whole(name, value, at_least=-1),
        "power": checked_power,
    }
    return {name: checks[name](name, value) for name, value in values.items()}


def checked_power(name, value):
    """A power as an int where it is whole, else as a float; ValueError for an impossible one."""
    power = number(name, value, at_least=0, at_most=1000)
    return int(power) if power.is_integer() else power
