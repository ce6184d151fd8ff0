"""The knobs of a TuningBench as traits: set one in a cell and its slider moves, and back."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING

import traitlets

from prunelab.base.checks import number, shown, sparsity_fraction, whole
from prunelab.live.protocol import kernels_of, layers_of
from prunelab.schedules.schedule import PolynomialDecay, checked_schedule
from prunelab.widgets.bench.state import (
    KNOBS,
    LEAST_LEARNING_RATE,
    MOST_LEARNING_RATE,
    checked_layers,
    checked_learning_rate,
    flight_of,
    knobs_of,
    rows_of,
    settings_of,
    settle,
    starting_schedule,
)
from prunelab.widgets.bench.state import WHOLE_LIMITS as OTHER_LIMITS
from prunelab.widgets.schedule.state import SCHEDULE, WHOLE_LIMITS, moved_along
from prunelab.widgets.shared.explorer import Checked

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.live.protocol import Kernels
    from prunelab.live.settings import TrainingSettings
    from prunelab.schedules.flight import Preflight


def _whole(name, default):
    low, high = (WHOLE_LIMITS | OTHER_LIMITS)[name]
    return _private(whole, default, at_least=low, at_most=high)


def _private(check, default, **limits):
    """A checked trait that stays in Python: the controls show it, the panel does not send it."""
    return Checked(check, default, **limits).tag(sync=False)


def _power(name, value):
    power = number(name, value, at_least=0, at_most=1000)
    return int(power) if power.is_integer() else power


class _Layers(traitlets.TraitType):
    """Names of layers; what is possible hangs on the training function."""

    def validate(self, obj, value):
        """The names in the network's order; raises the TypeError or ValueError of the check."""
        return checked_layers(self.name, value, list(obj.sizes))


class TuningKnobs(traitlets.HasTraits):
    """Thirteen knobs that agree with each other, and what they mean for the data at hand.

    n_samples: rows to train on. sizes: the weights of each layer that can be pruned, by name.
    """

    initial_sparsity = _private(sparsity_fraction, 0.0)
    final_sparsity = _private(sparsity_fraction, 0.75)
    begin_step = _whole("begin_step", 400)
    end_step = _whole("end_step", 1200)
    power = _private(_power, 3)
    frequency = _whole("frequency", 100)
    epochs = _whole("epochs", 200)
    batch_size = _whole("batch_size", 128)
    learning_rate = _private(checked_learning_rate, 1e-3)
    block_rows = _whole("block_rows", 1)
    block_columns = _whole("block_columns", 1)
    seed = _whole("seed", 0)
    layers = _Layers(())
    notice = traitlets.Unicode(help="what had to give way in the last change")

    _as_one = False  # True while several knobs change as one

    def begin_with(
        self,
        train: object,
        data: object,
        schedule: PolynomialDecay | PruningSchedule | None,
        knobs: dict[str, Any],
    ) -> None:
        """Take the data, the network's layers and the starting values; called once, first."""
        self.n_samples = rows_of(data)
        self.sizes = layers_of(train, data)
        self._asked = train, data
        unknown = [name for name in knobs if name not in (*KNOBS, "layers")]
        if unknown:
            raise TypeError(
                f"{unknown[0]} is not a setting of TuningBench; it takes train, data, baseline, "
                f"folder, schedule, {', '.join((*KNOBS, 'layers'))}"
            )
        rate = getattr(train, "learning_rate", None)
        if isinstance(rate, float):  # of the reader's own model, as it was compiled
            rate = min(max(rate, LEAST_LEARNING_RATE), MOST_LEARNING_RATE)
            knobs = {"learning_rate": rate} | knobs
        start = self.knobs | {k: v for k, v in knobs.items() if k not in SCHEDULE}
        if schedule is None:
            run = (whole(n, start[n], at_least=1) for n in ("batch_size", "epochs"))
            schedule = starting_schedule(self.n_samples, *run)
        given = {name: knobs[name] for name in SCHEDULE if name in knobs}
        self.assign(asdict(PolynomialDecay(**(asdict(_ramp(schedule)) | given))) | start_of(start))

    @property
    def knobs(self) -> dict[str, float]:
        """All knobs but the layers, as a dict."""
        return {name: getattr(self, name) for name in KNOBS}

    @property
    def schedule(self) -> PolynomialDecay:
        """The schedule as a PolynomialDecay; assign another one to move all six sliders."""
        return PolynomialDecay(**{name: getattr(self, name) for name in SCHEDULE})

    @schedule.setter
    def schedule(self, schedule: PolynomialDecay | PruningSchedule) -> None:
        self.assign(asdict(_ramp(schedule)))

    @property
    def settings(self) -> TrainingSettings:
        """The `TrainingSettings` of the next run; assign others to move every knob."""
        return settings_of(self.knobs, self.layers)

    @settings.setter
    def settings(self, settings: TrainingSettings) -> None:
        self.assign(knobs_of(settings) | {"layers": settings.layers})

    @property
    def pruned_sizes(self) -> dict[str, int]:
        """The weights of each kernel that the next run prunes; empty where nobody knows."""
        return self._sizes_of(self.settings)

    @property
    def kernels(self) -> Kernels | None:
        """What the next run prunes and what stays dense: `live_training.Kernels`.

        None where nobody knows, or the settings do not fit; `unfit` says why.
        """
        return self._kernels_of(self.settings)[0]

    @property
    def unfit(self) -> str:
        """Why the settings do not fit the network, in one sentence; else empty."""
        return self._kernels_of(self.settings)[1]

    def _kernels_of(self, settings):
        train, data = self._asked
        try:
            return kernels_of(train, settings, data), ""
        except ValueError as error:
            return None, str(error)

    def _sizes_of(self, settings):
        """The weights of each kernel that a run with these settings prunes."""
        kernels, _ = self._kernels_of(settings)
        return {name: size for name, (size, _) in kernels.pruned.items()} if kernels else {}

    @property
    def preflight(self) -> Preflight:
        """What the schedule will really do: a `prunelab.schedules.Preflight`."""
        whole_weights = (self.block_rows, self.block_columns) == (1, 1)
        sizes = self.pruned_sizes.values() if whole_weights else ()
        return flight_of(self.knobs, self.n_samples, sizes)

    @property
    def promise(self) -> int | None:
        """How many weights the preflight says are left; None where the sizes are not known."""
        kernels = self.kernels
        return None if kernels is None else kernels.n_weights - kernels.zeros(self.preflight)

    def make_it_fit(self) -> None:
        """Take `preflight.suggest()`: the nearest schedule that reaches its target in this run."""
        self.schedule = self.preflight.suggest()

    def move(self, name: str, value: object) -> None:
        """A control was moved: what cannot be is made possible, never raised."""
        settled, notice = settle(self.knobs, {name: value})
        self.assign(settled, notice)

    def assign(self, values: Mapping[str, Any], notice: str = "") -> None:
        """Set several knobs as one change."""
        with self._together(), self.hold_trait_notifications():
            for name, value in values.items():
                setattr(self, name, value)
            self.notice = notice
        self.knobs_changed()

    def knobs_changed(self) -> None:
        """Called once after each change; the panel shows it."""

    @contextmanager
    def _together(self):
        before, self._as_one = self._as_one, True
        try:
            yield
        finally:
            self._as_one = before

    @traitlets.observe(*KNOBS, "layers")
    def _keep_order(self, change):
        """A knob set from a cell: the other end of the ramp goes along where they would cross."""
        if self._as_one:
            return
        notice = ""
        if self.begin_step > self.end_step:
            taken = "begin_step" if change.name == "end_step" else "end_step"
            notice = moved_along(taken, change.new)
            with self._together():
                setattr(self, taken, change.new)
        self.notice = notice
        self.knobs_changed()


def start_of(values):
    """The knobs that are not the schedule's."""
    return {name: value for name, value in values.items() if name not in SCHEDULE}


def _ramp(schedule):
    schedule = checked_schedule("schedule", schedule)
    if not isinstance(schedule, PolynomialDecay):
        raise TypeError(
            f"schedule={shown(schedule)}: "
            "write a prunelab.schedules PolynomialDecay; a constant sparsity has no ramp to steer"
        )
    return schedule
