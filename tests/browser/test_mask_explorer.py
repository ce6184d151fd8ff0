"""The MaskExplorer in a real JupyterLab: every control by mouse and by keyboard."""

import os
from pathlib import Path

import pytest

from prunelab.masks import PATTERNS
from prunelab.masks.patterns import CRITERIA
from tests.browser.lab import NEXT_FRAME, resize, watch_console
from tests.browser.test_schedule_explorer import CONTRAST, _shrink
from tests.helpers.mask_cases import measured

pytestmark = pytest.mark.browser

SETUP = """
import numpy as np
from prunelab.masks.losses import mask_losses
from prunelab.masks.patterns import PATTERNS
from prunelab.widgets.mask.explorer import MaskExplorer
rng = np.random.default_rng(0)
network = [rng.normal(size=(20, 24)), np.zeros(24), rng.normal(size=(24, 1)), [0.0]]
x, y = rng.normal(size=(30, 20)), rng.normal(size=30)
grid = np.arange(0, 1, 0.05)
losses = mask_losses(network, x, y, layer=0, sparsities=grid, patterns=PATTERNS, draws=2)
"""
SHOW = "explorer = MaskExplorer(network[0], losses, name='first kernel')\nexplorer"
RESET = (
    "explorer.sparsity, explorer.pattern, explorer.criterion = 0.75, 'unstructured', 'magnitude'"
)
# Which weights the canvas shows, read from its pixels: a cut weight is transparent.
PIXELS = """
() => {
  const canvas = document.querySelector(".prunelab .pl-heatmap");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from({ length: data.length / 4 }, (_, i) => Number(data[4 * i + 3] > 0)).join("");
}
"""
OUTSIDE = """
() => {
  const card = document.querySelector(".prunelab .pl-card");
  const cut = [...card.querySelectorAll("svg")].flatMap((svg) => {
    const frame = svg.getBoundingClientRect();
    return [...svg.querySelectorAll("text")].filter((text) => {
      const box = text.getBoundingClientRect();
      return text.textContent && (box.left < frame.left - 1 || box.right > frame.right + 1
        || box.top < frame.top - 1 || box.bottom > frame.bottom + 1);
    });
  });
  const wide = [...card.querySelectorAll("*")].filter((part) => !part.closest("pre, svg")
    && part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== "inline");
  const right = card.getBoundingClientRect().right;
  const canvas = card.querySelector("canvas").getBoundingClientRect();
  return [...cut, ...wide].map((part) => part.outerHTML.slice(0, 120))
    .concat(canvas.right > right ? ["the heatmap"] : []);
}
"""


class Controls:
    """The one explorer on the page, and the kernel it belongs to."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.card = self.page.locator(".prunelab .pl-card").first
        self.slider = self.card.get_by_role("slider", name="sparsity", exact=True)
        self.field = self.card.get_by_label("sparsity, as a number")

    def held(self, name):
        return self.notebook.value(f"explorer.{name}")

    def shown(self):
        """What the number field says, once the next frame is drawn."""
        self.page.evaluate(NEXT_FRAME)
        return float(self.field.input_value())

    def radio(self, name):
        return self.card.get_by_role("radio", name=name, exact=True)

    def pixels(self):
        self.page.evaluate(NEXT_FRAME)
        return self.page.evaluate(PIXELS)

    def agrees(self):
        """Pixels, headline and caption are those of the kernel's mask."""
        caption = self.held("caption")
        self.card.get_by_text(caption, exact=True).wait_for()
        mask = self.notebook.value("''.join('01'[k] for k in explorer.mask.ravel().tolist())")
        assert self.pixels() == mask
        assert f"{mask.count('1')} of {len(mask)} weights stay" in self.headline()

    def headline(self):
        return self.card.locator(".pl-headline").inner_text()


@pytest.fixture(scope="module")
def opened(notebook):
    """One notebook for this file, with an explorer on show."""
    made = notebook(SETUP.strip(), SHOW)
    made.page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
    return made


@pytest.fixture
def controls(opened):
    """The explorer in its starting state; afterwards the console must be free of errors."""
    assert opened.kernel(RESET) == ""
    controls = Controls(opened)
    opened.page.mouse.move(2, 2)
    controls.card.get_by_text(controls.held("caption"), exact=True).wait_for()
    yield controls
    assert opened.errors == []


def test_the_slider_by_mouse(controls):
    box = controls.slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    before = controls.pixels()
    controls.page.mouse.move(box["x"] + 0.5 * box["width"], middle)
    controls.page.mouse.down()
    controls.page.mouse.move(box["x"] + 0.3 * box["width"], middle, steps=8)
    controls.page.mouse.up()
    value = controls.shown()
    assert 0.2 < value < 0.4
    controls.notebook.eventually("explorer.sparsity", value)
    assert controls.pixels() != before
    controls.agrees()


def test_the_slider_by_keyboard(controls):
    active_cell = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    cell = controls.page.evaluate(active_cell)
    controls.slider.focus()
    for key, moved in (("ArrowRight", 1), ("ArrowUp", 1), ("ArrowLeft", -1), ("ArrowDown", -1)):
        last = controls.shown()
        controls.page.keyboard.press(key)
        assert controls.shown() - last == pytest.approx(moved * 0.01), key
    for key, value in (("Home", 0.0), ("End", 0.99)):
        controls.page.keyboard.press(key)
        controls.notebook.eventually("explorer.sparsity", value)
        controls.agrees()
    assert controls.page.evaluate(active_cell) == cell, "JupyterLab took the arrow keys"
    # Letters are JupyterLab's commands: here "x" would cut the cell.
    controls.page.keyboard.press("x")
    assert controls.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


@pytest.mark.parametrize(
    ("typed", "value", "notice"),
    [
        ("0.3125", 0.3125, ""),
        ("75", 0.99, "sparsity cannot be 75: it is set to 0.99."),
        ("-1", 0, "sparsity cannot be -1: it is set to 0.0."),
        ("", 0.75, ""),
    ],
)
def test_the_number_can_be_typed_and_is_mended(controls, typed, value, notice):
    controls.field.click()
    controls.page.keyboard.press("Control+a")
    controls.page.keyboard.type(typed) if typed else controls.page.keyboard.press("Delete")
    controls.page.keyboard.press("Enter")
    controls.notebook.eventually("explorer.sparsity", value)
    assert controls.shown() == value
    assert controls.card.locator(".pl-notice").inner_text() == notice
    assert controls.held("notice") == notice
    controls.agrees()


@pytest.mark.parametrize("pattern", PATTERNS)
def test_each_pattern_and_criterion_by_mouse(controls, pattern):
    controls.radio(pattern).click()
    controls.notebook.eventually("explorer.pattern", pattern)
    for criterion in CRITERIA:
        controls.radio(criterion).click()
        controls.notebook.eventually("explorer.criterion", criterion)
        controls.agrees()
        dot = controls.card.locator(".pl-losses circle.pl-dot")
        assert f"pl-by-{criterion}" in dot.get_attribute("class")
    assert controls.slider.is_disabled() == (pattern == "2:4")
    if pattern == "2:4":
        assert "always half, whatever is asked" in controls.card.locator(".pl-about").inner_text()
        assert controls.shown() == 0.5
        assert controls.held("sparsity") == 0.75


def test_patterns_and_criteria_by_keyboard(controls):
    controls.radio("unstructured").focus()
    for wanted in list(PATTERNS)[1:]:
        controls.page.keyboard.press("ArrowRight")
        controls.notebook.eventually("explorer.pattern", wanted)
    controls.radio("magnitude").focus()
    controls.page.keyboard.press("ArrowDown")
    controls.notebook.eventually("explorer.criterion", "random")
    controls.agrees()


def test_a_cell_moves_slider_and_picture(controls):
    bars = controls.card.locator("svg .pl-stay")
    before = bars.get_attribute("d")
    controls.notebook.kernel("explorer.pattern = '4x1'; explorer.sparsity = 0.4")
    controls.agrees()
    assert controls.shown() == 0.4
    assert float(controls.slider.input_value()) == 0.4
    assert controls.radio("4x1").is_checked()
    assert bars.get_attribute("d") != before


def test_the_threshold_stands_in_the_histogram_only_where_there_is_one(controls):
    edges = controls.card.locator("svg .pl-edges")
    label = controls.card.locator("svg .pl-edge-label")
    assert edges.get_attribute("d").count("M") == 2
    assert float(label.text_content().split("= ")[1]) == pytest.approx(
        controls.held("threshold"), rel=1e-3
    )
    controls.radio("4x4").click()
    controls.card.get_by_text("The threshold is on the mean of a unit").wait_for()
    assert edges.get_attribute("d") == ""
    assert not controls.card.locator(".pl-swatch-edge").is_visible()


def test_the_weight_under_the_pointer_is_told(controls):
    box = controls.card.locator(".pl-heatmap").bounding_box()
    row, column = 7, 13
    controls.page.mouse.move(
        box["x"] + (column + 0.5) * box["width"] / 24, box["y"] + (row + 0.5) * box["height"] / 20
    )
    said = controls.card.locator(".pl-look").first.inner_text()
    value, kept = controls.notebook.value(
        f"[float(explorer.weights[{row}, {column}]), bool(explorer.mask[{row}, {column}])]"
    )
    assert said.startswith(f"From input {row} to neuron {column}: w = ")
    number = float(said.split("w = ")[1].split(",")[0].replace("−", "-"))
    assert number == pytest.approx(value, rel=1e-3)
    assert said.endswith("stays." if kept else "is cut.")
    controls.page.mouse.move(2, 2)
    controls.card.get_by_text("One pixel or square is one weight").wait_for()


def test_copy_code(controls):
    controls.card.get_by_role("button", name="Copy code").click()
    controls.card.get_by_role("button", name="Copied").wait_for()
    assert controls.page.evaluate("navigator.clipboard.readText()") == controls.held("code")


def test_the_browser_draws_while_the_kernel_is_busy(controls):
    moved = controls.page.evaluate(
        """async () => {
          const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
          const busy = kernel.requestExecute({ code: "import time; time.sleep(3)" });
          const slider = document.querySelector('.pl-range[name="sparsity"]');
          const bars = document.querySelector(".pl-stay");
          let drawn = 0;
          for (let i = 1; i <= 40; i += 1) {
            const before = bars.getAttribute("d");
            slider.value = String(0.2 + i / 100);
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            drawn += bars.getAttribute("d") !== before;
          }
          slider.dispatchEvent(new Event("change", { bubbles: true }));
          const idle = kernel.status === "idle";
          await busy.done;
          return { drawn, idle };
        }"""
    )
    assert moved["drawn"] == 40
    controls.notebook.eventually("explorer.sparsity", 0.6)
    controls.agrees()


def test_every_control_has_a_name_and_keeps_its_keys(controls):
    inputs = controls.card.locator("input, button, pre")
    assert inputs.count() == 2 + len(PATTERNS) + len(CRITERIA) + 1 + 1
    for at in range(inputs.count()):
        assert inputs.nth(at).get_attribute("data-lm-suppress-shortcuts") == "true"
    assert controls.slider.get_attribute("aria-valuetext") == "0.75, 75.00 %"
    live = controls.card.locator("[aria-live=polite]")
    assert controls.held("caption") in live.inner_text()
    pictures = controls.card.get_by_role("img")
    assert pictures.count() == 3
    for at in range(3):
        name = pictures.nth(at).get_attribute("aria-labelledby").split()
        assert all(controls.page.locator(f"#{part}").inner_text() for part in name)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_both_themes_are_legible(controls, change_theme, theme):
    change_theme(theme)
    for text in (".pl-headline", ".pl-title", ".pl-caption", ".pl-hint", ".pl-about", ".pl-item",
                 ".pl-look", ".pl-key"):  # fmt: skip
        contrast = controls.page.evaluate(CONTRAST, [f".prunelab {text}", "color"])
        assert contrast >= 4.5, (theme, text)
    for text in ("text", ".pl-axis", ".pl-edge-label", ".pl-dot-label"):
        where = f".prunelab svg {text}"
        assert controls.page.evaluate(CONTRAST, [where, "fill"]) >= 4.5, (theme, text)
    for drawn in (".pl-by-magnitude", ".pl-by-random", ".pl-by-largest", ".pl-now", ".pl-edges"):
        where = f".prunelab svg {drawn}"
        assert controls.page.evaluate(CONTRAST, [where, "stroke"]) >= 3, (theme, drawn)
    for swatch in ("--pl-positive", "--pl-negative"):
        controls.page.evaluate(
            "(name) => { document.querySelector('.prunelab .pl-spare')?.remove();"
            " const made = document.createElement('i'); made.className = 'pl-spare';"
            " made.style.color = `var(${name})`;"
            " document.querySelector('.prunelab .pl-card').append(made); }",
            swatch,
        )
        contrast = controls.page.evaluate(CONTRAST, [".prunelab .pl-spare", "color"])
        assert contrast >= 3, (theme, swatch)
    controls.page.evaluate("() => document.querySelector('.prunelab .pl-spare').remove()")


def test_it_fits_its_cell_from_narrow_to_wide(controls):
    """Nothing sticks out, and no text of the pictures is cut off."""
    try:
        for width in (760, 1050, 1280, 1700):
            resize(controls.page, width, 1400)
            for pattern, criterion, sparsity in (
                ("unstructured", "magnitude", 0.0), ("unstructured", "largest", 0.99),
                ("2:4", "random", 0.5), ("neurons", "magnitude", 0.9),
            ):  # fmt: skip
                controls.notebook.kernel(
                    f"explorer.pattern, explorer.criterion, explorer.sparsity = "
                    f"{pattern!r}, {criterion!r}, {sparsity}"
                )
                controls.page.wait_for_timeout(150)
                assert controls.page.evaluate(OUTSIDE) == [], (width, pattern)
    finally:
        resize(controls.page, 1280, 1400)


def test_a_large_matrix_is_pooled_and_says_so(notebook):
    made = notebook(
        "import numpy as np\nfrom prunelab.widgets.mask.explorer import MaskExplorer\n"
        "explorer = MaskExplorer(np.random.default_rng(0).normal(size=(1000, 1024)))\nexplorer"
    )
    card = made.page.locator(".prunelab .pl-card")
    card.wait_for(timeout=60_000)
    card.get_by_text("One pixel stands for").wait_for()
    pool, again = (int(word) for word in card.locator(".pl-look").first.inner_text().split()[4:7:2])
    assert pool == again > 1
    shares = made.page.evaluate(
        """() => {
          const canvas = document.querySelector(".prunelab .pl-heatmap");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return { wide: canvas.width, high: canvas.height,
            alpha: Array.from({ length: data.length / 4 }, (_, i) => data[4 * i + 3]) };
        }"""
    )
    assert (shares["wide"], shares["high"]) == (-(-1024 // pool), -(-1000 // pool))
    wanted = made.value(
        f"[float(explorer.mask[r * {pool}:(r + 1) * {pool}, c * {pool}:(c + 1) * {pool}].mean())"
        " for r, c in ((0, 0), (5, 9), (100, 200))]"
    )
    for (row, column), share in zip(((0, 0), (5, 9), (100, 200)), wanted, strict=True):
        assert shares["alpha"][row * shares["wide"] + column] == pytest.approx(255 * share, abs=0.6)
    assert "No losses were measured." in card.locator(".pl-none").inner_text()
    assert made.errors == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_saved_page_works_without_a_kernel(browser, tmp_path, scheme):
    explorer = measured()
    path = explorer.save_html(tmp_path / "masks & <more>.html")
    context = browser.new_context(
        offline=True, color_scheme=scheme, viewport={"width": 1100, "height": 1300}
    )
    page = context.new_page()
    errors, requests = watch_console(page), []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_selector(".pl-card")
    for explorer.pattern in PATTERNS:
        page.get_by_role("radio", name=explorer.pattern, exact=True).click()
        page.get_by_text(explorer.caption, exact=True).wait_for()
        mask = "".join("01"[kept] for kept in explorer.mask.ravel().tolist())
        assert page.evaluate(PIXELS) == mask
    page.get_by_role("slider", name="sparsity", exact=True).press("Home")
    explorer.sparsity = 0.0
    page.get_by_text(explorer.caption, exact=True).wait_for()
    assert errors == []
    assert set(requests) <= {path.as_uri()}
    context.close()


def test_the_picture_of_the_chapter(notebook, tmp_path):
    """A real screenshot; PRUNELAB_SCREENSHOTS names where to keep it."""
    made = notebook(SETUP.strip(), SHOW, width=1420, device_scale_factor=1.5)
    card = made.page.locator(".prunelab .pl-card")
    card.wait_for(timeout=60_000)
    made.page.mouse.move(5, 5)
    made.page.wait_for_timeout(300)
    path = Path(os.environ.get("PRUNELAB_SCREENSHOTS", tmp_path)) / "mask_explorer.png"
    above, below = card.bounding_box(), card.locator(".pl-code").bounding_box()
    made.page.screenshot(path=path, clip=above | {"height": below["y"] - above["y"]})
    _shrink(path)
    assert 20_000 < path.stat().st_size < 150_000
    assert made.errors == []


def test_another_widget_on_the_page_changes_none_of_its_rules(notebook):
    """Each brings the shared rules again, and some of its own by the same names."""
    other = "from prunelab.widgets import Prediction\nPrediction('why?', options=('a', 'b'))"
    root = str(Path(__file__).resolve().parents[2])
    runs = (
        f"import sys; sys.path.insert(0, {root!r})\n"
        "from tests.helpers.made_plans import made_results\n"
        "from prunelab.widgets.plan.explorer import PlanExplorer\nPlanExplorer(made_results())"
    )
    looks = """() => {
      const card = document.querySelector(".prunelab .pl-card");
      const style = (selector, part) => getComputedStyle(card.querySelector(selector), part);
      return [style(".pl-key-random", "::before").borderTopStyle,
        style(".pl-mask-words").minHeight, style(".pl-heading").marginTop];
    }"""
    alone = notebook(SETUP, SHOW, height=1900)
    alone.page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
    wanted = alone.page.evaluate(looks)
    assert wanted[0] == "dashed"
    beside = notebook(SETUP, SHOW, other, runs, height=3600)
    beside.page.wait_for_function(
        "() => document.querySelectorAll('.prunelab .pl-card').length === 3", timeout=60_000
    )
    assert beside.page.evaluate(looks) == wanted
