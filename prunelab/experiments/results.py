"""The result of a run, as values: phases, scores, zeros, provenance, the inputs it uses."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from prunelab.base.checks import number, real_array, whole
from prunelab.base.json_files import only_fields
from prunelab.experiments.config import ExperimentConfig
from prunelab.experiments.record_checks import check_run


class DivergedError(ValueError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True)
class Score:
    """Mean squared error, and R² = 1 − MSE / Var(y)."""

    mse: float
    r2: float

    @classmethod
    def from_dict(cls, what, values):
        """The score that `asdict` wrote."""
        only_fields(what, values, ["mse", "r2"])
        mse = number(f"{what}.mse", values["mse"], at_least=0)
        return cls(mse, number(f"{what}.r2", values["r2"], at_most=1))


@dataclass(frozen=True)
class Phase:
    """One phase of training, epoch by epoch.

    loss: mean over the epoch's batches, during the weight updates. val_loss: after the epoch, with
    masks applied. zeros: in each kernel after each epoch, by layer name; empty if nothing was
    pruned. steps: optimizer steps taken. seconds: wall-clock time, validation included.
    """

    loss: tuple[float, ...]
    val_loss: tuple[float, ...]
    zeros: dict[str, tuple[int, ...]]
    steps: int
    seconds: float

    @classmethod
    def from_dict(cls, what, values):
        """The phase that `asdict` wrote; lengths must agree."""
        only_fields(what, values, [field.name for field in fields(cls)])
        phase = cls(
            loss=_numbers(f"{what}.loss", values["loss"]),
            val_loss=_numbers(f"{what}.val_loss", values["val_loss"]),
            zeros={
                name: tuple(whole(f"{what}.zeros", count) for count in _list(name, counts))
                for name, counts in _dict(f"{what}.zeros", values["zeros"]).items()
            },
            steps=whole(f"{what}.steps", values["steps"]),
            seconds=number(f"{what}.seconds", values["seconds"], at_least=0),
        )
        lengths = {len(phase.loss), len(phase.val_loss), *map(len, phase.zeros.values())}
        if len(lengths) != 1:
            raise ValueError(f"{what}: its lists have different lengths {sorted(lengths)}")
        if (phase.steps == 0) != (lengths == {0}):
            raise ValueError(f"{what}: {phase.steps} steps do not make {max(lengths)} epochs")
        return phase


@dataclass(frozen=True)
class InputSelection:
    """How well the inputs that a network still uses match the informative inputs.

    An input survives if any of its weights in the first kernel is not 0. surviving: the number of
    surviving inputs. precision, recall: of the surviving inputs against the informative ones, whose
    true coefficient is not 0. auc: area under the ROC curve when inputs are ranked by the norm of
    their weights; 0.5 is chance, 1 is perfect. precision_at_k: precision among the k inputs of
    largest norm, where k is the number of informative inputs.
    """

    surviving: int
    precision: float
    recall: float
    auc: float
    precision_at_k: float

    @classmethod
    def from_dict(cls, what, values):
        """The selection that `asdict` wrote."""
        only_fields(what, values, [field.name for field in fields(cls)])
        fractions = {
            name: number(f"{what}.{name}", values[name], at_least=0, at_most=1)
            for name in ("precision", "recall", "auc", "precision_at_k")
        }
        return cls(whole(f"{what}.surviving", values["surviving"]), **fractions)


@dataclass(frozen=True)
class RunResult:
    """The result of a finished run; made by `networks.run`, stored by `runs`.

    config, seed: of the run; the seed determines data, initial weights and sample order.
    data_digest: of the data. dense, second: the two phases. dense_train, dense_val, train, val,
    test: scores after the first phase and at the end, on training, validation and test rows. zeros:
    exact zeros in each stripped kernel at the end, by layer name. inputs: the `InputSelection` of
    the first kernel. test and inputs are None in older runs, in which they were not measured.
    provenance: versions, threads, processor.
    """

    config: ExperimentConfig
    seed: int
    data_digest: str
    dense: Phase
    second: Phase
    dense_train: Score
    dense_val: Score
    train: Score
    val: Score
    test: Score | None
    zeros: dict[str, int]
    inputs: InputSelection | None
    provenance: dict[str, Any]

    @property
    def sparsity(self) -> dict[str, float]:
        """The fraction of zeros in each kernel at the end, by layer name."""
        sizes = self.config.kernel_sizes
        return {name: count / sizes[name] for name, count in self.zeros.items()}

    @property
    def total_sparsity(self) -> float:
        """The fraction of zeros in all kernels together at the end."""
        return sum(self.zeros.values()) / sum(self.config.kernel_sizes.values())

    @property
    def epoch_sparsity(self) -> tuple[float, ...]:
        """The fraction of zeros in all kernels after each epoch of both phases (a tuple)."""
        size = sum(self.config.kernel_sizes.values())
        before = (0.0,) * len(self.dense.loss)
        if not self.second.zeros:
            return before + (0.0,) * len(self.second.loss)
        return before + tuple(
            sum(counts) / size for counts in zip(*self.second.zeros.values(), strict=True)
        )

    def to_dict(self) -> dict[str, Any]:
        """The result as plain values, ready for JSON."""
        return asdict(self) | {"config": self.config.to_dict()}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The result that `to_dict` wrote; missing, unknown and impossible fields are refused.

        A result that contradicts its config is refused too: see `record_checks`.
        """
        only_fields("run", values, [field.name for field in fields(cls)])
        config = ExperimentConfig.from_dict(values["config"])
        zeros = {
            name: whole("zeros", count) for name, count in _dict("zeros", values["zeros"]).items()
        }
        if set(zeros) != set(config.kernel_sizes):
            raise ValueError(f"zeros: it must name the kernels {sorted(config.kernel_sizes)}")
        phases: dict[str, Any] = {
            name: Phase.from_dict(name, values[name]) for name in ("dense", "second")
        }
        scores = ["dense_train", "dense_val", "train", "val"]
        result = cls(
            config=config,
            seed=whole("seed", values["seed"], at_most=2**32 - 1),
            data_digest=values["data_digest"],
            zeros=zeros,
            provenance=_dict("provenance", values["provenance"]),
            **phases,
            **{name: Score.from_dict(name, values[name]) for name in scores},
            test=_or_none(Score, "test", values),
            inputs=_or_none(InputSelection, "inputs", values),
        )
        check_run(result)
        return result

    def __repr__(self) -> str:
        return (
            f"RunResult({self.config.name}, seed {self.seed}: {self.total_sparsity:.2%} zeros, "
            f"validation MSE {self.val.mse:.5f}, R² {self.val.r2:.4f})"
        )


def _or_none(kind, name, values):
    return None if values[name] is None else kind.from_dict(name, values[name])


def _dict(name, value):
    if not isinstance(value, dict):
        raise ValueError(f"{name} is a {type(value).__name__}: it must be a JSON object")
    return value


def _list(name, value):
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} is a {type(value).__name__}: it must be a list")
    return value


def _numbers(name, value):
    return tuple(number(name, item) for item in _list(name, value))


def input_selection(kernel: ArrayLike, coef: ArrayLike) -> InputSelection:
    """The `InputSelection` of a first kernel [inputs, units] against the true weights [inputs].

    For a linear model pass its coefficients as a kernel of one column. Raises ValueError if the
    shapes differ, or if all inputs or none are informative, so that there is no selection.
    """
    from sklearn.metrics import roc_auc_score

    kernel, coef = real_array("kernel", kernel), real_array("coef", coef)
    if kernel.ndim != 2 or coef.shape != kernel.shape[:1]:
        raise ValueError(
            f"kernel has shape {kernel.shape} and coef {coef.shape}: "
            "[inputs, units] and [inputs] are needed"
        )
    matters = coef != 0
    k = int(matters.sum())
    if k in (0, len(coef)):
        raise ValueError(f"coef: {k} of {len(coef)} inputs matter, so there is nothing to pick")
    norms = np.linalg.norm(kernel.astype(np.float64), axis=1)
    survives = norms > 0
    hits = int((survives & matters).sum())
    largest = np.argsort(-norms, kind="stable")[:k]
    return InputSelection(
        surviving=int(survives.sum()),
        precision=hits / max(int(survives.sum()), 1),
        recall=hits / k,
        auc=float(roc_auc_score(matters, norms)),
        precision_at_k=float(matters[largest].mean()),
    )
