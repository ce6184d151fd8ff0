"""Each cheat sheet in Chromium: on paper it is one page, on the screen it needs no network."""

import re

import pytest

from tests.browser.lab import watch_console
from tools import course, sheets

pytestmark = pytest.mark.browser
PATHS = [path for path in course.find([]) if path.name != "00_start_here.ipynb"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_sheet_is_one_page(browser, path):
    context = browser.new_context(offline=True, viewport={"width": 800, "height": 900})
    page = context.new_page()
    errors, asked = watch_console(page), []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(sheets.file_of(path).as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert errors == []
    assert asked == [sheets.file_of(path).as_uri()]
    context.close()
