"""The script of a Prediction says what Python says, and scores as Python scores; through Node."""

import json
import random

import numpy as np
import pytest

from prunelab.predictions import POINTS, Axis, ChoiceQuestion, CurveQuestion, NumberQuestion
from prunelab.widgets.prediction.words import SENTENCES, SHAPES, compared, guessed, measured
from tests.helpers.node import run_module

CASES = 600
SCRIPT = """
import * as words from "widgets/prediction/words.js";

answer(given.map(({ question, guess, truth, move }) => {
  const axis = question.axis ?? question.y;
  return {
    words: [words.guessed(question, guess), words.measuredWords(question, truth),
      ...words.compared(question, guess, truth).slice(0, 2)],
    wide: words.compared(question, guess, truth)[2] ?? false,
    positions: axis ? move.values.map((value) => words.positionOn(axis, value)) : [],
    values: axis ? move.shares.map((share) => words.valueOn(axis, share)) : [],
    moved: question.axis
      ? ["low", "value", "high"].map((name) => [move.values[0], 1e9, -1e9].map((value) =>
        [name, value, ...words.movedRange(axis, guess, name, value)]))
      : [],
    stroke: question.y
      ? words.stroked(guess.heights, axis, [move.from, move.values[0]], [move.to, move.values[1]])
      : [],
  };
}));
"""


def axis_of(rng, *, log):
    low = rng.choice([1e-5, 0.01, 1, 30]) if log else rng.choice([-5, 0, 0, 0.25, 100])
    high = low * rng.choice([10, 300, 1e4]) if log else low + rng.choice([1, 0.01, 100, 1600, 37])
    return Axis(low, high, rng.choice(["", "zeros"]), rng.choice(["", "%", "MSE"]), log)


def value_on(axis, share):
    if axis.log:
        return min(max(axis.low * (axis.high / axis.low) ** share, axis.low), axis.high)
    return min(max(axis.low + share * (axis.high - axis.low), axis.low), axis.high)


def a_number(rng):
    axis = axis_of(rng, log=rng.random() < 0.4)
    question = NumberQuestion("How large?", axis)
    low, value, high = sorted(value_on(axis, rng.random()) for _ in range(3))
    truth = value_on(axis, rng.uniform(-0.2, 1.2)) if not axis.log else value_on(axis, rng.random())
    interval = None if rng.random() < 0.5 else (truth - abs(truth) * 0.1, truth + abs(truth) * 0.2)
    truth = question.truth(rng.choice([truth, truth, low]) if interval is None else truth, interval)
    return question, question.guess({"value": value, "low": low, "high": high}), truth


def a_choice(rng):
    question = ChoiceQuestion("Which?", ["higher", "lower", "same", "“odd”"][: rng.randint(2, 4)])
    sure = rng.choice([1, question.chance, rng.uniform(question.chance, 1)])
    guess = question.guess({"option": rng.choice(question.options), "sure": sure})
    return question, guess, question.truth(rng.choice(question.options))


def a_curve(rng):
    question = CurveQuestion(
        "Draw it.", axis_of(rng, log=rng.random() < 0.3), axis_of(rng, log=rng.random() < 0.5)
    )
    drawn = rng.choice([0.05, 0.3, 1.0])
    heights = [
        value_on(question.y, rng.random()) if rng.random() < drawn else None for _ in range(POINTS)
    ]
    heights[rng.randrange(10)] = heights[-rng.randint(1, 10)] = value_on(question.y, 0.5)
    if rng.random() < 0.6:  # a curve that somebody could have drawn of one that was measured
        return a_likely_curve(rng, question)
    shares = sorted({rng.uniform(-0.1, 1.1) for _ in range(rng.randint(2, 30))})
    x = [question.x.low + share * (question.x.high - question.x.low) for share in shares]
    y = [value_on(question.y, rng.uniform(0, 1)) * rng.choice([1, 1, 1.5]) for _ in x]
    return question, question.guess({"heights": heights}), question.truth((x, y))


def a_likely_curve(rng, question):
    """Two smooth curves that are alike, or nearly so."""
    curves = []
    bend, turn, level = rng.uniform(-1, 1), rng.uniform(0, 1), rng.uniform(0, 0.5)
    for _ in range(2):
        away = [rng.gauss(0, 0.1) for _ in range(3)]
        curves.append([
            min(max(level + away[0] + (bend + away[1]) * (s - turn - away[2]) ** 2, 0), 1)
            for s in (at / (POINTS - 1) for at in range(POINTS))
        ])  # fmt: skip
    heights, y = ([value_on(question.y, share) for share in curve] for curve in curves)
    guess = question.guess({"heights": heights})
    return question, guess, question.truth((question.places, y))


def test_guesses_get_the_same_words_and_places(tmp_path):
    rng = random.Random(11)
    made = [rng.choice([a_number, a_choice, a_curve])(rng) for _ in range(CASES)]
    moves = []
    for question, _, _ in made:
        axis = getattr(question, "axis", None) or getattr(question, "y", None)
        values = [value_on(axis, rng.random()) for _ in range(2)] if axis else []
        moves.append({"values": values, "shares": [rng.uniform(-0.1, 1.1) for _ in range(20)],
                      "from": rng.randrange(POINTS), "to": rng.randrange(POINTS)})  # fmt: skip
    given = [
        {"question": q.to_dict() | {"sentences": SENTENCES}, "guess": g, "truth": t, "move": move}
        for (q, g, t), move in zip(made, moves, strict=True)
    ]
    answers = run_module(tmp_path, SCRIPT, given)
    held, shapes = set(), set()
    for (question, guess, truth), move, said in zip(made, moves, answers, strict=True):
        outcome = question.score(guess, truth)
        held.add((question.kind, outcome.held))
        shapes.add(outcome.shape)
        assert said["words"] == [
            guessed(question, guess), measured(question, truth), outcome.held,
            compared(question, guess, truth),
        ]  # fmt: skip
        axis = getattr(question, "axis", None) or getattr(question, "y", None)
        if axis is None:
            continue
        places = axis.position(move["values"])
        assert said["positions"] == pytest.approx(places, rel=1e-9, abs=1e-12)
        step = 0.12 if axis.log else 0.005  # two digits, and half a step of the slider
        for share, value in zip(move["shares"], said["values"], strict=True):
            assert axis.low <= value <= axis.high
            assert axis.position(value) == pytest.approx(min(max(share, 0), 1), abs=step)
        if question.kind == "number":
            check_moved(question, guess, [move for moves in said["moved"] for move in moves])
            assert said["wide"] == outcome.wide
        else:
            check_stroke(guess["heights"], move, said["stroke"], axis)
    assert len(held) == 6
    assert shapes == {"", *SHAPES}


def check_moved(question, guess, moves):
    """Nothing crosses, no end takes the other along, and what had to give way is said."""
    for name, value, moved, notice in moves:
        assert question.guess(moved) == moved
        ends = {
            "low": (question.axis.low, guess["high"]),
            "value": (guess["low"], guess["high"]),
            "high": (guess["low"], question.axis.high),
        }[name]
        assert moved[name] == min(max(value, ends[0]), ends[1])
        for end in {"low", "high"} - {name}:
            assert moved[end] == guess[end]
        assert bool(notice) == (moved[name] != value)


def check_stroke(heights, move, stroke, axis):
    """Every place between the two ends has a height between theirs; the others keep theirs."""
    first, last = sorted((move["from"], move["to"]))
    low, high = sorted(move["values"])
    assert stroke[move["to"]] == move["values"][1]
    slack = (high - low) * 0.05 + (axis.high - axis.low) * 0.005
    for place, height in enumerate(stroke):
        if not first <= place <= last:
            assert height == heights[place]
        elif axis.log:
            assert low / 1.06 <= height <= high * 1.06
        else:
            assert low - slack <= height <= high + slack


def test_scripts_name_the_level_and_the_points_as_python_does():
    from prunelab import predictions
    from prunelab.widgets.shared.explorer import read_asset

    card, words = read_asset("prediction/card.js"), read_asset("prediction/words.js")
    assert f"{100 * predictions.LEVEL:.0f} % sure" in card
    assert f"const last = {predictions.POINTS - 1};" in card
    assert f"const NEAR_ENOUGH = {json.dumps(predictions.NEAR)};" in words
    assert np.isclose(predictions.LEVEL, 0.8)
