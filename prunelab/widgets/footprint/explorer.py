"""FootprintExplorer: the bytes and milliseconds of a network, stored or measured here."""

from __future__ import annotations

import textwrap
from contextlib import suppress
from typing import TYPE_CHECKING

import traitlets

from prunelab.base.checks import shown
from prunelab.footprint.store import load
from prunelab.widgets.footprint.data import choices, gather
from prunelab.widgets.footprint.measure_here import IDLE, MeasuresHere, network_here
from prunelab.widgets.footprint.state import KINDS, STATE, Rows, checked, rows, settled
from prunelab.widgets.footprint.words import (
    describe,
    headline,
    label_of,
    not_measured,
    problem_lines,
    share,
    threads_text,
)
from prunelab.widgets.shared.explorer import Checked, Explorer

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike
    from tf_keras import Model

    from prunelab.footprint.measurement import Measurement
    from prunelab.masks.network import Network


WIDEST_TITLE = 40  # letters in a row, over one of two panels


def draw_still(figure, measured, choices, state):
    """Draw the bars of bytes and of milliseconds on an empty Figure."""
    from prunelab.figures.footprint import draw_bytes, draw_milliseconds

    kinds = [kind for kind, name in KINDS.items() if state[name]]
    figure.suptitle(
        headline(measured, choices, state), x=0.01, ha="left", fontsize=12, color="#333333"
    )
    pattern = f"{label_of(choices, 'pattern', state['pattern'])} at {share(state['sparsity'])}"
    titles = {
        "sizes": pattern,
        "times": f"{pattern}, batch {state['batch']}, {threads_text(state['threads'])}",
    }
    draws = {"sizes": draw_bytes, "times": draw_milliseconds}
    axes = figure.subplots(1, len(kinds), squeeze=False)[0] if kinds else ()
    for ax, kind in zip(axes, kinds, strict=True):
        found = rows(measured, choices, kind, state)
        bars = {label_of(choices, KINDS[kind], row["what"]): row for row in found}
        dense = next((row["dense"] for row in found if row["dense"]), None)
        title = textwrap.fill(titles[kind], WIDEST_TITLE)
        draws[kind](ax, bars, dense=dense, title=title)
    where = f"measured {measured.data['created']} on {measured.data['machine'].split(';')[0]}"
    figure.supxlabel(where, fontsize=8, color="#666666", x=0.01, ha="left")


def defaults(found):
    """The starting state: the usual choices if they were measured, else the first ones."""
    usual = {"pattern": "unstructured", "format": "gzip", "runtime": "litert_xnnpack"}
    start = {}
    for name, wanted in usual.items():
        known = [each["name"] for each in found[f"{name}s"]]
        start[name] = wanted if wanted in known else (known[0] if known else "")
    start["batch"] = found["batches"][0] if found["batches"] else 1
    start["threads"] = found["threads"][0] if found["threads"] else 1
    return start | {"sparsity": 0.75}


def first_notice(found, asked, made):
    """The notice if an argument had to be changed."""
    for name in ("sparsity", "batch"):
        if name in asked and asked[name] != made[name]:
            return not_measured(found, name, asked[name], made)
    return ""


class FootprintExplorer(MeasuresHere, Explorer):
    """Bytes by format and milliseconds by runtime, against dense, the limit and the break-even.

    measurement : a `prunelab.footprint.Measurement`; by default the course's own, of the machine it
        names, from `prunelab.footprint.load()`
    network : what "measure here" measures: a `prunelab.masks.Network` or a tf_keras model; by
        default a random network of the same shape: timings carry over, compressed sizes do not
    x : rows [rows, inputs] of that network, on which predictions are compared; by default drawn
    pattern, sparsity, batch, threads, format, runtime : what is on show, by the names of
        `PATTERNS`, `FORMATS`, `RUNTIMES`; sparsity in [0, 1) and batch move to the nearest that
        were measured, and `notice` says so: nothing is interpolated

    Traits: these six and `source`, "stored" or "here". `sizes` and `times` hold the rows on show,
    `problems` why some of them do not count. `measure()` does what the button does;
    `measured_here` is the `Measurement` so far, ready for `prunelab.footprint.save`.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    _folder = "footprint"
    page_title = "What do the zeros save, in bytes and in milliseconds?"
    picture_inches = (10.6, 5.6)
    knob_names = settled_names = STATE
    from_page = (*STATE, "notice")

    data = traitlets.Dict(help="the stored measurement; sent once").tag(sync=True)
    choices = traitlets.Dict(help="what can be chosen").tag(sync=True)
    pattern = Checked("unstructured")
    sparsity = Checked(0.75)
    batch = Checked(1)
    threads = Checked(1)
    format = Checked("gzip")
    runtime = Checked("litert_xnnpack")
    source = Checked("stored")

    def __init__(
        self,
        measurement: Measurement | None = None,
        *,
        network: Network | Model | None = None,
        x: ArrayLike | None = None,
        **state: Any,
    ) -> None:
        measurement = load() if measurement is None else measurement
        data = gather(measurement)
        if not data["networks"]:
            raise ValueError("measurement holds no rows: measure with `prunelab weigh --grid`")
        self._stored = measurement
        self._begin_to_hear(*network_here(network, x))
        found = choices(data)
        unknown = sorted(set(state) - set(STATE) | {"source"} & set(state))
        if unknown:
            raise TypeError(f"{shown(unknown[0])}: FootprintExplorer has no such argument")
        start = defaults(found) | {
            name: checked(found, name, value) for name, value in state.items()
        }
        made = settled(found, start | {"source": "stored"})
        self._rows = {"stored": Rows(data)}
        super().__init__(data=data, here=None, choices=found, **made)
        self.notice = first_notice(found, state, made)
        self.on_msg(self._asked)

    # ------------------------------------------------------------------------------------- to read

    @property
    def measurement(self) -> Measurement:
        """The stored `Measurement` that was given."""
        return self._stored

    @property
    def sizes(self) -> list[dict[str, Any]]:
        """The rows on show, one a format, as dicts; see `state.rows`."""
        return rows(self._measured, self.choices, "sizes", self.plain_state)

    @property
    def times(self) -> list[dict[str, Any]]:
        """The rows on show, one a runtime, as dicts; see `state.rows`."""
        return rows(self._measured, self.choices, "times", self.plain_state)

    @property
    def problems(self) -> list[str]:
        """A line for each reason why some rows on show do not count."""
        return problem_lines(self._measured, self.choices, self.plain_state)

    @property
    def headline(self) -> str:
        """The chosen format and runtime in a line."""
        return headline(self._measured, self.choices, self.plain_state)

    @property
    def caption(self) -> str:
        """What the pictures show, in words."""
        return describe(self._measured, self.choices, self.plain_state)

    def facts(self) -> str:
        """The state and the results for it, in one line."""
        of = "this machine" if self.source == "here" else self.data["created"]
        return (
            f"{self.pattern!r} at {share(self.sparsity)}, batch={self.batch}, "
            f"threads={self.threads}, measured {of}; {self.headline}"
        )

    def draw(self, figure: Figure) -> None:
        """Draw the bars of bytes and of milliseconds on an empty matplotlib Figure."""
        draw_still(figure, self._measured, self.choices, self.plain_state)

    def page_state(self) -> dict[str, Any]:
        """The data and the state, as plain values; on a saved page nothing is being measured."""
        return super().page_state() | {"work": IDLE}

    # ------------------------------------------------------------------------- kernel and browser

    def clean(self, name: str, value: Any) -> Any:
        """A checked value of one trait; sparsity and batch move to the nearest measured ones."""
        value = checked(self.choices, name, value)
        if name == "source" and value == "here" and self.here is None:
            raise ValueError("source='here': nothing was measured here yet; call measure() first")
        if name not in ("sparsity", "batch"):
            return value
        state = {"pattern": self.pattern, "sparsity": 0.0, "batch": 1}
        made = settled(self.choices, state | {name: value})
        if not self._applying:
            self.notice = first_notice(self.choices, {name: value}, made)
        return made[name]

    def follow(self, change: Any) -> tuple[dict[str, Any], str]:
        """Move the sparsity to one measured for the new pattern, see `Knobs.follow`."""
        if change.name in ("sparsity", "batch"):
            return {}, self.notice  # the notice that `clean` has set
        made = settled(self.choices, self.plain_state)
        return {"sparsity": made["sparsity"]}, first_notice(self.choices, self.plain_state, made)

    def settle(self, moved: dict[str, Any]) -> tuple[dict[str, Any], None]:
        """The whole state adjusted to what was measured, see `Knobs.settle`."""
        state = self.plain_state
        for name, value in moved.items():
            with suppress(TypeError, ValueError, OverflowError):
                state[name] = checked(self.choices, name, value)
        if state["source"] == "here" and self.here is None:
            state["source"] = "stored"
        return settled(self.choices, state), None

    @property
    def _measured(self):
        return self._rows[self.source]
