"""Right answers and known mistakes of the appendix on Keras 3."""

import math

import numpy as np

from prunelab.exercises import prune_in_keras_3 as keras3
from prunelab.exercises.prune_in_keras_3.steps import one_step
from prunelab.masks import kept_count, magnitude_mask

# ---- the sparsity of the pruned weights ---------------------------------------------------------


def needed(pruned, dense, whole):
    sparsity = whole * (pruned + dense) / pruned
    return sparsity if sparsity < 1 else None


def by_counting(pruned, dense, whole):
    zeros = (pruned + dense) * whole
    if zeros >= pruned:
        return None
    return np.float64(zeros) / pruned


def by_what_is_left(pruned, dense, whole):
    left = (1 - whole) * (pruned + dense) - dense
    return 1 - left / pruned if left > 1e-9 else None


def unlimited(pruned, dense, whole):
    return whole * (pruned + dense) / pruned


# ---- the step of the pruner ---------------------------------------------------------------------


def after_step(weights, mask, step, schedule):
    if schedule.updates(step + 1):
        mask = magnitude_mask(weights, float(schedule.sparsity(step + 1)))
    return weights * mask, mask


def by_sorting(weights, mask, step, schedule):
    if step + 1 in schedule.update_range(step + 1):
        kept = kept_count(weights.size, float(schedule.sparsity(step + 1)))
        least = np.sort(np.abs(weights), axis=None)[-kept]
        mask = np.where(np.abs(weights) >= least, 1.0, 0.0)
    return np.where(mask != 0, weights, 0.0), mask


def with_a_list(weights, mask, step, schedule):
    weights, mask = after_step(weights, mask, step, schedule)
    return [weights, mask.astype(int)]


def as_given(weights, mask, step, schedule):
    """The function of the exercise, before it is mended."""
    if schedule.updates(step):
        mask = magnitude_mask(weights * mask, float(schedule.sparsity(step)))
        weights = weights * mask
    return weights, mask


def slip(**made):
    """The step with some of its known mistakes."""
    return lambda *case: one_step(*case, **made)


def in_place(weights, mask, step, schedule):
    if schedule.updates(step + 1):
        mask = magnitude_mask(weights, float(schedule.sparsity(step + 1)))
    weights *= mask
    return weights, mask


def smallest_stay(weights, mask, step, schedule):
    if schedule.updates(step + 1):
        mask = ~magnitude_mask(weights, float(schedule.sparsity(step + 1)))
    return weights * mask, mask


def by_value(weights, mask, step, schedule):
    if schedule.updates(step + 1):
        share = float(schedule.sparsity(step + 1))
        mask = weights > np.quantile(weights, share)
    return weights * mask, mask


def at_every_step(weights, mask, step, schedule):
    mask = magnitude_mask(weights, float(schedule.sparsity(step + 1)))
    return weights * mask, mask


def twice_masked(weights, mask, step, schedule):
    weights, mask = after_step(weights, mask, step, schedule)
    return 2 * weights, mask


RIGHT = [
    (keras3.q1, [needed, by_counting, by_what_is_left]),
    (keras3.q2, [after_step, by_sorting, with_a_list, one_step]),
]

WRONG = [
    (keras3.q1, lambda pruned, dense, whole: whole, "the dense ones dilute it"),
    (
        keras3.q1,
        lambda pruned, dense, whole: whole * pruned / (pruned + dense),
        "the other way round",
    ),
    (keras3.q1, unlimited, "return None where the dense weights"),
    (keras3.q1, lambda *case: min(unlimited(*case), 1.0), "leaves no weight"),
    (keras3.q1, lambda pruned, dense, whole: whole * (pruned + dense), "the number of zeros"),
    (keras3.q1, lambda pruned, dense, whole: whole * dense / pruned, "count in it as well"),
    (keras3.q1, lambda *case: 100 * unlimited(*case), "On 600 pruned weights"),
    (keras3.q1, lambda *case: None, "On 600 pruned weights"),
    (keras3.q1, lambda *case: math.nan, "which is not a finite number"),
    (keras3.q1, lambda *case: "75 %", "one number should come back"),
    (keras3.q1, lambda pruned, dense: 0.5, "raises TypeError"),
    (keras3.q1, 0.75, "Give the function itself"),
    (keras3.q2, as_given, "apply the mask after every step"),
    (keras3.q2, slip(holds=False), "apply the mask after every step"),
    (keras3.q2, slip(ranks_all=False), "cannot come back"),
    (keras3.q2, slip(ahead=0), "one step too late"),
    (keras3.q2, slip(ranks_all=False, ahead=0), "cannot come back"),
    (keras3.q2, slip(holds=False, ahead=0), "apply the mask after every step"),
    (keras3.q2, in_place, "work on a copy"),
    (keras3.q2, smallest_stay, "of largest magnitude"),
    (keras3.q2, by_value, "of largest magnitude"),
    (keras3.q2, at_every_step, "no update is due there"),
    (keras3.q2, twice_masked, "not weights times mask"),
    (keras3.q2, lambda weights, mask, step, schedule: weights * mask, "return two arrays"),
    (keras3.q2, lambda weights, *others: (weights, None), "its mask should be an array"),
    (keras3.q2, lambda weights, mask, step: (weights, mask), "raises TypeError"),
    (keras3.q2, np.zeros(3), "Give the function itself"),
]
