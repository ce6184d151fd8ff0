"""The sick runs of the exercise: stored as asked, and each as ill as its name says."""

import json
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from prunelab.base.json_files import RunError, sha256
from prunelab.exercises.tune_the_schedule import q2
from prunelab.exercises.tune_the_schedule.diagnoses import (
    FILE,
    HEALTHY,
    ILLNESS,
    LOOKS,
    SETTINGS,
    SIGNS,
    save_sick_runs,
    sick_runs,
)
from prunelab.figures import draw_sick_curves
from prunelab.live.records import EpochReport

FOLDER = Path(__file__).resolve().parents[2] / "course" / "data"
RUNS = sick_runs(FOLDER)
ROWS = 1000  # of the twin's training data


def test_the_runs_are_those_of_the_settings_and_the_file_is_small():
    assert {name: run.settings for name, run in RUNS.items()} == SETTINGS
    assert (FOLDER / FILE).stat().st_size < 50_000
    assert {run.dense for run in RUNS.values()} == {RUNS[HEALTHY].dense}
    assert set(ILLNESS) == set(LOOKS) == set(SETTINGS) - {HEALTHY}
    assert set(ILLNESS.values()) < set(SIGNS)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_masks_hold_what_the_schedule_says_after_each_epoch(name):
    run = RUNS[name]
    updates = run.settings.preflight(ROWS).update_steps
    for step, held in zip(run.steps, run.realised_sparsity, strict=True):
        done = updates[updates <= step]
        wanted = run.settings.schedule.sparsity(done[-1]) if len(done) else 0
        assert held == pytest.approx(wanted, abs=1e-4)


def test_each_is_far_worse_than_the_healthy_one():
    healthy = RUNS[HEALTHY].validation_loss[-1]
    assert all(RUNS[name].validation_loss[-1] > 2 * healthy for name in ILLNESS)


def test_each_shows_its_illness_and_no_other_does():
    found = {name: [sign for sign in SHOWS if SHOWS[sign](run)] for name, run in RUNS.items()}
    assert found == {HEALTHY: []} | {name: [illness] for name, illness in ILLNESS.items()}


def last_rise(run):
    return int(run.steps[np.flatnonzero(np.diff(run.realised_sparsity) > 0)[-1] + 1])


def before_pruning(run):
    return run.validation_loss[run.realised_sparsity == 0]


SHOWS = {
    "rate_too_high": lambda run: before_pruning(run).max() > 3 * run.dense,
    "rate_too_low": lambda run: last_rise(run) <= 1200 and run.validation_loss[-1] > run.dense,
    "ends_after_training": lambda run: last_rise(run) >= 1590 and run.realised_sparsity[-1] < 0.9,
    "off_grid": lambda run: last_rise(run) < 1500 and run.realised_sparsity[-1] < 0.94,
    "no_recovery": lambda run: last_rise(run) > 1500 and run.realised_sparsity[-1] > 0.94,
    "begins_too_early": lambda run: run.realised_sparsity[1] > 0,
}


def test_what_is_said_of_a_picture_is_true_of_it():
    assert 1100 < last_rise(RUNS["A"]) <= 1200
    late = RUNS["A"].validation_loss[RUNS["A"].steps >= 1200]
    assert late.max() / late.min() < 1.2
    for losses in (RUNS["C"].loss, RUNS["C"].validation_loss):
        assert losses.argmax() < 5
    assert np.all(RUNS["C"].realised_sparsity[:5] == 0)
    assert np.all(RUNS["D"].realised_sparsity[RUNS["D"].steps < 1520] == 0)


def test_what_was_saved_is_read_again(tmp_path):
    class Run:
        def __init__(self, stored):
            columns = (stored.steps, stored.loss, stored.validation_loss, stored.realised_sparsity)
            self.settings, self.dense = stored.settings, stored.dense
            self.history = [
                EpochReport(at, step, *numbers, seconds=0)
                for at, (step, *numbers) in enumerate(zip(*columns, strict=True), start=1)
            ]

    save_sick_runs({name: Run(stored) for name, stored in RUNS.items()}, tmp_path / "new")
    assert (tmp_path / "new" / FILE).read_bytes() == (FOLDER / FILE).read_bytes()


@pytest.mark.parametrize("change", ["missing", "cut", "digest", "run gone", "short", "no JSON"])
def test_a_missing_or_damaged_file_is_refused_in_one_sentence(tmp_path, change):
    values = json.loads((FOLDER / FILE).read_text())
    text = (FOLDER / FILE).read_text()
    if change == "digest":
        values["runs"]["A"]["loss"][0] = 0.0
    if change == "run gone":
        del values["runs"]["B"]
    if change == "short":
        values["runs"]["B"]["loss"].pop()
    if change in ("run gone", "short"):
        values["digest"] = sha256(values["runs"])
    if change != "missing":
        changed = {"cut": text[:500], "no JSON": "[" * 5000}
        (tmp_path / FILE).write_text(changed.get(change) or json.dumps(values))
    with pytest.raises(RunError) as caught:
        sick_runs(tmp_path)
    assert FILE in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_figure_shows_what_is_stored():
    figure = Figure()
    axs = figure.subplots(2, 4)
    sick = {name: RUNS[name] for name in ILLNESS}
    draw_sick_curves(axs, sick, target=0.95, healthy=RUNS[HEALTHY])
    assert [ax.get_title(loc="left") for ax in axs[0]] == list("ABCD")
    for (top, bottom), run in zip(axs.T, sick.values(), strict=True):
        curves = [line.get_ydata() for line in (*top.lines, *bottom.lines)]
        wanted = (
            RUNS[HEALTHY].validation_loss, run.validation_loss, run.loss,
            RUNS[HEALTHY].realised_sparsity, run.realised_sparsity, [0.95, 0.95],
        )  # fmt: skip
        assert all(np.array_equal(*pair) for pair in zip(curves, wanted, strict=True))
        assert top.get_yscale() == "log"
        low, high = top.get_ylim()
        assert low < run.validation_loss.min() < run.validation_loss.max() < high
    assert axs[0][0].get_ylabel() == "MSE (log scale)"
    assert {ax.get_xlabel() for ax in axs[1]} == {"training step"}


def test_one_run_alone_is_drawn_too():
    axs = Figure().subplots(2, 1, squeeze=False)
    draw_sick_curves(axs, {"A": RUNS["A"]}, target=0.95)
    labels = [text.get_text() for text in axs[0][0].get_legend().get_texts()]
    assert labels == ["validation", "training"]


def test_the_hints_do_not_say_the_answer():
    assert not any(illness in hint for hint in q2._hints for illness in SIGNS)
