"""A number question: the guess is a value and an 80 % interval."""

from dataclasses import dataclass
from typing import Any

from prunelab.base.checks import number
from prunelab.predictions.axis import LARGEST, Axis, text
from prunelab.predictions.fields import Question, fields, pair
from prunelab.predictions.outcome import LEVEL, Outcome


@dataclass(frozen=True)
class NumberQuestion(Question):
    """A number question. The guess is a value and a range that is 80 % sure to hold the truth.

    guess: {"value", "low", "high"}. truth: {"value", "interval"}; interval is (low, high) of the
    measurement, or None.
    """

    text: str
    axis: Axis
    kind = "number"

    def __post_init__(self) -> None:
        text("question", self.text)

    def guess(self, values: dict[str, Any]) -> dict[str, float]:
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        values = fields("guess", values, ("value", "low", "high"))
        guess = {name: self.axis.inside(name, values[name]) for name in ("value", "low", "high")}
        if not guess["low"] <= guess["value"] <= guess["high"]:
            raise ValueError(
                f"value={guess['value']:g}, low={guess['low']:g}, high={guess['high']:g}: "
                "the range must hold the value you guess"
            )
        return guess

    def truth(self, value: float, interval: tuple[float, float] | None = None) -> dict[str, Any]:
        """The measured value, with the interval of the measurement, as plain values."""
        # For larger numbers the distance to a guess, in lengths of the axis, may not be finite.
        value = number("answer", value, at_least=-LARGEST, at_most=LARGEST)
        if interval is None:
            return {"value": value, "interval": None}
        low, high = pair("interval", interval)
        low, high = number("interval", low), number("interval", high)
        if not low <= value <= high:
            raise ValueError(
                f"interval=({low:g}, {high:g}): the interval must hold the answer {value:g}"
            )
        return {"value": value, "interval": [low, high]}

    def score(self, guess: dict[str, Any], truth: dict[str, Any]) -> Outcome:
        """An Outcome; its score is the interval score (Gneiting and Raftery 2007, section 6.2).

        It is the width of the range plus, if the truth is outside, 2 / (1 − LEVEL) times the
        distance from the truth to the range, in lengths of the axis. 0 is best: a narrow range
        helps only if it holds the truth.
        """
        low, high, value = (
            self.axis.position(at) for at in (guess["low"], guess["high"], truth["value"])
        )
        missed = max(low - value, value - high, 0.0)
        held = guess["low"] <= truth["value"] <= guess["high"]
        return Outcome(self.kind, held, LEVEL, high - low + 2 / (1 - LEVEL) * missed)
