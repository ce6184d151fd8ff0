"""ScheduleExplorer: move a sparsity schedule and see what it does in a run."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import traitlets

from prunelab.base.text import percent
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay
from prunelab.widgets.schedule.knobs import RampKnobs, ramp_with, whole_knob
from prunelab.widgets.schedule.state import (
    KNOBS,
    PAGE_DATA,
    RUN,
    SCHEDULE,
    describe,
    settle,
    tfmot_code,
)
from prunelab.widgets.shared.explorer import Checked, Explorer

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.schedules.flight import Preflight

ARTICLE = PolynomialDecay(0.0, 0.75, begin_step=1000, end_step=5000)
_AXES = ("steps", "epochs")


def _axis(name, value):
    if value not in _AXES:
        raise ValueError(f"{name}={value!r}: the axis counts 'steps' or 'epochs'")
    return value


class ScheduleExplorer(RampKnobs, Explorer):
    """Sliders for a PolynomialDecay and its run, and one picture of the result.

    schedule: a PolynomialDecay to start from; or its fields as keywords (`end_step=1600`).
    n_samples, batch_size, epochs: the run; an epoch has ceil(n_samples / batch_size) steps.
    axis: "steps" or "epochs", the unit of the lower axis.
    Each of these is also a trait: setting it in a cell moves the slider, and moving the slider sets
    the trait. If begin_step and end_step would cross, the one that was not moved is moved too.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _folder = "schedule"
    page_title = "What will this sparsity schedule really do?"
    knob_names = settled_names = KNOBS
    from_page = (*KNOBS, "axis", "notice")

    n_samples = whole_knob("n_samples", 8000)
    axis = Checked("steps", _axis)
    data = traitlets.Dict(PAGE_DATA, help="the bounds of the knobs; sent once").tag(sync=True)

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
        unknown = [name for name in knobs if name not in SCHEDULE]
        if unknown:
            raise TypeError(
                f"{unknown[0]} is not a setting of ScheduleExplorer; it takes schedule, "
                f"{', '.join(KNOBS)} and axis"
            )
        start = ramp_with(ARTICLE if schedule is None else schedule, knobs)
        run = {"n_samples": n_samples, "batch_size": batch_size, "epochs": epochs}
        super().__init__(**asdict(start), **run, axis=axis)

    @property
    def preflight(self) -> Preflight:
        """What the schedule does in this run: a `prunelab.schedules.Preflight`."""
        return preflight(self.schedule, **{name: getattr(self, name) for name in RUN})

    @property
    def caption(self) -> str:
        """What the picture shows, in words."""
        return describe(self.preflight, self.epochs)

    @property
    def code(self) -> str:
        """The schedule as code for tfmot, which runs without changes."""
        return tfmot_code(self.schedule, self.batch_size, self.epochs)

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

    def settle(self, moved: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """The nine knobs adjusted to possible values, see `Knobs.settle`."""
        return settle(self.plain_state, moved)
