"""Predictions in a real JupyterLab: made by pointer and by keyboard, locked, revealed, kept."""

import json

import pytest

from tests.browser.lab import Card, reopen_notebook, shut_kernels_down

pytestmark = pytest.mark.browser

SETUP = "from prunelab.widgets.prediction.explorer import Prediction, calibration"
CELLS = {
    "number": "number = Prediction('How many zeros?', low=0, high=100, unit='%', label='zeros')",
    "choice": "choice = Prediction('Which is lower?', options=['pruned', 'unpruned'])",
    "curve": "curve = Prediction('Draw it.', x=(0, 320), y=(0, 1), xlabel='step', ylabel='zeros')",
}


class Asked(Card):
    """One prediction on the page."""

    def __init__(self, notebook, name):
        text = CELLS[name].split("'")[1]
        card = notebook.page.locator(".prunelab .pl-card").filter(has_text=text).first
        super().__init__(notebook, card)
        self.name = name
        self.card.scroll_into_view_if_needed()

    def lock(self):
        return self.card.get_by_role("button", name="Lock")

    def caption(self):
        return self.text("caption")

    def guess(self):
        return self.notebook.value(f"{self.name}.guess")


@pytest.fixture
def opened(notebook):
    """A notebook with the three kinds on show; afterwards its console must be free of errors."""
    folder = "import os, tempfile; os.environ['PRUNELAB_PROGRESS'] = tempfile.mkdtemp()"
    cells = [f"{made}\n{name}" for name, made in CELLS.items()]
    made = notebook(f"{folder}\n{SETUP}", *cells, height=1800)
    made.page.wait_for_function(
        "() => document.querySelectorAll('.prunelab .pl-card').length === 3", timeout=60_000
    )
    yield made
    assert made.errors == []


def test_a_number_by_keyboard_and_by_pointer(opened):
    card = Asked(opened, "number")
    assert card.caption() == "No guess yet."
    assert card.lock().is_disabled()
    for _ in range(10):
        card.slider("best guess").press("ArrowRight")
    opened.eventually("number.guess", {"value": 55, "low": 25, "high": 75})
    card.type("to", "60")
    card.type("from", "58")
    opened.eventually("number.guess", {"value": 58, "low": 58, "high": 60})
    assert card.caption() == "Your guess: 58 %, somewhere from 58 % to 60 %."
    box = card.card.locator(".pl-line").bounding_box()
    left = box["x"] + 34  # the side of the picture

    def across(percent):
        return left + percent / 100 * (box["width"] - 68)

    card.page.mouse.move(across(61), box["y"] + 54)
    card.page.mouse.down()
    card.page.mouse.move(across(90), box["y"] + 54, steps=6)
    card.page.mouse.up()
    opened.eventually("number.guess", {"value": 58, "low": 58, "high": 90})
    card.lock().press("Enter")
    opened.eventually("number.locked", True)
    assert "Locked. The answer appears" in card.caption()
    assert card.slider("best guess").is_disabled()
    assert opened.kernel("number.reveal(28.94, interval=(27, 31))").startswith("It is 28.94 %")
    card.card.locator(".pl-truth-label").filter(has_text="28.94 % (27 % to 31 %)").wait_for()
    assert card.caption().startswith("It is 28.94 % (27 % to 31 %). That lies below your range")
    assert card.card.get_attribute("data-mood") == "bad"


def test_a_choice_by_keyboard(opened):
    card = Asked(opened, "choice")
    card.card.get_by_role("radio", name="pruned", exact=True).focus()
    card.page.keyboard.press("ArrowDown")
    card.slider("how sure").press("End")
    for _ in range(20):
        card.slider("how sure").press("ArrowLeft")
    opened.eventually("choice.guess", {"option": "unpruned", "sure": 0.8})
    card.lock().click()
    opened.eventually("choice.locked", True)
    assert opened.kernel("choice.reveal('unpruned')") == "It is “unpruned”, as you said, 80 % sure."
    card.card.locator(".pl-right").filter(has_text="unpruned").wait_for()
    assert card.caption() == "It is “unpruned”, as you said, 80 % sure."
    assert card.card.get_attribute("data-mood") == "good"


def test_a_curve_by_pointer(opened):
    card = Asked(opened, "curve")
    box = card.card.locator(".pl-chart").bounding_box()
    left, right = box["x"] + 62, box["x"] + box["width"] - 20
    top, bottom = box["y"] + 30, box["y"] + box["height"] - 50
    card.page.mouse.move(left, bottom)
    card.page.mouse.down()
    card.page.mouse.move((left + right) / 2, (top + bottom) / 2, steps=4)
    card.page.mouse.move(right, top, steps=3)
    card.page.mouse.up()
    assert card.caption() == "Your guess: a curve through 33 points."
    opened.eventually("curve.guess is not None and None not in curve.guess['heights']", True)
    heights = card.guess()["heights"]
    assert max(abs(height - at / 32) for at, height in enumerate(heights)) < 0.03
    card.lock().click()
    opened.eventually("curve.locked", True)
    said = opened.kernel("curve.reveal(([0, 320], [0, 1]))")
    assert said.startswith("Your curve is near:")
    card.card.locator(".pl-truth:not([d=''])").wait_for()
    card.page.mouse.click(left + 50, top + 20)
    assert card.guess()["heights"] == heights


def test_a_curve_by_keyboard_and_cleared(opened):
    card = Asked(opened, "curve")
    for _ in range(4):
        card.slider("height there").press("ArrowLeft")
    assert card.caption() == "No guess yet."  # one point is no curve
    assert card.lock().is_disabled()
    card.slider("where").press("End")
    card.type("height there", "0.75")
    opened.eventually("curve.guess['heights'][32]", 0.75)
    assert card.guess()["heights"][0] == 0.48
    assert card.guess()["heights"][1:32] == [None] * 31
    assert card.caption() == "Your guess: a curve through 2 points."
    card.card.get_by_role("button", name="Clear").click()
    opened.eventually("curve.guess", None)
    assert card.caption() == "No guess yet."


def test_every_control_is_named_and_keeps_its_keys(opened):
    controls = opened.page.locator(".prunelab :is(input, button)")
    assert controls.count() > 15
    for control in controls.all():
        assert control.get_attribute("data-lm-suppress-shortcuts") == "true"
        named = control.evaluate(
            "(e) => e.labels?.length || e.getAttribute('aria-label') || e.textContent.trim()"
        )
        assert named


def test_a_locked_guess_survives_the_night(lab, browser, tmp_path):
    address, root = lab
    folder = json.dumps(str(tmp_path / "progress"))
    from tests.browser.lab import open_notebook

    cells = [f"import os; os.environ['PRUNELAB_PROGRESS'] = {folder}\n{SETUP}",
             f"{CELLS['number']}\nnumber"]  # fmt: skip
    context = browser.new_context(viewport={"width": 1280, "height": 1000})
    opened = open_notebook(context.new_page(), address, root, "prediction-night.ipynb", cells)
    opened.page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
    card = Asked(opened, "number")
    card.type("best guess", "30")
    card.lock().click()
    opened.eventually("number.locked", True)
    opened.command("docmanager:save")
    opened.page.close()
    shut_kernels_down(address)
    again = reopen_notebook(context.new_page(), address, "prediction-night.ipynb", run=True)
    again.page.wait_for_selector(".prunelab .pl-locked", timeout=60_000)
    assert Asked(again, "number").field("best guess").input_value() == "30"
    assert again.value("number.guess['value']") == 30
    assert again.errors == []
    context.close()
