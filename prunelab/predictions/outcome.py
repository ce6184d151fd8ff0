"""How a guess did, on the scale of its kind."""

from dataclasses import dataclass

LEVEL = 0.8  # how sure a reader is asked to be that the range holds the truth
NEAR = 0.1  # a drawn curve counts as near within a tenth of the axis, on average
WIDE = 0.5  # a range over half of the axis or more holds the truth and says little


@dataclass(frozen=True)
class Outcome:
    """How a guess did. held: the range held the truth, the choice was right, the curve was near.

    sure: how sure the reader was of that (None for a curve). score: 0 is best; see `score` of each
    question for its meaning. shape: of a curve within the distance of a near one, how its shape
    differs all the same (see `curve.shape_difference`); else "".
    """

    kind: str
    held: bool
    sure: float | None
    score: float
    shape: str = ""

    @property
    def wide(self) -> bool:
        """Whether a range holds the truth only by being wide."""
        return self.kind == "number" and self.held and self.score >= WIDE
