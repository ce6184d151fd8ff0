"""No text of a picture is cut off or runs over another: extreme states, from narrow to wide.

The pages are those of `save_html`: a state a page, and a window for each width of the card.
"""

import copy
import json
import re

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab import course
from prunelab.plans import load
from prunelab.schedules import PolynomialDecay
from prunelab.widgets import (
    FootprintExplorer,
    MaskExplorer,
    PlanExplorer,
    Prediction,
    ScheduleExplorer,
    TreeExplorer,
)
from prunelab.widgets.bench.explorer import TuningBench
from prunelab.widgets.bench.panel import TuningChart
from prunelab.widgets.shared.explorer import read_asset
from tests.browser.lab import NEXT_FRAME, resize, watch_console
from tests.browser.looks import MAY_SCROLL, crossed, outside
from tests.helpers import mask_cases, tree_cases
from tests.helpers.live_fake import fake_trainer, made_data
from tests.helpers.made_footprint import made_measurement
from tests.helpers.made_plans import made_plan, made_results

pytestmark = pytest.mark.browser

WIDTHS = (340, 500, 700, 1000)  # px, of a card; its page has a margin of 16 px on either side


@pytest.fixture(scope="module")
def blank(browser):
    """An empty page, for one state after another."""
    context = browser.new_context(offline=True)
    yield context.new_page()
    context.close()


def amiss(page, explorers, widths=WIDTHS):
    """{(state, width): texts that are cut off or run over another}; explorers: {state: explorer}.

    What is wider than its room counts as well, but for a table, which scrolls in its own.
    """
    pages = {state: explorer.page() for state, explorer in explorers.items()}
    return amiss_in(page, pages, ".prunelab .pl-card", widths)


def amiss_in(page, pages, card, widths=WIDTHS, but="none"):
    """`amiss` of pages as texts, {state: page}."""
    assert pages
    errors, found = watch_console(page), {}
    for state, text in pages.items():
        page.set_content(text)
        page.wait_for_selector(card)
        for width in widths:
            resize(page, width + 32, 1000)
            page.evaluate(NEXT_FRAME)
            assert page.locator(f"{card} svg text").count() > 0
            wide = outside(page, card=card, may=f"{MAY_SCROLL}, .pl-table-box")
            if texts := crossed(page, card, but=but) + wide:
                found[state, width] = texts
    assert errors == []
    return found


def test_two_texts_on_each_other_and_one_cut_off_are_found(blank):
    blank.set_content(
        '<div class="prunelab"><div class="pl-card"><svg width="200" height="60">'
        '<text x="5" y="20">apart</text><text x="100" y="20">one</text>'
        '<text x="110" y="24">other</text><text x="5" y="36">next line</text>'
        '<text x="180" y="50">cut off</text></svg></div></div>'
    )
    assert crossed(blank) == ["one × other"]
    assert [part for part in outside(blank) if "cut off" in part] == outside(blank) != []


ONE_SHOT = ((0, 0), (800, 800), (800, 803))
AT_THE_END = ((1590, 1600), (1600, 1600), (1597, 1610))
OTHER_RAMPS = ((0, 1600), (1000, 1700), (1000, 5000), (3000, 3000), (0, 100_000))
SPARSITIES = ((0.0, 0.75), (0.0, 0.0), (0.99, 0.99), (0.75, 0.0), (0.3, 0.4))


@pytest.mark.parametrize(("initial", "final"), SPARSITIES)
def test_schedule(blank, initial, final):
    """A run of 1,600 steps; ramps at its start, at its end and beyond, many without length."""
    ramps = {
        ramp: ScheduleExplorer(
            PolynomialDecay(initial, final, *ramp), n_samples=8000, batch_size=1024, epochs=200
        )
        for ramp in (*ONE_SHOT, *AT_THE_END, *OTHER_RAMPS)
    }
    assert amiss(blank, ramps) == {}


@pytest.mark.parametrize("axis", ["steps", "epochs"])
def test_schedules_of_odd_powers_and_with_long_numbers(blank, axis):
    shapes = {
        power: ScheduleExplorer(PolynomialDecay(0.0, 0.75, 0, 3200, power=power))
        for power in (0.0, 1.0, 3.0, 9.0)
    }
    runs = {
        (10**9, 2 * 10**9): (10**9, 1),
        (0, 10**9): (10**9, 10**6),
        (0, 123_456_789): (12_345_678, 123),
        (0, 99): (1, 1),
        (0, 1): (1000, 999_999),
    }
    long = {
        (ramp, run): ScheduleExplorer(
            PolynomialDecay(0.0, 0.75, *ramp), n_samples=run[0], batch_size=1, epochs=run[1]
        )
        for ramp, run in runs.items()
    }
    for explorer in (shapes | long).values():
        explorer.axis = axis
    assert amiss(blank, shapes | long) == {}


def test_mask(blank):
    """Losses at both ends of the sparsity and over twenty decades; matrices of every scale."""
    rng = np.random.default_rng(0)
    network = mask_cases.layers()
    large = [1e8 * network[0], *network[1:]]
    states = {
        "nothing cut": mask_cases.measured(sparsity=0.0),
        "nearly all": mask_cases.measured(sparsity=0.99),
        "blocks": mask_cases.measured(pattern="16x1"),
        "one sparsity": mask_cases.measured(pattern="2:4"),
        "random": mask_cases.measured(criterion="random"),
        "large losses": MaskExplorer(large[0], mask_cases.losses(large)),
        "one weight": MaskExplorer(np.ones((1, 1))),
        "large": MaskExplorer(1e30 * rng.normal(size=(40, 40))),
        "small": MaskExplorer(1e-30 * rng.normal(size=(40, 40))),
        "long names": MaskExplorer(
            {f"block_{i}/a_long_name/dense/kernel": rng.normal(size=(30, 20)) for i in range(3)}
        ),
    }
    assert amiss(blank, states) == {}


LONG = ["the length of the sepals in centimetres", "the width of the petals, measured twice"]


def test_tree(blank):
    """Targets and features of every scale, long names, and a tree of one split."""
    rng = np.random.default_rng(0)
    x, far = rng.normal(size=(300, 2)), 1e6 + rng.normal(size=(60, 2))
    kinds = np.array(["Iris-versicolor", "b", "A much longer name"])[rng.integers(0, 3, 300)]
    values = 1e9 * x[:, 0] * x[:, 1]
    small = {"random_state": 0, "max_leaf_nodes": 9}
    states = {
        "two classes": tree_cases.moons(),
        "best and frugal are one": tree_cases.three_classes(),
        "curve": tree_cases.wave(),
        "many features": tree_cases.many_features(),
        "large": TreeExplorer(DecisionTreeRegressor(**small).fit(x, values), x, values, cv=3),
        "large curve": TreeExplorer(
            DecisionTreeRegressor(**small).fit(x[:, :1], values), x[:, :1], values, cv=3
        ),
        "far from 0": TreeExplorer(
            DecisionTreeRegressor(max_depth=1).fit(far, far[:, 0] > 1e6), far, far[:, 0] > 1e6
        ),
        "long names": TreeExplorer(
            DecisionTreeClassifier(**small).fit(x, kinds), x, kinds, cv=3, feature_names=LONG
        ),
        "long name": TreeExplorer(
            DecisionTreeClassifier(**small).fit(x[:, :1], kinds), x[:, :1], kinds, cv=3,
            feature_names=LONG[:1],
        ),
    }  # fmt: skip
    assert amiss(blank, states) == {}


def test_footprint(blank):
    """What the course measured, and rows of every status."""
    states = {
        "stored": FootprintExplorer(),
        "break-even near 0": FootprintExplorer(pattern="neurons"),
        "break-even in the middle": FootprintExplorer(format="csr32"),
        "a slow batch": FootprintExplorer(batch=64, threads=2),
        "made": FootprintExplorer(made_measurement()),
        "none is right": FootprintExplorer(made_measurement(odd=1.0)),
    }
    assert amiss(blank, states) == {}


def test_plan(blank):
    """Plans of the course and made ones, every measure with a long name, and few arms."""
    full = PlanExplorer(load("full", course.file("runs")))
    full.sparsity = 0.9
    states = {
        "full": full,
        "knobs": PlanExplorer(load("knobs", course.file("runs"))),
        "one seed": PlanExplorer(made_results(made_plan(seeds=(0,)))),
        "no arm": PlanExplorer(made_results(), arms=()),
        "one arm": PlanExplorer(made_results(), arms=("control",)),
    }
    for measure in ("input_auc", "train_mse", "seconds"):
        states[measure] = PlanExplorer(made_results(), measure=measure)
    assert amiss(blank, states) == {}


@pytest.fixture
def own_progress(monkeypatch, tmp_path):
    """A new reader's record: locked guesses are kept in it."""
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path))


AXES = {
    "percent": {"low": 0, "high": 100, "unit": "%"},
    "many decades": {"low": 1e-9, "high": 1e9, "log": True, "label": "validation MSE"},
    "one decade": {"low": 2, "high": 3, "log": True},
    "below 0": {"low": -1e6, "high": -1e5},
    "narrow": {"low": 0.123456, "high": 0.123457},
    "long": {"low": 0, "high": 123_456_789_012, "unit": "bytes", "label": "the size of the whole "
             "file on the disk of the machine"},
}  # fmt: skip


@pytest.mark.usefixtures("own_progress")
@pytest.mark.parametrize("state", ["open", "locked", "revealed"])
def test_prediction_of_a_number(blank, state, capsys):
    """Axes of every scale; the guess at their lower end, the measured value beyond the other."""
    asked = {name: Prediction(f"How many, {name}?", **axis) for name, axis in AXES.items()}
    for name, prediction in asked.items():
        low, high = AXES[name]["low"], AXES[name]["high"]
        if state != "open":
            prediction.lock(low, low=low, high=low)
        if state == "revealed":
            prediction.reveal(high + abs(high))
    assert (capsys.readouterr().out != "") == (state == "revealed")
    assert amiss(blank, asked) == {}


@pytest.mark.usefixtures("own_progress")
def test_prediction_of_a_curve_and_of_a_choice(blank):
    steps = "training step of the whole run, counted from its first batch to its last"
    loss = "validation MSE of the network after its retraining, on rows that it has not seen"
    asked = {
        "plain": Prediction("How?", x=(0, 100), y=(0, 1), xlabel="epoch", ylabel="sparsity"),
        "long": Prediction("How?", x=(0, 1e9), y=(1e-6, 1e6), log=True, xlabel=steps, ylabel=loss),
        "small": Prediction("How?", x=(0, 1e-9), y=(-1e-9, 1e-9)),
        "far from 0": Prediction("How?", x=(1e9, 2e9), y=(1e9, 1.0001e9)),
        "long options": Prediction("Which?", options=[f"{i}: {loss}" for i in range(8)]),
    }
    choice = asked.pop("long options")
    assert amiss(blank, asked) == {}
    blank.set_content(choice.page())
    for width in WIDTHS:
        resize(blank, width + 32, 1000)
        assert outside(blank) == []


CHART = ("words", "plan", "live", "rows", "curves", "shown", "baseline", "measure")


def bench_page(state):
    """A page with the bench's chart alone: the controls around it need a kernel."""
    parts = {
        "TITLE": "the chart of the bench",
        "STYLE": TuningChart._css,
        "STATE": json.dumps(state).replace("<", "\\u003c"),
        "MODULE": TuningChart._esm.replace("export default ", "const explorer = "),
        "SHIM": read_asset("shared/page.js"),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda hole: parts[hole[1]], read_asset("shared/page.html"))


def trained(folder, finals, **options):
    """What the chart of a bench is sent after a run to each of these sparsities."""
    ramp = PolynomialDecay(0.0, 0.75, begin_step=10, end_step=200, frequency=5)
    run = {"schedule": ramp, "epochs": 12, "batch_size": 20}
    bench = TuningBench(fake_trainer(0, **options), made_data(), folder=folder, **run)
    for bench.final_sparsity in finals:
        bench.start()
        bench.join()
    return bench._panel.chart.get_state(CHART)


def with_losses(state, factor):
    """The same state with every loss so many times as large."""
    made = copy.deepcopy(state)
    made["baseline"]["value"] *= factor
    for row in made["rows"]:
        row["value"] *= factor
    curves = json.loads(made["curves"])
    for run in curves.values():
        run["points"] = [[at, *(factor * loss for loss in both), zeros]
                         for at, *both, zeros in run["points"]]  # fmt: skip
    return made | {"curves": json.dumps(curves)}


def test_bench(blank, tmp_path):
    """No run yet, a long one, losses of every scale, an accuracy, and words of steerings."""
    empty = trained(tmp_path / "empty", ())
    three = trained(tmp_path / "three", (0.75, 0.95, 0.5))
    curves = json.loads(three["curves"])
    words = ("final_sparsity 0.95", "end_step 12000, power 3", "final_sparsity 0.5, end_step 90")
    next(iter(curves.values()))["steerings"] = [
        [step, text] for step, text in zip((5, 50, 94), words, strict=True)
    ]
    many = tuple(0.5 + 0.05 * at for at in range(9))
    states = {
        "empty": empty,
        "long": empty | {"plan": empty["plan"] | {"total_steps": 10**9, "steps_per_epoch": 98765}},
        "three": three,
        "steered": three | {"curves": json.dumps(curves)},
        "many": trained(tmp_path / "many", many),
        "accuracy": trained(tmp_path / "accuracy", (0.5, 0.9), measured=True),
    } | {f"losses × {factor}": with_losses(three, factor) for factor in (1e9, 1e-4, 1e-9)}
    pages = {name: bench_page(state) for name, state in states.items()}
    front = ".pl-bench-front .pl-badge-text"
    assert amiss_in(blank, pages, ".pl-bench-view", but=front) == {}
