"""The texts of the PlanExplorer.

What is said of an arm is made here once and sent with its row. What depends on the slider and on
the chosen arms is put together from SENTENCES, here and in `words.js`; a test compares both.
"""

from prunelab.base.text import percent, short, three
from prunelab.widgets.plan.state import best, chosen, reaches

SENTENCES = {
    "best": "Best with {gone}: {said}",
    "best_of_all": "Best of the chosen: {said}",
    "none": "None of the chosen networks has {gone}",
    "nothing": "No network is chosen",
    "gone": "{percent} of the weights gone",
    "reached": "In {count} of {networks} at least {percent} of the control's weights are gone: "
    "zero, or never built.",
    "linear": "For comparison, a linear model on the raw inputs: {said}.",
    "linear_models": "For comparison, linear models on the raw inputs: {said}.",
    "one_seed": "With one seed there is no interval: nothing says how much of this is chance.",
    "seeds": "Intervals: 95 %, over seeds.",
}


def headline(data, state):
    """The best result at that sparsity, in a line."""
    arm, asked = best(data, state), state["sparsity"] > 0
    gone = SENTENCES["gone"].format(percent=percent(state["sparsity"]))
    if arm is None:
        return SENTENCES["none" if asked else "nothing"].format(gone=gone)
    said = arm["texts"][state["measure"]]["short"]
    return SENTENCES["best" if asked else "best_of_all"].format(gone=gone, said=said)


def describe(data, state):
    """The caption: how many reach the sparsity, the best, its control, and the linear models."""
    arms, measure = chosen(data, state), state["measure"]
    networks = [arm for arm in arms if not arm["linear"]]
    words = []
    if state["sparsity"] > 0:
        there = sum(reaches(arm, state["sparsity"]) for arm in networks)
        words.append(
            SENTENCES["reached"].format(
                count=there,
                networks=counted(len(networks), "chosen network"),
                percent=percent(state["sparsity"]),
            )
        )
    arm = best(data, state)
    if arm is not None:
        words.append(arm["texts"][measure]["long"])
    linear = [arm["texts"][measure]["linear"] for arm in arms if arm["linear"]]
    if linear:
        name = "linear" if len(linear) == 1 else "linear_models"
        words.append(SENTENCES[name].format(said=", ".join(linear)))
    if arms:
        lone = any(len(arm["seeds"]) == 1 for arm in arms)
        words.append(SENTENCES["one_seed" if lone else "seeds"])
    return " ".join(words)


def counted(count, word):
    """A number with its noun: "1 run", "2 runs"."""
    return f"{count} {word}{'' if count == 1 else 's'}"


# ---- of one arm ---------------------------------------------------------------------------------


def texts_of(row, measure, is_control):
    """What is said of an arm by one measure.

    short: in the headline. long: in the caption, where it is the best. linear: where it stands
    beside networks. cells: {column: (text, smaller text)} of the table, without `shared_cells`.
    row: see `data.row_of`. measure: its label, log and higher.
    """
    mean = short(row["mean"])
    return {
        "short": f"{row['label']}, {measure['label']} {mean}",
        "long": " ".join(filter(None, [_best(row, measure), _change(row, measure, is_control)])),
        "linear": f"{row['label']} {mean}",
        "cells": {
            "mean": (mean, _interval(row["low"], row["high"], three)),
            **_change_cells(row, measure, is_control),
        },
    }


def shared_cells(row):
    """The cells of an arm that are the same by every measure: {column: text}."""
    return {
        "seeds": str(row["seeds"]),
        "zeros": "–" if row["zeros"] is None else percent(row["zeros"]),
        "weights": f"{row['weights']:,.0f}",
    }


def _best(row, measure):
    most = "Highest" if measure["higher"] else "Lowest"
    said = f"{most} {measure['label']}: {row['label']}, {short(row['mean'])}"
    if row["low"] is None:
        return f"{said} (one seed)."
    return f"{said} ({_interval(row['low'], row['high'], short)}, {row['seeds']} seeds)."


def _change(row, measure, is_control):
    if row["change"] is None:
        return "That is the control itself." if is_control else ""
    said = f"Against its control, seed by seed: {_changed(row['change'], measure)}"
    if row["change_low"] is not None:
        said += f" ({_change_interval(row, measure, short)})"
    return f"{said}, {row['side']} in {row['agree']} of {row['paired']}."


def _change_cells(row, measure, is_control):
    if row["change"] is None:
        said = ("the control", "") if is_control else ("–", "no common seed")
        return {"change": (said[0], ""), "agree": (said[1], "")}
    return {
        "change": (_changed(row["change"], measure), _change_interval(row, measure, three)),
        "agree": (f"{row['agree']} of {row['paired']}", row["side"]),
    }


def _changed(value, measure):
    """A change to the control: "0.4 ×", or "+0.12" with its sign."""
    return f"{short(value)} ×" if measure["log"] else _signed(value, short)


def _change_interval(row, measure, write):
    end = write if measure["log"] else lambda value: _signed(value, write)
    return _interval(row["change_low"], row["change_high"], end)


def _signed(value, write):
    return "0" if value == 0 else f"{'−' if value < 0 else '+'}{write(abs(value))}"


def _interval(low, high, write):
    return "no interval" if low is None else f"{write(low)} to {write(high)}"
