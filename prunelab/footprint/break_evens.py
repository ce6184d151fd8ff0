"""How many times smaller or faster than dense at each sparsity, and where the gain exceeds 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.base.checks import number, shown, sparsity_fraction, whole
from prunelab.footprint.formats import FORMATS, format_named
from prunelab.footprint.measurement import Measurement
from prunelab.footprint.networks import as_network
from prunelab.footprint.patterns import pattern_named, pruned
from prunelab.footprint.runtimes import RUNTIMES, runtime_named

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from numpy.typing import ArrayLike
    from tf_keras import Model

    from prunelab.footprint.measurement import BreakEvenRow
    from prunelab.masks.network import Network

DENSE_RUNTIME = "litert_xnnpack"
# With no weight removed these patterns are the dense network; "small_dense" has new weights.
FROM_DENSE = ("unstructured", "4x1", "16x1", "neurons")


def gains(
    measurement: Measurement, what: str, pattern: str, *, batch: int = 1, threads: int = 1
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(sparsities, gains) of a format or a runtime in a pattern, by rising sparsity.

    A gain is dense bytes over bytes, or dense ms over ms measured at the same time; above 1 it is
    an improvement. what: a name of FORMATS or RUNTIMES; batch, threads: of a runtime. Rows whose
    status is not "right" have no gain and are left out.
    """
    pairs = [
        (row.sparsity, measurement.dense_bytes / row.bytes if what in FORMATS else row.ratio)
        for row in _rows(measurement, what, pattern, batch, threads)
    ]
    return _curve(pairs)


def gain_limits(
    measurement: Measurement, what: str, pattern: str, *, batch: int = 1, threads: int = 1
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """(sparsities, gains) that cannot be exceeded: by the entropy bound, or the machine's limit."""
    pairs = [
        (
            row.sparsity,
            measurement.dense_bytes / row.bound if what in FORMATS else _fastest(row),
        )
        for row in _rows(measurement, what, pattern, batch, threads)
    ]
    return _curve(pairs)


def even_of(
    measurement: Measurement, what: str, pattern: str, *, batch: int = 1, threads: int = 1
) -> BreakEvenRow | None:
    """The `BreakEvenRow` of a format or a runtime in a pattern; None if it was not searched for."""
    where = (None, None) if _known(what) in FORMATS else (batch, threads)
    for row in measurement.break_evens:
        if (row.what, row.pattern, row.batch, row.threads) == (what, pattern, *where):
            return row
    return None


def spread(measurement: Measurement, *, batch: int = 1, threads: int = 1) -> float:
    """How far apart equal work was timed: the largest ratio to dense over the smallest.

    Of LiteRT's default runtime, which does the same work whatever is zero, on networks with zeros
    in place. Ratios of single rows that are less than this apart may be equal. Raises ValueError
    if there are fewer than two such rows.
    """
    found = [
        row.ratio
        for row in _rows(measurement, DENSE_RUNTIME, "unstructured", batch, threads)
        + _rows(measurement, DENSE_RUNTIME, "4x1", batch, threads)
        if row.pattern != "dense" and row.ratio
    ]
    if len(found) < 2:
        raise ValueError(
            f"batch={shown(batch)}, threads={shown(threads)}: {len(found)} times of equal work are "
            "in the measurement, two are needed; ask for what was measured"
        )
    return max(found) / min(found)


def clear_from(measurement: Measurement, row: BreakEvenRow) -> float | None:
    """The lowest sparsity measured at which the gain is above the `spread`; None if there is none.

    row: of a runtime. A break-even below it is within the noise. Raises ValueError for a format,
    whose bytes have no noise.
    """
    if row.batch is None or row.threads is None:
        raise ValueError(f"row.what={shown(row.what)}: bytes have no noise; give a runtime's row")
    here = {"batch": row.batch, "threads": row.threads}
    noise = spread(measurement, **here)
    pairs = zip(*gains(measurement, row.what, row.pattern, **here), strict=True)
    return next((sparsity for sparsity, gain in pairs if gain > noise), None)


def beaten(
    measurement: Measurement, *, int8: bool, batch: int, threads: int
) -> tuple[int, int, float, tuple[str, ...]]:
    """How many rows are faster than the machine's limit, of how many; the smallest time over the
    limit; and the runtimes that are. int8: of the runtimes with int8 weights, or of the others.
    Raises ValueError if there is no such row.
    """
    shares = [
        (row.median / row.limit, row.runtime)
        for row in measurement.times
        if row.status == "right" and (row.batch, row.threads) == (batch, threads)
        and RUNTIMES[row.runtime].int8 is int8 and row.median and row.limit
    ]  # fmt: skip
    if not shares:
        raise ValueError(f"batch={shown(batch)}, threads={shown(threads)}: nothing was measured")
    below = [runtime for share, runtime in shares if share < 1]
    return len(below), len(shares), min(shares)[0], tuple(sorted(set(below)))


def _rows(measurement, what, pattern, batch, threads):
    """The rows of `what` with status "right", and the dense one's if the pattern starts there."""
    if not isinstance(measurement, Measurement):
        raise TypeError(f"measurement={shown(measurement)}: write a Measurement, as load() gives")
    patterns = {pattern_named(pattern).name, *(["dense"] if pattern in FROM_DENSE else [])}
    if _known(what) in FORMATS:
        return [
            row
            for row in measurement.sizes
            if row.format == what and row.pattern in patterns and row.status == "right"
        ]
    return [
        row
        for row in measurement.times
        if (row.runtime, row.batch, row.threads) == (what, batch, threads)
        and row.pattern in patterns
        and row.status == "right"
    ]


def _known(what):
    if not isinstance(what, str) or what not in (*FORMATS, *RUNTIMES):
        raise ValueError(
            f"what={shown(what)}: write a format ({', '.join(FORMATS)}) "
            f"or a runtime ({', '.join(RUNTIMES)})"
        )
    return what


def _fastest(row):
    return row.dense / row.limit if row.dense and row.limit else None


def _curve(pairs):
    pairs = sorted((sparsity, gain) for sparsity, gain in pairs if gain is not None)
    return tuple(zip(*pairs, strict=True)) if pairs else ((), ())


@dataclass(frozen=True)
class BreakEven:
    """Where a gain crosses 1. sparsity: the lowest measured with a gain above 1, None if none had.
    low, high: the bracket: the gain is below 1 at `low`, above 1 at `high`. steps: measurements
    taken."""

    sparsity: float | None
    low: float
    high: float
    steps: int

    def __str__(self) -> str:
        if self.sparsity is None:
            return f"never wins up to {100 * self.high:.0f} % zeros"
        if self.sparsity == self.low:
            return f"wins from {100 * self.low:.0f} % zeros on"
        return f"begins to win between {100 * self.low:.1f} and {100 * self.high:.1f} % zeros"


def break_even(
    gain: Callable[[float], float], *, low: float = 0.0, high: float = 0.98, tolerance: float = 0.01
) -> BreakEven:
    """The `BreakEven` of `gain`, a function of the sparsity.

    The gain is assumed to rise with the sparsity. If it crosses 1 several times, as measured times
    may, one of the crossings is found. low, high: the range to search. tolerance: the width of the
    last bracket. `size_gain` and `time_gain` make gains that measure.
    """
    if not callable(gain):
        raise TypeError(f"gain={shown(gain)}: write a function of the sparsity")
    low, high = sparsity_fraction("low", low), sparsity_fraction("high", high)
    tolerance = number("tolerance", tolerance, at_least=1e-4)
    if low >= high:
        raise ValueError(f"low={low}: low must be below high={high}")
    if _wins(gain, low):
        return BreakEven(low, low, low, 1)
    if not _wins(gain, high):
        return BreakEven(None, low, high, 2)
    steps = 2
    while high - low > tolerance * (1 + 1e-9):
        middle, steps = (low + high) / 2, steps + 1
        low, high = (low, middle) if _wins(gain, middle) else (middle, high)
    return BreakEven(high, low, high, steps)


def size_gain(
    model: Network | Model, format: str, *, pattern: str = "unstructured"
) -> Callable[[float], float]:
    """A function: sparsity → bytes of the dense float32 weights over the bytes in `format`."""
    network, format = as_network(model), format_named(format)
    pattern = pattern_named(pattern).name
    raw, _ = format_named("raw").write(network)

    def gain(sparsity):
        size, _ = format.write(pruned(network, pattern, sparsity))
        return raw / size

    return gain


def time_gain(
    model: Network | Model,
    x: ArrayLike,
    runtime: str,
    *,
    pattern: str = "unstructured",
    batch: int = 1,
    threads: int = 1,
    **options: Any,
) -> Callable[[float], float]:
    """A function: sparsity → ms of the fastest dense float runtime over the ms of `runtime`.

    Both are measured in the same rounds. options: `repeats` and `seconds` of `timing.time`. If the
    runtime's predictions are wrong, the gain is 0.
    """
    from prunelab.footprint.timing import time

    network, runtime = as_network(model), runtime_named(runtime)
    pattern, batch = pattern_named(pattern).name, whole("batch", batch, at_least=1)

    def gain(sparsity):
        (row,) = time(
            pruned(network, pattern, sparsity),
            x,
            runtime.name,
            batches=(batch,),
            threads=threads,
            dense=network,
            **options,
        )
        return row.ratio if row.status == "right" else 0.0

    return gain


def _wins(gain, sparsity):
    return number("gain", gain(sparsity)) > 1
