"""The PlanExplorer in a real JupyterLab: every control by mouse and by keyboard."""

from itertools import pairwise
from pathlib import Path

import pytest

from prunelab.widgets import PlanExplorer
from prunelab.widgets.plan.state import SORTS
from tests.browser.lab import NEXT_FRAME, Card, drag, hold
from tests.browser.looks import keep_picture, outside, outside_anywhere, pale
from tests.helpers.made_plans import made_plan, made_results

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parents[2]
SETUP = f"""import sys
sys.path.insert(0, {str(HERE)!r})
from tests.helpers.made_plans import made_plan, made_results
from prunelab.widgets.plan.explorer import PlanExplorer"""
SHOW = "explorer = PlanExplorer(made_results(made_plan(range(8))))\nexplorer"
HEIGHT = 1900
NAMES = ["dense", "control", "completed_50", "completed_75", "completed_90", "cut_only"]
NAMES += ["early_stopping", "smaller", "ridge", "lasso"]


class Explorer(Card):
    """The explorer on the page."""

    def box(self, name):
        return self.card.locator(f'.pl-arm-list input[value="{name}"]')

    def run(self, arm, at=0):
        return self.card.locator(f'.pl-points [data-arm="{arm}"] .pl-run').nth(at)

    def rows(self):
        return self.card.locator("tbody tr").evaluate_all("all => all.map((r) => r.dataset.arm)")

    def agrees(self):
        """The page comes to say what the kernel says; returns the kernel's rows."""
        self.page.evaluate(NEXT_FRAME)
        said = self.notebook.value("[explorer.headline, explorer.caption, explorer.table]")
        headline, caption, rows = said
        if caption:
            self.card.get_by_text(caption, exact=True).wait_for()
        assert self.card.locator(".pl-headline").inner_text() == headline
        assert self.rows() == [row["arm"] for row in rows]
        return rows


@pytest.fixture
def explorer(opened):
    """The explorer in its starting state; afterwards the console must be free of errors."""
    said = opened.kernel(
        f"explorer.arms = {NAMES}\n"
        "explorer.sparsity, explorer.measure, explorer.sort = 0.0, 'validation_mse', 'arm'"
    )
    assert said == ""
    opened.page.mouse.move(5, 5)
    explorer = Explorer(opened)
    assert len(explorer.agrees()) == 10
    yield explorer
    assert opened.errors == []


# ---- the slider -------------------------------------------------------------------------------


def test_the_slider_by_mouse(explorer):
    drag(explorer.page, explorer.slider("sparsity"), 0.02, 0.8)
    shown = explorer.shown("sparsity")
    assert 0.7 < shown < 0.9
    explorer.notebook.eventually("explorer.sparsity", shown)
    explorer.agrees()
    assert explorer.card.locator(".pl-threshold").get_attribute("d") != ""


def test_the_table_follows_as_soon_as_a_dragging_hand_pauses(explorer):
    short = explorer.card.locator("tbody tr.pl-short")
    hold(explorer.page, explorer.slider("sparsity"), 0.02, 0.8)
    short.nth(6).wait_for()  # all networks but the one of 90 %, and the hand still holds it
    assert short.count() == 7
    explorer.page.mouse.up()
    explorer.page.evaluate(NEXT_FRAME)
    assert short.count() == 7


def test_the_slider_by_keyboard(explorer):
    explorer.slider("sparsity").focus()
    with explorer.notebook.keys_kept():
        for key, value in (("ArrowRight", 0.01), ("End", 0.99), ("ArrowLeft", 0.98), ("Home", 0)):
            explorer.page.keyboard.press(key)
            explorer.notebook.eventually("explorer.sparsity", value)
            explorer.agrees()


@pytest.mark.parametrize(
    ("typed", "value", "notice"),
    [
        ("0.755", 0.755, ""),
        ("75", 0.99, "sparsity cannot be 75: it is set to 0.99."),
        ("-1", 0, "sparsity cannot be -1: it is set to 0.0."),
    ],
)
def test_a_sparsity_can_be_typed(explorer, typed, value, notice):
    explorer.type("sparsity", typed)
    explorer.notebook.eventually("explorer.sparsity", value)
    explorer.agrees()
    assert explorer.card.locator(".pl-notice").inner_text() == notice


def test_arms_short_of_the_sparsity_fade_and_the_best_is_ringed(explorer):
    explorer.notebook.kernel("explorer.sparsity = 0.75")
    rows = explorer.agrees()
    faded = explorer.card.locator(".pl-points .pl-short")
    assert sorted(faded.evaluate_all("all => all.map((g) => g.dataset.arm)")) == sorted(
        ["dense", "control", "completed_50", "early_stopping"]
    )
    assert explorer.card.locator("tbody tr.pl-short").count() == 4
    best = explorer.notebook.value("explorer.best['arm']")
    assert explorer.card.locator("tr.pl-best").get_attribute("data-arm") == best
    assert best in [row["arm"] for row in rows]
    ring = explorer.card.locator(".pl-best-ring").bounding_box()
    marker = explorer.card.locator(f'.pl-points [data-arm="{best}"] .pl-marker').bounding_box()
    assert abs(ring["x"] + ring["width"] / 2 - marker["x"] - marker["width"] / 2) < 2
    # The line stands between those that reach it and those that do not.
    line = explorer.card.locator(".pl-threshold").bounding_box()["x"]
    for group in explorer.card.locator(".pl-points > g").all():
        box = group.bounding_box()
        short = "pl-short" in group.get_attribute("class")
        assert (box["x"] + box["width"] < line + 2) if short else (box["x"] > line - 2)


def test_arms_of_one_share_stand_side_by_side_and_apart_from_all_others(explorer):
    """However many they are: else the line of the sparsity would run through them."""
    places = explorer.card.locator(".pl-points > g").evaluate_all(
        """groups => groups.map((group) => {
          const box = group.querySelector(".pl-marker").getBoundingClientRect();
          return [group.dataset.arm, box.left, box.right];
        })"""
    )
    left = {row["arm"]: row["weights"] for row in explorer.notebook.value("explorer.table")}
    for one, other in pairwise(sorted(places, key=lambda place: place[1])):
        assert left[other[0]] < 1.07 * left[one[0]], (one, other)
        assert one[2] <= other[1] + 1, (one, other)


# ---- arms, measure, table ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_each_arm_can_be_left_out_by_mouse_and_taken_back_by_keyboard(explorer, name):
    explorer.box(name).click()
    explorer.notebook.eventually("list(explorer.arms)", [n for n in NAMES if n != name])
    assert name not in [row["arm"] for row in explorer.agrees()]
    assert explorer.card.locator(f'.pl-points [data-arm="{name}"]').count() == 0
    explorer.box(name).focus()
    explorer.page.keyboard.press("Space")
    explorer.notebook.eventually("list(explorer.arms)", NAMES)
    assert len(explorer.agrees()) == 10


def test_the_buttons_show_all_or_the_control_alone(explorer):
    explorer.card.get_by_role("button", name="Control alone").click()
    explorer.notebook.eventually("list(explorer.arms)", ["control"])
    assert [row["arm"] for row in explorer.agrees()] == ["control"]
    explorer.card.get_by_role("button", name="All arms").click()
    explorer.notebook.eventually("list(explorer.arms)", NAMES)
    explorer.agrees()


def test_with_no_arm_at_all_it_says_so(explorer):
    explorer.notebook.kernel("explorer.arms = []")
    assert explorer.agrees() == []
    assert explorer.card.locator(".pl-headline").inner_text() == "No network is chosen"
    assert explorer.card.locator(".pl-run").count() == 0


def test_every_measure_can_be_chosen(explorer):
    select = explorer.card.get_by_label("measure")
    names = explorer.notebook.value("list(explorer.data['measures'])")
    assert len(names) == 9
    for name in names:
        before = explorer.card.locator(".pl-front").inner_html()
        select.select_option(name)
        explorer.notebook.eventually("explorer.measure", name)
        explorer.agrees()
        if name != "validation_mse":
            assert explorer.card.locator(".pl-front").inner_html() != before
        training = "training loss" in explorer.card.locator(".pl-curves").text_content()
        assert training == name.startswith("train_")
        assert outside(explorer.page) == [], name


@pytest.mark.parametrize("at", range(len(SORTS)))
def test_the_table_is_sorted_by_its_buttons(explorer, at):
    button = explorer.card.locator("thead button").nth(at)
    head = explorer.card.locator("thead th").nth(at)
    if SORTS[at] == "arm":
        explorer.notebook.kernel("explorer.sort = 'mean'")
    button.click()
    explorer.notebook.eventually("explorer.sort", SORTS[at])
    explorer.agrees()
    assert head.get_attribute("aria-sort") == "ascending"
    button.focus()
    explorer.page.keyboard.press("Enter")
    explorer.notebook.eventually("explorer.sort", f"-{SORTS[at]}")
    explorer.agrees()
    assert head.get_attribute("aria-sort") == "descending"


def test_the_cells_of_the_table_are_the_kernels_numbers(explorer):
    rows = explorer.notebook.value("explorer.table")
    shown = explorer.card.locator("tbody tr").all()
    assert len(shown) == len(rows)
    for node, row in zip(shown, rows, strict=True):
        cells = [cell.inner_text().split("\n") for cell in node.locator("td").all()]
        assert cells[0] == [str(row["seeds"])]
        assert cells[2] == [f"{round(row['weights']):,}"]
        assert float(cells[3][0]) == pytest.approx(row["mean"], rel=1e-3)
        low, high = map(float, cells[3][1].split(" to "))
        assert (low, high) == pytest.approx((row["low"], row["high"]), rel=6e-3)
        if row["change"] is not None:
            assert float(cells[4][0].removesuffix(" ×")) == pytest.approx(row["change"], rel=1e-3)
            assert cells[5] == [f"{row['agree']} of {row['paired']}", row["side"]]


# ---- looking at a run -------------------------------------------------------------------------


def test_a_point_under_the_pointer_says_where_it_comes_from(explorer):
    explorer.card.get_by_role("button", name="All arms").click()
    box = explorer.run("completed_75", 3).bounding_box()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    said = explorer.text("look")
    assert said.startswith("pruned to 75 %, seed 3: validation MSE ")
    digest = explorer.notebook.value("explorer.results.plan.arm('completed_75').digest")
    for part in (digest[:12], "tensorflow 2.21.0", "1 thread", "x86_64 with avx2 fma", " s of tr"):
        assert part in said
    value = explorer.notebook.value("explorer.results.of('completed_75')[3].val.mse")
    assert f"{value:.4g}"[:5] in said
    lit = explorer.card.locator(".pl-picture .pl-arm.pl-lit").evaluate_all(
        "all => all.map((part) => part.dataset.arm)"
    )
    assert set(lit) == {"completed_75"}
    assert len(lit) >= 3  # its points, its curve, its band
    explorer.page.mouse.move(5, 5)
    assert explorer.text("look").startswith("Point at a run")


def test_points_can_be_walked_through_by_keyboard(explorer):
    stops = explorer.card.locator('.pl-run[tabindex="0"]')
    assert stops.count() == 1
    stops.focus()
    assert explorer.text("look").startswith("dense after one phase, seed 0: ")
    for key, start in (
        ("ArrowRight", "dense after one phase, seed 1: "),
        ("ArrowDown", "control: trained on, seed 1: "),
        ("End", "smaller dense network, seed 7: "),
        ("ArrowRight", "smaller dense network, seed 7: "),
        ("ArrowLeft", "smaller dense network, seed 6: "),
        ("ArrowUp", "stopped early, seed 6: "),
        ("Home", "dense after one phase, seed 0: "),
    ):
        explorer.page.keyboard.press(key)
        assert explorer.text("look").startswith(start), key
        assert explorer.card.locator('.pl-run[tabindex="0"]').count() == 1
    explorer.page.keyboard.press("Tab")
    assert explorer.text("look").startswith("Point at a run")
    assert explorer.card.locator(".pl-run").count() == 64


def test_tab_stops_once_in_the_picture(explorer):
    """Chromium would stop at each SVG part that listens for focus, too."""
    explorer.card.get_by_role("button", name="Control alone").focus()
    stops = []
    for _ in range(3):
        explorer.page.keyboard.press("Tab")
        stops.append(explorer.page.evaluate("document.activeElement.getAttribute('class')"))
    assert stops == ["pl-run", "pl-table-box", "pl-button pl-sort"]
    explorer.page.keyboard.press("Shift+Tab")
    explorer.page.keyboard.press("Shift+Tab")
    assert explorer.text("look").startswith("dense after one phase, seed 0: ")


def test_a_run_keeps_the_focus_while_arms_and_measure_change(explorer):
    explorer.run("control", 2).focus()
    explorer.notebook.kernel("explorer.arms = ['dense', 'control']; explorer.measure = 'train_mse'")
    explorer.agrees()
    assert explorer.text("look").startswith("control: trained on, seed 2: training MSE ")
    assert explorer.page.evaluate("document.activeElement.ariaLabel") in explorer.text("look")
    explorer.notebook.kernel("explorer.arms = ['dense', 'ridge']")
    explorer.agrees()
    assert explorer.text("look").startswith("Point at a run")
    assert explorer.card.locator('.pl-run[tabindex="0"]').count() == 1


def test_an_arm_that_comes_while_it_is_pointed_at_stands_out_and_leaves_nothing_behind(explorer):
    lit = explorer.card.locator(".pl-picture .pl-lit")
    explorer.box("cut_only").click()
    explorer.agrees()
    assert lit.count() == 0
    explorer.box("cut_only").click()
    explorer.agrees()
    shown = lit.evaluate_all("all => all.map((part) => part.dataset.arm)")
    assert shown == ["cut_only"] * 4  # its points, its curve, its band, its label
    explorer.box("cut_only").click()
    explorer.page.mouse.move(5, 5)
    explorer.notebook.kernel(f"explorer.arms = {NAMES}")
    explorer.agrees()
    assert lit.count() == 0


def test_an_arm_under_the_pointer_says_what_it_is(explorer):
    explorer.card.locator('tbody tr[data-arm="cut_only"]').hover()
    assert explorer.text("look").startswith("75 % cut at the end: Three quarters cut at once")
    explorer.box("smaller").focus()
    explorer.page.mouse.move(5, 5)
    explorer.box("early_stopping").focus()
    assert explorer.text("look").startswith("stopped early: ")


# ---- kernel and page --------------------------------------------------------------------------


def test_a_cell_moves_every_control(explorer):
    explorer.notebook.kernel(
        "explorer.arms = ['control', 'completed_90', 'ridge']; explorer.sparsity = 0.9; "
        "explorer.measure = 'input_auc'; explorer.sort = '-mean'"
    )
    rows = explorer.agrees()
    assert len(rows) == 3
    checked = explorer.card.locator(".pl-arm-list input:checked")
    assert checked.evaluate_all("all => all.map((box) => box.value)") == [
        "control",
        "completed_90",
        "ridge",
    ]
    assert explorer.card.get_by_label("measure").input_value() == "input_auc"
    assert explorer.shown("sparsity") == 0.9


def test_two_views_of_one_explorer_stay_in_step(opened, explorer):
    with opened.another_cell("explorer") as card:
        second = Explorer(opened, card)
        explorer.slider("sparsity").focus()
        explorer.page.keyboard.press("End")
        explorer.notebook.eventually("explorer.sparsity", 0.99)
        second.box("control").click()
        second.notebook.eventually("'control' in explorer.arms", False)
        assert explorer.agrees() == second.agrees()
        assert not explorer.box("control").is_checked()


def test_the_browser_draws_while_the_kernel_is_busy(explorer):
    explorer.notebook.drawn_while_busy("sparsity", [i / 100 for i in range(1, 41)], ".pl-headline")
    explorer.notebook.eventually("explorer.sparsity", 0.4)
    explorer.agrees()


def test_every_control_has_a_name_and_keeps_its_keys(explorer):
    controls = "input, select, button, [role=option], [tabindex='0']"
    explorer.is_accessible(controls, 2 + 10 + 1 + 2 + len(SORTS) + 64 + 1, ["sparsity"])
    assert explorer.card.locator("[role=option]").evaluate_all(
        "all => all.every((c) => /, seed \\d: validation MSE /.test(c.getAttribute('aria-label')))"
    )
    for name in ("dense after one phase", "ridge regression"):
        assert explorer.card.get_by_role("checkbox", name=name).count() == 1
    assert explorer.card.get_by_role("combobox", name="measure").count() == 1
    assert explorer.card.get_by_role("region", name="table of arms").count() == 1


def test_it_fits_its_cell_from_narrow_to_wide(explorer):
    changes = (
        "explorer.sparsity = 0.0",
        "explorer.sparsity = 0.9; explorer.arms = ['control', 'completed_90', 'ridge']",
        "explorer.measure = 'seconds'",
        "explorer.arms = ['smaller']; explorer.measure = 'input_precision_at_k'",
        "explorer.measure = 'validation_mse'",
    )
    assert outside_anywhere(explorer.notebook, changes) == {}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_both_themes_are_legible(explorer, change_theme, theme):
    change_theme(theme)
    explorer.notebook.kernel("explorer.sparsity = 0.75")
    explorer.agrees()
    texts = (".pl-headline", ".pl-title", ".pl-caption", ".pl-look", ".pl-arm-choice", "small")
    texts += ("td", ".pl-short td", ".pl-sort", ".pl-table caption")
    labels = (".pl-axis", ".pl-ticks text", ".pl-level-labels text", ".pl-curve-labels text")
    lines = (".pl-median", ".pl-whisker", ".pl-threshold", ".pl-level-control")
    assert pale(explorer.page, texts, labels, lines) == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_saved_page_works_from_disk(saved_page, scheme):
    made = PlanExplorer(made_results(made_plan(range(4))), show_test=True)
    page = saved_page(made, color_scheme=scheme)

    def same():
        page.get_by_text(made.caption, exact=True).wait_for()
        assert page.locator(".pl-headline").inner_text() == made.headline
        rows = page.locator("tbody tr").evaluate_all("all => all.map((r) => r.dataset.arm)")
        assert rows == [row["arm"] for row in made.table]

    same()
    page.get_by_role("slider", name="sparsity", exact=True).press("End")
    made.sparsity = 0.99
    same()
    page.get_by_role("slider", name="sparsity", exact=True).press("Home")
    made.sparsity = 0.0
    page.locator('.pl-arm-list input[value="dense"]').click()
    made.arms = [name for name in made.arms if name != "dense"]
    same()
    page.get_by_label("measure").select_option("test_mse")
    made.measure = "test_mse"
    same()
    page.locator("thead button").nth(4).click()
    made.sort = "mean"
    same()
    page.locator('.pl-run[tabindex="0"]').press("ArrowRight")
    assert page.locator(".pl-look").inner_text().startswith("control: trained on, seed 1: test MSE")
    assert outside(page) == []


def test_the_picture_of_the_readme(notebook, tmp_path):
    show = SHOW.replace("\nexplorer", "\nexplorer.sparsity = 0.75\nexplorer")
    made = notebook(SETUP, show, width=1420, height=1900, device_scale_factor=1.5)
    keep_picture(made, "plan_explorer", tmp_path)
