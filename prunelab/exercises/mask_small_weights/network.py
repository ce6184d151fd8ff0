"""A small network for an exercise, trained in NumPy within a fraction of a second."""

from functools import cache
from itertools import pairwise

import numpy as np

INPUTS, INFORMATIVE = 64, 8
UNITS = (INPUTS, 64, 16, 1)
LAYERS = ("hidden_1", "hidden_2", "output")
ROWS, STEPS = 400, 150
RATE, DECAY = 1e-2, 5e-3


def small_network():
    """(layers, x, y): the arrays of a trained network and the validation rows to choose by.

    layers: kernel, bias, kernel, bias, … as Keras' `model.get_weights()` gives them, of the Dense
    layers hidden_1 (64 × 64), hidden_2 (64 × 16) and output (16 × 1) with ReLU between them.
    x: float32 [400, 64], of which the first eight columns matter; y: [400].
    """
    layers, x, y = _trained()
    return [array.copy() for array in layers], x[ROWS : 2 * ROWS].copy(), y[ROWS : 2 * ROWS].copy()


def fresh_rows():
    """(x, y) of 400 rows that `small_network` does not return."""
    _, x, y = _trained()
    return x[2 * ROWS :], y[2 * ROWS :]


@cache
def _trained():
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, size=(3 * ROWS, INPUTS))
    wave, bend, step = (x[:, :INFORMATIVE] @ random.normal(size=(INFORMATIVE, 3))).T
    y = np.tanh(wave) + 0.5 * np.abs(bend) - 0.5 * np.maximum(step, 0)
    y = (y - y[:ROWS].mean()) / y[:ROWS].std() + 0.05 * random.normal(size=len(y))
    weights = []
    for inputs, units in pairwise(UNITS):
        weights += [random.normal(size=(inputs, units)) * np.sqrt(2 / inputs), np.zeros(units)]
    _train(weights, x[:ROWS], y[:ROWS, None])
    return [array.astype(np.float32) for array in weights], x.astype(np.float32), y


def _train(weights, x, y):
    """Adam (Kingma & Ba 2015) on all rows at once, with an L2 penalty on the kernels."""
    means = [np.zeros_like(array) for array in weights]
    squares = [np.zeros_like(array) for array in weights]
    for step in range(1, STEPS + 1):
        for array, mean, square, gradient in zip(
            weights, means, squares, _gradients(weights, x, y), strict=True
        ):
            mean += 0.1 * (gradient - mean)
            square += 0.001 * (gradient**2 - square)
            scale = np.sqrt(square / (1 - 0.999**step)) + 1e-8
            array -= RATE * mean / (1 - 0.9**step) / scale


def _gradients(weights, x, y):
    """Gradients of the mean squared error plus half of DECAY times the sum of squared kernels."""
    kernels, biases = weights[::2], weights[1::2]
    activations = [x]
    for at, (kernel, bias) in enumerate(zip(kernels, biases, strict=True)):
        out = activations[-1] @ kernel + bias
        activations.append(out if at == len(kernels) - 1 else np.maximum(out, 0))
    error = 2 * (activations[-1] - y) / len(x)
    gradients = []
    for at in reversed(range(len(kernels))):
        gradients = [activations[at].T @ error + DECAY * kernels[at], error.sum(axis=0), *gradients]
        error = (error @ kernels[at].T) * (activations[at] > 0)
    return gradients
