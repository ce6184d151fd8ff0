"""An answer from plain JSON values, however hostile they are."""

import math

import numpy as np

from prunelab import schedules
from prunelab.answer_data.limits import (
    DEEPEST,
    DTYPES,
    LARGEST_WHOLE,
    MOST_CHARACTERS,
    MOST_VALUES,
    Counted,
    NotDataError,
)
from prunelab.config import ExperimentConfig
from prunelab.digests import only_fields
from prunelab.validate import shown

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Decoder(Counted):
    """Makes values again; one Decoder for all that has to stay within the limits together."""

    def decode(self, data, depth):
        """The value that `data`, found `depth` deep, was written from."""
        self.count(1, depth)
        if data is None or isinstance(data, bool | float):
            return data
        if isinstance(data, int):
            if abs(data) >= LARGEST_WHOLE:
                raise NotDataError("a whole number in it is too large")
            return data
        if isinstance(data, str):
            return self._text(data)
        kind = data.get("is") if isinstance(data, dict) else None
        makers = {
            "list": self._list, "tuple": self._list, "dict": self._dict, "array": self._array,
            "scalar": self._array, "schedule": self._schedule, "config": self._config,
            "tree": self._tree,
        }  # fmt: skip
        if not isinstance(kind, str) or kind not in makers:
            raise NotDataError(f"{shown(data)} is no answer")
        return makers[kind](data, depth)

    def _text(self, data):
        if len(data) > MOST_CHARACTERS:
            raise NotDataError("a text in it is too long")
        return data

    def _list(self, data, depth):
        items = [self.decode(item, depth + 1) for item in _items(data, ("is", "items"))]
        return items if data["is"] == "list" else tuple(items)

    def _dict(self, data, depth):
        made = {}
        for pair in _items(data, ("is", "items")):
            if not isinstance(pair, list) or len(pair) != 2:
                raise NotDataError("a dict in it is not written in pairs")
            key = self.decode(pair[0], depth + 1)
            if not isinstance(key, str | int | float | bool | None):
                raise NotDataError("a key in it is neither a text nor a number")
            made[key] = self.decode(pair[1], depth + 1)
        return made

    def _array(self, data, depth):
        items = _items(data, ("is", "dtype", "shape", "items"))
        kind, shape = data["dtype"], data["shape"]
        if kind not in DTYPES or not isinstance(shape, list) or len(shape) > DEEPEST:
            raise NotDataError("an array in it has no known type and shape")
        if not all(type(n) is int and 0 <= n <= MOST_VALUES for n in shape):
            raise NotDataError("an array in it has no known type and shape")
        if math.prod(shape) != len(items) or (data["is"] == "scalar" and shape):
            raise NotDataError("an array in it has another shape than it says")
        self.count(len(items), depth)
        wanted = {"b": (bool,), "i": (int,), "u": (int,), "f": (float, int)}[kind[0]]
        numbers = [NOT_FINITE.get(n) if isinstance(n, str) else n for n in items]
        if not all(type(n) in wanted for n in numbers):
            raise NotDataError("an array in it holds something else than its type")
        try:
            with np.errstate(over="ignore"):
                array = np.array(numbers, dtype=kind).reshape(shape)
        except (OverflowError, ValueError, TypeError):
            raise NotDataError("a number in an array does not fit its type") from None
        return array[()] if data["is"] == "scalar" else array

    def _schedule(self, data, depth):
        return _made(schedules.from_dict, data)

    def _config(self, data, depth):
        return _made(ExperimentConfig.from_dict, data)

    def _tree(self, data, depth):
        _fields(data, ("is", "value", "left"))
        value, left = (self.decode(data[name], depth + 1) for name in ("value", "left"))
        if not all(isinstance(part, np.ndarray) and part.size for part in (value, left)):
            raise NotDataError("a tree in it has no nodes")
        return FoldedTree(value, left)


class FoldedTree:
    """What is written of a tree that an answer returned: its leaves and the values of its nodes."""

    def __init__(self, value, left):
        self.value, self.children_left = value, left
        self.tree_ = self

    def get_n_leaves(self):
        """How many nodes have no child."""
        return int(np.sum(self.children_left < 0))


def _fields(data, wanted):
    try:
        only_fields("data", data, wanted)
    except ValueError as error:
        raise NotDataError(str(error)) from None


def _items(data, wanted):
    _fields(data, wanted)
    if not isinstance(data["items"], list):
        raise NotDataError("its items are no list")
    return data["items"]


def _made(make, data):
    _fields(data, ("is", "fields"))
    try:
        return make(data["fields"])
    except (ValueError, TypeError) as error:
        raise NotDataError(str(error)) from None
