"""Prediction: lock a guess before the result appears, then compare the two."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import traitlets

from prunelab.base.checks import shown
from prunelab.predictions.axis import Axis
from prunelab.predictions.calibrate import Calibration
from prunelab.predictions.choice import ChoiceQuestion
from prunelab.predictions.curve import POINTS, CurveQuestion
from prunelab.predictions.number import NumberQuestion
from prunelab.progress.book import ProgressBook, ProgressError, now
from prunelab.widgets.prediction.words import (
    SENTENCES,
    asked,
    caption,
    compared,
    guessed,
    measured,
)
from prunelab.widgets.shared.explorer import Explorer

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.figure import Figure
    from numpy.typing import ArrayLike

    from prunelab.predictions.outcome import Outcome

WIDEST, HIGHEST = 90, 44  # letters in a row, across and up the picture
INK, BLUE, VERMILLION, SOFT = "#333333", "#0072B2", "#C85200", "#5b636d"


def draw_still(figure, question, guess, truth):
    """Draw on an empty Figure. guess: the locked guess, or None; truth: None until revealed."""
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
        says = textwrap.fill(says, WIDEST)
        figure.supxlabel(says, x=0.99, ha="right", fontsize=9, color=SOFT)


def _draw_number(ax, question, guess, truth):
    axis = question.axis
    _scale(ax, "x", axis)
    ax.set_ylim(0, 1)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    ax.set_xlabel(textwrap.fill(_name(axis), WIDEST))
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
    ax.set(xlabel=textwrap.fill(_name(x), WIDEST), ylabel=textwrap.fill(_name(y), HIGHEST))
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
    from prunelab.figures.canvas import plain_log_axis

    ax.set(**{f"{letter}scale": "log" if axis.log else "linear"})
    ax.set(**{f"{letter}lim": (axis.low, axis.high)})
    if axis.log:
        plain_log_axis(getattr(ax, f"{letter}axis"), wide=axis.high / axis.low >= 1000)


def _name(axis):
    name = ", ".join(part for part in (axis.label, axis.unit) if part)
    return f"{name} (log scale)".strip() if axis.log else name


_ASKED: dict[str, Prediction] = {}  # every prediction of this session by its key
_TOLD: set[str] = set()  # keys of those whose answer was printed before a lock
LATE = "It was locked after the answer was out, so calibration() does not count it."


class Prediction(Explorer):
    """A question to commit to: a number, a choice, or a curve drawn by hand.

    question: one line of text. Then one of three kinds:
    a number: low, high, the ends of its axis; with label, unit, and log=True for a logarithmic one.
    a choice: options, 2 to 8 texts.
    a curve: x and y, each (low, high); with xlabel, ylabel, unit (of y), and log=True for y.

    answer: the number, the option, or (x, y) of the curve, if it is known already; it is shown only
    once a guess is locked. `reveal` gives it later. A guess locked after the answer was shown is
    stored as `late`, and does not count for calibration. interval: (low, high) of the measured
    number, or (lows, highs) of the curve. A locked guess is stored in the reader's progress and
    loaded in the next session. Raises TypeError or ValueError, in one sentence.
    """

    _folder = "prediction"
    page_title = "Predict, then look"
    from_page = ("guess", "locked")

    question = traitlets.Dict().tag(sync=True)
    points = traitlets.Int(POINTS).tag(sync=True)
    guess = traitlets.Dict(None, allow_none=True).tag(sync=True)
    locked = traitlets.Bool(False).tag(sync=True)
    heard = traitlets.Bool(False, help="whether this session knows of the lock").tag(sync=True)
    truth = traitlets.Dict(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        question: str,
        answer: float | str | tuple[ArrayLike, ArrayLike] | None = None,
        interval: tuple[ArrayLike, ArrayLike] | None = None,
        *,
        options: Sequence[str] | None = None,
        low: float | None = None,
        high: float | None = None,
        x: tuple[float, float] | None = None,
        y: tuple[float, float] | None = None,
        label: str = "",
        xlabel: str = "",
        ylabel: str = "",
        unit: str = "",
        log: bool = False,
    ) -> None:
        asks: Any  # one of the three kinds of question; each checks its own kind of answer
        if options is not None:
            _only_one_kind({"low": low, "high": high, "x": x, "y": y})
            asks = ChoiceQuestion(question, options)
        elif x is not None or y is not None:
            _only_one_kind({"low": low, "high": high})
            asks = CurveQuestion(
                question, _axis("x", x, xlabel, "", False), _axis("y", y, ylabel, unit, log)
            )
        elif low is None or high is None:
            raise TypeError("low and high: write the ends of the axis, or options, or x and y")
        else:
            asks = NumberQuestion(question, Axis(low, high, label, unit, log))
        self._asks = asks
        _only_with_an_answer(answer, interval)
        truth = None if answer is None else asks.truth(answer, interval)
        kept, self.late = self._kept()
        known = kept is not None
        super().__init__(
            question=asks.to_dict() | {"sentences": SENTENCES},
            truth=truth,
            guess=kept,
            locked=known,
            heard=known,
        )
        self.picture_inches = {"number": (8.0, 1.9), "choice": (8.0, 1.9), "curve": (8.0, 4.0)}[
            asks.kind
        ]
        if kept is not None and truth is not None:
            self._keep()
        _ASKED[asks.key] = self

    @property
    def outcome(self) -> Outcome | None:
        """How the guess did, a `prunelab.predictions.Outcome`; None until locked and revealed."""
        if not self.locked or self.truth is None:
            return None
        return self._asks.score(self.guess, self.truth)

    def lock(self, answer: float | str | Sequence[float | None], **how_sure: float) -> None:
        """Lock a guess from a cell: a number with low=, high=; an option with sure=; heights.

        heights: POINTS numbers along the lower axis, None where nothing is drawn. A locked guess
        cannot be changed. Raises TypeError or ValueError in one sentence.
        """
        if self.locked:
            raise ValueError("lock: this prediction is locked already, and stays as it is")
        first = {"number": "value", "choice": "option", "curve": "heights"}[self._asks.kind]
        self.guess = self._asks.guess({first: answer, **how_sure})
        self.locked = True
        self.late = self._asks.key in _TOLD
        self._keep()
        self.heard = True

    def reveal(
        self,
        answer: float | str | tuple[ArrayLike, ArrayLike] | None = None,
        interval: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> None:
        """Give the measured answer, if it was not given before, and print how the guess did."""
        _only_with_an_answer(answer, interval)
        if answer is not None:
            self.truth = self._asks.truth(answer, interval)
        if self.truth is None:
            raise ValueError("answer=None: nothing is measured yet; give the answer")
        if self.locked:
            self._keep()
            print(compared(self._asks, self.guess, self.truth))
            if self.late:
                print(LATE)
        else:
            _TOLD.add(self._asks.key)
            says = measured(self._asks, self.truth)
            print(f"{says[0].upper()}{says[1:]}. No guess was locked.")

    def facts(self) -> str:
        """The question, without the reader's guess or the answer."""
        return f"{self._asks.text!r}, {asked(self._asks)}"

    @property
    def caption(self) -> str:
        """What the picture shows, in words: the question, and once locked the guess."""
        return caption(self._asks, self.guess if self.locked else None, self.truth)

    def draw(self, figure: Figure) -> None:
        """Draw question, guess and, where both are there, the truth on an empty Figure."""
        locked = self.guess if self.locked else None
        draw_still(figure, self._asks, locked, self.truth if self.locked else None)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take a complete guess or the lock from a browser; nothing once locked."""
        before = self.locked
        super().set_state(sync_data)
        if self.locked and not before:
            self.late = self._asks.key in _TOLD
            self._keep()
            self.heard = True

    def taken(self, sent: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
        """A complete guess, or the lock on one; nothing once locked. See `Guarded.taken`."""
        if self.locked:
            return {}, set(sent)
        guess = sent.get("guess", self.guess)
        try:
            state: dict[str, Any] = {"guess": None if guess is None else self._asks.guess(guess)}
        except (TypeError, ValueError, OverflowError):
            return {}, set(sent)
        if sent.get("locked") is True and guess is not None:
            state["locked"] = True
        return state, {"locked"} & set(sent) - set(state)

    def _kept(self):
        """(the guess locked in an earlier session or None, whether it was late)."""
        entry = ProgressBook().get("predictions", self._asks.key) or {}
        try:
            guess = self._asks.guess(entry["guess"])
        except (KeyError, TypeError, ValueError):
            return None, False
        return guess, entry.get("late") is True

    def _keep(self):
        """Store the locked guess, and the truth if revealed, in the reader's progress."""

        def entry(before):
            locked = (before or {}).get("locked", now())
            asks = self._asks.to_dict()
            made = {"question": asks, "guess": self.guess, "truth": self.truth, "locked": locked}
            return made | {"late": True} if self.late else made

        try:
            ProgressBook().change("predictions", self._asks.key, entry)
        except ProgressError as error:
            self.notice = f"Not kept for the next session: {error}."


def calibration() -> Calibration:
    """How well calibrated the predictions of this session are: a `Calibration`.

    Only guesses locked before their answer was shown count.
    """
    counted = (asked.outcome for asked in _ASKED.values() if not asked.late)
    outcomes = tuple(outcome for outcome in counted if outcome is not None)
    return Calibration(len(_ASKED), outcomes)


def _only_with_an_answer(answer, interval):
    if answer is None and interval is not None:
        raise ValueError("interval: it belongs to an answer; give the answer too")


def _only_one_kind(others):
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise TypeError(f"{given[0]}: a prediction is of one kind; leave {' and '.join(given)} out")


def _axis(name, ends, label, unit, log):
    try:
        low, high = ends
    except (TypeError, ValueError):
        raise TypeError(f"{name}={shown(ends)}: write the ends of the axis, (low, high)") from None
    return Axis(low, high, label, unit, log)
