"""Check the function that updates and applies a mask after each step of the optimizer.

tfmot updates its masks at the beginning of a step, from the weights as the step before has left
them. After step n the schedule is therefore asked about step n + 1.
"""

from itertools import product

import numpy as np

from prunelab.base.checks import shown
from prunelab.exercises.functions import call_all
from prunelab.masks.magnitude import magnitude_mask
from prunelab.schedules.schedule import PolynomialDecay

RAMP = PolynomialDecay(0.0, 0.75, begin_step=40, end_step=120, frequency=10)
FROM_THE_START = PolynomialDecay(0.5, 0.9, begin_step=0, end_step=60, frequency=20)
# It begins with a leap to one half, between the multiples of its frequency.
LEAP = PolynomialDecay(0.5, 0.875, begin_step=45, end_step=105, frequency=20)
SCHEDULES = (RAMP, FROM_THE_START, LEAP)
SHAPE = (11, 7)
SHORTER = (9, 7)  # of both 77 and 63 a half stays at 0.5, once above and once below an even number
# A mask of bools, whole numbers or floats serves: it is multiplied with.
KINDS = "biuf"


def step_cases():
    """(words, (weights, mask, step, its place in SCHEDULES)); masked weights have moved from 0."""
    return [
        ("step 30, before the first update", _case(0, 0.0, 30, 0)),
        ("step 39, before the update of step 40", _case(1, 0.0, 39, 0)),
        ("step 69, before the update of step 70", _case(2, 0.4, 69, 0)),
        ("step 70, after its update", _case(3, 0.5, 70, 0)),
        ("step 74, far from any update", _case(4, 0.5, 74, 0)),
        ("step 119, before the last update", _case(5, 0.7, 119, 0)),
        ("step 129, after the last update", _case(6, 0.75, 129, 0)),
        ("step 19 of a ramp that begins at once", _case(7, 0.5, 19, 1)),
        ("step 44, before a first update that is a leap", _case(8, 0.0, 44, 2)),
        ("step 44 with fewer weights, before a leap", _case(9, 0.0, 44, 2, SHORTER)),
        ("step 59, whose next step is a multiple of the frequency only", _case(10, 0.5, 59, 2)),
        ("step 64, before the second update", _case(11, 0.5, 64, 2)),
    ]


def _case(seed, held, step, at, shape=SHAPE):
    random = np.random.default_rng(seed)
    weights = random.normal(size=shape).astype(np.float32)
    mask = np.ones(shape, bool) if not held else magnitude_mask(weights, held)
    moved = weights * mask + random.normal(scale=0.8, size=shape).astype(np.float32)
    return moved, mask, step, at


def one_step(weights, mask, step, schedule, *, holds=True, ranks_all=True, ahead=1):
    """(weights, mask) after a step, or what comes out with some of the known mistakes.

    holds: whether the mask is applied at every step. ranks_all: whether masked weights are ranked
    as well. ahead: 1 to ask the schedule about the coming step, 0 about the one that is over.
    """
    due = schedule.updates(step + ahead)
    if due:
        ranked = weights if ranks_all else weights * mask
        mask = magnitude_mask(ranked, float(schedule.sparsity(step + ahead)))
    return (weights * mask if holds or due else weights), mask


MISTAKES = {
    "holds": "At a step without an update the masked weights are not zero: the optimizer moves "
    "them, so apply the mask after every step.",
    "ranks_all": "A masked weight cannot come back: rank the weights as the optimizer left them, "
    "not those that the old mask has set to zero.",
    "ahead": "The masks change one step too late: after step n ask the schedule about step n + 1, "
    "the one that is about to begin.",
}


def judge_after_step(answer):
    """(right, sentence) for a function (weights, mask, step, schedule) → (weights, mask)."""
    cases = step_cases()

    def called(weights, mask, step, at):
        return answer(weights, mask, step, SCHEDULES[at])

    given, sentence = call_all(called if callable(answer) else answer, cases)
    if sentence:
        return False, sentence
    for (words, (weights, *_)), value in zip(cases, given, strict=True):
        if sentence := _unusable(value, weights.shape):
            return False, f"After {words}, {sentence}"
    if _agrees(given, cases, one_step):
        return True, "It updates for the coming step, ranks all weights and holds at every step."
    for holds, ranks_all, ahead in product((True, False), (True, False), (1, 0)):
        made = {"holds": holds, "ranks_all": ranks_all, "ahead": ahead}
        if _agrees(given, cases, lambda *case, made=made: one_step(*case, **made)):
            return False, next(MISTAKES[name] for name, value in made.items() if not value)
    return False, _first_difference(given, cases)


def _unusable(value, shape):
    """What is wrong with the kind of a returned value, in words; None for two arrays."""
    if not isinstance(value, tuple | list) or len(value) != 2:
        return f"it returns {shown(value)}; return two arrays, weights and mask."
    for name, array in zip(("weights", "mask"), value, strict=True):
        if np.shape(array) != shape or np.asarray(array).dtype.kind not in KINDS:
            return f"its {name} should be an array of numbers with the shape {shape}."
    return None


def _agrees(given, cases, function):
    return all(
        _same(value, function(*case, SCHEDULES[at]))
        for value, (_, (*case, at)) in zip(given, cases, strict=True)
    )


def _same(value, other):
    return all(
        np.array_equal(np.asarray(one, float), np.asarray(two, float))
        for one, two in zip(value, other, strict=True)
    )


def _first_difference(given, cases):
    """What differs in the first case that does, in words."""
    for value, (words, (old, held, step, at)) in zip(given, cases, strict=True):
        weights, mask = one_step(old, held, step, SCHEDULES[at])
        if not np.array_equal(np.asarray(value[1], float), mask):
            keeps = f"After {words}, its mask keeps {np.count_nonzero(value[1])} weights"
            if not SCHEDULES[at].updates(step + 1):
                return f"{keeps}, but no update is due there: the mask stays."
            return f"{keeps}, and not the {np.count_nonzero(mask)} of largest magnitude."
        if not np.array_equal(np.asarray(value[0], float), weights):
            return f"After {words}, its mask is right, but its weights are not weights times mask."
    raise AssertionError("called with a right answer")
