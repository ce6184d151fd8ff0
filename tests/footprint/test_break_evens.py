"""Bisection with made gains, whose crossing is known; the gains that measure, on small networks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.footprint import BreakEven, break_even, encode, pruned, size_gain, time_gain
from prunelab.footprint import timing as timing_module
from tests.footprint.test_codecs import network


@given(st.floats(0.02, 0.95), st.sampled_from([0.1, 0.01, 0.001]))
def test_the_crossing_is_bracketed(crossing, tolerance):
    asked = []

    def gain(sparsity):
        asked.append(sparsity)
        return 2.0 if sparsity > crossing else 0.5

    found = break_even(gain, tolerance=tolerance)
    assert found.low <= crossing <= found.high == found.sparsity
    assert found.high - found.low <= tolerance * 1.001
    assert found.steps == len(asked) == len(set(asked))
    assert len(asked) <= 3 + np.log2(1 / tolerance)


def test_what_always_or_never_wins_takes_one_look_or_two():
    assert break_even(lambda s: 2.0) == BreakEven(0.0, 0.0, 0.0, 1)
    assert break_even(lambda s: 0.5) == BreakEven(None, 0.0, 0.98, 2)
    assert break_even(lambda s: 1.0).sparsity is None  # a draw is no win
    assert str(break_even(lambda s: 2.0)) == "wins from 0 % zeros on"
    assert str(break_even(lambda s: 0.5)) == "never wins up to 98 % zeros"
    assert str(break_even(lambda s: s / 0.5)).startswith("begins to win between 49.")


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        (("gain",), {}, "write a function of the sparsity"),
        ((abs,), {"low": 0.9, "high": 0.5}, "low must be below high"),
        ((abs,), {"tolerance": 0}, "tolerance"),
        ((lambda s: float("nan"),), {}, "gain"),
        ((lambda s: None,), {}, "gain"),
        ((abs,), {"high": 98}, "for 98 % write 0.98"),
    ],
)
def test_impossible_questions(arguments, options, words):
    with pytest.raises((TypeError, ValueError), match=words):
        break_even(*arguments, **options)


def test_csr_begins_to_pay_where_counting_says():
    """8 bytes a weight that is kept against 4 a weight: at one half, plus what row ends cost."""
    net = network((200, 160, 1), seed=2)
    found = break_even(size_gain(net, "csr32"), tolerance=0.002)
    rows = 4 * (200 + 160)
    expected = 1 - (4 * (200 * 160 + 160) - rows) / (8 * (200 * 160 + 160))
    assert found.sparsity == pytest.approx(expected, abs=0.003)
    gain = size_gain(net, "bitmask")(0.75)
    assert gain == len(encode(net, "raw")) / len(
        encode(pruned(net, "unstructured", 0.75), "bitmask")
    )


def test_a_gain_of_time_is_the_rows_ratio_and_a_wrong_one_wins_nothing(monkeypatch):
    seen = []

    class Row:
        status, ratio = "right", 3.0

    def fake(made, x, runtime, **options):
        seen.append((runtime, options["batches"], options["threads"], options["repeats"]))
        return (Row,)

    monkeypatch.setattr(timing_module, "time", fake)
    gain = time_gain(network(), np.ones((2, 40)), "scipy_csr", batch=64, repeats=5)
    assert gain(0.5) == 3.0
    assert seen == [("scipy_csr", (64,), 1, 5)]
    Row.status = "wrong"
    assert gain(0.5) == 0.0
    with pytest.raises(ValueError, match="the runtimes are"):
        time_gain(network(), np.ones((2, 40)), "csr")
    with pytest.raises(ValueError, match="the formats are"):
        size_gain(network(), "zip")
