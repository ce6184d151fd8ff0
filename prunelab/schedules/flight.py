"""What a schedule will do in a training run of known length, computed before the run.

tfmot advances its step counter before it looks at the grid, so the first batch is step 1; masks
change only on the grid `begin_step, begin_step + frequency, …` up to `end_step`, and only while
training lasts. All results here follow from these three facts.
Source: `sparsity/keras/pruning_wrapper.py` and `pruning_schedule.py` of tfmot 0.8.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, shown, whole
from prunelab.base.engines import arrays_in, engine_of
from prunelab.base.html import html_table
from prunelab.base.text import dense_words, percent
from prunelab.masks.magnitude import count_kept
from prunelab.schedules.callbacks import callback_findings, checked_callbacks
from prunelab.schedules.findings import (
    Run,
    in_epochs,
    meant,
    run_findings,
    schedule_findings,
    unit_findings,
)
from prunelab.schedules.nearest_fit import nearest_fit
from prunelab.schedules.planned import plan_findings, sizes_of
from prunelab.schedules.schedule import (
    ConstantSparsity,
    PolynomialDecay,
    checked_schedule,
    sparsity_float32,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

    from prunelab.schedules.findings import Finding

MOST_LISTED = 10**7  # 80 MB of step numbers


@dataclass(frozen=True)
class KernelFlight:
    """The effect of a schedule on one kernel of a model.

    name, shape: of the kernel in the model. zeros: its zeros at the end of the run. dense_because:
    why the kernel is not pruned; empty if it is pruned. exact: False if there may be more zeros,
    since blocks at the edge of the kernel hold fewer weights, and which blocks go is not known.
    """

    name: str
    shape: tuple[int, ...]
    zeros: int
    dense_because: str = ""
    exact: bool = True

    @property
    def size(self) -> int:
        """The number of weights in the kernel."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class Preflight:
    """The effect of a schedule in a run; made by `preflight`.

    schedule: the schedule looked at. total_steps: training steps (batches) in the run.
    steps_per_epoch: batches in an epoch, or None where only `total_steps` was given.
    findings: a tuple of `Finding`; empty if nothing is wrong.
    meant: the schedule converted to steps if its numbers look like epochs or samples; else the
    same.
    kernels: the effect on each kernel, a tuple of `KernelFlight`; empty without a model.
    refusal: why the model cannot be pruned, with the way out; empty if it can, or without a model.
    """

    schedule: PolynomialDecay | ConstantSparsity
    total_steps: int
    steps_per_epoch: int | None
    findings: tuple[Finding, ...]
    meant: PolynomialDecay | ConstantSparsity
    kernels: tuple[KernelFlight, ...] = ()
    refusal: str = ""

    @property
    def promise(self) -> str:
        """The final sparsity of the model, in a sentence; empty without a model."""
        if self.refusal:
            return f"no weight will be zero: {self.refusal}"
        if not self.kernels:
            return ""
        pruned = [kernel for kernel in self.kernels if not kernel.dense_because]
        zeros, size = sum(k.zeros for k in pruned), sum(k.size for k in pruned)
        total = sum(kernel.size for kernel in self.kernels)
        dense = {k.name: (k.size, k.dense_because) for k in self.kernels if k.dense_because}
        least = "" if all(kernel.exact for kernel in pruned) else "at least "
        words = f"{least}{zeros:,} of {size:,} weights in {len(pruned)} kernels will be zero"
        if dense:
            words += f", {least}{percent(zeros / total)} of all {total:,}; {dense_words(dense)}"
        return words

    def _repr_html_(self) -> str | None:
        if not self.kernels:
            return None
        rows = [
            (
                kernel.name,
                " × ".join(map(str, kernel.shape)),
                f"{kernel.size:,}",
                f"{'' if kernel.exact else '≥ '}{kernel.zeros:,}",
                percent(kernel.zeros / kernel.size),
                kernel.dense_because,
            )
            for kernel in self.kernels
        ]
        head = ("kernel", "shape", "weights", "zeros at the end", "sparsity", "stays dense: it")
        return html_table(head, rows)

    @property
    def _updates(self):
        return self.schedule.update_range(self.total_steps)

    @property
    def ok(self) -> bool:
        """True if no finding is a problem; there may be hints."""
        return not any(finding.is_problem for finding in self.findings)

    @property
    def update_steps(self) -> NDArray[np.int_]:
        """The training steps at which masks are recomputed, in order (int array)."""
        updates = self._updates
        if len(updates) > MOST_LISTED:
            raise ValueError(
                f"update_steps would list {len(updates)} steps; "
                "use schedule.update_range(total_steps), which takes no room"
            )
        return np.arange(updates.start, updates.stop, updates.step)

    @property
    def realised_sparsity(self) -> float:
        """The schedule's value at the last mask update; 0.0 if there is none."""
        updates = self._updates
        return float(self.schedule.sparsity(updates[-1])) if updates else 0.0

    def realised(self, size: int) -> float:
        """The exact fraction of zeros that a tensor of `size` weights ends with.

        Counts as tfmot does: max(round(n · (1 − s)), 1) weights are kept, in float32.
        """
        size = whole("size", size, at_least=1)
        if self._last_sparsity is None:
            return 0.0
        return 1.0 - count_kept(size, self._last_sparsity) / size

    @cached_property
    def _last_sparsity(self):
        """The sparsity of the last mask update as tfmot computes it; None if there is none."""
        updates = self._updates
        return sparsity_float32(self.schedule, np.int64(updates[-1])) if updates else None

    def suggest(self) -> PolynomialDecay | ConstantSparsity:
        """The nearest schedule that reaches its target within this run, on its last update.

        The target is kept; `end_step`, then `frequency`, then `begin_step` change as little as
        possible. A schedule that already reaches its target is returned unchanged. A schedule whose
        numbers look like epochs or samples is converted to steps first. A suggested ramp is long
        enough that its numbers do not look like epochs.
        """
        fit, per_epoch = nearest_fit(self.meant, self.total_steps), self.steps_per_epoch
        run = Run(self.total_steps, steps_per_epoch=per_epoch)
        for epochs in (1, 2):  # a fit keeps at least half the ramp, so two epochs suffice
            if per_epoch and isinstance(fit, PolynomialDecay) and in_epochs(fit, run):
                longer = replace(self.meant, end_step=epochs * per_epoch)
                fit = nearest_fit(longer, self.total_steps)
        return fit

    def __repr__(self) -> str:
        asked = percent(self.schedule.final_sparsity)
        codes = ", ".join(finding.code for finding in self.findings) or "none"
        return (
            f"Preflight({self.total_steps} steps, {len(self._updates)} mask updates, "
            f"asked {asked}, realised {percent(self.realised_sparsity)}, findings: {codes})"
        )


def preflight(
    schedule: PolynomialDecay | ConstantSparsity | PruningSchedule,
    *,
    n_samples: int | None = None,
    batch_size: int | None = None,
    epochs: int | None = None,
    total_steps: int | None = None,
    steps_per_epoch: int | None = None,
    validation_split: float | None = None,
    gradient_accumulation_steps: int | None = None,
    sizes: Iterable[int] = (),
    model: object | None = None,
    data: object | None = None,
    callbacks: Sequence[object] | None = None,
    learning_rate: float | Callable[[int], float] | None = None,
) -> Preflight:
    """Compute what `schedule` will do in a run, and what is wrong with it.

    schedule: a PolynomialDecay or ConstantSparsity of `prunelab.schedules`, or one of tfmot's.
    Say how long the run is either by `n_samples`, `batch_size` and `epochs` (an epoch has
    ceil(n_samples / batch_size) steps), or by `steps_per_epoch` and `epochs`, or by `total_steps`.
    steps_per_epoch: as in Keras' `fit`; it overrides the value from n_samples and batch_size.
    validation_split: the fraction of samples, at the end, that Keras holds out from training:
    floor(n_samples · (1 − validation_split)) are left.
    gradient_accumulation_steps: batches per update, if the schedule counts updates. Keras'
    optimizers make floor(batches of the run / gradient_accumulation_steps) updates. A loop that
    also steps at the end of each epoch makes ceil(batches per epoch / gradient_accumulation_steps)
    per epoch: pass that number as steps_per_epoch.
    sizes: the numbers of weights of the tensors to prune, if known; a tensor too small for the
    target is then reported.
    model: a built model of tf_keras or Keras 3, instead of sizes: `kernels` then holds, for each
    kernel, its zeros at the end or why it stays dense. Where layers are in tfmot's pruning wrappers
    already, only these are pruned, each by its wrapper's own schedule and pattern.
    data: the training data as passed to `fit`, instead of n_samples: an array, (x, y), or a data
    set of batches with a known length.
    callbacks: the callbacks passed to `fit`, including UpdatePruningStep, to check them too: early
    stopping, learning-rate schedules and checkpoints can undo what a schedule does.
    learning_rate: the optimizer's, a number or a schedule (a function of the step); None for the
    0.001 of Keras' Adam. Only needed if the rate changes in training.
    Returns a `Preflight`.

    >>> flight = preflight(PolynomialDecay(0.0, 0.75, 1000, 5000), total_steps=1600)
    >>> round(flight.realised_sparsity, 8), [finding.code for finding in flight.findings]
    (0.28940625, ['ends_after_training'])

    Raises TypeError or ValueError in one sentence for impossible values.
    """
    schedule = checked_schedule("schedule", schedule)
    if data is not None:
        if n_samples is not None:
            raise ValueError(f"n_samples={shown(n_samples)}: data say it already; leave one out")
        n_samples, steps_per_epoch = _length_of(data, steps_per_epoch)
    plan = None if model is None else engine_of(model).planned(model)
    if plan is not None:
        sizes = sizes_of(plan, schedule)
    run = _run(
        n_samples=n_samples,
        batch_size=batch_size,
        epochs=epochs,
        total_steps=total_steps,
        steps_per_epoch=steps_per_epoch,
        validation_split=validation_split,
        gradient_accumulation_steps=gradient_accumulation_steps,
    )
    if not isinstance(sizes, list | tuple | np.ndarray) or np.ndim(sizes) != 1:
        raise TypeError(
            f"sizes={shown(sizes)}: sizes is a list with the number of weights of each tensor"
        )
    sizes = [whole("sizes", size, at_least=1) for size in sizes]
    findings = [
        *run_findings(run),
        *schedule_findings(schedule, run.total_steps, sizes),
        *unit_findings(schedule, run),
    ]
    if plan is not None:
        findings = [*plan_findings(plan, schedule, run.total_steps), *findings]
    per_epoch = run.steps_per_epoch
    if callbacks is not None or callable(learning_rate):
        callbacks = None if callbacks is None else checked_callbacks(callbacks)
        if per_epoch is None:
            raise ValueError(
                "callbacks: they count epochs, and how long one is, is not known here; give "
                "steps_per_epoch as well"
            )
        findings += callback_findings(callbacks, schedule, run, learning_rate)
    found = Preflight(schedule, run.total_steps, per_epoch, tuple(findings), meant(schedule, run))
    if plan is None:
        return found
    flights = tuple(_kernel_flight(found, kernel) for kernel in plan.kernels)
    return replace(found, kernels=flights, refusal=plan.refusal)


def _kernel_flight(flight, kernel):
    zeros, exact = kernel.zeros(flight.schedule, flight.total_steps)
    return KernelFlight(kernel.name, kernel.shape, zeros, kernel.dense_because, exact)


def _length_of(data, steps_per_epoch):
    """(n_samples, steps_per_epoch) of the data for `fit`; TypeError if its length is unknown."""
    if isinstance(data, tuple | list | dict) or hasattr(data, "shape"):
        lengths = [_rows_in(array) for array in arrays_in(data) if array is not None]
        if len(set(lengths)) > 1:
            raise ValueError(
                f"data: its arrays have {', '.join(map(str, lengths))} rows, and a row of each "
                "makes a sample; hand over arrays of one length"
            )
        return (lengths or [0])[0], steps_per_epoch
    if steps_per_epoch is not None:
        return None, steps_per_epoch
    try:
        return None, len(data)
    except TypeError:
        raise TypeError(
            f"data={shown(data)}: it does not know how many batches it has; give steps_per_epoch"
        ) from None


def _rows_in(array):
    try:
        return len(array)
    except TypeError:
        raise TypeError(
            f"data={shown(array)}: write an array, (x, y), or a data set of batches"
        ) from None


def _run(**given):
    """The `Run` that the arguments describe. Raises TypeError or ValueError in one sentence."""
    given = {name: value for name, value in given.items() if value is not None}
    split, every = given.pop("validation_split", None), given.pop("gradient_accumulation_steps", 1)
    every = whole("gradient_accumulation_steps", every, at_least=1)
    given = {
        name: whole(name, value, at_least=1, at_most=2**53 if "steps" in name else 2**31 - 1)
        for name, value in given.items()
    }
    known = set(given)
    per_epoch = given.get("steps_per_epoch")
    by_rows = {"n_samples", "batch_size"}
    by_epochs = "epochs" in known and (by_rows <= known or "steps_per_epoch" in known)
    in_all = "total_steps" in known and known <= {"total_steps", "steps_per_epoch"}
    if not (by_epochs or in_all) or ("total_steps" in known and not in_all):
        names = ("n_samples", "batch_size", "epochs", "steps_per_epoch", "total_steps")
        what = f"given by {', '.join(n for n in names if n in known)}" if known else "missing"
        raise ValueError(
            f"the length of the run is {what}{_lacking(known)}: give either total_steps, "
            "or n_samples, batch_size and epochs together, or steps_per_epoch and epochs"
        )
    rows = given.get("n_samples")
    if split is not None:
        rows = _trained_on(rows, split)
    if per_epoch is None and by_epochs:
        per_epoch = -(-rows // given["batch_size"])
    total = given["total_steps"] if in_all else per_epoch * given["epochs"]
    total = whole("total_steps", total, at_least=1, at_most=2**53)
    if every > total:
        raise ValueError(
            f"gradient_accumulation_steps={every}: the run has {total} batches, too few for one "
            "update; lower it, or train longer"
        )
    if every > 1:
        total, left = total // every, (per_epoch or 0) % every
        per_epoch = per_epoch // every if per_epoch and not left else None
    return Run(total, rows, given.get("batch_size"), per_epoch, given.get("n_samples"))


def _lacking(known):
    """Which argument is missing, in words, where all others of one way to say it are known."""
    for way in ({"steps_per_epoch", "epochs"}, {"n_samples", "batch_size", "epochs"}):
        if len(way - known) == 1 and "total_steps" not in known and len(way & known) == len(known):
            return f", and {(way - known).pop()} is missing"
    return ""


def _trained_on(n_samples, split):
    """The number of samples that Keras' `validation_split` leaves for training."""
    single = isinstance(split, np.float32)
    split = number("validation_split", split, at_least=0)
    if n_samples is None:
        raise ValueError(
            f"validation_split={split:g}: it is a share of n_samples; give n_samples as well, "
            "or leave it out and count the steps of the training alone"
        )
    left = math.floor(n_samples * (1.0 - (np.float32(split) if single else split)))  # as Keras does
    if not 1 <= left <= n_samples or (split and left == n_samples):
        raise ValueError(
            f"validation_split={split:g}: of {n_samples} samples {max(left, 0)} would be trained "
            "on; write a share between 0 and 1 that leaves some on both sides"
        )
    return left
