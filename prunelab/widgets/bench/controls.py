"""The bench's knobs on the page: sliders of ipywidgets, each with a labelled number field.

An ipywidgets slider has no name for screen readers and loses its arrow keys in Notebook 7. The
number field has both, accepts numbers beyond the slider's ends, and can be typed in. The chart's
script gives the sliders names too.
"""

from contextlib import contextmanager

import ipywidgets

from prunelab.base.text import percent
from prunelab.widgets.bench.state import KNOBS, STEERABLE
from prunelab.widgets.shared.explorer import guarded

Box, Label = guarded(ipywidgets.Box), guarded(ipywidgets.Label)
IntText, FloatText, IntSlider, FloatSlider, Checkbox = (
    guarded(getattr(ipywidgets, name), "value")
    for name in ("IntText", "FloatText", "IntSlider", "FloatSlider", "Checkbox")
)
Dropdown = guarded(ipywidgets.Dropdown, "index")
SCOPE_WORDS = {"layer": "each layer by itself", "global": "all weights together"}
EXPLAINED = {
    "initial_sparsity": "fraction of zeros at begin_step",
    "final_sparsity": "fraction of zeros asked for at end_step; can be steered while it trains",
    "begin_step": "training step at which the ramp begins",
    "end_step": "training step at which the ramp ends; can be steered while it trains",
    "power": "shape of the ramp: 1 is straight, 3 is tfmot's default; can be steered",
    "frequency": "masks are recomputed every so many steps",
    "epochs": "how often training goes through the data",
    "batch_size": "rows in a batch; a batch is a step",
    "learning_rate": "step size of the optimizer",
    "block_rows": "inputs in a block that is pruned as a whole; 1 prunes single weights",
    "block_columns": "outputs in a block that is pruned as a whole; 1 prunes single weights",
    "seed": "of the order of the rows and, where the network is built anew, of its weights",
}
BATCHES = [2**power for power in range(14)]
RATES = [round(m * 10.0**e, 9) for e in range(-5, 0) for m in (1, 2, 3, 5, 7)] + [1.0]
COUNTS = [*range(1, 20), *range(20, 100, 5), *range(100, 201, 10), *range(250, 1001, 50)]


class Quiet:
    """A base of what shows values in controls, and hears from them what the reader does."""

    _showing = False

    @contextmanager
    def quietly(self):
        """`with`: the controls are changed, and not by the reader."""
        self._showing = True
        try:
            yield
        finally:
            self._showing = False


class Knob(Quiet):
    """One row: a labelled number field, a slider and a hint; both call `moved(name, value)`."""

    def __init__(self, name, moved):
        self.name, self._moved, self._place = name, moved, -1
        self.stops = {"batch_size": BATCHES, "learning_rate": RATES}.get(name)
        if name in ("frequency", "epochs"):
            self.stops = COUNTS
        whole = not (name.endswith("_sparsity") or name in ("power", "learning_rate"))
        field = IntText if whole else FloatText
        self.field = field(description=name, continuous_update=False, tooltip=EXPLAINED[name])
        self.slider = self._new_slider(name)
        self.hint = Label()
        self.row = Box([self.field, self.slider, self.hint])
        self.row.add_class("pl-bench-knob")
        self.row.add_class(f"pl-knob-{name}")
        for control in (self.field, self.slider):
            control.observe(self._hear, "value")

    def _new_slider(self, name):
        quiet = {"readout": False, "tooltip": EXPLAINED[name]}
        if name.endswith("_sparsity"):
            return FloatSlider(min=0, max=0.99, step=0.01, **quiet)
        if name == "power":
            return FloatSlider(min=0, max=10, step=0.5, **quiet)
        most = len(self.stops) - 1 if self.stops else {"seed": 50}.get(name, 16)
        least = 1 if name.startswith("block") else 0
        return IntSlider(min=least, max=most, **quiet)

    def _hear(self, change):
        if self._showing:
            return
        value = change.new
        if change.owner is self.slider:
            if abs(value - self._place) < self.slider.step / 2:
                return  # the browser rounded the value it was shown; the reader moved nothing
            value = self.stops[value] if self.stops else round(value, 6)
        self._moved(self.name, value)

    def show(self, value, hint, *, most=None, enabled=True):
        """Show a value, its hint, and the slider's end if it changes."""
        with self.quietly():
            put(self.field, value=value, disabled=not enabled)
            if most is not None and self.slider.max != most:
                self.slider.max = max(most, self.slider.min)
                self.slider.step = max(1, _round_step(most / 400))
            place = _nearest(self.stops, value) if self.stops else value
            self._place = _on_step(place, self.slider)
            put(self.slider, value=self._place, disabled=not enabled)
            put(self.hint, value=hint)


class LayerBoxes(Quiet):
    """A checkbox for each layer that can be pruned, what they mean together, and the scope.

    The last ticked box cannot be unticked. chosen: called with the ticked names. scoped: called
    with the scope that was chosen.
    """

    def __init__(self, sizes, scopes, chosen, scoped):
        self._chosen, self._scoped = chosen, scoped
        self.boxes = {name: Checkbox(description=name, indent=False) for name in sizes}
        for box in self.boxes.values():
            box.observe(self._hear, "value")
        self.together = Label()
        self.together.add_class("pl-bench-together")
        known = [(SCOPE_WORDS[scope], scope) for scope in SCOPE_WORDS if scope in scopes]
        self.scope = Dropdown(
            options=known, description="scope", tooltip="which weights are ranked together"
        )
        self.scope.add_class("pl-bench-pace")
        self.scope.layout.display = "flex" if len(known) > 1 else "none"
        self.scope.observe(self._hear_scope, "value")
        self.row = Box(
            [Label("layers to prune"), *self.boxes.values(), self.scope, self.together],
        )
        self.row.add_class("pl-bench-layers")
        self.row.layout.display = "flex" if sizes else "none"

    def _hear(self, change):
        if not self._showing:
            self._chosen([name for name, box in self.boxes.items() if box.value])

    def _hear_scope(self, change):
        if not self._showing and change.new:
            self._scoped(change.new)

    def show(self, layers, scope, words, together, *, enabled=True):
        """Tick the layers of this tuple; an empty tuple means all.

        words: {layer: what it means in weights}. together: what all ticked layers mean.
        """
        with self.quietly():
            for name, box in self.boxes.items():
                put(box, value=not layers or name in layers, disabled=not enabled)
                put(box, description=f"{name} · {words[name]}")
            put(self.scope, value=scope, disabled=not enabled)
            put(self.together, value=together)


def hints(knobs, flight):
    """A few words beside each knob."""
    per_epoch = flight.steps_per_epoch
    in_epochs = {name: f"{knobs[name] / per_epoch:,.4g}" for name in ("begin_step", "end_step")}
    every, rows = knobs["frequency"], knobs["block_rows"] * knobs["block_columns"]
    block = "single weights" if rows == 1 else f"blocks of {rows:,}"
    return {
        "initial_sparsity": percent(knobs["initial_sparsity"]),
        "final_sparsity": percent(knobs["final_sparsity"]),
        "begin_step": f"epoch {in_epochs['begin_step']}",
        "end_step": f"epoch {in_epochs['end_step']}",
        "power": _shape(knobs["power"]),
        "frequency": "every step" if every == 1 else f"every {every / per_epoch:.3g} epochs",
        "epochs": f"{flight.total_steps:,} steps",
        "batch_size": f"{per_epoch:,} step{'s' * (per_epoch != 1)} an epoch",
        "learning_rate": "",
        "block_rows": block,
        "block_columns": block,
        "seed": "",
    }


def ends(knobs, flight):
    """The ends of the step sliders: a quarter beyond the run, or further for a longer schedule.

    So a reader can drag to schedules that end after the run.
    """
    most = max(5 * flight.total_steps // 4, knobs["end_step"])
    return {"begin_step": most, "end_step": most}


def enabled_knobs(busy):
    """The knobs that can be moved: all, or during a run only those that can be steered."""
    return set(STEERABLE) if busy else set(KNOBS)


def _shape(power):
    if power == 0:
        return "flat"
    if power == 1:
        return "straight"
    return "fast, then slow" if power > 1 else "slow, then fast"


def _on_step(value, slider):
    """The slider position nearest to `value`; the browser would move the value there itself."""
    steps = round((value - slider.min) / slider.step)
    place = min(max(round(slider.min + steps * slider.step, 6), slider.min), slider.max)
    return type(slider.value)(place)


def _nearest(stops, value):
    return min(range(len(stops)), key=lambda at: abs(stops[at] - value))


def _round_step(raw):
    """1, 2, 5, 10, …: the largest that is not above `raw`, and at least 1."""
    unit = 10 ** max(len(str(int(raw))) - 1, 0)
    return next((f * unit for f in (5, 2, 1) if f * unit <= raw), 1)


def put(widget, **values):
    """Set traits that differ; setting an equal value would send it to the browser again."""
    with widget.hold_sync():
        for name, value in values.items():
            if getattr(widget, name) != value:
                setattr(widget, name, value)
