"""The explorer's JavaScript says what Python says: random numbers, plans and states, by Node."""

import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from prunelab.widgets.plan import state as plan_state
from prunelab.widgets.plan import words
from prunelab.widgets.plan.data import gather
from prunelab.widgets.shared.numbers import settled
from tests.helpers.made_plans import made_plan, made_results
from tests.helpers.node import run_module

NUMBERS = """
import { settledNumber } from "widgets/shared/numbers.js";

answer(given.map((moved) => settledNumber("sparsity", ...moved)));
"""
STATES = """
import { bestOf, planOf, sortedArms } from "widgets/plan/math.js";
import { describe, headlineOf } from "widgets/plan/words.js";

answer(given.map(({ data, states }) => {
  const plan = planOf(data);
  return states.map((state) => ({
    sorted: sortedArms(plan, state).map(({ name }) => name),
    best: bestOf(plan, state)?.name ?? null,
    headline: headlineOf(plan, state),
    caption: describe(plan, state),
  }));
}));
"""


def test_a_sparsity_that_was_moved_or_typed_is_made_possible_alike(tmp_path):
    rng = random.Random(20261122)
    kinds = [-1, 0, 0.5, 1, 75, 1e300, 12.5]
    cases = [[rng.choice([*kinds, rng.random()]), 0.25] for _ in range(200)]
    answers = run_module(tmp_path, NUMBERS, cases)
    for (value, current), (sparsity, notice) in zip(cases, answers, strict=True):
        assert ({"sparsity": sparsity}, notice) == settled(
            {"sparsity": current}, {"sparsity": value}
        )


def _plans(rng):
    """Data of plans of one, two and more seeds; seeds missing here and there."""
    for seeds in ((0,), (3, 4), (0, 1, 2), tuple(range(8))):
        for seed in range(3):
            results = made_results(made_plan(seeds, linear=seed < 2), seed=seed)
            if seed == 2:
                runs = [r for r in results.runs if r.config.name == "control" or rng.random() < 0.7]
                results = replace(results, runs=tuple(runs))
            yield gather(results, None, show_test=seed == 1)


def _state(rng, data):
    names = [arm["name"] for arm in data["arms"]]
    return {
        "arms": sorted(rng.sample(names, rng.randrange(len(names) + 1)), key=names.index),
        "sparsity": rng.choice([0.0, 0.5, 0.75, 0.9, 0.98, round(rng.random(), 3)]),
        "measure": rng.choice(list(data["measures"])),
        "sort": rng.choice(["", "-"]) + rng.choice(plan_state.SORTS),
    }


def test_tables_and_words_agree_in_random_states(tmp_path):
    rng = random.Random(7)
    cases = [
        {"data": data, "states": [_state(rng, data) for _ in range(40)]} for data in _plans(rng)
    ]
    answers = run_module(tmp_path, STATES, cases)
    compared = with_best = 0
    for case, found in zip(cases, answers, strict=True):
        data = case["data"]
        for state, answer in zip(case["states"], found, strict=True):
            assert answer["sorted"] == [row["arm"] for row in plan_state.sorted_rows(data, state)]
            best = plan_state.best(data, state)
            assert answer["best"] == (best and best["name"])
            assert answer["headline"] == words.headline(data, state)
            assert answer["caption"] == words.describe(data, state)
            compared += 1
            with_best += best is not None
    assert compared == 480
    assert 100 < with_best < compared


PLACES = """
import { apart, between } from "widgets/plan/frame.js";

answer(given.map(({ places, left, right, knots, values }) => ({
  middles: apart(places, { left, right }),
  between: values.map((value) => between(knots, value)),
})));
"""


def test_groups_of_arms_never_overlap_and_are_left_where_they_have_room(tmp_path):
    rng = random.Random(4)
    cases = []
    for _ in range(200):
        halves = [rng.uniform(5, 60) for _ in range(rng.randrange(1, 7))]
        left = rng.uniform(0, 80)
        right = left + 2 * sum(halves) * rng.uniform(1.0001, 4)
        middles = sorted(rng.uniform(left, right) for _ in halves)
        knots = sorted(rng.uniform(0, 2) for _ in range(rng.randrange(2, 7)))
        cases.append(
            {
                "places": list(zip(middles, halves, strict=True)),
                "left": left,
                "right": right,
                "knots": [[at, 100 * at**2] for at in knots],
                "values": [rng.uniform(knots[0], knots[-1]) for _ in range(5)],
            }
        )
    for case, answer in zip(cases, run_module(tmp_path, PLACES, cases), strict=True):
        halves = [half for _, half in case["places"]]
        ends = [(m - h, m + h) for m, h in zip(answer["middles"], halves, strict=True)]
        edges = [case["left"], *(end for pair in ends for end in pair), case["right"]]
        assert all(a <= b + 1e-6 for a, b in itertools.pairwise(edges)), case
        wanted = [(m - h, m + h) for m, h in case["places"]]
        edges = [case["left"], *(end for pair in wanted for end in pair), case["right"]]
        if all(a <= b for a, b in itertools.pairwise(edges)):
            assert answer["middles"] == pytest.approx([m for m, _ in case["places"]])
        knots = np.array(case["knots"]).T
        assert answer["between"] == pytest.approx(np.interp(case["values"], *knots))
