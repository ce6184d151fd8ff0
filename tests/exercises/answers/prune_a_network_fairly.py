"""Right answers and known mistakes of the chapter on fair comparisons."""

from dataclasses import replace

import numpy as np
from scipy import stats

from prunelab.exercises import prune_a_network_fairly as fair
from prunelab.plans import PLANS


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


RIGHT = [
    (fair.q1, [by_scipy, by_a_paired_test, as_factor, with_t()]),
    (fair.q2, [controls(), controls(network="lasso"), controls(" Control ", size="SMALLER"),
               controls(which="random mask")]),
    (fair.q3, [
        chosen(lowest(np.mean)), chosen(lowest(np.sum)), chosen(lowest(np.average)),
        chosen(lambda errors: min(range(len(errors)), key=lambda at: sum(errors[at]))),
    ]),
    (fair.q4, [
        rival(), rival(name="another_name"), rival(hidden=[176, 176]),
        replace(PLANS["short"].arm("smaller"), hidden=(176, 176)),
    ]),
]  # fmt: skip


WRONG = [
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
    (fair.q2, controls(network=["ridge", "lasso"]), "The arms to choose from"),
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
    (fair.q3, chosen(lowest(stats.gmean)), "The plain mean chooses"),
    (fair.q3, chosen(lowest(np.median)), "forgets a seed"),
    (fair.q3, chosen(lowest(np.min)), "luckiest seed"),
    (fair.q3, chosen(lambda errors: np.unravel_index(errors.argmin(), errors.shape)[0]),
     "luckiest seed"),
    (fair.q3, chosen(lowest(np.max)), "worst seed"),
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
]  # fmt: skip
