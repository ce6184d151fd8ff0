"""Calibration of a reader's predictions: the stated confidence against how often it was right."""

import math
from dataclasses import dataclass

from prunelab.predictions.outcome import LEVEL

UNLIKELY = 0.1  # probability by chance alone, at the stated confidence
FEW = 5  # with fewer predictions nothing is said about calibration


@dataclass(frozen=True)
class Calibration:
    """Counts of a chapter's predictions. asked: number of questions; outcomes: of locked guesses.

    `repr` is the summary in words; the counts are properties.
    """

    asked: int
    outcomes: tuple

    def of(self, kind):
        """The outcomes of one kind: "number", "choice" or "curve"."""
        return [outcome for outcome in self.outcomes if outcome.kind == kind]

    def held(self, kind):
        """How many ranges held the truth, choices were right, or curves were near."""
        return sum(outcome.held for outcome in self.of(kind))

    @property
    def verdict(self):
        """One sentence on the ranges; only if the result is unlikely by chance."""
        count, held = len(self.of("number")), self.held("number")
        if at_most(held, count) < UNLIKELY:
            return "Your ranges are too narrow for that: make them wider."
        if count >= FEW and at_most(count - held, count, 1 - LEVEL) < UNLIKELY:
            return "They could be narrower and still hold it."
        if count < FEW:
            return "That is too few to judge by."
        return f"That fits being {100 * LEVEL:.0f} % sure."

    def __repr__(self):
        locked = len(self.outcomes)
        parts = [f"{locked} of {self.asked} predictions locked and revealed."]
        if numbers := self.of("number"):
            score = sum(outcome.score for outcome in numbers) / len(numbers)
            parts.append(
                f"Ranges that held the truth: {self.held('number')} of {len(numbers)}; "
                f"{100 * LEVEL:.0f} % sure means four in five. {self.verdict} The ranges' mean "
                f"score is {score:.2f}: 0 is best, a range over the whole axis scores 1."
            )
        if choices := self.of("choice"):
            sure = sum(outcome.sure for outcome in choices) / len(choices)
            parts.append(
                f"Choices that were right: {self.held('choice')} of {len(choices)}, "
                f"at {100 * sure:.0f} % sure on average."
            )
        if curves := self.of("curve"):
            away = sum(outcome.score for outcome in curves) / len(curves)
            parts.append(
                f"Curves near the measured one: {self.held('curve')} of {len(curves)}, "
                f"{100 * away:.0f} % of the axis away on average."
            )
        return "\n".join(parts)


def at_most(held, count, level=LEVEL):
    """The chance of `held` or fewer of `count` where each holds with probability `level`."""
    return sum(math.comb(count, k) * level**k * (1 - level) ** (count - k) for k in range(held + 1))
