"""The knobs of a TuningBench as traits: setting one in a cell moves its slider, and back."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from prunelab.base.checks import number, whole
from prunelab.live.protocol import kernels_of, layers_of, scopes_of
from prunelab.live.settings import GLOBAL, LAYER, checked_scope
from prunelab.widgets.bench.state import (
    BOUNDS,
    CHOICES,
    KNOBS,
    LEAST_LEARNING_RATE,
    MOST_LEARNING_RATE,
    checked_layers,
    flight_of,
    knobs_of,
    rows_of,
    settings_of,
    settle,
    starting_schedule,
)
from prunelab.widgets.schedule.knobs import RampKnobs, ramp_with, whole_knob
from prunelab.widgets.schedule.state import SCHEDULE
from prunelab.widgets.shared.explorer import Checked

if TYPE_CHECKING:
    from typing import Any

    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.live.protocol import Kernels
    from prunelab.live.settings import TrainingSettings
    from prunelab.schedules.flight import Preflight
    from prunelab.schedules.schedule import PolynomialDecay


class TuningKnobs(RampKnobs):
    """Fourteen consistent knobs, and what they mean for the given data.

    n_samples: rows to train on. sizes: the weights of each layer that can be pruned, by name.
    """

    knob_names = (*KNOBS, *CHOICES)
    sizes: dict[str, int] = {}  # noqa: RUF012  until `begin_with` knows them
    scopes: tuple[str, ...] = (LAYER,)

    learning_rate = Checked(1e-3, number, at_least=LEAST_LEARNING_RATE, at_most=MOST_LEARNING_RATE)
    block_rows = whole_knob("block_rows", 1, BOUNDS)
    block_columns = whole_knob("block_columns", 1, BOUNDS)
    seed = whole_knob("seed", 0, BOUNDS)
    layers = Checked(())
    scope = Checked(LAYER)

    def begin_with(
        self,
        train: object,
        data: object,
        schedule: PolynomialDecay | PruningSchedule | None,
        knobs: dict[str, Any],
    ) -> None:
        """Set the data, the network's layers and the starting values; called once, first."""
        self.n_samples = rows_of(data)
        self.sizes = layers_of(train, data)
        self._asked, self.scopes = (train, data), scopes_of(train)
        unknown = [name for name in knobs if name not in (*KNOBS, *CHOICES)]
        if unknown:
            raise TypeError(
                f"{unknown[0]} is not a setting of TuningBench; it takes train, data, baseline, "
                f"folder, metric, schedule, {', '.join((*KNOBS, *CHOICES))}"
            )
        rate = getattr(train, "learning_rate", None)
        if isinstance(rate, float):  # the rate the reader's own model was compiled with
            rate = min(max(rate, LEAST_LEARNING_RATE), MOST_LEARNING_RATE)
            knobs = {"learning_rate": rate} | knobs
        start = self.knobs | {k: v for k, v in knobs.items() if k not in SCHEDULE}
        if schedule is None:
            run = (whole(n, start[n], at_least=1) for n in ("batch_size", "epochs"))
            schedule = starting_schedule(self.n_samples, *run)
        self.assign(start | asdict(ramp_with(schedule, knobs)))

    @property
    def knobs(self) -> dict[str, float]:
        """All knobs but the layers, as a dict."""
        return {name: getattr(self, name) for name in KNOBS}

    @property
    def settings(self) -> TrainingSettings:
        """The `TrainingSettings` of the next run; assigning other settings moves every knob."""
        return settings_of(self.knobs, self.layers, self.scope)

    @settings.setter
    def settings(self, settings: TrainingSettings) -> None:
        chosen = {name: getattr(settings, name) for name in CHOICES}
        self.assign(knobs_of(settings) | chosen)

    @property
    def pruned_sizes(self) -> dict[str, int]:
        """{kernel: weights} of the kernels the next run prunes; empty if `train` does not tell."""
        return self._sizes_of(self.settings)

    @property
    def kernels(self) -> Kernels | None:
        """What the next run prunes and what stays dense: `live.protocol.Kernels`.

        None if `train` does not tell, or if the settings do not fit; `unfit` says why.
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
        """{kernel: weights} of the kernels that a run with these settings prunes."""
        kernels, _ = self._kernels_of(settings)
        return {name: size for name, (size, _) in kernels.pruned.items()} if kernels else {}

    @property
    def preflight(self) -> Preflight:
        """What the schedule does in this run: a `prunelab.schedules.Preflight`."""
        whole_weights = (self.block_rows, self.block_columns) == (1, 1)
        sizes = self.pruned_sizes.values() if whole_weights else ()
        if self.scope == GLOBAL and sizes:
            sizes = (sum(sizes),)
        return flight_of(self.knobs, self.n_samples, sizes)

    @property
    def promise(self) -> int | None:
        """How many weights are left according to preflight; None if the sizes are not known."""
        kernels = self.kernels
        return None if kernels is None else kernels.n_weights - kernels.zeros(self.preflight)

    def clean(self, name: str, value: Any) -> Any:
        """A checked value; layer names in the network's order; see `Knobs.clean`."""
        if name == "scope":
            return checked_scope(name, value, self.scopes)
        return checked_layers(name, value, list(self.sizes))

    @property
    def layer_words(self) -> dict[str, str]:
        """What each layer that can be pruned means in weights: how many, their share, what is left.

        The share is of all kernels of the network. What is left at the end of the next run is known
        for scope "layer".
        """
        kernels, flight = self.kernels, self.preflight
        total = sum(self.sizes.values()) if kernels is None else kernels.n_weights
        said = {}
        for name, size in self.sizes.items():
            said[name] = f"{size:,} weights, {100 * size / total:.3g} %"
            if kernels is None or kernels.together:
                continue
            own = kernels.of_layer(name)
            if own.pruned:
                said[name] += f", {own.n_weights - own.zeros(flight):,} left"
        return said

    def move(self, name: str, value: object) -> None:
        """Handle a moved control: an impossible value is adjusted, never an error."""
        self.assign(*settle(self.knobs, {name: value}))
