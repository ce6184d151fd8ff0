"""A reader's own experiment as values: network, data, arms, and the results of runs.

The network and the data are made by functions of a seed; the arms of the comparison, its controls
among them, are made from a schedule by name. `plans.run_plan` runs them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, Self

from prunelab.base.checks import check_texts, file_name, number, shown, sparsity_fraction, whole
from prunelab.base.json_files import only_fields, sha256
from prunelab.base.metrics import DIRECTIONS, direction_of
from prunelab.experiments.config import one_shot
from prunelab.experiments.identity import checked_identity
from prunelab.experiments.record_checks import check_digest
from prunelab.schedules.schedule import ConstantSparsity, PolynomialDecay, checked_schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

L2 = 1e-4
ARMS = {  # name: what an arm does in the second phase; all arms share the first
    "dense": "The network as the first phase leaves it.",
    "control": "Trained on for as long, unpruned: what the extra epochs give by themselves.",
    "pruned": "Pruned by the schedule.",
    "output_whole": "Pruned by the schedule, but for the last layer.",
    "random_mask": "A random mask with as many zeros, put on at once and kept.",
    "shake": "As many weights set to zero at random, once; no mask is kept.",
    "l2": "The control with an L2 penalty on its kernels.",
    "small": "A network built small, with as many weights as pruning leaves, trained as long.",
}


@dataclass(frozen=True, eq=False)
class Experiment:
    """A network and data of your own, for a fair comparison of pruning with its controls.

        digits = Experiment("digits", build, data, epochs=20)
        arms = digits.arms(PolynomialDecay(0, 0.9, 100, 800))
        results = run_plan(Plan("digits", "pruned or not", arms, seeds=range(5)))

    name: also of files: letters, digits, underscores. build: a function of a seed that returns a
    new, compiled model, of tf_keras (tfmot prunes it) or of Keras 3 (`PruneLowMagnitude` does).
    data: a function of a seed that returns (training, validation) or (training, validation, test);
    each is (x, y) or (x, y, sample_weight), where x and y may be lists or dicts of arrays, or a
    data set in batches, such as a `tf.data.Dataset`. epochs: of the first phase, which all arms
    share; more_epochs: of the second (default: as many). batch_size: of arrays. class_weight,
    callbacks: as in `fit`; callbacks is a function of a seed, so that each run has new ones. fit: a
    function that is called in place of `model.fit`, with the same arguments. small: as `build`, for
    the small dense network; if None, it is made from `build` with narrower layers. metrics: dict
    from a metric's name to "maximize" or "minimize", for names that do not tell which is better.
    The metrics given to `compile` are measured after each epoch on validation data, and at the end
    on all data.
    """

    name: str
    build: Callable[[int], Any]
    data: Callable[[int], Sequence[Any]]
    epochs: int
    more_epochs: int | None = None
    batch_size: int = 32
    fit: Callable[..., object] | None = None
    metrics: Mapping[str, str] = field(default_factory=dict)
    class_weight: Mapping[int, float] | None = None
    callbacks: Callable[[int], Sequence[object]] | None = None
    small: Callable[[int], Any] | None = None

    def __post_init__(self) -> None:
        file_name("an experiment", self.name)
        for part in ("build", "data"):
            if not callable(getattr(self, part)):
                raise TypeError(f"{part}={shown(getattr(self, part))}: write a function of a seed")
        if hasattr(self.build, "fit"):
            raise TypeError(
                "build is a model: write a function of a seed that makes and compiles a new one"
            )
        for part in ("fit", "callbacks", "small"):
            if getattr(self, part) is not None and not callable(getattr(self, part)):
                raise TypeError(f"{part}={shown(getattr(self, part))}: write a function, or None")
        if not isinstance(self.metrics, Mapping):
            raise TypeError(
                f"metrics={shown(self.metrics)}: write a dict such as {{'bleu': 'maximize'}}"
            )
        for metric, direction in self.metrics.items():
            if direction not in DIRECTIONS:
                raise ValueError(
                    f"metrics[{metric!r}]={shown(direction)}: write 'maximize' or 'minimize'"
                )
        if self.class_weight is not None:
            _check_class_weight(self.class_weight)
        more = self.epochs if self.more_epochs is None else self.more_epochs
        for part, value in (("epochs", self.epochs), ("more_epochs", more)):
            object.__setattr__(self, part, whole(part, value, at_least=1, at_most=10**6))
        object.__setattr__(self, "batch_size", whole("batch_size", self.batch_size, at_least=1))

    def arms(
        self,
        schedule: PolynomialDecay | ConstantSparsity,
        names: Iterable[str] | None = None,
        *,
        l2: float = L2,
    ) -> tuple[Arm, ...]:
        """The `Arm`s of a comparison, by the names of ARMS (default: all).

        schedule: for the arm "pruned"; controls use its target sparsity. l2: for the arm "l2", the
        weight of the sum of squares; tune it as you tuned the schedule.
        """
        schedule = checked_schedule("schedule", schedule)
        names = tuple(ARMS) if names is None else _checked_names(names)
        target = schedule.final_sparsity
        random = {"schedule": one_shot(target), "at_random": True}
        l2 = number("l2", l2, above=0)
        given: dict[str, dict[str, Any]] = {
            "dense": {"more_epochs": 0},
            "control": {},
            "pruned": {"schedule": schedule},
            "output_whole": {"schedule": schedule, "prune_output": False},
            "random_mask": random,
            "shake": {"shake": target},
            "l2": {"l2": l2},
            "small": {"small": target},
        }
        return tuple(Arm(self, name, **given[name]) for name in names)

    def direction(self, metric: str) -> str | None:
        """ "maximize" or "minimize", from `metrics`, else from the metric's name; or None."""
        return self.metrics.get(metric, direction_of(metric))

    def __repr__(self) -> str:
        return f"Experiment({self.name!r}, {self.epochs} + {self.more_epochs} epochs)"


def _check_class_weight(weights):
    if not isinstance(weights, Mapping) or not weights:
        raise TypeError(f"class_weight={shown(weights)}: write a dict such as {{0: 1.0, 1: 5.0}}")
    for label, weight in weights.items():
        whole("class_weight's class", label)
        number(f"class_weight[{label}]", weight, at_least=0)


def _checked_names(names):
    if isinstance(names, str) or not isinstance(names, list | tuple):
        raise TypeError(f"arms={shown(names)}: write a list of names of {', '.join(ARMS)}")
    for name in names:
        if not isinstance(name, str) or name not in ARMS:
            raise ValueError(f"arms: {shown(name)} is none of {', '.join(ARMS)}")
    return tuple(names)


@dataclass(frozen=True)
class Arm:
    """One arm of an `Experiment`: the settings of its second phase.

    more_epochs: None for the experiment's. schedule: None for an unpruned arm. at_random: whether
    the mask is drawn at random. prune_output: whether the last layer is pruned too. shake: the
    fraction of weights set to zero once. l2: weight of the L2 penalty. small: 0, or the sparsity
    that leaves as many weights as the small network has. learning_rate: of the second phase; None
    for that of `build`.
    """

    experiment: Experiment = field(compare=False, repr=False)
    name: str
    schedule: PolynomialDecay | ConstantSparsity | None = None
    more_epochs: int | None = None
    at_random: bool = False
    prune_output: bool = True
    shake: float = 0.0
    l2: float = 0.0
    small: float = 0.0
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        more = self.experiment.more_epochs if self.more_epochs is None else self.more_epochs
        object.__setattr__(self, "more_epochs", whole("more_epochs", more))
        for name in ("shake", "small"):
            object.__setattr__(self, name, sparsity_fraction(name, getattr(self, name)))

    @property
    def data(self) -> str:
        """The experiment's name, which all arms of a plan have in common."""
        return self.experiment.name

    @property
    def dense_epochs(self) -> int:
        """Epochs of the first phase."""
        return self.experiment.epochs

    @property
    def n_features(self) -> None:
        """None; only linear models of the course's data need this number."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """The arm's settings, and the experiment's, as plain values."""
        ours = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "experiment"}
        schedule = self.schedule
        ours["schedule"] = schedule and {"kind": type(schedule).__name__, **asdict(schedule)}
        return ours | {"of": self._first_phase()}

    def _first_phase(self):
        it = self.experiment
        weights = it.class_weight and {str(k): float(v) for k, v in it.class_weight.items()}
        return {
            "experiment": it.name,
            "epochs": it.epochs,
            "batch_size": it.batch_size,
            "class_weight": weights,
            "small": self.small,
        }

    @property
    def digest(self) -> str:
        """sha256 of all settings."""
        return sha256(self.to_dict())

    @property
    def dense_digest(self) -> str:
        """sha256 of the settings of the first phase; arms with equal digests share that phase."""
        return sha256(self._first_phase())


@dataclass(frozen=True)
class Curves:
    """One phase of training. values: a tuple per metric, with one number per epoch; names of
    validation metrics begin with "val_". seconds: wall-clock time, validation included.
    """

    values: dict[str, tuple[float, ...]]
    seconds: float

    @property
    def loss(self) -> tuple[float, ...]:
        """The training loss of each epoch."""
        return self.values.get("loss", ())

    @property
    def val_loss(self) -> tuple[float, ...]:
        """The validation loss after each epoch, masks applied."""
        return self.values.get("val_loss", ())

    @classmethod
    def from_dict(cls, what: str, values: Any) -> Self:
        """The phase that `asdict` wrote."""
        only_fields(what, values, ["values", "seconds"])
        found = {}
        for name, row in _dict(f"{what}.values", values["values"]).items():
            if not isinstance(row, list | tuple):
                raise ValueError(f"{what}.{name}: it must be a list of numbers")
            found[name] = tuple(number(f"{what}.{name}", value) for value in row)
        if len({len(row) for row in found.values()}) > 1:
            raise ValueError(f"{what}: its lists have different lengths")
        return cls(found, number(f"{what}.seconds", values["seconds"], at_least=0))


@dataclass(frozen=True)
class OwnResult:
    """The result of a finished run of an `Arm`; made and stored by `plans.run_plan`.

    network_digest, data_digest: of the network's configuration and of the training arrays (None for
    data sets). dense, second: the two phases. train, val, test: all final metrics by name; test is
    None without test data. sizes, zeros: of each kernel, pruned or not. engine: the engine used.
    identity: see `experiments.identity`; None for a run stored before there was one.
    """

    config: Arm
    seed: int
    engine: str
    network_digest: str
    data_digest: str | None
    dense: Curves
    second: Curves
    train: dict[str, float]
    val: dict[str, float]
    test: dict[str, float] | None
    sizes: dict[str, int]
    zeros: dict[str, int]
    provenance: dict[str, Any]
    identity: dict[str, str] | None = None

    @property
    def sparsity(self) -> dict[str, float]:
        """The fraction of zeros in each kernel at the end, by name."""
        return {name: count / self.sizes[name] for name, count in self.zeros.items()}

    @property
    def total_sparsity(self) -> float:
        """The fraction of zeros in all kernels together, those that stay dense included."""
        return sum(self.zeros.values()) / sum(self.sizes.values())

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values, ready for JSON."""
        ours = {f.name: getattr(self, f.name) for f in fields(self)}
        if self.identity is None:
            del ours["identity"]
        return ours | {
            "config": self.config.to_dict(),
            "dense": asdict(self.dense),
            "second": asdict(self.second),
        }

    @classmethod
    def from_dict(cls, values: Any, arm: Arm) -> Self:
        """The result that `to_dict` wrote, of `arm`; ValueError for one of other settings."""
        wanted = [f.name for f in fields(cls)]
        if isinstance(values, dict) and "identity" not in values:  # stored before there was one
            wanted.remove("identity")
        only_fields("run", values, wanted)
        if values["config"] != arm.to_dict():
            raise ValueError(f"it is a run of other settings than {arm.name!r} has now")
        sizes = _counts("sizes", values["sizes"])
        zeros = _counts("zeros", values["zeros"])
        if not sizes or set(sizes) != set(zeros) or any(zeros[n] > sizes[n] for n in sizes):
            raise ValueError("zeros: they do not fit the sizes of the kernels")
        check_digest("network_digest", values["network_digest"])
        if values["data_digest"] is not None:
            check_digest("data_digest", values["data_digest"])
        check_texts("engine", values["engine"])
        check_texts("provenance", _dict("provenance", values["provenance"]))
        run = cls(
            config=arm,
            seed=whole("seed", values["seed"], at_most=2**32 - 1),
            engine=str(values["engine"]),
            network_digest=values["network_digest"],
            data_digest=values["data_digest"],
            dense=Curves.from_dict("dense", values["dense"]),
            second=Curves.from_dict("second", values["second"]),
            train=_scores("train", values["train"]),
            val=_scores("val", values["val"]),
            test=None if values["test"] is None else _scores("test", values["test"]),
            sizes=sizes,
            zeros=zeros,
            provenance=values["provenance"],
            identity=checked_identity(values["identity"]) if "identity" in values else None,
        )
        if set(run.train) != set(run.val) or (run.test and set(run.test) != set(run.val)):
            raise ValueError("train, val and test hold different metrics")
        for phase, epochs in ((run.dense, arm.dense_epochs), (run.second, arm.more_epochs)):
            if len(phase.loss) > (epochs or 0):
                raise ValueError(f"{len(phase.loss)} epochs, where {epochs} were asked for")
        return run

    def __repr__(self) -> str:
        best = next((name for name in self.val if name != "loss"), "loss")
        return (
            f"OwnResult({self.config.name}, seed {self.seed}: {self.total_sparsity:.2%} zeros, "
            f"validation {best} {self.val[best]:.4g})"
        )


def _dict(name, value):
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{name}: it must be a JSON object")
    check_texts(name, list(value))
    return value


def _counts(name, value):
    return {key: whole(name, count) for key, count in _dict(name, value).items()}


def _scores(name, value):
    found = {key: number(f"{name}.{key}", v) for key, v in _dict(name, value).items()}
    if "loss" not in found or not all(map(math.isfinite, found.values())):
        raise ValueError(f"{name}: it must hold finite numbers, the loss among them")
    return found
