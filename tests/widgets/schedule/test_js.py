"""The explorer's JavaScript says what Python says: 1,000 random schedules, through Node."""

import random
from dataclasses import asdict

import numpy as np
import pytest

from prunelab.base.text import percent
from prunelab.figures import schedule as figures_schedule
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.widgets.bench.words import mood_of
from prunelab.widgets.schedule.state import (
    BOUNDS,
    KNOBS,
    PAGE_DATA,
    RUN,
    SCHEDULE,
    describe,
    settle,
    tfmot_code,
)
from tests.helpers.node import run_module

CASES = 1000
SCRIPT = """
import * as math from "widgets/schedule/flight.js";
import { percentOf } from "widgets/shared/numbers.js";
import { settle } from "widgets/schedule/state.js";
import { horizon } from "widgets/schedule/picture.js";

answer(given.cases.map(({ state, steps, changes, fraction }) => {
  const flight = math.preflight(state);
  const { first, stride, count } = flight.updates;
  return {
    curve: steps.map((step) => math.sparsityAt(state, step)),
    updates: [first, stride, count],
    realised: flight.realised,
    totalSteps: flight.totalSteps,
    stepsPerEpoch: flight.stepsPerEpoch,
    findings: flight.findings,
    mood: math.moodOf(flight),
    suggestion: math.suggest(state, flight.totalSteps),
    caption: math.describe(state),
    code: math.codeFor(state),
    settled: settle(state, changes, given.data),
    percent: percentOf(fraction),
    horizon: horizon(flight.totalSteps, state.end_step),
  };
}));
"""


def _random_state(rng):
    """Nine knobs, chosen so that each trap is met often."""
    batch_size = rng.choice([1, 32, 100, 1024, 20_000])
    begin = rng.choice([0, 0, 1, rng.randrange(50), rng.randrange(2_000), rng.randrange(10**6)])
    length = rng.choice([0, 1, rng.randrange(20), 100 * rng.randrange(50), rng.randrange(9_999)])
    n_samples = rng.choice([1, 500, 8_000, rng.randrange(1, 60_000)])
    if rng.random() < 0.05:  # samples written as steps
        begin, length = 0, n_samples * rng.randrange(1, 9)
    if rng.random() < 0.05:  # and epochs
        begin, length = rng.randrange(9), rng.randrange(1, 90)
    return {
        "initial_sparsity": rng.choice([0.0, 0.5, rng.randrange(100) / 100, rng.random()]),
        "final_sparsity": rng.choice([0.0, 0.75, rng.randrange(100) / 100, rng.random(), 1e-5]),
        "begin_step": begin,
        "end_step": begin + length,
        "power": rng.choice([0, 1, 3, 3, 0.5, rng.randrange(9), 10 * rng.random()]),
        "frequency": rng.choice([1, 7, 10, 100, 100, rng.randrange(1, 3_000)]),
        "n_samples": n_samples,
        "batch_size": batch_size,
        "epochs": rng.choice([1, 5, 200, rng.randrange(1, 1_000)]),
    }


def _random_change(rng, name):
    if name in BOUNDS and name != "power":
        low, high = BOUNDS[name]
        near = [low - 1, high + 1, high, rng.randrange(-50, 5_000), 5_000 * rng.random() - 50]
        return rng.choice([*near, None, "12", 1e17, True])
    return rng.choice([-1, -0.25, 0, 0.5, rng.random(), 0.999, 1, 75, 1234.5, 1e300, None])


def _random_case(rng):
    state = _random_state(rng)
    names = rng.sample(KNOBS, rng.choice([0, 1, 1, 1, 2, 9]))
    # Inside the ramp, on its ends and far beyond; not at begin = end, which is 0 divided by 0.
    begin, end = state["begin_step"], state["end_step"]
    steps = [0, end + 1, end + 10**6, *(rng.randrange(begin, end + 1) for _ in range(5))]
    return {
        "state": state,
        "steps": [step for step in steps if begin != end or step != begin],
        "changes": {name: _random_change(rng, name) for name in names},
        "fraction": rng.choice([rng.random(), rng.randrange(10**5) / 10**5]),
    }


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """Pairs of a random case and what JavaScript made of it."""
    rng = random.Random(20260801)
    cases = [_random_case(rng) for _ in range(CASES)]
    answers = run_module(
        tmp_path_factory.mktemp("node"), SCRIPT, {"cases": cases, "data": PAGE_DATA}
    )
    assert len(answers) == CASES
    return list(zip(cases, answers, strict=True))


@pytest.fixture(scope="module")
def flights(compared):
    """Triples of state, Python's preflight of it, and JavaScript's answer."""
    made = []
    for case, answer in compared:
        schedule = PolynomialDecay(**{name: case["state"][name] for name in SCHEDULE})
        run = {name: case["state"][name] for name in RUN}
        made.append((case["state"], preflight(schedule, **run), answer))
    return made


def test_the_random_schedules_meet_every_trap(flights):
    met = {finding.code for _, flight, _ in flights for finding in flight.findings}
    assert met == {
        "never_updates",
        "ends_after_training",
        "off_grid",
        "begin_equals_end",
        "power_zero",
        "initial_above_final",
        "few_updates",
        "batch_larger_than_data",
        "epochs_as_steps",
        "samples_as_steps",
    }
    assert {f.severity for _, flight, _ in flights for f in flight.findings} == {"hint", "problem"}
    assert sum(flight.ok for _, flight, _ in flights) > 10


def test_curves_agree(compared):
    for case, answer in compared:
        schedule = PolynomialDecay(**{name: case["state"][name] for name in SCHEDULE})
        wanted = schedule.sparsity(np.array(case["steps"]))
        np.testing.assert_allclose(answer["curve"], wanted, rtol=0, atol=1e-12)


def test_runs_and_their_updates_agree_exactly(flights):
    for _, flight, answer in flights:
        assert answer["totalSteps"] == flight.total_steps
        assert answer["stepsPerEpoch"] == flight.steps_per_epoch
        first, stride, count = answer["updates"]
        assert range(first, first + count * stride, stride) == flight.schedule.update_range(
            flight.total_steps
        )
        assert answer["realised"] == pytest.approx(flight.realised_sparsity, abs=1e-12)


def test_findings_agree_to_the_word(flights):
    for _, flight, answer in flights:
        assert answer["findings"] == [asdict(finding) for finding in flight.findings]
        assert answer["mood"] == mood_of(flight)


def test_suggestions_agree_exactly(flights):
    assert sum(flight.meant != flight.schedule for _, flight, _ in flights) > 20
    for _, flight, answer in flights:
        assert answer["suggestion"] == asdict(flight.suggest())


def test_captions_and_code_agree_to_the_letter(flights):
    for state, flight, answer in flights:
        assert answer["caption"] == describe(flight, state["epochs"])
        schedule, batch_size = flight.schedule, state["batch_size"]
        assert answer["code"] == tfmot_code(schedule, batch_size, state["epochs"])


def test_clamping_agrees(compared):
    notices = 0
    for case, (state, notice) in ((case, answer["settled"]) for case, answer in compared):
        assert (state, notice) == settle(case["state"], case["changes"])
        notices += bool(notice)
    assert notices > CASES / 10


def test_percent_and_horizon_agree(compared, flights):
    for case, answer in compared:
        assert answer["percent"] == percent(case["fraction"])
    for state, flight, answer in flights:
        assert answer["horizon"] == figures_schedule.horizon(flight.total_steps, state["end_step"])
