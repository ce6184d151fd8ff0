"""Two functions that compare arms fairly, inputs to test one on, and common mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

import math

import numpy as np

from prunelab.exercises.means import LEAST, RIVALS
from prunelab.plans.statistics import t_quantile

# ---- a paired ratio ---------------------------------------------------------------------------


def paired_cases():
    """(words, (errors of the arm, errors of the control)) pairs, one error for each seed."""
    random = np.random.default_rng(5)
    cases = []
    for seeds in (8, 5, 3):
        control = np.exp(random.normal(-5, 0.8, size=seeds))
        ratio = np.exp(random.normal(-0.6, 0.4, size=seeds))
        cases.append((f"errors of {seeds} seeds", (control * ratio, control)))
    return cases


def _interval(middle, error, dof):
    half = t_quantile(0.975, dof) * error
    return middle, middle - half, middle + half


def _standard_error(values):
    return np.std(values, ddof=1) / math.sqrt(len(values))


def paired(arm, control, error=_standard_error, quantile=None, center=np.mean):
    """(geometric mean of the ratios, low, high) of the 95 % t-interval; the rest: for mistakes."""
    logs = np.log(arm / control)
    quantile = quantile or (lambda count: t_quantile(0.975, count - 1))
    half = quantile(len(logs)) * error(logs)
    return tuple(np.exp([center(logs), center(logs) - half, center(logs) + half]))


def _unpaired(arm, control):
    first, second = np.log(arm), np.log(control)
    error = math.hypot(_standard_error(first), _standard_error(second))
    return tuple(np.exp(_interval(first.mean() - second.mean(), error, 2 * len(arm) - 2)))


def _of_plain_ratios(arm, control):
    return _interval(np.mean(arm / control), _standard_error(arm / control), len(arm) - 1)


PAIRED_MISTAKES = [
    (
        lambda arm, control: tuple(np.log(paired(arm, control))),
        "These are logarithms still; the exponential brings them back to ratios.",
    ),
    (
        lambda arm, control: paired(control, arm),
        "That is upside down: the arm's error is divided by the control's.",
    ),
    (_of_plain_ratios, "Twice as good and half as good should cancel; average the logarithms."),
    (
        lambda arm, control: paired(arm, control, quantile=lambda count: 1.96),
        "1.96 is for very many seeds; Student's t with n − 1 degrees is wider.",
    ),
    (
        lambda arm, control: paired(arm, control, quantile=lambda count: t_quantile(0.975, count)),
        "The mean takes a degree of freedom: n − 1 are left.",
    ),
    (
        lambda arm, control: paired(
            arm, control, quantile=lambda count: t_quantile(0.95, count - 1)
        ),
        "5 % lie outside, half of it on each side: ask for the quantile 0.975.",
    ),
    (
        lambda arm, control: paired(
            arm, control, error=lambda logs: np.std(logs) / math.sqrt(len(logs))
        ),
        "np.std divides by n unless told otherwise; a sample needs n − 1, ddof=1.",
    ),
    (
        lambda arm, control: paired(arm, control, error=lambda logs: np.std(logs, ddof=1)),
        "That is the spread of single seeds; the error of their mean is √n times smaller.",
    ),
    (_unpaired, "This forgets which errors share a seed; take the difference seed by seed."),
    (
        lambda arm, control: paired(arm, control, center=np.median),
        "That is the median; the geometric mean was asked for.",
    ),
    (
        lambda arm, control: tuple(np.take(paired(arm, control), [1, 0, 2])),
        "The numbers are right, in another order: the mean first, then low, then high.",
    ),
    (
        lambda arm, control: tuple(np.take(paired(arm, control), [0, 2, 1])),
        "The numbers are right, in another order: the mean first, then low, then high.",
    ),
]


# ---- a comparison to mend ---------------------------------------------------------------------


def comparison_cases():
    """Errors [settings, seeds]. In the first three cases all means over seeds choose the same
    setting on validation data; test data would choose another setting, and so would each seed."""
    random = np.random.default_rng(9)
    cases = []
    for settings, others, seeds in ((4, 3, 8), (3, 5, 5), (5, 4, 6)):
        arrays = []
        for count in (settings, others):
            level = np.linspace(0, 0.6, count)[:, None] + random.normal(0, 0.2, size=(count, seeds))
            order = random.permutation(count)
            validation = np.exp(level[order] - 5)
            level[0] += 0.5  # the setting that validation chooses is not the best on test data
            test = np.exp(level[order] + random.normal(0, 0.2, size=(count, seeds)) - 5)
            arrays += [validation, test]
        words = f"{settings} settings against {others}, {seeds} seeds"
        cases.append((words, tuple(arrays)))
    return cases + _close_cases(random)


def _close_cases(random):
    """Cases in which only the mean over seeds chooses the setting that it chooses."""
    groups = list(RIVALS.values())
    cases = []
    for rivals, others in zip(groups, groups[1:] + groups[:1], strict=True):
        arrays = []
        for rows in (rivals, others):
            validation = random.permutation([LEAST, *rows]) * np.exp(random.normal(-5, 0.3))
            arrays += [validation, validation * random.uniform(1, 1.5, size=validation.shape)]
        words = f"{len(arrays[0])} settings against {len(arrays[2])} whose means are close"
        cases.append((words, tuple(arrays)))
    return cases


def _geometric(ratios):
    return math.exp(np.mean(np.log(ratios)))


def _best(validation, mean=np.mean):
    return int(mean(validation, axis=1).argmin())


def fair_comparison(val_arm, test_arm, val_control, test_control):
    """Geometric mean of the test ratios of the settings that validation chooses on each side."""
    return _geometric(test_arm[_best(val_arm)] / test_control[_best(val_control)])


def _by_seed(validation, test):
    return np.take_along_axis(test, validation.argmin(axis=0)[None], axis=0)[0]


def _chosen_by(mean):
    return lambda va, ta, vc, tc: _geometric(ta[_best(va, mean)] / tc[_best(vc, mean)])


FAIR_MISTAKES = [
    (
        lambda va, ta, vc, tc: ta.min() / tc.mean(),
        "It still holds the best single run of the arm against the average of the control.",
    ),
    (
        lambda va, ta, vc, tc: ta.min() / tc.min(),
        "The best of all runs is luck on both sides; use every seed.",
    ),
    (
        lambda va, ta, vc, tc: _geometric(ta[_best(ta)] / tc[_best(tc)]),
        "The settings are chosen by their test errors; test data may only report.",
    ),
    (
        lambda va, ta, vc, tc: _geometric(va[_best(va)] / vc[_best(vc)]),
        "Validation chose, and validation reports: too good to be true. Report test errors.",
    ),
    (
        lambda va, ta, vc, tc: _geometric(ta[_best(va)][None] / tc),
        "The arm's setting is chosen and the control's are averaged: tune both alike.",
    ),
    (
        lambda va, ta, vc, tc: ta[_best(va)].mean() / tc.mean(),
        "The arm's setting is chosen and the control's are averaged: tune both alike.",
    ),
    (
        lambda va, ta, vc, tc: _geometric(_by_seed(va, ta) / _by_seed(vc, tc)),
        "Each seed picks a setting of its own; one setting for all seeds was asked for.",
    ),
    (
        lambda va, ta, vc, tc: np.mean(ta[_best(va)] / tc[_best(vc)]),
        "The right pairs, and their plain mean; average ratios by their logarithms.",
    ),
    (
        lambda va, ta, vc, tc: ta[_best(va)].mean() / tc[_best(vc)].mean(),
        "The right settings, but a ratio of means is not paired: divide seed by seed.",
    ),
    (
        lambda va, ta, vc, tc: 1 / fair_comparison(va, ta, vc, tc),
        "That is upside down: the arm's error is divided by the control's.",
    ),
    (
        lambda va, ta, vc, tc: math.log(fair_comparison(va, ta, vc, tc)),
        "That is a logarithm still; its exponential is the ratio.",
    ),
    (
        lambda va, ta, vc, tc: _geometric(ta[_best(-va)] / tc[_best(-vc)]),
        "It chooses the settings with the largest errors.",
    ),
    (
        _chosen_by(lambda errors, axis: np.log(errors).mean(axis=axis)),
        "It chooses by the mean of logarithms; they are for ratios. The plain mean chooses.",
    ),
    (
        _chosen_by(np.median),
        "The median forgets a seed that went badly; choose by the mean over seeds.",
    ),
    (
        _chosen_by(np.min),
        "It chooses by each setting's luckiest seed; choose by the mean over seeds.",
    ),
    (
        _chosen_by(np.max),
        "It chooses by each setting's worst seed; choose by the mean over seeds.",
    ),
]
