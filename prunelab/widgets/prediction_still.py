"""The still picture of a Prediction: for pages without a kernel, and for print: room to write."""

import textwrap

import numpy as np

from prunelab.widgets.prediction_words import compared, guessed

INK, BLUE, VERMILLION, SOFT = "#333333", "#0072B2", "#C85200", "#5b636d"


def draw_still(figure, question, guess, truth):
    """Draw on an empty Figure. guess: where it is locked, else None; truth: where it is out."""
    ax = figure.subplots()
    lines = textwrap.wrap(f"Predict: {question.text}", 88)
    ax.set_title("\n".join(lines), loc="left", color=INK, fontsize=12)
    {"number": _draw_number, "choice": _draw_choice, "curve": _draw_curve}[question.kind](
        ax, question, guess, truth
    )
    says = "" if guess is None else f"Your guess: {guessed(question, guess)}."
    if truth is not None:
        says = compared(question, guess, truth)
    if says:
        figure.supxlabel(says, x=0.99, ha="right", fontsize=9, color=SOFT)


def _draw_number(ax, question, guess, truth):
    axis = question.axis
    _scale(ax, "x", axis)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel(_name(axis))
    if guess is None:
        blank = "my guess: ________      between ________ and ________"
        ax.text(0.01, 0.5, blank, transform=ax.transAxes, va="center", color=SOFT)
        return
    ax.plot([guess["low"], guess["high"]], [0.4, 0.4], color=BLUE, alpha=0.35, linewidth=12)
    ax.plot(guess["value"], 0.4, "o", color=BLUE, markersize=9, zorder=3)
    if truth is not None:
        if truth["interval"] is not None:
            ax.axvspan(*truth["interval"], color=VERMILLION, alpha=0.2, linewidth=0)
        ax.axvline(truth["value"], color=VERMILLION, linewidth=2.5)


def _draw_choice(ax, question, guess, truth):
    ax.set_axis_off()
    ax.set_ylim(len(question.options) - 0.4, -0.6)
    ax.set_xlim(0, 1)
    for at, option in enumerate(question.options):
        mine = guess is not None and guess["option"] == option
        right = truth is not None and truth["option"] == option
        face = BLUE if mine else "none"
        ax.plot(0.015, at, "o", markersize=9, markerfacecolor=face, markeredgecolor=BLUE)
        words = f"{option}  ← measured" if right else option
        colour = VERMILLION if right else INK
        ax.text(0.04, at, words, va="center", color=colour, fontsize=11)
    if guess is None:
        blank = "I am ________ % sure"
        ax.text(0.99, 0, blank, transform=ax.transAxes, ha="right", va="bottom", color=SOFT)


def _draw_curve(ax, question, guess, truth):
    x, y = question.x, question.y
    _scale(ax, "x", x)
    _scale(ax, "y", y)
    ax.set(xlabel=_name(x), ylabel=_name(y))
    ax.grid(color="#dddddd", linewidth=0.8)
    ax.spines[["top", "right"]].set_visible(False)
    if guess is None:
        ax.text(0.5, 0.5, "draw your curve here", transform=ax.transAxes, ha="center", color=SOFT)
        return
    positions = question.drawn(guess)
    heights = (
        y.low * (y.high / y.low) ** positions if y.log else y.low + positions * (y.high - y.low)
    )
    ax.plot(question.places, heights, color=BLUE, linewidth=2.2, label="my guess")
    if truth is not None:
        if truth["interval"] is not None:
            low, high = np.array(truth["interval"])
            ax.fill_between(truth["x"], low, high, color=VERMILLION, alpha=0.2, linewidth=0)
        ax.plot(truth["x"], truth["y"], color=VERMILLION, linewidth=2.2, label="measured")
    ax.legend(frameon=False)


def _scale(ax, letter, axis):
    """The limits and ticks of one axis."""
    from prunelab.figures_axes import plain_log_axis

    ax.set(**{f"{letter}scale": "log" if axis.log else "linear"})
    ax.set(**{f"{letter}lim": (axis.low, axis.high)})
    if axis.log:
        plain_log_axis(getattr(ax, f"{letter}axis"), wide=axis.high / axis.low >= 1000)


def _name(axis):
    name = ", ".join(part for part in (axis.label, axis.unit) if part)
    return f"{name} (log scale)".strip() if axis.log else name
