"""A function that chooses a trial of a search, searches to test one on, and common mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

import math

import numpy as np

from prunelab.exercises.means import LEAST, RIVALS

NOISE = np.array([-0.06, 0.04, 0.01, -0.03, 0.04])  # of five seeds; its sum is 0
# For each kind of trial, how far its validation and test errors are above the winner's, in logs.
KINDS = {
    "winner": ([0, 0, 0, 0, 0], [0.05] * 5),
    "too large": ([-0.5] * 5, [-0.2] * 5),
    "lucky once": ([0.5, 0.5, -0.6, 0.5, 0.5], [0.5] * 5),
    "lucky first": ([-0.3, 0.4, 0.4, 0.4, 0.4], [0.4] * 5),
    "lucky test": ([0.6] * 5, [0.6, 0.6, 0.6, -1.5, 0.6]),
    "good test": ([0.2] * 5, [-0.3] * 5),
    "unlucky once": ([-0.15, -0.15, -0.15, -0.15, 1.5], [-0.1, -0.1, -0.1, -0.1, 1.5]),
    "steady": ([0.35] * 5, [0.4, 0.3, 0.4, 0.35, 0.4]),
    "light": ([0.8] * 5, [0.85] * 5),
    "hopeless": ([1.2] * 5, [1.2] * 5),
}


def made_trials(seed):
    """Made-up trials of a search, a list of dicts, for `choose`; most=5000 suits all of them.

    trial: its number. state: "complete", "weak" (ended after its first seed) or "refused" (by
    preflight: never trained). nonzeros: the mean over seeds. validation_mse, test_mse: tuples, one
    error a seed.
    """
    random = np.random.default_rng([seed, 6])
    level = random.normal(-6, 0.3)
    trials = []
    for kind, logs in KINDS.items():
        order = random.permutation(5) if kind in ("winner", "too large") else np.arange(5)
        errors = [np.exp(level + np.array(log) + NOISE[order]).tolist() for log in logs]
        trials.append(_trial("complete", _nonzeros(kind, random), *errors))
    for above in (-0.8, -0.1):
        error = [math.exp(level + above)]
        trials.append(_trial("weak", int(random.integers(2000, 4500)), error, error))
    trials.append(_trial("refused", 4000, [], []))
    numbers = np.sort(random.choice(np.arange(3, 40), size=len(trials), replace=False))
    shuffled = [trials[i] for i in random.permutation(len(trials))]
    return [{"trial": int(number)} | trial for number, trial in zip(numbers, shuffled, strict=True)]


def _nonzeros(kind, random):
    fixed = {"winner": 5000, "too large": 9000, "light": 900}
    return fixed.get(kind) or int(random.integers(1500, 4900))


def _trial(state, nonzeros, validation, test):
    return {
        "state": state,
        "nonzeros": nonzeros,
        "validation_mse": tuple(float(f"{error:.4g}") for error in validation),
        "test_mse": tuple(float(f"{error:.4g}") for error in test),
    }


def close_trials(seed, rivals, most):
    """Trials, as `made_trials` has them; the winner's mean is the least by little.

    rivals: the validation errors of others over the winner's mean, as in `means`. Two networks
    with more than `most` non-zeros and one that was given up have smaller errors; the winner has
    fewer non-zeros than `most`.
    """
    random = np.random.default_rng([seed, 7])
    level = math.exp(random.normal(-6, 0.3))
    kinds = [(LEAST, most - 700), *((rival, most - 40) for rival in rivals)]
    kinds += [(np.full(5, 0.4), most + 1), (np.full(5, 0.5), 2 * most)]
    numbers = np.sort(random.choice(np.arange(3, 40), size=len(kinds), replace=False))
    made = []
    for number, at in zip(numbers, random.permutation(len(kinds)), strict=True):
        errors = level * np.array(kinds[at][0])
        test = errors * random.uniform(1.0, 1.3, size=5)
        made.append({"trial": int(number)} | _trial("complete", int(kinds[at][1]), errors, test))
    given_up = _trial("weak", most - 300, [0.3 * level], [0.3 * level])
    return [{"trial": int(numbers[-1]) + 1} | given_up, *made]


def choice_cases():
    """(words, (trials, most)) pairs: searches made by `made_trials` and by `close_trials`."""
    cases = [
        (f"a search for at most {most:,} weights", (made_trials(seed), most))
        for seed, most in ((11, 5000), (12, 6000), (13, 5000), (14, 8999))
    ]
    for seed, rivals in enumerate(RIVALS.values()):
        most = 2500 + 700 * seed
        words = f"a search for at most {most:,} weights, whose best trials are close"
        cases.append((words, (close_trials(seed, rivals, most), most)))
    return cases


def chosen(trials, most, errors="validation_mse", of=np.mean, states=("complete",), fits=None):
    """The best complete trial's number, of at most `most` non-zeros; the rest: for mistakes."""
    fits = fits or (lambda nonzeros: nonzeros <= most)
    left = [t for t in trials if t["state"] in states and t[errors] and fits(t["nonzeros"])]
    return min(left, key=lambda trial: of(trial[errors]))["trial"]


ALL = ("complete", "weak", "refused")


def _anything(nonzeros):
    return True


CHOICE_MISTAKES = [
    (
        lambda ts, most: chosen(ts, most, "test_mse", min, ALL, _anything),
        "It still picks the luckiest single error on the test data.",
    ),
    (
        lambda ts, most: chosen(ts, most, "test_mse"),
        "It chooses by the test data, which may only report; validation data chooses.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=min),
        "The best of a trial's seeds is luck: use the mean over all of them.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=lambda errors: errors[0]),
        "It looks at the first seed alone: use the mean over all of them.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=np.median),
        "The median forgets a seed that went badly; the mean was asked for.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=max),
        "It looks at a trial's worst seed alone: use the mean over all of them.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=lambda errors: errors[-1]),
        "It looks at the last seed alone: use the mean over all of them.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=lambda errors: np.mean(np.log(errors))),
        "It averages logarithms, as for ratios; here the plain mean of the errors was asked for.",
    ),
    (
        lambda ts, most: chosen(ts, most, states=ALL),
        "It picks a trial that was given up: one seed of it was measured, not all.",
    ),
    (
        lambda ts, most: chosen(ts, most, fits=_anything),
        "It picks a network with more non-zeros than `most`.",
    ),
    (
        lambda ts, most: chosen(ts, most, fits=lambda nonzeros: nonzeros < most),
        "A network with exactly `most` non-zeros is within the budget: `<=`.",
    ),
    (
        lambda ts, most: chosen(ts, most, of=lambda errors: -np.mean(errors)),
        "It picks the largest error.",
    ),
    (
        lambda ts, most: min(
            (t for t in ts if t["state"] == "complete"), key=lambda t: t["nonzeros"]
        )["trial"],
        "It picks the fewest non-zeros, whatever the error; `most` is a limit, not a goal.",
    ),
    (
        lambda ts, most: [t["trial"] for t in ts].index(chosen(ts, most)),
        "That is the trial's place in the list; its number stands under `trial`.",
    ),
]
