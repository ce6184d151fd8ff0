"""Hidden cases tell a right function from what is often written in its place."""

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from prunelab.exercises.mask_small_weights.threshold import arrays
from prunelab.exercises.means import LEAST, RIVALS
from prunelab.exercises.prune_a_network_fairly import comparison_cases
from prunelab.exercises.tune_the_schedule.choices import choice_cases, chosen
from prunelab.grading.grade import exercises
from prunelab.masks import kept_count, magnitude_mask
from prunelab.trees import cost_complexity_path
from tests.exercises.answers import choose_the_pruned_tree as trees
from tests.exercises.answers import prune_a_digit_classifier as digits
from tests.exercises.answers import prune_a_network_fairly as fair
from tests.exercises.answers import prune_in_keras_3 as keras3
from tests.exercises.answers import time_the_network as timing
from tests.exercises.answers import tune_the_schedule as tune

KNOWN = exercises()

# How many of n weights stay at sparsity s. What is the same number for every n and s, such as
# rounding down what goes and rounding up what stays, stands here once.
ROUNDINGS = {
    "to the even one": lambda n, s: round(n * (1 - s)),
    "down": lambda n, s: int(n * (1 - s)),
    "up": lambda n, s: int(np.ceil(n * (1 - s))),
    "a half up": lambda n, s: int(np.floor(n * (1 - s) + 0.5)),
    "a half down": lambda n, s: int(np.ceil(n * (1 - s) - 0.5)),
    "what goes, to the even one": lambda n, s: n - round(n * s),
}


def kept_by(rounding):
    return lambda n, s: min(max(rounding(n, s), 1), n)


def test_every_two_roundings_keep_another_number_in_some_array():
    pairs = [(weights.size, sparsity) for _, (weights, sparsity) in arrays()]
    kept = {name: [kept_by(r)(*pair) for pair in pairs] for name, r in ROUNDINGS.items()}
    assert kept["to the even one"] == [kept_count(*pair) for pair in pairs]  # in float32, too
    for one, other in combinations(ROUNDINGS, 2):
        assert kept[one] != kept[other], (one, other)


MEANS = {
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "median": np.median,
    "logarithms": stats.gmean,
    "harmonic": stats.hmean,
    "squares": lambda e: np.mean(np.square(e)),
    "midrange": lambda e: np.min(e) + np.max(e),
    "with the spread": lambda e: np.mean(e) + np.std(e),
    "without the worst": lambda e: np.mean(np.sort(e)[:-1]),
    "without both ends": lambda e: np.mean(np.sort(e)[1:-1]),
    "of the first three": lambda e: np.mean(e[:3]),
    **{f"seed {at}": lambda e, at=at: e[at] for at in (0, 1, 2, 3, -1)},
    **{f"without seed {at}": lambda e, at=at: np.mean(np.delete(e, at)) for at in range(5)},
}


def test_only_the_mean_chooses_the_least_of_each_group():
    for rivals in RIVALS.values():
        assert all(np.mean(rival) >= 1.01 * np.mean(LEAST) for rival in rivals)
    for name, mean in MEANS.items():
        choices = [np.argmin([mean(row) for row in (LEAST, *rows)]) for rows in RIVALS.values()]
        assert any(choices) == (name != "mean"), name


@pytest.mark.parametrize("name", MEANS)
def test_only_the_mean_chooses_the_trial_and_the_setting(name):
    mean = MEANS[name]
    found = [chosen(*case, of=mean) for _, case in choice_cases()]
    assert (found == [chosen(*case) for _, case in choice_cases()]) == (name == "mean")
    assert KNOWN["tune_the_schedule.q3"].verdict(tune.choosing(mean))[0] == (name == "mean")
    for _, (val_arm, *_) in comparison_cases()[3:]:
        assert val_arm.shape[1] == len(LEAST)

    def by(errors):
        return np.argmin([mean(row) for row in errors])

    compare = fair.chosen(by)
    assert KNOWN["prune_a_network_fairly.q3"].verdict(compare)[0] == (name == "mean")


# ---- other functions ----------------------------------------------------------------------------


def zeros_where(is_zero):
    def audited(weights):
        kernels = [array for array in weights if array.ndim == 2]
        return sum(is_zero(k).sum() for k in kernels) / sum(k.size for k in kernels)

    return audited


def bar(height):
    def rule(errors):
        mean, spread = trees.over_folds(errors)
        return np.flatnonzero(mean <= mean.min() + height(errors, mean, spread))[-1]

    return rule


def rank(rounding):
    def mask(weights, sparsity):
        count = kept_by(rounding)(weights.size, sparsity)
        return np.abs(weights) >= np.sort(np.abs(weights), axis=None)[-count]

    return mask


def threshold(mask):
    return lambda weights, sparsity: np.abs(weights)[mask(weights, sparsity)].min()


def quantile(method):
    return lambda w, s: np.abs(w) >= np.quantile(np.abs(w), s, method=method)


def step(due, mask=magnitude_mask):
    def after(weights, held, at, schedule):
        if due(at + 1, schedule):
            held = mask(weights, float(schedule.sparsity(at + 1)))
        return weights * held, held

    return after


def updates(at, schedule):
    return schedule.updates(at)


def needed_below(bound):
    def needed(pruned, dense, whole):
        sparsity = keras3.unlimited(pruned, dense, whole)
        return sparsity if bound(sparsity, pruned, dense, whole) else None

    return needed


def trial(key, left=lambda trial, most: trial["nonzeros"] <= most):
    def choose(trials, most):
        whole = [t for t in trials if t["state"] == "complete" and left(t, most)]
        return min(whole, key=lambda t: key(t, most))["trial"]

    return choose


def mean_of(one, most):
    return np.mean(one["validation_mse"])


def the_best_if_it_fits_or_the_next(trials, most):
    whole = sorted((t for t in trials if t["state"] == "complete"), key=lambda t: mean_of(t, most))
    return whole[whole[0]["nonzeros"] > most]["trial"]


def nearest(tree, budget):
    path = cost_complexity_path(tree)
    return path.tree(int(np.abs(path.n_leaves - budget).argmin()))


def all_but_close(points):
    return [
        i for i, q in enumerate(points)
        if not any((p <= q).all() and not np.allclose(p, q) for p in points)
    ]  # fmt: skip


WRONG = [
    *(("audit_a_pruning_experiment.q4", zeros_where(zero)) for zero in (
        lambda k: np.isclose(k, 0), lambda k: np.abs(k) < 1e-12, lambda k: k.round(6) == 0,
    )),
    *(("choose_the_pruned_tree.q2", bar(height)) for height in (
        lambda e, mean, spread: spread.mean(), lambda e, mean, spread: spread.max(),
        lambda e, mean, spread: spread.min(), lambda e, mean, spread: spread[-1],
        lambda e, mean, spread: e.std(ddof=1) / np.sqrt(len(e)),
        lambda e, mean, spread: mean.std(ddof=1) / np.sqrt(len(e)),
        lambda e, mean, spread: 1.05 * spread[mean.argmin()],
        lambda e, mean, spread: 0.95 * spread[mean.argmin()],
        lambda e, mean, spread: 1.96 * spread[mean.argmin()],
        lambda e, mean, spread: e.std(axis=0, ddof=1)[mean.argmin()] / np.sqrt(len(e) - 1),
        lambda e, mean, spread: e.std(axis=0, ddof=1)[mean.argmin()] / np.sqrt(e.shape[1]),
    )),
    ("fold_a_decision_tree.q2", nearest),
    *((f"mask_small_weights.{q}", turn(mask)) for mask in (
        *(rank(rounding) for name, rounding in ROUNDINGS.items() if name != "to the even one"),
        *map(quantile, ("linear", "lower", "higher", "nearest", "median_unbiased", "inverted_cdf")),
    ) for q, turn in (
        ("q1", threshold),
        ("q3", lambda mask: lambda w, s: w * mask(w, s)),
    )),
    *(("prune_in_keras_3.q2", step(updates, rank(rounding)))
      for name, rounding in ROUNDINGS.items() if name != "to the even one"),
    *(("prune_in_keras_3.q2", step(due)) for due in (
        lambda at, s: s.begin_step < at <= s.end_step and s.updates(at),
        lambda at, s: s.begin_step <= at < s.end_step and s.updates(at),
        lambda at, s: s.begin_step <= at <= s.end_step and at % s.frequency == 0,
    )),
    *(("prune_in_keras_3.q1", needed_below(bound)) for bound in (
        lambda s, pruned, dense, whole: s <= 1, lambda s, pruned, dense, whole: s < 0.98,
        lambda s, pruned, dense, whole: s < 1 and dense < pruned,
        lambda s, pruned, dense, whole: 0 < s < 1, lambda s, pruned, dense, whole: whole < 0.9,
    )),
    *(("prune_a_digit_classifier.q2", digits.of_counts(coin)) for coin in (
        lambda a, b: min(1, 2 * digits.tail(a + b, a)),
        lambda a, b: min(1, 2 * digits.tail(a + b, b)),
        lambda a, b: min(1, 2 * digits.tail(a + b, a)) if a < b else 1.0,
    )),
    ("time_the_network.q1", lambda g, low, high: low if g(low) >= 1
     else timing.break_even(g, low, high)),
    ("time_the_network.q1", lambda g, low, high: high if g(high) == 1
     else timing.break_even(g, low, high)),
    ("time_the_network.q1", timing.bisecting(width=0.015)),
    ("tune_the_schedule.q1", all_but_close),
    ("tune_the_schedule.q3", trial(lambda t, most: most - t["nonzeros"])),
    ("tune_the_schedule.q3", trial(lambda t, most: mean_of(t, most) * t["nonzeros"])),
    ("tune_the_schedule.q3", trial(mean_of, lambda t, most: t["nonzeros"] <= max(most, 5000))),
    ("tune_the_schedule.q3", trial(mean_of, lambda t, most: t["nonzeros"] < most)),
    ("tune_the_schedule.q3", the_best_if_it_fits_or_the_next),
]  # fmt: skip


@pytest.mark.parametrize(("key", "answer"), WRONG)
def test_a_plausible_mistake_is_not_accepted(key, answer):
    right, sentence = KNOWN[key].verdict(answer)
    assert right is False
    assert "raises" not in sentence  # it fails by what it returns


def test_what_these_mistakes_are_made_from_is_right():
    for key, answer in (
        ("audit_a_pruning_experiment.q4", zeros_where(lambda kernel: kernel == 0)),
        ("choose_the_pruned_tree.q2", bar(lambda e, mean, spread: spread[mean.argmin()])),
        ("mask_small_weights.q1", threshold(rank(ROUNDINGS["to the even one"]))),
        ("prune_in_keras_3.q2", step(updates, rank(ROUNDINGS["to the even one"]))),
        ("prune_in_keras_3.q1", needed_below(lambda s, *others: s < 1)),
        ("tune_the_schedule.q3", trial(mean_of)),
    ):
        assert KNOWN[key].verdict(answer)[0] is True, key
