"""A measurement as values: bytes of formats, milliseconds of runtimes, break-evens."""

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, fields
from datetime import date
from itertools import pairwise
from typing import Any, Self

from prunelab.base.checks import is_plain, number, shown, sparsity_fraction, whole
from prunelab.base.json_files import only_fields
from prunelab.footprint.patterns import pattern_named

STATUSES = {
    "right": "its predictions are those of the network it was made from",
    "wrong": "it runs, and its predictions are not those of the network it was made from",
    "failed": "it could not be made or run",
    "missing": "a package it needs is not installed",
}


@dataclass(frozen=True)
class MeasuredRow:
    """The columns of every row: which network, and whether its predictions are right.

    pattern, sparsity: the arguments of `patterns.pruned`. zeros: the fraction of zeros in the
    network's kernels, in [0, 1]; removing whole neurons leaves no zeros. weights: the number of
    kernel weights. status: one of STATUSES. error: root mean square of the difference to the
    network's own predictions, over theirs; None if there are no predictions. why: one sentence if
    the status is not "right", else "".
    """

    pattern: str
    sparsity: float
    zeros: float
    weights: int
    status: str
    error: float | None
    why: str

    def __post_init__(self) -> None:
        pattern_named(self.pattern)
        checked_text("why", self.why)
        sparsity_fraction("sparsity", self.sparsity)
        number("zeros", self.zeros, at_least=0, at_most=1)
        whole("weights", self.weights, at_most=2**53)
        if self.status not in STATUSES:
            raise ValueError(f"status={shown(self.status)}: it is one of {', '.join(STATUSES)}")
        if (self.status == "right") != (self.why == ""):
            raise ValueError(
                f"why={shown(self.why)}: a row that is {self.status!r} "
                f"{'needs no reason' if self.why else 'needs a reason'}"
            )
        _optional("error", self.error)

    def _needs(self, name):
        if self.status in ("right", "wrong") and getattr(self, name) is None:
            raise ValueError(f"{name}=None: a row that is {self.status!r} was measured; say what")


@dataclass(frozen=True)
class SizeRow(MeasuredRow):
    """The bytes of a network in one format (see `formats.FORMATS`).

    bytes: of the file; None if it could not be written. bound: the average number of bytes below
    which no codec gets, see `codecs.entropy_bound`, for weights of the format's width. dtype: the
    types of the kernels, such as "float32" or "bfloat16 and float32". remark: one sentence on a
    file that is right and yet not what its name says, such as float32 kernels in an int8 file; or
    "".
    """

    format: str
    bytes: int | None
    bound: int
    dtype: str = "float32"
    remark: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("format", "dtype", "remark"):
            checked_text(name, getattr(self, name))
        whole("bound", self.bound, at_most=2**53)
        if self.bytes is not None:
            whole("bytes", self.bytes, at_least=1, at_most=2**53)
        self._needs("bytes")


@dataclass(frozen=True)
class TimeRow(MeasuredRow):
    """The milliseconds of one call of a network in one runtime (see `runtimes.RUNTIMES`).

    batch: rows a call. threads: how many the runtime may use. median: of the samples, in ms; low,
    high: their quartiles. samples: how many. dense: median ms of the unpruned network in its
    fastest dense float runtime, measured in the same rounds. limit: the least ms that this
    machine's bandwidth and peak allow, see `machine_limits`; None if unmeasured. remark: as in
    SizeRow.
    """

    runtime: str
    batch: int
    threads: int
    median: float | None
    low: float | None
    high: float | None
    samples: int
    dense: float | None
    limit: float | None
    remark: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("runtime", "remark"):
            checked_text(name, getattr(self, name))
        for name in ("batch", "threads"):
            whole(name, getattr(self, name), at_least=1)
        whole("samples", self.samples)
        for name in ("median", "low", "high", "dense", "limit"):
            _optional(name, getattr(self, name))
        self._needs("median")

    @property
    def ratio(self) -> float | None:
        """How many times faster than the fastest dense float runtime (dense / median), or None."""
        return self.dense / self.median if self.dense and self.median else None

    @property
    def spread(self) -> float | None:
        """The distance between the quartiles, over the median; None if nothing was timed."""
        if not self.median or self.low is None or self.high is None:
            return None
        return (self.high - self.low) / self.median


NOISY = 0.25  # spread from which a row is too noisy for ratios


def noise(rows: Iterable[TimeRow]) -> str:
    """One sentence if the machine was too busy for the ratios of `rows` to be reliable, else "".

    That is so if at least a quarter of the rows have a spread above NOISY.
    """
    spreads = [row.spread for row in rows if row.spread is not None]
    loud = [spread for spread in spreads if spread > NOISY]
    if len(loud) * 4 < max(len(spreads), 1) or not loud:
        return ""
    return (
        f"in {len(loud)} of {len(spreads)} rows the quartiles lie more than {NOISY:.0%} of the "
        "median apart: this machine is busy with something else; measure again when it is quiet"
    )


@dataclass(frozen=True)
class BreakEvenRow:
    """Where a format or runtime begins to win, found by `break_evens.break_even`.

    what: a format or a runtime. pattern: of the zeros. batch, threads: None for a format. sparsity:
    where it begins to win; None if it never does, 0 if it always does. low, high: the bracket in
    which it was found. steps: measurements taken.
    """

    what: str
    pattern: str
    batch: int | None
    threads: int | None
    sparsity: float | None
    low: float
    high: float
    steps: int

    def __post_init__(self) -> None:
        pattern_named(self.pattern)
        checked_text("what", self.what)
        for name in ("batch", "threads"):
            if getattr(self, name) is not None:
                whole(name, getattr(self, name), at_least=1)
        for name in ("sparsity", "low", "high"):
            _optional(name, getattr(self, name))
        whole("steps", self.steps)


def rounded(value, digits=5):
    """`value` rounded to `digits` significant digits; measurements are no more accurate."""
    return None if value is None else float(f"{value:.{digits}g}")


def checked_text(name, value):
    """TypeError or ValueError if `value` is not a text that a row can hold."""
    if not isinstance(value, str) or len(value) > 1000:
        raise TypeError(f"{name}={shown(value)}: {name} must be a text of at most 1,000 characters")
    if not all(map(is_plain, value.replace("\n", ""))):
        raise ValueError(f"{name}={shown(value)}: it holds control characters; leave them out")


def _optional(name, value):
    if value is not None:
        number(name, value, at_least=0)


@dataclass(frozen=True)
class Measurement:
    """All measurements of one network on one machine; can be converted to JSON and back.

    network: a sentence that says which network it is. shape: (inputs, units, …, outputs). machine:
    see `machine.machine`. created: the day, as 2026-11-22. sizes, times, break_evens: rows.
    """

    network: str
    shape: tuple[int, ...]
    machine: dict[str, Any]
    created: str
    sizes: tuple[SizeRow, ...] = ()
    times: tuple[TimeRow, ...] = ()
    break_evens: tuple[BreakEvenRow, ...] = ()

    def __post_init__(self) -> None:
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
    def dense_bytes(self) -> int:
        """Bytes of the unpruned network's weights and biases in float32."""
        pairs = pairwise(self.shape)
        return 4 * sum(inputs * units + units for inputs, units in pairs)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON: rows as lists under the names of their columns.

        A column in which every row has its default, such as an empty remark, is left out.
        """
        values = {"network": self.network, "shape": list(self.shape), "created": self.created}
        tables = {name: _written(kind, getattr(self, name)) for name, kind in _ROWS.items()}
        return values | {"machine": self.machine} | tables

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The measurement that `to_dict` wrote; raises for missing or unknown fields."""
        only_fields("measurement", values, [field.name for field in fields(cls)])
        tables = {name: _read(name, kind, values[name]) for name, kind in _ROWS.items()}
        return cls(**values | tables)

    def __repr__(self) -> str:
        return (
            f"Measurement({self.network}; {len(self.sizes)} sizes, {len(self.times)} times, "
            f"{self.machine.get('processor', 'unnamed machine')}, {self.created})"
        )


_ROWS = {"sizes": SizeRow, "times": TimeRow, "break_evens": BreakEvenRow}


def _written(kind, rows):
    kept = [
        field.name
        for field in fields(kind)
        if field.default is MISSING
        or any(getattr(row, field.name) != field.default for row in rows)
    ]
    return {"columns": kept, "rows": [[getattr(row, name) for name in kept] for row in rows]}


def _read(name, kind, values):
    only_fields(name, values, ["columns", "rows"])
    optional = {field.name for field in fields(kind) if field.default is not MISSING}
    given = _list(f"{name}.columns", values["columns"])
    columns = [f.name for f in fields(kind) if f.name not in optional or f.name in given]
    if given != columns:
        raise ValueError(f"{name}.columns={shown(given)}: they must be {columns}")
    rows = []
    for row in _list(f"{name}.rows", values["rows"]):
        if not isinstance(row, list) or len(row) != len(columns):
            raise ValueError(f"{name}.rows holds {shown(row)}: a row has {len(columns)} values")
        rows.append(kind(**dict(zip(columns, row, strict=True))))
    return tuple(rows)


def _list(name, value):
    if not isinstance(value, tuple | list):
        raise TypeError(f"{name}={shown(value)}: {name} must be a list")
    return value
