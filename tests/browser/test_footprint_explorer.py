"""The FootprintExplorer in a real JupyterLab: every control by mouse and by keyboard."""

from pathlib import Path

import pytest

from prunelab.footprint import FORMATS, PATTERNS, RUNTIMES
from prunelab.footprint.store import measured_path
from prunelab.widgets import FootprintExplorer
from tests.browser.lab import NEXT_FRAME, Card, drag
from tests.browser.looks import keep_picture, outside, outside_anywhere, pale
from tests.helpers.made_footprint import made_measurement

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parents[2]
SETUP = f"""import sys
sys.path.insert(0, {str(HERE)!r})
import numpy as np
from functools import partial
from tests.helpers.made_footprint import made_measurement
from prunelab.masks.network import Network
from prunelab.widgets.footprint import measure_here
from prunelab.widgets.footprint.explorer import FootprintExplorer
MeasuringProcess = measure_here.MeasuringProcess
small = Network([(np.ones((4, 8)), np.zeros(8)), (np.ones((8, 1)), np.ones(1))])"""
SHOW = "explorer = FootprintExplorer(made_measurement(), network=small)\nexplorer"
HEIGHT = 1700
START = (
    "explorer.source, explorer.pattern, explorer.threads = 'stored', 'unstructured', 1\n"
    "explorer.sparsity, explorer.batch = 0.75, 1\n"
    "explorer.format, explorer.runtime = 'gzip', 'litert_xnnpack'"
)
STOPS = [0, 0.25, 0.5, 0.75, 0.9, 0.95]


class Explorer(Card):
    """The explorer on the page."""

    def bars(self, at):
        """The bars of bytes (0) or milliseconds (1)."""
        return self.card.locator(".pl-foot-bars").nth(at).get_by_role("option")

    def bar(self, name):
        return self.card.locator(f'.pl-foot-rows [data-what="{name}"]')

    def agrees(self):
        """The page comes to say what the kernel says, and draws its rows; returns these."""
        self.page.evaluate(NEXT_FRAME)
        said = self.notebook.value(
            "[explorer.headline, explorer.caption, explorer.problems, explorer.sizes, "
            "explorer.times]"
        )
        headline, caption, problems, sizes, times = said
        self.card.get_by_text(caption, exact=True).wait_for()
        assert self.card.locator(".pl-headline").inner_text() == headline
        lines = self.card.locator(".pl-foot-problems li").all_inner_texts()
        assert lines == (problems or lines)
        for at, rows in enumerate((sizes, times)):
            texts = self.bars(at).evaluate_all("all => all.map((g) => g.textContent)")
            assert len(texts) == len(rows)
            for text, row in zip(texts, rows, strict=True):
                assert ("✕" in text) == (row["status"] not in ("right", "unmeasured"))
                assert ("not measured" in text) == (row["status"] == "unmeasured")
                said = any(words in text for words in (" × ", "as large", "as fast"))
                assert said == (row["gain"] is not None), text
        return sizes, times


@pytest.fixture
def explorer(opened):
    """The explorer in its starting state; afterwards the console must be free of errors."""
    assert opened.kernel(START) == ""
    opened.page.mouse.move(5, 5)
    explorer = Explorer(opened)
    explorer.agrees()
    yield explorer
    assert opened.errors == []


# ---- the sliders --------------------------------------------------------------------------------


def test_the_sliders_stop_where_was_measured(explorer):
    explorer.slider("sparsity").focus()
    with explorer.notebook.keys_kept():
        explorer.page.keyboard.press("Home")
        for stop in STOPS:
            explorer.notebook.eventually("explorer.sparsity", stop)
            explorer.agrees()
            assert explorer.shown("sparsity") == stop
            explorer.page.keyboard.press("ArrowRight")
        explorer.slider("batch").focus()
        for key, value in (("End", 1024), ("ArrowLeft", 64), ("Home", 1)):
            explorer.page.keyboard.press(key)
            explorer.notebook.eventually("explorer.batch", value)
            explorer.agrees()


def test_the_sparsity_by_mouse(explorer):
    drag(explorer.page, explorer.slider("sparsity"), 0.6, 0.82)
    explorer.notebook.eventually("explorer.sparsity", 0.9)
    explorer.agrees()


@pytest.mark.parametrize(
    ("name", "typed", "value", "notice"),
    [
        ("sparsity", "0.5", 0.5, ""),
        ("sparsity", "0.77", 0.75,
         "77 % was not measured with single weights; the nearest that was is 75 %."),
        ("sparsity", "75", 0.95,
         "sparsity cannot be 75, a fraction below 1 is wanted: it is set to 0.95."),
        ("batch", "100", 64, "A batch of 100 was not measured; the nearest that was is 64."),
    ],
)  # fmt: skip
def test_a_number_can_be_typed_and_moves_to_a_stop(explorer, name, typed, value, notice):
    explorer.type(name, typed)
    explorer.notebook.eventually(f"explorer.{name}", value)
    explorer.agrees()
    assert explorer.card.locator(".pl-notice").inner_text() == notice
    explorer.notebook.eventually("explorer.notice", notice)


# ---- choices ------------------------------------------------------------------------------------


def test_every_pattern_format_and_runtime_can_be_chosen(explorer):
    for name, table in (("pattern", PATTERNS), ("format", FORMATS), ("runtime", RUNTIMES)):
        select = explorer.card.get_by_label(name, exact=True)
        for value in table:
            select.select_option(value)
            explorer.notebook.eventually(f"explorer.{name}", value)
            explorer.agrees()
            assert outside(explorer.page) == [], value
            if name != "pattern":
                assert explorer.bar(value).get_attribute("aria-selected") == "true"
                chosen = explorer.card.locator(".pl-foot-rows [aria-selected=true]")
                assert chosen.count() == 2
    assert explorer.notebook.value("explorer.sparsity") in STOPS


def test_a_pattern_without_the_sparsity_says_so(explorer):
    explorer.card.get_by_label("pattern").select_option("2:4")
    explorer.notebook.eventually("explorer.sparsity", 0.5)
    words = "75 % was not measured with 2 of 4; the nearest that was is 50 %."
    assert explorer.card.locator(".pl-notice").inner_text() == words
    explorer.slider("sparsity").press("ArrowRight")  # there is but one stop
    assert explorer.shown("sparsity") == 0.5


def test_threads_can_be_chosen(explorer):
    before = explorer.notebook.value("explorer.times")
    explorer.card.get_by_label("threads").select_option("2")
    explorer.notebook.eventually("explorer.threads", 2)
    assert explorer.agrees()[1] != before


def test_a_bar_is_chosen_by_a_click_and_by_enter(explorer):
    explorer.bar("bitmask").locator("text").first.click()
    explorer.notebook.eventually("explorer.format", "bitmask")
    explorer.agrees()
    explorer.bar("keras_predict").focus()
    explorer.page.keyboard.press("ArrowDown")
    explorer.page.keyboard.press("Enter")
    explorer.notebook.eventually("explorer.runtime", "keras_call")
    explorer.agrees()
    assert explorer.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


# ---- bars and curves ----------------------------------------------------------------------------


def test_bars_walk_by_keyboard_and_say_what_they_are(explorer):
    stops = explorer.card.locator('.pl-foot-rows [tabindex="0"]')
    assert stops.count() == 2
    stops.first.focus()
    assert explorer.text("look").startswith("wrapped, with Adam: ")
    for key, start in (
        ("ArrowDown", "stripped, with Adam: "),
        ("End", ".tflite, int8, sparse: "),
        ("ArrowDown", ".tflite, int8, sparse: "),
        ("ArrowUp", ".tflite, int8: "),
        ("Home", "wrapped, with Adam: "),
    ):
        explorer.page.keyboard.press(key)
        assert explorer.text("look").startswith(start), key
    assert "Measured 2026-11-22 on A Processor <of> the tests" in explorer.text("look")
    assert "It contains: in pruning wrappers and compiled" in explorer.text("look")
    explorer.page.keyboard.press("Tab")
    explorer.page.keyboard.press("Home")
    said = explorer.text("look")
    assert said.startswith("model.predict(x): ")
    assert "Quartiles " in said
    assert " samples; dense " in said


def test_a_wrong_bar_is_hatched_and_told_with_its_reason(explorer):
    sizes, times = explorer.agrees()
    rows = sizes + times
    wrong = next(row for row in rows if row["status"] == "wrong")
    explorer.bar(wrong["what"]).locator("text").first.hover()
    said = explorer.text("look")
    assert ": wrong, " in said
    assert wrong["why"][4:] in said
    assert wrong["why"] in explorer.card.locator(".pl-foot-problems").inner_text()
    drawn = explorer.card.locator(".pl-foot-wrong").evaluate_all(
        "all => all.map((p) => (p.getAttribute('d').match(/M/g) || []).length)"
    )
    assert sum(drawn) == sum(row["status"] == "wrong" for row in rows)
    missing = [row for row in rows if row["status"] in ("failed", "missing")]
    for row in missing:
        assert f"✕ {row['status']}" in explorer.bar(row["what"]).text_content()


def test_bars_limits_and_break_evens_stand_where_they_should(explorer):
    sizes, _ = explorer.agrees()
    svg = explorer.card.locator(".pl-foot-bars").first
    dense = svg.locator(".pl-foot-dense").bounding_box()["x"]
    win = svg.locator(".pl-foot-win").bounding_box()
    lose = svg.locator(".pl-foot-lose").bounding_box()
    assert abs(win["x"] + win["width"] - dense) < 4
    assert abs(lose["x"] - dense) < 4
    assert svg.locator(".pl-foot-limit").bounding_box()["x"] < dense
    counted = svg.evaluate(
        "svg => ['win', 'lose'].map((name) => "
        "(svg.querySelector(`.pl-foot-${name}`).getAttribute('d').match(/M/g) || []).length)"
    )
    assert counted == [
        sum(row["gain"] is not None and row["gain"] >= 1 for row in sizes),
        sum(row["gain"] is not None and row["gain"] < 1 for row in sizes),
    ]
    curve = explorer.card.locator(".pl-foot-curve").first
    assert "break-even 12.5 %" in curve.text_content()
    even = curve.locator(".pl-foot-even").bounding_box()["x"]
    cursor = curve.locator(".pl-foot-cursor").bounding_box()["x"]
    assert even < cursor
    explorer.notebook.kernel("explorer.sparsity = 0.0")
    explorer.agrees()
    assert curve.locator(".pl-foot-cursor").bounding_box()["x"] < even


# ---- kernel and page ----------------------------------------------------------------------------


def test_the_browser_draws_while_the_kernel_is_busy(explorer):
    explorer.notebook.drawn_while_busy("sparsity", [i % 6 for i in range(24)], ".pl-caption")
    explorer.notebook.eventually("explorer.sparsity", 0.95)
    explorer.agrees()


def test_measure_here_by_its_button(explorer):
    """The real process on a small network, stopped after its first rows by the same button."""
    made = "FootprintExplorer(made_measurement(odd=0, formats=('raw', 'gzip'), runtimes=()), "
    source = f"own = {made}network=small, sparsity=0.5)\nown"
    with explorer.notebook.another_cell(source) as card:
        own = card.get_by_role("radio", name="this machine")
        assert own.is_disabled()
        press = card.locator(".pl-foot-work button")
        assert "at most two minutes" in press.get_attribute("title")
        press.click()
        card.get_by_text("Measured 2 rows in").wait_for(timeout=90_000)
        explorer.notebook.eventually("own.source", "here")
        assert own.is_enabled()
        assert own.is_checked()
        assert explorer.notebook.value("[row.status for row in own.measured_here.sizes]") == [
            "right",
            "right",
        ]
        assert press.inner_text() == "Measure here"
        assert explorer.notebook.value("'tensorflow' in sys.modules") is False
        card.get_by_role("radio", name="stored measurement").click()
        explorer.notebook.eventually("own.source", "stored")
        explorer.notebook.kernel(
            "slow = [sys.executable, '-c', 'import time; time.sleep(60)']\n"
            "measure_here.MeasuringProcess = partial(MeasuringProcess, command=slow)"
        )
        press.click()
        card.get_by_role("button", name="Stop").click()
        card.get_by_text("0 of 2 rows were measured, and are kept").wait_for(timeout=20_000)
        assert explorer.notebook.value("len(own.measured_here.sizes)") == 2
    explorer.notebook.kernel("measure_here.MeasuringProcess = MeasuringProcess")


def test_every_control_has_a_name_and_keeps_its_keys(explorer):
    count = 4 + 4 + 2 + 1 + len(FORMATS) + len(RUNTIMES)
    explorer.is_accessible("input, select, button, [role=option]", count, ["sparsity"])
    assert explorer.card.locator("[role=option]").evaluate_all(
        "all => all.every((c) => /^.+: .+$/.test(c.getAttribute('aria-label')))"
    )
    for name in ("pattern", "format", "runtime", "threads"):
        assert explorer.card.get_by_role("combobox", name=name).count() == 1
    assert explorer.card.get_by_role("listbox").count() == 2


def test_it_fits_its_cell_from_narrow_to_wide(explorer):
    changes = (
        "explorer.sparsity = 0.0",
        "explorer.sparsity = 0.95; explorer.batch = 1024",
        "explorer.runtime = 'litert_int8_sparse_builtin'",
    )
    assert outside_anywhere(explorer.notebook, changes) == {}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_both_themes_are_legible(explorer, change_theme, theme):
    change_theme(theme)
    explorer.agrees()
    texts = (".pl-headline", ".pl-title", ".pl-caption", ".pl-look", ".pl-foot-problems li")
    texts += (".pl-heading", ".pl-select-row label")
    labels = (".pl-foot-name", ".pl-foot-value", ".pl-foot-gain", ".pl-foot-ticks text")
    lines = (".pl-foot-limit", ".pl-foot-dense", ".pl-foot-cross", ".pl-foot-cursor")
    areas = (".pl-foot-win", ".pl-foot-lose")
    assert pale(explorer.page, texts, labels, lines, areas) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_page_works_from_disk(saved_page, scheme):
    made = FootprintExplorer(made_measurement(3))
    page = saved_page(made, color_scheme=scheme)

    def same():
        page.get_by_text(made.caption, exact=True).wait_for()
        assert page.locator(".pl-headline").inner_text() == made.headline

    same()
    page.get_by_role("slider", name="sparsity", exact=True).press("End")
    made.sparsity = 0.95
    same()
    page.get_by_label("pattern").select_option("neurons")
    made.pattern = "neurons"
    same()
    page.get_by_role("slider", name="batch", exact=True).press("ArrowRight")
    made.batch = 64
    same()
    page.get_by_label("format", exact=True).select_option("bitmask")
    made.format = "bitmask"
    same()
    assert page.get_by_role("button", name="Measure here").is_disabled()  # no kernel to do it
    assert page.get_by_text("This saved page has no kernel: measure in the notebook.").is_visible()
    assert outside(page) == []


def test_the_picture_of_the_readme(notebook, tmp_path):
    """The course's measurement."""
    measured = "" if measured_path().exists() else "made_measurement()"
    show = f"explorer = FootprintExplorer({measured})\nexplorer"
    made = notebook(SETUP, show, width=1420, height=1700, device_scale_factor=1.5)
    keep_picture(made, "footprint_explorer", tmp_path)
