"""The exercises of the appendix on images: what reaches a network, and two classifiers compared."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import judge_numbers
from prunelab.exercises.prune_a_digit_classifier.pictures import (
    INFLOW_MISTAKES,
    SIDE,
    SIGN_MISTAKES,
    inflow,
    inflow_cases,
    sign_cases,
    sign_test,
)

__all__ = ["q1", "q2"]


def _judge_inflow(answer):
    return judge_numbers(
        answer,
        inflow_cases(),
        inflow,
        INFLOW_MISTAKES,
        right="A weight counts by its size and by how much its pixel varies.",
        look="add the magnitudes in a pixel's row, times the standard deviation of the pixel.",
        count=SIDE * SIDE,
    )


def _judge_sign_test(answer):
    return judge_numbers(
        answer,
        sign_cases(),
        sign_test,
        SIGN_MISTAKES,
        right="Only the pictures that one of the two gets right can tell them apart.",
        look="count the pictures that one network alone gets right; is that split a fair coin's?",
    )


q1 = Exercise(
    "q1",
    _judge_inflow,
    [
        "A weight on a pixel that is black in every picture changes no answer.",
        "Row i of the kernel belongs to pixel i: add its magnitudes, then multiply by a spread.",
        "np.abs(kernel).sum(axis=1) * images.std(axis=0) has 64 numbers; reshape them to 8 × 8.",
    ],
    """
    def inflow(kernel, images):
        return (np.abs(kernel).sum(axis=1) * images.std(axis=0)).reshape(8, 8)
    """,
    reason="What reaches a neuron varies by the weight times the pixel's own variation.",
)
q2 = Exercise(
    "q2",
    _judge_sign_test,
    [
        "A picture that both get right, or both get wrong, says nothing about which is better.",
        "Of n pictures that one alone gets right, the smaller side has k: a coin gives k or fewer "
        "with probability sum(comb(n, i) for i in range(k + 1)) / 2**n.",
        "Twice that, and at most 1, because either of the two may be the better one.",
    ],
    """
    def coin(pruned, control, digits):
        first = int(np.sum((pruned == digits) & (control != digits)))
        second = int(np.sum((control == digits) & (pruned != digits)))
        n, k = first + second, min(first, second)
        return min(1.0, 2 * sum(comb(n, i) for i in range(k + 1)) / 2**n)
    """,
    reason="With both equally good, each picture of the disagreement is a toss of a fair coin.",
)
