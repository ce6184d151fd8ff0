"""Answers that are numbers or functions; functions are called on inputs the reader has not seen."""

import copy
import inspect
import math
import re
from contextlib import contextmanager

import numpy as np

from prunelab.base.checks import shown
from prunelab.base.text import percent
from prunelab.exercises import sandbox
from prunelab.exercises.sandbox import OutOfTime, words_of
from prunelab.progress.answers import DEEPEST, plain

RTOL = 1e-6


class UnusableError(Exception):
    """An answer of the wrong kind; the message is for the reader."""


def kind_of(answer):
    """The kind of an answer, with its article: "a list", "an int"."""
    name = type(answer).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def single(answer):
    """`answer`, or the one thing in it: a list, a tuple, an array, a table of a single place."""
    answer = plain(answer)
    for _ in range(DEEPEST):
        if isinstance(answer, list | tuple) and len(answer) == 1:
            answer = answer[0]
        elif isinstance(answer, np.ndarray) and answer.size == 1:
            answer = answer.reshape(-1)[0]
        else:
            break
    return answer


def one_letter(answer, letters):
    """The letter of `letters` that an answer is, however it is written: "c", " C ", "(c)", "c."."""
    answer = single(answer)
    if isinstance(answer, str):
        letter = answer.strip().strip("()[].:").strip().lower()
        if len(letter) == 1 and letter in letters:
            return letter
    *first, last = (f"'{letter}'" for letter in letters)
    raise UnusableError(f"Answer with one of the letters {', '.join(first)} and {last}.")


def one_name(answer):
    """A name as `rate_too_low`, however it is written, such as "Rate too low"; None for no text."""
    answer = single(answer)
    return re.sub(r"[\s-]+", "_", answer.strip().lower()) if isinstance(answer, str) else None


def in_any_order(answer):
    """The items of a list, a tuple, a set or an array in which the order is without meaning."""
    answer = plain(answer)
    if isinstance(answer, set | frozenset):
        return sorted(answer, key=repr)
    return answer.tolist() if isinstance(answer, np.ndarray) and answer.ndim == 1 else answer


def apart(value, other, written="{:.2f}"):
    """`value` as `written` says, with as many more digits as tell it from `other`.

    >>> apart(0.95004, 0.95, "{:.2%}"), apart(0.96, 0.95, "{:.2%}")
    ('95.004%', '96.00%')
    """
    digits, kind = re.fullmatch(r"\{:\.(\d+)(.)\}", written).groups()
    for more in range(int(digits), 18):
        form = f"{{:.{more}{kind}}}"
        if value == other or form.format(value) != form.format(other):
            return form.format(value)
    return repr(float(value))


def percent_apart(value, other):
    """A sparsity in words, as `percent` writes it, with the digits that tell it from `other`."""
    if value == other or percent(value) != percent(other):
        return percent(value)
    return apart(value, other, "{:.2%}").replace("%", " %")


def one_number(answer):
    """`answer` as a float; otherwise UnusableError, which says what the answer is."""
    answer = single(answer)
    if isinstance(answer, bool | np.bool_):
        raise UnusableError("Give one number; this is a bool.")
    if isinstance(answer, np.ndarray) and answer.size != 1:
        raise UnusableError(f"Give one number; this is an array of shape {answer.shape}.")
    if isinstance(answer, str | bytes):
        answer = answer.strip()
    try:
        return float(answer)
    except (TypeError, ValueError, OverflowError):
        if isinstance(answer, str | bytes):
            raise UnusableError(
                f"Give one number, not a text: {shown(answer)} is none; "
                "14.5 has a point, not a comma."
            ) from None
        a_large_one = isinstance(answer, int)
        is_a = "far too large" if a_large_one else kind_of(answer)
        raise UnusableError(f"Give one number; this is {is_a}.") from None


def judge_letter(answer, right, reason, replies):
    """(right, sentence) for one letter of several.

    reason: why the letter `right` is right. replies: for each other letter, what to look at next.
    """
    letter = one_letter(answer, sorted([right, *replies]))
    return (True, reason) if letter == right else (False, replies[letter])


@contextmanager
def in_our_words():
    """`with`: errors of prunelab's own checks become UnusableError with the same message."""
    try:
        yield
    except (TypeError, ValueError) as error:
        raise UnusableError(f"{error}.") from None


def call_all(answer, cases):
    """(what `answer` returns on each case, None), or (None, a sentence why it could not).

    cases: (words, arguments) pairs; the sentence uses the words to say where it failed. Each call
    gets copies of its arguments; changing them counts as a failure.
    """
    if not callable(answer):
        return None, f"Give the function itself; this is {kind_of(answer)}."
    given, words = [], "the first input"
    try:
        for words, arguments in cases:
            copies = copy.deepcopy(arguments)
            given.append(plain(answer(*copies)))
            if inspect.iscoroutine(given[-1]):
                given[-1].close()
                return None, f"On {words} it waits to be awaited; write def without async."
            if not same(copies, arguments):
                what = "array" if any(isinstance(a, np.ndarray) for a in copies) else "list"
                return None, f"On {words} it changes the {what} it is given; work on a copy."
    except OutOfTime:  # raised by the time limit, see `Exercise.verdict`
        takes = f"it takes longer than {sandbox.SECONDS:g} seconds"
        return None, f"On {words} {takes}; does a loop never end?"
    except KeyboardInterrupt:
        raise
    except ImportError as error:
        if not isinstance(error, ModuleNotFoundError):  # see `Exercise.verdict`
            raise
        return None, f"On {words} it raises {words_of(error, 120)}."
    except BaseException as error:
        return None, f"On {words} it raises {words_of(error, 120)}."
    return given, None


def same(first, second):
    """Whether two values are equal numbers in equal shapes, or two texts are equal.

    Tuples, dicts, and lists that are no arrays of numbers are compared item by item.
    """
    if isinstance(first, tuple) and isinstance(second, tuple):
        return _all_same(first, second)
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in second)
    if isinstance(first, str) and isinstance(second, str):
        return first == second
    if type(first) is float and type(second) is float and math.isfinite(second):
        return abs(first - second) <= RTOL * abs(second)  # like below, a hundred times as fast
    try:
        one, other = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    except (TypeError, ValueError):
        lists = isinstance(first, list) and isinstance(second, list)
        return lists and _all_same(first, second)
    return one.shape == other.shape and np.allclose(one, other, rtol=RTOL, atol=0)


def _all_same(first, second):
    return len(first) == len(second) and all(map(same, first, second))


def numbers_given(answer, cases, count=1):
    """(one float for each case, or a tuple of `count`, None), or (None, a sentence why not)."""
    given, sentence = call_all(answer, cases)
    if sentence:
        return None, sentence
    wanted = "one number" if count == 1 else f"{count} numbers"
    numbers = []
    for (words, _), value in zip(cases, given, strict=True):
        try:
            values = np.asarray(value, dtype=float).ravel()
        except (TypeError, ValueError):
            values = np.zeros(0)
        if values.size != count or value is None or isinstance(value, dict | str):
            return None, f"On {words} it returns {shown(value)}; {wanted} should come back."
        if not np.all(np.isfinite(values)):
            return None, f"On {words} it returns {shown(value)}, which is not a finite number."
        numbers.append(float(values[0]) if count == 1 else tuple(values.tolist()))
    return numbers, None


def judge_numbers(answer, cases, truth, mistakes, *, right, look, count=1):
    """(right, sentence): whether `answer` equals `truth` on all cases, else which mistake it is.

    truth and the mistakes' functions take a case's arguments. mistakes: (function, sentence) pairs;
    a mistake is named if it gives the same values as the answer in every case.
    """
    given, sentence = numbers_given(answer, cases, count)
    if sentence:
        return False, sentence
    wanted = [truth(*arguments) for _, arguments in cases]
    if all(map(same, given, wanted)):
        return True, right
    for mistake, sentence in mistakes:
        if all(
            same(g, mistake(*arguments)) for g, (_, arguments) in zip(given, cases, strict=True)
        ):
            return False, sentence
    failed = next(at for at, pair in enumerate(zip(given, wanted, strict=True)) if not same(*pair))
    return False, f"On {cases[failed][0]} it is not right yet: {look}"
