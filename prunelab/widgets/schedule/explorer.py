"""ScheduleExplorer: move a sparsity schedule and see what it will really do to a run."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING

import traitlets

from prunelab.base.checks import number, sparsity_fraction, whole
from prunelab.base.text import percent
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay, checked_schedule
from prunelab.widgets.schedule.state import (
    KNOBS,
    RUN,
    SCHEDULE,
    WHOLE_LIMITS,
    describe,
    moved_along,
    settle,
    tfmot_code,
)
from prunelab.widgets.shared.explorer import Checked, Explorer, one_module

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.schedules.flight import Preflight

ARTICLE = PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)
_AXES = ("steps", "epochs")


def _whole(name, default):
    low, high = WHOLE_LIMITS[name]
    return Checked(whole, default, at_least=low, at_most=high)


def _power(name, value):
    power = number(name, value, at_least=0, at_most=1000)
    return int(power) if power.is_integer() else power


def _axis(name, value):
    if value not in _AXES:
        raise ValueError(f"{name}={value!r}: the axis counts 'steps' or 'epochs'")
    return value


class ScheduleExplorer(Explorer):
    """Sliders for a PolynomialDecay and the run it meets, and one picture of the outcome.

    schedule: a PolynomialDecay to start from; or its fields as keywords (`end_step=1600`).
    n_samples, batch_size, epochs: the run; an epoch has ceil(n_samples / batch_size) steps.
    axis: "steps" or "epochs", what the lower axis counts.
    Each of these is also a trait: set it in a cell and the slider moves; move the slider and the
    trait follows. Where begin_step and end_step would cross, the one not moved goes along.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _module = "schedule/explorer.js"
    _esm = one_module(_module)
    page_title = "What will this sparsity schedule really do?"
    from_page = (*KNOBS, "axis", "notice")

    initial_sparsity = Checked(sparsity_fraction, ARTICLE.initial_sparsity)
    final_sparsity = Checked(sparsity_fraction, ARTICLE.final_sparsity)
    begin_step = _whole("begin_step", ARTICLE.begin_step)
    end_step = _whole("end_step", ARTICLE.end_step)
    power = Checked(_power, ARTICLE.power)
    frequency = _whole("frequency", ARTICLE.frequency)
    n_samples = _whole("n_samples", 8000)
    batch_size = _whole("batch_size", 1024)
    epochs = _whole("epochs", 200)
    axis = Checked(_axis, "steps")
    notice = traitlets.Unicode(help="what had to give way in the last change").tag(sync=True)

    def __init__(
        self,
        schedule: PolynomialDecay | PruningSchedule | None = None,
        *,
        n_samples: int = 8000,
        batch_size: int = 1024,
        epochs: int = 200,
        axis: str = "steps",
        **knobs: float,
    ) -> None:
        start = _starting_schedule(schedule, knobs)
        run = {"n_samples": n_samples, "batch_size": batch_size, "epochs": epochs}
        super().__init__(**asdict(start), **run, axis=axis)

    @property
    def schedule(self) -> PolynomialDecay:
        """The schedule as a PolynomialDecay; assign another one to move all six sliders."""
        return PolynomialDecay(**{name: getattr(self, name) for name in SCHEDULE})

    @schedule.setter
    def schedule(self, schedule: PolynomialDecay | PruningSchedule) -> None:
        self._apply(asdict(_checked_schedule(schedule)))

    @property
    def preflight(self) -> Preflight:
        """What the schedule will really do in this run: a `prunelab.schedules.Preflight`."""
        return preflight(self.schedule, **{name: getattr(self, name) for name in RUN})

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        return describe(self.preflight, self.epochs)

    @property
    def code(self) -> str:
        """The schedule in tfmot, ready to copy: it runs as it is."""
        return tfmot_code(self.schedule, self.batch_size, self.epochs)

    def make_it_fit(self) -> None:
        """Take `preflight.suggest()`: the nearest schedule that reaches its target in this run."""
        self.schedule = self.preflight.suggest()

    def facts(self) -> str:
        """The schedule, the run and the outcome, in one line."""
        flight = self.preflight
        updates = len(self.schedule.update_range(flight.total_steps))
        codes = ", ".join(finding.code for finding in flight.findings) or "none"
        knobs = ", ".join(f"{name}={getattr(self, name)!r}" for name in SCHEDULE)
        return (
            f"{knobs}; {flight.total_steps} steps, {updates} mask updates, "
            f"asked {percent(self.final_sparsity)}, "
            f"realised {percent(flight.realised_sparsity)}, findings: {codes}"
        )

    def draw(self, figure: Figure) -> None:
        """Draw the preflight on an empty matplotlib Figure."""
        from prunelab.figures.schedule import draw_schedule

        draw_schedule(figure.subplots(), self.preflight, axis=self.axis)

    def page_state(self) -> dict[str, Any]:
        """The nine knobs, the axis and the notice."""
        return {name: getattr(self, name) for name in (*KNOBS, "axis", "notice")}

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """The knobs made possible together, see `Guarded.taken`."""
        knobs = {name: getattr(self, name) for name in KNOBS}
        moved = {name: sent[name] for name in KNOBS if name in sent}
        settled, notice = settle(knobs, moved)
        others = {name: value for name, value in sent.items() if name not in KNOBS}
        state, mended = super().taken(others)
        state |= {name: settled[name] for name in KNOBS if settled[name] != knobs[name]}
        if notice:
            state["notice"] = notice
        mended |= {name for name in KNOBS if settled[name] != moved.get(name, knobs[name])}
        return state, mended | {"notice"} if mended else mended

    def _apply(self, knobs):
        with self.as_one(), self.hold_sync(), self.hold_trait_notifications():
            for name, value in knobs.items():
                setattr(self, name, value)
            self.notice = ""

    @traitlets.observe(*KNOBS)
    def _keep_order(self, change):
        """A knob set from a cell: the other end of the ramp goes along where they would cross."""
        if self._applying:
            return
        notice = ""
        if self.begin_step > self.end_step:
            taken = "begin_step" if change.name == "end_step" else "end_step"
            notice = moved_along(taken, change.new)
            with self.as_one():
                setattr(self, taken, change.new)
        self.notice = notice


def _checked_schedule(schedule):
    schedule = checked_schedule("schedule", schedule)
    if not isinstance(schedule, PolynomialDecay):
        raise TypeError(
            f"schedule is a {type(schedule).__name__}: "
            "write a prunelab.schedules PolynomialDecay; a constant sparsity has no ramp to explore"
        )
    return schedule


def _starting_schedule(schedule, knobs):
    """The schedule given, or the article's, with the fields in `knobs` replaced."""
    known = [field.name for field in fields(PolynomialDecay)]
    unknown = [name for name in knobs if name not in known]
    if unknown:
        raise TypeError(
            f"{unknown[0]} is not a setting of ScheduleExplorer; it takes schedule, "
            f"{', '.join((*SCHEDULE, *RUN))} and axis"
        )
    start = ARTICLE if schedule is None else _checked_schedule(schedule)
    return PolynomialDecay(**(asdict(start) | knobs))
