"""An answer as plain JSON values."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np

from prunelab import schedules
from prunelab.answer_data.limits import (
    DTYPES,
    LARGEST_WHOLE,
    MOST_CHARACTERS,
    Counted,
    NotDataError,
)
from prunelab.config import ExperimentConfig
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.validate import shown


class Encoder(Counted):
    """Writes values; one Encoder for all that has to stay within the limits together."""

    def encode(self, value, depth):
        """`value`, found `depth` deep, as plain JSON values."""
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
        if isinstance(value, Fraction | Decimal):
            return self.encode(float(value), depth)
        if isinstance(value, PolynomialDecay | ConstantSparsity):
            return {"is": "schedule", "fields": schedules.to_dict(value)}
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
