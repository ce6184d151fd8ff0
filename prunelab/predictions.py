"""Predictions: a question, a guess that says how sure it is, and how it compares with the truth.

Everything is plain values, so that a guess can be stored, handed in and scored again. Positions on
an axis run from 0 (its low end) to 1 (its high end), by logarithms where the axis is logarithmic;
distances and scores are measured in them, so that questions of all sizes can be averaged.
"""

import math
from dataclasses import asdict, dataclass
from functools import cached_property

import numpy as np

from prunelab.digests import sha256
from prunelab.validate import number, real_array, shown

LEVEL = 0.8  # how sure a reader is asked to be that the range holds the truth
POINTS = 33  # places along the lower axis at which a curve is drawn
NEAR = 0.1  # a drawn curve counts as near within a tenth of the axis, on average
LONGEST = 300  # characters of a question, an option or a label
MOST_OPTIONS = 8
MOST_MEASURED = 400  # points of a measured curve that are kept


@dataclass(frozen=True)
class Axis:
    """A labelled axis from `low` to `high`, logarithmic where `log`; `unit` follows its numbers."""

    low: float
    high: float
    label: str = ""
    unit: str = ""
    log: bool = False

    def __post_init__(self):
        low, high = number("low", self.low), number("high", self.high)
        if not low < high:
            raise ValueError(f"low={low:g}, high={high:g}: an axis runs from a lower to a higher")
        if not isinstance(self.log, bool):
            raise TypeError(f"log={shown(self.log)}: log must be True or False")
        if self.log and low <= 0:
            raise ValueError(f"low={low:g}: a logarithmic axis begins above 0")
        if not math.isfinite(high - low):
            raise ValueError(f"low={low:g}, high={high:g}: choose nearer ends of the axis")
        for name, value in (("low", low), ("high", high)):
            object.__setattr__(self, name, value)
        for name in ("label", "unit"):
            text(name, getattr(self, name), may_be_empty=True)

    def position(self, value):
        """Where `value` (number or array of finite numbers) lies: 0 at `low`, 1 at `high`.

        What lies beyond the axis has a position beyond 0 or 1; on a logarithmic axis, 0 and less
        lie where a thousandth of `low` does.
        """
        value = np.asarray(value, dtype=float)
        low, high = self.low, self.high
        if self.log:
            value, low, high = np.log(np.maximum(value, low / 1000)), math.log(low), math.log(high)
        found = (value - low) / (high - low)
        return found if found.ndim else float(found)

    def inside(self, name, value):
        """`value` as a float that lies on the axis, or one sentence."""
        return number(name, value, at_least=self.low, at_most=self.high)


def text(name, value, *, may_be_empty=False):
    """`value` as a text of one line."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={shown(value)}: {name} must be a text")
    if len(value) > LONGEST or not value.isprintable() or not (value.strip() or may_be_empty):
        raise ValueError(
            f"{name}={shown(value)}: {name} must be one line of 1 to {LONGEST} characters"
        )
    return value


class _Question:
    """What the three kinds of questions share."""

    def to_dict(self):
        """The question as plain values, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}

    @cached_property
    def key(self):
        """The name under which a guess is stored: another question has another one."""
        return sha256(self.to_dict())[:16]


@dataclass(frozen=True)
class NumberQuestion(_Question):
    """How large is it? The guess is a value and a range that is 80 % sure to hold the truth.

    guess: {"value", "low", "high"}. truth: {"value", "interval"}; interval is (low, high) of the
    measurement, or None.
    """

    text: str
    axis: Axis
    kind = "number"

    def __post_init__(self):
        text("question", self.text)

    def guess(self, values):
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        values = _fields("guess", values, ("value", "low", "high"))
        guess = {name: self.axis.inside(name, values[name]) for name in ("value", "low", "high")}
        if not guess["low"] <= guess["value"] <= guess["high"]:
            raise ValueError(
                f"value={guess['value']:g}, low={guess['low']:g}, high={guess['high']:g}: "
                "the range must hold the value you guess"
            )
        return guess

    def truth(self, value, interval=None):
        """The measured value, with the interval of the measurement, as plain values."""
        value = number("answer", value)
        if interval is None:
            return {"value": value, "interval": None}
        low, high = _pair("interval", interval)
        low, high = number("interval", low), number("interval", high)
        if not low <= value <= high:
            raise ValueError(
                f"interval=({low:g}, {high:g}): the interval must hold the answer {value:g}"
            )
        return {"value": value, "interval": [low, high]}

    def score(self, guess, truth):
        """An Outcome; its score is the interval score (Gneiting and Raftery 2007, section 6.2).

        The width of the range, and where it misses, 2 / (1 − LEVEL) times the distance to it; in
        lengths of the axis. 0 is best: narrow ranges pay off only where they hold the truth.
        """
        low, high, value = (
            self.axis.position(at) for at in (guess["low"], guess["high"], truth["value"])
        )
        missed = max(low - value, value - high, 0.0)
        held = guess["low"] <= truth["value"] <= guess["high"]
        return Outcome(self.kind, held, LEVEL, high - low + 2 / (1 - LEVEL) * missed)


@dataclass(frozen=True)
class ChoiceQuestion(_Question):
    """Which one is it? The guess is an option and how sure the reader is, from chance to 1.

    guess: {"option", "sure"}. truth: {"option"}.
    """

    text: str
    options: tuple
    kind = "choice"

    def __post_init__(self):
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
    def chance(self):
        """How sure somebody is who has no idea."""
        return 1 / len(self.options)

    def guess(self, values):
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        values = _fields("guess", values, ("option", "sure"))
        sure = number("sure", values["sure"], at_most=1)
        if sure < self.chance - 0.01:  # a slider in whole percent cannot say a third exactly
            raise ValueError(
                f"sure={sure:g}: one of {len(self.options)} by chance is right at {self.chance:.2f}"
            )
        return {"option": self._one_of("option", values["option"]), "sure": sure}

    def truth(self, option, interval=None):
        """The right option as plain values."""
        if interval is not None:
            raise ValueError("interval: a choice has no interval; leave it out")
        return {"option": self._one_of("answer", option)}

    def _one_of(self, name, option):
        if option not in self.options:
            raise ValueError(f"{name}={shown(option)}: choose one of the options, as written")
        return option

    def score(self, guess, truth):
        """An Outcome; its score is Brier's (1950): (1 − sure)² where right, sure² where wrong."""
        held = guess["option"] == truth["option"]
        sure = guess["sure"]
        return Outcome(self.kind, held, sure, (1 - sure) ** 2 if held else sure**2)


@dataclass(frozen=True)
class CurveQuestion(_Question):
    """What does it look like? The guess is a curve, drawn at POINTS places along the lower axis.

    guess: {"heights"}, a number at each place or None where nothing was drawn. truth: {"x", "y",
    "interval"}; interval is [lows, highs] at each x, or None.
    """

    text: str
    x: Axis
    y: Axis
    kind = "curve"

    def __post_init__(self):
        text("question", self.text)

    @property
    def places(self):
        """Where along the lower axis the curve is drawn, an array in its unit."""
        shares = np.arange(POINTS) / (POINTS - 1)
        if self.x.log:
            return self.x.low * (self.x.high / self.x.low) ** shares
        return self.x.low + (self.x.high - self.x.low) * shares

    def guess(self, values):
        """`values` as a guess. Raises TypeError or ValueError in one sentence."""
        heights = _fields("guess", values, ("heights",))["heights"]
        if not isinstance(heights, list | tuple) or len(heights) != POINTS:
            raise ValueError(f"heights={shown(heights)}: write {POINTS} numbers (None: not drawn)")
        heights = [None if at is None else self.y.inside("heights", at) for at in heights]
        if sum(at is not None for at in heights) < 2:
            raise ValueError("heights: draw the curve first; two points are the least")
        return {"heights": heights}

    def drawn(self, guess):
        """Positions of the drawn curve at all places: straight from point to point, then level."""
        known = [at for at, height in enumerate(guess["heights"]) if height is not None]
        heights = self.y.position([guess["heights"][at] for at in known])
        return np.interp(np.arange(POINTS), known, heights)

    def truth(self, curve, interval=None):
        """The measured curve, (x, y), with (lows, highs) at each x, as plain values."""
        x, y = (_numbers("answer", part) for part in _pair("answer", curve))
        if len(x) != len(y) or len(x) < 2 or np.any(np.diff(x) <= 0):
            raise ValueError("answer: write (x, y), as many of each, two or more, with x rising")
        band = None
        if interval is not None:
            band = np.array([_numbers("interval", part) for part in _pair("interval", interval)])
            if band.shape != (2, len(x)) or np.any(band[0] > y) or np.any(y > band[1]):
                raise ValueError("interval: write (lows, highs), as many as y and around it")
        some = _spread(len(x), MOST_MEASURED)
        return {
            "x": x[some].tolist(),
            "y": y[some].tolist(),
            "interval": None if band is None else band[:, some].tolist(),
        }

    def score(self, guess, truth):
        """An Outcome; its score is the mean distance of the two curves, in heights of the axis.

        It is taken at the places where something was measured, and the truth counts as if it ended
        at the edges of the chart.
        """
        places = self.x.position(self.places)
        measured = self.x.position(truth["x"])
        inside = (places >= measured[0] - 1e-9) & (places <= measured[-1] + 1e-9)
        if not inside.any():
            inside[:] = True
        heights = np.clip(self.y.position(truth["y"]), 0, 1)
        gaps = np.abs(np.interp(places, measured, heights) - self.drawn(guess))[inside]
        distance = float(gaps.mean())
        return Outcome(self.kind, distance <= NEAR, None, distance)


KINDS = {kind.kind: kind for kind in (NumberQuestion, ChoiceQuestion, CurveQuestion)}


@dataclass(frozen=True)
class Outcome:
    """How a guess did. held: the range held the truth, the choice was right, the curve was near.

    sure: how sure the reader was of that (None for a curve). score: 0 is best; see `score` of each
    question for its meaning.
    """

    kind: str
    held: bool
    sure: float | None
    score: float


def question_from_dict(values):
    """The question that `to_dict` wrote. Raises TypeError or ValueError in one sentence."""
    kind = KINDS.get(str(values.get("kind"))) if isinstance(values, dict) else None
    if kind is None:
        raise ValueError(f"question={shown(values)}: its kind is one of {', '.join(KINDS)}")
    names = [*kind.__dataclass_fields__]
    values = _fields("question", values, ("kind", *names))
    given = {name: values[name] for name in names}
    for name in {"axis", "x", "y"} & set(given):
        given[name] = Axis(**_fields(name, given[name], tuple(Axis.__dataclass_fields__)))
    return kind(**given)


def truth_from_dict(question, values):
    """The truth of `question` that its `truth` wrote, checked again."""
    if isinstance(question, NumberQuestion):
        values = _fields("truth", values, ("value", "interval"))
        return question.truth(values["value"], values["interval"])
    if isinstance(question, ChoiceQuestion):
        return question.truth(_fields("truth", values, ("option",))["option"])
    values = _fields("truth", values, ("x", "y", "interval"))
    return question.truth((values["x"], values["y"]), values["interval"])


def _fields(what, values, wanted):
    if not isinstance(values, dict) or set(values) != set(wanted):
        raise ValueError(f"{what}={shown(values)}: write a dict with {', '.join(wanted)}")
    return values


def _pair(name, values):
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(f"{name}={shown(values)}: write a pair") from None
    return first, second


def _numbers(name, values):
    array = real_array(name, values).astype(float)
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise ValueError(f"{name}={shown(values)}: write a row of finite numbers")
    return array


def _spread(size, most):
    """At most `most` of `size` places, the first and the last among them."""
    return np.unique(np.linspace(0, size - 1, min(size, most)).round().astype(int))
