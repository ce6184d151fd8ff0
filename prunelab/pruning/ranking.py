"""The masks at one step of kernels that share a schedule: tfmot's, rounding and ties included.

On the host NumPy ranks the weights (see `masks.magnitude.smallest_kept`). A graph that XLA
compiles cannot call the host; there the same threshold is found bit by bit.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat

import numpy as np
from keras import ops

from prunelab.base.host import threads_there_are
from prunelab.masks.magnitude import (
    count_kept,
    keep_from,
    lay_blocks,
    n_of_m_mask,
    pool_blocks,
    smallest_kept,
)
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, sparsity_float32

_FOREVER = -1
MANY = 2**17  # weights that are ranked in threads; they take a fifth of a millisecond


@dataclass(frozen=True, eq=False)
class Group:
    """Kernels that share a schedule.

    kernels: a list of `Kernel`. block: (inputs, units) pruned together. pooling: "AVG" or "MAX" of
    the magnitudes in a block. n_of_m: (zeros, inputs in a group), or None. joint: whether one
    threshold is found for all kernels together.
    """

    kernels: tuple
    schedule: PolynomialDecay | ConstantSparsity
    block: tuple[int, int] = (1, 1)
    pooling: str = "AVG"
    n_of_m: tuple[int, int] | None = None
    joint: bool = False

    def due(self, step, last=None):
        """Whether the masks are updated at `step`: an int, or an integer tensor of the backend's.

        last: the last step of the training, if known.
        """
        if self.n_of_m:  # as in tfmot, independent of the schedule
            return step == 1
        plan = self.schedule
        due = (step >= max(plan.begin_step, 1)) & ((step - plan.begin_step) % plan.frequency == 0)
        ends = [end for end in (plan.end_step, last) if end not in (_FOREVER, None)]
        return due & (step <= min(ends)) if ends else due

    def last_update(self, step):
        """The step of the last update up to `step`; None if there was none."""
        if self.n_of_m:
            return 1 if step >= 1 else None
        updates = self.schedule.update_range(step)
        return updates[-1] if updates else None

    def sparsity_after(self, step):
        """The sparsity of the masks once `step` steps are done; None before the first update."""
        last = self.last_update(step)
        if last is None:
            return None
        if self.n_of_m:
            return self.n_of_m[0] / self.n_of_m[1]
        return float(sparsity_float32(self.schedule, np.int64(last)))

    @property
    def settled(self):
        """The step after which the sparsity no longer changes."""
        if self.n_of_m:
            return 1
        plan = self.schedule
        if hasattr(plan, "target_sparsity") or plan.initial_sparsity == plan.final_sparsity:
            return plan.begin_step or plan.frequency
        return plan.update_range(plan.end_step)[-1]

    # ---------------------------------------------------------------------------- on the host

    def masks(self, step, *weights):
        """The masks at `step`, a bool array for each of `weights`, which are arrays or tensors.

        NaN weights do not raise here, in the middle of a training: they rank as large and are
        kept, as in a graph; as zeros they would make a diverged network look sound.
        """
        weights = [_floats(np.asarray(each)) for each in weights]
        if self.n_of_m:
            return [_n_of_m(each, *self.n_of_m) for each in weights]
        sparsity = sparsity_float32(self.schedule, np.int64(step))
        units = weights
        if self.block != (1, 1):
            units = [
                pool_blocks(np.abs(w), *self._block_in(w.shape), self.pooling) for w in weights
            ]
        if self.joint:
            together = np.concatenate([each.ravel(order="K") for each in units])
            lowest = smallest_kept(together, count_kept(together.size, sparsity))
            kept = [keep_from(each, lowest) for each in units]
        else:
            kept = list(_each(sum(each.size for each in units))(_kept, units, repeat(sparsity)))
        if self.block == (1, 1):
            return kept
        return [
            lay_blocks(grid, *self._block_in(w.shape), w.shape)
            for grid, w in zip(kept, weights, strict=True)
        ]

    def _block_in(self, shape):
        return tuple(min(span, length) for span, length in zip(self.block, shape, strict=True))

    # ----------------------------------------------------------------------------- in a graph

    @cached_property
    def _counts(self):
        """How many units stay at each update, int32 [updates, kernels], or [updates, 1] if joint.

        A constant sparsity, whose updates may never end, has one row.
        """
        sizes = [int(np.prod(self._grid(kernel.shape))) for kernel in self.kernels]
        sizes = [sum(sizes)] if self.joint else sizes
        plan = self.schedule
        constant = hasattr(plan, "target_sparsity")
        steps = range(1) if constant else range(plan.begin_step, plan.end_step + 1, plan.frequency)
        held = sparsity_float32(plan, np.arange(steps.start, steps.stop, steps.step))
        return np.array([[count_kept(size, s) for size in sizes] for s in held], dtype=np.int32)

    def _grid(self, shape):
        if self.block == (1, 1):
            return shape
        return [-(-n // span) for n, span in zip(shape, self._block_in(shape), strict=True)]

    def masks_in_graph(self, step, weights, bits):
        """Like `masks`, from tensors of a backend, within its graph.

        step: an integer tensor. bits: a function that reinterprets float32 as int32.
        """
        counts = self._counts
        row = (step - self.schedule.begin_step) // self.schedule.frequency
        kept = ops.convert_to_tensor(counts)[ops.clip(row, 0, len(counts) - 1)]
        units = [ops.abs(ops.cast(each, "float32")) for each in weights]
        if self.block != (1, 1):
            units = [_pooled(each, *self._block_in(each.shape), self.pooling) for each in units]
        codes = [bits(each) for each in units]  # magnitudes have the same order as their bits
        if self.joint:
            lowest = [_kth(codes, kept[0])] * len(codes)
        else:
            lowest = [_kth([code], kept[at]) for at, code in enumerate(codes)]
        masks = [code >= least for code, least in zip(codes, lowest, strict=True)]
        if self.block == (1, 1):
            return masks
        return [
            _laid(grid, *self._block_in(w.shape), w.shape)
            for grid, w in zip(masks, weights, strict=True)
        ]


def _each(size):
    """A `map` for arrays of `size` numbers together: in threads, if that is worth their start.

    NumPy lets other threads run while it works.
    """
    return _pool().map if size >= MANY else map


@cache
def _pool():
    return ThreadPoolExecutor(threads_there_are(), thread_name_prefix="prunelab-ranking")


def _kept(units, sparsity):
    """The mask of one kernel's `units`, at a float32 sparsity."""
    return keep_from(units, smallest_kept(units, count_kept(units.size, sparsity)))


def _floats(weights):
    """Weights as floats that NumPy can sort; bfloat16 fits into float32 exactly."""
    return weights if weights.dtype in (np.float32, np.float64) else weights.astype(np.float32)


def _n_of_m(weights, n, m):
    """tfmot's mask of n zeros in each m inputs; in a convolution the groups run along the channels.

    Source: `weights_rearrange` and `generate_m_by_n_mask` in tfmot's `pruning_utils.py`.
    """
    channels = weights.reshape(-1, *weights.shape[-2:])
    return np.stack([n_of_m_mask(each, n, m) for each in channels]).reshape(weights.shape)


def _kth(codes, count):
    """The `count`-th largest of several tensors of non-negative int32, bit by bit from the top."""

    def with_bit(at, found):
        candidate = found | ops.left_shift(ops.cast(1, "int32"), ops.cast(30 - at, "int32"))
        above = sum(ops.sum(ops.cast(code >= candidate, "int32")) for code in codes)
        return ops.where(above >= count, candidate, found)

    return ops.fori_loop(0, 31, with_bit, ops.cast(0, "int32"))


def _pooled(magnitudes, rows, columns, pooling):
    """`masks.magnitude.pool_blocks` for tensors of a backend."""
    across = _pooled_rows(magnitudes, rows, pooling)
    return ops.transpose(_pooled_rows(ops.transpose(across), columns, pooling))


def _pooled_rows(matrix, height, pooling):
    length = matrix.shape[0]
    windows = -(-length // height)
    padding = windows * height - length
    before = padding // 2
    rows = ops.reshape(
        ops.pad(matrix, ((before, padding - before), (0, 0))), (windows, height, matrix.shape[1])
    )
    if pooling == "MAX":
        return ops.max(rows, axis=1)
    total = rows[:, 0]
    for offset in range(1, height):  # in the host's order: ties depend on the last bit
        total = total + rows[:, offset]
    ends = np.clip(np.arange(windows + 1) * height - before, 0, length)
    return total / np.diff(ends).astype(np.float32)[:, None]


def _laid(grid, rows, columns, shape):
    laid = ops.repeat(ops.repeat(grid, rows, axis=0), columns, axis=1)
    return laid[: shape[0], : shape[1]]
