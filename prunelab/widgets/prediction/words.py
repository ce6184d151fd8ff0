"""The texts of a prediction.

A guess is judged in the page too, where no kernel may run: `words.js` fills in the same SENTENCES,
which are sent with the question, and a test compares the two.
"""

import math

from prunelab.base.text import short

SHAPES = {
    "no rise": "the measured one rises on its way, and yours does not",
    "a rise": "yours rises on its way, and the measured one does not",
    "no fall": "the measured one falls on its way, and yours does not",
    "a fall": "yours falls on its way, and the measured one does not",
    "bend": "it is not bent as the measured one is",
}


SENTENCES = {
    "range": "{value}, somewhere from {low} to {high}",
    "option": "“{option}”, {sure} % sure",
    "points": "a curve through {points} points",
    "measured_interval": "{value} ({low} to {high})",
    "measured_option": "“{option}”",
    "measured_curve": "a curve from {first} to {last}",
    "range_held": "It is {says}. Your range, {low} to {high}, holds it.",
    "range_too_wide": "It is {says}. Your range, {low} to {high}, holds it, but spans {part} % of "
    "the axis: such a wide range says little.",
    "range_is_above": "It is {says}. That lies below your range, {low} to {high}.{more}",
    "range_is_below": "It is {says}. That lies above your range, {low} to {high}.{more}",
    "overlap": " The measurement's own interval overlaps it.",
    "option_held": "It is {says}, as you said, {sure} % sure.",
    "option_missed": "It is {says}. You said “{option}”, {sure} % sure.",
    "curve_near": "Your curve is near: {part} % of the axis from the measured one, on average.",
    "curve_away": "Your curve is {part} % of the axis from the measured one, on average{but}.",
    "but": ", but {shape}",
    "shapes": SHAPES,
}


def with_unit(axis, value):
    """A number in four digits, with the unit of its axis."""
    return f"{short(value)} {axis.unit}".strip()


def asked(question):
    """What is asked for, in a few words."""
    if question.kind == "number":
        return f"a number {_from_to(question.axis)}"
    if question.kind == "choice":
        return f"one of {len(question.options)}: {', '.join(question.options)}"
    return f"a curve {_from_to(question.x)}, with heights {_from_to(question.y)}"


def _from_to(axis):
    return f"from {with_unit(axis, axis.low)} to {with_unit(axis, axis.high)}"


def caption(question, guess, truth):
    """The question, and what is known of its answer. guess: the locked guess, or None."""
    ended = question.text.endswith(("?", ".", "!", ":", "…"))
    asks = f"Predict: {question.text}{'' if ended else ':'}"
    if guess is None:
        return f"{asks} Answer with {asked(question)}; no guess is locked yet."
    says = f"Your guess: {guessed(question, guess)}." if truth is None else ""
    return f"{asks} {says or compared(question, guess, truth)}"


def guessed(question, guess):
    """The guess in words."""
    if question.kind == "number":
        return SENTENCES["range"].format(**_with_units(question.axis, guess))
    if question.kind == "choice":
        return SENTENCES["option"].format(option=guess["option"], sure=_percent(guess["sure"]))
    points = sum(height is not None for height in guess["heights"])
    return SENTENCES["points"].format(points=points)


def _with_units(axis, guess):
    return {part: with_unit(axis, guess[part]) for part in ("value", "low", "high")}


def measured(question, truth):
    """The truth in words."""
    if question.kind == "number":
        value = with_unit(question.axis, truth["value"])
        if truth["interval"] is None:
            return value
        low, high = (with_unit(question.axis, end) for end in truth["interval"])
        return SENTENCES["measured_interval"].format(value=value, low=low, high=high)
    if question.kind == "choice":
        return SENTENCES["measured_option"].format(option=truth["option"])
    first, last = (with_unit(question.y, truth["y"][at]) for at in (0, -1))
    return SENTENCES["measured_curve"].format(first=first, last=last)


def compared(question, guess, truth):
    """How the guess did."""
    outcome, says = question.score(guess, truth), measured(question, truth)
    if question.kind == "number":
        return _compared_range(question.axis, guess, truth, outcome, says)
    if question.kind == "choice":
        sentence = SENTENCES["option_held" if outcome.held else "option_missed"]
        return sentence.format(says=says, option=guess["option"], sure=_percent(guess["sure"]))
    part = _percent(outcome.score)
    if outcome.held:
        return SENTENCES["curve_near"].format(part=part)
    but = SENTENCES["but"].format(shape=SHAPES[outcome.shape]) if outcome.shape else ""
    return SENTENCES["curve_away"].format(part=part, but=but)


def _compared_range(axis, guess, truth, outcome, says):
    known = _with_units(axis, guess) | {"says": says}
    if outcome.wide:
        return SENTENCES["range_too_wide"].format(part=_percent(outcome.score), **known)
    if outcome.held:
        return SENTENCES["range_held"].format(**known)
    end = truth["interval"] or [truth["value"], truth["value"]]
    overlap = end[0] <= guess["high"] and guess["low"] <= end[1]
    side = "range_is_above" if truth["value"] < guess["low"] else "range_is_below"
    return SENTENCES[side].format(more=SENTENCES["overlap"] if overlap else "", **known)


def _percent(fraction):
    return math.floor(100 * fraction + 0.5)
