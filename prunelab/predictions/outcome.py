"""The outcome of a guess, on the scale of its kind of question."""

from dataclasses import dataclass

LEVEL = 0.8  # how sure a reader is asked to be that the range holds the truth
NEAR = 0.1  # a drawn curve counts as near within a tenth of the axis, on average
WIDE = 0.5  # a range of at least half of the axis counts as wide


@dataclass(frozen=True)
class Outcome:
    """The outcome of a guess. held: the range held the truth, the choice was right, the curve near.

    sure: how sure the reader was of that (None for a curve). score: 0 is best; see `score` of each
    question for its meaning. shape: for a curve at a small distance, how its shape still differs
    (see `curve.shape_difference`); else "".
    """

    kind: str
    held: bool
    sure: float | None
    score: float
    shape: str = ""

    @property
    def wide(self) -> bool:
        """Whether a range holds the truth but is wide (at least WIDE of the axis)."""
        return self.kind == "number" and self.held and self.score >= WIDE
