"""The settings of a live run, and a change made to them while it trains: frozen, checked values."""

import math
from dataclasses import asdict, dataclass, fields, replace

from prunelab import schedules
from prunelab.digests import only_fields, sha256
from prunelab.findings import percent
from prunelab.preflight import preflight
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.validate import number, shown, sparsity_fraction, whole

STEERED = ("final_sparsity", "end_step", "power")


@dataclass(frozen=True)
class TrainingSettings:
    """What one live run is asked for; with the same data and network it gives the same run.

    schedule: PolynomialDecay or ConstantSparsity. epochs, batch_size, learning_rate: of the
    training under that schedule. layers: names of the layers to prune, inputs first; empty for
    every layer that can be pruned with this block shape. block_size: (inputs, units) of the blocks
    that are cut as one; (1, 1) cuts single weights. seed: of the sample order, and of the first
    weights where the training function makes them.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    schedule: PolynomialDecay | ConstantSparsity
    epochs: int = 200
    batch_size: int = 128
    learning_rate: float = 1e-3
    layers: tuple = ()
    block_size: tuple = (1, 1)
    seed: int = 0

    def __post_init__(self):
        if not isinstance(self.schedule, PolynomialDecay | ConstantSparsity):
            raise TypeError(
                f"schedule is a {type(self.schedule).__name__}: "
                "write a prunelab.schedules PolynomialDecay or ConstantSparsity"
            )
        cleaned = {
            "epochs": whole("epochs", self.epochs, at_least=1, at_most=10**6),
            "batch_size": whole("batch_size", self.batch_size, at_least=1),
            "learning_rate": number("learning_rate", self.learning_rate, above=0),
            "layers": _names(self.layers),
            "block_size": _block(self.block_size),
            "seed": whole("seed", self.seed, at_most=2**32 - 1),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    def total_steps(self, n_samples):
        """Training steps with `n_samples` training rows; an epoch's last batch may be short."""
        return -(-whole("n_samples", n_samples, at_least=1) // self.batch_size) * self.epochs

    def preflight(self, n_samples, sizes=()):
        """What the schedule will really do; n_samples: training rows, sizes: of the kernels."""
        return preflight(
            self.schedule,
            n_samples=n_samples,
            batch_size=self.batch_size,
            epochs=self.epochs,
            sizes=sizes,
        )

    def to_dict(self):
        """The settings as plain values, ready for JSON."""
        values = asdict(self) | {"schedule": schedules.to_dict(self.schedule)}
        return values | {"layers": list(self.layers), "block_size": list(self.block_size)}

    @classmethod
    def from_dict(cls, values):
        """The settings that `to_dict` wrote; missing or unknown fields are refused."""
        only_fields("settings", values, [field.name for field in fields(cls)])
        return cls(**values | {"schedule": schedules.from_dict(values["schedule"])})

    @property
    def digest(self):
        """sha256 of `to_dict()`: two settings with one digest ask for the same run."""
        return sha256(self.to_dict())


@dataclass(frozen=True)
class Steering:
    """A change to the schedule of a run under way; None leaves a value as it was.

    step: the training steps that were done when it took effect; the mask updates after them follow
    it. final_sparsity (of a ConstantSparsity its target), end_step, power: the new values.
    """

    step: int
    final_sparsity: float | None = None
    end_step: int | None = None
    power: float | None = None

    def __post_init__(self):
        cleaned = {"step": whole("step", self.step)} | _changes(self.changes)
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)
        if not self.changes:
            raise ValueError(
                "a steering that changes nothing: write final_sparsity, end_step or power"
            )

    @property
    def changes(self):
        """What changes, a dict by name."""
        values = {name: getattr(self, name) for name in STEERED}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_dict(cls, values):
        """The steering that `dataclasses.asdict` wrote."""
        only_fields("steering", values, [field.name for field in fields(cls)])
        return cls(**values)


def steered(schedule, steering):
    """`schedule` from `steering.step` on, once `steering` is applied: the curve ahead.

    Masks only grow: the new ramp begins where the last point of the old grid of mask updates left
    the sparsity, and keeps that grid. What is left of a polynomial decay is again a polynomial
    decay, so steering to the values a ramp already has changes nothing.
    Raises ValueError, in one sentence, where nothing sensible lies ahead: an end that is past, a
    final sparsity below what is cut already.
    """
    step, changes = steering.step, dict(steering.changes)
    if isinstance(schedule, ConstantSparsity):
        return _steered_constant(schedule, step, changes)
    cut = sparsity_at(schedule, step)
    ahead = replace(schedule, **_not_before_begin(schedule, changes))
    _refuse_growing_back(ahead.final_sparsity, cut, step)
    first = schedule.begin_step or schedule.frequency
    behind, least = None, max(first, schedule.begin_step + 1)  # a ramp needs some length
    if step >= first:
        behind = step - (step - schedule.begin_step) % schedule.frequency
        least = behind + schedule.frequency
    if ahead.end_step < least:
        _refuse_late(ahead, step, least, "end_step" in changes)
    if behind is not None:
        ahead = replace(ahead, initial_sparsity=cut, begin_step=behind)
    if not ahead.power:
        raise ValueError(
            "power=0: the sparsity would stay where it is; write 1 for a straight ramp"
        )
    return ahead


def sparsity_at(schedule, step):
    """The sparsity that the masks hold once `step` steps are done (float; 0.0 before the first)."""
    updates = schedule.update_range(step)
    return float(schedule.sparsity(updates[-1])) if updates else 0.0


def _steered_constant(schedule, step, changes):
    if "power" in changes:
        raise ValueError(
            f"power={changes['power']}: a ConstantSparsity has no ramp; "
            "steer final_sparsity or end_step"
        )
    changes["target_sparsity"] = changes.pop("final_sparsity", schedule.target_sparsity)
    ahead = replace(schedule, **_not_before_begin(schedule, changes))
    _refuse_growing_back(ahead.target_sparsity, sparsity_at(schedule, step), step)
    first = schedule.begin_step or schedule.frequency
    if step >= first:
        first = step - (step - schedule.begin_step) % schedule.frequency + schedule.frequency
    if 0 <= ahead.end_step < first:
        _refuse_late(ahead, step, first, "end_step" in changes)
    return ahead


def _not_before_begin(schedule, changes):
    end = changes.get("end_step", schedule.end_step)
    if 0 <= end < schedule.begin_step:
        raise ValueError(
            f"end_step={end}: the schedule begins at step {schedule.begin_step}; write a later step"
        )
    return changes


def _refuse_growing_back(final_sparsity, cut, step):
    if final_sparsity < cut:
        least = math.ceil(cut * 1e4) / 1e4
        raise ValueError(
            f"final_sparsity={final_sparsity:g}: at step {step} {percent(cut)} are cut already, "
            f"and weights do not grow back; write {min(least, 0.9999):g} or more"
        )


def _refuse_late(ahead, step, first, said):
    remedy = f"write {first} or more" if said else f"steer end_step too, to {first} or more"
    raise ValueError(
        f"end_step={ahead.end_step}: the run is at step {step}, and no mask update lies between "
        f"them; {remedy}"
    )


def _changes(values):
    """The steered values given, each checked."""
    checks = {
        "final_sparsity": sparsity_fraction,
        "end_step": lambda name, value: whole(name, value, at_least=-1),
        "power": _power,
    }
    return {name: checks[name](name, value) for name, value in values.items()}


def _power(name, value):
    power = number(name, value, at_least=0, at_most=1000)
    return int(power) if power.is_integer() else power


def _names(layers):
    if isinstance(layers, str) or not isinstance(layers, tuple | list):
        raise TypeError(f"layers={shown(layers)}: write a list of layer names; empty for all")
    if not all(isinstance(name, str) and 0 < len(name) <= 200 for name in layers):
        raise TypeError(f"layers={shown(layers)}: a layer's name is a short text")
    if len(set(layers)) < len(layers):
        raise ValueError(f"layers={shown(layers)}: a layer is named twice")
    return tuple(layers)


def _block(block_size):
    if not isinstance(block_size, tuple | list) or len(block_size) != 2:
        raise TypeError(f"block_size={shown(block_size)}: write (inputs, units), such as (4, 1)")
    return tuple(whole("block_size", n, at_least=1, at_most=2**16) for n in block_size)
