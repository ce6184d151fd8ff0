"""The settings of a run: a frozen value, checked once, with a digest that names it."""

import hashlib
import json
from dataclasses import asdict, dataclass, fields

from prunelab import schedules, strict_json
from prunelab.data import RECIPES
from prunelab.preflight import preflight
from prunelab.schedules import ConstantSparsity, PolynomialDecay
from prunelab.validate import number, shown, whole


def canonical_json(values):
    """`values` as JSON text with sorted keys and no spaces: the same bytes for the same values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(values):
    """sha256 of the canonical JSON of `values`, in hex."""
    return hashlib.sha256(canonical_json(values).encode()).hexdigest()


def only_fields(what, values, wanted):
    """Refuse a `values` that is not a dict with exactly the fields `wanted`."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} is a {type(values).__name__}: it must be a JSON object")
    odd = sorted(set(values) ^ set(wanted), key=str)
    if odd:
        raise ValueError(f"{what}: missing or unknown fields {odd}; it has {sorted(wanted)}")


@dataclass(frozen=True)
class ExperimentConfig:
    """All settings of a run but its seed.

    name: what the run is called, a word of letters, digits and underscores. data: "article" or
    "twin". hidden: units of the hidden layers. batch_size, learning_rate (Adam): of both phases.
    dense_epochs, more_epochs: length of the two phases. schedule: PolynomialDecay or
    ConstantSparsity in the second phase, or None for an unpruned control.
    fresh_optimizer: whether the second phase compiles again, which makes Adam forget its averages.
    Pruning always does, since `prune_low_magnitude` drops the optimizer.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    name: str
    data: str = "article"
    hidden: tuple = (1024, 1024)
    batch_size: int = 1024
    learning_rate: float = 1e-3
    dense_epochs: int = 200
    more_epochs: int = 200
    schedule: PolynomialDecay | ConstantSparsity | None = None
    fresh_optimizer: bool = True

    def __post_init__(self):
        name = self.name
        if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
            raise ValueError(f"name={shown(name)}: a name is letters, digits and underscores")
        if not isinstance(self.data, str) or self.data not in RECIPES:
            raise ValueError(f"data={shown(self.data)}: the data sets are {sorted(RECIPES)}")
        if not isinstance(self.hidden, tuple | list) or not self.hidden:
            raise TypeError(
                f"hidden={shown(self.hidden)}: hidden is the units of each hidden layer"
            )
        units = tuple(whole("hidden", n, at_least=1, at_most=2**16) for n in self.hidden)
        object.__setattr__(self, "hidden", units)
        for field in ("batch_size", "dense_epochs", "more_epochs"):
            object.__setattr__(self, field, whole(field, getattr(self, field), at_least=1))
        rate = number("learning_rate", self.learning_rate, above=0)
        object.__setattr__(self, "learning_rate", rate)
        if self.batch_size > self.n_train:
            raise ValueError(
                f"batch_size={self.batch_size}: batch_size must not exceed "
                f"the {self.n_train} training samples of {self.data!r}"
            )
        self._check_second_phase()

    def _check_second_phase(self):
        schedule = self.schedule
        if schedule is not None and not isinstance(schedule, PolynomialDecay | ConstantSparsity):
            raise TypeError(
                f"schedule is a {type(schedule).__name__}: write a prunelab.schedules "
                "PolynomialDecay or ConstantSparsity, or None for an unpruned control"
            )
        if not isinstance(self.fresh_optimizer, bool):
            raise TypeError(f"fresh_optimizer={shown(self.fresh_optimizer)}: write True or False")
        if schedule is not None and not self.fresh_optimizer:
            raise ValueError(
                "fresh_optimizer=False: prune_low_magnitude drops the optimizer, "
                "so only an unpruned control (schedule=None) can keep it"
            )

    @property
    def n_train(self):
        """Training samples of the data set."""
        return RECIPES[self.data].n_train

    @property
    def n_features(self):
        """Columns of the data set."""
        return RECIPES[self.data].n_features

    @property
    def steps_per_epoch(self):
        """Batches in an epoch; the last one may be short."""
        return -(-self.n_train // self.batch_size)

    @property
    def kernel_sizes(self):
        """Weights of each kernel by layer name, inputs first; biases are not pruned."""
        widths = [self.n_features, *self.hidden, 1]
        return {
            name: rows * columns
            for name, rows, columns in zip(
                layer_names(len(self.hidden)), widths, widths[1:], strict=False
            )
        }

    def preflight(self):
        """What the schedule will really do in the second phase; ValueError for a control."""
        if self.schedule is None:
            raise ValueError(f"{self.name} is an unpruned control: there is no schedule to check")
        return preflight(
            self.schedule,
            n_samples=self.n_train,
            batch_size=self.batch_size,
            epochs=self.more_epochs,
        )

    def planned_zeros(self):
        """Zeros each kernel must end with, by layer name; all 0 for a control."""
        if self.schedule is None:
            return dict.fromkeys(self.kernel_sizes, 0)
        realised = self.preflight().realised
        return {name: round(realised(size) * size) for name, size in self.kernel_sizes.items()}

    def to_dict(self):
        """The settings as plain values, ready for JSON."""
        values = asdict(self) | {"hidden": list(self.hidden)}
        if self.schedule is not None:
            values["schedule"] = schedules.to_dict(self.schedule)
        return values

    @classmethod
    def from_dict(cls, values):
        """The config that `to_dict` wrote; missing or unknown fields are refused."""
        only_fields("config", values, [field.name for field in fields(cls)])
        schedule = values["schedule"]
        return cls(
            **values | {"schedule": None if schedule is None else schedules.from_dict(schedule)}
        )

    def to_json(self):
        """The settings as one line of JSON, the same text for the same settings."""
        return canonical_json(self.to_dict())

    @classmethod
    def from_json(cls, text):
        """The config that `to_json` wrote."""
        if not isinstance(text, str | bytes):
            raise TypeError(f"config={shown(text)}: it must be the text of a JSON object")
        try:
            values = strict_json.parse(text)
        except ValueError as error:
            raise ValueError(f"config is not JSON: {error}") from None
        return cls.from_dict(values)

    @property
    def digest(self):
        """sha256 of `to_json()`: two configs with one digest are the same experiment."""
        return sha256(self.to_dict())

    @property
    def dense_digest(self):
        """sha256 of what the first phase depends on: arms that share it share that phase."""
        first = ("data", "hidden", "batch_size", "learning_rate", "dense_epochs")
        return sha256({name: self.to_dict()[name] for name in first})


def layer_names(n_hidden):
    """The names of the Dense layers: hidden_1, hidden_2, …, output."""
    return [*(f"hidden_{i + 1}" for i in range(n_hidden)), "output"]
