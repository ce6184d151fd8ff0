"""The settings of a live run: a frozen, checked value."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from prunelab.base.checks import number, shown, whole
from prunelab.base.json_files import only_fields, sha256
from prunelab.schedules import schedule as schedules_schedule
from prunelab.schedules.flight import Preflight, preflight
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay

LAYER, GLOBAL = "layer", "global"
SCOPES = (LAYER, GLOBAL)


def checked_scope(name, value, known=SCOPES):
    """`value` if it is one of `known`; else an error in one sentence."""
    if not isinstance(value, str) or value not in SCOPES:
        raise ValueError(f"{name}={shown(value)}: write 'layer' or 'global'")
    if value not in known:
        raise ValueError(
            f"{name}={value!r}: this training function gives every kernel the same sparsity; write "
            "scope='layer'"
        )
    return value


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of one live run; with the same data and network they give the same run.

    schedule: PolynomialDecay or ConstantSparsity. epochs, batch_size, learning_rate: of the
    training under that schedule. layers: names of the layers to prune, inputs first; empty for
    every layer that can be pruned with this block shape. block_size: (inputs, units) of the blocks
    that are pruned as a whole; (1, 1) prunes single weights. seed: of the sample order, and of the
    initial weights if the training function makes them. scope: "layer" gives every kernel the
    schedule's sparsity; "global" ranks the weights of all chosen kernels together, so that layers
    of small weights lose more.
    Raises TypeError or ValueError, in one sentence, for impossible values.
    """

    schedule: PolynomialDecay | ConstantSparsity
    epochs: int = 200
    batch_size: int = 128
    learning_rate: float = 1e-3
    layers: tuple[str, ...] = ()
    block_size: tuple[int, int] = (1, 1)
    seed: int = 0
    scope: str = "layer"

    def __post_init__(self) -> None:
        cleaned = {
            "schedule": schedules_schedule.checked_schedule("schedule", self.schedule),
            "epochs": whole("epochs", self.epochs, at_least=1, at_most=10**6),
            "batch_size": whole("batch_size", self.batch_size, at_least=1),
            "learning_rate": number("learning_rate", self.learning_rate, above=0),
            "layers": _names(self.layers),
            "block_size": _block(self.block_size),
            "seed": whole("seed", self.seed, at_most=2**32 - 1),
            "scope": checked_scope("scope", self.scope),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    def total_steps(self, n_samples: int) -> int:
        """Training steps with `n_samples` training rows; an epoch's last batch may be short."""
        return -(-whole("n_samples", n_samples, at_least=1) // self.batch_size) * self.epochs

    def preflight(self, n_samples: int, sizes: Iterable[int] = ()) -> Preflight:
        """The `Preflight` of the schedule; n_samples: training rows, sizes: of the kernels."""
        return preflight(
            self.schedule,
            n_samples=n_samples,
            batch_size=self.batch_size,
            epochs=self.epochs,
            sizes=sizes,
        )

    def to_dict(self) -> dict[str, Any]:
        """The settings as plain values, ready for JSON."""
        values = asdict(self) | {"schedule": schedules_schedule.to_dict(self.schedule)}
        if self.scope == LAYER:  # older records have no such field
            del values["scope"]
        return values | {"layers": list(self.layers), "block_size": list(self.block_size)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The settings that `to_dict` wrote; ValueError for missing or unknown fields."""
        values = {"scope": LAYER} | values if isinstance(values, dict) else values
        only_fields("settings", values, [field.name for field in fields(cls)])
        return cls(**values | {"schedule": schedules_schedule.from_dict(values["schedule"])})

    @property
    def digest(self) -> str:
        """sha256 of `to_dict()`: settings with the same digest describe the same run."""
        return sha256(self.to_dict())


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
