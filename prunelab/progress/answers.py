"""Encode answers as JSON, and decode them without running any code.

Nothing here evaluates, unpickles or imports anything.
"""

import math
from collections.abc import Set
from decimal import Decimal
from fractions import Fraction
from operator import is_

import numpy as np

from prunelab.base.checks import shown
from prunelab.base.json_files import only_fields
from prunelab.experiments.config import ExperimentConfig
from prunelab.schedules import schedule
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay

MOST_VALUES = 20_000  # numbers and texts in one answer, all calls together
MOST_CHARACTERS = 2_000
DEEPEST = 8
LARGEST_WHOLE = 2**63
SIMPLE = (str, int, float, np.generic)  # what a set may hold
NOT_SIMPLE = "a set in it holds neither texts nor numbers"
DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8")


class NotDataError(ValueError):
    """An answer that cannot be encoded, or data that are not an answer; in one sentence."""


def plain(value, deep=DEEPEST):
    """`value` with pandas' tables and other libraries' tensors as arrays, and texts in lists.

    What becomes an array, or a list where it holds no numbers, is whatever NumPy can read by its
    protocol. Dicts, lists and tuples are searched; what needs no change is returned itself.
    """
    if isinstance(value, range):
        return list(value) if len(value) <= MOST_VALUES else value
    if isinstance(value, Set) and not isinstance(value, set | frozenset):
        return set(value)  # such as a dict's keys
    if hasattr(type(value), "__array__") and not isinstance(value, np.ndarray | np.generic):
        value = np.asarray(value)
    if isinstance(value, np.ndarray) and value.dtype.kind not in "biufc" and value.size < 1000:
        return value.tolist()
    if type(value) not in (dict, list, tuple) or not deep:
        return value
    if type(value) is dict:
        items = [plain(item, deep - 1) for item in value.values()]
        same = all(map(is_, items, value.values()))
        return value if same else dict(zip(value, items, strict=True))
    items = [plain(item, deep - 1) for item in value]
    return value if all(map(is_, items, value)) else type(value)(items)


class Counted:
    """Base of Encoder and Decoder: counts values, and raises an error beyond the bounds."""

    def __init__(self):
        self.left = MOST_VALUES

    def count(self, many, depth):
        """Count `many` more values at nesting depth `depth`."""
        self.left -= many
        if self.left < 0:
            raise NotDataError(f"it holds more than {MOST_VALUES:,} values")
        if depth > DEEPEST:
            raise NotDataError(f"it is nested more than {DEEPEST} deep")


class Encoder(Counted):
    """Encodes values; values encoded by one Encoder share its bounds."""

    def encode(self, value, depth):
        """`value`, at nesting depth `depth`, as plain JSON values."""
        self.count(1, depth)
        if value is None or isinstance(value, bool):
            return value
        if type(value) is int and abs(value) < LARGEST_WHOLE:
            return value
        if type(value) is float:
            return value if math.isfinite(value) else self._array(np.float64(value), depth)
        if isinstance(value, str) and len(value) <= MOST_CHARACTERS:
            return str(value)
        if isinstance(value, np.ndarray | np.generic) and not isinstance(value, str):
            return self._array(value, depth)
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"is": kind, "items": [self.encode(item, depth + 1) for item in value]}
        if isinstance(value, set | frozenset):
            if not all(isinstance(item, SIMPLE) for item in value):
                raise NotDataError(NOT_SIMPLE)
            ordered = sorted(value, key=lambda item: (type(item).__name__, repr(item)))
            return {"is": "set", "items": [self.encode(item, depth + 1) for item in ordered]}
        if isinstance(value, dict):
            pairs = [
                [self.encode(k, depth + 1), self.encode(v, depth + 1)] for k, v in value.items()
            ]
            return {"is": "dict", "items": pairs}
        return self._known(value, depth)

    def _array(self, value, depth):
        array = np.asarray(value)
        if array.dtype == np.longdouble:  # its size depends on the machine
            array = array.astype(np.float64)
        kind = array.dtype.str[1:]
        if kind not in DTYPES:
            raise NotDataError(f"arrays of {shown(array.dtype)} are not written")
        self.count(array.size, depth)
        numbers = array.ravel().tolist()
        if array.dtype.kind == "f":
            numbers = [_plain(number) for number in numbers]
        scalar = isinstance(value, np.generic)
        return {"is": "scalar" if scalar else "array", "dtype": kind, "shape": list(array.shape),
                "items": numbers}  # fmt: skip

    def _known(self, value, depth):
        if (other := plain(value)) is not value:
            return self.encode(other, depth)
        if isinstance(value, Fraction | Decimal):
            return self.encode(float(value), depth)
        if isinstance(value, PolynomialDecay | ConstantSparsity):
            return {"is": "schedule", "fields": schedule.to_dict(value)}
        if isinstance(value, ExperimentConfig):
            return {"is": "config", "fields": value.to_dict()}
        if hasattr(value, "tree_") and hasattr(value, "get_n_leaves"):
            return {"is": "tree", "value": self._array(value.tree_.value, depth),
                    "left": self._array(value.tree_.children_left, depth)}  # fmt: skip
        raise NotDataError(f"a {type(value).__name__} is not written as data")


def _plain(number):
    if math.isfinite(number):
        return number
    return "nan" if math.isnan(number) else "inf" if number > 0 else "-inf"


NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Decoder(Counted):
    """Decodes values; values decoded by one Decoder share its bounds."""

    def decode(self, data, depth):
        """The value that was encoded as `data`, at nesting depth `depth`."""
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
            "list": self._list, "tuple": self._list, "set": self._set, "dict": self._dict,
            "array": self._array, "scalar": self._array, "schedule": self._schedule,
            "config": self._config, "tree": self._tree,
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

    def _set(self, data, depth):
        items = [self.decode(item, depth + 1) for item in _items(data, ("is", "items"))]
        if not all(isinstance(item, SIMPLE) for item in items):
            raise NotDataError(NOT_SIMPLE)
        return set(items)

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
        return _made(schedule.from_dict, data)

    def _config(self, data, depth):
        return _made(ExperimentConfig.from_dict, data)

    def _tree(self, data, depth):
        _fields(data, ("is", "value", "left"))
        value, left = (self.decode(data[name], depth + 1) for name in ("value", "left"))
        if not all(isinstance(part, np.ndarray) and part.size for part in (value, left)):
            raise NotDataError("a tree in it has no nodes")
        return FoldedTree(value, left)


class FoldedTree:
    """The decoded form of a tree that an answer returned: its leaves and node values."""

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


__all__ = [
    "DEEPEST",
    "DTYPES",
    "MOST_CHARACTERS",
    "MOST_VALUES",
    "Decoder",
    "Encoder",
    "FoldedTree",
    "NotDataError",
    "decode",
    "encode",
    "plain",
]


def encode(value):
    """`value` as plain JSON values; NotDataError if it has no such form or is too long."""
    return Encoder().encode(value, 0)


def decode(data):
    """The value that `encode` wrote; NotDataError for any other data."""
    return Decoder().decode(data, 0)
