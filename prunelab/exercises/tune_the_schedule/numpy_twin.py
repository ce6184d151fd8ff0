"""The small twin trained and pruned in NumPy in less than a second, fast enough for an exercise.

The network, the optimizer and the rules of the mask equal those of the course's own training, which
a test checks. The first weights and the order of the rows are drawn by NumPy, so it is a network of
the same kind but not the same network.
"""

from functools import cache, lru_cache
from itertools import pairwise

import numpy as np

from prunelab.base.host import on_one_thread
from prunelab.experiments import data
from prunelab.masks.magnitude import magnitude_mask

UNITS = (125, 128, 128, 1)
LAYERS = ("hidden_1", "hidden_2", "output")
ROWS, BATCH, EPOCHS = 1000, 128, 200
DENSE_EPOCHS = 60  # the course takes 200; after 60 the network has memorised its rows
STEPS = EPOCHS * -(-ROWS // BATCH)
RATE = 1e-3  # of the dense network's training


@lru_cache(maxsize=256)  # the same answers are checked again and again in a class
@on_one_thread
def pruned_error(schedule, learning_rate, seed, layers=LAYERS):
    """Validation MSE of twin number `seed`, trained densely and then pruned by `schedule`.

    layers: names of the layers to prune.
    Batches of 128; each phase has its own Adam; 200 epochs of pruning. Infinite if the weights
    overflow.
    """
    weights = [array.copy() for array in _dense(seed)]
    x_val, y_val = _rows(seed)[2:]
    with np.errstate(all="ignore"):
        try:
            train(weights, *_rows(seed)[:2], learning_rate, [seed, 1], schedule, layers)
        except OverflowError:
            return float("inf")
        error = float(np.mean((forward(weights, x_val)[-1] - y_val) ** 2))
    return error if np.isfinite(error) else float("inf")


@cache
def _dense(seed):
    weights = first_weights(np.random.default_rng([seed, 0]))
    train(weights, *_rows(seed)[:2], RATE, [seed, 0], epochs=DENSE_EPOCHS)
    return weights


def first_rows():
    """Make the rows of a twin once, so that the modules it needs are imported now."""
    return _rows(0)


@cache
def _rows(seed):
    twin = data.twin(seed)
    arrays = twin.x_train, twin.y_train[:, None], twin.x_val, twin.y_val[:, None]
    return [np.ascontiguousarray(array, dtype=np.float32) for array in arrays]


def first_weights(random):
    """Kernel, bias, kernel, bias, …: He's normal in the first layer, Glorot's uniform after it."""
    weights = []
    for at, (inputs, units) in enumerate(pairwise(UNITS)):
        if at == 0:
            kernel = _cut_normal(random, (inputs, units)) * np.sqrt(2 / inputs) / 0.87962566
        else:
            limit = np.sqrt(6 / (inputs + units))
            kernel = random.uniform(-limit, limit, (inputs, units))
        weights += [kernel.astype(np.float32), np.zeros(units, np.float32)]
    return weights


def _cut_normal(random, shape):
    """A normal distribution cut off at two deviations; its standard deviation is then 0.8796."""
    drawn = random.standard_normal(shape)
    while (far := np.abs(drawn) > 2).any():
        drawn[far] = random.standard_normal(far.sum())
    return drawn


def forward(weights, x):
    """The activations after each layer, the input first; ReLU after all but the last."""
    found = [x]
    for at in range(0, len(weights), 2):
        x = x @ weights[at] + weights[at + 1]
        if at < len(weights) - 2:
            x = np.maximum(x, 0)
        found.append(x)
    return found


def gradients(weights, x, y, out):
    """Gradients of the mean squared error, written to `out`: one array for each of `weights`."""
    layers = forward(weights, x)
    slope = np.float32(2 / len(x)) * (layers[-1] - y)
    for at in range(len(weights) - 2, -1, -2):
        inputs = layers[at // 2]
        np.matmul(inputs.T, slope, out=out[at])
        slope.sum(axis=0, out=out[at + 1])
        if at:
            slope = slope @ weights[at].T
            slope *= inputs > 0


def train(weights, x, y, rate, order, schedule=None, layers=LAYERS, epochs=EPOCHS):
    """Adam in place (Kingma and Ba 2015, epsilon as in Keras), with masks updated as in tfmot.

    order: seeds the order of the rows, which differs in each epoch. A step also changes masked
    weights; they are set to zero again before the next step, as in tfmot.
    """
    flat = np.concatenate([array.ravel() for array in weights])
    mean, square, slope, room = (np.zeros_like(flat) for _ in range(4))
    mask, step = np.ones_like(flat), 0
    parts, slopes, masks = (_views(each, weights) for each in (flat, slope, mask))
    pruned = [2 * at for at, name in enumerate(LAYERS) if name in layers]
    for epoch in range(epochs):
        rows = np.random.default_rng([*order, epoch]).permutation(len(x))
        for start in range(0, len(x), BATCH):
            step += 1
            if schedule is not None and schedule.updates(step):
                sparsity = float(schedule.sparsity(step))
                _move([masks[at] for at in pruned], [parts[at] for at in pruned], sparsity)
            flat *= mask
            batch = rows[start : start + BATCH]
            gradients(parts, x[batch], y[batch], slopes)
            mean *= np.float32(0.9)
            mean += np.multiply(slope, np.float32(0.1), out=room)
            square *= np.float32(0.999)
            slope *= slope
            square += np.multiply(slope, np.float32(0.001), out=room)
            np.sqrt(square, out=room)
            room += np.float32(1e-7)
            np.divide(mean, room, out=room)
            room *= np.float32(rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
            flat -= room
    flat *= mask
    for array, part in zip(weights, parts, strict=True):
        array[...] = part


def _move(masks, kernels, sparsity):
    for mask, kernel in zip(masks, kernels, strict=True):
        if not np.isfinite(kernel).all():
            raise OverflowError("the weights overflow")
        mask[...] = magnitude_mask(kernel, sparsity)


def _views(flat, like):
    ends = np.cumsum([array.size for array in like])
    return [
        flat[end - array.size : end].reshape(array.shape)
        for array, end in zip(like, ends, strict=True)
    ]
