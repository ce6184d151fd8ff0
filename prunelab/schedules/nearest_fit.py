"""The nearest schedule that reaches its target within a run."""

from dataclasses import replace

from prunelab.schedules.findings import HANDFUL
from prunelab.schedules.schedule import LARGEST_STEP, ConstantSparsity


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
    total_steps = min(total_steps, LARGEST_STEP)
    if begin >= total_steps and end > total_steps:
        # The ramp begins after the run ends: shrink it in proportion into the run.
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

    The distance is the change of the end as a share of the ramp, plus the change of frequency as a
    share of the given frequency. Ties go to the larger frequency, then to the earlier end.
    """
    span, asked = end - begin, min(frequency, end - begin)
    least = max(min(HANDFUL, total_steps) - (begin > 0), 1)  # pieces of the ramp

    def cost(every, length):  # multiplied by span · frequency, so that it is exact
        return abs(length - span) * frequency + (frequency - every) * span

    best = None
    # Of all frequencies that divide the ramp into `pieces` whole parts, the largest is nearest.
    pieces = max(least, span // asked)
    while pieces <= span:
        every = min(span // pieces, asked)
        if best is not None and (frequency - every) * span >= best[0]:
            break
        pieces = span // every
        found = (cost(every, every * pieces), begin + every * pieces, every)
        best = found if best is None or found[0] < best[0] else best
        pieces += 1
    # Of those that need `pieces` parts to cover the ramp, the smallest is nearest.
    pieces = max(least, -(-span // asked))
    while True:
        every = -(-span // pieces)
        if (frequency - every) * span >= best[0]:
            return best[1:]
        pieces = -(-span // every)
        found = (cost(every, every * pieces), begin + every * pieces, every)
        if pieces >= least and found[1] <= total_steps and found[0] < best[0]:
            best = found
        if every == 1:
            return best[1:]
        pieces = -(-span // (every - 1))
