"""Curves of a measurement hold its right rows and no others; break-evens are found by name."""

import pytest

from prunelab.footprint import FORMATS, RUNTIMES, even_of, gain_limits, gains
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
