"""What the answers to several chapters are made with."""

import numpy as np

from prunelab.schedules import PolynomialDecay


def no_letters(choice, beyond, two):
    """Wrong answers that are no letter of a choice: the one beyond, two (the right one first), …"""
    return [(choice, wrong, "one of the letters") for wrong in (beyond, two, "", 3, [two[0]] * 2)]


class Column:
    """Stands for what is no array and can be read as one: pandas' Series, a tensor."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype)


def ramp(final, begin, end, frequency=100, **others):
    return PolynomialDecay(0.0, final, begin, end, frequency=frequency, **others)
