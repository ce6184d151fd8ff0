"""Time calls turn by turn, so that what slows the machine down for a while slows all alike."""

import time

import numpy as np

SAMPLE = 0.002  # seconds a sample lasts at least: a call of microseconds is repeated within it
FEWEST = 3


def interleaved(calls, *, repeats=9, seconds=2.0, clock=time.perf_counter, rng=None):
    """Seconds a call of each of `calls` took: a dict of lists, one number a round.

    calls: functions without arguments, by name. Each is called once to warm up and to see how long
    it takes; then come `repeats` rounds, in each of which every call has its turn, in an order
    drawn anew. A call that has taken `seconds` altogether sits out once it has three samples.
    """
    rng = np.random.default_rng(0) if rng is None else rng
    loops, samples = {}, {name: [] for name in calls}
    for name, call in calls.items():
        call()
        begun = clock()
        call()
        loops[name] = max(1, min(1000, round(SAMPLE / max(clock() - begun, 1e-7))))
    names, spent = list(calls), dict.fromkeys(calls, 0.0)
    for _ in range(max(repeats, FEWEST)):
        for name in rng.permutation(names) if names else ():
            if spent[name] > seconds and len(samples[name]) >= FEWEST:
                continue
            call, loop = calls[name], loops[name]
            begun = clock()
            for _ in range(loop):
                call()
            taken = clock() - begun
            spent[name] += taken
            samples[name].append(taken / loop)
    return samples


def summary(samples):
    """(median, first quartile, third quartile) in milliseconds of samples in seconds."""
    low, median, high = np.percentile(1000 * np.asarray(samples), [25, 50, 75])
    return float(median), float(low), float(high)
