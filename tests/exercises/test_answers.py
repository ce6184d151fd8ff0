"""Each check accepts right answers of several kinds and names the mistake in known wrong ones."""

import numpy as np
import pytest

from prunelab.exercises import audit_a_pruning_experiment as audit
from prunelab.exercises import prune_a_decision_tree as trees
from prunelab.exercises import schedule_the_sparsity as schedule
from prunelab.exercises.exercise import Exercise
from prunelab.preflight import preflight
from prunelab.schedules import PolynomialDecay
from prunelab.trees import cost_complexity_path, fold


def ramp(final, begin, end, frequency=100, **others):
    return PolynomialDecay(0.0, final, begin, end, frequency=frequency, **others)


def largest_within(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(path.n_leaves <= budget)))


def first_within(tree, budget):
    path = cost_complexity_path(tree)
    return next(path.tree(k) for k in range(len(path)) if path.n_leaves[k] <= budget)


def by_sorting(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(min(k for k, leaves in enumerate(path.n_leaves) if leaves <= budget))


def strictly_below(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(path.n_leaves < max(budget, 2))))


def one_too_many(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(max(int(np.argmax(path.n_leaves <= budget)) - 1, 0))


def by_number_of_nodes(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.argmax(2 * path.n_leaves - 1 <= max(budget, 1))))


RIGHT = [
    (trees.q1, [14.5, "14.5", (61 - 32) / 2]),
    (trees.q2, ["c", "C", " c\n"]),
    (trees.q3, [largest_within, first_within, by_sorting]),
    (trees.q4, [trees._optimism(), round(trees._optimism(), 4), trees._optimism() + 0.001]),
    (schedule.explore, [40, 40.0, np.int64(40)]),
    (schedule.q1, [0.65, 0.8 - 0.6 * 0.25, np.float64(0.65), "0.65"]),
    (schedule.q2, [ramp(0.8, 0, 500), ramp(0.8, 0, 600), ramp(0.8, 0, 700)]),
    (schedule.q3, [ramp(0.9, 200, 750, f) for f in (1, 10, 25, 50, 55, 110)]),
    (schedule.q4, [ramp(0.5, 0, 45, 5), ramp(0.5, 8, 48, 10), ramp(0.5, 1, 5, 1)]),
    (schedule.q5, [ramp(0.9, 392, 1568, f) for f in (49, 56, 84)]),
    (audit.q1, [
        preflight(audit.CLAIM, total_steps=3128).realised_sparsity, 0.6973,
        float(audit.CLAIM.sparsity(3100)),
    ]),
    (audit.q2, ["c", "C", " c "]),
    (audit.q3, [ramp(0.75, 400, 1200), ramp(0.75, 0, 1400), ramp(0.75, 1000, 1400, power=1)]),
    (audit.q4, [
        lambda ws: sum((w == 0).sum() for w in ws if w.ndim == 2)
        / sum(w.size for w in ws if w.ndim == 2),
        lambda ws: 1 - np.concatenate([w.ravel() for w in ws if w.ndim > 1]).astype(bool).mean(),
        lambda ws: np.mean(np.concatenate([w.ravel() for w in ws[::2]]) == 0),
    ]),
]  # fmt: skip

WRONG = [
    (trees.q1, 29, "three leaves go"),
    (trees.q1, 29 / 3, "loses 3"),
    (trees.q1, 15, "Node 3 makes an error"),
    (trees.q1, 30, "Node 3 makes an error"),
    (trees.q1, 30.5, "only the rise"),
    (trees.q1, -14.5, "not less"),
    (trees.q1, 14.5 / 450, "the rate"),
    (trees.q1, 10, "Write down"),
    (trees.q1, "14,5", "cannot be used"),
    (trees.q2, "a", "pruning comes after"),
    (trees.q2, "b", "no other tree"),
    (trees.q2, "d", "good practice"),
    (trees.q2, "e", "one of the letters"),
    (trees.q2, "cd", "one of the letters"),
    (trees.q2, "", "one of the letters"),
    (trees.q2, 3, "one of the letters"),
    (trees.q2, ["c"], "one of the letters"),
    (trees.q3, lambda tree, budget: tree, "over budget"),
    (trees.q3, one_too_many, "over budget"),
    (trees.q3, strictly_below, "but the path has a tree of"),
    (trees.q3, by_number_of_nodes, "but the path has a tree of"),
    (trees.q3, lambda tree, budget: fold(tree, 0), "but the path has a tree of"),
    (trees.q3, lambda tree, budget: budget, "should return a tree"),
    (trees.q3, lambda tree, budget: cost_complexity_path(tree), "should return a tree"),
    (trees.q3, lambda tree: tree, "cannot be used"),
    (trees.q3, 5, "Give the function"),
    (trees.q4, 0.0, "the same data"),
    (trees.q4, -trees._optimism(), "the sign is not"),
    (trees.q4, 100 * trees._optimism(), "give the fraction"),
    (trees.q4, 0.1, "For each seed"),
    (trees.q4, trees._optimism() + 0.01, "For each seed"),
    (trees.q4, 0.15, "For each seed"),
    (trees.q4, "2 %", "cannot be used"),
    (trees.q4, [0.01, 0.02], "cannot be used"),
    (schedule.explore, 20, "a larger one fits"),
    (schedule.explore, 32, "a larger one fits"),
    (schedule.explore, 80, "only 3 times"),
    (schedule.explore, 160, "only 2 times"),
    (schedule.explore, 53, "does not divide"),
    (schedule.explore, 100, "does not divide"),
    (schedule.explore, 400, "does not divide"),
    (schedule.explore, 0, "from 1 to"),
    (schedule.q1, 65, "fraction"),
    (schedule.q1, 0.5, "straight line"),
    (schedule.q1, 0.725, "power 3"),
    (schedule.q1, 0.15, "still to go"),
    (schedule.q1, 0.35, "slowly first"),
    (schedule.q1, 0.6, "starts at 0.2"),
    (schedule.q1, 0.649, "Put t = 500"),
    (schedule.q1, "about a half", "cannot be used"),
    (schedule.q2, schedule.TOO_LATE, "ends at step 2000"),
    (schedule.q2, ramp(0.8, 0, 938), "does not divide"),
    (schedule.q2, ramp(0.8, 0, 750), "does not divide"),
    (schedule.q2, ramp(0.8, 0, 900), "needs the steps after 750"),
    (schedule.q2, ramp(0.8, 0, 800), "needs the steps after 750"),
    (schedule.q2, ramp(0.8, 0, 400), "only 4 times"),
    (schedule.q2, ramp(0.8, 0, 700, 50), "Leave frequency"),
    (schedule.q2, ramp(0.7, 0, 700), "Leave final_sparsity"),
    (schedule.q2, ramp(0.8, 100, 700), "Leave begin_step"),
    (schedule.q2, 700, "this is a int"),
    (schedule.q3, schedule.OFF_GRID, "does not divide the 550 steps"),
    (schedule.q3, ramp(0.9, 200, 750, 200), "does not divide"),
    (schedule.q3, ramp(0.9, 200, 750, 275), "only 3 times"),
    (schedule.q3, ramp(0.9, 200, 750, 550), "only 2 times"),
    (schedule.q3, ramp(0.9, 200, 700, 100), "Leave end_step"),
    (schedule.q3, ramp(0.9, 250, 750, 100), "Leave begin_step"),
    (schedule.q3, ramp(0.9, 200, 750, 50, power=1), "Leave power"),
    (schedule.q3, 50, "this is a int"),
    (schedule.q4, schedule.TOO_SHORT, "never updated"),
    (schedule.q4, ramp(0.5, 0, 60, 10), "needs the steps after 48"),
    (schedule.q4, ramp(0.5, 0, 50, 10), "needs the steps after 48"),
    (schedule.q4, ramp(0.5, 0, 48, 10), "does not divide"),
    (schedule.q4, ramp(0.5, 0, 40, 10), "only 4 times"),
    (schedule.q4, ramp(0.5, 100, 200, 10), "never updated"),
    (schedule.q4, ramp(0.9, 0, 45, 5), "Leave final_sparsity"),
    (schedule.q4, ramp(0.5, 30, 30, 5), "no length"),
    (schedule.q5, ramp(0.9, 2, 8, 1), "an epoch has 196"),
    (schedule.q5, ramp(0.9, 390, 1560, 65), "not the end of epoch 2"),
    (schedule.q5, ramp(0.9, 392, 1560, 73), "not the end of epoch 8"),
    (schedule.q5, ramp(0.9, 392, 1568), "does not divide"),
    (schedule.q5, ramp(0.9, 392, 1568, 42), "updated 29 times"),
    (schedule.q5, ramp(0.9, 392, 1568, 98), "updated 13 times"),
    (schedule.q5, ramp(0.8, 392, 1568, 56), "not at 90.00 %"),
    (schedule.q5, ramp(0.9, 392, 1568, 56, power=0), "power=0"),
    (audit.q1, 0.8, "what was asked"),
    (audit.q1, 69.73, "fraction"),
    (audit.q1, float(audit.CLAIM.sparsity(3128)), "masks change on the grid"),
    (audit.q1, float(audit.CLAIM.sparsity(3000)), "goes on after 3000"),
    (audit.q1, 0.0, "How many steps"),
    (audit.q1, 0.4, "How many steps"),
    (audit.q1, float(audit.CLAIM.sparsity(3124)), "How many steps"),
    (audit.q1, "70 %", "cannot be used"),
    (audit.q2, "a", "two changes"),
    (audit.q2, "b", "no network in it is pruned"),
    (audit.q2, "d", "Another seed"),
    (audit.q2, "e", "one of the letters"),
    (audit.q2, "", "one of the letters"),
    (audit.q2, 3, "one of the letters"),
    (audit.q2, "ac", "one of the letters"),
    (audit.q2, ["c"], "one of the letters"),
    (audit.q3, ramp(0.75, 1000, 5000), "ends at step 5000"),
    (audit.q3, ramp(0.75, 1000, 1600), "under 25 epochs"),
    (audit.q3, ramp(0.75, 1000, 1500), "under 25 epochs"),
    (audit.q3, ramp(0.75, 1000, 1350), "does not divide"),
    (audit.q3, ramp(0.2894, 1000, 1400), "Keep the claim"),
    (audit.q3, PolynomialDecay(0.5, 0.75, 400, 1200), "Keep the claim"),
    (audit.q3, ramp(0.75, 400, 1200, power=0), "power=0"),
    (audit.q3, ramp(0.75, 1000, 1300), "only 4 times"),
    (audit.q4, lambda ws: np.mean(np.concatenate([w.ravel() for w in ws]) == 0), "Biases"),
    (audit.q4, lambda ws: np.mean([np.mean(w == 0) for w in ws[::2]]), "mean over layers"),
    (audit.q4, lambda ws: np.mean(np.concatenate([w.ravel() for w in ws[::2]]) != 0), "left"),
    (audit.q4, lambda ws: 100 * np.mean(np.concatenate([w.ravel() for w in ws[::2]]) == 0),
     "fraction"),
    (audit.q4, lambda ws: sum((w == 0).sum() for w in ws[::2]), "counts zeros"),
    (audit.q4, lambda ws: 0.75, "by hand"),
    (audit.q4, lambda ws: ws[0].shape, "cannot be used"),
    (audit.q4, 0.5, "Give the function"),
]  # fmt: skip


@pytest.mark.parametrize(("exercise", "answers"), RIGHT)
def test_right_answers_of_several_kinds_pass(exercise, answers):
    assert len(answers) >= 3
    for answer in answers:
        right, sentence = exercise.verdict(answer)
        assert right is True, (answer, sentence)


@pytest.mark.parametrize(("exercise", "answer", "words"), WRONG)
def test_wrong_answers_fail_with_the_fitting_words(exercise, answer, words):
    right, sentence = exercise.verdict(answer)
    assert right is False
    assert words in sentence


def test_every_exercise_is_tried_with_eight_mistakes():
    tried = [exercise for exercise, _ in RIGHT]
    for exercise in tried:
        assert sum(other is exercise for other, _, _ in WRONG) >= 8, exercise
    for module in (schedule, audit, trees):
        made = [value for value in vars(module).values() if isinstance(value, Exercise)]
        assert all(any(exercise is other for other in tried) for exercise in made)
