"""The one-standard-error rule on cross-validated errors, and common mistakes in it."""

import numpy as np

FOLDS = (10, 5, 8)
SEED = 13  # with this seed no two mistakes give the same numbers


def rule_cases():
    """(words, arguments) pairs: errors of a path's subtrees, one row a fold, one column a tree."""
    random = np.random.default_rng(SEED)
    cases = []
    for folds in FOLDS:
        for trees in (9, 14):
            middle = 0.1 + 0.001 * (np.arange(trees) - 2.5) ** 2
            errors = middle + random.normal(size=(folds, trees)) * np.linspace(0.02, 0.05, trees)
            cases.append((f"{trees} trees and {folds} folds", (np.clip(errors, 0, 1),)))
    level = np.array([0.5, 0.25, 0.25, 0.375, 0.5])
    cases.append(("errors that are alike in all folds", (np.repeat(level[None], 4, axis=0),)))
    again = np.array([0.5, 0.25, 0.5, 0.26, 0.5]) + np.array([-0.1, 0.0, 0.1])[:, None]
    cases.append(("a path that leaves the bar and comes back", (again,)))
    for folds in (4, 6, 10):
        cases.append((f"{folds} folds and trees near the bar", (_ladder(folds, random),)))
    return cases


def _ladder(folds, random):
    """Errors of which each tree is a little further above the best, some just beyond the bar.

    The spread of a tree is its own, so that a bar that is no standard error of the best, or is
    some percent too high or too low, ends at another tree.
    """
    steps = np.array([2.0, 0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.02, 1.05, 1.1, 1.2, 1.5, 2.5])
    noise = random.normal(size=(folds, steps.size))
    noise = (noise - noise.mean(axis=0)) / noise.std(axis=0, ddof=1)
    spread = np.concatenate([[0.7, 1.0], random.uniform(1.1, 1.9, size=steps.size - 2)])
    return 0.2 + 0.01 * (steps + np.sqrt(folds) * noise * spread)


def smallest_within(errors, *, ddof=1, root=True, times=1, center=np.mean):
    """The index of the smallest tree within one standard error of the best.

    errors: [folds, trees], the largest tree first. The rule is that of `prunelab.trees`; the other
    arguments make mistakes in it.
    """
    middle = center(errors, axis=0)
    best = int(middle.argmin())
    spread = errors.std(axis=0, ddof=ddof)[best] / (np.sqrt(len(errors)) if root else 1)
    return int(np.flatnonzero(middle <= middle[best] + times * spread)[-1])


def _bar(errors):
    mean = errors.mean(axis=0)
    spread = errors.std(axis=0, ddof=1) / np.sqrt(len(errors))
    return mean, spread, mean[mean.argmin()] + spread[mean.argmin()]


def _first_within(errors):
    mean, _, bar = _bar(errors)
    return int(np.argmax(mean <= bar))


def _as_given(errors):
    """The function that the exercise hands out, with its mistake."""
    mean, spread = errors.mean(axis=0), errors.std(axis=0)
    best = mean.argmin()
    return int(np.argmax(mean <= mean[best] + spread[best]))


def _strictly_below(errors):
    mean, _, bar = _bar(errors)
    below = np.flatnonzero(mean < bar)
    return int(below[-1]) if below.size else int(mean.argmin())


def _own_spread(errors):
    mean, spread, _ = _bar(errors)
    return int(np.flatnonzero(mean - spread <= mean.min())[-1])


def _until_it_leaves(errors):
    mean, _, bar = _bar(errors)
    at = int(mean.argmin())
    while at + 1 < len(mean) and mean[at + 1] <= bar:
        at += 1
    return at


RULE_MISTAKES = [
    (
        _as_given,
        "It still takes the first tree under the bar, and the first is the largest.",
    ),
    (
        _first_within,
        "The bar is right, but the first tree under it is the largest: the path begins there.",
    ),
    (
        lambda errors: int(errors.mean(axis=0).argmin()),
        "That is the tree of the lowest error; the rule allows one standard error more.",
    ),
    (
        lambda errors: smallest_within(errors, root=False),
        "The bar is a standard deviation up; a mean over n folds is known √n times better.",
    ),
    (
        lambda errors: smallest_within(errors, ddof=0, root=False),
        "The right tree under the bar, but the bar is still a standard deviation up: the standard "
        "error of a mean over n folds is the deviation (with ddof=1) divided by √n.",
    ),
    (
        lambda errors: smallest_within(errors, ddof=0),
        "Few folds, and a mean taken from them: the deviation needs ddof=1.",
    ),
    (
        lambda errors: smallest_within(errors, times=2),
        "That bar is two standard errors up; one is the rule.",
    ),
    (
        _strictly_below,
        "A tree exactly at the bar is within it: no more than one standard error, so `<=`.",
    ),
    (
        _own_spread,
        "The bar is one standard error of the best tree; here each tree brings its own.",
    ),
    (
        _until_it_leaves,
        "It stops where the error first leaves the bar; a smaller tree further on is under it.",
    ),
    (
        lambda errors: smallest_within(errors, center=np.median),
        "That is the median over folds; the rule compares means.",
    ),
    (
        lambda errors: smallest_within(errors, center=np.min),
        "That looks at each tree's luckiest fold; take the mean over folds.",
    ),
    (
        lambda errors: smallest_within(errors) + 1,
        "That is one too many: trees are counted from 0, the full tree.",
    ),
    (
        lambda errors: errors.shape[1] - 1 - smallest_within(errors),
        "That counts from the root; the full tree is number 0.",
    ),
    (
        lambda errors: errors.shape[1] - 1,
        "That is the root alone, whatever it costs.",
    ),
]
