"""What reaches a first layer from each pixel, the sign test of two classifiers, and mistakes.

A mistake is (function, sentence): a known mistake, and what to look at next.
"""

from math import comb

import numpy as np

SIDE = 8

# ---- what reaches the first layer ---------------------------------------------------------------


def inflow_cases():
    """(words, (kernel [64, neurons], images [rows, 64])) pairs."""
    random = np.random.default_rng(16)
    cases = []
    for neurons, zeros in ((5, 0.0), (12, 0.75), (64, 0.9)):
        kernel = random.normal(size=(SIDE * SIDE, neurons))
        kernel *= random.random(kernel.shape) >= zeros
        images = random.random((30, SIDE * SIDE)) * random.random(SIDE * SIDE)
        images[:, :2] = 0.0  # two pixels that are always black, and one nearly always grey
        images[:, 2] = 0.5 + 0.01 * random.random(30)
        cases.append((f"a kernel of {neurons} neurons, {zeros:.0%} zeros", (kernel, images)))
    return cases


def inflow(kernel, images):
    """How much varies what each pixel sends to the layer: 64 numbers, row by row."""
    return tuple((np.abs(kernel).sum(axis=1) * images.std(axis=0)).tolist())


def _pixels(weight, spread):
    """A mistake: `weight(kernel)` times `spread(images)`, 64 numbers."""
    return lambda kernel, images: tuple(np.ravel(weight(kernel) * spread(images)).tolist())


def _magnitudes(kernel):
    return np.abs(kernel).sum(axis=1)


def _spread(images):
    return images.std(axis=0)


INFLOW_MISTAKES = [
    (
        _pixels(_magnitudes, lambda images: np.ones(SIDE * SIDE)),
        "A weight on a pixel that is always black changes nothing: how much does the pixel vary?",
    ),
    (
        _pixels(lambda kernel: np.count_nonzero(kernel, axis=1), lambda images: np.ones(64)),
        "These are the weights that are left; their size counts, and how much the pixel varies.",
    ),
    (
        _pixels(lambda kernel: np.count_nonzero(kernel, axis=1), _spread),
        "Each weight counts one here; add their magnitudes.",
    ),
    (
        _pixels(lambda kernel: kernel.sum(axis=1), _spread),
        "Weights of both signs cancel in this sum; add their magnitudes.",
    ),
    (
        _pixels(lambda kernel: np.abs(kernel.sum(axis=1)), _spread),
        "Weights of both signs cancel before the magnitude is taken; take it of each weight.",
    ),
    (
        _pixels(_magnitudes, lambda images: images.var(axis=0)),
        "That is the variance; a weight times a pixel varies with the standard deviation.",
    ),
    (
        _pixels(_magnitudes, lambda images: images.std(axis=0, ddof=1)),
        "That divides by n − 1, as for a sample; over these images divide by n, with ddof=0.",
    ),
    (
        _pixels(_magnitudes, lambda images: images.mean(axis=0)),
        "That is the mean; a pixel that is always grey is bright, and tells no digits apart.",
    ),
    (
        _pixels(lambda kernel: np.abs(kernel).mean(axis=1), _spread),
        "That is the mean over the neurons; the sum was asked for.",
    ),
    (
        lambda kernel, images: tuple(
            np.ravel((_magnitudes(kernel) * _spread(images)).reshape(SIDE, SIDE).T).tolist()
        ),
        "The picture is on its side: the pixels are stored row by row.",
    ),
]

# ---- two classifiers on the same pictures -------------------------------------------------------


def sign_cases():
    """(words, (answers of the pruned network, of the control, the digits)) triples."""
    random = np.random.default_rng(61)
    cases = []
    for rows, first, second in ((60, 0.2, 0.02), (90, 0.05, 0.05), (360, 0.08, 0.03), (40, 0.3, 0),
                                (80, 0.05, 0.15)):  # fmt: skip
        digits = random.integers(0, 10, rows)
        answers = [_answers(digits, share, random) for share in (first, second)]
        cases.append((f"{rows} pictures", (*answers, digits)))
    both = random.integers(0, 10, 50)
    wrong = _answers(both, 0.2, random)
    cases.append(("two networks that answer alike", (wrong, wrong.copy(), both)))
    return cases


def _answers(digits, share, random):
    """Answers of which about `share` are wrong."""
    off = random.integers(1, 10, len(digits)) * (random.random(len(digits)) < share)
    return (digits + off) % 10


def _alone(pruned, control, digits):
    """How many pictures the pruned network alone gets right, and the control alone."""
    right, other = pruned == digits, control == digits
    return int(np.sum(right & ~other)), int(np.sum(other & ~right))


def _tail(n, k):
    """The probability of at most k heads in n tosses of a fair coin."""
    return sum(comb(n, i) for i in range(k + 1)) / 2**n


def sign_test(pruned, control, digits):
    """The exact two-sided p-value that both are right equally often (McNemar, 1947)."""
    first, second = _alone(pruned, control, digits)
    return min(1.0, 2 * _tail(first + second, min(first, second)))


def _from(probability):
    """A mistake: `probability` of the two counts of pictures that one alone gets right."""
    return lambda *arguments: float(probability(*_alone(*arguments)))


def _errors(pruned, control, digits):
    return int(np.sum(pruned != digits)), int(np.sum(control != digits))


def _by_errors(*arguments):
    first, second = _errors(*arguments)
    return min(1.0, 2 * _tail(first + second, min(first, second)))


def _by_differences(pruned, control, digits):
    first, _ = _alone(pruned, control, digits)
    n = int(np.sum(pruned != control))
    return min(1.0, 2 * _tail(n, min(first, n - first)))


SIGN_MISTAKES = [
    (
        _from(lambda a, b: _tail(a + b, min(a, b))),
        "That is one side of the coin; either network may be the better one, so take twice that.",
    ),
    (
        _from(lambda a, b: 2 * _tail(a + b, min(a, b))),
        "A probability is at most 1; with as many on both sides this is more.",
    ),
    (
        _from(lambda a, b: min(1.0, 2 * _tail(a + b, max(a, b)))),
        "Count up to the smaller of the two sides, not to the larger.",
    ),
    (
        _from(lambda a, b: min(1.0, 2 * _tail(a + b, min(a, b) - 1))),
        "The split that was seen belongs to it: from 0 up to and with k.",
    ),
    (
        _from(lambda a, b: comb(a + b, min(a, b)) / 2 ** (a + b)),
        "That is the probability of this split alone; the less even ones belong to it, too.",
    ),
    (
        _by_errors,
        "A picture that both get wrong stands on both sides here; it tells nothing. Leave it out.",
    ),
    (
        _by_differences,
        "Where both are wrong in different ways they differ, and neither is the better one.",
    ),
    (
        _from(lambda a, b: min(1.0, 2 * _tail(a + b, a))),
        "It counts up to the pruned network's side; either of the two may be the smaller one.",
    ),
    (
        _from(lambda a, b: min(1.0, 2 * _tail(a + b, b))),
        "It counts up to the control's side; either of the two may be the smaller one.",
    ),
    (
        _from(lambda a, b: a - b),
        "That is a difference of two counts; how likely would a fair coin split them so?",
    ),
    (
        _from(lambda a, b: 1 - min(1.0, 2 * _tail(a + b, min(a, b)))),
        "That is one minus it: the probability of a split that is more even.",
    ),
]
