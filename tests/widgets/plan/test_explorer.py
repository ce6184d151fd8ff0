"""The PlanExplorer without a browser: its state, its table, its words, its picture, its page."""

import json
import re
from dataclasses import replace
from itertools import zip_longest

import numpy as np
import pytest

from prunelab import plans
from prunelab.plans import statistics
from prunelab.plans.styles import family_of
from prunelab.widgets import PlanExplorer
from prunelab.widgets.plan.data import provenance_words
from prunelab.widgets.plan.state import SORTS
from tests.helpers.made_plans import PROVENANCE, made_plan, made_results

RESULTS = made_results()
NAMES = [arm.name for arm in RESULTS.plan.arms] + ["ridge", "lasso"]


@pytest.fixture
def explorer():
    return PlanExplorer(RESULTS)


# ---- what it holds ----------------------------------------------------------------------------


def test_it_starts_with_every_arm_and_the_control_it_finds(explorer):
    assert list(explorer.arms) == NAMES
    assert (explorer.control, explorer.measure, explorer.sparsity) == (
        "control",
        "validation_mse",
        0.0,
    )
    assert explorer.results is RESULTS
    full = plans.PLANS["full"]
    assert PlanExplorer(made_results(replace(full, seeds=(0,)))).control == "article_control"
    assert PlanExplorer(RESULTS, control="dense").control == "dense"


def test_its_table_is_that_of_plan_statistics(explorer):
    rows = explorer.table
    assert [row["arm"] for row in rows] == NAMES
    for row in rows:
        wanted = statistics.summary(RESULTS, row["arm"])
        assert row["label"] == statistics.label_of(row["arm"])
        assert row["seeds"] == 3
        assert (row["mean"], row["low"], row["high"]) == (wanted.mean, wanted.low, wanted.high)
        if row["arm"] == "control":
            assert row["change"] is row["agree"] is None
            continue
        change = statistics.paired(RESULTS, row["arm"], "control")
        found = change.estimate
        assert (row["change"], row["change_low"], row["change_high"]) == (
            found.mean,
            found.low,
            found.high,
        )
        assert (row["agree"], row["paired"]) == (change.agree, 3)
        if row["zeros"] is not None:
            assert row["zeros"] == statistics.summary(RESULTS, row["arm"], "sparsity").mean


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_the_table_can_be_sorted_both_ways(explorer, sort):
    explorer.sort = sort
    column = sort.removeprefix("-")
    values = [row[column] for row in explorer.table if row[column] is not None]
    if column == "arm":
        values = [NAMES.index(name) for name in values]
    assert values == sorted(values, reverse=sort.startswith("-"))
    assert [row["arm"] for row in explorer.table if row[column] is None] == (
        [row["arm"] for row in explorer.table][len(values) :]
    )


def test_arms_are_kept_in_the_plans_order(explorer):
    explorer.arms = ["ridge", "control", "dense", "control"]
    assert explorer.arms == ("dense", "control", "ridge")
    assert [row["arm"] for row in explorer.table] == ["dense", "control", "ridge"]


def test_the_best_arm_that_reaches_the_sparsity(explorer):
    means = {
        name: statistics.summary(RESULTS, name).mean
        for name in NAMES
        if name not in ("ridge", "lasso")
    }
    assert explorer.best["arm"] == min(means, key=means.get)
    explorer.sparsity = 0.75  # smaller has as few weights, though none of them is zero
    there = ["completed_75", "completed_90", "cut_only", "smaller"]
    assert explorer.best["arm"] == min(there, key=means.get)
    assert "In 4 of 8 chosen networks at least 75.00 %" in explorer.caption
    explorer.sparsity = 0.9
    assert explorer.best["arm"] == "completed_90"
    explorer.sparsity = 0.97
    assert explorer.best is None
    assert explorer.headline == "None of the chosen networks has 97.00 % of the weights gone"
    explorer.measure, explorer.sparsity = "validation_r2", 0.0
    highest = {name: statistics.summary(RESULTS, name, "validation_r2").mean for name in means}
    assert explorer.best["arm"] == max(highest, key=highest.get)


def test_one_seed_has_no_interval_and_it_says_so():
    explorer = PlanExplorer(made_results(made_plan(seeds=(4,))))
    assert all(row["low"] is None for row in explorer.table)
    assert "With one seed there is no interval" in explorer.caption
    assert "(one seed)" in explorer.caption
    assert explorer.picture().startswith(b"\x89PNG")


def test_test_scores_are_there_only_when_asked_for(explorer):
    assert "test" not in json.dumps(explorer.data["measures"])
    scores = [run.test.mse for run in RESULTS.runs]
    text = json.dumps(explorer.page_state())
    assert not any(repr(score) in text for score in scores)
    opened = PlanExplorer(RESULTS, show_test=True, measure="test_mse")
    assert opened.table[0]["mean"] == statistics.summary(RESULTS, "dense", "test_mse").mean


def test_without_linear_models_there_are_none():
    explorer = PlanExplorer(made_results(made_plan(linear=False)))
    assert list(explorer.arms) == NAMES[:-2]
    assert "linear" not in explorer.caption


# ---- what travels -----------------------------------------------------------------------------


def test_bands_travel_in_place_of_the_runs_losses(explorer):
    for arm in explorer.data["arms"]:
        if arm["linear"]:
            assert "bands" not in arm
            continue
        for loss, band in zip(("val_loss", "loss"), arm["bands"], strict=True):
            curves = [
                [*getattr(run.dense, loss), *getattr(run.second, loss)]
                for run in RESULTS.of(arm["name"])
            ]
            losses = np.array(list(zip_longest(*curves, fillvalue=np.nan)))  # some stopped early
            losses = losses.reshape(-1, len(curves))
            assert band["middle"] == pytest.approx(np.nanmedian(losses, axis=1), rel=1e-5)
            assert band["low"] == pytest.approx(np.nanmin(losses, axis=1), rel=1e-5)
            assert band["high"] == pytest.approx(np.nanmax(losses, axis=1), rel=1e-5)
    json.dumps(explorer.page_state(), allow_nan=False)


def test_the_cells_of_the_table_say_its_numbers(explorer):
    arms = {arm["name"]: arm for arm in explorer.data["arms"]}
    for measure in explorer.data["measures"]:
        explorer.measure = measure
        for row in explorer.table:
            cells = arms[row["arm"]]["texts"][measure]["cells"]
            shared = arms[row["arm"]]["cells"]
            assert {*cells, *shared} == set(SORTS) - {"arm"}
            assert int(shared["seeds"]) == row["seeds"]
            assert float(shared["weights"].replace(",", "")) == pytest.approx(
                row["weights"], abs=0.51
            )
            if row["zeros"] is None:
                assert shared["zeros"] == "–"
            else:
                zeros = float(shared["zeros"].removesuffix(" %"))
                assert zeros == pytest.approx(100 * row["zeros"], abs=0.0051)
            mean, interval = cells["mean"]
            assert float(mean) == pytest.approx(row["mean"], rel=1e-3)
            ends = [float(end) for end in interval.split(" to ")]
            assert ends == pytest.approx([row["low"], row["high"]], rel=1e-2)
            if row["arm"] == "control":
                assert cells["change"] == ("the control", "")
                assert cells["agree"] == ("", "")
                continue
            change = cells["change"][0].removesuffix(" ×").replace("−", "-")
            assert float(change) == pytest.approx(row["change"], rel=1e-3)
            assert cells["change"][0].endswith(" ×") == explorer.data["measures"][measure]["log"]
            assert cells["agree"] == (f"{row['agree']} of {row['paired']}", row["side"])


def test_provenance_is_in_words_and_leaves_out_what_is_not_there():
    assert provenance_words(PROVENANCE) == (
        "tensorflow 2.21.0, numpy 2.4.6, Python 3.11.7; 1 thread; x86_64 with avx2 fma"
    )
    assert provenance_words({}) == ""
    assert provenance_words({"threads": 2, "packages": None}) == "2 threads"


def test_each_network_has_a_look_of_its_own(explorer):
    styles = [tuple(arm["style"].values()) for arm in explorer.data["arms"] if not arm["linear"]]
    assert len(set(styles)) == len(styles)
    short = PlanExplorer(made_results(replace(plans.PLANS["twin"], seeds=(0,))))
    styles = [tuple(arm["style"].values()) for arm in short.data["arms"] if not arm["linear"]]
    assert len(set(styles)) == len(styles) == 15
    assert [family_of(name) for name in ("completed_75", "one_shot", "l2")] == [
        "completed",
        None,
        None,
    ]


# ---- what it refuses --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("results", "settings", "error", "words"),
    [
        (RESULTS.runs, {}, TypeError, "write the PlanResults of"),
        (None, {}, TypeError, "results=None"),
        (replace(RESULTS, runs=()), {}, ValueError, "the plan 'made' has no runs"),
        (RESULTS, {"control": "nobody"}, ValueError, "the networks of 'made' are dense, control"),
        (RESULTS, {"control": "ridge"}, ValueError, "control='ridge'"),
        (RESULTS, {"show_test": 1}, TypeError, "show_test=1: write True or False"),
        (
            replace(RESULTS, runs=tuple(r for r in RESULTS.runs if r.config.name != "control")),
            {},
            ValueError,
            "no arm of 'made' is called control",
        ),
    ],
)
def test_impossible_results_are_refused_in_one_sentence(results, settings, error, words):
    with pytest.raises(error, match=re.escape(words)) as caught:
        PlanExplorer(results, **settings)
    assert "\n" not in str(caught.value)


def test_a_loss_of_zero_has_no_logarithm():
    first = replace(RESULTS.runs[0], val=replace(RESULTS.runs[0].val, mse=0.0))
    with pytest.raises(ValueError, match="validation MSE of 'dense' is 0"):
        PlanExplorer(replace(RESULTS, runs=(first, *RESULTS.runs[1:])))


# ---- words, picture, page ---------------------------------------------------------------------


def test_repr_states_the_facts_in_one_line(explorer):
    best = statistics.summary(RESULTS, explorer.best["arm"]).mean
    assert repr(explorer) == (
        "PlanExplorer(plan 'made', 24 runs, control='control'; 10 of 10 arms, "
        f"measure='validation_mse', sparsity=0.0; best: {explorer.best['arm']} {best:.4g})"
    )


def test_the_caption_says_what_is_on_show(explorer):
    explorer.arms = ["control"]
    assert explorer.caption.endswith("That is the control itself. Intervals: 95 %, over seeds.")
    explorer.arms, explorer.sparsity = [], 0.0
    assert explorer.caption == ""
    assert explorer.headline == "No network is chosen"
    explorer.arms = ["ridge"]
    assert explorer.caption.startswith("For comparison, a linear model on the raw inputs: ridge")


def test_a_plan_of_the_courses_size_travels_compactly():
    short = made_results(replace(plans.PLANS["short"]))
    assert len(json.dumps(PlanExplorer(short).page_state())) < 250_000
