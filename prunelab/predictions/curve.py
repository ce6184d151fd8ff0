"""A curve question: a curve drawn by hand is compared with the measured one."""

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
LEAST_MOVE = 0.05  # smallest rise or fall that counts, as a fraction of the axis
LEAST_BEND = 0.03  # smallest mean distance from the curve's straight-line fit that counts
SHARE = 1 / 3  # share of it that the other curve must have to count as alike
LIKE = 0.6  # smallest correlation of two bends that count as alike
FEWEST = 5  # drawn places; with fewer the shape is not compared


@dataclass(frozen=True)
class CurveQuestion(Question):
    """A curve question. The guess is a curve, drawn at POINTS places along the lower axis.

    guess: {"heights"}, a number at each place, or None if nothing was drawn there. truth: {"x",
    "y", "interval"}; interval is [lows, highs] at each x, or None.
    """

    text: str
    x: Axis
    y: Axis
    kind = "curve"

    def __post_init__(self) -> None:
        text("question", self.text)

    @property
    def places(self) -> NDArray[np.float64]:
        """The x values at which the curve is drawn, an array in the unit of the lower axis."""
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
        """Positions of the drawn curve at all places: linear between points, constant outside."""
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

        The distance is taken at the places with a measurement, and the truth is clipped to the
        edges of the chart. A curve is near if the distance is small and the shapes are alike.
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
    """How the shape of a drawn curve differs from the measured one, as a word; "" if it does not.

    A straight line can lie near a bent curve, and a falling line near one that falls and rises
    again, without the right shape. `words.js` computes the same; a test compares the two.
    drawn, measured: heights at the same even places, as positions on the axis. "no rise" or "no
    fall": the measured curve has a large one and the drawn one does not; "a rise" or "a fall": the
    reverse; "bend": the curves bend differently.
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
    """The residuals of the best straight-line fit."""
    places = np.arange(len(heights)) - (len(heights) - 1) / 2
    above = heights - heights.mean()
    return above - places * (places @ above) / (places @ places)


def _spread(size, most):
    """The indices of at most `most` of `size` places, including the first and the last."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(int))
