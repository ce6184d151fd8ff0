"""What does it look like? A curve drawn by hand, held against the measured one."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import shown
from prunelab.predictions.axis import Axis, text
from prunelab.predictions.fields import Question, fields, numbers, pair
from prunelab.predictions.outcome import NEAR, Outcome

POINTS = 33  # places along the lower axis at which a curve is drawn
MOST_MEASURED = 400  # points of a measured curve that are kept
LEAST_MOVE = 0.05  # a rise or fall of so much of the axis counts
LEAST_BEND = 0.03  # so does a mean distance from the curve's own straight line
SHARE = 1 / 3  # and is found in a curve that has at least this share of it
LIKE = 0.6  # the least correlation of two bends that are one
FEWEST = 5  # drawn places; with less there is no shape


@dataclass(frozen=True)
class CurveQuestion(Question):
    """What does it look like? The guess is a curve, drawn at POINTS places along the lower axis.

    guess: {"heights"}, a number at each place or None where nothing was drawn. truth: {"x", "y",
    "interval"}; interval is [lows, highs] at each x, or None.
    """

    text: str
    x: Axis
    y: Axis
    kind = "curve"

    def __post_init__(self) -> None:
        text("question", self.text)

    @property
    def places(self) -> NDArray[np.float64]:
        """Where along the lower axis the curve is drawn, an array in its unit."""
        shares = np.arange(POINTS) / (POINTS - 1)
        if self.x.log:
            return self.x.low * (self.x.high / self.x.low) ** shares
        return self.x.low + (self.x.high - self.x.low) * shares

    def guess(self, values: dict[str, Any]) -> dict[str, list[float | None]]:
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        heights = fields("guess", values, ("heights",))["heights"]
        if not isinstance(heights, list | tuple) or len(heights) != POINTS:
            raise ValueError(f"heights={shown(heights)}: write {POINTS} numbers (None: not drawn)")
        heights = [None if at is None else self.y.inside("heights", at) for at in heights]
        if sum(at is not None for at in heights) < 2:
            raise ValueError("heights: draw the curve first; two points are the least")
        return {"heights": heights}

    def drawn(self, guess: dict[str, Any]) -> NDArray[np.float64]:
        """Positions of the drawn curve at all places: straight from point to point, then level."""
        known = [at for at, height in enumerate(guess["heights"]) if height is not None]
        heights = self.y.position([guess["heights"][at] for at in known])
        return np.interp(np.arange(POINTS), known, heights)

    def truth(
        self,
        curve: tuple[ArrayLike, ArrayLike],
        interval: tuple[ArrayLike, ArrayLike] | None = None,
    ) -> dict[str, Any]:
        """The measured curve, (x, y), with (lows, highs) at each x, as plain values."""
        x, y = (numbers("answer", part) for part in pair("answer", curve))
        if len(x) != len(y) or len(x) < 2 or np.any(np.diff(x) <= 0):
            raise ValueError("answer: write (x, y), as many of each, two or more, with x rising")
        band = None
        if interval is not None:
            band = np.array([numbers("interval", part) for part in pair("interval", interval)])
            if band.shape != (2, len(x)) or np.any(band[0] > y) or np.any(y > band[1]):
                raise ValueError("interval: write (lows, highs), as many as y and around it")
        some = _spread(len(x), MOST_MEASURED)
        return {
            "x": x[some].tolist(),
            "y": y[some].tolist(),
            "interval": None if band is None else band[:, some].tolist(),
        }

    def score(self, guess: dict[str, Any], truth: dict[str, Any]) -> Outcome:
        """An Outcome; its score is the mean distance of the two curves, in heights of the axis.

        It is taken at the places where something was measured, and the truth counts as if it ended
        at the edges of the chart. A curve is near where the distance is small and the shape alike.
        """
        places = self.x.position(self.places)
        measured = self.x.position(truth["x"])
        inside = (places >= measured[0] - 1e-9) & (places <= measured[-1] + 1e-9)
        if not inside.any():
            inside[:] = True
        heights = np.clip(self.y.position(truth["y"]), 0, 1)
        truth, drawn = (
            curve[inside] for curve in (np.interp(places, measured, heights), self.drawn(guess))
        )
        distance = float(np.abs(truth - drawn).mean())
        shape = shape_difference(drawn, truth) if distance <= NEAR else ""
        return Outcome(self.kind, distance <= NEAR and not shape, None, distance, shape)


def shape_difference(drawn, measured):
    """How the shape of a drawn curve differs from the measured one: a word, "" for not at all.

    A straight line lies near a bent curve, and a falling line near one that falls and rises again;
    who draws it has missed what was asked. `words.js` says the same; a test compares the two.
    drawn, measured: heights at the same even places, as positions on the axis. "no rise" or "no
    fall": the measured curve has a large one, the drawn one has not; "a rise" or "a fall": the
    other way round; "bend": they are not bent alike.
    """
    drawn, measured = np.asarray(drawn, dtype=float), np.asarray(measured, dtype=float)
    if len(drawn) < FEWEST:
        return ""
    for way, sign in (("rise", 1), ("fall", -1)):
        his, its = _largest_rise(sign * drawn), _largest_rise(sign * measured)
        if max(his, its) >= LEAST_MOVE and min(his, its) < SHARE * max(his, its):
            return f"no {way}" if his < its else f"a {way}"
    his, its = _bend(drawn), _bend(measured)
    sizes = np.abs(his).mean(), np.abs(its).mean()
    if max(sizes) < LEAST_BEND:
        return ""
    like = (his @ its) / np.sqrt((his @ his) * (its @ its) + 1e-12)
    return "bend" if min(sizes) < SHARE * max(sizes) or like < LIKE else ""


def _largest_rise(heights):
    return float(np.max(heights - np.minimum.accumulate(heights)))


def _bend(heights):
    """The distances from the straight line that fits best."""
    places = np.arange(len(heights)) - (len(heights) - 1) / 2
    above = heights - heights.mean()
    return above - places * (places @ above) / (places @ places)


def _spread(size, most):
    """At most `most` of `size` places, the first and the last among them."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(int))
