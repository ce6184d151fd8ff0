"""Masks by magnitude, with the same rounding and ties as tfmot.

A mask is a bool array in the shape of its weights, True where the weight is kept.
Source: `sparsity/keras/pruning_impl.py` and `pruning_utils.py` of tfmot 0.8.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import real_array, shown, sparsity_fraction, whole

CHUNK = 2**20  # weights that are ranked at once; they take some megabytes
SAMPLE = 2**12  # magnitudes that say where a threshold lies
FEW = 16  # largest group in which weights are compared pair by pair


def _weights(weights):
    """`weights` as a float array without NaN or infinity; else an error in one sentence."""
    array = real_array("weights", weights)
    if not array.size:
        raise ValueError(f"weights have shape {array.shape}: there is nothing to prune")
    if not np.all(np.isfinite(array)):
        raise ValueError("weights hold NaN or infinity: nothing can rank them; mend them first")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def checked_matrix(weights):
    """`weights` as a matrix of floats without NaN or infinity; else an error in one sentence."""
    array = _weights(weights)
    if array.ndim != 2:
        raise ValueError(
            f"weights have shape {array.shape}: blocks and groups need a matrix [inputs, outputs]"
        )
    return array


def kept_count(size: int, sparsity: float) -> int:
    """How many of `size` weights tfmot keeps at `sparsity`: max(round(n · (1 − s)), 1).

    The arithmetic is float32 and a half rounds to the even neighbour, as in tfmot.

    >>> 1000 * 1024 - kept_count(1000 * 1024, 0.28940625)
    296352
    """
    size = whole("size", size, at_least=1)
    return count_kept(size, np.float32(sparsity_fraction("sparsity", sparsity)))


def count_kept(size, sparsity32) -> int:
    """`kept_count` for a checked float32 sparsity; float32 rounds 0.99999999 up to 1."""
    kept = np.round(np.float32(size) * (np.float32(1) - sparsity32))
    return int(max(min(kept, size), 1))


def sparsity(array: ArrayLike) -> float:
    """The fraction of exact zeros in `array`, in [0, 1]; counted in the weights, not in a mask.

    >>> sparsity([0.0, 0.3, -0.0, 1.2])
    0.5
    """
    array = real_array("array", array)
    if not np.all(np.isfinite(array)):
        raise ValueError(
            "array holds NaN or infinity: its zeros say nothing; mend the weights first"
        )
    if not array.size:
        raise ValueError(f"array has shape {array.shape}: an empty array has no sparsity")
    return 1.0 - float(np.count_nonzero(array)) / array.size


def magnitude_mask(weights: ArrayLike, sparsity: float) -> NDArray[np.bool_]:
    """Keep the largest magnitudes: bool array in the shape of `weights`, True = kept.

    The `kept_count` largest weights are kept, and every weight tied with the smallest of them.

    >>> magnitude_mask([0.9, -0.1, 0.3, -0.7], 0.5).tolist()
    [True, False, False, True]
    """
    weights = _weights(weights)
    return keep_from(weights, smallest_kept(weights, kept_count(weights.size, sparsity)))


def smallest_kept(weights, count):
    """The magnitude of the smallest of the `count` largest weights; arguments are not checked.

    NaN ranks as the largest. A sorted sample gives a guess; the guess's rank says between which two
    magnitudes of the sample the answer lies, and only the weights between them are ranked.
    `partition` of all weights takes many times as long, most of all where many are equal, such as
    zeros.
    """
    position = weights.size - int(count)  # of the answer, from the smallest
    magnitudes = np.abs(weights).ravel(order="K")  # a copy
    every = magnitudes.size // SAMPLE | 1  # odd: an even one would meet the same few neurons
    if every > 1:
        sample = np.sort(magnitudes[::every])
        share = sample.size / magnitudes.size
        guess = sample[int(position * share)]
        below, up_to = np.count_nonzero(magnitudes < guess), np.count_nonzero(magnitudes <= guess)
        if below <= position < up_to:
            return guess
        side, rank = ("left", below) if position < below else ("right", up_to)
        away = (position - rank) * share  # from the guess, in the sample
        place, aside = np.searchsorted(sample, guess, side) + away, 8 + 4 * abs(away) ** 0.5
        low, high = sample[np.clip((place - aside, place + aside), 0, sample.size - 1).astype(int)]
        not_above, chosen = magnitudes <= low, magnitudes < high
        between = magnitudes[np.greater(chosen, not_above, out=chosen)]
        at = position - np.count_nonzero(not_above)
        if 0 <= at < between.size:
            magnitudes, position = between, at
        elif at < 0 and position >= np.count_nonzero(magnitudes < low):
            return low
        elif at >= between.size and position < np.count_nonzero(magnitudes <= high):
            return high
    magnitudes.partition(position)
    return magnitudes[position]


def keep_from(weights, threshold):
    """Where a magnitude is at least `threshold`, or NaN: bool array in the shape of `weights`."""
    if np.isnan(threshold):  # there are more NaN than weights to keep
        return np.isnan(weights)
    # Two comparisons avoid an array of magnitudes, 4 bytes per weight; of one weight NumPy makes no
    # array.
    smaller = np.asarray(weights < threshold)
    smaller &= weights > -threshold
    return np.logical_not(smaller, out=smaller)


def block_mask(
    weights: ArrayLike, sparsity: float, block_size: tuple[int, int], pooling: str = "AVG"
) -> NDArray[np.bool_]:
    """Keep or drop whole blocks of a matrix by their pooled magnitude; True = kept.

    weights: [inputs, outputs]. block_size: (rows, columns), in that order.
    pooling: "AVG" or "MAX" of the magnitudes in a block. `sparsity` counts blocks, not weights.
    If the block size does not divide the matrix, tfmot pools windows that start half a padding
    early, but places the mask's blocks from the corner; this function does the same. A single row
    or column of blocks is masked here, although tfmot fails on it: tfmot only trains grids of at
    least 2 × 2 blocks.
    """
    magnitudes = np.abs(checked_matrix(weights))
    if not isinstance(pooling, str) or pooling not in ("AVG", "MAX"):
        raise ValueError(f"pooling={shown(pooling)}: pooling is 'AVG' or 'MAX'")
    try:
        rows, columns = block_size
    except (TypeError, ValueError):
        raise ValueError(
            f"block_size={shown(block_size)}: block_size is two whole numbers, (rows, columns)"
        ) from None
    rows = whole("block_size[0]", rows, at_least=1)
    columns = whole("block_size[1]", columns, at_least=1)
    # A block is never longer than the matrix.
    rows, columns = min(rows, magnitudes.shape[0]), min(columns, magnitudes.shape[1])
    if (rows, columns) == (1, 1):
        return magnitude_mask(magnitudes, sparsity)
    kept = magnitude_mask(pool_blocks(magnitudes, rows, columns, pooling), sparsity)
    return lay_blocks(kept, rows, columns, magnitudes.shape)


def pool_blocks(magnitudes, rows, columns, pooling="AVG"):
    """One number per block of `rows` × `columns` weights: the grid that `block_mask` ranks."""
    return _pool_rows(_pool_rows(magnitudes, rows, pooling).T, columns, pooling).T


def lay_blocks(grid, rows, columns, shape):
    """Repeat each block's value for all its weights, from the corner of a matrix `shape`."""
    laid = np.repeat(np.repeat(grid, rows, axis=0), columns, axis=1)
    return laid[: shape[0], : shape[1]]


def _pool_rows(matrix, height, pooling):
    """Pool `height` rows at a time; a window beyond the edge counts only the rows it covers."""
    windows = -(-len(matrix) // height)
    padding = windows * height - len(matrix)
    before = padding // 2  # TensorFlow's SAME padding puts the smaller half in front
    padded = np.pad(matrix, ((before, padding - before), (0, 0)))
    rows = padded.reshape(windows, height, -1)
    if pooling == "MAX":
        return rows.max(axis=1)
    ends = np.clip(np.arange(windows + 1) * height - before, 0, len(matrix))
    counts = np.diff(ends).astype(matrix.dtype)[:, None]
    with np.errstate(over="ignore"):
        means = _sums(rows) / counts
        beyond = ~np.isfinite(means)  # the sum overflows, though the mean does not
        if beyond.any():
            halvings = height.bit_length()
            again = np.ldexp(_sums(np.ldexp(rows, -halvings)) / counts, halvings)
            means[beyond] = np.minimum(again, matrix.max())[beyond]
    return means


def _sums(rows):
    """The sum of each window, [windows, height, columns] → [windows, columns]."""
    total = rows[:, 0].copy()
    for offset in range(1, rows.shape[1]):  # one by one, as TensorFlow adds: ties depend on the
        total += rows[:, offset]  # last bit
    return total


def n_of_m_mask(weights: ArrayLike, n: int, m: int) -> NDArray[np.bool_]:
    """Drop the `n` smallest weights in each group of `m` consecutive inputs; True = kept.

    weights: [inputs, outputs]; a group runs down a column, along the inputs. `n` counts zeros, as
    in tfmot's `sparsity_m_by_n=(n, m)`; papers that write N:M count what is kept (2:4 is the same
    in both). A last, shorter group is padded with zeros. Among equal weights the first is kept.

    >>> n_of_m_mask([[0.1], [0.4], [0.3], [0.2]], 2, 4).ravel().tolist()
    [False, True, True, False]
    """
    weights = checked_matrix(weights)
    m = whole("m", m, at_least=2, at_most=4096)
    n = whole("n", n, at_least=1)
    if n >= m:
        raise ValueError(f"n={n}: n zeros of every m={m} must leave a weight; write n below m")
    return keep_in_groups(weights, n, m, score=np.abs)


def keep_in_groups(weights, n, m, score=None):
    """`n_of_m_mask` for any scores: the `n` lowest of each `m` are dropped, padding first.

    weights: [inputs, outputs]; the scores themselves, or the argument of `score`, a function from
    arrays to scores. Groups are processed in parts, so that at most CHUNK scores are in memory
    besides the mask.
    """
    inputs, outputs = weights.shape
    kept = np.empty((inputs, outputs), dtype=bool)
    for column in range(0, outputs, max(CHUNK // m, 1)):
        columns = slice(column, column + max(CHUNK // m, 1))
        width = len(range(outputs)[columns])
        rows = max(CHUNK // (m * width), 1) * m
        for row in range(0, inputs, rows):
            part = weights[row : row + rows, columns]
            part = part if score is None else score(part)
            whole = len(part) // m * m
            stays = kept[row : row + rows, columns]
            if whole:
                groups = part[:whole].reshape(-1, m, width)
                stays[:whole] = (_ranks(groups) < m - n).reshape(-1, width)
            if whole < len(part):  # padding would fill this group, and is dropped first
                stays[whole:] = _ranks(part[None, whole:])[0] < m - n
    return kept


def _ranks(groups):
    """The rank of each score [groups, m, outputs] in its group; the highest has rank 0.

    Of equal scores the earlier one ranks first.
    """
    m = groups.shape[1]
    if m > FEW:
        order = np.argsort(-groups, axis=1, kind="stable")
        ranks = np.empty_like(order)
        places = np.arange(m).reshape(1, m, 1)
        np.put_along_axis(ranks, order, np.broadcast_to(places, order.shape), axis=1)
        return ranks
    ranks = np.zeros(groups.shape, dtype=np.uint8)
    for later in range(1, m):  # each pair once: faster than a sort for small groups
        for earlier in range(later):
            ahead = groups[:, earlier] >= groups[:, later]
            ranks[:, later] += ahead
            ranks[:, earlier] += ~ahead
    return ranks
