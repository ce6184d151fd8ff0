"""Functions as answers: called on copies, in bounded time, compared, and every failure in words."""

import contextlib
import sys
import time

import numpy as np
import optuna
import pytest
from scipy import stats

from prunelab.exercises import functions, sandbox
from prunelab.exercises import mask_small_weights as mask
from prunelab.exercises import prune_a_network_fairly as fair
from prunelab.exercises import tune_the_schedule as tune
from prunelab.exercises.choose_the_pruned_tree import one_standard_error
from prunelab.exercises.mask_small_weights.network import fresh_rows, small_network
from prunelab.exercises.mask_small_weights.threshold import MISTAKES, arrays, threshold_of
from prunelab.exercises.prune_a_network_fairly import comparisons
from prunelab.exercises.tune_the_schedule import choices as tune_the_schedule_choices
from prunelab.exercises.tune_the_schedule import front
from prunelab.masks import Network, magnitude_mask, mean_squared_error
from prunelab.plans import PLANS
from prunelab.schedules import preflight
from prunelab.search import pareto_front

OF_FUNCTIONS = [mask.q1, mask.q3, fair.q1, fair.q3, tune.q1]


def loops_for_ever(*arrays):
    while True:
        with contextlib.suppress(Exception):
            time.sleep(0.01)


async def awaited(*arguments):
    return 1


@pytest.mark.parametrize("exercise", OF_FUNCTIONS)
def test_an_endless_loop_is_ended_and_named(exercise, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)
    right, sentence = exercise.verdict(loops_for_ever)
    assert right is False
    assert sentence.startswith("On ")
    assert "it takes longer than 0.2 seconds; does a loop never end?" in sentence


@pytest.mark.parametrize("exercise", OF_FUNCTIONS)
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda *a: sys.exit(3), "raises SystemExit: 3"),
        (lambda *a: 1 / 0, "raises ZeroDivisionError"),
        (lambda *a: [][1], "raises IndexError"),
        (
            lambda *a: (_ for _ in ()).throw(ValueError("two\nlines")),
            "raises ValueError: two lines",
        ),
        (lambda *a: (_ for _ in ()).throw(KeyError), "raises KeyError: no words"),
        (lambda: 1, "raises TypeError"),
        (lambda *a: a[0].fill(7), "changes the array"),
        (lambda *a: "0.5", "should come back"),
        (lambda *a: {"a": 1}, "should come back"),
        (lambda *a: None, "should come back"),
        (lambda *a: [[1, 2], [3]], "should come back"),
        (lambda *a: object(), "should come back"),
        (awaited, "without async"),
    ],
)
def test_whatever_a_function_does_ends_in_a_sentence(exercise, answer, words):
    right, sentence = exercise.verdict(answer)
    assert right is False
    assert words in sentence
    assert "\n" not in sentence
    assert len(sentence) < 400


def test_numbers_are_compared_to_six_digits_and_shapes_exactly():
    assert functions.same(1.0, np.float32(1.0))
    assert not functions.same(1.0, 1.00001)
    assert not functions.same(np.ones(2), np.ones((2, 1)))
    assert not functions.same(np.nan, np.nan)
    assert not functions.same((1, 2), (1, 2, 3))
    assert not functions.same("a", 1)


def test_lists_of_dicts_are_compared_item_by_item():
    trial = {"state": "weak", "errors": (0.1, 0.2), "nonzeros": 5}
    assert functions.same([trial], [trial | {"nonzeros": 5.0}])
    for changed in ({"state": "complete"}, {"errors": (0.1,)}, {"nonzeros": 6}, {"more": 1}):
        assert not functions.same([trial | changed], [trial])
    assert not functions.same([trial, trial], [trial])
    assert not functions.same([], [trial])
    assert not functions.same([None], [trial])


# ---- the references of the checks, against others ----------------------------------------------


def test_the_threshold_is_the_one_that_the_mask_uses():
    for _, (weights, sparsity) in arrays():
        magnitudes = np.abs(weights)
        wanted = magnitudes[magnitude_mask(weights, sparsity)].min()
        assert threshold_of(weights, sparsity) == wanted


def test_no_slip_of_a_table_gives_the_right_numbers():
    tables = [
        (MISTAKES, arrays(), threshold_of),
        (comparisons.PAIRED_MISTAKES, fair.paired_cases(), fair.paired),
        (comparisons.FAIR_MISTAKES, fair.comparison_cases(), comparisons.fair_comparison),
        (
            one_standard_error.RULE_MISTAKES,
            one_standard_error.rule_cases(),
            one_standard_error.smallest_within,
        ),
        (
            tune_the_schedule_choices.CHOICE_MISTAKES,
            tune_the_schedule_choices.choice_cases(),
            tune_the_schedule_choices.chosen,
        ),
    ]
    for mistakes, cases, truth in tables:
        assert len(mistakes) >= 8
        for mistake, sentence in mistakes:
            right = [functions.same(mistake(*given), truth(*given)) for _, given in cases]
            assert not all(right), sentence
            judged = functions.judge_numbers(
                mistake,
                cases,
                truth,
                mistakes,
                right="",
                look="",
                count=np.size(truth(*cases[0][1])),
            )
            assert judged == (False, sentence)


def test_no_slip_of_a_front_gives_the_right_rows():
    given = set()
    for mistake, sentence in front.FRONT_MISTAKES:
        assert front.judge_front(mistake) == (False, sentence)
        given.add(str([mistake(*points) for _, points in front.front_cases()]))
    assert len(given) == len(front.FRONT_MISTAKES) >= 8


def test_the_front_is_that_of_the_search_and_of_optuna():
    for _, (points,) in front.front_cases():
        assert front.on_front(points) == sorted(pareto_front(points).tolist())
        study = optuna.create_study(directions=["minimize", "minimize"])
        study.add_trials([optuna.trial.create_trial(values=list(point)) for point in points])
        best = sorted(trial.number for trial in study.best_trials)
        assert front.on_front(points) == best


def test_every_mean_chooses_the_same_made_up_trial_and_it_is_the_winner():
    for at in range(40):
        trials = tune_the_schedule_choices.made_trials(at)
        choices = {
            tune_the_schedule_choices.chosen(trials, 5000, of=mean)
            for mean in (np.mean, stats.gmean)
        }
        assert len(choices) == 1
        (winner,) = (trial for trial in trials if trial["trial"] in choices)
        assert winner["nonzeros"] == 5000
        assert {trial["state"] for trial in trials} == {"complete", "weak", "refused"}
        errors = {"complete": 5, "weak": 1, "refused": 0}
        for trial in trials:
            assert len(trial["validation_mse"]) == len(trial["test_mse"]) == errors[trial["state"]]


def test_the_unseen_network_holds_what_is_asked_and_the_twins_steps_fail_on_it():
    assert tune.STEPS == -(-1437 // 64)
    for name in ("hidden_1", "hidden_2"):
        assert round(tune.SIZES[name] * 0.05) * 20 == tune.SIZES[name]
    (base,) = (arm for arm in PLANS["knobs"].arms if arm.name == "base")
    found = preflight(base.schedule, **tune.RUN, sizes=list(tune.SIZES.values())).findings
    assert [finding.code for finding in found] == ["ends_after_training", "unreachable_target"]


def test_the_paired_interval_is_that_of_scipy():
    for _, (arm, control) in fair.paired_cases():
        found = stats.ttest_rel(np.log(arm), np.log(control)).confidence_interval(0.95)
        middle, low, high = fair.paired(arm, control)
        assert middle == pytest.approx(stats.gmean(arm) / stats.gmean(control))
        assert (low, high) == pytest.approx((np.exp(found.low), np.exp(found.high)))


def test_every_mean_chooses_the_same_setting_and_test_data_another_where_none_is_close():
    for _, (val_arm, test_arm, val_control, test_control) in fair.comparison_cases()[:3]:
        for validation, test in ((val_arm, test_arm), (val_control, test_control)):
            choices = {
                int(mean(validation, axis=1).argmin()) for mean in (np.mean, np.median, stats.gmean)
            }
            assert len(choices) == 1
            assert len(set(validation.argmin(axis=0))) > 1
            assert test.mean(axis=1).argmin() not in choices


def test_the_pruned_network_is_that_of_the_plan_and_its_rival_counted_by_hand():
    assert PLANS["short"].arm("completed_90") == fair.PRUNED
    assert fair.weights_left(fair.PRUNED, 0.9) == 102_400 + 104_858 + 102 == 207_360
    assert 1000 * 176 + 176 * 176 + 176 <= 207_360 < 1000 * 177 + 177 * 177 + 177
    arms = {arm.name for arm in PLANS["short"].arms} | {"ridge", "lasso"}
    assert set(fair.REPLIES) <= arms


def test_the_small_network_has_learned_and_hands_out_copies():
    layers, x, y = small_network()
    for array in (*layers, x, y):
        array.fill(0)
    layers, x, y = small_network()
    for rows, labels in ((x, y), fresh_rows()):
        assert rows.shape == (400, 64)
        loss = mean_squared_error(Network(layers).forward(rows), labels[:, None])
        assert loss < 0.12 * labels.var()
    assert not np.array_equal(x, fresh_rows()[0])
