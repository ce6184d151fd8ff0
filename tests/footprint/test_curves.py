"""Curves of a measurement hold its right rows and no others; break-evens are found by name."""

from dataclasses import replace

import pytest

from prunelab.footprint import (
    FORMATS,
    RUNTIMES,
    BreakEvenRow,
    Measurement,
    TimeRow,
    beaten,
    clear_from,
    even_of,
    gain_limits,
    gains,
    spread,
)
from prunelab.footprint.break_evens import FROM_DENSE
from tests.helpers.made_footprint import SPARSITIES, made_measurement

RIGHT, ODD = made_measurement(odd=0), made_measurement(3, odd=0.4)


def right(rows, **wanted):
    """Right rows of these values, by sparsity, dense ones at 0."""
    return {
        row.sparsity: row
        for row in rows
        if row.status == "right" and all(getattr(row, n) in v for n, v in wanted.items())
    }


@pytest.mark.parametrize("pattern", FROM_DENSE)
def test_a_curve_begins_at_dense_and_rises_with_the_sparsities(pattern):
    for what in ("bitmask", "scipy_csr"):
        sparsities, found = gains(RIGHT, what, pattern, batch=64, threads=2)
        assert sparsities == (0.0, *SPARSITIES)
        assert len(found) == len(sparsities)
        assert all(gain > 0 for gain in found)


def test_gains_are_those_of_the_rows_and_wrong_rows_have_none():
    seen = 0
    for what in FORMATS:
        rows = right(ODD.sizes, format=[what], pattern=["dense", "4x1"])
        sparsities, found = gains(ODD, what, "4x1")
        assert sparsities == tuple(sorted(rows))
        assert found == tuple(ODD.dense_bytes / rows[s].bytes for s in sparsities)
        _, limits = gain_limits(ODD, what, "4x1")
        assert limits == tuple(ODD.dense_bytes / rows[s].bound for s in sparsities)
        seen += len(SPARSITIES) + 1 - len(rows)
    for what in RUNTIMES:
        here = {"runtime": [what], "batch": [64], "threads": [2]}
        rows = right(ODD.times, pattern=["small_dense"], **here)
        sparsities, found = gains(ODD, what, "small_dense", batch=64, threads=2)
        assert sparsities == tuple(sorted(rows))
        assert found == tuple(rows[s].dense / rows[s].median for s in sparsities)
        _, limits = gain_limits(ODD, what, "small_dense", batch=64, threads=2)
        assert limits == tuple(rows[s].dense / rows[s].limit for s in sparsities)
        seen += len(SPARSITIES) - len(rows)
    assert seen > 20  # rows that are not right were there to be left out


def test_a_small_dense_network_is_no_dense_one_with_nothing_gone():
    assert gains(RIGHT, "raw", "small_dense")[0] == SPARSITIES


def test_what_was_not_measured_is_an_empty_curve():
    assert gains(RIGHT, "numpy", "unstructured", batch=7) == ((), ())
    assert gain_limits(RIGHT, "numpy", "unstructured", threads=9) == ((), ())


def test_break_evens_by_name():
    assert even_of(RIGHT, "gzip", "unstructured").sparsity == 0.125
    assert even_of(RIGHT, "gzip", "unstructured", batch=64).sparsity == 0.125  # has no batch
    assert even_of(RIGHT, "gzip", "4x1") is None
    assert even_of(RIGHT, "csr32", "unstructured").sparsity is None
    assert even_of(RIGHT, "litert_xnnpack", "unstructured").sparsity == 0
    assert even_of(RIGHT, "litert_xnnpack", "unstructured", batch=64) is None


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((None, "raw", "dense"), "measurement=None: write a Measurement"),
        ((RIGHT, "zip", "dense"), r"what='zip': write a format \(wrapped"),
        ((RIGHT, ["raw"], "dense"), "what="),
        ((RIGHT, "raw", "stripes"), "pattern='stripes': the patterns are"),
    ],
)
def test_impossible_questions_are_refused_in_a_sentence(arguments, words):
    for ask in (gains, gain_limits):
        with pytest.raises((TypeError, ValueError), match=words) as caught:
            ask(*arguments)
        assert "\n" not in str(caught.value)


def timed(runtime, pattern, sparsity, median, limit=1.0, batch=1, status="right"):
    """A row: dense takes 10 ms."""
    common = (pattern, sparsity, sparsity, 100, status, 1e-7 if status == "right" else 0.3, "")
    if status != "right":
        common = (*common[:-1], "its predictions are off by 30 %, where this one may be off by 5 %")
    return TimeRow(*common, runtime, batch, 1, median, median, median, 9, 10.0, limit)


ROWS = (
    timed("litert_xnnpack", "dense", 0.0, 40.0),
    timed("litert_xnnpack", "unstructured", 0.5, 10.0),
    timed("litert_xnnpack", "unstructured", 0.9, 8.0),
    timed("litert_xnnpack", "4x1", 0.9, 20.0),
    timed("litert_xnnpack", "4x1", 0.95, 1.0, status="wrong"),
    timed("scipy_csr", "unstructured", 0.5, 8.0),
    timed("scipy_csr", "unstructured", 0.9, 5.0),
    timed("scipy_csr", "unstructured", 0.95, 3.0, limit=4.0),
    timed("litert_int8_xnnpack", "unstructured", 0.5, 0.5),
)
BY_HAND = Measurement("by hand", (10, 10, 1), {}, "2026-11-29", times=ROWS)


def test_the_spread_is_of_equal_work_and_of_right_rows():
    assert spread(BY_HAND) == (10 / 8) / (10 / 20)
    with pytest.raises(ValueError, match="batch=64, threads=1: 0 times of equal work"):
        spread(BY_HAND, batch=64)


@pytest.mark.parametrize(("times", "clear"), [(ROWS, 0.95), (ROWS[:-2], None)])
def test_a_gain_is_clear_above_the_spread(times, clear):
    even = BreakEvenRow("scipy_csr", "unstructured", 1, 1, 0.4, 0.39, 0.4, 9)
    measurement = replace(BY_HAND, times=times)
    # Gains of 1.25, 2 and 3.3 against a spread of 2.5.
    assert clear_from(measurement, even) == clear
    with pytest.raises(ValueError, match=r"row\.what='gzip': bytes have no noise"):
        clear_from(measurement, BreakEvenRow("gzip", "unstructured", None, None, 0.4, 0.39, 0.4, 9))


def test_rows_faster_than_the_limit_are_counted_and_named():
    assert beaten(BY_HAND, int8=False, batch=1, threads=1) == (1, 7, 0.75, ("scipy_csr",))
    found = (1, 1, 0.5, ("litert_int8_xnnpack",))
    assert beaten(BY_HAND, int8=True, batch=1, threads=1) == found
    with pytest.raises(ValueError, match="batch=2, threads=1: nothing was measured"):
        beaten(BY_HAND, int8=True, batch=2, threads=1)
