"""All that was measured of one network on one machine, as values that JSON can hold."""

from dataclasses import astuple, dataclass, fields
from datetime import date
from itertools import pairwise

from prunelab.digests import only_fields
from prunelab.footprint.records import BreakEvenRow, SizeRow, TimeRow, checked_text
from prunelab.validate import shown, whole


@dataclass(frozen=True)
class Measurement:
    """All that was measured of one network on one machine; JSON both ways.

    network: a sentence, which network it is. shape: (inputs, units, …, outputs). machine: see
    `machine.machine`. created: the day, as 2026-11-22. sizes, times, break_evens: rows.
    """

    network: str
    shape: tuple
    machine: dict
    created: str
    sizes: tuple = ()
    times: tuple = ()
    break_evens: tuple = ()

    def __post_init__(self):
        checked_text("network", self.network)
        checked_text("created", self.created)
        date.fromisoformat(self.created)
        shape = tuple(whole("shape", n, at_least=1) for n in _list("shape", self.shape))
        if len(shape) < 2:
            raise ValueError(f"shape={shown(shape)}: it is inputs, units of each layer, outputs")
        object.__setattr__(self, "shape", shape)
        if not isinstance(self.machine, dict):
            raise TypeError(f"machine is a {type(self.machine).__name__}: it must be a dict")
        for name, kind in _ROWS.items():
            rows = tuple(_list(name, getattr(self, name)))
            if not all(isinstance(row, kind) for row in rows):
                raise TypeError(f"{name}: it holds {kind.__name__}s and nothing else")
            object.__setattr__(self, name, rows)

    @property
    def dense_bytes(self):
        """Bytes of the unpruned network's weights and biases in float32."""
        pairs = pairwise(self.shape)
        return 4 * sum(inputs * units + units for inputs, units in pairs)

    def to_dict(self):
        """Plain values, ready for JSON: rows as lists under the names of their columns."""
        values = {"network": self.network, "shape": list(self.shape), "created": self.created}
        tables = {
            name: {
                "columns": [field.name for field in fields(kind)],
                "rows": [list(astuple(row)) for row in getattr(self, name)],
            }
            for name, kind in _ROWS.items()
        }
        return values | {"machine": self.machine} | tables

    @classmethod
    def from_dict(cls, values):
        """The measurement that `to_dict` wrote; missing or unknown fields are refused."""
        only_fields("measurement", values, [field.name for field in fields(cls)])
        tables = {name: _read(name, kind, values[name]) for name, kind in _ROWS.items()}
        return cls(**values | tables)

    def __repr__(self):
        return (
            f"Measurement({self.network}; {len(self.sizes)} sizes, {len(self.times)} times, "
            f"{self.machine.get('processor', 'unnamed machine')}, {self.created})"
        )


_ROWS = {"sizes": SizeRow, "times": TimeRow, "break_evens": BreakEvenRow}


def _read(name, kind, values):
    only_fields(name, values, ["columns", "rows"])
    columns = [field.name for field in fields(kind)]
    if values["columns"] != columns:
        raise ValueError(f"{name}.columns={shown(values['columns'])}: they must be {columns}")
    rows = []
    for row in _list(f"{name}.rows", values["rows"]):
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"{name}.rows holds {shown(row)}: a row has {len(columns)} values")
        rows.append(kind(*row))
    return tuple(rows)


def _list(name, value):
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name}={shown(value)}: {name} must be a list")
    return value
