"""The TuningBench on the page: buttons, progress, knobs and views, their layout and contents."""

import json

import anywidget
import ipywidgets
import traitlets

from prunelab.widgets.bench.controls import (
    Dropdown,
    Knob,
    LayerBoxes,
    Quiet,
    enabled_knobs,
    ends,
    hints,
    put,
)
from prunelab.widgets.bench.state import OTHERS, RUN, STEERABLE, schedule_values
from prunelab.widgets.bench.words import (
    changes_words,
    duration,
    live_words,
    ready_words,
    together_words,
)
from prunelab.widgets.schedule.state import SCHEDULE
from prunelab.widgets.shared.explorer import Guarded, guarded, one_module, read_asset

_CSS = read_asset("shared/explorer.css") + read_asset("bench/explorer.css")

# Curves are sent as one text: ipywidgets checks each number of a nested list in every message.
_AS_TEXT = {
    "to_json": lambda value, widget: json.dumps(value, allow_nan=False),
    "from_json": lambda text, widget: json.loads(text),
}


class TuningChart(Guarded, anywidget.AnyWidget):
    """Words, curves and front; the kernel sends the data, the browser draws."""

    _esm = one_module("bench/chart.js")
    _css = _CSS

    words = traitlets.Dict(help="headline, title, caption, findings, notice, mood").tag(sync=True)
    plan = traitlets.Dict(help="the next run: its schedule, its steps, its promise").tag(sync=True)
    live = traitlets.Dict(help="the run that trains, or failed").tag(sync=True, **_AS_TEXT)
    rows: traitlets.List = traitlets.List(help="the stored runs").tag(sync=True)
    curves = traitlets.Dict(help="their curves, by id").tag(sync=True, **_AS_TEXT)
    shown: traitlets.List = traitlets.List(help="ids of the runs whose curves are drawn").tag(
        sync=True
    )
    baseline = traitlets.Dict(help="value and weights of the dense network").tag(sync=True)
    measure = traitlets.Dict(help="what is drawn: its texts and its scale").tag(sync=True)


class TuningTable(Guarded, anywidget.AnyWidget):
    """The stored runs; the reader's actions on them come as messages {"do": …, "id": …}."""

    _esm = one_module("bench/table.js")
    _css = _CSS

    rows: traitlets.List = traitlets.List().tag(sync=True)
    shown: traitlets.List = traitlets.List().tag(sync=True)
    sort = traitlets.Unicode("number").tag(sync=True)
    undo = traitlets.Unicode(help="what was deleted, while it can be brought back").tag(sync=True)
    code = traitlets.Dict(help="name and text of the code on show").tag(sync=True)
    busy = traitlets.Bool(help="whether a run trains").tag(sync=True)
    measure = traitlets.Dict().tag(sync=True)


Box, Button = guarded(ipywidgets.Box), guarded(ipywidgets.Button)
Label, FloatProgress = guarded(ipywidgets.Label), guarded(ipywidgets.FloatProgress)
PACES = (0, 40, 10, 3, 1)  # epochs a second
BUTTONS = {
    "start": ("Start", "primary", "train a run with these settings, beside the notebook"),
    "pause": ("Pause", "", "hold the run where it is; press again to go on"),
    "stop": ("Stop", "", "end the run where it is; its masks and its record stay"),
    "steer": ("Steer", "", "let the run follow final_sparsity, end_step and power from here on"),
    "fit": ("Make it fit", "", "take the nearest schedule that reaches its target"),
}


class Panel(Quiet):
    """All the parts of the panel, made once.

    sizes, scopes: of the training function. The reader's actions call `moved(name, value)`,
    `chose(layers)`, `scoped(scope)`, `pressed(button)`, `told(message)`, `paced(pace)` and
    `measured(name)`.
    """

    def __init__(self, sizes, scopes, *, moved, chose, scoped, pressed, told, paced, measured):
        self.chart, self.table = TuningChart(), TuningTable()
        self.table.on_msg(lambda _, content, buffers: told(content))
        self.knobs = {name: Knob(name, moved) for name in (*SCHEDULE, *RUN, *OTHERS)}
        self.layers = LayerBoxes(sizes, scopes, chose, scoped)
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
            tooltip="epochs a second at most, to leave time to steer; results stay the same",
        )
        self.pace.observe(lambda change: None if change.new is None else paced(change.new), "value")
        self.pace.add_class("pl-bench-pace")
        self.metric = Dropdown(
            options=[""],
            description="compare by",
            tooltip="what is drawn, and compared in the table",
        )
        self.metric.observe(lambda change: self._chose_metric(change.new, measured), "value")
        self.metric.add_class("pl-bench-pace")
        self.drawn = None  # the measure of the curves
        self.bar = FloatProgress(min=0, max=1, layout={"width": "auto"})
        self.left, self.fit = Label(), Label()
        names = ("start", "pause", "stop", "steer")
        self.transport = _box("pl-bench-transport", *(self.buttons[name] for name in names))
        progress = _box("pl-bench-progress", self.bar, self.left)
        run = _box("pl-bench-run", self.transport, self.pace, self.metric, progress)
        fit = _box("pl-bench-fit", self.buttons["fit"], self.fit)
        columns = [
            _group("The schedule", *(self.knobs[name].row for name in SCHEDULE), fit),
            _group("The run", *(self.knobs[n].row for n in (*RUN, *OTHERS)), self.layers.row),
        ]
        self.parts = (self.chart, run, _box("pl-bench-knobs", *columns), self.table)

    def show_knobs(self, bench, *, busy, changes):
        """Show every knob; `changes`: what the button Make it fit would change, in words."""
        knobs, flight = bench.knobs, bench.preflight
        enabled, said, reach = enabled_knobs(busy), hints(knobs, flight), ends(knobs, flight)
        for name, knob in self.knobs.items():
            knob.show(knobs[name], said[name], most=reach.get(name), enabled=name in enabled)
        together = together_words(bench.kernels, bench.layer_words)
        chosen = bench.layers, bench.scope, bench.layer_words, together
        self.layers.show(*chosen, enabled=not busy)
        put(self.buttons["fit"], disabled=busy or not changes)
        put(self.fit, value="" if busy else changes or "nothing to change")

    def show_buttons(self, *, busy, pausing, steerable):
        """Enable the buttons that make sense now."""
        put(self.buttons["start"], disabled=busy)
        put(self.buttons["stop"], disabled=not busy)
        text = "Resume" if pausing else "Pause"
        put(self.buttons["pause"], disabled=not busy, description=text)
        put(self.buttons["steer"], disabled=not steerable)
        put(self.bar, bar_style="warning" if pausing else "")

    def show_pace(self, pace):
        """Show the pace, also one that is not in the list."""
        if self.pace.value == pace:
            return
        if pace not in dict(self.pace.options).values():
            self.pace.options = (*self.pace.options, (_pace_words(pace), pace))
        self.pace.value = pace

    def _chose_metric(self, name, measured):
        if not self._showing and name:
            measured(name)

    def show_metric(self, names, chosen):
        """Show what the runs are compared by; hidden if there is no choice."""
        with self.quietly():
            if self.metric.options != names:
                self.metric.options = names
            put(self.metric, value=chosen)
        self.metric.layout.display = "flex" if len(names) > 1 else "none"

    def show_progress(self, done, left):
        """Show a run's progress: a fraction, and words."""
        put(self.bar, value=done)
        put(self.left, value=left)

    def close(self):
        """Remove every part from the page."""
        for part in self.parts:
            _close(part)


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


def show_all(bench):
    """Update the whole panel, after a knob was moved, a button pressed, or a run ended."""
    panel, saved = bench._panel, bench._saved
    if panel is None:
        return
    changes = changes_words(bench.schedule, bench.preflight.suggest())
    panel.show_knobs(bench, busy=bench.training, changes=changes)
    measure, baseline = bench.measure, bench.baseline
    rows = saved.rows(bench._sort, measure, baseline)
    panel.show_metric(bench.metrics, measure.name)
    shown = [run_id for run_id in bench._shown if run_id in saved.all]
    undo = f"{saved.deleted[-1].name} was deleted." if saved.deleted else ""
    put(
        panel.table, rows=rows, shown=shown, sort=bench._sort, undo=undo, code=bench._code,
        busy=bench.training, measure=measure.for_chart(),
    )  # fmt: skip
    by_number = sorted(rows, key=lambda row: row["number"])
    dense = {"value": measure.of_baseline(baseline), "nonzeros": baseline.get("nonzeros")}
    with panel.chart.hold_sync():  # curves and scale are those of one measure
        if set(panel.chart.curves) != {row["id"] for row in rows} or panel.drawn != measure:
            put(panel.chart, curves=saved.curves(measure))
            panel.drawn = measure
        put(panel.chart, rows=by_number, shown=shown, baseline=dense, measure=measure.for_chart())
    show_live(bench)


def show_live(bench):
    """Update what depends on the knobs and the running training: words, plan, curves, progress."""
    panel, session = bench._panel, bench._session
    flight, promise = bench.preflight, bench.promise
    busy = bench.training
    ahead = _ahead(bench) if busy else None
    plan = {
        "schedule": schedule_values(bench.schedule),
        "preview": ahead and schedule_values(ahead),
        "idle": not busy,
        "total_steps": flight.total_steps,
        "steps_per_epoch": flight.steps_per_epoch,
        "promise": promise,
        "n_weights": _all_weights(bench),
    }
    words = ready_words(flight, bench.epochs, promise, bench.kernels, bench.unfit)
    if session is not None and (busy or bench._looks_back):
        words = _run_words(bench, session, busy)
    words["notice"] = _notice(bench, session)
    put(panel.chart, live=_live(bench, session, busy), plan=plan, words=words)
    panel.show_buttons(busy=busy, pausing=busy and session.pausing, steerable=ahead is not None)
    panel.show_pace(bench.pace)
    left = _left(session, busy) or ("" if bench.pace else "to steer by hand, choose a pace first")
    panel.show_progress(_done(session, busy), left)


def show_frame(bench):
    """Update what changes during training without the reader; the rest only if needed.

    What the knobs would steer depends on how far the run is.
    """
    panel, session = bench._panel, bench._session
    if panel.drawn != bench.measure:  # the first report brought a metric
        show_all(bench)
        return
    if changed(bench) or panel.chart.plan["preview"]:
        show_live(bench)
        return
    words = _run_words(bench, session, True) | {"notice": _notice(bench, session)}
    put(panel.chart, live=_live(bench, session, True), words=words)
    panel.show_progress(_done(session, True), _left(session, True))


def changed(bench):
    """{name: value} of the knobs that differ from the running training, for Steer to change."""
    now = bench._session.training.control.schedule if bench.training else None
    if now is None:
        return {}
    wanted = {name: getattr(bench, name) for name in STEERABLE}
    return {name: value for name, value in wanted.items() if getattr(now, name) != value}


def _ahead(bench):
    """The schedule that Steer would lead to; None if no knob differs, or the change is refused."""
    wanted, bench._hindrance = changed(bench), ""
    if not wanted:
        return None
    try:
        return bench._session.training.control.preview(**wanted)
    except ValueError as error:
        bench._hindrance = str(error)
        return None


def _live(bench, session, busy):
    """The run that trains, or failed: its curves so far and its path in the plot of the front."""
    if session is None or (not busy and (session.run is not None or not bench._looks_back)):
        return {}
    reports, curves = session.training.reports, session.curves(bench.measure)
    all_weights, pruned = _all_weights(bench), sum(session.sizes.values())
    trail = [
        [round(all_weights - zeros * pruned), value]
        for _, _, value, zeros in curves["points"]
        if pruned and all_weights
    ]
    return curves | {
        "id": "live",
        "number": session.number,
        "name": session.name,
        "busy": busy,
        "step": reports[-1].step if reports else session.training.control.step,
        "trail": trail,
    }


def _all_weights(bench):
    kernels = bench.kernels
    return (sum(bench.sizes.values()) if kernels is None else kernels.n_weights) or None


def _run_words(bench, session, busy):
    words = live_words(
        session.training,
        session.total_steps,
        bench.measure,
        busy=busy,
        pausing=session.pausing,
        name=session.name,
    )
    return {"title": "", "findings": []} | words


def _notice(bench, session):
    said = [bench._said, bench.notice]
    if session is not None:
        said += [session.problem, session.training.control.refused]
    if bench.training:
        said.append(bench._hindrance)
    return " ".join(dict.fromkeys(filter(None, said)))


def _done(session, busy):
    """The fraction of the run that is done."""
    if session is None:
        return 0.0
    if not busy and session.training.state == "done":
        return 1.0
    reports = session.training.reports
    return reports[-1].step / session.total_steps if reports else 0.0


def _left(session, busy):
    """How much is done and how long the rest will take, as text."""
    if not busy:
        return ""
    reports, left = session.training.reports, session.seconds_left
    if left is None:
        return "starting …"
    done = f"{100 * reports[-1].step / session.total_steps:.0f} %"
    return f"{done} · paused" if session.pausing else f"{done} · about {duration(left)} left"
