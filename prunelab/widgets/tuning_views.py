"""The two parts of the TuningBench that are drawn in the browser: its chart and its table."""

import json

import anywidget
import traitlets

from prunelab.widgets.base import Guarded, one_module, read_asset

_CSS = read_asset("shared/explorer.css") + read_asset("tuning.css")

# Curves go as one text: ipywidgets looks at each number of a nested list, for each message.
_AS_TEXT = {
    "to_json": lambda value, widget: json.dumps(value, allow_nan=False),
    "from_json": lambda text, widget: json.loads(text),
}


class TuningChart(Guarded, anywidget.AnyWidget):
    """Words, curves and front; the kernel writes, the browser draws."""

    _esm = one_module("tuning_chart.js")
    _css = _CSS

    words = traitlets.Dict(help="headline, title, caption, findings, notice, mood").tag(sync=True)
    plan = traitlets.Dict(help="the next run: its schedule, its steps, its promise").tag(sync=True)
    live = traitlets.Dict(help="the run that trains, or failed").tag(sync=True, **_AS_TEXT)
    rows = traitlets.List(help="the stored runs").tag(sync=True)
    curves = traitlets.Dict(help="their curves, by id").tag(sync=True, **_AS_TEXT)
    shown = traitlets.List(help="ids of the runs whose curves are drawn").tag(sync=True)
    baseline = traitlets.Dict(help="loss and weights of the dense network").tag(sync=True)


class TuningTable(Guarded, anywidget.AnyWidget):
    """The stored runs; what the reader does to them comes as messages {"do": …, "id": …}."""

    _esm = one_module("tuning_table.js")
    _css = _CSS

    rows = traitlets.List().tag(sync=True)
    shown = traitlets.List().tag(sync=True)
    sort = traitlets.Unicode("number").tag(sync=True)
    undo = traitlets.Unicode(help="what was deleted, while it can be brought back").tag(sync=True)
    code = traitlets.Dict(help="name and text of the code on show").tag(sync=True)
    busy = traitlets.Bool(help="whether a run trains").tag(sync=True)
    baseline = traitlets.Dict().tag(sync=True)
