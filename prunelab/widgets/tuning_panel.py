"""The parts of the TuningBench on the page: buttons, progress, knobs, views, and their places."""

import ipywidgets

from prunelab.widgets.base import guarded
from prunelab.widgets.schedule_state import SCHEDULE
from prunelab.widgets.tuning_controls import Knob, LayerBoxes, enabled_knobs, ends, hints
from prunelab.widgets.tuning_state import OTHERS, RUN
from prunelab.widgets.tuning_views import TuningChart, TuningTable

Box, Button = guarded(ipywidgets.Box), guarded(ipywidgets.Button)
Label, FloatProgress = guarded(ipywidgets.Label), guarded(ipywidgets.FloatProgress)
Dropdown = guarded(ipywidgets.Dropdown, "index")
PACES = (0, 40, 10, 3, 1)  # epochs a second
BUTTONS = {
    "start": ("Start", "primary", "train a run with these settings, beside the notebook"),
    "pause": ("Pause", "", "hold the run where it is; press again to go on"),
    "stop": ("Stop", "", "end the run where it is; its masks and its record stay"),
    "steer": ("Steer", "", "let the run follow final_sparsity, end_step and power from here on"),
    "fit": ("Make it fit", "", "take the nearest schedule that reaches its target"),
}


class Panel:
    """All the parts, made once.

    `moved(name, value)`, `chose(layers)`, `pressed(button)`, `told(message)` and `paced(pace)` hear
    them.
    """

    def __init__(self, sizes, *, moved, chose, pressed, told, paced):
        self.chart, self.table = TuningChart(), TuningTable()
        self.table.on_msg(lambda _, content, buffers: told(content))
        self.knobs = {name: Knob(name, moved) for name in (*SCHEDULE, *RUN, *OTHERS)}
        self.layers = LayerBoxes(sizes, chose)
        self.buttons = {}
        for name, (text, look, explained) in BUTTONS.items():
            button = Button(
                description=text, tooltip=explained, button_style=look, layout={"width": "auto"}
            )
            button.add_class("pl-bench-button")
            button.on_click(lambda _, name=name: pressed(name))
            self.buttons[name] = button
        self.pace = Dropdown(
            options=[(_pace_words(pace), pace) for pace in PACES],
            description="pace",
            tooltip="how fast a run may go, so that a hand can steer it; it changes no result",
        )
        self.pace.observe(lambda change: None if change.new is None else paced(change.new), "value")
        self.pace.add_class("pl-bench-pace")
        self.bar = FloatProgress(min=0, max=1, layout={"width": "auto"})
        self.left, self.fit = Label(), Label()
        names = ("start", "pause", "stop", "steer")
        self.transport = _box("pl-bench-transport", *(self.buttons[name] for name in names))
        progress = _box("pl-bench-progress", self.bar, self.left)
        run = _box("pl-bench-run", self.transport, self.pace, progress)
        fit = _box("pl-bench-fit", self.buttons["fit"], self.fit)
        columns = [
            _group("The schedule", *(self.knobs[name].row for name in SCHEDULE), fit),
            _group("The run", *(self.knobs[n].row for n in (*RUN, *OTHERS)), self.layers.row),
        ]
        self.parts = (self.chart, run, _box("pl-bench-knobs", *columns), self.table)

    def show_knobs(self, knobs, layers, flight, *, busy, changes):
        """Show every knob; `changes`: what Make it fit would do, in words."""
        enabled, said, reach = enabled_knobs(busy), hints(knobs, flight), ends(knobs, flight)
        for name, knob in self.knobs.items():
            knob.show(knobs[name], said[name], most=reach.get(name), enabled=name in enabled)
        self.layers.show(layers, enabled=not busy)
        put(self.buttons["fit"], disabled=busy or not changes)
        put(self.fit, value="" if busy else changes or "nothing to change")

    def show_buttons(self, *, busy, pausing, steerable):
        """Enable what makes sense now."""
        put(self.buttons["start"], disabled=busy)
        put(self.buttons["stop"], disabled=not busy)
        text = "Resume" if pausing else "Pause"
        put(self.buttons["pause"], disabled=not busy, description=text)
        put(self.buttons["steer"], disabled=not steerable)
        put(self.bar, bar_style="warning" if pausing else "")

    def show_pace(self, pace):
        """Show the pace, also one that is none of the offered."""
        if self.pace.value == pace:
            return
        if pace not in dict(self.pace.options).values():
            self.pace.options = (*self.pace.options, (_pace_words(pace), pace))
        self.pace.value = pace

    def show_progress(self, done, left):
        """Show how far the run is: a fraction, and words."""
        put(self.bar, value=done)
        put(self.left, value=left)

    def close(self):
        """Take every part from the page."""
        for part in self.parts:
            _close(part)


def put(widget, **values):
    """Set traits where they differ: what is set again is sent again."""
    with widget.hold_sync():
        for name, value in values.items():
            if getattr(widget, name) != value:
                setattr(widget, name, value)


def _pace_words(pace):
    if not pace:
        return "as fast as it can"
    return f"{pace:g} epoch{'s' * (pace != 1)} a second"


def _box(name, *children):
    box = Box(children)
    box.add_class(name)
    return box


def _group(legend, *children):
    label = Label(legend)
    label.add_class("pl-bench-legend")
    return _box("pl-bench-group", label, *children)


def _close(widget):
    for child in getattr(widget, "children", ()):
        _close(child)
    for owned in ("layout", "style"):
        if getattr(widget, owned, None) is not None:
            getattr(widget, owned).close()
    widget.close()
