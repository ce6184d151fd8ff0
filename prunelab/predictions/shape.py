"""Whether two curves have one shape, apart from how far they lie from each other.

A straight line lies near a bent curve, and a falling line near one that falls and rises again; who
draws it has missed what was asked. `words.js` says the same; a test compares the two.
"""

import numpy as np

LEAST_MOVE = 0.05  # a rise or fall of so much of the axis counts
LEAST_BEND = 0.03  # so does a mean distance from the curve's own straight line
SHARE = 1 / 3  # and is found in a curve that has at least this share of it
LIKE = 0.6  # the least correlation of two bends that are one
FEWEST = 5  # places; with less there is no shape


def difference(drawn, measured):
    """How the shape of a drawn curve differs from the measured one: a word, "" for not at all.

    drawn, measured: heights at the same even places, as positions on the axis. "no rise" or "no
    fall": the measured curve has a large one, the drawn one has not; "a rise" or "a fall": the
    other way round; "bend": they are not bent alike.
    """
    drawn, measured = np.asarray(drawn, dtype=float), np.asarray(measured, dtype=float)
    if len(drawn) < FEWEST:
        return ""
    for way, sign in (("rise", 1), ("fall", -1)):
        his, its = _largest_rise(sign * drawn), _largest_rise(sign * measured)
        if max(his, its) >= LEAST_MOVE and min(his, its) < SHARE * max(his, its):
            return f"no {way}" if his < its else f"a {way}"
    his, its = _bend(drawn), _bend(measured)
    sizes = np.abs(his).mean(), np.abs(its).mean()
    if max(sizes) < LEAST_BEND:
        return ""
    like = (his @ its) / np.sqrt((his @ his) * (its @ its) + 1e-12)
    return "bend" if min(sizes) < SHARE * max(sizes) or like < LIKE else ""


def _largest_rise(heights):
    return float(np.max(heights - np.minimum.accumulate(heights)))


def _bend(heights):
    """The distances from the straight line that fits best."""
    places = np.arange(len(heights)) - (len(heights) - 1) / 2
    above = heights - heights.mean()
    return above - places * (places @ above) / (places @ places)
