"""The exercise of three runs: its rival is the chapter's own, its training the course's own."""

import json
import math
import re
from pathlib import Path

import numpy as np
import optuna
import pytest

from prunelab import search
from prunelab.exercises.tune_the_schedule import numpy_twin, trained_runs
from prunelab.masks import sparsity
from prunelab.schedules import PolynomialDecay
from prunelab.search import Space
from prunelab.search.journal import quiet
from prunelab.search.samplers import make_sampler
from tests.exercises.answers import tune_the_schedule as answers

COURSE = Path(__file__).resolve().parents[2] / "course"
RAMP = PolynomialDecay(0.0, 0.95, begin_step=100, end_step=600, power=4, frequency=100)


def test_the_rival_is_drawn_by_the_chapters_search():
    space = Space("knobs", final_sparsity=0.95)
    make, _ = make_sampler("tpe", 0)
    with quiet():
        study = optuna.create_study()
        for ordinal in range(3):
            study.sampler = make(ordinal)
            trial = study.ask(space.distributions())
            study.tell(trial, 1.0)
    candidate, codes = space.look(trial.params)
    assert codes == ()
    assert candidate.schedule == trained_runs.RIVAL
    assert candidate.learning_rate == trained_runs.RIVAL_RATE
    assert candidate.epochs == numpy_twin.EPOCHS


def test_the_rival_is_a_trial_of_the_chapter_that_was_trained():
    cells = json.loads((COURSE / "07_tune_the_schedule.ipynb").read_text("utf-8"))["cells"]
    (table,) = ["".join(c["outputs"][0]["text"]) for c in cells
                if "print(five.table(five.trials))" in "".join(c["source"])]  # fmt: skip
    errors = dict(re.findall(r"^ +(\d+) .* (0\.\d+)$", table, flags=re.M))
    assert len(errors) == 5
    assert "2" in errors


@pytest.mark.parametrize("run", answers.WINNERS, ids=lambda run: f"power {run['schedule'].power}")
def test_what_wins_wins_with_room_on_this_machines_arithmetic(run):
    """And on the other families' too: `make test-portable` runs this under each."""
    schedule, rate = run["schedule"], run["learning_rate"]
    ratios = [
        numpy_twin.pruned_error(schedule, rate, seed)
        / numpy_twin.pruned_error(trained_runs.RIVAL, trained_runs.RIVAL_RATE, seed)
        for seed in trained_runs.UNSEEN
    ]
    assert np.exp(np.mean(np.log(ratios))) < trained_runs.ENOUGH - 0.05


def test_the_best_of_forty_is_that_of_the_stored_search():
    found = search.load(COURSE / "runs" / "search.journal").best
    assert found.candidate.schedule == trained_runs.BEST_OF_FORTY
    assert found.values["nonzeros"] == trained_runs.weights_left(trained_runs.BEST_OF_FORTY)


def test_no_run_of_the_course_has_seen_the_twins_that_judge():
    stored = [json.loads(path.read_text()).get("runs", []) for path in COURSE.glob("runs/*.json")]
    seeds = {run["seed"] for runs in stored for run in runs}
    assert len(seeds) > 8
    assert not seeds & set(trained_runs.UNSEEN)


@pytest.mark.parametrize(
    ("schedule", "rate", "words"),
    [
        (RAMP, 0.001, "recovers slowly"),
        (RAMP, 0.02, "lower it"),
        (PolynomialDecay(0.0, 0.95, 100, 1200, power=1), 0.005, "deep as its first"),
        (PolynomialDecay(0.0, 0.95, 100, 300), 0.005, "Its ramp is short"),
        (PolynomialDecay(0.0, 0.95, 100, 1600), 0.005, "near the end"),
        (RAMP, 0.005, "found to matter"),
    ],
)
def test_who_loses_hears_of_the_knob_that_is_farthest_off(schedule, rate, words, monkeypatch):
    judged_on(monkeypatch, [2.0] * 6)
    right, sentence = trained_runs.judge_three_runs([made_run(schedule, rate)])
    assert right is False
    assert words in sentence
    assert "2 times the search's error on 6 unseen twins" in sentence


@pytest.mark.parametrize("scale", [1e-6, 1, 1e6])
@pytest.mark.parametrize(
    ("ratios", "wanted", "words"),
    [
        ([0.8] * 6, True, "on 6 twins that neither of you has seen"),
        ([1.5, 0.5, 0.9, 0.9, 0.9, 0.9], True, "beats"),  # one that is lost is no defeat
        ([0.94] * 6, True, "beats"),
        ([0.96] * 6, False, "luck on either side"),
        ([0.5, 2, 0.5, 2, 0.5, 2], False, "1 times the search's error on 6 unseen twins"),
        ([1.04] * 6, False, "luck on either side"),
        ([1.06] * 6, False, "found to matter"),
        ([3.1, *[0.1] * 5], False, "3.1 times the search's error on an unseen twin"),
        ([math.inf, *[0.1] * 5], False, "inf times"),
    ],
)
def test_the_mean_over_all_twins_decides_and_needs_room(ratios, wanted, words, scale, monkeypatch):
    judged_on(monkeypatch, ratios, scale)
    right, sentence = trained_runs.judge_three_runs([made_run()])
    assert right is wanted
    assert words in sentence


def test_both_sides_are_trained_here_and_on_every_twin(monkeypatch):
    """No error is stored: a rival that comes out otherwise is another rival."""
    asked = []
    judged_on(monkeypatch, [0.8] * 6, asked=asked)
    assert trained_runs.judge_three_runs([made_run()])[0] is True
    trained = {(schedule, seed) for schedule, seed in asked}
    assert trained == {
        (one, seed) for one in (RAMP, trained_runs.RIVAL) for seed in trained_runs.UNSEEN
    }
    numbers = [value for value in vars(trained_runs).values() if isinstance(value, float)]
    assert sorted(numbers) == [trained_runs.RIVAL_RATE, trained_runs.ENOUGH]


def judged_on(monkeypatch, ratios, scale=1, asked=None):
    """Let the rival end at an error of its own on each twin, and any other at so many times it."""

    def error(schedule, rate, seed):
        if asked is not None:
            asked.append((schedule, seed))
        at = trained_runs.UNSEEN.index(seed)
        rivals = scale * 0.002 * (1 + at)
        return rivals if schedule == trained_runs.RIVAL else ratios[at] * rivals

    monkeypatch.setattr(trained_runs, "pruned_error", error)


def made_run(schedule=RAMP, rate=0.005):
    return {"schedule": schedule, "learning_rate": rate, "error": 1e-3}


# ---- the twin in NumPy --------------------------------------------------------------------------


def small(seed=0):
    random = np.random.default_rng(seed)
    return random, numpy_twin.first_weights(random)


def test_first_weights_are_those_of_keras_in_distribution():
    _, weights = small()
    assert [array.shape for array in weights[::2]] == [(125, 128), (128, 128), (128, 1)]
    assert not any(np.any(bias) for bias in weights[1::2])
    first, second = weights[0], weights[2]
    assert first.std() == pytest.approx(np.sqrt(2 / 125), rel=0.02)
    assert np.abs(first).max() <= 2 * np.sqrt(2 / 125) / 0.87962566
    assert np.abs(second).max() <= np.sqrt(6 / 256)
    assert second.std() == pytest.approx(np.sqrt(6 / 256 / 3), rel=0.02)


def test_gradients_are_the_slopes_of_the_error():
    random, weights = small()
    weights = [array.astype(np.float64) for array in weights]
    x, y = random.normal(size=(20, 125)), random.normal(size=(20, 1))
    found = [np.zeros_like(array) for array in weights]
    numpy_twin.gradients(weights, x, y, found)

    def error():
        return np.mean((numpy_twin.forward(weights, x)[-1] - y) ** 2)

    for array, slope in zip(weights, found, strict=True):
        at = tuple(random.integers(side) for side in array.shape)
        before = array[at]
        around = []
        for step in (1e-6, -1e-6):
            array[at] = before + step
            around.append(error())
        array[at] = before
        assert slope[at] == pytest.approx((around[0] - around[1]) / 2e-6, rel=1e-4, abs=1e-9)


def test_what_is_pruned_is_zero_and_the_rest_is_not():
    random, weights = small()
    x, y = (random.normal(size=shape).astype(np.float32) for shape in ((256, 125), (256, 1)))
    ramp = PolynomialDecay(0.0, 0.5, begin_step=2, end_step=6, frequency=2)
    numpy_twin.train(weights, x, y, 1e-3, [0], ramp, epochs=4)
    assert [round(sparsity(kernel), 4) for kernel in weights[::2]] == [0.5] * 3
    assert not any(np.any(bias == 0) for bias in weights[1:3:2])


def test_a_rate_that_overflows_is_an_infinite_error():
    assert numpy_twin.pruned_error(RAMP, 1.0, 20) > 0.01
    assert math.isinf(numpy_twin.pruned_error(RAMP, 1e30, 20))
