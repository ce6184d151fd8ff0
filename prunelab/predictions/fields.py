"""The base class of the three kinds of questions, and checks of their fields."""

from dataclasses import asdict
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from prunelab.base.checks import real_array, shown
from prunelab.base.json_files import sha256


class Question:
    """Base class of the three kinds of questions."""

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]  # each of the three is a dataclass

    def to_dict(self) -> dict[str, Any]:
        """The question as plain values, ready for JSON."""
        return {"kind": self.kind, **asdict(self)}

    @cached_property
    def key(self) -> str:
        """The key under which a guess is stored; different questions have different keys."""
        return sha256(self.to_dict())[:16]


def fields(what, values, wanted):
    if not isinstance(values, dict) or set(values) != set(wanted):
        raise ValueError(f"{what}={shown(values)}: write a dict with {', '.join(wanted)}")
    return values


def pair(name, values):
    try:
        first, second = values
    except (TypeError, ValueError):
        raise ValueError(f"{name}={shown(values)}: write a pair") from None
    return first, second


def numbers(name, values):
    array = real_array(name, values).astype(float)
    if array.ndim != 1 or not np.all(np.isfinite(array)):
        raise ValueError(f"{name}={shown(values)}: write a row of finite numbers")
    return array
