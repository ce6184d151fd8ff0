"""The knobs of a PolynomialDecay and its run, for the ScheduleExplorer and the TuningBench."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from prunelab.base.checks import shown, sparsity_fraction, whole
from prunelab.schedules.schedule import PolynomialDecay, checked_schedule
from prunelab.schedules.steering import checked_power
from prunelab.widgets.schedule.state import BOUNDS, MOVED_ALONG, SCHEDULE
from prunelab.widgets.shared.explorer import Checked, Knobs

if TYPE_CHECKING:
    from typing import Any

    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.schedules.flight import Preflight


def whole_knob(name, default, bounds=BOUNDS):
    """A trait for a whole number within its bounds."""
    low, high = bounds[name]
    return Checked(default, whole, at_least=low, at_most=high)


class RampKnobs(Knobs):
    """The knobs of a ramp; if begin_step and end_step would cross, the other one is moved too."""

    initial_sparsity = Checked(0.0, sparsity_fraction)
    final_sparsity = Checked(0.75, sparsity_fraction)
    begin_step = whole_knob("begin_step", 1000)
    end_step = whole_knob("end_step", 5000)
    power = Checked(3, checked_power)
    frequency = whole_knob("frequency", 100)
    batch_size = whole_knob("batch_size", 128)
    epochs = whole_knob("epochs", 200)

    @property
    def schedule(self) -> PolynomialDecay:
        """The schedule as a PolynomialDecay; assigning another one moves all six sliders."""
        return PolynomialDecay(**{name: getattr(self, name) for name in SCHEDULE})

    @schedule.setter
    def schedule(self, schedule: PolynomialDecay | PruningSchedule) -> None:
        self.assign(asdict(checked_ramp(schedule)))

    @property
    def preflight(self) -> Preflight:
        """What the schedule does in this run: a `prunelab.schedules.Preflight`."""
        raise NotImplementedError

    def make_it_fit(self) -> None:
        """Take `preflight.suggest()`: the nearest schedule that reaches its target in this run."""
        self.schedule = self.preflight.suggest()

    def follow(self, change: Any) -> tuple[dict[str, Any], str]:
        """Move the other end of the ramp too if the ends would cross; see `Knobs.follow`."""
        if self.begin_step <= self.end_step:
            return {}, ""
        taken = "begin_step" if change.name == "end_step" else "end_step"
        return {taken: change.new}, MOVED_ALONG.format(name=taken, value=change.new)


def checked_ramp(schedule):
    """`schedule` as a PolynomialDecay; TypeError in one sentence for anything else."""
    schedule = checked_schedule("schedule", schedule)
    if not isinstance(schedule, PolynomialDecay):
        raise TypeError(
            f"schedule={shown(schedule)}: "
            "write a prunelab.schedules PolynomialDecay; a constant sparsity has no ramp to steer"
        )
    return schedule


def ramp_with(schedule, knobs):
    """The PolynomialDecay `schedule` with those of its fields that are in `knobs` replaced."""
    given = {name: knobs[name] for name in SCHEDULE if name in knobs}
    return PolynomialDecay(**(asdict(checked_ramp(schedule)) | given))
