"""The MaskExplorer in a real JupyterLab: every control by mouse and by keyboard."""

from pathlib import Path

import numpy as np
import pytest

from prunelab.masks import PATTERNS
from prunelab.masks.patterns import CRITERIA
from prunelab.widgets import MaskExplorer
from tests.browser.lab import NEXT_FRAME, Card, drag
from tests.browser.looks import contrast, keep_picture, outside_anywhere, pale
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


class Controls(Card):
    """The explorer on the page."""

    def pixels(self):
        self.page.evaluate(NEXT_FRAME)
        return self.page.evaluate(PIXELS)

    def agrees(self):
        """Pixels, headline and caption are those of the kernel's mask."""
        caption = self.held("caption")
        self.card.get_by_text(caption, exact=True).wait_for()
        mask = self.notebook.value("''.join('01'[k] for k in explorer.mask.ravel().tolist())")
        assert self.pixels() == mask
        assert f"{mask.count('1')} of {len(mask)} weights stay" in self.text("headline")


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
    before = controls.pixels()
    drag(controls.page, controls.slider("sparsity"), 0.5, 0.3)
    value = controls.shown("sparsity")
    assert 0.2 < value < 0.4
    controls.notebook.eventually("explorer.sparsity", value)
    assert controls.pixels() != before
    controls.agrees()


def test_the_slider_by_keyboard(controls):
    controls.slider("sparsity").focus()
    with controls.notebook.keys_kept():
        for key, moved in (("ArrowRight", 1), ("ArrowUp", 1), ("ArrowLeft", -1), ("ArrowDown", -1)):
            last = controls.shown("sparsity")
            controls.page.keyboard.press(key)
            assert controls.shown("sparsity") - last == pytest.approx(moved * 0.01), key
        for key, value in (("Home", 0.0), ("End", 0.99)):
            controls.page.keyboard.press(key)
            controls.notebook.eventually("explorer.sparsity", value)
            controls.agrees()


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
    controls.type("sparsity", typed)
    controls.notebook.eventually("explorer.sparsity", value)
    assert controls.shown("sparsity") == value
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
    assert controls.slider("sparsity").is_disabled() == (pattern == "2:4")
    if pattern == "2:4":
        assert "always half, whatever is asked" in controls.card.locator(".pl-about").inner_text()
        assert controls.shown("sparsity") == 0.5
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
    assert controls.shown("sparsity") == 0.4
    assert float(controls.slider("sparsity").input_value()) == 0.4
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
    controls.notebook.drawn_while_busy(
        "sparsity", [0.2 + i / 100 for i in range(1, 41)], ".pl-stay"
    )
    controls.notebook.eventually("explorer.sparsity", 0.6)
    controls.agrees()


def test_every_control_has_a_name_and_keeps_its_keys(controls):
    count = 2 + len(PATTERNS) + len(CRITERIA) + 1 + 1
    controls.is_accessible("input, button, pre", count, ["sparsity"])
    assert controls.slider("sparsity").get_attribute("aria-valuetext") == "0.75, 75.00 %"
    pictures = controls.card.get_by_role("img")
    assert pictures.count() == 3
    for at in range(3):
        name = pictures.nth(at).get_attribute("aria-labelledby").split()
        assert all(controls.page.locator(f"#{part}").inner_text() for part in name)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_both_themes_are_legible(controls, change_theme, theme):
    change_theme(theme)
    texts = (".pl-headline", ".pl-title", ".pl-caption", ".pl-hint", ".pl-about", ".pl-item")
    texts += (".pl-look", ".pl-key")
    labels = ("text", ".pl-axis", ".pl-edge-label", ".pl-dot-label")
    lines = [f"path.pl-by-{criterion}" for criterion in CRITERIA]
    lines += [".pl-now", ".pl-edges"]
    assert pale(controls.page, texts, labels, lines) == {}
    for swatch in ("--pl-positive", "--pl-negative"):
        controls.page.evaluate(
            "(name) => { document.querySelector('.prunelab .pl-spare')?.remove();"
            " const made = document.createElement('i'); made.className = 'pl-spare';"
            " made.style.color = `var(${name})`;"
            " document.querySelector('.prunelab .pl-card').append(made); }",
            swatch,
        )
        assert contrast(controls.page, ".prunelab .pl-spare", "color") >= 3, (theme, swatch)
    controls.page.evaluate("() => document.querySelector('.prunelab .pl-spare').remove()")


def test_it_fits_its_cell_from_narrow_to_wide(controls):
    """Nothing sticks out, and no text of the pictures is cut off."""
    states = (
        ("unstructured", "magnitude", 0.0), ("unstructured", "largest", 0.99),
        ("2:4", "random", 0.5), ("neurons", "magnitude", 0.9),
    )  # fmt: skip
    changes = [
        f"explorer.pattern, explorer.criterion, explorer.sparsity = {state}" for state in states
    ]
    heatmap = """() => {
      const [card, canvas] = [".prunelab .pl-card", ".prunelab canvas"]
        .map((name) => document.querySelector(name).getBoundingClientRect());
      return canvas.right > card.right ? ["the heatmap"] : [];
    }"""
    also = lambda page: page.evaluate(heatmap)  # noqa: E731
    widths = (760, 1050, 1280, 1700)
    assert outside_anywhere(controls.notebook, changes, widths, also=also) == {}


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


def _shows(page, explorer):
    """A saved page has the caption and the pixels of `explorer` in Python."""
    page.get_by_text(explorer.caption, exact=True).wait_for()
    mask = "".join("01"[kept] for kept in explorer.mask.ravel().tolist())
    assert page.evaluate(PIXELS) == mask


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_saved_page_works_without_a_kernel(saved_page, scheme):
    explorer = measured()
    page = saved_page(explorer, color_scheme=scheme)
    for explorer.pattern in PATTERNS:
        page.get_by_role("radio", name=explorer.pattern, exact=True).click()
        _shows(page, explorer)
    page.get_by_role("slider", name="sparsity", exact=True).press("Home")
    explorer.sparsity = 0.0
    _shows(page, explorer)


# ---- several kernels ---------------------------------------------------------------------------

LAYERS = """
import numpy as np
from prunelab.widgets.mask.explorer import MaskExplorer
rng = np.random.default_rng(0)
kernels = {"conv": rng.normal(size=(3, 3, 2, 6)), "head": rng.normal(size=(14, 10))}
explorer = MaskExplorer(kernels, sparsity=0.5)
explorer
"""


def test_the_choice_of_a_layer_by_mouse_keyboard_and_cell(notebook):
    made = notebook(LAYERS.strip())
    made.page.wait_for_selector(".prunelab .pl-card", timeout=60_000)
    controls = Controls(made)
    controls.agrees()
    choice = made.page.get_by_label("layer", exact=True)
    assert choice.evaluate("node => node.tagName") == "SELECT"
    assert choice.get_attribute("data-lm-suppress-shortcuts") == "true"
    assert choice.locator("option").all_inner_texts() == ["conv (3 × 3 × 2 × 6)", "head (14 × 10)"]
    choice.select_option("head")
    made.eventually("explorer.layer", "head")
    controls.agrees()
    choice.focus()
    with made.keys_kept():
        made.page.keyboard.press("ArrowUp")
        made.eventually("explorer.layer", "conv")
        controls.agrees()
        assert choice.evaluate("node => node === document.activeElement")
    made.kernel("explorer.layer = 'head'; explorer.pattern = '4x1'")
    controls.agrees()
    assert choice.input_value() == "head"
    picture = controls.card.get_by_role("img").first
    named = picture.get_attribute("aria-labelledby").split()
    assert "what stays of head" in made.page.locator(f"#{named[0]}").inner_text()
    drag(made.page, controls.slider("sparsity"), 0.5, 0.3)
    controls.agrees()
    assert made.page.locator(".prunelab .pl-card").count() == 1
    assert contrast(made.page, ".prunelab .pl-select", "color") >= 4.5
    assert made.errors == []


def test_the_layers_of_a_saved_page(saved_page):
    rng = np.random.default_rng(0)
    kernels = {"conv": rng.normal(size=(3, 3, 2, 6)), "head": rng.normal(size=(14, 10))}
    explorer = MaskExplorer(kernels, sparsity=0.5)
    page = saved_page(explorer)
    for explorer.layer in ("head", "conv", "head"):
        page.get_by_label("layer", exact=True).select_option(explorer.layer)
        _shows(page, explorer)
    page.get_by_role("slider", name="sparsity", exact=True).press("Home")
    explorer.sparsity = 0.0
    _shows(page, explorer)


def test_the_picture_of_the_chapter(notebook, tmp_path):
    made = notebook(SETUP.strip(), SHOW, width=1420, device_scale_factor=1.5)
    keep_picture(made, "mask_explorer", tmp_path, until=".pl-code")


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
