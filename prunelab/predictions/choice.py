"""A choice question: the guess is an option and the reader's confidence in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prunelab.base.checks import number, shown
from prunelab.predictions.axis import text
from prunelab.predictions.fields import Question, fields
from prunelab.predictions.outcome import Outcome

MOST_OPTIONS = 8


@dataclass(frozen=True)
class ChoiceQuestion(Question):
    """A choice question. The guess is an option and the reader's confidence, from chance to 1.

    guess: {"option", "sure"}. truth: {"option"}.
    """

    text: str
    options: Sequence[str]
    kind = "choice"

    def __post_init__(self) -> None:
        text("question", self.text)
        if not isinstance(self.options, tuple | list):
            raise TypeError(f"options={shown(self.options)}: write a list of texts")
        options = tuple(text("options", option) for option in self.options)
        if not 2 <= len(options) <= MOST_OPTIONS or len(set(options)) < len(options):
            raise ValueError(
                f"options={shown(self.options)}: write 2 to {MOST_OPTIONS} different texts"
            )
        object.__setattr__(self, "options", options)

    @property
    def chance(self) -> float:
        """The chance that a guess at random is right."""
        return 1 / len(self.options)

    def guess(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        values = fields("guess", values, ("option", "sure"))
        sure = number("sure", values["sure"], at_most=1)
        if sure < self.chance - 0.01:  # a slider in whole percent cannot represent 1/3 exactly
            raise ValueError(
                f"sure={sure:g}: one of {len(self.options)} by chance is right at {self.chance:.2f}"
            )
        return {"option": self._one_of("option", values["option"]), "sure": sure}

    def truth(self, option: str, interval: None = None) -> dict[str, str]:
        """The right option as plain values."""
        if interval is not None:
            raise ValueError("interval: a choice has no interval; leave it out")
        return {"option": self._one_of("answer", option)}

    def _one_of(self, name, option):
        if option not in self.options:
            raise ValueError(f"{name}={shown(option)}: choose one of the options, as written")
        return option

    def score(self, guess: dict[str, Any], truth: dict[str, Any]) -> Outcome:
        """An Outcome; its score is Brier's (1950): (1 − sure)² where right, sure² where wrong."""
        held = guess["option"] == truth["option"]
        sure = guess["sure"]
        return Outcome(self.kind, held, sure, (1 - sure) ** 2 if held else sure**2)
