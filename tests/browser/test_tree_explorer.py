"""The TreeExplorer in a real JupyterLab, by mouse and by keyboard, and its page from disk."""

import pytest

from tests.browser.lab import NEXT_FRAME, Card, drag
from tests.browser.looks import keep_picture, outside, outside_anywhere
from tests.helpers.tree_cases import many_features, moons, plane, three_classes, wave

pytestmark = pytest.mark.browser

SETUP = """
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier
from prunelab.widgets.tree.explorer import TreeExplorer
X, y = make_moons(400, noise=0.35, random_state=0)
tree = DecisionTreeClassifier(random_state=0).fit(X[:240], y[:240])
""".strip()
SHOW = "explorer = TreeExplorer(tree, X[:240], y[:240], X[240:], y[240:])\nexplorer"
DRAWN_LEAVES = ".pl-node:is([data-state=leaf], [data-state=folded])"
LEAVES = f"() => document.querySelectorAll('{DRAWN_LEAVES}').length"
# Questions whose middle line runs through a node.
CROSSED = """
() => {
  const nodes = [...document.querySelectorAll(".prunelab .pl-node circle")]
    .map((circle) => circle.getBoundingClientRect());
  return [...document.querySelectorAll(".prunelab .pl-splits text")].filter((text) => {
    const box = text.getBoundingClientRect();
    const middle = (box.top + box.bottom) / 2;
    return nodes.some((node) => node.left < box.right && node.right > box.left
      && node.top < middle && node.bottom > middle);
  }).map((text) => text.textContent);
}
"""


class Explorer(Card):
    """The explorer on the page."""

    def node(self, node):
        return self.card.locator(f'.pl-node[data-node="{node}"]')

    def stop(self, name):
        return self.card.locator(f'.pl-stop-button[data-name="{name}"]')

    def caption(self):
        return self.text("caption")

    def drawn_leaves(self):
        """Leaves in the picture, once the next frame is drawn."""
        self.page.evaluate(NEXT_FRAME)
        return self.card.locator(DRAWN_LEAVES).count()

    def agrees(self, leaves=None):
        """Page and kernel show the same tree; returns its leaves, counted by scikit-learn."""
        leaves = self.drawn_leaves() if leaves is None else leaves
        self.notebook.eventually("int(explorer.tree.get_n_leaves())", leaves)
        assert self.drawn_leaves() == leaves
        assert self.field("leaves").input_value() == str(leaves)
        assert self.card.locator(".pl-headline").inner_text().startswith(f"{leaves} lea")
        assert self.caption() == self.notebook.value("explorer.caption")
        return leaves


@pytest.fixture
def explorer(opened):
    """The explorer with the whole tree; afterwards the console must be free of errors."""
    assert (
        opened.kernel("explorer.folded = (); explorer.step = 0; explorer.points='training'") == ""
    )
    explorer = Explorer(opened, opened.page.locator(".prunelab .pl-card").first)
    opened.page.wait_for_function(f"() => ({LEAVES})() % 43 === 0")
    opened.page.evaluate("document.activeElement?.blur()")
    yield explorer
    assert opened.errors == []


@pytest.mark.parametrize("name", ["leaves", "ccp_alpha"])
def test_each_slider_by_mouse(explorer, name):
    start = 0.95 if name == "leaves" else 0.05
    drag(explorer.page, explorer.slider(name), start, 0.7, 0.3, 0.41)
    leaves = explorer.agrees()
    assert 1 < leaves < 43
    step = explorer.notebook.value("explorer.step")
    assert leaves == explorer.notebook.value(f"int(explorer.path.n_leaves[{step}])")


@pytest.mark.parametrize("name", ["leaves", "ccp_alpha"])
def test_each_slider_by_keyboard(explorer, name):
    explorer.slider(name).focus()
    press = explorer.page.keyboard.press
    with explorer.notebook.keys_kept():
        for key in ("Home", "End") if name == "ccp_alpha" else ("End", "Home"):
            press(key)
        assert explorer.agrees() == 1
        press("ArrowRight" if name == "leaves" else "ArrowLeft")
        assert explorer.agrees() == 2


@pytest.mark.parametrize(("typed", "leaves"), [("1", 1), ("0", 1), ("-5", 1), ("9999", 43)])
def test_a_number_of_leaves_can_be_typed(explorer, typed, leaves):
    explorer.field("leaves").fill(typed)
    explorer.field("leaves").press("Enter")
    assert explorer.agrees(leaves) == leaves


def test_a_number_between_two_subtrees_takes_the_smaller_one(explorer):
    sizes = explorer.notebook.value("explorer.path.n_leaves.tolist()")
    missing = max(set(range(1, 43)) - set(sizes))
    explorer.field("leaves").fill(str(missing))
    explorer.field("leaves").press("Tab")
    assert explorer.agrees() == max(size for size in sizes if size < missing)


def test_an_alpha_can_be_typed(explorer):
    for text in ("0.01", "5", "-1", ""):
        explorer.field("ccp_alpha").fill(text)
        explorer.field("ccp_alpha").press("Enter")
        if text:
            alpha = max(float(text), 0)
            wanted = explorer.notebook.value(
                f"int(explorer.path.n_leaves[explorer.path.index({alpha})])"
            )
        assert explorer.agrees(wanted) == wanted  # an empty field changes nothing


def test_a_click_folds_a_node_and_another_unfolds_it(explorer):
    node = explorer.notebook.value("int(tree.tree_.children_right[0])")
    explorer.node(node).click()
    folded = explorer.agrees()
    assert folded < 43
    assert explorer.notebook.value("explorer.folded") == [node]
    assert explorer.notebook.value("explorer.step") is None
    assert explorer.node(node).get_attribute("data-state") == "folded"
    assert explorer.node(node).get_attribute("aria-expanded") == "false"
    assert f"Folding node {node} turns" in explorer.caption()
    assert explorer.card.locator('.pl-node[data-state="gone"]').count() > 0
    explorer.node(node).click()
    assert explorer.agrees() == 43
    assert f"Unfolding node {node} brings" in explorer.caption()
    assert explorer.notebook.value("explorer.step") == 0


def test_a_click_on_a_grey_node_grows_the_tree_back_to_it(explorer):
    explorer.notebook.kernel("explorer.folded = [0]")
    explorer.page.wait_for_function(f"() => ({LEAVES})() === 1")
    deep = explorer.notebook.value(
        "int(tree.tree_.children_left[tree.tree_.children_right[tree.tree_.children_left[0]]])"
    )
    explorer.node(deep).click()
    assert explorer.agrees() == 4
    assert explorer.node(deep).get_attribute("data-state") in ("folded", "leaf")


def test_nodes_are_walked_and_folded_by_keyboard(explorer):
    stops = explorer.card.locator('.pl-node[tabindex="0"]')
    assert stops.count() == 1
    stops.focus()
    press = explorer.page.keyboard.press
    focused = "() => Number(document.activeElement.dataset.node)"
    press("Home")
    assert explorer.page.evaluate(focused) == 0
    left, right = explorer.notebook.value(
        "[int(side[0]) for side in (tree.tree_.children_left, tree.tree_.children_right)]"
    )
    for key, node in (
        ("ArrowUp", 0), ("ArrowDown", left), ("ArrowRight", right), ("ArrowRight", right),
        ("ArrowLeft", left), ("ArrowUp", 0), ("ArrowDown", left),
    ):  # fmt: skip
        press(key)
        assert explorer.page.evaluate(focused) == node, key
    assert stops.count() == 1
    press("Enter")
    folded = explorer.agrees()
    assert explorer.notebook.value("explorer.folded") == [left]
    press("Space")
    assert explorer.agrees() == 43 > folded
    assert explorer.page.evaluate(focused) == left, "folding must not lose the focus"
    look = explorer.card.locator(".pl-look").inner_text()
    assert look == explorer.node(left).get_attribute("aria-label")
    assert look.startswith(f"Node {left}: ")
    press("x")
    assert explorer.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


def test_each_pruner_can_be_taken(explorer):
    sizes = {}
    for name in explorer.notebook.value("[stop['name'] for stop in explorer.data['pruners']]"):
        explorer.stop(name).click() if len(sizes) % 2 else explorer.stop(name).press("Enter")
        explorer.notebook.eventually("explorer.pruner", name)
        sizes[name] = explorer.agrees()
        assert explorer.stop(name).get_attribute("aria-pressed") == "true"
        assert (
            explorer.stop(name)
            .locator(".pl-figure")
            .first.inner_text()
            .startswith(str(sizes[name]))
        )
    wanted = explorer.notebook.value(
        "(lambda t: {n: getattr(t, n)(tree, *d).tree.get_n_leaves().item() for n, d in"
        " dict(reduced_error=(X[240:], y[240:]), pessimistic=(), error_based=(),"
        " minimum_error=()).items()} | dict(cost_complexity=t.cross_validate(tree, X[:240],"
        " y[:240]).one_standard_error.n_leaves))(__import__('prunelab.trees').trees)"
    )
    assert sizes == wanted
    assert explorer.card.locator("svg .pl-stop").count() == 5
    explorer.card.get_by_role("button", name="Unfold all").click()
    assert explorer.agrees() == 43
    assert explorer.notebook.value("explorer.pruner") == ""
    assert explorer.card.get_by_role("button", name="Unfold all").is_disabled()


def test_a_click_on_the_curves_goes_there(explorer):
    chart = explorer.card.locator("svg.pl-errors")
    box = chart.bounding_box()
    chart.click(position={"x": 70, "y": box["height"] / 2})
    assert explorer.agrees() == 1


def test_the_path_is_played_once_and_another_hand_stops_it(explorer):
    play = explorer.button("Play the path")
    explorer.notebook.kernel("explorer.step = len(explorer.path) - 4")
    explorer.page.wait_for_function(f"() => ({LEAVES})() < 10")
    play.click()
    explorer.button("Stop").wait_for()
    explorer.notebook.eventually("explorer.step == len(explorer.path) - 1", True)
    assert explorer.agrees() == 1
    play.wait_for()  # at the root it ends
    play.press("Enter")  # and begins again with the whole tree
    explorer.page.wait_for_function(f"() => ({LEAVES})() > 30")
    explorer.slider("leaves").focus()
    explorer.page.keyboard.press("ArrowLeft")
    play.wait_for()
    stopped = explorer.agrees()
    explorer.page.wait_for_timeout(1500)  # two beats
    assert explorer.agrees() == stopped > 1


def test_the_other_samples_can_be_shown(explorer):
    samples = explorer.card.locator("svg .pl-samples")
    before = samples.inner_html()
    explorer.card.get_by_role("radio", name="validation").click()
    explorer.notebook.eventually("explorer.points", "validation")
    assert samples.inner_html() != before
    explorer.page.keyboard.press("ArrowLeft")
    explorer.notebook.eventually("explorer.points", "training")


def test_a_cell_moves_everything(explorer):
    pictures = [explorer.card.locator(f"svg .pl-{part}") for part in ("edges", "fills", "now")]
    before = [picture.first.evaluate("part => part.outerHTML") for picture in pictures]
    explorer.notebook.kernel("explorer.step = len(explorer.path) - 3")
    explorer.page.wait_for_function(f"() => ({LEAVES})() < 10")
    explorer.agrees()
    after = [picture.first.evaluate("part => part.outerHTML") for picture in pictures]
    assert all(old != new for old, new in zip(before, after, strict=True))
    explorer.notebook.kernel("explorer.pruner = 'pessimistic'")
    explorer.card.get_by_text("the tree of pessimistic pruning").wait_for()
    explorer.agrees()


def test_two_views_of_one_explorer_stay_in_step(opened, explorer):
    with opened.another_cell("explorer") as card:
        second = Explorer(opened, card)
        explorer.slider("leaves").focus()
        explorer.page.keyboard.press("Home")
        assert explorer.agrees() == second.agrees() == 1
        second.button("Unfold all").click()
        assert explorer.agrees() == second.agrees() == 43
        second.node(opened.value("int(tree.tree_.children_left[0])")).click()
        assert explorer.agrees() == second.agrees() < 43
        assert explorer.caption() == second.caption()


def test_the_browser_draws_while_the_kernel_is_busy(explorer):
    most = int(explorer.slider("leaves").get_attribute("max"))
    explorer.notebook.drawn_while_busy(
        "leaves", list(range(most - 1, -1, -1)), ".pl-edges:not(.pl-edges-gone)"
    )
    assert explorer.agrees() == 1


def test_the_kernel_does_not_undo_a_quick_hand(explorer):
    """Picks that come faster than messages travel: each is drawn, and stays."""
    states = explorer.page.evaluate(
        """async () => {
          const branches = [...document.querySelectorAll(".pl-node[aria-expanded]")];
          const wait = (ms) => new Promise((done) => setTimeout(done, ms));
          const found = [];
          for (let i = 0; i < 40; i += 1) {
            const node = branches[Math.floor(i / 2) % branches.length];
            node.focus();
            node.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true }));
            await wait(35 + 3 * (i % 17));
            found.push(node.dataset.state);
          }
          return found;
        }"""
    )
    assert states == ["folded", "split"] * 20
    explorer.page.wait_for_timeout(500)
    assert explorer.agrees() == 43


def test_every_control_has_a_name_and_keeps_its_keys(explorer):
    controls = "input, button, [role=treeitem]"
    explorer.is_accessible(controls, 4 + 2 + 5 + 2 + 85, ["leaves", "ccp_alpha"])
    nodes = explorer.card.locator("[role=treeitem]")
    assert nodes.evaluate_all("all => all.every((n) => n.getAttribute('aria-label'))")
    inner = explorer.card.locator("[role=treeitem][aria-expanded]")
    assert inner.count() == 42
    for name in explorer.card.locator(".pl-stop-button").all_inner_texts():
        assert name.strip()
    assert explorer.card.get_by_role("img").count() == 2
    assert explorer.card.get_by_role("tree").count() == 1


def test_it_fits_its_cell_from_narrow_to_wide(explorer):
    changes = ("explorer.step = 0", "explorer.step = 15", "explorer.folded = [0]")
    parts = "text, .pl-node"
    assert outside_anywhere(explorer.notebook, changes, pictured=parts) == {}


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_pictures_of_both_themes(explorer, change_theme, theme, tmp_path):
    """A screenshot a theme, to look at."""
    change_theme(theme)
    explorer.notebook.kernel("explorer.pruner = 'pessimistic'")
    explorer.agrees()
    keep_picture(explorer.notebook, f"tree_{theme.lower()}", tmp_path)


# ---- the saved page ---------------------------------------------------------------------------


@pytest.mark.parametrize("make", [moons, three_classes, wave, plane, many_features])
def test_a_saved_page_works_from_disk(make, saved_page):
    made = make(cv=4)
    page = saved_page(made, height=1100)
    card = page.locator(".pl-card")
    for key in ("Home", "ArrowRight", "ArrowRight"):
        card.get_by_role("slider", name="leaves", exact=True).press(key)
    made.step = len(made.path) - 3
    page.get_by_text(made.caption, exact=True).wait_for()
    for node in (0, int(made.tree.tree_.children_left[0]), 0):
        card.locator(f'.pl-node[data-node="{node}"]').click()
        made.toggle(node)
        page.get_by_text(made.caption, exact=True).wait_for()
    for stop in made.data["pruners"]:
        card.locator(f'[data-name="{stop["name"]}"].pl-stop-button').click()
        made.pruner = stop["name"]
        page.get_by_text(made.caption, exact=True).wait_for()
        assert page.evaluate(LEAVES) == made.tree.get_n_leaves()
    assert card.locator("svg.pl-ground").count() == bool(made.data["shown"])
    if not made.data["shown"]:
        card.get_by_text("The tree asks about 5 features").wait_for()
    assert page.evaluate(CROSSED) == []
    assert outside(page, pictured="text, .pl-node") == []


def test_the_picture_of_the_readme(notebook, tmp_path):
    show = SHOW.replace("\nexplorer", "\nexplorer.step = 11")
    made = notebook(SETUP, show + "\nexplorer", width=1420, height=1500, device_scale_factor=1.5)
    keep_picture(made, "tree_explorer", tmp_path)


SLOWLY = f"""
{SETUP}
import threading
from prunelab.trees.cross_validation import FoldByFold
from prunelab.widgets.tree import folds
folds.AT_ONCE = 0
gate, real = threading.Semaphore(2), FoldByFold._each
def held(self):
    for done in real(self):
        gate.acquire()
        yield done
FoldByFold._each = held
""".strip()


def test_a_long_cross_validation_comes_after_the_picture_with_a_bar(notebook):
    made = notebook(SLOWLY, SHOW)
    page, card = made.page, made.page.locator(".prunelab .pl-card").first
    page.wait_for_selector(".prunelab .pl-card progress", timeout=60_000)
    page.wait_for_function("() => document.querySelector('.pl-folds progress').value === 1")
    assert card.locator(".pl-folds").inner_text().endswith("1 of 10 folds")
    assert page.evaluate(LEAVES) == 43
    assert card.locator(".pl-line.pl-cv").get_attribute("d") == ""
    explorer = Explorer(made, card)
    explorer.slider("leaves").focus()
    page.keyboard.press("ArrowLeft")
    leaves = explorer.drawn_leaves()
    assert leaves < 43
    assert made.kernel("gate.release(20); explorer._wait()") == ""
    page.wait_for_function(
        "() => document.querySelector('.pl-line.pl-cv').getAttribute('d') !== ''"
    )
    assert not card.locator(".pl-folds").is_visible()
    assert card.locator('.pl-stop-button[data-name="cost_complexity"]').is_visible()
    assert page.evaluate("document.activeElement.name") == "leaves", "the focus is lost"
    assert explorer.agrees() == leaves
    assert "cross-validated" in explorer.caption()
    assert made.errors == []
