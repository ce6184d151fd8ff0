"""The ScheduleExplorer in a real JupyterLab: every control by mouse and by keyboard."""

import nbformat
import pytest

from prunelab.widgets.schedule.state import KNOBS
from tests.browser.lab import Card, drag, hold, reopen_notebook, shut_kernels_down
from tests.browser.looks import crossed, keep_picture, outside_anywhere, pale
from tools import stored_form

pytestmark = pytest.mark.browser

SETUP = (
    "from prunelab.schedules import PolynomialDecay\nfrom prunelab.widgets import ScheduleExplorer"
)
START = "PolynomialDecay(0.1, 0.75, 1000, 5000)"
SHOW = f"explorer = ScheduleExplorer({START})\nexplorer"
RUN = {"n_samples": 8000, "batch_size": 1024, "epochs": 200}


class Controls(Card):
    """The explorer on the page."""

    def arrives(self, name, value):
        """The kernel comes to hold `value`, and the page shows it in slider and field."""
        self.notebook.eventually(f"explorer.{name}", value)
        assert self.shown(name) == value

    def headline(self):
        return self.text("headline")


@pytest.fixture
def controls(opened):
    """The explorer in its starting state; afterwards the console must be free of errors."""
    run = "; ".join(f"explorer.{name} = {value}" for name, value in RUN.items())
    said = opened.kernel(f"explorer.schedule = {START}; {run}; explorer.axis = 'steps'")
    assert said == ""
    controls = Controls(opened)
    controls.page.wait_for_function(
        "() => document.querySelector('.pl-headline').textContent.includes('35.08 %')"
    )
    yield controls
    assert opened.errors == []


@pytest.mark.parametrize("name", KNOBS)
def test_each_slider_by_mouse(controls, name):
    before = controls.held(name)
    drag(controls.page, controls.slider(name), 0.5, 0.9, 0.41)
    value = controls.shown(name)
    assert value != before
    controls.arrives(name, value)
    steady = [other for other in KNOBS if other not in (name, "begin_step", "end_step")]
    start = controls.notebook.value("vars(PolynomialDecay(0.1, 0.75, 1000, 5000))") | RUN
    assert {other: controls.held(other) for other in steady} == {n: start[n] for n in steady}


@pytest.mark.parametrize("name", KNOBS)
def test_each_slider_by_keyboard(controls, name):
    before = controls.held(name)
    controls.slider(name).focus()
    with controls.notebook.keys_kept():
        for key, moved in (("ArrowRight", 1), ("ArrowUp", 1), ("ArrowLeft", -1), ("ArrowDown", -1)):
            last = controls.shown(name)
            controls.page.keyboard.press(key)
            assert (controls.shown(name) - last) * moved > 0, key
        controls.arrives(name, before)
        controls.page.keyboard.press("PageDown")
        lower = controls.shown(name)
        assert lower < before
        controls.arrives(name, lower)
        for key in ("End", "Home"):
            controls.page.keyboard.press(key)
        lowest = controls.shown(name)
        assert lowest <= lower
        controls.arrives(name, lowest)


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("initial_sparsity", "0.125", 0.125),
        ("final_sparsity", "0.955", 0.955),
        ("begin_step", "1234", 1234),
        ("end_step", "123456", 123456),
        ("power", "2.25", 2.25),
        ("frequency", "37", 37),
        ("n_samples", "12345", 12345),
        ("batch_size", "1000", 1000),
        ("epochs", "33", 33),
    ],
)
def test_each_number_can_be_typed(controls, name, typed, value):
    controls.type(name, typed, "Enter")
    controls.arrives(name, value)


def test_an_impossible_number_is_mended_and_the_page_says_so(controls):
    controls.type("final_sparsity", "75", "Tab")
    controls.arrives("final_sparsity", 0.99)
    notice = "final_sparsity cannot be 75: it is set to 0.99."
    assert controls.card.locator(".pl-notice").inner_text() == notice
    assert controls.held("notice") == notice
    controls.type("final_sparsity", "", "Tab")
    assert controls.shown("final_sparsity") == 0.99


def test_begin_pushes_end_along_and_gives_it_its_place_again(controls):
    begin_step = controls.slider("begin_step")
    hold(controls.page, begin_step, 0.2, 1.01)
    pushed = controls.shown("end_step")
    assert pushed > 5000
    assert "end_step moves along" in controls.card.locator(".pl-notice").inner_text()
    controls.notebook.eventually("[explorer.begin_step, explorer.end_step]", [pushed, pushed])
    box = begin_step.bounding_box()
    mouse = controls.page.mouse
    mouse.move(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2, steps=8)
    mouse.up()
    controls.arrives("end_step", 5000)
    assert 1000 < controls.held("begin_step") < 5000
    assert controls.held("notice") == ""


def test_the_axis_is_switched_by_mouse_and_by_keyboard(controls):
    labels = controls.card.locator("svg .pl-ticks .pl-axis")
    lower = "() => [...document.querySelectorAll('.pl-ticks .pl-axis')][0].textContent"
    assert controls.page.evaluate(lower) == "training step"
    controls.card.get_by_role("radio", name="epochs").click()
    controls.notebook.eventually("explorer.axis", "epochs")
    assert labels.first.text_content() == "epoch (8 steps each)"
    controls.page.keyboard.press("ArrowLeft")
    controls.notebook.eventually("explorer.axis", "steps")
    assert controls.page.evaluate(lower) == "training step"


@pytest.mark.parametrize("how", ["click", "Enter"])
def test_make_it_fit(controls, how):
    assert controls.headline().endswith("Misses its target: 35.08 % zeros, not 75.00 %")
    button = controls.card.get_by_role("button", name="Make it fit")
    button.click() if how == "click" else button.press("Enter")
    controls.notebook.eventually("explorer.preflight.ok", True)
    controls.arrives("end_step", 1600)
    assert controls.headline().endswith("Reaches its target: 75.00 % zeros")
    assert controls.card.get_attribute("data-mood") == "good"
    assert button.is_disabled()
    assert controls.card.locator(".pl-findings li").count() == 0
    assert controls.card.locator(".pl-caption").inner_text() == controls.held("caption")


def test_copy_code(controls):
    controls.card.get_by_role("button", name="Copy code").click()
    controls.card.get_by_role("button", name="Copied").wait_for()
    assert controls.page.evaluate("navigator.clipboard.readText()") == controls.held("code")


def test_copying_works_where_there_is_no_clipboard_to_ask(controls):
    """Plain http from another machine: the browser offers no clipboard to scripts."""
    controls.page.evaluate("navigator.clipboard.writeText('before')")
    controls.page.evaluate(
        "() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }"
    )
    controls.card.get_by_role("button", name="Copy code").click()
    controls.card.get_by_role("button", name="Copied").wait_for()
    assert controls.page.evaluate("navigator.clipboard.readText()") == controls.held("code")


def test_a_cell_moves_the_sliders_and_the_picture(controls):
    stairs = controls.card.locator("svg .pl-stairs")
    before = stairs.get_attribute("d")
    controls.notebook.kernel("explorer.schedule = PolynomialDecay(0.2, 0.9, 400, 1200, 1, 50)")
    controls.page.wait_for_function(
        "() => document.querySelector('.pl-headline').textContent.includes('90.00 %')"
    )
    shown = {name: controls.shown(name) for name in KNOBS[:6]}
    assert list(shown.values()) == [0.2, 0.9, 400, 1200, 1, 50]
    assert float(controls.slider("final_sparsity").input_value()) == 0.9
    assert stairs.get_attribute("d") != before
    assert controls.card.locator("svg .pl-dots").get_attribute("d").count("M") == 17


def test_the_words_are_pythons_in_every_state(controls):
    for change in (
        "explorer.begin_step = 5000",
        "explorer.begin_step = 40; explorer.end_step = 1111; explorer.power = 0",
        "explorer.epochs = 1; explorer.batch_size = 9000",
    ):
        controls.notebook.kernel(change)
        caption = controls.held("caption")
        controls.card.get_by_text(caption, exact=True).wait_for()
        wanted = controls.notebook.value("[f.message for f in explorer.preflight.findings]")
        assert controls.card.locator(".pl-message").all_inner_texts() == wanted
        assert wanted


def test_two_views_of_one_explorer_stay_in_step(opened, controls):
    with opened.another_cell("explorer") as second:
        controls.slider("final_sparsity").focus()
        controls.page.keyboard.press("End")
        controls.arrives("final_sparsity", 0.99)
        stairs = [card.locator("svg .pl-stairs") for card in (controls.card, second)]
        assert stairs[0].get_attribute("d") == stairs[1].get_attribute("d")
        second.get_by_role("button", name="Make it fit").click()
        controls.arrives("end_step", 1600)
        assert stairs[0].get_attribute("d") == stairs[1].get_attribute("d")
        assert controls.headline().endswith("Reaches its target: 99.00 % zeros")


def test_the_browser_draws_while_the_kernel_is_busy_and_sends_little(controls):
    """Sixty moves of a slider: drawn without the kernel, few messages, no answers to them."""
    controls.notebook.kernel(
        "received, answered = [], []\n"
        "take = ScheduleExplorer.set_state\n"
        "send = ScheduleExplorer.send_state\n"
        "def taken(self, data): received.append(data); take(self, data)\n"
        "def sent(self, key=None): answered.append(key); send(self, key)\n"
        "ScheduleExplorer.set_state, ScheduleExplorer.send_state = taken, sent"
    )
    try:
        seconds = controls.notebook.drawn_while_busy(
            "final_sparsity", [0.2 + i / 100 for i in range(1, 61)], ".pl-stairs"
        )
        controls.arrives("final_sparsity", 0.8)
        received, answered = controls.notebook.value("[len(received), answered]")
    finally:
        controls.notebook.kernel(
            "ScheduleExplorer.set_state = take; ScheduleExplorer.send_state = send"
        )
    assert received <= seconds / 0.05 + 2
    assert answered == []


def test_every_control_has_a_name_and_keeps_its_keys(controls):
    controls.is_accessible("input, button, pre", 9 * 2 + 2 + 2 + 1, KNOBS)
    assert controls.card.get_by_role("img", name=controls.headline().split("\n")[-1]).count() == 1


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_both_themes_are_legible(controls, change_theme, theme):
    change_theme(theme)
    for fits in (False, True):
        if fits:
            controls.card.get_by_role("button", name="Make it fit").click()
            controls.notebook.eventually("explorer.preflight.ok", True)
        texts = (".pl-headline", ".pl-title", ".pl-caption", ".pl-hint", ".pl-knob label")
        labels = ("text", ".pl-axis", ".pl-good" if fits else ".pl-bad")
        drawn = ("formula", "stairs", "dots", "asked", "realised", "wall")
        assert pale(controls.page, texts, labels, [f".pl-{name}" for name in drawn]) == {}


def test_it_fits_its_cell_from_narrow_to_wide(controls):
    """Nothing sticks out, and no text of the picture is cut off or runs over another."""
    schedules = (
        *(START, "PolynomialDecay(0.0, 0.9, 400, 1200)", "PolynomialDecay(0.0, 0.9, 0, 99)"),
        *("PolynomialDecay(0.9, 0.1, 50, 1000, 3, 90)", "PolynomialDecay(0, 0.2, 3000, 9000)"),
    )
    changes = [f"explorer.schedule = {schedule}" for schedule in schedules]
    assert outside_anywhere(controls.notebook, changes, also=crossed) == {}


def test_a_stored_notebook_shows_the_picture_without_a_kernel(notebook, lab, browser):
    address, root = lab
    made = notebook(SETUP, f"explorer = ScheduleExplorer({START})\nexplorer")
    made.page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
    made.command("docmanager:save")
    name = made.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    made.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    shut_kernels_down(address)
    stored = nbformat.read(root / name, as_version=4)
    assert "widgets" not in stored.metadata
    nbformat.write(stored_form.clean(stored), root / name)
    made.page.close()
    page = browser.new_context().new_page()
    reopened = reopen_notebook(page, address, name)
    picture = page.locator(".jp-OutputArea-output img")
    picture.wait_for()
    assert picture.evaluate("image => image.naturalWidth") == 800
    assert page.get_by_text("Error displaying widget").count() == 0
    assert reopened.errors == []
    page.context.close()


def test_the_picture_of_the_readme(notebook, tmp_path):
    """The article's schedule."""
    show = "explorer = ScheduleExplorer()\nexplorer"
    made = notebook(SETUP, show, width=1420, device_scale_factor=1.5)
    keep_picture(made, "schedule_explorer", tmp_path, until=".pl-code")
