"""The slides in Chromium, offline: turned by keys and buttons, never fuller than the screen."""

import re

import nbformat
import pytest

from prunelab.widgets import Prediction
from tests.browser.lab import resize, watch_console
from tests.helpers.made_slides import PATHS, deck_of, notebook, small_deck, tagged
from tests.helpers.sample_chapter import GRADIENT, code, show, words
from tools.slides import page as deck_page

pytestmark = pytest.mark.browser
READABLE = 20  # pixels of running text on 1280 × 720
TALL = 240  # pixels of a picture
# What is wrong on each slide: its parts that do not fit, its text and pictures that are too small.
MEASURE = """
([readable, tall]) => [...document.querySelectorAll("section")].flatMap((slide, at) => {
  const stage = slide.getBoundingClientRect(), found = [];
  const say = (what) => found.push(`slide ${at + 1}: ${what}`);
  for (const part of slide.querySelectorAll(":scope *")) {
    const box = part.getBoundingClientRect();
    const outside = box.bottom > stage.bottom - 40 || box.right > stage.right - 20
      || box.top < stage.top + 10 || box.left < stage.left;
    if (box.width && outside && !part.closest("math")) say(`${part.tagName} is not all on it`);
    if (part.tagName === "PRE" && part.scrollWidth > part.clientWidth) say("a line is cut off");
    if (part.tagName === "IMG" && box.height < tall) say(`a picture ${box.height} pixels tall`);
  }
  if (parseFloat(getComputedStyle(slide).fontSize) < readable) say("small text");
  return found;
})
"""


def opened(browser, path, **options):
    """The page at `path`, with no network; what it reports and asks for, in two growing lists."""
    context = browser.new_context(
        offline=True, viewport={"width": 1280, "height": 720}, has_touch=True, **options
    )
    page = context.new_page()
    errors, asked = watch_console(page), []
    page.on("request", lambda r: r.url.startswith("data:") or asked.append(r.url))
    page.goto(path.as_uri())
    page.wait_for_selector(".deck section.now")
    return page, errors, asked


@pytest.fixture
def deck(browser, tmp_path):
    """Four slides, open; the page must stay free of errors and ask for nothing."""
    path = tmp_path / "small & <deck>.html"
    path.write_text(deck_page(small_deck()), "utf-8")
    page, errors, asked = opened(browser, path)
    yield page
    assert errors == []
    assert set(asked) <= {path.as_uri()}
    page.context.close()


def now(page):
    """The number of the one slide in view, as the address, the field and the picture say."""
    shown = [s.get_attribute("id") for s in page.locator("section").all() if s.is_visible()]
    assert len(shown) == 1
    assert page.locator("#page").input_value() == shown[0]
    assert page.url.endswith(f"#{shown[0]}")
    assert page.locator("#says").inner_text().startswith(f"Slide {shown[0]} of 4: ")
    return int(shown[0])


def test_keys_turn_the_slides(deck):
    assert now(deck) == 1
    for key, wanted in [
        *[("ArrowRight", 2), ("Space", 3), ("PageDown", 4), ("ArrowRight", 4), ("ArrowLeft", 3)],
        *[("Shift+Space", 2), ("Home", 1), ("ArrowUp", 1), ("End", 4), ("PageUp", 3)],
    ]:
        deck.keyboard.press(key)
        assert now(deck) == wanted, key


def test_a_number_an_address_a_button_and_a_swipe_turn_the_slides(deck):
    deck.keyboard.press("4")
    deck.keyboard.press("Enter")
    assert now(deck) == 4
    deck.keyboard.press("ArrowLeft")
    assert now(deck) == 3
    deck.evaluate("location.hash = '#2'")
    deck.wait_for_function("document.getElementById('page').value === '2'")
    assert now(deck) == 2
    deck.get_by_role("button", name="Next slide").click()
    assert now(deck) == 3
    deck.keyboard.press("Space")  # a focused button keeps its key: it is pressed once more
    assert now(deck) == 4
    assert deck.get_by_role("button", name="Next slide").is_disabled()
    deck.get_by_role("textbox", name="Go to slide").fill("99")
    deck.keyboard.press("Enter")
    assert now(deck) == 4
    deck.get_by_role("textbox", name="Go to slide").fill("x")
    deck.keyboard.press("Enter")
    assert now(deck) == 4
    deck.evaluate("""() => {
      const at = (x) => new Touch({ identifier: 1, target: document.body, clientX: x, clientY: 9 });
      const send = (type, x) => document.body.dispatchEvent(new TouchEvent(type, { bubbles: true,
        touches: type === "touchstart" ? [at(x)] : [], changedTouches: [at(x)] }));
      send("touchstart", 300); send("touchend", 500);
    }""")
    assert now(deck) == 3


def test_what_stands_behind_a_prediction_waits_for_the_class(browser, tmp_path):
    asks = tagged(code("guess", show("Prediction('How many?')", GRADIENT)), "slide")
    answer = tagged(code("print(1)", "0.7654\n"), "slide-more")
    nb = notebook(asks, answer, tagged(words("# Next"), "slide"))
    (tmp_path / "deck.html").write_text(deck_page(nb), "utf-8")
    page, *_ = opened(browser, tmp_path / "deck.html")
    told, following = page.get_by_text("0.7654").first, page.get_by_role("heading", name="Next")
    assert not told.is_visible()
    page.keyboard.press("ArrowRight")
    assert told.is_visible()
    assert not following.is_visible()
    page.keyboard.press("ArrowRight")
    assert following.is_visible()
    page.keyboard.press("ArrowLeft")
    assert told.is_visible()
    page.context.close()


def test_the_stage_fits_any_window_and_a_formula_has_height(deck):
    deck.goto(deck.url.split("#")[0] + "#2")
    for width, height in ((1920, 1080), (800, 600), (1000, 500)):
        resize(deck, width, height)
        box = deck.locator("section.now").bounding_box()
        assert box["x"] >= -0.5
        assert box["y"] >= -0.5
        assert box["width"] <= width + 0.5
        assert box["height"] <= height + 0.5
        assert max(box["width"] / width, box["height"] / height) > 0.99
    math = deck.locator("math").first.bounding_box()
    fraction = deck.locator("mfrac").first.bounding_box()
    assert math["height"] >= fraction["height"] > 15


def test_a_print_has_a_page_for_each_slide(deck):
    assert len(re.findall(rb"/Type\s*/Page\b", deck.pdf(prefer_css_page_size=True))) == 4


def test_a_slide_that_is_too_full_is_seen(browser, tmp_path):
    nb = small_deck()
    nb.cells += [tagged(words("word " * 500), "slide")]
    (tmp_path / "full.html").write_text(deck_page(nb), "utf-8")
    page, *_ = opened(browser, tmp_path / "full.html")
    found = page.evaluate(MEASURE, [READABLE, TALL])
    assert any("slide 5: P is not all on it" in fault for fault in found)
    assert not any("slide 1:" in fault or "slide 2:" in fault for fault in found)
    page.context.close()


TAGGED = [
    path
    for path in PATHS
    if any(
        "slide" in cell.metadata.get("tags", []) for cell in nbformat.read(path, as_version=4).cells
    )
]


@pytest.mark.parametrize("path", TAGGED or [None], ids=lambda path: path and path.stem)
def test_no_slide_of_a_chapter_is_too_full(path, browser, tmp_path):
    assert path is not None, "no chapter has slides, so nothing was measured"
    (tmp_path / "deck.html").write_text(deck_of(path), "utf-8")
    page, errors, _ = opened(browser, tmp_path / "deck.html")
    page.wait_for_load_state("load")
    assert page.locator("section").count() > 0
    assert page.evaluate(MEASURE, [READABLE, TALL]) == []
    assert errors == []
    page.context.close()


ASKED = {
    "number": 'Prediction("How many?", low=0, high=100)',
    "choice": 'Prediction("Which?", options=["one", "two", "three", "four", "five", "six"])',
    "curve": 'Prediction("How does it go?", x=(0, 100), y=(0, 10))',
}


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("window", [(1280, 720), (1920, 1080)], ids=lambda size: f"{size[0]}")
def test_a_prediction_on_a_slide_is_whole_and_large_enough_to_read(browser, tmp_path, kind, window):
    """Beside six lines of words; what is held back takes no room from it before it is told."""
    words_of_it = tagged(words("## Bet\n" + "A sentence with some words in it. " * 9), "slide")
    guess = tagged(code(ASKED[kind], show(ASKED[kind])), "slide-more")
    told = tagged(code("print(table)", "a line of a table\n" * 6), "slide-more")
    path = tmp_path / "live.html"
    page_of_it = eval(ASKED[kind], {"Prediction": Prediction}).page()
    nb = notebook(words_of_it, guess, told)
    nb.cells[1].id = "asked"
    path.write_text(deck_page(nb, live={"asked": ("a prediction", page_of_it)}), "utf-8")
    page, errors, _ = opened(browser, path)
    resize(page, *window)
    inside = page.frames[1]
    whole = "document.documentElement.scrollHeight <= innerHeight && !document.fonts.loading"
    # It may be small for a moment, while the page is laid out; it must not stay so. The page lets
    # no text be evaluated later, so we ask again and again instead of leaving a condition there.
    large = "document.body.style.zoom >= 0.9"
    settled = f"{whole} && document.documentElement.scrollWidth <= innerWidth && {large}"
    assert any(inside.evaluate(settled) or page.wait_for_timeout(100) for _ in range(100))
    assert inside.evaluate("innerHeight") >= 380
    page.keyboard.press("ArrowRight")
    assert page.get_by_text("a line of a table").first.is_visible()
    assert page.evaluate(MEASURE, [READABLE, TALL]) == []
    frame = page.locator("iframe")
    assert not frame.is_visible() or frame.bounding_box()["height"] >= 220
    assert errors == []
    page.context.close()


# Pages that are far too tall for a moment after they were loaded, or whenever they are drawn large.
SETTLES = """
<!doctype html><html><body style="margin: 0"><div id="box" style="height: 3000px">words</div>
<script>
  const zoomed = () => Number(document.body.style.zoom || 1);
  const late = () => {{ box.style.height = {then}; }};
  {when}
</script></body></html>
"""
MOODS = {
    "tall_at_first": ("'100px'", "setTimeout(late, 300);"),
    "tall_where_large": (
        "zoomed() > 1 ? '3000px' : '100px'",
        "new ResizeObserver(() => setTimeout(late, 5)).observe(document.body);",
    ),
}


@pytest.mark.parametrize("mood", MOODS)
def test_what_was_too_tall_for_a_moment_does_not_stay_small(browser, tmp_path, mood):
    then, when = MOODS[mood]
    html = SETTLES.format(then=then, when=when)
    asked = tagged(code(ASKED["number"], show(ASKED["number"])), "slide-more")
    nb = notebook(tagged(words("## Draw"), "slide"), asked)
    nb.cells[1].id = "asked"
    path = tmp_path / "live.html"
    path.write_text(deck_page(nb, live={"asked": ("a page", html)}), "utf-8")
    page, errors, _ = opened(browser, path)
    inside = page.frames[1]
    zoom = "Number(document.body.style.zoom)"
    # Frame by frame, until two seconds' worth of them have left it as it is.
    rests = f"""() => {{
      if (window.was !== {zoom}) [window.was, window.still] = [{zoom}, 0];
      return ++window.still > 120;
    }}"""
    inside.wait_for_function(rests)
    assert inside.evaluate(zoom) >= (1.5 if mood == "tall_at_first" else 0.62)
    assert inside.evaluate("document.documentElement.scrollHeight <= innerHeight")
    assert errors == []
    page.context.close()


def test_what_works_on_a_slide_fits_its_frame_and_is_where_the_pointer_is(browser, tmp_path):
    """Drawn smaller than its natural size, with the curve under the pointer all the same."""
    words_of_it = 'Prediction("How does it go?", x=(0, 100), y=(0, 10))'
    nb = notebook(tagged(words("## Draw\nOne curve."), "slide"))
    nb.cells.append(tagged(code(words_of_it, show(words_of_it)), "slide-more"))
    nb.cells[-1].id = "drawn"
    guess = Prediction("How does it go?", x=(0, 100), y=(0, 10))
    path = tmp_path / "live.html"
    path.write_text(deck_page(nb, live={"drawn": ("a prediction", guess.page())}), "utf-8")
    page, errors, _ = opened(browser, path)
    frame = page.frame_locator("iframe")
    lock = frame.get_by_role("button", name="Lock it in")
    page.wait_for_timeout(600)
    outside, inside = page.locator("iframe").bounding_box(), lock.bounding_box()
    assert inside["y"] + inside["height"] <= outside["y"] + outside["height"]
    box = frame.locator("svg").first.bounding_box()
    start, end = (frame.get_by_text(step, exact=True).first.bounding_box() for step in ("20", "80"))
    page.mouse.move(start["x"] + start["width"] / 2, box["y"] + 0.6 * box["height"])
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, box["y"] + 0.3 * box["height"], steps=20)
    page.mouse.up()
    where = float(frame.get_by_role("spinbutton", name="where").input_value())
    assert where == pytest.approx(80, abs=2)
    assert errors == []
    page.context.close()
