"""The exercises of the appendix on Keras 3: a sparsity to compute, a pruner's step to mend."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import judge_numbers
from prunelab.exercises.prune_in_keras_3.steps import judge_after_step

__all__ = ["q1", "q2"]

# (weights that are pruned, weights that stay dense, share of zeros in the whole model)
WHOLE = [
    ("600 pruned weights, 200 dense ones and a share of one half", (600, 200, 0.5)),
    ("5,184 pruned weights, 1,290 dense ones and 60 %", (5184, 1290, 0.6)),
    ("1,000 pruned weights, no dense ones and 75 %", (1000, 0, 0.75)),
    ("900 pruned weights, 100 dense ones and 90 %", (900, 100, 0.9)),
    ("300 pruned weights, 700 dense ones and one half", (300, 700, 0.5)),
    ("1,000 pruned weights, 50 dense ones and no zeros", (1000, 50, 0.0)),
    ("300 pruned weights, 700 dense ones and 20 %", (300, 700, 0.2)),
    ("1,000 pruned weights, 250 dense ones and 79 %", (1000, 250, 0.79)),
    ("1,900 pruned weights, 100 dense ones and 92 %", (1900, 100, 0.92)),
]
# In place of None, the answer where a model cannot have so many zeros: a number nobody returns.
CANNOT = -0.123456789


def _needed(pruned, dense, whole):
    sparsity = whole * (pruned + dense) / pruned
    return sparsity if sparsity < 1 else CANNOT


def _judge_needed(answer):
    def numbered(*case):
        found = answer(*case)
        return CANNOT if found is None else found

    return judge_numbers(
        numbered if callable(answer) else answer,
        WHOLE,
        _needed,
        [
            (
                lambda pruned, dense, whole: whole,
                "That share is then reached in the pruned weights alone; the dense ones dilute it.",
            ),
            (
                lambda pruned, dense, whole: whole * pruned / (pruned + dense),
                "That is the share of the whole model when `whole` is the share of the pruned "
                "weights: the other way round.",
            ),
            (
                lambda pruned, dense, whole: whole * (pruned + dense) / pruned,
                "No schedule takes a sparsity of 1 or more: return None where the dense weights "
                "alone are too many.",
            ),
            (
                lambda pruned, dense, whole: min(whole * (pruned + dense) / pruned, 1.0),
                "A sparsity of 1 leaves no weight, and the share is not reached all the same: "
                "return None there.",
            ),
            (
                lambda pruned, dense, whole: whole * (pruned + dense),
                "That is the number of zeros; divide it by the number of weights that are pruned.",
            ),
            (
                lambda pruned, dense, whole: whole * dense / pruned,
                "Zeros are wanted in the whole model: the pruned weights count in it as well.",
            ),
        ],
        right="The dense weights have no zeros, so the pruned ones need more, or cannot do it.",
        look="how many zeros does the whole model need, and where can they stand?",
    )


q1 = Exercise(
    "q1",
    _judge_needed,
    [
        "How many zeros does the whole model need? Count all of its weights.",
        "Only pruned weights can be zeros: divide that number by `pruned`.",
        "whole · (pruned + dense) / pruned; where that is 1 or more, return None.",
    ],
    """
    def needed(pruned, dense, whole):
        sparsity = whole * (pruned + dense) / pruned
        return sparsity if sparsity < 1 else None
    """,
    reason="All zeros stand in the pruned weights, and at least one weight has to stay.",
)
q2 = Exercise(
    "q2",
    judge_after_step,
    [
        "There are three mistakes. What happens to a masked weight at a step without an update?",
        "The optimizer may have moved a masked weight far from 0. May it come back?",
        "The step that follows is step + 1: ask the schedule about that one, rank `weights` "
        "themselves, and multiply at every step.",
    ],
    """
    def after_step(weights, mask, step, schedule):
        if schedule.updates(step + 1):
            mask = magnitude_mask(weights, float(schedule.sparsity(step + 1)))
        return weights * mask, mask
    """,
    reason="An update ranks the weights as the optimizer left them, for the step that comes.",
    given="""
    def after_step(weights, mask, step, schedule):
        if schedule.updates(step):
            mask = magnitude_mask(weights * mask, float(schedule.sparsity(step)))
            weights = weights * mask
        return weights, mask
    """,
)
