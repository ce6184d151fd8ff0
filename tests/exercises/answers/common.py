"""What the answers to several chapters are made with."""

from prunelab.schedules import PolynomialDecay


def no_letters(choice, beyond, two):
    """Wrong answers that are no letter of a choice: the one beyond, two (the right one first), …"""
    return [(choice, wrong, "one of the letters") for wrong in (beyond, two, "", 3, [two[0]])]


def ramp(final, begin, end, frequency=100, **others):
    return PolynomialDecay(0.0, final, begin, end, frequency=frequency, **others)
