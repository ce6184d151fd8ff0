"""Draw a class's predictions: every locked guess of a question, with the true answer."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from prunelab.figures.canvas import BLUE, INK, VERMILLION
from prunelab.figures.text import literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes


@literal
def draw_bets(
    ax: Axes, question: Any, guesses: Sequence[dict[str, Any]], truth: dict[str, Any] | None = None
) -> None:
    """Draw a class's guesses on one question, without names.

    question, guesses, truth: of `prunelab.predictions`. A number is drawn as a range with its
    value, between the low and high values; a choice as a bar, a curve as a line. truth: None if
    nothing was measured.
    """
    count = f"{len(guesses)} bet" + ("s" if len(guesses) != 1 else "")
    title = "\n".join(textwrap.wrap(question.text, 70))
    ax.set_title(f"{title}\n{count}", loc="left", color=INK, fontsize=11)
    ax.spines[["top", "right"]].set_visible(False)
    {"number": _numbers, "choice": _choices, "curve": _curves}[question.kind](
        ax, question, guesses, truth
    )


def _numbers(ax, question, guesses, truth):
    ordered = sorted(guesses, key=lambda guess: (guess["value"], guess["low"]))
    heights = np.arange(len(ordered))
    low, high, value = ([guess[name] for guess in ordered] for name in ("low", "high", "value"))
    ax.hlines(heights, low, high, color=BLUE, alpha=0.4, linewidth=4)
    ax.plot(value, heights, "o", color=BLUE, markersize=5)
    _scale(ax, "x", question.axis)
    ax.set_yticks([])
    ax.set_ylim(-1, len(ordered))
    if truth is not None:
        ax.axvline(truth["value"], color=VERMILLION, linewidth=2.5)
        held = sum(guess["low"] <= truth["value"] <= guess["high"] for guess in guesses)
        _note(ax, f"measured; {held} of {len(guesses)} ranges hold it")


def _choices(ax, question, guesses, truth):
    options = list(question.options)
    counts = [sum(guess["option"] == option for guess in guesses) for option in options]
    right = None if truth is None else truth["option"]
    colours = [VERMILLION if option == right else BLUE for option in options]
    ax.barh(range(len(options)), counts, color=colours)
    ax.set_yticks(range(len(options)), ["\n".join(textwrap.wrap(o, 34)) for o in options])
    ax.invert_yaxis()
    ax.set_xlabel("bets")
    ax.xaxis.get_major_locator().set_params(integer=True)
    if right is not None:
        _note(ax, "measured")


def _curves(ax, question, guesses, truth):
    y = question.y
    for guess in guesses:
        share = question.drawn(guess)
        heights = y.low * (y.high / y.low) ** share if y.log else y.low + share * (y.high - y.low)
        ax.plot(question.places, heights, color=BLUE, alpha=0.4, linewidth=1.5)
    _scale(ax, "x", question.x)
    _scale(ax, "y", y)
    if truth is not None:
        ax.plot(truth["x"], truth["y"], color=VERMILLION, linewidth=2.5)
        _note(ax, "measured")


def _note(ax, words):
    """Explain the red colour, in red text."""
    ax.text(1, 1.01, words, transform=ax.transAxes, ha="right", va="bottom", color=VERMILLION)


def _scale(ax, letter, axis):
    name = ", ".join(part for part in (axis.label, axis.unit) if part)
    scale = "log" if axis.log else "linear"
    ax.set(**{f"{letter}scale": scale, f"{letter}lim": (axis.low, axis.high)})
    ax.set(**{f"{letter}label": name})
