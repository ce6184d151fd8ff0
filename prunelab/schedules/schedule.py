"""The two sparsity schedules of tensorflow-model-optimization, in NumPy.

For a training step, a schedule gives the sparsity by the formula, and whether tfmot recomputes its
masks at that step. Fields carry the names and defaults of tfmot's arguments, so that
`tfmot.sparsity.keras.PolynomialDecay(**dataclasses.asdict(schedule))` is the same schedule.
Source: `sparsity/keras/pruning_schedule.py` of tfmot 0.8; Zhu & Gupta (2017), section 3.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, real_array, shown, sparsity_fraction, whole

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray
    from tensorflow_model_optimization.sparsity.keras import PruningSchedule

_FOREVER = -1
LARGEST_STEP = 2**31 - 1  # largest step in a schedule


def _steps(step):
    """`step` as an array of finite, non-negative numbers; else an error in one sentence."""
    steps = real_array("step", step)
    if steps.size and not (np.all(np.isfinite(steps)) and steps.min() >= 0):
        raise ValueError(
            "step holds a negative number, NaN or infinity: training steps count from 0 upwards"
        )
    return steps


def _set(schedule, name, check, **bounds):
    # A frozen dataclass: its fields are cleaned once, here, and cannot change afterwards.
    object.__setattr__(schedule, name, check(name, getattr(schedule, name), **bounds))


class _Schedule:
    """Base of both schedules: the grid of steps at which tfmot recomputes its masks."""

    begin_step: int
    end_step: int
    frequency: int

    def updates(self, step: ArrayLike) -> bool | NDArray[np.bool_]:
        """Whether tfmot recomputes the masks at `step` (whole number or array → bool or array).

        True where `begin_step ≤ step ≤ end_step` and `frequency` divides `step − begin_step`.
        The first batch of a training run is step 1, so an update at step 0 never happens.
        """
        steps = _steps(step)
        if steps.dtype.kind == "f" and np.any(steps != np.floor(steps)):
            raise ValueError("step holds a fraction: masks are updated at whole steps only")
        begun = steps >= self.begin_step
        going_on = (steps <= self.end_step) | (self.end_step == _FOREVER)
        on_grid = (steps - np.int64(self.begin_step)) % self.frequency == 0
        result = begun & going_on & on_grid
        return result if result.ndim else bool(result)

    def update_range(self, total_steps: int) -> range:
        """The steps of a run of `total_steps` at which masks are recomputed, as a `range`."""
        if isinstance(self, PolynomialDecay) and self.begin_step == self.end_step:
            return range(0)  # tfmot divides 0 by 0 there and gets no mask
        first = self.begin_step or self.frequency  # step 0 never happens
        last = total_steps if self.end_step == _FOREVER else min(self.end_step, total_steps)
        return range(first, last + 1, self.frequency)

    def as_code(self) -> str:
        """The call that makes the same schedule in tfmot, as one line of Python."""
        return f"tfmot.sparsity.keras.{self!r}"

    def _check_steps(self):
        _set(self, "begin_step", whole)
        _set(self, "end_step", whole, at_least=_FOREVER)
        _set(self, "frequency", whole, at_least=1)
        if _FOREVER < self.end_step < self.begin_step:
            raise ValueError(
                f"end_step={self.end_step}: end_step must not be before "
                f"begin_step={self.begin_step}; raise end_step or lower begin_step"
            )


@dataclass(frozen=True)
class PolynomialDecay(_Schedule):
    """Sparsity that rises fast at first, then more and more slowly, to its final value.

    s(t) = Sf + (Si − Sf) · (1 − (t − t0)/(te − t0))^p, held at Si before t0 and at Sf after te.

    initial_sparsity, final_sparsity: Si and Sf, fractions of zeros in [0, 1).
    begin_step, end_step: t0 and te, in training steps (one step is one batch).
    power: p ≥ 0; 1 is a straight line, 3 is tfmot's default.
    frequency: the masks are recomputed every so many steps.

    >>> schedule = PolynomialDecay(0.0, 0.75, begin_step=400, end_step=1200)
    >>> float(schedule.sparsity(800)), schedule.updates(800), schedule.updates(850)
    (0.65625, True, False)
    >>> schedule.as_code()[:52]
    'tfmot.sparsity.keras.PolynomialDecay(initial_sparsit'

    Raises TypeError or ValueError, in one sentence, for impossible values. Values that are
    possible but do harm (`power=0`, `begin_step == end_step`) are left to `preflight`.
    """

    initial_sparsity: float
    final_sparsity: float
    begin_step: int
    end_step: int
    power: float = 3
    frequency: int = 100

    def __post_init__(self) -> None:
        _set(self, "initial_sparsity", sparsity_fraction)
        _set(self, "final_sparsity", sparsity_fraction)
        self._check_steps()
        if self.end_step == _FOREVER:
            raise ValueError(
                "end_step=-1: a PolynomialDecay must end; "
                "write the step at which final_sparsity is reached"
            )
        _set(self, "power", number, at_least=0, at_most=1000)
        if self.power == int(self.power):
            object.__setattr__(self, "power", int(self.power))

    def sparsity(self, step: ArrayLike) -> np.float64 | NDArray[np.float64]:
        """The formula's value at `step` (number or array → float64 of the same shape).

        With `begin_step == end_step` the formula divides 0 by 0 at that step and gives NaN, as
        tfmot does.
        """
        steps = _steps(step)
        # tfmot computes in float32. A power below 1 magnifies the rounding beyond 1e-6 near the
        # end of the ramp, so there we round as it does; elsewhere the exact value is closer.
        real = np.float32 if self.power < 1 else np.float64
        since_begin = (steps - np.float64(self.begin_step)).astype(real)
        with np.errstate(divide="ignore", invalid="ignore"):
            progress = since_begin / real(self.end_step - self.begin_step)
        left = (real(1) - np.clip(progress, real(0), real(1))).astype(np.float64)
        height = self.initial_sparsity - self.final_sparsity
        return self.final_sparsity + height * left**self.power


@dataclass(frozen=True)
class ConstantSparsity(_Schedule):
    """One sparsity from the first mask update on.

    target_sparsity: the fraction of zeros, in [0, 1).
    begin_step, end_step: first and last step of the update grid; `end_step=-1` means for ever.
    frequency: the masks are recomputed every so many steps.

    >>> list(ConstantSparsity(0.5, begin_step=0).update_range(total_steps=250))
    [100, 200]

    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    target_sparsity: float
    begin_step: int
    end_step: int = -1
    frequency: int = 100

    def __post_init__(self) -> None:
        _set(self, "target_sparsity", sparsity_fraction)
        self._check_steps()

    @property
    def final_sparsity(self) -> float:
        """The final sparsity, under the same name as in PolynomialDecay."""
        return self.target_sparsity

    def sparsity(self, step: ArrayLike) -> np.float64 | NDArray[np.float64]:
        """The target, whatever the step (number or array → float64 of the same shape)."""
        return np.full(_steps(step).shape, self.target_sparsity, dtype=np.float64)[()]


CLASSES = {"PolynomialDecay": PolynomialDecay, "ConstantSparsity": ConstantSparsity}


def checked_schedule(
    name: str, value: PolynomialDecay | ConstantSparsity | PruningSchedule, also: str = ""
) -> PolynomialDecay | ConstantSparsity:
    """`value` as one of the two schedules here; tfmot's own are taken by their arguments.

    also: what else the argument `name` may be, for the error message. Raises TypeError for anything
    else: a reader's own class of the same name, a subclass with its own rules, a dict of pruning
    parameters.
    """
    if type(value) in CLASSES.values():
        return value
    if isinstance(value, type):
        raise TypeError(f"{name}: {value.__name__} is a class: write {value.__name__}(…)")
    base = next((kind for kind in type(value).__mro__ if _is_known(kind)), None)
    if base is None:
        kind = type(value).__name__
        if kind in CLASSES:
            raise TypeError(
                f"{name} is a {kind} of {type(value).__module__}, and nothing here knows what that "
                f"one does: write a prunelab.schedules PolynomialDecay or ConstantSparsity{also}"
            )
        if isinstance(value, dict) and "pruning_schedule" in value:
            raise TypeError(
                f"{name} is a dict of pruning parameters: hand over the schedule in it, "
                f"{name}=…['pruning_schedule']"
            )
        raise TypeError(
            f"{name} is a {kind}: write a prunelab.schedules PolynomialDecay or "
            f"ConstantSparsity{also}"
        )
    of_whom = "" if base in CLASSES.values() else " of tfmot's"
    own = [n for n in (*_defined_before(type(value), base), *vars(value)) if n in _RULES]
    if own:
        raise TypeError(
            f"{name} is a {type(value).__name__}, a {base.__name__}{of_whom} with a rule of "
            f"its own ({own[0]}), which nothing here can foresee: write a PolynomialDecay or "
            "ConstantSparsity"
        )
    ours = CLASSES[base.__name__]
    missing = [field.name for field in fields(ours) if not hasattr(value, field.name)]
    if missing:
        raise TypeError(
            f"{name} is a {type(value).__name__} without a {missing[0]}: its __init__ must call "
            f"that of {base.__name__}"
        )
    return ours(**{field.name: getattr(value, field.name) for field in fields(ours)})


# Methods that define a schedule, in tfmot's classes and in those here.
_RULES = ("__call__", "_should_prune_in_step", "sparsity", "updates", "update_range")


def _is_known(kind):
    """Whether a class is a schedule of this module or of tfmot; tfmot is not imported."""
    if kind in CLASSES.values():
        return True
    module, name = kind.__module__, kind.__name__
    of_tfmot = module.partition(".")[0] == "tensorflow_model_optimization"
    return name in CLASSES and of_tfmot and getattr(sys.modules.get(module), name, None) is kind


def _defined_before(kind, base):
    """Names that a class and its bases define before `base` in the method resolution order."""
    before = kind.__mro__[: kind.__mro__.index(base)]
    return [name for other in before for name in vars(other)]


def to_dict(schedule):
    """A schedule as a plain dict with its class name, ready for JSON."""
    values = {field.name: getattr(schedule, field.name) for field in fields(schedule)}
    return {"schedule": type(schedule).__name__, **values}


def from_dict(values):
    """The schedule that `to_dict` wrote. Raises ValueError for another class or other fields."""
    chosen = CLASSES.get(str(values.get("schedule"))) if isinstance(values, dict) else None
    if chosen is None:
        raise ValueError(f"schedule={shown(values)}: write a dict with one of {sorted(CLASSES)}")
    arguments = {name: value for name, value in values.items() if name != "schedule"}
    wanted = {field.name for field in fields(chosen)}
    if set(arguments) != wanted:
        odd = sorted(set(arguments) ^ wanted)
        raise ValueError(f"schedule={chosen.__name__}: missing or unknown fields {odd}")
    return chosen(**arguments)


LONGEST_TABLE = 10**8  # 0.4 GB
CHUNK = 2**20  # updates computed at once


def sparsity_table(
    schedule: PolynomialDecay | ConstantSparsity, total_steps: int
) -> NDArray[np.float32]:
    """The sparsity of the mask update at each step from 0 to `total_steps`, −1 where there is none.

    float32 [total_steps + 1]: the values that tfmot computes.
    """
    total_steps = whole("total_steps", total_steps, at_least=1, at_most=LONGEST_TABLE)
    table = np.full(total_steps + 1, -1, dtype=np.float32)
    updates = schedule.update_range(total_steps)
    for begin in range(0, len(updates), CHUNK):
        part = updates[begin : begin + CHUNK]
        steps = np.arange(part.start, part.stop, part.step)
        table[part.start : part.stop : part.step] = sparsity_float32(schedule, steps)
    return table


def sparsity_float32(schedule, steps):
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
