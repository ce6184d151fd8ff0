"""The exercises of the chapter on schedules: compute, choose, three to mend, one to make."""

from dataclasses import asdict

import numpy as np

from prunelab.base.checks import whole
from prunelab.base.text import percent
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.functions import (
    in_our_words,
    judge_letter,
    kind_of,
    one_number,
    percent_apart,
)
from prunelab.schedules.flight import preflight
from prunelab.schedules.schedule import PolynomialDecay

TOO_LATE = PolynomialDecay(0.0, 0.8, begin_step=0, end_step=2000)
OFF_GRID = PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750)
TOO_SHORT = PolynomialDecay(0.0, 0.5, begin_step=0, end_step=60)


def _need_a_schedule(answer):
    if not isinstance(answer, PolynomialDecay):
        return f"Give a PolynomialDecay; this is {kind_of(answer)}."
    return None


def _changed(answer, given, allowed):
    """A sentence about fields that were changed but should have stayed, or None."""
    before, after = asdict(given), asdict(answer)
    moved = [name for name in before if before[name] != after[name] and name not in allowed]
    if moved:
        return f"Leave {', '.join(moved)} as given; only {' and '.join(allowed)} may change."
    return None


def _first_finding(checked, only):
    """What is wrong, in words. only: the one field that may change, so no other is suggested."""
    finding = checked.findings[0]
    if finding.code == "off_grid" and only == "frequency":
        return f"{finding.message} Choose a frequency that does."
    return str(finding)


def _prunes(answer, total_steps, target, latest, only=None):
    """A sentence on what the schedule does wrong in the run, or None if it reaches its target."""
    checked = preflight(answer, total_steps=total_steps)
    if checked.findings:
        return _first_finding(checked, only)
    if checked.realised_sparsity != target:
        ends = percent_apart(checked.realised_sparsity, target)
        return f"It ends at {ends}, not at {percent(target)}."
    last = int(checked.update_steps[-1])
    if last > latest:
        return f"Its last update is at step {last}; the network needs the steps after {latest}."
    return None


def _first(*complaints):
    for complaint in complaints:
        sentence = complaint()
        if sentence:
            return False, sentence
    return None


def _judge_largest_frequency(answer):
    with in_our_words():
        frequency = whole("frequency", one_number(answer), at_least=1)
    ramp = PolynomialDecay(0.0, 0.75, begin_step=80, end_step=240, frequency=frequency)
    checked = preflight(ramp, total_steps=320)
    if not checked.ok:
        return False, _first_finding(checked, "frequency")
    if frequency < 40:
        return False, f"A frequency of {frequency} fits, but a larger one fits too."
    return True, (
        "40 is the largest that divides the ramp of 160 steps and still makes five updates: at "
        "steps 80, 120, 160, 200 and 240."
    )


def _judge_value(answer):
    value = one_number(answer)
    if abs(value - 0.65) < 1e-6:
        return True, "Half the way leaves (1/2)² of the distance, and 0.8 − 0.6 · 0.25 is 0.65."
    mistakes = {
        65: "The size is right, but sparsity is a fraction: write percent divided by 100.",
        0.5: "That is a straight line; with power 2 the ramp is ahead of it.",
        0.725: "That is power 3, the default; here the power is 2.",
        0.15: "That is the distance still to go; the formula starts from the final value.",
        0.35: "That starts at the initial sparsity and rises slowly first; the ramp is fast first.",
        0.6: "That starts from zero sparsity; this ramp starts at 0.2.",
    }
    for mistake, sentence in mistakes.items():
        if abs(value - mistake) < 1e-6:
            return False, sentence
    return False, "Put t = 500 into the formula: how much of the ramp is left, and to which power?"


def _judge_why(answer):
    replies = {
        "a": "end_step is 1600 and the run has 1600 steps: both end at the same step.",
        "c": "At end_step the part of the ramp that is left is 0, and 0 to the power of 3 is 0.",
        "d": "Updates are counted from begin_step: 400, 900, 1400. There is none at step 1500.",
    }
    reason = "1200 is no multiple of 500: the last update is at step 1400 and stays."
    return judge_letter(answer, "b", reason, replies)


def _judge_too_late(answer):
    failed = _first(
        lambda: _need_a_schedule(answer),
        lambda: _changed(answer, TOO_LATE, ["end_step"]),
        lambda: _prunes(answer, 938, 0.8, latest=750),
    )
    return failed or (
        True,
        "An update falls on end_step, and the run goes on long enough to recover.",
    )


def _judge_off_grid(answer):
    failed = _first(
        lambda: _need_a_schedule(answer),
        lambda: _changed(answer, OFF_GRID, ["frequency"]),
        lambda: _prunes(answer, 938, 0.9, latest=750, only="frequency"),
    )
    return failed or (True, "The frequency divides the ramp, so an update falls on its end.")


def _judge_too_short(answer):
    failed = _first(
        lambda: _need_a_schedule(answer),
        lambda: _changed(answer, TOO_SHORT, ["begin_step", "end_step", "frequency"]),
        lambda: _prunes(answer, 60, 0.5, latest=48),
    )
    return failed or (
        True,
        "A short run needs a small frequency: this one prunes in time and then recovers.",
    )


def _judge_made(answer):
    def epochs_as_asked():
        if answer.begin_step in (2, 3) or answer.end_step in (8, 9):
            return "Those are epochs; the schedule counts steps, and an epoch has 196 of them."
        if answer.begin_step != 392:
            return f"begin_step={answer.begin_step} is not the end of epoch 2: count the batches."
        if answer.end_step != 1568:
            return f"end_step={answer.end_step} is not the end of epoch 8: count the batches."
        return None

    def no_leap():
        start = answer.initial_sparsity
        if start:
            return (
                f"initial_sparsity={start:g} cuts {percent_apart(start, 0)} at once, at step 392; "
                "begin with no zeros."
            )
        return None

    def about_twenty_updates():
        updates = len(answer.update_range(196 * 12))
        if not 15 <= updates <= 25:
            return f"The masks are updated {updates} times; 15 to 25 were asked for."
        return None

    failed = _first(
        lambda: _need_a_schedule(answer),
        epochs_as_asked,
        no_leap,
        lambda: _prunes(answer, 196 * 12, 0.9, latest=1568),
        about_twenty_updates,
    )
    if failed:
        return failed
    held = answer.sparsity(np.array(answer.update_range(196 * 12)))
    most = percent(float(np.diff(held).max()))
    return True, f"It waits, cuts at most {most} at a time, and leaves four epochs to recover."


explore = Exercise(
    "explore",
    _judge_largest_frequency,
    [
        "Move the frequency slider up from 20 and watch the findings.",
        "Or ask `preflight` for each frequency in turn, from 1 to 100.",
        "The ramp is 160 steps long; four equal parts make five updates, both ends included.",
    ],
    """
    for frequency in range(1, 101):
        if preflight(PolynomialDecay(0.0, 0.75, 80, 240, frequency=frequency), **run).ok:
            largest_frequency = frequency
    """,
    reason="40 divides the ramp of 160 steps into four equal parts; that makes five updates.",
)
q1 = Exercise(
    "q1",
    _judge_value,
    [
        "Half of the ramp is over at step 500.",
        "Half of it is left. Square that half, because the power is 2.",
        "0.8 + (0.2 − 0.8) · (1 − 500/1000)²",
    ],
    "sparsity_at_500 = 0.8 + (0.2 - 0.8) * (1 - 500 / 1000) ** 2",
    reason="Half the way leaves (1/2)² of the distance: 0.8 − 0.6 · 0.25 is 0.65.",
)
q2 = Exercise(
    "q2",
    _judge_why,
    [
        "From which step are the updates counted?",
        "At which steps are the masks recomputed? Ask update_range(1600) of the schedule.",
        "400, 900 and 1400; the next would be 1900. What does the ramp lack at step 1400?",
    ],
    'why = "b"',
    reason="1200 is no multiple of 500: the last update is at step 1400 and stays.",
)
q3 = Exercise(
    "q3",
    _judge_too_late,
    [
        "The check prints what `preflight` found. Which number of the schedule is too large?",
        "The run has 938 steps. Where would you like the last update to be?",
        "From begin_step=0 the updates fall on 100, 200, …: end on one of them, at 500 to 700.",
    ],
    "mended = PolynomialDecay(0.0, 0.8, begin_step=0, end_step=700)",
    reason="700 is a multiple of 100, lies in the run, and leaves 238 steps to recover.",
    given=TOO_LATE,
)
q4 = Exercise(
    "q4",
    _judge_off_grid,
    [
        "An update must fall on end_step. Which ones do, counted from begin_step?",
        "How long is the ramp, in steps? The frequency has to divide that length.",
        "Which numbers divide 750 − 200 = 550, with nothing left over?",
    ],
    "mended = PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750, frequency=50)",
    reason="550 is eleven times 50, so an update falls on end_step.",
    given=OFF_GRID,
)
q5 = Exercise(
    "q5",
    _judge_too_short,
    [
        "The frequency is still 100, and the run has 60 steps.",
        "With begin_step=0 the first update comes at step `frequency`, not at step 0.",
        "End at step 48 or before, with a frequency that divides the ramp into five parts or more.",
    ],
    "mended = PolynomialDecay(0.0, 0.5, begin_step=0, end_step=45, frequency=5)",
    reason="The updates fall on steps 5, 10, … 45: nine of them, the last one on end_step.",
    given=TOO_SHORT,
)
q6 = Exercise(
    "q6",
    _judge_made,
    [
        "Count the batches of an epoch first.",
        "How many batches of 256 does it take to see 50,000 images once? The last may be smaller.",
        "At 196 steps an epoch the ramp has 6 · 196 = 1176; what divides that near 1176/20?",
    ],
    """
    steps_per_epoch = math.ceil(50_000 / 256)
    made = PolynomialDecay(
        0.0, 0.9, begin_step=2 * steps_per_epoch, end_step=8 * steps_per_epoch, frequency=56
    )
    """,
    reason="196 steps an epoch make a ramp of 1176 steps, which 56 divides into 21 parts.",
)
