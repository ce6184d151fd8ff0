"""Curves of a measurement: how many times smaller or faster than dense, sparsity by sparsity."""

from prunelab.footprint.formats import FORMATS
from prunelab.footprint.measurement import Measurement
from prunelab.footprint.patterns import pattern_named
from prunelab.footprint.runtimes import RUNTIMES
from prunelab.validate import shown

# Patterns that are the dense network itself where no weight goes; "small_dense" is drawn anew.
FROM_DENSE = ("unstructured", "blocks_1x4", "blocks_1x16", "neurons")


def gains(measurement, what, pattern, *, batch=1, threads=1):
    """(sparsities, gains) of a format or a runtime in a pattern, rising; above 1 it wins.

    what: a name of FORMATS or RUNTIMES; batch, threads: of a runtime. Rows that are not right have
    no gain and are left out. A gain is dense bytes over bytes, or dense ms over ms of one minute.
    """
    pairs = [
        (row.sparsity, measurement.dense_bytes / row.bytes if what in FORMATS else row.ratio)
        for row in _rows(measurement, what, pattern, batch, threads)
    ]
    return _curve(pairs)


def gain_limits(measurement, what, pattern, *, batch=1, threads=1):
    """(sparsities, gains) that nothing gets above: the entropy bound, or the machine's limit."""
    pairs = [
        (
            row.sparsity,
            measurement.dense_bytes / row.bound if what in FORMATS else _fastest(row),
        )
        for row in _rows(measurement, what, pattern, batch, threads)
    ]
    return _curve(pairs)


def even_of(measurement, what, pattern, *, batch=1, threads=1):
    """The `BreakEvenRow` of a format or a runtime in a pattern; None where none was searched."""
    where = (None, None) if _known(what) in FORMATS else (batch, threads)
    for row in measurement.break_evens:
        if (row.what, row.pattern, row.batch, row.threads) == (what, pattern, *where):
            return row
    return None


def _rows(measurement, what, pattern, batch, threads):
    """The right rows of `what`, the dense network's among them where the pattern comes from it."""
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
