"""What the answers to several chapters are made with."""

from prunelab.schedules import PolynomialDecay


def ramp(final, begin, end, frequency=100, **others):
    return PolynomialDecay(0.0, final, begin, end, frequency=frequency, **others)
