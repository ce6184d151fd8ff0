"""What a schedule will really do in a training run of so many steps, before it is run.

tfmot advances its step counter before it looks at the grid, so the first batch is step 1; masks
change only on the grid `begin_step, begin_step + frequency, …` up to `end_step`, and only while
training lasts. Everything here follows from these three facts.
Source: `sparsity/keras/pruning_wrapper.py` and `pruning_schedule.py` of tfmot 0.8.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prunelab.findings import percent, run_findings, schedule_findings
from prunelab.magnitude import count_kept
from prunelab.nearest_fit import nearest_fit
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.validate import shown, whole

MOST_LISTED = 10**7  # 80 MB of step numbers
LONGEST_TABLE = 10**8  # 0.4 GB
CHUNK = 2**20  # updates computed at once


@dataclass(frozen=True, eq=False)
class Preflight:
    """The outcome of a schedule in a run; made by `preflight`.

    schedule: the schedule looked at. total_steps: training steps (batches) in the run.
    steps_per_epoch: batches in an epoch, or None where only `total_steps` was given.
    findings: what is amiss, a tuple of `Finding`, empty where all is well.
    """

    schedule: PolynomialDecay | ConstantSparsity
    total_steps: int
    steps_per_epoch: int | None
    findings: tuple

    @property
    def _updates(self):
        return self.schedule.update_range(self.total_steps)

    @property
    def ok(self):
        """True where there are no findings."""
        return not self.findings

    @property
    def update_steps(self):
        """The training steps at which masks are recomputed, in order (int array)."""
        updates = self._updates
        if len(updates) > MOST_LISTED:
            raise ValueError(
                f"update_steps would list {len(updates)} steps; "
                "use schedule.update_range(total_steps), which takes no room"
            )
        return np.arange(updates.start, updates.stop, updates.step)

    @property
    def realised_sparsity(self):
        """The schedule's value at the last mask update; 0.0 where there is none."""
        updates = self._updates
        return float(self.schedule.sparsity(updates[-1])) if updates else 0.0

    def realised(self, size):
        """The exact fraction of zeros that a tensor of `size` weights ends with.

        Counts as tfmot does: max(round(n · (1 − s)), 1) weights are kept, in float32.
        """
        size = whole("size", size, at_least=1)
        if self._last_sparsity is None:
            return 0.0
        return 1.0 - count_kept(size, self._last_sparsity) / size

    @cached_property
    def _last_sparsity(self):
        """The sparsity of the last mask update as tfmot computes it; None where there is none."""
        updates = self._updates
        return _sparsity_float32(self.schedule, np.int64(updates[-1])) if updates else None

    def suggest(self):
        """The nearest schedule that reaches its target within this run, on its last update.

        Keeps the target; moves `end_step`, then `frequency`, then `begin_step`, as little as it
        can. A schedule that already does so is returned unchanged.
        """
        return nearest_fit(self.schedule, self.total_steps)

    def __repr__(self):
        asked = percent(self.schedule.final_sparsity)
        codes = ", ".join(finding.code for finding in self.findings) or "none"
        return (
            f"Preflight({self.total_steps} steps, {len(self._updates)} mask updates, "
            f"asked {asked}, realised {percent(self.realised_sparsity)}, findings: {codes})"
        )


def preflight(
    schedule, *, n_samples=None, batch_size=None, epochs=None, total_steps=None, sizes=()
):
    """What `schedule` will really do in a run, and what is wrong with it.

    Say how long the run is either by `n_samples`, `batch_size` and `epochs` (an epoch has
    ceil(n_samples / batch_size) steps) or by `total_steps`.
    sizes: the numbers of weights of the tensors to prune, where known; a tensor too small to hold
    the target is then reported.
    Returns a `Preflight`.

    >>> flight = preflight(PolynomialDecay(0.0, 0.75, 1000, 5000), total_steps=1600)
    >>> round(flight.realised_sparsity, 8), [finding.code for finding in flight.findings]
    (0.28940625, ['ends_after_training'])

    Raises TypeError or ValueError in one sentence for impossible values.
    """
    if not isinstance(schedule, PolynomialDecay | ConstantSparsity):
        raise TypeError(
            f"schedule is a {type(schedule).__name__}: "
            "write a prunelab.schedules PolynomialDecay or ConstantSparsity"
        )
    by_epochs = {"n_samples": n_samples, "batch_size": batch_size, "epochs": epochs}
    given = [name for name, value in by_epochs.items() if value is not None]
    if (total_steps is None) == (not given) or (given and len(given) < 3):
        given += ["total_steps"] * (total_steps is not None)
        what = f"given by {', '.join(given)}" if given else "missing"
        raise ValueError(
            f"the length of the run is {what}: give either total_steps, "
            "or n_samples, batch_size and epochs together"
        )
    steps_per_epoch = None
    if given:
        by_epochs = {name: whole(name, value, at_least=1) for name, value in by_epochs.items()}
        steps_per_epoch = -(-by_epochs["n_samples"] // by_epochs["batch_size"])
        total_steps = steps_per_epoch * by_epochs["epochs"]
    total_steps = whole("total_steps", total_steps, at_least=1, at_most=2**53)
    if not isinstance(sizes, list | tuple | np.ndarray) or np.ndim(sizes) != 1:
        raise TypeError(
            f"sizes={shown(sizes)}: sizes is a list with the number of weights of each tensor"
        )
    sizes = [whole("sizes", size, at_least=1) for size in sizes]
    findings = [*run_findings(by_epochs), *schedule_findings(schedule, total_steps, sizes)]
    return Preflight(schedule, total_steps, steps_per_epoch, tuple(findings))


def sparsity_table(schedule, total_steps):
    """The sparsity of the mask update at each step from 0 to `total_steps`, −1 where there is none.

    float32 [total_steps + 1]: the values that tfmot computes.
    """
    total_steps = whole("total_steps", total_steps, at_least=1, at_most=LONGEST_TABLE)
    table = np.full(total_steps + 1, -1, dtype=np.float32)
    updates = schedule.update_range(total_steps)
    for begin in range(0, len(updates), CHUNK):
        part = updates[begin : begin + CHUNK]
        steps = np.arange(part.start, part.stop, part.step)
        table[part.start : part.stop : part.step] = _sparsity_float32(schedule, steps)
    return table


def _sparsity_float32(schedule, steps):
    """The schedule's values as tfmot computes them, operation by operation, in float32.

    steps: int64, an array or one number.
    """
    if isinstance(schedule, ConstantSparsity):
        return np.full(steps.shape, schedule.target_sparsity, dtype=np.float32)[()]
    # TensorFlow's graph optimiser multiplies by the reciprocal of a constant and turns a power of 3
    # into multiplications, the constant taking part in the first.
    per_step = np.float32(1) / np.float32(schedule.end_step - schedule.begin_step)
    since_begin = (steps - schedule.begin_step).astype(np.float32)
    progress = np.clip(since_begin * per_step, 0, 1, dtype=np.float32)
    left = np.float32(1) - progress
    height = np.float32(schedule.initial_sparsity - schedule.final_sparsity)
    if schedule.power == 3:
        above = (height * left) * (left * left)
    else:  # Python's power is the C library's on every processor; NumPy's own differs in last bits
        power = schedule.power
        powers = np.array([x**power for x in left.ravel().tolist()])
        above = height * powers.astype(np.float32).reshape(left.shape)
    return (above + np.float32(schedule.final_sparsity))[()]
