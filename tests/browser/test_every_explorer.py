"""What all explorers have in common on a page: one page, two tabs, a kernel that goes away.

One notebook holds them all, so that their copies of the shared script meet.
"""

import pytest

from tests.browser.lab import NEXT_FRAME, reopen_notebook, resize
from tests.browser.test_tuning_bench import HERE

pytestmark = pytest.mark.browser

SETUP = f"""import os, sys, tempfile
os.environ["PRUNELAB_PROGRESS"] = tempfile.mkdtemp()
sys.path.insert(0, {str(HERE)!r})
import numpy as np
from tests.helpers.live_fake import fake_trainer, made_data
from tests.helpers.made_footprint import made_measurement
from prunelab.widgets.footprint.explorer import FootprintExplorer
from prunelab.widgets.mask.explorer import MaskExplorer
from prunelab.widgets.prediction.explorer import Prediction
from prunelab.widgets.schedule.explorer import ScheduleExplorer
from prunelab.widgets.bench.explorer import TuningBench
from tests.helpers.tree_cases import moons"""
CELLS = (
    "schedule = ScheduleExplorer()\nschedule",
    "tree = moons(cv=None)\ntree",
    "mask = MaskExplorer(np.random.default_rng(0).normal(size=(60, 40)))\nmask",
    "foot = FootprintExplorer(made_measurement())\nfoot",
    "colour = Prediction('Which colour?', options=['red', 'blue'])\ncolour",
    "animal = Prediction('Which animal?', options=['dog', 'cow'])\nanimal",
    "zeros = Prediction('How many?', low=0, high=100, unit='%')\nzeros",
    "bench = TuningBench(fake_trainer(), made_data(), folder=tempfile.mkdtemp(), epochs=8)\n"
    "bench.start(); bench.join()\nbench",
)
VIEWS = len(CELLS) + 2  # the bench's card, chart and table are three
ALL_THERE = f"() => document.querySelectorAll('.prunelab').length >= {VIEWS}"
TWICE = """() => {
  const ids = [...document.querySelectorAll(".prunelab [id]")].map(({ id }) => id);
  const names = [...document.querySelectorAll(".prunelab fieldset")].map((group) =>
    [...new Set([...group.querySelectorAll("input[type=radio]")].map(({ name }) => name))]).flat();
  return [ids, names].flatMap((all) => all.filter((one, at) => all.indexOf(one) < at));
}"""


class Page:
    """One tab with the notebook."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.page.wait_for_function(ALL_THERE, timeout=90_000)

    def card(self, text):
        return self.page.locator(".prunelab .pl-card").filter(has_text=text).first

    def field(self, name):
        return self.page.get_by_label(f"{name}, as a number", exact=True).first

    def slider(self, name):
        return self.page.get_by_role("slider", name=name, exact=True).first

    def type(self, name, text):
        self.field(name).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")
        self.page.evaluate(NEXT_FRAME)

    def shows(self, name, value):
        self.page.wait_for_function(
            "([label, value]) => document.querySelector(`[aria-label='${label}']`).value === value",
            arg=[f"{name}, as a number", value],
        )


@pytest.fixture(scope="module")
def tab(notebook):
    return Page(notebook(SETUP, *CELLS, height=800))


@pytest.fixture(autouse=True)
def quiet(tab):
    yield
    assert tab.notebook.errors == []


def test_each_widget_has_its_own_groups_and_ids(tab):
    assert tab.page.evaluate(TWICE) == []
    tab.page.get_by_role("radio", name="red", exact=True).click()
    tab.page.get_by_role("radio", name="dog", exact=True).click()
    tab.page.keyboard.press("ArrowDown")
    chosen = {name: tab.page.get_by_role("radio", name=name, exact=True).is_checked() for name in
              ("red", "blue", "dog", "cow")}  # fmt: skip
    assert chosen == {"red": True, "blue": False, "dog": False, "cow": True}
    guesses = "[(asked.guess or {}).get('option') for asked in (colour, animal)]"
    tab.notebook.eventually(guesses, ["red", "cow"])


def test_end_step_can_be_dragged_until_the_headline_no_longer_objects(tab):
    """At 1280 × 800 pixels, with the headline, the hand and the picture in sight."""
    card = tab.page.locator(".prunelab .pl-card").first
    card.evaluate("(card) => card.scrollIntoView()")
    for part in (".pl-headline", ".pl-run-knobs", ".pl-wall"):
        box = card.locator(part).bounding_box()
        assert box["y"] > 80, part
        assert box["y"] + box["height"] < 775, part
    box = tab.slider("end_step").bounding_box()
    middle, right = box["y"] + box["height"] / 2, box["x"] + box["width"]
    tab.page.mouse.move(right - 30, middle)
    tab.page.mouse.down()
    seen = {}
    for x in range(int(right) - 30, int(box["x"]) - 1, -3):
        tab.page.mouse.move(x, middle)
        seen[int(tab.field("end_step").input_value())] = card.get_attribute("data-mood")
    tab.page.mouse.up()
    assert seen[1600] == "good"
    assert all(step % 100 == 0 for step in seen)
    assert max(step for step, mood in seen.items() if mood == "good") == 1600


def test_the_sliders_range_follows_what_is_typed(tab):
    tab.type("end_step", "1600")
    reach = tab.slider("end_step").get_attribute("max")
    for far, held in (("50000", "50000"), ("1e12", str(2**31 - 1))):
        tab.type("end_step", far)
        tab.shows("end_step", held)
        tab.type("end_step", "1600")
        assert tab.slider("end_step").get_attribute("max") == reach
        tab.slider("end_step").press("ArrowLeft")
        tab.shows("end_step", "1500")


def test_a_guess_beyond_the_range_is_clamped_in_words(tab):
    tab.type("best guess", "50")
    tab.type("best guess", "1e9")
    tab.notebook.eventually("zeros.guess", {"value": 75, "low": 25, "high": 75})
    words = tab.card("How many?").locator(".pl-notice").inner_text()
    assert words == "best guess cannot be 1e+9 %: it is set to 75 %, where your range ends."


def test_two_tabs_stay_in_step_and_no_echo_fights_the_hand(tab, lab):
    tab.notebook.command("docmanager:save")
    tab.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    path = tab.page.evaluate("jupyterapp.shell.currentWidget.context.path")
    other = Page(reopen_notebook(tab.page.context.new_page(), lab[0], path))
    resize(other.page, 1280, 800)
    for mover, follower in ((other, tab), (tab, other)):
        mover.page.bring_to_front()
        for name in ("leaves", "end_step", "sparsity"):
            mover.slider(name).press("ArrowLeft")
            follower.shows(name, mover.field(name).input_value())
    tab.type("end_step", "5000")
    box = tab.slider("end_step").bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    tab.page.mouse.down()
    seen = []
    for step in range(24):
        tab.page.mouse.move(box["x"] + (0.9 - 0.02 * step) * box["width"], middle)
        # Now and then the hand rests so long that a message goes, and is echoed while it moves on.
        tab.page.wait_for_timeout(170 if step % 6 == 0 else 20)
        seen.append(int(tab.field("end_step").input_value()))
    tab.page.mouse.up()
    assert seen == sorted(seen, reverse=True)
    other.shows("end_step", str(seen[-1]))
    tab.notebook.eventually("schedule.end_step", seen[-1])
    other.page.close()


def test_without_a_kernel_each_view_says_so_and_offers_nothing_it_cannot_do(tab):
    assert tab.page.locator(".pl-kernel:visible").count() == 0
    tab.page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()")
    said = tab.page.locator(".pl-kernel", has_text="No kernel listens to this view")
    tab.page.wait_for_function(
        "(all) => document.querySelectorAll('.pl-kernel:not([hidden])').length >= all",
        arg=len(CELLS),
    )
    assert said.count() == len(CELLS)
    locks = tab.page.get_by_role("button", name="Lock it in")
    assert [lock.is_disabled() for lock in locks.all()] == [True] * 3
    assert "cannot be locked" in tab.card("How many?").locator(".pl-caption").text_content()
    measure = tab.page.get_by_role("button", name="Measure here")
    assert measure.is_disabled()
    assert tab.page.locator(".pl-foot-told").text_content().startswith("No kernel listens")
    assert tab.page.locator(".pl-bench-run").evaluate("(run) => run.inert")
    assert tab.page.locator(".pl-bench-knobs").evaluate("(knobs) => knobs.inert")
    buttons = tab.page.locator(".pl-bench-runs button:visible")
    assert buttons.count() >= 8
    assert all(button.is_disabled() for button in buttons.all())
    tab.slider("end_step").press("ArrowLeft")  # what the page can do alone it still does
