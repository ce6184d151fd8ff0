"""The page of `save_html`, opened from disk with no kernel and no network."""

import pytest

from prunelab.schedules import PolynomialDecay, preflight
from prunelab.widgets import ScheduleExplorer
from prunelab.widgets.schedule.state import KNOBS

pytestmark = pytest.mark.browser


@pytest.fixture(params=["light", "dark"])
def page(request, saved_page):
    """The saved page of the article's schedule."""
    clipboard = ["clipboard-read", "clipboard-write"]
    return saved_page(
        ScheduleExplorer(), height=1300, color_scheme=request.param, permissions=clipboard
    )


def _state(page):
    fields = {name: page.get_by_label(f"{name}, as a number") for name in KNOBS}
    return {name: float(field.input_value()) for name, field in fields.items()}


def _expected(page):
    """What Python makes of the numbers that the page shows."""
    state = _state(page)
    schedule = PolynomialDecay(**{name: state[name] for name in KNOBS[:6]})
    return preflight(schedule, **{name: state[name] for name in KNOBS[6:]})


def test_every_control_works(page):
    assert page.title() == ScheduleExplorer.page_title
    assert "Misses its target: 28.94 % zeros" in page.locator(".pl-headline").inner_text()
    for name in KNOBS:
        page.reload()
        before, drawn = _state(page), page.locator(".pl-picture").inner_html()
        slider = page.get_by_role("slider", name=name, exact=True)
        slider.press("PageDown" if name == "epochs" else "PageUp")
        page.wait_for_timeout(50)
        assert _state(page)[name] != before[name]
        assert page.locator(".pl-picture").inner_html() != drawn, name
        box = slider.bounding_box()
        page.mouse.click(box["x"] + 0.4 * box["width"], box["y"] + box["height"] / 2)
        page.wait_for_timeout(50)
        assert _state(page)[name] != before[name]
        messages = [finding.message for finding in _expected(page).findings]
        assert page.locator(".pl-message").all_inner_texts() == messages
    page.get_by_role("radio", name="epochs").click()
    page.locator(".pl-ticks .pl-axis").first.filter(has_text="epoch").wait_for()


def test_it_fits_and_copies(page):
    page.get_by_role("button", name="Make it fit").click()
    page.get_by_text("Reaches its target: 75.00 % zeros").wait_for()
    assert _expected(page).ok
    assert _state(page)["end_step"] == 1600
    page.get_by_role("button", name="Copy code").click()
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == ScheduleExplorer(end_step=1600).code
