"""The texts of a prediction; `words.js` makes the same texts, and a test compares the two."""

import math

from prunelab.base.text import short

SHAPES = {
    "no rise": "the measured one rises on its way, and yours does not",
    "a rise": "yours rises on its way, and the measured one does not",
    "no fall": "the measured one falls on its way, and yours does not",
    "a fall": "yours falls on its way, and the measured one does not",
    "bend": "it is not bent as the measured one is",
}


def with_unit(axis, value):
    """A number in four digits, with the unit of its axis."""
    return f"{short(value)} {axis.unit}".strip()


def asked(question):
    """What is asked for, in a few words."""
    if question.kind == "number":
        axis = question.axis
        return f"a number from {with_unit(axis, axis.low)} to {with_unit(axis, axis.high)}"
    if question.kind == "choice":
        return f"one of {len(question.options)}: {', '.join(question.options)}"
    ends = [with_unit(axis, end) for axis in (question.x, question.y) for end in axis_ends(axis)]
    return f"a curve from {ends[0]} to {ends[1]}, with heights from {ends[2]} to {ends[3]}"


def caption(question, guess, truth):
    """The question, and what is known of its answer. guess: the locked guess, or None."""
    ended = question.text.endswith(("?", ".", "!", ":", "…"))
    asks = f"Predict: {question.text}{'' if ended else ':'}"
    if guess is None:
        return f"{asks} Answer with {asked(question)}; no guess is locked yet."
    says = f"Your guess: {guessed(question, guess)}." if truth is None else ""
    return f"{asks} {says or compared(question, guess, truth)}"


def axis_ends(axis):
    """(low, high)."""
    return axis.low, axis.high


def guessed(question, guess):
    """The guess in words."""
    if question.kind == "number":
        value, low, high = (with_unit(question.axis, guess[at]) for at in ("value", "low", "high"))
        return f"{value}, somewhere from {low} to {high}"
    if question.kind == "choice":
        return f"“{guess['option']}”, {_percent(guess['sure'])} % sure"
    points = sum(height is not None for height in guess["heights"])
    return f"a curve through {points} points"


def measured(question, truth):
    """The truth in words."""
    if question.kind == "number":
        interval = truth["interval"]
        value = with_unit(question.axis, truth["value"])
        if interval is None:
            return value
        return f"{value} ({' to '.join(with_unit(question.axis, end) for end in interval)})"
    if question.kind == "choice":
        return f"“{truth['option']}”"
    first, last = (with_unit(question.y, truth["y"][at]) for at in (0, -1))
    return f"a curve from {first} to {last}"


def compared(question, guess, truth):
    """How the guess did."""
    outcome, says = question.score(guess, truth), measured(question, truth)
    if question.kind == "number":
        low, high = (with_unit(question.axis, guess[at]) for at in ("low", "high"))
        if outcome.wide:
            part = f"{_percent(outcome.score)} % of the axis"
            return (
                f"It is {says}. Your range, {low} to {high}, holds it, but spans {part}: "
                "such a wide range says little."
            )
        if outcome.held:
            return f"It is {says}. Your range, {low} to {high}, holds it."
        side = "below" if truth["value"] < guess["low"] else "above"
        end = truth["interval"] or [truth["value"], truth["value"]]
        overlap = end[0] <= guess["high"] and guess["low"] <= end[1]
        more = " The measurement's own interval overlaps it." if overlap else ""
        return f"It is {says}. That lies {side} your range, {low} to {high}.{more}"
    if question.kind == "choice":
        sure = f"{_percent(guess['sure'])} % sure"
        if outcome.held:
            return f"It is {says}, as you said, {sure}."
        return f"It is {says}. You said “{guess['option']}”, {sure}."
    away = f"{_percent(outcome.score)} % of the axis"
    if outcome.held:
        return f"Your curve is near: {away} from the measured one, on average."
    shape = f", but {SHAPES[outcome.shape]}" if outcome.shape else ""
    return f"Your curve is {away} from the measured one, on average{shape}."


def _percent(fraction):
    return math.floor(100 * fraction + 0.5)
