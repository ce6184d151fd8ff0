"""Right answers and known mistakes of the appendix on images."""

from math import comb

import numpy as np
from scipy import stats

from prunelab.exercises import prune_a_digit_classifier as images


def inflow(kernel, pictures):
    return (np.abs(kernel).sum(axis=1) * pictures.std(axis=0)).reshape(8, 8)


def by_products(kernel, pictures):
    """Pixel by pixel: the products with its weights, and how much they vary."""
    return np.reshape(
        [np.std(np.outer(pixel, row), axis=0).sum()
         for pixel, row in zip(pictures.T, kernel, strict=True)],
        (8, 8),
    )  # fmt: skip


def flat(kernel, pictures):
    return np.linalg.norm(kernel, ord=1, axis=1) @ np.diag(np.sqrt(pictures.var(axis=0)))


def alone(pruned, control, digits):
    right, other = pruned == digits, control == digits
    return np.sum(right & ~other), np.sum(other & ~right)


def by_scipy(pruned, control, digits):
    first, second = alone(pruned, control, digits)
    return stats.binomtest(int(first), int(first + second)).pvalue if first + second else 1.0


def by_the_distribution(pruned, control, digits):
    first, second = alone(pruned, control, digits)
    return min(1, 2 * stats.binom.cdf(min(first, second), first + second, 0.5))


def by_counting(pruned, control, digits):
    first, second = map(int, alone(pruned, control, digits))
    n, k = first + second, min(first, second)
    return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n)


def of_counts(probability):
    return lambda *three: float(probability(*map(int, alone(*three))))


def of_errors(pruned, control, digits):
    first, second = int(np.sum(pruned != digits)), int(np.sum(control != digits))
    return stats.binomtest(first, first + second).pvalue


def of_disagreements(pruned, control, digits):
    first, n = int(alone(pruned, control, digits)[0]), int(np.sum(pruned != control))
    return stats.binomtest(first, n).pvalue if n else 1.0


def tail(n, k):
    return stats.binom.cdf(k, n, 0.5)


RIGHT = [
    (images.q1, [inflow, by_products, flat]),
    (images.q2, [by_scipy, by_the_distribution, by_counting]),
]
WRONG = [
    (images.q1, lambda k, x: np.abs(k).sum(1).reshape(8, 8), "always black changes nothing"),
    (images.q1, lambda k, x: np.count_nonzero(k, axis=1), "the weights that are left"),
    (images.q1, lambda k, x: np.count_nonzero(k, axis=1) * x.std(0), "counts one here"),
    (images.q1, lambda k, x: k.sum(1) * x.std(0), "Weights of both signs cancel in this sum"),
    (images.q1, lambda k, x: np.abs(k.sum(1)) * x.std(0), "before the magnitude is taken"),
    (images.q1, lambda k, x: np.abs(k).sum(1) * x.var(0), "That is the variance"),
    (images.q1, lambda k, x: np.abs(k).sum(1) * x.std(0, ddof=1), "divides by n − 1"),
    (images.q1, lambda k, x: np.abs(k).sum(1) * x.mean(0), "That is the mean; a pixel"),
    (images.q1, lambda k, x: np.abs(k).mean(1) * x.std(0), "mean over the neurons"),
    (images.q1, lambda k, x: inflow(k, x).T, "on its side"),
    (images.q1, lambda k, x: np.abs(k).sum(0), "64 numbers should come back"),
    (images.q1, lambda k, x: np.abs(k) * x.std(0), "raises ValueError"),
    (images.q1, lambda k, x: np.abs(k).max(1) * x.std(0), "not right yet"),
    (images.q1, 0.4, "Give the function"),
    (images.q2, of_counts(lambda a, b: tail(a + b, min(a, b))), "one side of the coin"),
    (images.q2, of_counts(lambda a, b: 2 * tail(a + b, min(a, b))), "at most 1"),
    (images.q2, of_counts(lambda a, b: min(1, 2 * tail(a + b, max(a, b)))), "the smaller of the"),
    (images.q2, of_counts(lambda a, b: min(1, 2 * tail(a + b, min(a, b) - 1))), "up to and with k"),
    (images.q2, of_counts(lambda a, b: stats.binom.pmf(a, a + b, 0.5)), "this split alone"),
    (images.q2, of_errors, "A picture that both get wrong"),
    (images.q2, of_disagreements, "in different ways"),
    (images.q2, of_counts(lambda a, b: min(1, 2 * tail(a + b, a))), "to the pruned network's side"),
    (images.q2, of_counts(lambda a, b: min(1, 2 * tail(a + b, b))), "to the control's side"),
    (images.q2, of_counts(lambda a, b: a - b), "a difference of two counts"),
    (images.q2, lambda *three: 1 - by_scipy(*three), "one minus it"),
    (images.q2, lambda p, c, d: stats.ttest_ind(p == d, c == d).pvalue, "On "),
    (images.q2, lambda p, c, d: np.mean(p == d) - np.mean(c == d), "not right yet"),
    (images.q2, lambda p, c, d: (p == d).tolist(), "one number should come back"),
    (images.q2, "0.03", "Give the function"),
]
