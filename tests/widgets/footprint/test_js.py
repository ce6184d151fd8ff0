"""The FootprintExplorer's JavaScript says what Python says: random measurements and states."""

import random
import re

import pytest

from prunelab.base.text import bytes_text, three
from prunelab.widgets.footprint import state as footprint_state
from prunelab.widgets.footprint import words
from prunelab.widgets.footprint.data import choices, gather
from tests.helpers.made_footprint import made_measurement
from tests.helpers.node import run_module

STATES = """
import { bestRow, evenOf, measuredOf, nearestOf, pointsOf, problemsOf, rowsOf, settledState }
  from "widgets/footprint/math.js";
import { footprintCaption, footprintHeadline, notMeasured, problemLines }
  from "widgets/footprint/words.js";

answer(given.map(({ data, choices, states, moves }) => {
  const measured = measuredOf(data);
  const both = (make) => ["sizes", "times"].map(make);
  return {
    states: states.map((state) => ({
      rows: both((kind) => rowsOf(measured, choices, kind, state)),
      best: both((kind) => bestRow(rowsOf(measured, choices, kind, state))),
      problems: both((kind) => problemsOf(rowsOf(measured, choices, kind, state))),
      points: both((kind) => pointsOf(measured, choices, kind, state)),
      even: both((kind) => evenOf(measured, kind, state)),
      headline: footprintHeadline(measured, choices, state),
      caption: footprintCaption(measured, choices, state),
      lines: problemLines(measured, choices, state),
    })),
    moves: moves.map(([state, name]) => {
      const made = settledState(choices, state);
      return [made, notMeasured(choices, name, state[name], made)];
    }),
  };
}));
"""
NUMBERS = """
import { bytesText, gainText, shareText, three } from "widgets/footprint/words.js";
import { nearestOf } from "widgets/footprint/math.js";

answer(given.map(({ value, count, share, stops, choices }) => [three(value), bytesText(count),
  gainText(choices, "sizes", value), gainText(choices, "times", value), shareText(share),
  nearestOf(stops, share)]));
"""


def _cases(rng):
    """Whole measurements, and poor ones: no times, no sizes, one sparsity, nothing dense."""
    for seed in range(4):
        made = made_measurement(seed, odd=(0, 0.15, 0.5, 1.0)[seed])
        yield made if seed else _with_evens(made)
    yield made_measurement(9, runtimes=())
    yield made_measurement(9, formats=(), threads=(1,))
    yield made_measurement(9, sparsities=(0.5,), batches=(64,), threads=(2,))
    yield made_measurement(9, patterns=("unstructured", "small_dense"), batches=(1, 3))


def _with_evens(made):
    values = made.to_dict()
    kept = values["break_evens"]["rows"]
    kept.append(["numpy", "neurons", 64, 2, 0.5, 0.4961, 0.5, 8])
    return type(made).from_dict(values)


def _state(rng, found):
    def one(name):
        known = [each["name"] for each in found[f"{name}s"]]
        return rng.choice(known) if known else ""

    state = {name: one(name) for name in ("pattern", "format", "runtime")}
    state["sparsity"] = rng.choice(footprint_state.stops(found, state["pattern"]))
    state["batch"] = rng.choice(found["batches"] or [1])
    state["threads"] = rng.choice(found["threads"] or [1])
    return state | {"source": rng.choice(["stored", "here"])}


def _move(rng, found):
    state = _state(rng, found)
    if rng.random() < 0.5:
        return state | {"sparsity": round(rng.random() * 0.999, 3)}, "sparsity"
    return state | {"batch": rng.randrange(1, 2000)}, "batch"


def test_rows_and_words_agree_in_random_states(tmp_path):
    rng = random.Random(20261122)
    cases = []
    for made in _cases(rng):
        data = gather(made)
        # Now and then as of "this machine", where most of what can be chosen was not measured.
        found = choices(data, gather(made_measurement(3)) if rng.random() < 0.3 else data)
        states = [_state(rng, found) for _ in range(60)]
        moves = [_move(rng, found) for _ in range(30)]
        case = {"data": data, "choices": found, "states": states, "moves": moves}
        cases.append(case | {"searched": [row.what for row in made.break_evens]})
    answers = run_module(tmp_path, STATES, cases)
    hows, statuses = set(), set()
    for case, answer in zip(cases, answers, strict=True):
        measured, found = footprint_state.Rows(case["data"]), case["choices"]
        assert len(answer["states"]) == 60
        for state, said in zip(case["states"], answer["states"], strict=True):
            for at, kind in enumerate(("sizes", "times")):
                rows = footprint_state.rows(measured, found, kind, state)
                _same(said["rows"][at], rows)
                _same([said["best"][at]], [footprint_state.best(rows)])
                assert [tuple(group.values()) for group in said["problems"][at]] == [
                    (status, why, names) for status, why, names in footprint_state.problems(rows)
                ]
                points = footprint_state.points(measured, found, kind, state)
                assert [p["sparsity"] for p in said["points"][at]] == [s for s, _ in points]
                _same([p["row"] for p in said["points"][at]], [row for _, row in points])
                even = footprint_state.even(measured, kind, state)
                assert said["even"][at] == even
                chosen = state[footprint_state.KINDS[kind]]
                if even["how"] != "unknown" and chosen not in case["searched"]:
                    assert even["by"] == (0, 0.05)[at]
                    assert even["how"] == _seen(points, 1 + even["by"])
                hows.add(even["how"])
                statuses |= {row["status"] for row in rows}
            assert said["headline"] == words.headline(measured, found, state)
            assert said["caption"] == words.describe(measured, found, state)
            assert said["lines"] == words.problem_lines(measured, found, state)
        for (state, name), (made, notice) in zip(case["moves"], answer["moves"], strict=True):
            assert made == footprint_state.settled(found, state)
            assert notice == words.not_measured(found, name, state[name], made)
    assert hows == {"bisected", "between", "always", "never", "mixed", "unknown"}
    assert statuses == {"right", "wrong", "failed", "missing", "unmeasured"}


def _seen(points, least):
    """How the rows of rising sparsities win, from a text with a letter for each."""
    text = "".join("LW"[(row["gain"] or 0) > least] for _, row in points)
    found = {"always": "W+", "never": "L+", "between": "L+W+", "mixed": "[LW]+"}
    return next(how for how, pattern in found.items() if re.fullmatch(pattern, text))


def _same(found, wanted):
    assert len(found) == len(wanted)
    for a, b in zip(found, wanted, strict=True):
        if b is None:
            assert a is None
            continue
        assert a.keys() == b.keys()
        for name, value in b.items():
            assert a[name] == (pytest.approx(value) if isinstance(value, float) else value), name


def test_numbers_agree_at_halves_and_at_random(tmp_path):
    rng = random.Random(7)
    stops = [0.0, 0.25, 0.5, 0.75, 0.9, 0.98]
    cases = [
        {
            "value": rng.choice(
                [10 ** rng.uniform(-6, 6), rng.randrange(1, 4000) / 8, 1.125, 1.0049, 0.9951, 99.95]
            ),
            "count": rng.choice([0, 1, 999, 1000, 999_500, 10 ** rng.randrange(9), 2_370_499]),
            "share": rng.choice([0.0, 0.375, 0.625, 0.825, 0.07, 0.975, round(rng.random(), 4)]),
            "stops": stops,
            "choices": {"sentences": words.SENTENCES},
        }
        for _ in range(800)
    ]
    for case, answer in zip(cases, run_module(tmp_path, NUMBERS, cases), strict=True):
        assert answer == [
            three(case["value"]),
            bytes_text(case["count"]),
            words.gain_text("sizes", case["value"]),
            words.gain_text("times", case["value"]),
            words.share(case["share"]),
            footprint_state.nearest(stops, case["share"]),
        ], case


def test_a_break_even_that_was_searched_is_the_measurements():
    (row,) = [row for row in made_measurement().break_evens if row.what == "gzip"]
    assert (row.pattern, row.sparsity) == ("unstructured", 0.125)
    sent = gather(made_measurement())["evens"]["gzip unstructured"]
    assert sent[:-1] == ("bisected", 0.125, row.low, row.high, 0.0)
    assert sent[-1].startswith("It is better than dense from 12.5 % on (found between ")
