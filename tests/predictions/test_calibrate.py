"""The summary of a chapter's predictions: counts, and a verdict only where there is one."""

import pytest
from scipy import stats

from prunelab.predictions import LEVEL, Outcome
from prunelab.predictions.calibrate import Calibration, at_most


def ranges(held, missed):
    return (Outcome("number", True, LEVEL, 0.1),) * held + (
        Outcome("number", False, LEVEL, 1.0),
    ) * missed


@pytest.mark.parametrize(("held", "count"), [(0, 0), (0, 3), (2, 3), (5, 9), (9, 9), (-1, 4)])
def test_the_chance_is_the_binomial_one(held, count):
    assert at_most(held, count) == pytest.approx(stats.binom.cdf(held, count, LEVEL))


@pytest.mark.parametrize(
    ("held", "missed", "verdict"),
    [
        (0, 0, "too few"), (1, 0, "too few"), (1, 1, "too few"), (0, 2, "too narrow"),
        (2, 3, "too narrow"), (3, 2, "fits"), (4, 1, "fits"), (5, 0, "fits"),
        (10, 0, "fits"), (11, 0, "narrower"), (8, 2, "fits"),
    ],
)  # fmt: skip
def test_the_verdict_needs_evidence(held, missed, verdict):
    assert verdict in Calibration(12, ranges(held, missed)).verdict


def test_it_counts_each_kind():
    others = (
        Outcome("choice", True, 0.6, 0.16), Outcome("choice", False, 0.8, 0.64),
        Outcome("curve", True, None, 0.04), Outcome("curve", False, None, 0.2),
    )  # fmt: skip
    lines = repr(Calibration(9, ranges(2, 1) + others)).splitlines()
    assert lines[0] == "7 of 9 predictions locked and revealed."
    assert "2 of 3; 80 % sure means four in five." in lines[1]
    assert lines[1].endswith(
        "The ranges' mean score is 0.40: 0 is best, a range over the whole axis scores 1."
    )
    assert lines[2] == "Choices that were right: 1 of 2, at 70 % sure on average."
    assert lines[3] == "Curves near the measured one: 1 of 2, 12 % of the axis away on average."


def test_where_nobody_answered_it_is_one_line():
    assert repr(Calibration(5, ())) == "0 of 5 predictions locked and revealed."
