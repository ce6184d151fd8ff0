"""The axis of a question, and the position of a number on it."""

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from prunelab.base.checks import is_one_line, number, shown

LARGEST = 1e100  # above it, and below its inverse, positions cannot be computed
LONGEST = 300  # characters of a question, an option or a label


@dataclass(frozen=True)
class Axis:
    """A labelled axis from `low` to `high`, logarithmic if `log`; `unit` is that of its numbers."""

    low: float
    high: float
    label: str = ""
    unit: str = ""
    log: bool = False

    def __post_init__(self) -> None:
        low, high = number("low", self.low), number("high", self.high)
        if not low < high:
            raise ValueError(f"low={low:g}, high={high:g}: an axis runs from a lower to a higher")
        if not isinstance(self.log, bool):
            raise TypeError(f"log={shown(self.log)}: log must be True or False")
        if self.log and low <= 0:
            raise ValueError(f"low={low:g}: a logarithmic axis begins above 0")
        if max(abs(low), abs(high)) > LARGEST or (self.log and low < 1 / LARGEST):
            raise ValueError(f"low={low:g}, high={high:g}: choose nearer ends of the axis")
        if high - low < max(1e-9 * max(abs(low), abs(high)), 1 / LARGEST):
            raise ValueError(f"low={low:g}, high={high:g}: choose ends that are further apart")
        for name, value in (("low", low), ("high", high)):
            object.__setattr__(self, name, value)
        for name in ("label", "unit"):
            text(name, getattr(self, name), may_be_empty=True)

    @overload
    def position(self, value: float) -> float: ...

    @overload
    def position(self, value: ArrayLike) -> float | NDArray[np.float64]: ...

    def position(self, value: ArrayLike) -> float | NDArray[np.float64]:
        """The position of `value` (finite number or array): 0 at `low`, 1 at `high`.

        A value outside the axis has a position below 0 or above 1. On a logarithmic axis, values ≤
        0 have the position of `low` / 1000.
        """
        value = np.asarray(value, dtype=float)
        low, high = self.low, self.high
        if self.log:
            value, low, high = np.log(np.maximum(value, low / 1000)), math.log(low), math.log(high)
        found = (value - low) / (high - low)
        return found if found.ndim else float(found)

    def inside(self, name: str, value: float) -> float:
        """`value` as a float that lies on the axis; else an error in one sentence."""
        return number(name, value, at_least=self.low, at_most=self.high)


def text(name, value, *, may_be_empty=False):
    """`value` as a text of one line."""
    if not isinstance(value, str):
        raise TypeError(f"{name}={shown(value)}: {name} must be a text")
    if len(value) > LONGEST or not is_one_line(value) or not (value.strip() or may_be_empty):
        raise ValueError(
            f"{name}={shown(value)}: {name} must be one line of 1 to {LONGEST} characters"
        )
    return value
