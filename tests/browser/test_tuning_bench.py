"""The TuningBench in a real JupyterLab: start, steer, pause, resume, stop, reload, compare."""

import os
import re
import time
from pathlib import Path

import pytest

from prunelab.widgets.bench.state import KNOBS
from tests.browser.lab import NEXT_FRAME, reopen_notebook
from tests.browser.looks import outside, pale

pytestmark = pytest.mark.browser

HERE = Path(__file__).resolve().parents[2]
SETUP = f"""import sys, tempfile
sys.path.insert(0, {str(HERE)!r})
from tests.helpers.live_fake import fake_trainer, made_data
from prunelab.schedules import PolynomialDecay
from prunelab.widgets.bench.explorer import TuningBench
pace = [0.03]  # seconds an epoch
data, train = made_data(), fake_trainer(lambda: pace[0])
schedule = PolynomialDecay(0.0, 0.75, begin_step=100, end_step=1000, frequency=20)
run = dict(schedule=schedule, epochs=150, batch_size=20)"""
SHOW = "bench = TuningBench(train, data, folder=tempfile.mkdtemp(), **run)\nbench"
START = {"final_sparsity": 0.75, "begin_step": 100, "end_step": 1000, "power": 3}
START |= {"epochs": 150, "batch_size": 20, "learning_rate": 0.001}
# A minute at least, so that no hand is too slow, on however busy a machine; then `hurry`.
LONG = {"epochs": 2000, "end_step": 14_000}
THREADS = "import threading; print([t.name for t in threading.enumerate()])"
# What has no name that a screen reader could say.
NAMELESS = """() => [...document.querySelectorAll(
  ".pl-bench :is(input, button, .noUi-handle, [tabindex='0'])")].filter((part) =>
    !part.closest("[hidden]") && !part.getAttribute("aria-label") && !part.textContent.trim()
    && !part.labels?.[0]?.textContent.trim() && !part.getAttribute("aria-labelledby"))
  .map((part) => part.outerHTML.slice(0, 150))"""
RESIZE = """(width) => {
  const bench = document.querySelector(".pl-bench");
  bench.style.width = bench.style.maxWidth = `${width}px`;
}"""


class Bench:
    """The one bench on the page, and the kernel it belongs to."""

    def __init__(self, notebook):
        self.notebook, self.page = notebook, notebook.page
        self.panel = self.page.locator(".pl-bench").first

    def button(self, name):
        return self.panel.get_by_role("button", name=name, exact=True)

    def field(self, name):
        return self.panel.get_by_label(name, exact=True)

    def slider(self, name):
        return self.panel.locator(f".pl-knob-{name} .noUi-handle")

    def headline(self, pattern, seconds=20):
        """Wait until the headline says so."""
        line = self.panel.locator(".pl-headline", has_text=re.compile(pattern))
        line.wait_for(timeout=1000 * seconds)
        return line.inner_text()

    def type(self, name, text, key="Enter"):
        self.field(name).click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.type(text)
        self.page.keyboard.press(key)

    def value(self, expression):
        return self.notebook.value(expression)

    def eventually(self, expression, wanted):
        self.notebook.eventually(expression, wanted, seconds=20)

    def long(self):
        """Make the next run one that only `hurry` or a stop will end within the test."""
        assert self.notebook.kernel(f"bench.assign({LONG})") == ""
        self.headline("Ready")

    def hurry(self):
        """Let the run that trains go on as fast as it can."""
        assert self.notebook.kernel("pace[0] = 0") == ""

    def rows(self):
        return self.panel.locator("tbody tr")

    def path(self, selector):
        return self.panel.locator(selector).first.get_attribute("d")


@pytest.fixture(scope="module")
def opened(notebook):
    """One notebook for this file, with a bench on show."""
    made = notebook(SETUP, SHOW, height=1900, width=1500)
    made.page.wait_for_selector(".pl-bench .pl-bench-curves", timeout=60_000)
    made.page.wait_for_selector(".pl-bench .pl-bench-knob .noUi-handle")
    return made


@pytest.fixture
def bench(opened):
    """The bench without runs in its starting state; afterwards the console has no errors."""
    said = opened.kernel(
        "bench.stop(); bench.join(20)\n"
        "for each in bench.runs: bench._saved.delete(each.id)\n"
        "bench._saved.deleted.clear(); bench._saved.numbers.clear(); bench._code = {}\n"
        f"bench.assign({START}); pace[0] = 0.03"
    )
    assert said == ""
    found = Bench(opened)
    found.headline("Ready: the next run ends at 75.00 %")
    yield found
    opened.kernel("bench.stop(); bench.join(20)")
    assert "prunelab training" not in opened.kernel(THREADS)
    assert opened.errors == []


# ---- a run by hand -----------------------------------------------------------------------------


def test_start_steer_pause_resume_stop_and_compare(bench):
    bench.long()
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch [1-9]")
    bench.type("final_sparsity", "0.9")
    bench.panel.locator(".pl-preview[d^=M]").wait_for(state="attached")
    bench.button("Steer").click()
    bench.panel.locator(".pl-steering text", has_text="final_sparsity 0.9").wait_for()
    bench.panel.locator('.pl-preview[d=""]').first.wait_for(state="attached")

    bench.button("Pause").click()
    bench.headline("run 1 is paused at epoch")
    bench.eventually("bench._session.training.state", "paused")
    before = bench.value("bench._session.training.control.step")
    bench.page.wait_for_timeout(300)
    assert bench.value("bench._session.training.control.step") == before
    bench.button("Resume").click()
    bench.headline("run 1 is training")
    bench.hurry()
    bench.headline("run 1 is done: (89|90).* % zeros", seconds=120)
    assert bench.value("[s.changes for s in bench.runs[0].steerings]") == [{"final_sparsity": 0.9}]

    bench.notebook.kernel("pace[0] = 0.03")
    bench.type("final_sparsity", "0.5")
    bench.eventually("bench.final_sparsity", 0.5)
    bench.button("Start").click()
    bench.headline("run 2 is training: epoch [1-9]")
    bench.button("Stop").click()
    bench.headline("run 2 was stopped")
    bench.rows().nth(1).wait_for()

    # Compare: the curves of both are there; untick one and it goes.
    bench.panel.locator(".pl-bench-curves .pl-run").nth(1).wait_for(state="attached")
    bench.panel.locator(".pl-bench-front .pl-badge.pl-lit").nth(1).wait_for(state="attached")
    bench.panel.get_by_label("show run 1").uncheck()
    bench.panel.locator(".pl-bench-front .pl-badge.pl-pale").wait_for()
    bench.panel.locator(".pl-bench-curves .pl-run").nth(1).wait_for(state="detached")
    assert bench.panel.locator(".pl-bench-curves .pl-run").count() == 1


def test_other_cells_run_while_it_trains(bench):
    bench.long()
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch [1-9]")
    began = bench.value("bench._session.training.control.step")
    assert bench.notebook.kernel("import time; time.sleep(0.5); print(6 * 7)") == "42"
    assert bench.value("bench._session.training.control.step") > began


def test_the_buttons_work_while_another_cell_computes(bench):
    """Widgets are heard beside the cells: the kernel has a thread for them."""
    bench.long()
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch [1-9]")
    # A cell that ends only once the run is paused: heard beside it, or never.
    bench.page.evaluate("""() => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      window.busy = kernel.requestExecute({ code: `import time
ends = time.monotonic() + 60
while bench._session.training.state != "paused" and time.monotonic() < ends: time.sleep(0.01)
heard = bench._session.training.state` });
      return new Promise((done) => { window.busy.onIOPub = () => done(); });
    }""")
    bench.button("Pause").click()
    bench.headline("run 1 is paused at epoch", seconds=90)
    assert bench.value("heard") == "paused"


def test_an_interrupt_of_the_kernel_does_not_end_the_run(bench):
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch [1-9]")
    busy = """() => {
      const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
      kernel.requestExecute({ code: "import time; time.sleep(60)" });
      return new Promise((done) => setTimeout(() => kernel.interrupt().then(done), 400));
    }"""
    bench.page.evaluate(busy)
    bench.headline("run 1 is done")
    assert bench.value("[len(bench.runs), bench.runs[0].stopped]") == [1, False]


def test_a_tab_closed_in_mid_run_finds_it_again(bench, lab, opened):
    """The run goes on with nobody looking; a new tab shows where it is, then how it ended."""
    address, _ = lab
    name = opened.page.evaluate("() => jupyterapp.shell.currentWidget.context.path")
    opened.command("docmanager:save")
    opened.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    bench.long()
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch [1-9]")
    context = opened.page.context
    opened.page.close()
    page = context.new_page()
    again = reopen_notebook(page, address, name)
    opened.page, opened.errors = page, again.errors
    found = Bench(opened)
    line = found.headline("run 1 is training: epoch [0-9]+", seconds=40)
    assert int(re.search(r"epoch (\d+)", line)[1]) > 1
    found.panel.locator(".pl-live .pl-line[d^=M]").first.wait_for(state="attached")
    found.button("Stop").click()
    found.headline("run 1 was stopped")
    assert found.rows().count() == 1


def test_an_error_comes_up_in_words(bench):
    bench.notebook.kernel("bench._train = fake_trainer(0.01, fail_at=3)")
    try:
        bench.button("Start").click()
        bench.headline("run 1 failed after epoch 2 of 150")
        caption = bench.panel.locator(".pl-caption").inner_text()
        assert caption == "the loss of epoch 3 is no number: lower learning_rate"
    finally:
        bench.notebook.kernel("bench._train = train")


def test_a_cell_run_again_goes_on_with_what_trains(notebook, opened):
    folder = "import tempfile; folder = tempfile.mkdtemp()"
    show = f"TuningBench(train, data, folder=folder, **run | dict(epochs={LONG['epochs']}))"
    again = notebook(SETUP, folder, show, width=1500)
    found = Bench(again)
    again.page.wait_for_selector(".pl-bench .pl-bench-curves", timeout=60_000)
    found.button("Start").click()
    found.headline("run 1 is training: epoch [1-9]")
    again.page.evaluate("() => { jupyterapp.shell.currentWidget.content.activeCellIndex = 2; }")
    again.command("notebook:run-cell")
    found.panel.locator(".pl-notice", has_text="run 1 goes on here").wait_for()
    assert again.page.locator(".pl-bench").count() == 1
    found.hurry()
    found.headline("run 1 is done", seconds=120)
    assert "prunelab training" not in again.kernel(THREADS)
    assert again.errors == []


def test_two_benches_in_one_notebook_train_at_once(notebook):
    folder = "import tempfile; folder = tempfile.mkdtemp()"
    cells = [f"{name} = TuningBench(train, data, folder=folder, **run)\n{name}" for name in "ab"]
    both = notebook(SETUP, folder, *cells, width=1500, height=2600)
    both.page.locator(".pl-bench .pl-bench-curves").nth(1).wait_for(timeout=60_000)
    first, second = Bench(both), Bench(both)
    second.panel = both.page.locator(".pl-bench").nth(1)
    assert both.kernel(f"a.assign({LONG}); b.assign({LONG})") == ""
    for bench in (first, second):
        bench.button("Start").click()
    for bench in (first, second):
        bench.headline("run 1 is training: epoch [1-9]")
    second.button("Stop").click()
    second.headline("run 1 was stopped")
    assert "run 1 is training" in first.panel.locator(".pl-headline").inner_text()
    first.hurry()
    first.headline("run 1 is done", seconds=120)
    assert both.value("[len(a.runs), len(b.runs)]") == [1, 1]
    assert "prunelab training" not in both.kernel(THREADS)
    assert both.errors == []


def test_a_model_with_a_metric_is_read_in_percent(notebook):
    """Headline, axis, table and menu: the accuracy first, and the loss where it is asked for."""
    show = "bench = TuningBench(fake_trainer(0, measured=True), data, folder=folder, **run)\nbench"
    made = notebook(SETUP, "import tempfile; folder = tempfile.mkdtemp()", show, width=1500)
    bench = Bench(made)
    made.page.wait_for_selector(".pl-bench .pl-bench-curves", timeout=60_000)
    bench.button("Start").click()
    found = bench.headline("run 1 is done: 75.00 % zeros, accuracy [0-9.]+ → [0-9.]+ %")
    before, after = map(float, re.findall(r"([\d.]+) → ([\d.]+) %", found)[0])
    kept = bench.value("[bench.runs[0].dense_metrics, bench.runs[0].metrics]")
    assert [before, after] == [round(100 * each["accuracy"], 1) for each in kept]
    ticks = bench.panel.locator(".pl-bench-front .pl-ticks text")
    ticks.filter(has_text=re.compile(r"^\d+(\.\d+)? %$")).first.wait_for()
    assert ticks.filter(has_text="accuracy on validation data").count() == 1
    assert bench.panel.locator("th.pl-col-value").inner_text() == "accuracy"
    assert f"{after:.1f} %" in bench.panel.locator("td.pl-col-value").inner_text()
    assert bench.panel.locator(".pl-key-training").is_hidden()
    line = bench.path(".pl-run .pl-line[d^=M]")
    bench.field("compare by").select_option("loss")
    bench.panel.locator("th.pl-col-value", has_text="validation loss").wait_for()
    bench.headline("run 1 is done: 75.00 % zeros, validation loss")
    assert bench.path(".pl-run .pl-line[d^=M]") != line
    assert bench.panel.locator(".pl-key-training").is_visible()
    assert bench.value("bench.metric") == "loss"

    # Which layers, what that is in weights, and one ranking of all of them.
    box = bench.panel.get_by_label("second · 32 weights, 25 %, 8 left")
    together = bench.panel.locator(".pl-bench-together")
    box.uncheck()
    together.filter(has_text="1 of 2 layers: 96 of the network's 128 weights, 75 %").wait_for()
    bench.panel.get_by_label("second · 32 weights, 25 %").check()
    bench.field("scope").select_option("all weights together")
    together.filter(has_text="layers of small weights lose more").wait_for()
    bench.button("Start").click()
    bench.headline("run 2 is done: 75.00 % zeros")
    caption = bench.panel.locator(".pl-caption").inner_text()
    assert re.search(r"Zeros by layer: first [\d.]+ %, second [\d.]+ %\.", caption)
    assert bench.value("bench.runs[1].settings.scope") == "global"
    if look := os.environ.get("PRUNELAB_LOOK"):
        bench.panel.screenshot(path=look)
    assert made.errors == []


# ---- the runs ----------------------------------------------------------------------------------


@pytest.fixture
def two_runs(bench):
    said = bench.notebook.kernel(
        "bench.epochs = 20; bench.make_it_fit(); bench.start(); bench.join(20)\n"
        "bench.final_sparsity = 0.5; bench.start(); bench.join(20)"
    )
    assert said == ""
    bench.rows().nth(1).wait_for()
    return bench


def test_runs_are_named_and_noted_by_typing(two_runs):
    two_runs.panel.get_by_label("name of run 1").fill("gentle")
    two_runs.page.keyboard.press("Enter")
    two_runs.eventually("bench.runs[0].name", "gentle")
    two_runs.panel.get_by_label("note on run 1").fill("the first I liked")
    two_runs.page.keyboard.press("Tab")
    two_runs.eventually("bench.runs[0].note", "the first I liked")


def test_runs_are_sorted_by_a_click(two_runs):
    numbers = "all => all.map((box) => box.getAttribute('aria-label'))"
    boxes = two_runs.rows().locator("input[type=checkbox]")
    assert boxes.evaluate_all(numbers) == ["show run 1", "show run 2"]
    two_runs.button("weights left").click()
    two_runs.panel.locator("th[aria-sort=ascending].pl-col-nonzeros").wait_for()
    assert boxes.evaluate_all(numbers) == ["show run 1", "show run 2"]
    two_runs.panel.get_by_role("button", name="weights left").click()
    two_runs.panel.locator("th[aria-sort=descending].pl-col-nonzeros").wait_for()
    assert boxes.evaluate_all(numbers) == ["show run 2", "show run 1"]
    two_runs.panel.get_by_role("button", name="run", exact=True).click()


def test_a_deleted_run_is_brought_back(two_runs):
    two_runs.button("Delete, run 1").click()
    two_runs.panel.get_by_text("run 1 was deleted.").wait_for()
    assert two_runs.rows().count() == 1
    assert two_runs.value("len(bench.runs)") == 1
    two_runs.button("Undo").click()
    two_runs.rows().nth(1).wait_for()
    two_runs.eventually("len(bench.runs)", 2)


def test_a_run_is_copied_as_code(two_runs):
    two_runs.button("Code, run 2").click()
    two_runs.button("Copy").click()
    two_runs.button("Copied").wait_for()
    copied = two_runs.page.evaluate("navigator.clipboard.readText()")
    assert copied == two_runs.notebook.kernel("print(bench.code_of(bench.runs[1]))") + "\n"
    two_runs.button("Close").click()
    two_runs.panel.locator(".pl-bench-code").wait_for(state="hidden")


def test_a_run_is_replayed(two_runs):
    two_runs.button("Replay, run 1").click()
    two_runs.headline("run 3 is done")
    assert two_runs.value("len({run.weights_digest for run in bench.runs})") == 2


# ---- by keyboard, for everybody ----------------------------------------------------------------


def test_every_control_has_a_name(two_runs):
    two_runs.button("Code, run 1").click()
    two_runs.panel.locator(".pl-bench-code pre").wait_for()
    assert two_runs.page.evaluate(NAMELESS) == []
    for name in KNOBS:
        assert two_runs.field(name).count() == 1, name
        assert two_runs.slider(name).get_attribute("aria-label").startswith(f"{name}, slider")


@pytest.mark.parametrize("name", ["final_sparsity", "begin_step", "epochs", "seed"])
def test_sliders_by_keyboard(bench, name):
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    cell = bench.page.evaluate(active)
    before = bench.value(f"bench.{name}")
    bench.slider(name).focus()
    bench.page.keyboard.press("ArrowRight")
    deadline = time.monotonic() + 10
    while (after := bench.value(f"bench.{name}")) <= before:
        assert time.monotonic() < deadline
    bench.page.keyboard.press("ArrowLeft")
    bench.eventually(f"bench.{name} < {after}", True)
    assert bench.page.evaluate(active) == cell, "JupyterLab took the arrow keys"
    bench.page.keyboard.press("x")  # JupyterLab would cut the cell
    assert bench.page.locator(".jp-Notebook .jp-CodeCell").count() == 2


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("final_sparsity", "0.955", 0.955),
        ("end_step", "1200", 1200),
        ("learning_rate", ".02", 0.02),
    ],
)
def test_numbers_are_typed(bench, name, typed, value):
    bench.type(name, typed)
    bench.eventually(f"bench.{name}", value)
    bench.page.evaluate(NEXT_FRAME)
    assert float(bench.field(name).input_value()) == value


def test_an_impossible_number_is_mended_and_the_page_says_so(bench):
    bench.type("final_sparsity", "75")
    bench.eventually("bench.final_sparsity", 0.99)
    bench.panel.get_by_text("final_sparsity cannot be 75: it is set to 0.99.").wait_for()
    assert bench.field("final_sparsity").input_value() == "0.99"


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_buttons_by_keyboard(bench, key):
    bench.button("Start").focus()
    bench.page.keyboard.press(key)
    bench.headline("run 1 is training")


def test_preflight_and_its_fix(bench):
    bench.type("end_step", "9000")
    bench.headline("The next run misses its target")
    finding = bench.panel.locator('.pl-findings [data-code="ends_after_training"]')
    assert "The schedule ends at step 9000, the run at step 1200." in finding.inner_text()
    bench.button("Make it fit").click()
    bench.headline("Ready: the next run ends at 75.00 %")
    assert bench.panel.locator(".pl-findings li").count() == 0


# ---- how it looks ------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [620, 900, 1200])
def test_nothing_is_cut_off(two_runs, width):
    two_runs.page.evaluate(RESIZE, width)
    two_runs.page.wait_for_timeout(200)
    two_runs.page.evaluate(NEXT_FRAME)
    assert outside(two_runs.page, card=".pl-bench") == []


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_both_themes_are_legible(two_runs, change_theme, theme):
    change_theme(theme)
    two_runs.page.wait_for_timeout(300)
    texts = ":is(.pl-headline, .pl-title, .pl-caption, .pl-hint, small, label, caption)"
    labels, lines = ".pl-ticks text", ".pl-run .pl-line"
    assert pale(two_runs.page, [texts], [labels], [lines], card=".pl-bench") == {}


# ---- the real network --------------------------------------------------------------------------

REAL = """from prunelab import networks
from prunelab.experiments.data import twin
from prunelab.schedules import PolynomialDecay
from prunelab.widgets.bench.explorer import TuningBench
import tempfile
train = networks.live_course(dense_epochs=60)
ramp = PolynomialDecay(0.0, 0.75, begin_step=80, end_step=1200, frequency=20)"""
REAL_BENCH = """bench = TuningBench(train, twin(0), schedule=ramp, folder=tempfile.mkdtemp())
bench"""


def test_the_courses_own_network_and_the_picture_of_the_readme(notebook, tmp_path):
    """A run steered by hand beside one that is not; PRUNELAB_SCREENSHOTS names where to keep it."""
    opened = notebook(REAL, REAL_BENCH, width=1500, height=1900, device_scale_factor=1)
    opened.page.wait_for_selector(".pl-bench .pl-bench-curves", timeout=120_000)
    bench = Bench(opened)
    bench.page.evaluate(RESIZE, 1060)
    bench.headline("Ready")
    assert bench.value("bench.promise") == 8128
    assert bench.notebook.kernel("bench.pace = 20") == ""  # else a fast machine is done too soon
    bench.button("Start").click()
    bench.headline("run 1 is training: epoch ([3-9][0-9]|1[0-9]{2}) of", seconds=120)
    bench.button("Pause").click()
    bench.headline("run 1 is paused at epoch")
    bench.type("final_sparsity", "0.95")
    bench.panel.locator(".pl-preview[d^=M]").wait_for(state="attached")
    shots = [_shot(bench, ".pl-bench", tmp_path / "paused.png")]
    bench.button("Steer").click()
    bench.button("Resume").click()
    bench.panel.locator(".pl-steering text", has_text="final_sparsity 0.95").wait_for()
    bench.headline("run 1 is training: epoch (9[0-9]|1[0-9]{2}) of", seconds=120)
    shots.append(_shot(bench, ".pl-bench-chart", tmp_path / "steered.png"))
    bench.headline("run 1 is done", seconds=120)
    bench.type("final_sparsity", "0.75")
    bench.button("Start").click()
    bench.headline("run 2 is done", seconds=120)
    shots += [
        _shot(bench, ".pl-bench-chart", tmp_path / "compared.png"),
        _shot(bench, ".pl-bench-runs", tmp_path / "runs.png"),
    ]
    runs = bench.value("[[r.nonzeros, r.n_weights, len(r.steerings)] for r in bench.runs]")
    assert runs[1] == [8128, 32512, 0]
    assert runs[0][0] < runs[1][0]
    assert runs[0][2] == 1
    assert opened.errors == []
    path = Path(os.environ.get("PRUNELAB_SCREENSHOTS", tmp_path)) / "tuning_bench.png"
    _strip(shots, path)
    assert 50_000 < path.stat().st_size < 200_000


def _shot(bench, selector, path):
    bench.page.mouse.move(5, 5)
    bench.page.wait_for_timeout(300)
    bench.page.evaluate(NEXT_FRAME)
    bench.page.locator(selector).first.screenshot(path=path)
    return path


def _strip(shots, path):
    """The shots under each other, between rules, in 128 colours."""
    from PIL import Image

    pictures = [Image.open(shot).convert("RGB") for shot in shots]
    width, gap = max(picture.width for picture in pictures), 26
    height = sum(picture.height + gap for picture in pictures) - gap
    strip = Image.new("RGB", (width, height), "white")
    top = 0
    for picture in pictures:
        strip.paste(picture, ((width - picture.width) // 2, top))
        top += picture.height + gap
    strip.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
