"""The nearest schedule that reaches its target within a run."""

from dataclasses import replace

import numpy as np

from prunelab.findings import HANDFUL
from prunelab.schedules import ConstantSparsity


def nearest_fit(schedule, total_steps):
    """The nearest schedule that reaches its target within `total_steps`, on its last update."""
    if isinstance(schedule, ConstantSparsity):
        return _fit_constant(schedule, total_steps)
    return _fit_polynomial(schedule, total_steps)


def _fit_constant(schedule, total_steps):
    frequency = schedule.frequency
    begin = schedule.begin_step
    if begin > total_steps:
        begin = max(total_steps // 2, 1)
    last = total_steps if schedule.end_step < 0 else min(schedule.end_step, total_steps)
    end = schedule.end_step
    if begin == 0 and end == 0:
        end, last = -1, total_steps
    if 0 <= end < begin:
        end, last = begin, begin
    if begin == 0:
        frequency = min(frequency, last)
    return replace(schedule, begin_step=begin, end_step=end, frequency=frequency)


def _fit_polynomial(schedule, total_steps):
    begin, end = schedule.begin_step, schedule.end_step
    if begin >= total_steps and end > total_steps:
        # Wholly beyond the run: keep the shape, shrink it into the steps there are.
        begin, end = begin * total_steps // end, total_steps
    end = min(end, total_steps)
    if end - begin < HANDFUL:
        begin = max(min(begin, total_steps - HANDFUL), 0)
        end = min(max(end, begin + HANDFUL), total_steps)
    end, frequency = _nearest_grid(begin, end, schedule.frequency, total_steps)
    return replace(
        schedule,
        initial_sparsity=min(schedule.initial_sparsity, schedule.final_sparsity),
        power=schedule.power or 1,
        begin_step=begin,
        end_step=end,
        frequency=frequency,
    )


def _nearest_grid(begin, end, frequency, total_steps):
    """The end and frequency nearest to those given whose grid holds the end and enough updates.

    Nearness adds the move of the end, as a share of the ramp, to the change of frequency, as a
    share of the frequency asked for.
    """
    span = end - begin
    frequencies = np.arange(1, min(frequency, max(span, 1)) + 1)
    best = None
    for lengths in (span // frequencies * frequencies, -(-span // frequencies) * frequencies):
        updates = lengths // frequencies + (begin > 0)
        wanted = min(HANDFUL, total_steps)
        fits = (updates >= wanted) & (begin + lengths <= total_steps) & (lengths > 0)
        cost = np.abs(lengths - span) / max(span, 1) + (frequency - frequencies) / frequency
        cost = np.where(fits, cost, np.inf)
        at = len(cost) - 1 - int(np.argmin(cost[::-1]))  # among equals the largest frequency
        if best is None or cost[at] < best[0]:
            best = (cost[at], begin + int(lengths[at]), int(frequencies[at]))
    return (best[1], best[2]) if np.isfinite(best[0]) else (end, 1)
