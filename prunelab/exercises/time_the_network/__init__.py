"""The exercises of the chapter on time: a bisection to mend, and a race on the reader's machine."""

from prunelab.exercises.exercise import Exercise
from prunelab.exercises.time_the_network.break_even import judge_break_even, judge_measured

__all__ = ["q1", "q2"]


q1 = Exercise(
    "q1",
    judge_break_even,
    [
        "Between low and high lies the break-even: low loses and high wins, at every step.",
        "Keep gain(low) at most 1 and gain(high) above 1. If middle wins, which of them moves?",
        "Try both ends first: return low if it wins there, None if high loses. At the end: high.",
    ],
    """
    def break_even(gain, low, high):
        if gain(low) > 1:
            return low
        if gain(high) <= 1:
            return None
        while high - low > 0.01:
            middle = (low + high) / 2
            if gain(middle) > 1:
                high = middle
            else:
                low = middle
        return high
    """,
    reason="Both ends are tried before the loop, and the end that wins is returned.",
    given="""
    def break_even(gain, low, high):
        while high - low > 0.01:
            middle = (low + high) / 2
            if gain(middle) >= 1:
                low = middle
            else:
                high = middle
        return low
    """,
)
q2 = Exercise(
    "q2",
    judge_measured,
    [
        "Write a gain that keeps the rows it measures, and give it to your break_even.",
        "gain(sparsity) calls race, keeps (sparsity, dense, sparse) and returns dense / sparse.",
        "Call break_even(gain, 0.0, 0.98): the sparsity it returns is among your rows.",
    ],
    """
    raced = []

    def gain(sparsity):
        dense, sparse = race(sparsity)
        raced.append((sparsity, dense, sparse))
        return dense / sparse

    mine = {"break_even": break_even(gain, 0.0, 0.98), "measured": raced}
    """,
    reason="The bisection calls race some nine times, and returns a sparsity it has measured.",
)
