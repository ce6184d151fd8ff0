"""What every explorer shares: what a browser may set, how views stay in step, the mime bundle."""

import json
import os
import random
import re
import subprocess

import ipywidgets
import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter
from nbconvert.preprocessors import ExecutePreprocessor

from prunelab.widgets import (
    FootprintExplorer,
    MaskExplorer,
    PlanExplorer,
    Prediction,
    ScheduleExplorer,
    TuningBench,
)
from prunelab.widgets.shared import explorer as shared_explorer
from prunelab.widgets.shared.numbers import settled
from tests.helpers.live_fake import fake_trainer, made_data
from tests.helpers.made_footprint import made_measurement
from tests.helpers.made_plans import made_results
from tests.helpers.node import WIDGETS, node
from tests.helpers.tree_cases import moons

MAKERS = {
    "schedule": ScheduleExplorer,
    "mask": lambda: MaskExplorer(np.random.default_rng(0).normal(size=(16, 12))),
    "tree": moons,
    "run": lambda: PlanExplorer(made_results()),
    "footprint": lambda: FootprintExplorer(made_measurement()),
    "number": lambda: Prediction("How many?", low=0, high=100),
    "choice": lambda: Prediction("Which?", options=["a", "b"]),
    "curve": lambda: Prediction("Draw.", x=(0, 1), y=(0, 1)),
}
JUNK = [
    None, True, 5, -1, 10**400, 0.3, 1e308, float("nan"), float("inf"), "", "x", "random", "2:4",
    [], [0], [[1]], ["a"], [None], {}, {"a": 1}, {"value": 10**400, "low": 0, "high": 1},
    {"heights": [10**400] * 33}, {"option": [], "sure": {}},
]  # fmt: skip


@pytest.fixture(params=MAKERS)
def explorer(request):
    made = MAKERS[request.param]()
    yield made
    made.close()


@pytest.fixture
def bench(tmp_path):
    made = TuningBench(fake_trainer(0.001), made_data(), folder=tmp_path, epochs=4, batch_size=20)
    yield made
    made.close()


def _widgets_of(bench):
    found, waiting = [], [bench]
    while waiting:
        widget = waiting.pop()
        found.append(widget)
        waiting += getattr(widget, "children", ())
    return found


def _state(widget):
    return {name: getattr(widget, name) for name in widget.keys}


def test_every_widget_has_the_one_guard(explorer, bench):
    assert isinstance(explorer, shared_explorer.Guarded)
    assert set(explorer.from_page) <= set(explorer.keys)
    assert all(isinstance(widget, shared_explorer.Guarded) for widget in _widgets_of(bench))
    for widget in _widgets_of(bench):
        assert set(widget.from_page) <= {"value", "index"}, widget  # a list sends where it stands


def test_a_browser_sets_none_but_the_controls(explorer, bench):
    for widget in (explorer, *_widgets_of(bench)):
        kept = [name for name in widget.keys if name not in widget.from_page]
        before = {name: getattr(widget, name) for name in kept}
        for value in ("evil", 5, [1], {"width": 5}, None):
            widget.set_state({name: value for name in [*kept, "nonsense", "__class__"]})
            assert all(getattr(widget, name) is before[name] for name in kept), widget
    assert "evil" not in explorer._esm


def test_a_caption_of_nothing_is_no_picture_without_words(monkeypatch):
    made = PlanExplorer(made_results(), arms=[])
    metadata = _bundle(made, monkeypatch)[1]
    assert metadata["image/png"]["alt"] == repr(made)


def test_a_knob_set_from_a_cell_forgets_the_notice_and_others_follow_as_one(monkeypatch):
    made, sent = ScheduleExplorer(), []
    monkeypatch.setattr(
        made, "send_state", lambda key: sent.append({key} if isinstance(key, str) else set(key))
    )
    made.notice = "of the last change"
    made.frequency = 50
    assert made.notice == ""
    sent.clear()
    made.assign({"begin_step": 6000, "end_step": 7000, "power": 1}, "said")
    assert sent == [{"begin_step", "end_step", "power", "notice"}]
    made.end_step = 5500
    assert (made.begin_step, made.end_step) == (5500, 5500)
    assert made.notice.startswith("begin_step moves along to 5500")


def test_numbers_are_made_possible_within_their_limits():
    limits = {"rate": (1e-8, 10.0), "seed": (0, 2**32 - 1)}
    knobs = {"sparsity": 0.5, "rate": 0.1, "seed": 1}
    moved = {"sparsity": 75, "rate": 1e-9, "seed": 2**32, "other": 3}
    assert settled(knobs, moved, limits) == (
        {"sparsity": 0.99, "rate": 1e-8, "seed": 2**32 - 1},
        "sparsity cannot be 75: it is set to 0.99. rate cannot be 1e-09: it is set to 1e-08. "
        "seed cannot be 4294967296: it is set to 4294967295.",
    )
    for nothing in (None, True, "12", float("nan"), 10**400):
        assert settled(knobs, {"seed": nothing}, limits) == (knobs, "")
    assert settled(knobs, {"seed": 2.5}, limits) == (knobs | {"seed": 3}, "")


def test_an_explorer_brings_the_module_and_the_rules_of_its_folder(explorer):
    assert explorer._esm == shared_explorer.one_module(explorer._module)
    assert explorer._dom_classes == (f"prunelab-{type(explorer).__name__.lower()}",)


def test_no_message_raises_and_each_name_is_echoed(explorer, monkeypatch):
    echoed = []
    monkeypatch.setattr(explorer, "_send", lambda message, buffers=None: echoed.append(message))
    draw = random.Random(4)
    messages = [{name: junk} for name in explorer.from_page for junk in JUNK]
    for _ in range(60):
        names = draw.sample(explorer.from_page, draw.randint(1, len(explorer.from_page)))
        messages.append({name: draw.choice(JUNK) for name in names})
    for sent in messages:
        echoed.clear()
        explorer.set_state(sent)
        echo = next(message for message in echoed if message["method"] == "echo_update")
        assert set(sent) <= set(echo["state"]), sent
        state = explorer.page_state()
        for name in sent:
            assert echo["state"][name] == state[name], (name, sent)
            with explorer.as_one():  # what it has now can be sent
                explorer.traits()[name]._validate(explorer, getattr(explorer, name))
    assert repr(explorer)
    assert isinstance(explorer.caption, str)
    for message in (None, 5, "x", [], [{}], float("nan")):
        explorer.set_state(message)
        explorer._handle_custom_msg(message, [])


def test_no_message_to_the_bench_raises(bench):
    draw = random.Random(5)
    for widget in _widgets_of(bench):
        before = bench.knobs.keys()
        for value in JUNK:
            widget.set_state({"value": value, "step": 0, "min": 9, "max": -9, "description": value})
            widget._handle_custom_msg(value, [])
            widget._handle_custom_msg({"do": value, "id": value, "by": value, "event": "x"}, [])
        assert bench.knobs.keys() == before
        for message in (None, 5, "x", [], draw.choice(JUNK)):
            widget.set_state(message)
    fields = [w for w in _widgets_of(bench) if isinstance(w, ipywidgets.IntText)]
    assert fields
    assert all(abs(field.value) < 2**53 for field in fields)
    assert bench.settings


# ---- the mime bundle --------------------------------------------------------------------------


class _Shell:
    """What IPython says of the cell that runs."""

    def __init__(self, **content):
        self.content = content

    def get_parent(self):
        return {"content": self.content}


def _bundle(widget, monkeypatch, **content):
    monkeypatch.setattr("IPython.get_ipython", lambda: _Shell(**content))
    for name in [name for name in os.environ if name.startswith("VOILA_")]:
        monkeypatch.delenv(name)
    return widget._repr_mimebundle_()


def test_the_picture_carries_the_caption(explorer, bench, monkeypatch):
    monkeypatch.setattr(type(bench), "picture", lambda self: b"a picture")
    monkeypatch.setattr(type(explorer), "picture", lambda self: b"a picture")
    for widget in (explorer, bench):
        data, metadata = _bundle(widget, monkeypatch, allow_stdin=True)
        assert data[shared_explorer.VIEW]["model_id"] == widget.model_id
        assert data["text/plain"] == repr(widget)
        assert metadata["image/png"] == {"alt": widget.caption}
        assert len(widget.caption) > 20
        assert "\n" not in widget.caption
        assert data["image/png"] == b"a picture"


def test_where_no_page_is_there_the_picture_is_all(explorer, bench, monkeypatch):
    for widget in (explorer, bench):
        monkeypatch.setattr(type(widget), "picture", lambda self: b"a picture")
        data, metadata = _bundle(widget, monkeypatch, allow_stdin=False)
        assert set(data) == {"text/plain", "image/png"}
        assert set(metadata) == {"image/png"}
        for content in ({}, {"allow_stdin": None}, {"allow_stdin": True}):
            assert shared_explorer.VIEW in _bundle(widget, monkeypatch, **content)[0]


def test_voila_shows_widgets_though_nobody_can_answer(monkeypatch):
    monkeypatch.setattr("IPython.get_ipython", lambda: _Shell(allow_stdin=False))
    assert shared_explorer.executed_without_a_page()
    monkeypatch.setenv("VOILA_BASE_URL", "/")
    assert not shared_explorer.executed_without_a_page()


# ---- the script ---------------------------------------------------------------------------------


def test_the_parts_of_each_script_are_one_module_without_a_name_twice(tmp_path):
    names = [path.relative_to(WIDGETS).as_posix() for path in WIDGETS.rglob("*.js")]
    whole = [name for name in names if "export default" in shared_explorer.read_asset(name)]
    assert len(whole) == 8
    imports = []
    for name in whole:
        path = tmp_path / name.replace("/", "_").replace(".js", ".mjs")
        module = shared_explorer.one_module(name)
        assert not re.search(r"^import ", module, re.MULTILINE), name
        assert module.count("\nexport default ") == 1
        path.write_text(module, encoding="utf-8")
        imports.append(f"import {json.dumps(path.as_uri())};")
    (tmp_path / "all.mjs").write_text("\n".join(imports))
    done = subprocess.run(
        [node(), tmp_path / "all.mjs"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr


def test_an_executed_export_shows_the_stored_picture(tmp_path):
    source = "from prunelab.widgets.schedule.explorer import ScheduleExplorer\nScheduleExplorer()"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    done = ExecutePreprocessor(timeout=120).preprocess(made, {"metadata": {"path": tmp_path}})[0]
    (output,) = done.cells[0].outputs
    assert shared_explorer.VIEW not in output.data
    assert "28.94 % zeros" in output.metadata["image/png"]["alt"]
    page, _ = HTMLExporter().from_notebook_node(done)
    assert "<img alt=" in page
    assert 'src="data:image/png;base64,' in page
    assert f'<script type="{shared_explorer.VIEW}">' not in page
