"""Questions, guesses and their scores, against values worked out by hand and by other formulas."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.predictions import (
    LEVEL,
    MOST_MEASURED,
    NEAR,
    POINTS,
    Axis,
    ChoiceQuestion,
    CurveQuestion,
    NumberQuestion,
    question_from_dict,
    truth_from_dict,
)

PERCENT = NumberQuestion("How many zeros?", Axis(0, 100, "zeros", "%"))
LOSS = NumberQuestion("Which loss?", Axis(1e-4, 1, "loss", log=True))
WHICH = ChoiceQuestion("Which is lower?", ["a", "b", "c", "d"])
CURVE = CurveQuestion("Draw it.", Axis(0, 320, "step"), Axis(0, 1, "zeros"))
ALL = [PERCENT, LOSS, WHICH, CURVE]


def number(low, value, high):
    return {"value": value, "low": low, "high": high}


# ---- scores -----------------------------------------------------------------------------------


def test_a_range_that_holds_the_truth_costs_its_width():
    outcome = PERCENT.score(PERCENT.guess(number(60, 70, 80)), PERCENT.truth(75))
    assert (outcome.held, outcome.sure, outcome.score) == (True, LEVEL, pytest.approx(0.2))


def test_a_range_that_misses_costs_ten_times_the_distance_on_top():
    outcome = PERCENT.score(PERCENT.guess(number(60, 70, 80)), PERCENT.truth(28.94))
    assert not outcome.held
    assert outcome.score == pytest.approx(0.2 + 10 * 0.3106)


def test_the_ends_of_a_range_belong_to_it():
    for truth in (60, 80):
        assert PERCENT.score(PERCENT.guess(number(60, 60, 80)), PERCENT.truth(truth)).held
    assert not PERCENT.score(PERCENT.guess(number(60, 60, 80)), PERCENT.truth(80.0001)).held


def test_ranges_on_a_logarithmic_axis_are_measured_in_decades():
    outcome = LOSS.score(LOSS.guess(number(0.001, 0.005, 0.01)), LOSS.truth(0.1))
    assert outcome.score == pytest.approx(0.25 + 10 * 0.25)


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_the_score_is_best_at_the_quantiles_one_believes_in(low, high):
    """What makes it proper: who states another range than the 10 % and 90 % points pays more."""
    low, high = sorted((low, high))
    truths = (np.arange(1000) + 0.5) / 10  # what the reader believes: uniform over the axis
    mean = np.mean(
        [
            PERCENT.score(number(100 * low, 100 * low, 100 * high), {"value": v}).score
            for v in truths
        ]
    )
    best = np.mean([PERCENT.score(number(10, 50, 90), {"value": v}).score for v in truths])
    assert mean >= best - 1e-9


def test_choices_are_scored_by_brier():
    guess = WHICH.guess({"option": "b", "sure": 0.8})
    right, wrong = WHICH.score(guess, WHICH.truth("b")), WHICH.score(guess, WHICH.truth("c"))
    assert (right.held, wrong.held) == (True, False)
    assert right.score == pytest.approx(0.04)
    assert wrong.score == pytest.approx(0.64)


def test_a_curve_drawn_exactly_is_at_no_distance():
    heights = [i / (POINTS - 1) for i in range(POINTS)]
    outcome = CURVE.score(CURVE.guess({"heights": heights}), CURVE.truth(([0, 320], [0, 1])))
    assert outcome.held
    assert outcome.score == pytest.approx(0, abs=1e-12)


def test_two_points_make_a_straight_line_that_goes_on_level():
    heights = [None] * POINTS
    heights[8], heights[24] = 0.2, 0.6
    drawn = CURVE.drawn(CURVE.guess({"heights": heights}))
    wanted = np.interp(np.arange(POINTS), [8, 24], [0.2, 0.6])
    assert drawn == pytest.approx(wanted)


def test_a_curve_is_compared_where_it_was_measured():
    heights = [0.5] * POINTS
    curve = CURVE.truth(([0, 80, 160], [0.7, 0.7, 0.7]))
    outcome = CURVE.score(CURVE.guess({"heights": heights}), curve)
    assert outcome.score == pytest.approx(0.2)
    assert not outcome.held
    between_two_places = CURVE.truth(([1, 2], [0.55, 0.55]))
    score = CURVE.score(CURVE.guess({"heights": heights}), between_two_places).score
    assert score == pytest.approx(0.05)


def test_a_curve_beyond_the_chart_counts_as_at_its_edge():
    heights = [1.0] * POINTS
    outcome = CURVE.score(CURVE.guess({"heights": heights}), CURVE.truth(([0, 320], [5, 9])))
    assert outcome.score == 0


def test_a_long_curve_keeps_its_ends():
    x = np.arange(10_000)
    truth = CURVE.truth((x, x / 9999), (x / 9999 - 0.1, x / 9999 + 0.1))
    assert len(truth["x"]) == MOST_MEASURED
    assert (truth["x"][0], truth["x"][-1], truth["y"][-1]) == (0, 9999, 1)
    assert np.shape(truth["interval"]) == (2, MOST_MEASURED)


# ---- what is refused --------------------------------------------------------------------------


@pytest.mark.parametrize("question", ALL)
@pytest.mark.parametrize(
    "guess",
    [
        None, 3, [], {}, {"value": 1}, {"option": "a"}, {"heights": []},
        {"heights": [None] * POINTS},
        number(0.4, 0.3, 0.5), number(0.2, 0.3, 1e9), number("0", 0.3, 0.5),
        number(float("nan"), 0.3, 0.5), {"option": "e", "sure": 0.5}, {"option": "a", "sure": 1.2},
        {"option": "a", "sure": 0.1}, {"option": ["a"], "sure": 0.5}, {"heights": ["x"] * POINTS},
        {"heights": [2.0] * POINTS}, {"heights": [0.5] + [None] * (POINTS - 1)},
        {"heights": [0.5] * (POINTS + 1)},
    ],
)  # fmt: skip
def test_an_odd_guess_is_refused_in_one_sentence(question, guess):
    with pytest.raises((TypeError, ValueError)) as raised:
        question.guess(guess)
    assert 10 < len(str(raised.value)) < 300
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("question", "answer", "interval"),
    [
        (PERCENT, "x", None), (PERCENT, float("nan"), None), (PERCENT, 5, (6, 7)),
        (PERCENT, 5, (4, float("inf"))), (PERCENT, 5, 3), (PERCENT, [1], None),
        (WHICH, "e", None), (WHICH, "a", (0, 1)), (WHICH, None, None),
        (CURVE, [1, 2, 3], None), (CURVE, ([0, 1], [1]), None), (CURVE, ([1, 0], [1, 1]), None),
        (CURVE, ([0], [1]), None), (CURVE, ([0, 1], [1, float("inf")]), None),
        (CURVE, ([0, 1], [1, 1]), ([2, 2], [3, 3])), (CURVE, ([0, 1], [1, 1]), [[1], [1]]),
        (CURVE, (["a", "b"], [1, 1]), None),
    ],
)  # fmt: skip
def test_an_odd_answer_is_refused_in_one_sentence(question, answer, interval):
    with pytest.raises((TypeError, ValueError)) as raised:
        question.truth(answer, interval)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("low", "high", "log"),
    [(1, 1, False), (2, 1, False), (0, 1, True), (float("nan"), 1, False), ("0", 1, False),
     (-1.7e308, 1.7e308, False), (0, 1, 1), (5e-324, 1, True), (0, 5e-324, False),
     (1, 1 + 2**-52, True), (1e16, 1e16 + 2, False), (0, 1e308, False)],
)  # fmt: skip
def test_an_odd_axis_is_refused(low, high, log):
    with pytest.raises((TypeError, ValueError)):
        Axis(low, high, log=log)


@pytest.mark.parametrize(
    "options", ["ab", ["a"], ["a", "a"], ["a", 1], list("abcdefghi"), ["a", "b\n"], ["a", ""], None]
)
def test_odd_options_are_refused(options):
    with pytest.raises((TypeError, ValueError)):
        ChoiceQuestion("Which?", options)


@pytest.mark.parametrize("text", ["", "  ", "a\nb", 3, None, "x" * 301])
def test_an_odd_question_is_refused(text):
    with pytest.raises((TypeError, ValueError)):
        NumberQuestion(text, Axis(0, 1))


# ---- there and back ---------------------------------------------------------------------------


@pytest.mark.parametrize("question", ALL)
def test_a_question_survives_json(question):
    again = question_from_dict(json.loads(json.dumps(question.to_dict())))
    assert again == question
    assert again.key == question.key


def test_another_question_has_another_key():
    keys = {question.key for question in ALL}
    keys.add(NumberQuestion("How many zeros?", Axis(0, 99, "zeros", "%")).key)
    assert len(keys) == len(ALL) + 1


@pytest.mark.parametrize(
    ("question", "truth"),
    [
        (PERCENT, PERCENT.truth(5, (4, 6))), (WHICH, WHICH.truth("a")),
        (CURVE, CURVE.truth(([0, 1], [1, 2]), ([0, 1], [2, 3]))),
    ],
)  # fmt: skip
def test_a_truth_survives_json(question, truth):
    assert truth_from_dict(question, json.loads(json.dumps(truth))) == truth


@pytest.mark.parametrize(
    "values", [None, 3, {}, {"kind": "number"}, PERCENT.to_dict() | {"kind": ["number"]},
               PERCENT.to_dict() | {"kind": "curve"}, PERCENT.to_dict() | {"axis": 3},
               PERCENT.to_dict() | {"more": 1}],
)  # fmt: skip
def test_what_is_no_question_is_refused(values):
    with pytest.raises((TypeError, ValueError), match=r"question|axis"):
        question_from_dict(values)


def test_an_answer_too_far_to_be_scored_is_refused():
    for answer in (-1e308, 1e308):
        with pytest.raises(ValueError, match=r"answer=.*: answer must be a finite number"):
            PERCENT.truth(answer)
    outcome = PERCENT.score(PERCENT.guess(number(60, 70, 80)), PERCENT.truth(-1e100))
    assert math.isfinite(outcome.score)


# ---- shapes -----------------------------------------------------------------------------------

STEPS = np.arange(POINTS) / (POINTS - 1)
RAMP = 0.75 * (1 - (1 - np.clip((STEPS - 0.25) / 0.5, 0, 1)) ** 3)
OVERFITTED = 0.25 + 0.7 * np.exp(-15 * STEPS) + 0.12 * STEPS
SHARES = CurveQuestion("Draw.", Axis(0, 1), Axis(0, 1))


def drawn(heights, truth, question=SHARES, size=1):
    guess = question.guess({"heights": [float(at) for at in size * np.clip(heights, 0, 1)]})
    return question.score(guess, question.truth((STEPS, size * truth)))


@pytest.mark.parametrize(
    ("heights", "truth", "shape"),
    [
        (0.75 * np.clip((STEPS - 0.25) / 0.5, 0, 1), RAMP, "bend"),
        (np.minimum(0.95 * STEPS + 0.01, 0.75), RAMP, "bend"),
        (0.2 + 0.75 * np.exp(-9 * STEPS), OVERFITTED, "no rise"),
        (OVERFITTED, 0.25 + 0.7 * np.exp(-15 * STEPS) + 0.03, "a rise"),
        (1 - 0.2 - 0.75 * np.exp(-9 * STEPS), 1 - OVERFITTED, "no fall"),
        (RAMP, RAMP, ""),
        (np.interp(STEPS - 0.05, STEPS, RAMP), RAMP, ""),
        (0.75 * (1 - (1 - np.clip((STEPS - 0.2) / 0.55, 0, 1)) ** 2), RAMP, ""),
        (OVERFITTED + 0.06, OVERFITTED, ""),
        (0.5 * STEPS, 0.5 * STEPS + 0.05, ""),
        (0 * STEPS + 0.3, 0 * STEPS + 0.33, ""),
    ],
)
def test_a_curve_of_another_shape_is_not_near(heights, truth, shape):
    outcome = drawn(heights, truth)
    assert outcome.score <= NEAR
    assert (outcome.shape, outcome.held) == (shape, not shape)
    percent = CurveQuestion("Draw.", Axis(0, 1), Axis(0, 100))
    assert drawn(heights, truth, percent, 100).shape == shape  # whatever the unit


def test_a_shaky_hand_and_a_noisy_measurement_are_no_other_shape():
    rng = np.random.default_rng(0)
    for truth in (RAMP, OVERFITTED, 0.9 - 0.6 * STEPS):
        for _ in range(50):
            noise = rng.normal(0, 0.012, (2, POINTS))
            assert drawn(truth + noise[0], np.clip(truth + noise[1], 0, 1)).held


def test_a_wide_range_holds_the_truth_and_says_little():
    for low, high, held, wide in (
        (20, 100, True, True),
        (20, 40, True, False),
        (40, 95, False, False),
    ):
        outcome = PERCENT.score(PERCENT.guess(number(low, low, high)), PERCENT.truth(28.94))
        assert (outcome.held, outcome.wide) == (held, wide)
