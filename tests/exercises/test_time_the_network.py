"""What the exercises on time are judged by: the cases of the bisection cross where they say."""

import pytest

from prunelab import footprint
from prunelab.exercises import sandbox
from prunelab.exercises import time_the_network as timing
from prunelab.exercises.time_the_network import break_even
from tests.exercises.answers import time_the_network as answers


@pytest.mark.parametrize("case", range(len(break_even.even_cases())))
def test_the_cases_cross_where_they_say(case):
    _, (at, low, high) = break_even.even_cases()[case]
    gain = break_even.gain_crossing(at)
    assert gain(at) == 1
    assert gain(at - 1e-6) < 1 < gain(at + 1e-6)
    found = footprint.break_even(gain, low=low, high=high)
    if low <= at < high:
        assert found.low <= at < found.high
    else:
        assert found.sparsity == (None if at >= high else low)


def test_ties_are_probed_by_a_bisection():
    asked = []

    def gain(sparsity):
        asked.append(break_even.gain_crossing(0.5)(sparsity))
        return asked[-1]

    answers.break_even(gain, 0.25, 0.75)
    assert 1 in asked


def test_a_bisection_that_never_ends_is_ended(monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)

    def for_ever(gain, low, high):
        while True:
            low = (low + high) / 2

    right, sentence = timing.q1.verdict(for_ever)
    assert right is False
    assert "takes longer than 0.2 seconds" in sentence
