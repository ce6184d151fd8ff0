"""Check a bisection for a break-even, and rows measured on the reader's machine.

A gain is above 1 where pruning pays. An answer is judged by the gain at the sparsity it returns.
"""

import math

import numpy as np

from prunelab.base.checks import shown
from prunelab.exercises.functions import call_all, single

TOLERANCE = 0.01
ROUNDED = 1e-6  # rounding error of an end in float32
WIDEST = 0.02  # gap between the last row that loses and the first that wins
FASTEST = 0.005  # ms: no machine reads the 4 MB of a dense kernel in less time


def gain_crossing(at):
    """A rising gain, such as of bytes, that is exactly 1 at the sparsity `at`."""
    return lambda sparsity: (1 - at) / (1 - sparsity)


def even_cases():
    """(words, (where the gain is 1, low, high)); below 0 it wins everywhere."""
    return [
        ("a gain that crosses 1 at 33.25 %", (0.3325, 0.0, 0.98)),
        ("a gain that crosses 1 at 78.9 %", (0.789, 0.0, 0.98)),
        ("a gain that crosses 1 at 3.1 %", (0.031, 0.0, 0.98)),
        ("a gain that crosses 1 at 97.6 %", (0.976, 0.0, 0.98)),
        ("a gain that is 1 at 50 %, in the middle of low and high", (0.5, 0.25, 0.75)),
        ("a gain that is below 1 from low to high", (0.99, 0.0, 0.98)),
        ("a gain that is above 1 from low to high", (0.25, 0.375, 0.98)),
        ("a gain that is exactly 1 at low", (0.25, 0.25, 0.75)),
        ("a gain that is exactly 1 at high", (0.75, 0.25, 0.75)),
        ("a gain that crosses 1 at 47.55 %, from low 0.1 to high 0.9", (0.4755, 0.1, 0.9)),
    ]


def judge_break_even(answer):
    """(right, sentence) for a function (gain, low, high) → sparsity, or None if nothing wins."""
    if not callable(answer):
        return False, f"Give the function itself; this is a {type(answer).__name__}."
    cases = even_cases()

    def called(at, low, high):
        return answer(gain_crossing(at), low, high)

    given, sentence = call_all(called, cases)
    if sentence:
        return False, sentence
    ends = [_ran_away(value, *numbers) for value, (_, numbers) in zip(given, cases, strict=True)]
    if any(ends):
        return False, "It runs to an end of the range: look which half it keeps when middle wins."
    for value, (words, numbers) in zip(given, cases, strict=True):
        mistake = _mistake(value, *numbers)
        if mistake:
            return False, f"On {words} {mistake}"
    return True, "It keeps one end that loses and one that wins, and says so where there is none."


def _number(value):
    """`value` as a float, or None if it is no number."""
    value = single(value)
    try:
        if value is None or isinstance(value, str | bytes | bool):
            return None
        return float(value)
    except (TypeError, ValueError):
        return None


def _ran_away(value, at, low, high):
    """Whether `value` is an end of the range although the gain crosses 1 well inside."""
    value = _number(value)
    inside = low + 0.1 < at < high - 0.1
    return bool(
        inside and value is not None and min(abs(value - low), abs(value - high)) <= TOLERANCE
    )


def _mistake(value, at, low, high):
    """What is wrong with `value` as the break-even of a gain that is 1 at `at`, or None."""
    if not low <= at < high:
        wanted = None if at >= high else low
        return _mistake_at_ends(value, wanted, low)
    if value is None:
        return "it returns None, though the gain is above 1 at high."
    found = _number(value)
    if found is None:
        return f"it returns {shown(value)}; one number should come back, a sparsity."
    if math.isfinite(found) and found > 1:
        return f"it returns {found:g}: a sparsity is a fraction, below 1."
    if not low - ROUNDED <= found <= high + ROUNDED:
        return f"it returns {found:g}, which is not between low and high."
    if found == at:
        return "it returns a sparsity where the gain is 1: that is a tie, and no win."
    if found < at:
        near = at - found <= TOLERANCE
        which = "the last that lost, not the first that won" if near else "far from where it wins"
        return f"it returns {found:.4g}, where the gain is below 1, {which}."
    if found - at > TOLERANCE:
        return f"it returns {found:.4g}, more than 0.01 above the break-even."
    return None


def _mistake_at_ends(value, wanted, low):
    if wanted is None:
        if value is None:
            return None
        return f"it returns {shown(value)}; nothing wins there, not even high: None says so."
    found = _number(value)
    if found == low:
        return None
    said = shown(value) if found is None else f"{found:.4g}"
    return f"it returns {said}; it wins at low already, so low is the answer."


def judge_measured(answer):
    """(right, sentence) for rows measured on the reader's machine."""
    if not isinstance(answer, dict) or set(answer) != {"measured", "break_even"}:
        return False, 'Give a dict with the keys "measured" and "break_even".'
    rows, even = answer["measured"], answer["break_even"]
    if isinstance(rows, np.ndarray) and rows.ndim == 2:
        rows = rows.tolist()
    if rows is ... or rows is None or even is ...:
        return False, "Nothing is measured yet."
    mistake = _mistake_in_rows(rows)
    if not mistake:
        rows = sorted(tuple(map(_number, row)) for row in rows)
        mistake = _mistake_in_times(rows) or _mistake_in_even(rows, even)
    if mistake:
        return False, mistake
    return True, "Your rows bear it out, for this kernel, this batch and this machine, today."


def _mistake_in_rows(rows):
    if not isinstance(rows, list | tuple):
        return "`measured` should be a list of (sparsity, dense ms, sparse ms)."
    for row in rows:
        if not isinstance(row, list | tuple | np.ndarray) or np.shape(row)[:1] != (3,):
            return f"{shown(row)} is no row; each is (sparsity, dense ms, sparse ms)."
        numbers = [_number(value) for value in row]
        if None in numbers or not all(map(math.isfinite, numbers)):
            return f"{shown(row)} is no row; each is three finite numbers."
        if not 0 <= numbers[0] < 1:
            return f"A sparsity is a fraction from 0 to below 1; {numbers[0]:g} is none."
        if min(numbers[1:]) <= 0:
            return f"The times of sparsity {numbers[0]:g} are not above 0."
    if len(rows) < 2:  # a bisection measures fewer where nothing wins
        return "Too few rows: one where it loses and one where it may win are the least."
    return None


def _mistake_in_times(rows):
    """What is wrong with the times, or None. rows: (sparsity, dense ms, sparse ms), sorted."""
    dense = [row[1] for row in rows]
    if min(dense) < FASTEST:
        return f"A dense kernel of 4 MB in {min(dense):g} ms? Those look like seconds."
    if len(set(dense)) == 1:
        return "The dense time is the very same in each row: measure it anew beside each other."
    (_, first_dense, first), (_, last_dense, last) = rows[0], rows[-1]
    if first < first_dense and last > last_dense:
        return "It wins with few zeros and loses with many: are the two times in this order?"
    if max(dense) > 10 * min(dense):
        return (
            f"The dense time goes from {min(dense):.2g} to {max(dense):.2g} ms, though zeros do "
            "not touch it: time both turn by turn, many times, with one thread."
        )
    return None


def _mistake_in_even(rows, even):
    wins = {sparsity: dense > sparse for sparsity, dense, sparse in rows}
    if even is None:
        return _mistake_in_none(wins)
    even = _number(even)
    if even is None or not 0 <= even < 1:
        return "`break_even` should be a sparsity, a fraction below 1; or None where nothing wins."
    if even not in wins:
        return f"{even:.4g} is not among your rows: the break-even is the least that you saw win."
    if not wins[even]:
        return f"At {even:.4g} the sparse kernel is not faster in your own rows."
    below = [sparsity for sparsity in wins if sparsity < even]
    if even == 0:
        return (
            "It wins without a single zero, so zeros are not why: was the machine busy? Race again."
        )
    if not below:
        return "Nothing was measured below it: measure where the sparse kernel loses, too."
    if wins[max(below)]:
        return f"At {max(below):.4g}, below it, the sparse kernel wins already in your rows."
    if even - max(below) > WIDEST + 1e-9:
        return f"Between {max(below):.4g}, where it loses, and {even:.4g} is more than {WIDEST:g}."
    return None


def _mistake_in_none(wins):
    won = [sparsity for sparsity, win in wins.items() if win]
    if won:
        return f"None says that nothing wins, but at {min(won):.4g} the sparse kernel did."
    if max(wins) < 0.95:
        return f"You looked no further than {max(wins):.4g}: does it win at 0.95 and more?"
    return None
