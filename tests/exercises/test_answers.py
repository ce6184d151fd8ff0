"""Each check accepts right answers of several kinds and names the mistake in known wrong ones."""

import sys
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from prunelab.exercises import audit_a_pruning_experiment as audit
from prunelab.exercises import mask_small_weights as mask
from prunelab.exercises import prune_a_decision_tree as trees
from prunelab.exercises import prune_a_network_fairly as fair
from prunelab.exercises import schedule_the_sparsity as schedule
from prunelab.exercises import tune_the_schedule as tune
from prunelab.exercises.exercise import Exercise
from prunelab.magnitude import magnitude_mask
from prunelab.plans import PLANS
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


# ---- masks ------------------------------------------------------------------------------------


def stay(weights, sparsity):
    return max(round(weights.size * (1 - sparsity)), 1)


def at_rank(count, values=np.abs):
    """An answer: the `count(weights, sparsity)`-th largest of all, the first being 1."""

    def threshold(weights, sparsity):
        ordered = np.sort(values(weights), axis=None)[::-1]
        return ordered[min(count(weights, sparsity), weights.size) - 1]

    return threshold


def by_partition(weights, sparsity):
    kept = stay(weights, sparsity)
    return float(np.partition(np.abs(weights).ravel(), -kept)[-kept])


def in_plain_python(weights, sparsity):
    return sorted(map(abs, weights.ravel().tolist()), reverse=True)[stay(weights, sparsity) - 1]


def sorts_in_place(weights, sparsity):
    weights.sort()
    return at_rank(stay)(weights, sparsity)


def cut_above(threshold, values=np.abs, above=np.greater_equal):
    return lambda weights, s: weights * above(values(weights), threshold(weights, s))


def cut_by_where(weights, sparsity):
    return np.where(np.abs(weights) < in_plain_python(weights, sparsity), 0, weights)


def cut_a_copy(weights, sparsity):
    pruned = weights.copy()
    pruned[np.abs(pruned) < in_plain_python(weights, sparsity)] = 0.0
    return pruned


def cut_in_place(weights, sparsity):
    weights[np.abs(weights) < in_plain_python(weights, sparsity)] = 0.0
    return weights


def cut_by_place(weights, sparsity):
    """Exactly so many stay, whatever is tied."""
    pruned = np.zeros_like(weights)
    order = np.argsort(-np.abs(weights), axis=None, kind="stable")[: stay(weights, sparsity)]
    pruned.flat[order] = weights.flat[order]
    return pruned


def cut_as_given(weights, sparsity):
    """The function of the exercise, before it is mended."""
    kept = max(round(weights.size * (1 - sparsity)), 1)
    threshold = np.sort(weights, axis=None)[-kept]
    weights[weights <= threshold] = 0
    return weights


def shares(hidden_1, hidden_2, output):
    return {"hidden_1": hidden_1, "hidden_2": hidden_2, "output": output}


# ---- comparisons ------------------------------------------------------------------------------


def by_scipy(arm, control):
    logs = np.log(arm) - np.log(control)
    low, high = stats.t.interval(0.95, len(logs) - 1, logs.mean(), stats.sem(logs))
    return [stats.gmean(arm / control), np.exp(low), np.exp(high)]


def by_a_paired_test(arm, control):
    test = stats.ttest_rel(np.log(arm), np.log(control))
    interval = test.confidence_interval(0.95)
    return np.exp([np.mean(np.log(arm / control)), interval.low, interval.high])


def as_factor(arm, control):
    mean, _, high = by_scipy(arm, control)
    return mean, mean * mean / high, high


def with_t(share=0.975, lost=1, ddof=1, root=True, center=np.mean, normal=False):
    def ratio(arm, control):
        logs = np.log(arm / control)
        quantile = stats.norm.ppf(share) if normal else stats.t.ppf(share, len(logs) - lost)
        half = quantile * logs.std(ddof=ddof) / (np.sqrt(len(logs)) if root else 1)
        return np.exp([center(logs), center(logs) - half, center(logs) + half])

    return ratio


def unpaired(arm, control):
    test = stats.ttest_ind(np.log(arm), np.log(control), equal_var=True)
    interval = test.confidence_interval(0.95)
    return np.exp([np.log(arm).mean() - np.log(control).mean(), interval.low, interval.high])


def plain_ratios(arm, control):
    ratios = arm / control
    return ratios.mean(), *stats.t.interval(0.95, len(ratios) - 1, ratios.mean(), stats.sem(ratios))


def controls(epochs="control", which="random_mask", size="smaller", network="ridge"):
    return dict(zip(fair.DOUBTS, (epochs, which, size, network), strict=True))


def chosen(choose):
    """An answer: the geometric mean of the ratios of the test rows that `choose` picks."""

    def compare(val_arm, test_arm, val_control, test_control):
        arm, control = test_arm[choose(val_arm)], test_control[choose(val_control)]
        return np.exp(np.log(arm / control).mean())

    return compare


def lowest(mean):
    return lambda errors: mean(errors, axis=1).argmin()


def best_against_usual(val_arm, test_arm, val_control, test_control):
    """The function of the exercise, before it is mended."""
    return test_arm.min() / test_control.mean()


def each_seed_its_own(val_arm, test_arm, val_control, test_control):
    seeds = np.arange(val_arm.shape[1])
    arm, control = test_arm[val_arm.argmin(0), seeds], test_control[val_control.argmin(0), seeds]
    return stats.gmean(arm / control)


def control_not_chosen(val_arm, test_arm, val_control, test_control):
    return test_arm[lowest(np.mean)(val_arm)].mean() / test_control.mean()


def ratio_of_means(val_arm, test_arm, val_control, test_control):
    rows = test_arm[lowest(np.mean)(val_arm)], test_control[lowest(np.mean)(val_control)]
    return rows[0].mean() / rows[1].mean()


def mean_of_ratios(val_arm, test_arm, val_control, test_control):
    rows = test_arm[lowest(np.mean)(val_arm)], test_control[lowest(np.mean)(val_control)]
    return (rows[0] / rows[1]).mean()


def on_swapped(answer, *order):
    """An answer that hands its arguments over in another order."""
    return lambda *arguments: answer(*(arguments[at] for at in order))


def rival(width=176, **changes):
    return replace(fair.PRUNED, schedule=None, **{"hidden": (width, width)} | changes)


# ---- searches ---------------------------------------------------------------------------------


def front_by_loops(points):
    kept = []
    for i, (error, weights) in enumerate(points):
        for other_error, other_weights in points:
            smaller = other_error < error or other_weights < weights
            if smaller and other_error <= error and other_weights <= weights:
                break
        else:
            kept.append(i)
    return kept


def front_by(beats, points_of=np.asarray):
    """An answer: the rows that no other beats; `beats` gets a row and all the others at once."""

    def front(points):
        points = points_of(points)
        return [i for i in range(len(points)) if not beats(np.delete(points, i, 0), points[i])]

    return front


def beaten(others, point):
    return ((others <= point).all(axis=1) & (others < point).any(axis=1)).any()


def in_this_order(rows):
    return lambda points: rows(points, front_by(beaten)(points))


def sorted_front(points):
    """Of networks in order of error, each with fewer non-zeros than all before; ties are lost."""
    kept, least = [], np.inf
    for i in np.argsort(points[:, 0], kind="stable"):
        if points[i, 1] < least:
            least = points[i, 1]
            kept.append(i)
    return kept


def illness(a="rate_too_low", b="ends_after_training", c="rate_too_high", d="no_recovery"):
    return {"A": a, "B": b, "C": c, "D": d}


def choosing(mean=np.mean, errors="validation_mse", states=("complete",), fits=True):
    def choose(trials, most):
        left = [t for t in trials if t["state"] in states and t[errors]]
        left = [t for t in left if not fits or t["nonzeros"] <= most]
        return min(left, key=lambda t: mean(t[errors]))["trial"]

    return choose


def choosing_as_given(trials, most):
    """The function of the exercise, before it is mended."""
    tried = [trial for trial in trials if trial["test_mse"]]
    return min(tried, key=lambda trial: min(trial["test_mse"]))["trial"]


def choosing_by_sorting(trials, most):
    order = sorted((np.exp(np.log(t["validation_mse"]).mean()), t["trial"]) for t in trials
                   if t["state"] == "complete" and not t["nonzeros"] > most)  # fmt: skip
    return order[0][1]


def choosing_below(trials, most):
    return choosing()([t for t in trials if t["nonzeros"] != most], most)


def choosing_place(trials, most):
    return [t["trial"] for t in trials].index(choosing()(trials, most))


def choosing_lightest(trials, most):
    whole = [t for t in trials if t["state"] == "complete"]
    return min(whole, key=lambda t: t["nonzeros"])["trial"]


def choosing_in_place(trials, most):
    del trials[0]
    return 1


def plan(begin=230, end=690, frequency=10, layers=("hidden_1", "hidden_2"), final=0.95, **others):
    schedule = PolynomialDecay(
        **{"initial_sparsity": 0.0} | others,
        final_sparsity=final, begin_step=begin, end_step=end, frequency=frequency,
    )  # fmt: skip
    return {"schedule": schedule, "layers": layers}


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
    (mask.q1, [at_rank(stay), by_partition, in_plain_python]),
    (mask.q2, ["c", "C", " c\n"]),
    (mask.q3, [lambda w, s: w * magnitude_mask(w, s), cut_by_where, cut_a_copy]),
    (mask.q4, [shares(0.86, 0.35, 0), shares(0.816, 0.5, 0), shares(0.9, 0.3, np.float64(0))]),
    (fair.q1, [by_scipy, by_a_paired_test, as_factor, with_t()]),
    (fair.q2, [controls(), controls(network="lasso"), controls(" Control ", size="SMALLER")]),
    (fair.q3, [
        chosen(lowest(np.mean)), chosen(lowest(np.median)), chosen(lowest(stats.gmean)),
        chosen(lambda errors: min(range(len(errors)), key=lambda at: sum(errors[at]))),
    ]),
    (fair.q4, [
        rival(), rival(name="another_name"), rival(hidden=[176, 176]),
        replace(PLANS["short"].arm("smaller"), hidden=(176, 176)),
    ]),
    (tune.q1, [
        front_by_loops, front_by(beaten), in_this_order(lambda ps, rows: np.array(rows)),
        in_this_order(lambda ps, rows: sorted(rows, key=lambda i: ps[i, 0])),
        in_this_order(lambda ps, rows: np.nonzero(np.isin(np.arange(len(ps)), rows))),
    ]),
    (tune.q2, [
        illness(), illness(" Rate_too_low", c="RATE_TOO_HIGH "),
        dict(reversed(illness().items())),
    ]),
    (tune.q3, [
        choosing(), choosing(stats.gmean), choosing_by_sorting,
        lambda ts, most: np.int64(choosing(sum)(ts, most)),
    ]),
    (tune.q4, [
        plan(), plan(frequency=23, power=1), plan(240, 690, 15, ["hidden_2", "hidden_1"]),
        plan(300, 645, 5, power=6),
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
    (mask.q1, at_rank(lambda w, s: stay(w, s) + 1), "largest weight that goes"),
    (mask.q1, at_rank(lambda w, s: max(stay(w, s) - 1, 1)), "one weight too high"),
    (mask.q1, at_rank(stay, values=np.asarray), "by sign and size"),
    (mask.q1, lambda w, s: -by_partition(w, s), "no sign"),
    (mask.q1, at_rank(lambda w, s: max(int(w.size * (1 - s)), 1)), "not down"),
    (mask.q1, at_rank(lambda w, s: int(np.ceil(w.size * (1 - s)))), "not up"),
    (mask.q1, at_rank(lambda w, s: max(int(w.size * (1 - s) + 0.5), 1)), "even neighbour"),
    (mask.q1, at_rank(lambda w, s: stay(w, s / 100)), "not half a percent"),
    (mask.q1, lambda w, s: np.quantile(np.abs(w), s), "between two weights"),
    (mask.q1, at_rank(lambda w, s: max(round(w.size * s), 1)), "the fraction that goes"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=None)[-round(w.size * (1 - s))],
     "[-0] is the first"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=None)[w.size - round(w.size * (1 - s))],
     "where one must stay it raises IndexError"),
    (mask.q1, lambda w, s: np.abs(w).max(), "largest of all"),
    (mask.q1, lambda w, s: np.abs(w).mean(), "not right yet"),
    (mask.q1, magnitude_mask, "one number should come back"),
    (mask.q1, lambda w, s: np.sort(np.abs(w), axis=0)[-stay(w, s)], "raises IndexError"),
    (mask.q1, sorts_in_place, "changes the array"),
    (mask.q1, lambda w, s: sys.exit("bye"), "raises SystemExit: bye"),
    (mask.q1, lambda w, s: np.nan, "not a finite number"),
    (mask.q1, 0.5, "Give the function"),
    (mask.q2, "a", "half a weight"),
    (mask.q2, "b", "nothing happens after"),
    (mask.q2, "d", "they go first"),
    (mask.q2, "e", "a sign is no part"),
    (mask.q2, "f", "one of the letters"),
    (mask.q2, "", "one of the letters"),
    (mask.q2, "ac", "one of the letters"),
    (mask.q2, 3, "one of the letters"),
    (mask.q2, ["c"], "one of the letters"),
    (mask.q3, cut_as_given, "changes the array"),
    (mask.q3, cut_in_place, "changes the array"),
    (mask.q3, lambda w, s: cut_as_given(w.copy(), s), "of size 0.8 goes and one of 0.3 stays"),
    (mask.q3, cut_above(at_rank(stay, values=np.asarray), values=np.asarray), "goes and one"),
    (mask.q3, cut_above(at_rank(stay), values=np.asarray), "too few"),
    (mask.q3, cut_above(at_rank(stay), above=np.greater), "does the threshold itself stay"),
    (mask.q3, cut_above(at_rank(lambda w, s: max(int(w.size * (1 - s)), 1))), "too few"),
    (mask.q3, cut_above(at_rank(lambda w, s: int(np.ceil(w.size * (1 - s))))), "too many"),
    (mask.q3, cut_above(at_rank(lambda w, s: stay(w, s / 100))), "too many"),
    (mask.q3, cut_above(at_rank(stay), above=np.less), "goes and one"),
    (mask.q3, cut_by_place, "ties stay together"),
    (mask.q3, magnitude_mask, "returns the mask"),
    (mask.q3, lambda w, s: magnitude_mask(w, s).astype(float), "returns the mask"),
    (mask.q3, lambda w, s: np.abs(w) * magnitude_mask(w, s), "keep size and sign"),
    (mask.q3, lambda w, s: w[magnitude_mask(w, s)], "returns shape (3,)"),
    (mask.q3, lambda w, s: None, "should come back"),
    (mask.q3, lambda w, s: (w * magnitude_mask(w, s)).tolist(), "should come back"),
    (mask.q3, lambda w, s: w * magnitude_mask(w, 100 * s), "raises ValueError"),
    (mask.q3, np.zeros(3), "Give the function"),
    (mask.q4, shares(0.75, 0.75, 0.75), "the same sparsity everywhere"),
    (mask.q4, shares(0.8, 0.8, 0.8), "the same sparsity everywhere"),
    (mask.q4, shares(0.6, 0.9, 0.9), "the mean over layers"),
    (mask.q4, shares(0.75, 0.75, 0.0), "Only 74.77 %"),
    (mask.q4, shares(0.7534, 0.75, 0.0), "cut of hidden_2 alone"),
    (mask.q4, shares(0.7, 0.97, 0.0), "cut of hidden_2 alone"),
    (mask.q4, shares(0.87, 0.28, 0.75), "cut of output alone"),
    (mask.q4, shares(0.99, 0.0, 0.0), "cut of hidden_1 alone"),
    (mask.q4, shares(86, 35, 0), "for 86 % write 0.86"),
    (mask.q4, shares(1.0, 0.35, 0), "a fraction in [0, 1)"),
    (mask.q4, shares("0.86", 0.35, 0), "hidden_1="),
    (mask.q4, {"hidden_1": 0.9, "hidden_2": 0.3}, "a sparsity for each of"),
    (mask.q4, {"hidden1": 0.9, "hidden2": 0.3, "output": 0}, "a sparsity for each of"),
    (mask.q4, [0.86, 0.35, 0.0], "Give a dict"),
    (fair.q1, lambda a, c: np.log(with_t()(a, c)), "logarithms still"),
    (fair.q1, lambda a, c: with_t()(c, a), "upside down"),
    (fair.q1, plain_ratios, "average the logarithms"),
    (fair.q1, with_t(normal=True), "not right yet"),
    (fair.q1, lambda a, c: fair.paired(a, c, quantile=lambda n: 1.96), "very many seeds"),
    (fair.q1, with_t(lost=0), "n − 1 are left"),
    (fair.q1, with_t(share=0.95), "half of it on each side"),
    (fair.q1, with_t(ddof=0), "ddof=1"),
    (fair.q1, with_t(root=False), "√n times smaller"),
    (fair.q1, unpaired, "seed by seed"),
    (fair.q1, with_t(center=np.median), "the median"),
    (fair.q1, lambda a, c: by_scipy(a, c)[1:] + by_scipy(a, c)[:1], "not right yet"),
    (fair.q1, lambda a, c: [by_scipy(a, c)[at] for at in (1, 0, 2)], "in another order"),
    (fair.q1, lambda a, c: by_scipy(a, c)[0], "3 numbers should come back"),
    (fair.q1, lambda a, c: by_scipy(a.sum(), c.sum()), "raises TypeError"),
    (fair.q1, 0.4, "Give the function"),
    (fair.q2, controls(epochs="dense"), "neither the extra epochs"),
    (fair.q2, controls(epochs="continued"), "its Adam is not fresh"),
    (fair.q2, controls(which="cut_only"), "cut by magnitude too"),
    (fair.q2, controls(which="control"), "settles another doubt"),
    (fair.q2, controls(size="random_mask"), "in other places"),
    (fair.q2, controls(size="l2"), "no zeros"),
    (fair.q2, controls(network="smaller"), "never had more weights"),
    (fair.q2, controls(which="ridge", network="random_mask"), "a linear model"),
    (fair.q2, controls(network="tree"), "The arms to choose from"),
    (fair.q2, controls(network=["ridge"]), "The arms to choose from"),
    (fair.q2, controls(size=...), "No arm yet for this doubt: why not fewer"),
    (fair.q2, {}, "No arm yet for this doubt: was it"),
    (fair.q2, ["control", "random_mask", "smaller", "ridge"], "Give the dict"),
    (fair.q2, "control", "Give the dict"),
    (fair.q3, best_against_usual, "best single run of the arm"),
    (fair.q3, lambda va, ta, vc, tc: ta.min() / tc.min(), "luck on both sides"),
    (fair.q3, on_swapped(chosen(lowest(np.mean)), 1, 1, 3, 3), "chosen by their test errors"),
    (fair.q3, on_swapped(chosen(lowest(np.mean)), 0, 0, 2, 2), "too good to be true"),
    (fair.q3, control_not_chosen, "tune both alike"),
    (fair.q3, each_seed_its_own, "a setting of its own"),
    (fair.q3, mean_of_ratios, "by their logarithms"),
    (fair.q3, ratio_of_means, "divide seed by seed"),
    (fair.q3, on_swapped(chosen(lowest(np.mean)), 2, 3, 0, 1), "upside down"),
    (fair.q3, lambda *four: np.log(chosen(lowest(np.mean))(*four)), "logarithm still"),
    (fair.q3, chosen(lambda errors: errors.mean(axis=1).argmax()), "largest errors"),
    (fair.q3, chosen(lambda errors: 0), "not right yet"),
    (fair.q3, chosen(lambda errors: errors.mean(axis=0).argmin()), "4 settings against 3"),
    (fair.q3, lambda va, ta, vc, tc: ta / tc, "raises ValueError"),
    (fair.q3, lambda va, ta, vc, tc: stats.gmean(ta / tc.mean(0)), "one number should come back"),
    (fair.q3, 0.4, "Give the function"),
    (fair.q4, rival(177), "too many"),
    (fair.q4, rival(175), "Biases do not count"),
    (fair.q4, rival(102), "a tenth of the units"),
    (fair.q4, rival(376), "the rival of 75 %"),
    (fair.q4, rival(1024), "too many"),
    (fair.q4, rival(hidden=(150, 388)), "equal width"),
    (fair.q4, rival(hidden=(207,)), "two hidden layers"),
    (fair.q4, replace(fair.PRUNED, hidden=(176, 176)), "no schedule and no cut"),
    (fair.q4, rival(cut=0.5), "no schedule and no cut"),
    (fair.q4, rival(l2=1e-4), "without L2"),
    (fair.q4, rival(patience=5), "to its last epoch"),
    (fair.q4, rival(data="twin", batch_size=64), "Leave data"),
    (fair.q4, rival(batch_size=256), "Leave batch_size"),
    (fair.q4, rival(learning_rate=1e-2), "Leave learning_rate"),
    (fair.q4, rival(more_epochs=0), "trains for 40 epochs"),
    (fair.q4, rival(dense_epochs=80, more_epochs=0), "with a fresh Adam"),
    (fair.q4, rival(fresh_optimizer=False), "with a fresh Adam"),
    (fair.q4, (176, 176), "this is a tuple"),
    (tune.q1, front_by(lambda others, p: (others < p).all(1).any()), "equal in one column"),
    (tune.q1, front_by(lambda others, p: (others <= p).all(1).any()), "not right yet"),
    (tune.q1, lambda ps: [i for i, q in enumerate(ps) if not (ps <= q).all(1).any()],
     "each point beats itself"),
    (tune.q1, front_by(lambda others, p: (others < p).any()), "in the other it may be worse"),
    (tune.q1, front_by(beaten, np.negative), "the front of the worst"),
    (tune.q1, front_by(beaten, lambda ps: ps * [1, -1]), "wants many non-zeros"),
    (tune.q1, in_this_order(lambda ps, rows: sorted(set(range(len(ps))) - set(rows))),
     "the front is the others"),
    (tune.q1, sorted_front, "the one met first"),
    (tune.q1, in_this_order(lambda ps, rows: [
        i for i in rows if not any((ps[i] == ps[j]).all() for j in range(i))
    ]), "both stay"),
    (tune.q1, lambda ps: np.flatnonzero(ps[:, 0] == ps[:, 0].min()), "smallest error alone"),
    (tune.q1, lambda ps: np.flatnonzero(ps.sum(1) == ps.sum(1).min()), "has no meaning"),
    (tune.q1, in_this_order(lambda ps, rows: [i + 1 for i in rows]), "counted from 1"),
    (tune.q1, in_this_order(lambda ps, rows: ps[rows]), "numbers of their rows"),
    (tune.q1, in_this_order(lambda ps, rows: np.isin(np.arange(len(ps)), rows)), "a mask"),
    (tune.q1, in_this_order(lambda ps, rows: rows + rows[:1]), "more than once"),
    (tune.q1, in_this_order(lambda ps, rows: rows[1:]), "no point beats it"),
    (tune.q1, lambda ps: range(len(ps)), "another point beats it"),
    (tune.q1, in_this_order(lambda ps, rows: set(rows)), "a list or an array"),
    (tune.q1, in_this_order(lambda ps, rows: [f"row {i}" for i in rows]), "a list or an array"),
    (tune.q1, in_this_order(lambda ps, rows: [rows, [rows]]), "a list or an array"),
    (tune.q1, lambda ps: None, "a list or an array"),
    (tune.q1, lambda ps: ps.sort(axis=0), "changes the array"),
    (tune.q1, lambda ps: ps[99], "raises IndexError"),
    (tune.q1, [0, 1], "Give the function"),
    (tune.q2, illness(a="no_recovery"), "go just before the end"),
    (tune.q2, illness(a="rate_too_high"), "before a single weight is gone"),
    (tune.q2, illness(b="off_grid"), "does not stand still"),
    (tune.q2, illness(b="begins_too_early"), "rises from the first steps"),
    (tune.q2, illness(c="rate_too_low"), "where the cuts have left it"),
    (tune.q2, illness(c="begins_too_early"), "nothing is pruned yet"),
    (tune.q2, illness(d="ends_after_training"), "outlasts the run"),
    (tune.q2, illness(d="rate_too_low"), "the end is sudden"),
    (tune.q2, illness(d="overfitting"), "The illnesses to choose from"),
    (tune.q2, illness(a=["rate_too_low"]), "The illnesses to choose from"),
    (tune.q2, illness(c=...), "No illness yet for run C"),
    (tune.q2, {}, "No illness yet for run A"),
    (tune.q2, illness() | {"E": "off_grid"}, "the letters A to D"),
    (tune.q2, list(illness().values()), "Give the dict"),
    (tune.q3, choosing_as_given, "luckiest single error on the test data"),
    (tune.q3, choosing(errors="test_mse"), "may only report"),
    (tune.q3, choosing(min), "is luck"),
    (tune.q3, choosing(lambda errors: errors[0]), "the first seed alone"),
    (tune.q3, choosing(np.median), "forgets a seed"),
    (tune.q3, choosing(states=("complete", "weak")), "was given up"),
    (tune.q3, choosing(states=("complete", "weak", "refused"), fits=False), "was given up"),
    (tune.q3, choosing(fits=False), "more non-zeros"),
    (tune.q3, choosing_below, "`<=`"),
    (tune.q3, choosing_lightest, "not a goal"),
    (tune.q3, choosing(lambda errors: -np.mean(errors)), "largest error"),
    (tune.q3, choosing_place, "place in the list"),
    (tune.q3, lambda ts, most: min(ts, key=lambda t: min(t["test_mse"]))["trial"],
     "raises ValueError"),
    (tune.q3, lambda ts, most: ts[0], "one number should come back"),
    (tune.q3, lambda ts, most: ts[0]["trial"], "which trials may be chosen"),
    (tune.q3, choosing_in_place, "changes the list"),
    (tune.q3, 7, "Give the function"),
    (tune.q4, plan(400, 1200), "The schedule ends at step 1200"),
    (tune.q4, plan(layers=("hidden_1", "hidden_2", "output")), "A tensor of 10 weights"),
    (tune.q4, plan(10, 30, 1), "an epoch has 23"),
    (tune.q4, plan(220, 660), "an epoch ends with a short batch"),
    (tune.q4, plan(0, 460), "ten epochs are not over"),
    (tune.q4, plan(230, 920), "are to recover"),
    (tune.q4, plan(300, 700), "are to recover"),
    (tune.q4, plan(230, 570), "fewer than fifteen epochs"),
    (tune.q4, plan(frequency=46), "updated 11 times"),
    (tune.q4, plan(frequency=100), "does not divide"),
    (tune.q4, plan(frequency=230), "only 3 times"),
    (tune.q4, plan(final=0.9), "not at 95 %"),
    (tune.q4, plan(final=0.96), "not at 95 %"),
    (tune.q4, plan(initial_sparsity=0.5), "begins with a leap"),
    (tune.q4, plan(power=0), "power=0"),
    (tune.q4, plan(layers=("hidden_1",)), "hidden_2 is left whole"),
    (tune.q4, plan(layers=["output"]), "hidden_1 is left whole"),
    (tune.q4, plan(layers=()), "The layers to choose from"),
    (tune.q4, plan(layers=("hidden_1", "hidden_3")), "The layers to choose from"),
    (tune.q4, plan(layers="hidden_1"), "a list or a tuple"),
    (tune.q4, {"schedule": ..., "layers": ...}, 'Nothing stands under "schedule"'),
    (tune.q4, {"schedule": plan()["schedule"]}, 'Nothing stands under "layers"'),
    (tune.q4, plan() | {"epochs": 80}, "Give a dict with the keys"),
    (tune.q4, plan()["schedule"], "Give a dict with the keys"),
    (tune.q4, plan() | {"schedule": (230, 690)}, "not a tuple"),
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
    for module in (schedule, audit, trees, mask, fair, tune):
        made = [value for value in vars(module).values() if isinstance(value, Exercise)]
        assert all(any(exercise is other for other in tried) for exercise in made)
