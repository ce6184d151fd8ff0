"""The record of a live run: its settings, the report of each epoch, its results."""

import re
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Self

from prunelab.base.checks import (
    check_texts,
    is_one_line,
    list_of,
    number,
    shown,
    whole,
    without_controls,
)
from prunelab.base.json_files import only_fields, sha256
from prunelab.base.metrics import change_words
from prunelab.base.text import zeros_words
from prunelab.experiments.record_checks import check_digest
from prunelab.live.settings import TrainingSettings
from prunelab.schedules.steering import Steering, replayed


@dataclass(frozen=True)
class EpochReport:
    """The report of an epoch, or of the part of an epoch before a stop.

    epoch: number of the epoch, from 1. step: training steps done. loss: mean over the epoch's
    batches, during the weight updates. validation_loss: after the epoch, with masks applied.
    realised_sparsity: the fraction of exact zeros in the pruned kernels. seconds: since training
    began, without pauses. metrics: {name: value} on the validation data, after the epoch, with
    masks applied; empty if the model was compiled without metrics.
    """

    epoch: int
    step: int
    loss: float
    validation_loss: float
    realised_sparsity: float
    seconds: float
    metrics: dict[str, float] = field(default_factory=dict)

    def __post_init__(self):
        cleaned = {
            "epoch": whole("epoch", self.epoch, at_least=1),
            "step": whole("step", self.step, at_least=1),
            "loss": number("loss", self.loss),
            "validation_loss": number("validation_loss", self.validation_loss),
            "realised_sparsity": fraction("realised_sparsity", self.realised_sparsity),
            "seconds": number("seconds", self.seconds, at_least=0),
            "metrics": checked_metrics("metrics", self.metrics),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    def to_dict(self):
        """The report as plain values, ready for JSON."""
        return dict(vars(self))

    @classmethod
    def from_dict(cls, values):
        """The report that `to_dict` wrote."""
        only_fields("report", values, [field.name for field in fields(cls)])
        return cls(**values)


def fraction(name, value):
    """`value` as a float from 0 to 1; else an error in one sentence."""
    return number(name, value, at_least=0, at_most=1)


def checked_metrics(name, given):
    """{name: finite float} of metrics; else an error in one sentence."""
    if not isinstance(given, dict):
        raise TypeError(f"{name}={shown(given)}: it must be a dict")
    for metric in given:
        if not isinstance(metric, str) or not metric or not is_one_line(metric):
            raise ValueError(f"{name} holds {shown(metric)}: write the name of a metric")
    return {metric: number(f"{name}[{metric!r}]", value) for metric, value in given.items()}


LONGEST = {"name": 80, "note": 2000}


class LiveRecord:
    """Base of the records of finished runs and of interrupted runs."""

    @property
    def steps(self: Any) -> int:
        """Training steps done, by the last report."""
        return self.history[-1].step if self.history else 0

    def renamed(self: Any, name: str | None = None, note: str | None = None) -> Any:
        """The same run with another name or note; None leaves it unchanged."""
        given = {key: words for key, words in (("name", name), ("note", note)) if words is not None}
        renamed = replace(self, **given)
        renamed.__dict__["id"] = self.id  # the id does not depend on the name
        return renamed

    def to_dict(self: Any) -> dict[str, Any]:
        """The run as plain values, ready for JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return values | {
            "settings": self.settings.to_dict(),
            "steerings": [asdict(steering) for steering in self.steerings],
            "history": [report.to_dict() for report in self.history],
        }


@dataclass(frozen=True)
class TrainedRun(LiveRecord):
    """The record of a live run that has finished or was stopped.

    settings, steerings: the settings at the start and the changes during the run; with the data
    they reproduce the run (`TrainingControl.replaying`). history: one `EpochReport` per epoch.
    sparsity: the fraction of exact zeros in each kernel at the end, by layer name. nonzeros,
    n_weights: of all kernels together, pruned or not. left_dense: the kernels that were not pruned,
    name → (number of weights, why). dense: validation loss before pruning began. validation_loss:
    at the end. dense_metrics, metrics: {name: value} of the model's metrics on the validation data,
    before pruning began and at the end. stopped: whether it ended before its last epoch. seconds:
    wall-clock time, without pauses.
    data_digest, network_digest, weights_digest: sha256 of the data, of the initial network and of
    the final weights. provenance: versions, threads, processor. created: when the run ended, UTC.
    name, note: texts by the reader.
    """

    settings: TrainingSettings
    steerings: tuple[Steering, ...]
    history: tuple[EpochReport, ...]
    sparsity: dict[str, float]
    nonzeros: int
    n_weights: int
    dense: float
    validation_loss: float
    stopped: bool
    seconds: float
    data_digest: str
    network_digest: str
    weights_digest: str
    provenance: dict
    created: str
    name: str = ""
    note: str = ""
    left_dense: dict[str, tuple[int, str]] = field(default_factory=dict)
    metrics: dict[str, float] = field(default_factory=dict)
    dense_metrics: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        steerings = list_of("steerings", self.steerings, Steering)
        history = list_of("history", self.history, EpochReport)
        if not isinstance(self.settings, TrainingSettings):
            raise TypeError(f"settings={shown(self.settings)}: write a TrainingSettings")
        for name in ("sparsity", "provenance"):
            if not isinstance(getattr(self, name), dict):
                raise TypeError(f"{name}={shown(getattr(self, name))}: it must be a dict")
        if not isinstance(self.stopped, bool):
            raise TypeError(f"stopped={shown(self.stopped)}: write True or False")
        n_weights = whole("n_weights", self.n_weights, at_least=1, at_most=2**53)
        cleaned = {
            "steerings": steerings,
            "history": history,
            "sparsity": {
                name: fraction(f"sparsity[{shown(name)}]", value)
                for name, value in self.sparsity.items()
            },
            "n_weights": n_weights,
            "nonzeros": whole("nonzeros", self.nonzeros, at_most=n_weights),
            "dense": number("dense", self.dense),
            "validation_loss": number("validation_loss", self.validation_loss),
            "seconds": number("seconds", self.seconds, at_least=0),
            "created": checked_time(self.created),
            "name": checked_words("name", self.name),
            "note": checked_words("note", self.note),
        }
        cleaned["left_dense"] = _left_dense(self.left_dense, cleaned["sparsity"], n_weights)
        for name in ("metrics", "dense_metrics"):
            cleaned[name] = checked_metrics(name, getattr(self, name))
        for name in ("data_digest", "network_digest", "weights_digest"):
            check_digest(name, getattr(self, name))
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @cached_property  # it is read often, and hashes the whole history
    def id(self) -> str:
        """A short text that is unique to the run: its end time, and a digest of the record."""
        what = self.to_dict() | {"name": "", "note": ""}
        return f"{re.sub('[^0-9]', '', self.created)[:14]}-{sha256(what)[:10]}"

    @property
    def total_sparsity(self) -> float:
        """The fraction of zeros in all kernels together."""
        return 1 - self.nonzeros / self.n_weights

    @property
    def n_pruned(self) -> int:
        """The number of weights in the kernels that were pruned."""
        return self.n_weights - sum(size for size, _ in self.left_dense.values())

    @property
    def pruned_sparsity(self) -> float:
        """The fraction of zeros in the kernels that were pruned, together."""
        left = sum(round((1 - self.sparsity[name]) * n) for name, (n, _) in self.left_dense.items())
        return 1 - (self.nonzeros - left) / self.n_pruned

    @property
    def zeros_words(self) -> str:
        """The sparsity in words: of the pruned kernels and, if some kernels stayed dense, of all
        kernels, with the reason.
        """
        return zeros_words(self.pruned_sparsity, self.n_pruned, self.n_weights, self.left_dense)

    @property
    def metrics_words(self) -> tuple[str, ...]:
        """Each metric before pruning began and at the end: "accuracy 96.4 → 80.3 %"."""
        before = self.dense_metrics
        return tuple(change_words(name, before.get(name), v) for name, v in self.metrics.items())

    @property
    def stop_at(self) -> int | None:
        """The number of steps after which a replay stops; None for a run that finished."""
        return self.steps if self.stopped else None

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """The run that `to_dict` wrote; ValueError for missing or unknown fields."""
        run = from_values(cls, values)
        run._check()
        return run

    def _check(self):
        """Raise ValueError if the record contradicts its own settings."""
        check_history(self.settings, self.steerings, self.history, self.steps, self.stopped)
        check_texts("provenance", self.provenance)
        check_texts("sparsity", self.sparsity)
        check_texts("layers", self.settings.layers)
        within = [f"{name}/" for name in self.sparsity]
        unknown = [
            layer
            for layer in self.settings.layers
            if not any(name.startswith(f"{layer}/") for name in within)
        ]
        if not self.sparsity or unknown:
            raise ValueError(
                f"sparsity names {shown(sorted(self.sparsity))}: it lacks "
                f"{shown(unknown[0]) if unknown else 'every layer'}"
            )
        most = max(self.sparsity.values()) * self.n_weights
        if self.n_weights - self.nonzeros > most + 0.5:
            raise ValueError(
                f"nonzeros={self.nonzeros:,} of {self.n_weights:,}: no layer in sparsity has so "
                "many zeros"
            )
        dense = sum(
            round((1 - self.sparsity[name]) * size) for name, (size, _) in self.left_dense.items()
        )
        if not 0 <= self.nonzeros - dense <= self.n_pruned:
            raise ValueError(
                f"nonzeros={self.nonzeros:,}: left_dense alone has {dense:,}, and the rest "
                f"{self.n_pruned:,} weights"
            )

    def __repr__(self) -> str:
        ended = "stopped" if self.stopped else "done"
        words = self.zeros_words if self.left_dense else f"{self.total_sparsity:.2%} zeros"
        return (
            f"TrainedRun({self.name or self.id}: {ended} after {self.steps} steps, "
            f"{words}, {''.join(f'{said}, ' for said in self.metrics_words)}"
            f"validation loss {self.validation_loss:.5g}, dense {self.dense:.5g})"
        )


def now():
    """The current time in UTC, in the format of `TrainedRun.created`."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _left_dense(dense, sparsity, n_weights):
    if not isinstance(dense, dict):
        raise TypeError(f"left_dense={shown(dense)}: it must be a dict")
    cleaned, total = {}, 0
    for name, given in dense.items():
        if name not in sparsity or not isinstance(given, tuple | list) or len(given) != 2:
            raise ValueError(
                f"left_dense[{shown(name)}]={shown(given)}: write (number of weights, why) of a "
                "kernel in sparsity"
            )
        size = whole(f"left_dense[{shown(name)}]", given[0], at_least=1, at_most=n_weights)
        if not isinstance(given[1], str) or not is_one_line(given[1]):
            raise ValueError(f"left_dense[{shown(name)}]={shown(given)}: why must be a short text")
        cleaned[name], total = (size, given[1]), total + size
    if total >= n_weights:
        raise ValueError(f"left_dense holds {total:,} weights: no more than n_weights can stay")
    return cleaned


def from_values(kind, values):
    """A record of a live run, of the dataclass `kind`, from plain values; ValueError for others."""
    only_fields("run", values, [field.name for field in fields(kind)])
    lists = {"steerings": Steering, "history": EpochReport}
    for name in lists:
        if not isinstance(values[name], list):
            raise ValueError(f"{name} is a {type(values[name]).__name__}: it must be a list")
    made = {
        name: tuple(part.from_dict(each) for each in values[name]) for name, part in lists.items()
    }
    return kind(**values | made | {"settings": TrainingSettings.from_dict(values["settings"])})


def check_history(settings, steerings, history, steps=None, stopped=True):
    """Raise ValueError if a run of `settings` cannot have these epochs, steps or steerings.

    steps: upper limit for the step of the last steering; None if it is not known. stopped: whether
    the run may have ended before its last epoch.
    """
    epochs = [report.epoch for report in history]
    done = [report.step for report in history]
    if epochs != sorted(set(epochs)) or done != sorted(set(done)):
        raise ValueError("history: its epochs and steps must go up")
    last = epochs[-1] if epochs else 0
    if last > settings.epochs:
        raise ValueError(f"history: epoch {last} of a run of {settings.epochs} epochs")
    if not stopped and last < settings.epochs:
        raise ValueError(
            f"history: it ends with epoch {last}, and the run went to its end, epoch "
            f"{settings.epochs}"
        )
    if epochs and epochs[0] == 1:
        an_epoch = done[0]
        for epoch, step in zip(epochs, done, strict=True):
            cut = stopped and epoch == last
            if not an_epoch * (epoch - cut) <= step <= an_epoch * epoch:
                raise ValueError(
                    f"history: step {step} after epoch {epoch}, where an epoch has {an_epoch} steps"
                )
        steps = an_epoch * settings.epochs if steps is None else steps
    at = [steering.step for steering in steerings]
    if at != sorted(at) or (at and steps is not None and at[-1] > steps):
        known = "" if steps is None else f", and the run has {steps} steps"
        raise ValueError(f"steerings at the steps {shown(at)}: they must follow each other{known}")
    try:
        replayed(settings.schedule, steerings)
    except ValueError as error:
        raise ValueError(f"steerings that no run can have had: {error}") from None


def checked_time(created):
    """`created` if it is a time in the format of `now`; else ValueError."""
    try:
        if datetime.fromisoformat(created).utcoffset() is not None:
            return created
    except (TypeError, ValueError):
        pass
    raise ValueError(f"created={shown(created)}: write a time with its offset, as now() gives it")


def checked_words(name, value):
    """The name or note `value`; ValueError if it is too long or holds control characters."""
    if not isinstance(value, str) or len(value) > LONGEST[name]:
        raise ValueError(f"{name}={shown(value)}: write a text of at most {LONGEST[name]} letters")
    if without_controls(value) != value:
        raise ValueError(f"{name}={shown(value)}: it holds control characters; leave them out")
    return value
