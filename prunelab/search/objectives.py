"""The objectives of a search: measures of this course or numbers of the reader's own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from prunelab.base.checks import is_one_line, shown
from prunelab.base.metrics import DIRECTIONS, direction_of
from prunelab.plans.measures import MEASURES, measure_named


@dataclass(frozen=True)
class Objective:
    """One number that a search maximizes or minimizes.

    direction: "maximize" or "minimize". log: whether its logarithm is used for the knee of a front.
    known: whether it is a measure of this course, whose `direction` is fixed.
    """

    name: str
    direction: str
    log: bool = False
    known: bool = True

    @property
    def stored(self) -> str | list[str]:
        """The form stored in a search's settings: a name, or a name and its direction."""
        return self.name if self.known else [self.name, self.direction]

    def oriented(self, value: float, scaled: bool = False) -> float:
        """A value signed so that smaller is better; scaled: on the scale used for the knee."""
        if scaled and self.known and self.name.startswith("sparsity"):
            return math.log(max(1 - value, 1e-12))
        if scaled and self.log:
            return math.log(max(value, 1e-300))
        return -value if self.direction == "maximize" else value


def objectives_of(given: object, *, own: bool) -> tuple[Objective, ...]:
    """The objectives that `search` was given, checked.

    given: a name, a list of names, or a dict {name: direction}. own: whether the reader's own
    `evaluate` measures; then any name is allowed, and a missing direction follows from the end of
    the name, such as "accuracy" or "loss". Raises TypeError or ValueError in one sentence.
    """
    names = (given,) if isinstance(given, str) else given
    if not isinstance(names, tuple | list | Mapping) or not names:
        raise TypeError(
            f"objectives={shown(given)}: write one name of a measure, or several, or a dict such "
            "as {'val_accuracy': 'maximize', 'nonzeros': 'minimize'}"
        )
    directions = names if isinstance(names, Mapping) else {}
    made = tuple(_objective(name, directions.get(name), own) for name in names)
    if len({each.name for each in made}) < len(made):
        raise ValueError(f"objectives={shown(given)}: one stands there twice")
    return made


def from_stored(values: object) -> tuple[Objective, ...]:
    """The objectives of stored settings; TypeError or ValueError if they are not valid."""
    if not isinstance(values, list):
        raise TypeError(f"objectives={shown(values)}: it must be a list")
    pairs = [each if isinstance(each, list) else [each, None] for each in values]
    if any(len(pair) != 2 for pair in pairs):
        raise ValueError(f"objectives={shown(values)}: write names, or names and directions")
    return tuple(
        _objective(name, direction, own=direction is not None) for name, direction in pairs
    )


def _objective(name, direction, own):
    if direction is not None and (not isinstance(direction, str) or direction not in DIRECTIONS):
        raise ValueError(
            f"objectives[{shown(name)}]={shown(direction)}: write 'maximize' or 'minimize'"
        )
    if not own or (isinstance(name, str) and (name in MEASURES or name.startswith("sparsity_"))):
        return _known(name, direction)
    if not isinstance(name, str) or not 0 < len(name) <= 60 or not is_one_line(name):
        raise ValueError(f"objectives holds {shown(name)}: write a short name on one line")
    if name.startswith("test_"):
        raise _of_test(name)
    if direction is None:
        direction = direction_of(name)
    if direction is None:
        raise ValueError(
            f"objectives={shown(name)}: say which way is better, with a dict: "
            f"{{{shown(name)}: 'maximize'}}"
        )
    return Objective(name, direction, known=False)


def _known(name, direction):
    measure = measure_named(name)
    if measure.of_test:
        raise _of_test(measure.name)
    more = bool(measure.higher) or measure.name.startswith("sparsity")
    own_direction = "maximize" if more else "minimize"
    if direction not in (None, own_direction):
        raise ValueError(
            f"objectives[{measure.name!r}]={direction!r}: a search would {own_direction} it; "
            "leave it out, or return it from evaluate under another name"
        )
    return Objective(measure.name, own_direction, measure.log or measure.name == "nonzeros")


def _of_test(name):
    return ValueError(
        f"objectives: a search must not see {name}; choose by validation data, and "
        "open the test data once, at the end"
    )
