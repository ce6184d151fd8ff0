"""The settings of a run: a frozen dataclass, checked once, with a digest that identifies it.

The settings of the second phase (schedule, mask, penalty, optimizer) are checked here too.
"""

import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, Self

from prunelab.base.checks import file_name, number, shown, sparsity_fraction, whole
from prunelab.base.json_files import only_fields, sha256
from prunelab.experiments.data import RECIPES
from prunelab.schedules import schedule as schedules_schedule
from prunelab.schedules.flight import Preflight, preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, checked_schedule


def one_shot(sparsity: float) -> ConstantSparsity:
    """The schedule that prunes at once: at tfmot's step 1, before the first gradient."""
    return ConstantSparsity(sparsity, begin_step=1, end_step=1, frequency=1)


def checked_second_phase(config, shapes):
    """The cleaned settings of an `ExperimentConfig`'s second phase, a dict by field.

    shapes: of the hidden layers' kernels. Raises TypeError or ValueError, in one sentence.
    """
    rate = _checked_rate(config)
    _check_schedule(config)
    return {
        "more_learning_rate": rate,
        "l2": number("l2", config.l2, at_least=0),
        **_checked_without_schedule(config),
        "block_size": _checked_blocks(config, shapes),
        "restart": _checked_restart(config),
        "pattern": _checked_pattern(config),
        "prune_output": _checked_prune_output(config),
    }


def checked(schedule):
    """The schedule of a second phase, or None for an unpruned control."""
    if schedule is None:
        return None
    return checked_schedule("schedule", schedule, also=", or None for an unpruned control")


def _check_schedule(config):
    schedule, fresh, criterion = config.schedule, config.fresh_optimizer, config.criterion
    if schedule is not None and config.more_epochs == 0:
        raise ValueError("more_epochs=0: a schedule prunes in the second phase; give it epochs")
    if not isinstance(fresh, bool):
        raise TypeError(f"fresh_optimizer={shown(fresh)}: write True or False")
    if schedule is not None and not fresh:
        raise ValueError(
            "fresh_optimizer=False: prune_low_magnitude drops the optimizer, "
            "so only an unpruned control (schedule=None) can keep it"
        )
    if criterion not in ("magnitude", "random"):
        raise ValueError(f"criterion={shown(criterion)}: write 'magnitude' or 'random'")
    if criterion == "random" and not (_cuts_once(schedule) or config.shake):
        raise ValueError(
            "criterion='random': a random mask is drawn once, before the second phase; "
            "write schedule=one_shot(sparsity), or shake=sparsity for zeros that no mask holds"
        )


def _cuts_once(schedule):
    """Whether the target sparsity is reached at the first batch, as in `one_shot`."""
    if not isinstance(schedule, ConstantSparsity):
        return False
    return schedule == one_shot(schedule.target_sparsity)


def _checked_rate(config):
    if config.more_learning_rate is None:
        return None
    rate = number("more_learning_rate", config.more_learning_rate, above=0)
    if not (config.fresh_optimizer and config.more_epochs):
        raise ValueError(
            f"more_learning_rate={rate}: it is of a second phase that begins with a fresh "
            "Adam; give that phase epochs and fresh_optimizer=True, or write None"
        )
    return rate


def _checked_without_schedule(config):
    """The checked settings cut, shake and patience, which require that no schedule prunes."""
    cut, patience = sparsity_fraction("cut", config.cut), config.patience
    shake = sparsity_fraction("shake", config.shake)
    if patience is not None:
        patience = whole("patience", patience, at_least=1)
    if config.schedule is not None and (cut or patience):
        raise ValueError(
            "cut and patience are for a network no schedule prunes: one would cut twice, "
            "the other put back weights from before the last mask update"
        )
    if shake and (config.schedule is not None or not config.more_epochs):
        raise ValueError(
            f"shake={shake}: it sets weights to zero once and lets them train on without a mask; "
            "give a second phase with epochs and schedule=None"
        )
    return {"cut": cut, "patience": patience, "shake": shake}


def _checked_restart(config):
    if config.restart is None:
        return None
    epoch = whole("restart", config.restart, at_least=1)
    if epoch >= config.more_epochs:
        raise ValueError(
            f"restart={epoch}: Adam starts anew inside the second phase of {config.more_epochs} "
            "epochs; write an epoch before its last"
        )
    return epoch


def _checked_pattern(config):
    pattern = config.pattern
    if not isinstance(pattern, str) or pattern not in PRUNED_PATTERNS:
        names = ", ".join(map(repr, PRUNED_PATTERNS))
        raise ValueError(f"pattern={shown(pattern)}: write one of {names}")
    if pattern == PRUNED_PATTERNS[0]:
        return pattern
    if config.schedule is None or config.criterion != "magnitude" or config.block_size != (1, 1):
        raise ValueError(
            f"pattern={pattern!r}: it is pruned by a schedule and by magnitude, without blocks; "
            "give a schedule and leave criterion and block_size alone"
        )
    if pattern == "2:4" and config.schedule != one_shot(0.5):
        raise ValueError(
            "pattern='2:4': two of every four weights go at once and for good, as in tfmot, "
            "whatever a schedule says; write schedule=one_shot(0.5)"
        )
    return pattern


def _checked_prune_output(config):
    prunes = config.prune_output
    if not isinstance(prunes, bool):
        raise TypeError(f"prune_output={shown(prunes)}: write True or False")
    if not prunes and config.schedule is None:
        raise ValueError(
            "prune_output=False: it leaves the output layer whole where a schedule prunes; "
            "give a schedule"
        )
    return prunes


def _checked_blocks(config, shapes):
    block = config.block_size
    if not isinstance(block, tuple | list) or len(block) != 2:
        raise TypeError(f"block_size={shown(block)}: write two whole numbers, (inputs, units)")
    block = tuple(whole("block_size", n, at_least=1, at_most=2**16) for n in block)
    if block == (1, 1):
        return block
    if config.schedule is None or config.criterion != "magnitude":
        raise ValueError(
            f"block_size={block}: blocks are pruned by a schedule and by magnitude; give both"
        )
    for shape in shapes:
        if any(length % span for length, span in zip(shape, block, strict=True)):
            raise ValueError(
                f"block_size={block}: it does not divide a kernel of {shape}, so what a mask "
                "leaves would hang on the last block; write one that does"
            )
        if any(length == span for length, span in zip(shape, block, strict=True)):
            raise ValueError(
                f"block_size={block}: it leaves one row or column of blocks in a kernel of "
                f"{shape}, and tfmot stops there; write a smaller block"
            )
    return block


__all__ = ["ExperimentConfig", "layer_names", "one_shot"]

PRUNED_PATTERNS = ("unstructured", "2:4", "neurons")  # patterns that a run can train


@dataclass(frozen=True, repr=False)
class ExperimentConfig:
    """All settings of a run but its seed.

    name: the run's name, of letters, digits and underscores. data: "article" or "twin". hidden:
    units of the hidden layers. batch_size, learning_rate (Adam): of both phases.
    dense_epochs, more_epochs: length of the two phases; one of them may be 0.

    Of the second phase: schedule, PolynomialDecay or ConstantSparsity, or None for an unpruned
    control. criterion: "magnitude", or "random" for masks drawn from the seed, which only
    `one_shot` can apply. fresh_optimizer: whether the model is compiled again, which resets Adam's
    averages. A pruned model always is, since `prune_low_magnitude` drops the optimizer. l2: weight
    of the kernels' summed squares in the loss. patience: stop once the validation loss has not
    improved for so many epochs, and put back the weights of the best one. cut: the sparsity of one
    mask by magnitude, applied when all training is over. block_size: (inputs, units) that the
    schedule prunes as one; with blocks the output layer stays dense, since tfmot stops at it.
    more_learning_rate: Adam's rate in the second phase; None for learning_rate.
    shake: the fraction of each kernel that is set to zero once, by `criterion`, before an unpruned
    second phase; no mask keeps the zeros, so those weights are trained further. restart: Adam is
    reset after this many epochs of the second phase; None for never. pattern: "unstructured";
    "2:4", two of four inputs of a neuron, with one_shot(0.5); or "neurons", whole columns of a
    kernel by their mean magnitude.
    prune_output: whether the output layer is pruned too; with blocks or a pattern it never is.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    name: str
    data: str = "article"
    hidden: tuple[int, ...] = (1024, 1024)
    batch_size: int = 1024
    learning_rate: float = 1e-3
    dense_epochs: int = 200
    more_epochs: int = 200
    schedule: PolynomialDecay | ConstantSparsity | None = None
    fresh_optimizer: bool = True
    criterion: str = "magnitude"
    l2: float = 0.0
    patience: int | None = None
    cut: float = 0.0
    block_size: tuple[int, int] = (1, 1)
    more_learning_rate: float | None = None
    shake: float = 0.0
    restart: int | None = None
    pattern: str = "unstructured"
    prune_output: bool = True

    def __post_init__(self) -> None:
        file_name("a config", self.name)
        if not isinstance(self.data, str) or self.data not in RECIPES:
            raise ValueError(f"data={shown(self.data)}: the data sets are {sorted(RECIPES)}")
        if not isinstance(self.hidden, tuple | list) or not self.hidden:
            raise TypeError(
                f"hidden={shown(self.hidden)}: hidden is the units of each hidden layer"
            )
        units = tuple(whole("hidden", n, at_least=1, at_most=2**16) for n in self.hidden)
        object.__setattr__(self, "hidden", units)
        for field, least in (("batch_size", 1), ("dense_epochs", 0), ("more_epochs", 0)):
            object.__setattr__(self, field, whole(field, getattr(self, field), at_least=least))
        if self.dense_epochs + self.more_epochs == 0:
            raise ValueError("dense_epochs=0 and more_epochs=0: a run trains in one phase at least")
        rate = number("learning_rate", self.learning_rate, above=0)
        object.__setattr__(self, "learning_rate", rate)
        if self.batch_size > self.n_train:
            raise ValueError(
                f"batch_size={self.batch_size}: batch_size must not exceed "
                f"the {self.n_train} training samples of {self.data!r}"
            )
        object.__setattr__(self, "schedule", checked(self.schedule))
        for field, value in checked_second_phase(self, self._shapes[:-1]).items():
            object.__setattr__(self, field, value)

    def __repr__(self) -> str:
        """The repr of a dataclass, without the newer settings that have their default value."""
        names = [f.name for f in fields(self) if f.name not in _RARE or f.name in self.to_dict()]
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in names)})"

    @property
    def n_train(self) -> int:
        """Training samples of the data set."""
        return RECIPES[self.data].n_train

    @property
    def n_features(self) -> int:
        """Columns of the data set."""
        return RECIPES[self.data].n_features

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; the last one may be short."""
        return -(-self.n_train // self.batch_size)

    @property
    def kernel_shapes(self) -> dict[str, tuple[int, int]]:
        """(inputs, units) of each kernel by layer name, inputs first."""
        return dict(zip(layer_names(len(self.hidden)), self._shapes, strict=True))

    @property
    def most_weight_bytes(self) -> int:
        """Bytes of all kernels and biases in float64."""
        return 8 * sum((inputs + 1) * units for inputs, units in self._shapes)

    @property
    def kernel_sizes(self) -> dict[str, int]:
        """Weights of each kernel by layer name, inputs first; biases are not pruned."""
        return {name: math.prod(shape) for name, shape in self.kernel_shapes.items()}

    @property
    def _shapes(self):
        widths = [self.n_features, *self.hidden, 1]
        return list(pairwise(widths))

    @property
    def pruned_layers(self) -> tuple[str, ...]:
        """Names of the layers a schedule prunes: all of them, or all but the output."""
        names = layer_names(len(self.hidden))
        single = self.block_size == (1, 1) and self.pattern == PRUNED_PATTERNS[0]
        return names if single and self.prune_output else names[:-1]

    def preflight(self) -> Preflight:
        """The `Preflight` of the schedule in the second phase; ValueError for a control."""
        if self.schedule is None:
            raise ValueError(f"{self.name} is an unpruned control: there is no schedule to check")
        return preflight(
            self.schedule,
            n_samples=self.n_train,
            batch_size=self.batch_size,
            epochs=self.more_epochs,
        )

    def planned_zeros(self) -> dict[str, int]:
        """Zeros each kernel must end with, by layer name; all 0 for a control."""
        if self.schedule is not None:
            realised = self.preflight().realised
        elif self.cut:
            realised = preflight(one_shot(self.cut), total_steps=1).realised
        else:
            return dict.fromkeys(self.kernel_sizes, 0)
        pruned, shapes = set(self.pruned_layers), self.kernel_shapes
        zeros = {shape: self._zeros_of(shape, realised) for shape in set(shapes.values())}
        return {name: zeros[shape] if name in pruned else 0 for name, shape in shapes.items()}

    def _zeros_of(self, shape, realised):
        """The zeros of a masked kernel of this shape; realised: function from a number of units to
        their realised sparsity.
        """
        inputs, units = shape
        if self.pattern == "2:4":  # padding of a last, shorter group is dropped first
            groups, rest = divmod(inputs, 4)
            return units * (2 * groups + max(rest - 2, 0))
        one = inputs if self.pattern == "neurons" else math.prod(self.block_size)
        count = inputs * units // one
        return round(realised(count) * count) * one

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, ready for JSON."""
        lists = {"hidden": list(self.hidden), "block_size": list(self.block_size)}
        values = asdict(self) | lists
        if self.schedule is not None:
            values["schedule"] = schedules_schedule.to_dict(self.schedule)
        # A rarely used setting is only written if it differs from its default, so that a new one
        # does not change the digests of stored runs.
        unused = [name for name, default in _SELDOM.items() if getattr(self, name) == default]
        return {name: value for name, value in values.items() if name not in unused}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The config that `to_dict` wrote; ValueError for missing or unknown fields."""
        if isinstance(values, dict):
            values = _SELDOM | values
        only_fields("config", values, [field.name for field in fields(cls)])
        schedule = values["schedule"]
        return cls(
            **values
            | {"schedule": None if schedule is None else schedules_schedule.from_dict(schedule)}
        )

    @property
    def digest(self) -> str:
        """sha256 of `to_dict()`: two configs with one digest are the same experiment."""
        return sha256(self.to_dict())

    @property
    def dense_digest(self) -> str:
        """sha256 of the settings of the first phase; arms with equal digests share that phase."""
        first = ("data", "hidden", "batch_size", "learning_rate", "dense_epochs")
        return sha256({name: self.to_dict()[name] for name in first})


_ALWAYS = (
    *("name", "data", "hidden", "batch_size", "learning_rate"),
    *("dense_epochs", "more_epochs", "schedule", "fresh_optimizer"),
)
_RARE = ("shake", "restart", "pattern", "prune_output")
_SELDOM = {
    field.name: field.default for field in fields(ExperimentConfig) if field.name not in _ALWAYS
}


def layer_names(n_hidden):
    """The names of the Dense layers: hidden_1, hidden_2, …, output."""
    return [*(f"hidden_{i + 1}" for i in range(n_hidden)), "output"]
