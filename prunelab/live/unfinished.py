"""The record of an interrupted live run: its settings, and its reports so far."""

import re
from dataclasses import dataclass
from typing import ClassVar

from prunelab.base.checks import check_texts, list_of, shown, whole
from prunelab.live.records import (
    EpochReport,
    LiveRecord,
    check_history,
    checked_time,
    checked_words,
    from_values,
)
from prunelab.live.settings import TrainingSettings
from prunelab.schedules.steering import Steering

ID = re.compile("[0-9]{14}-[0-9a-f]{10}")


@dataclass(frozen=True)
class UnfinishedRun(LiveRecord):
    """A live run whose kernel was killed during training.

    id: a short text that is unique to the run. settings, steerings: the settings at the start and
    the changes during the run; with the data they allow the whole run to be repeated. history: one
    `EpochReport` per epoch, up to the last one stored. n_pruned, n_weights: the number of weights
    that the run prunes, and of all weights; 0 if the training function does not say. created: when
    the run began, UTC. name, note: texts by the reader.
    """

    id: str
    settings: TrainingSettings
    steerings: tuple
    history: tuple
    n_pruned: int
    n_weights: int
    created: str
    name: str = ""
    note: str = ""

    stopped, stop_at, dense = True, None, None
    left_dense: ClassVar[dict] = {}
    dense_metrics: ClassVar[dict] = {}

    def __post_init__(self):
        if not isinstance(self.id, str) or not ID.fullmatch(self.id):
            raise ValueError(f"id={shown(self.id)}: it must be fourteen digits and ten hex digits")
        if not isinstance(self.settings, TrainingSettings):
            raise TypeError(f"settings={shown(self.settings)}: write a TrainingSettings")
        n_weights = whole("n_weights", self.n_weights, at_most=2**53)
        cleaned = {
            "steerings": list_of("steerings", self.steerings, Steering),
            "history": list_of("history", self.history, EpochReport),
            "n_weights": n_weights,
            "n_pruned": whole("n_pruned", self.n_pruned, at_most=n_weights),
            "created": checked_time(self.created),
            "name": checked_words("name", self.name),
            "note": checked_words("note", self.note),
        }
        for name, value in cleaned.items():
            object.__setattr__(self, name, value)

    @property
    def seconds(self):
        """Seconds of training, by the last stored report."""
        return self.history[-1].seconds if self.history else 0.0

    @property
    def validation_loss(self):
        """The validation loss after the last stored epoch; None if there is none."""
        return self.history[-1].validation_loss if self.history else None

    @property
    def metrics(self):
        """The metrics after the last stored epoch, by name."""
        return self.history[-1].metrics if self.history else {}

    @property
    def nonzeros(self):
        """The number of nonzero weights after the last stored epoch."""
        zeros = self.history[-1].realised_sparsity if self.history else 0.0
        return self.n_weights - round(zeros * self.n_pruned)

    @classmethod
    def from_dict(cls, values):
        """The run that `to_dict` wrote; ValueError for missing or unknown fields."""
        run = from_values(cls, values)
        check_history(run.settings, run.steerings, run.history)
        check_texts("layers", run.settings.layers)
        return run

    def __repr__(self):
        return (
            f"UnfinishedRun({self.name or self.id}: cut off after {len(self.history)} of "
            f"{self.settings.epochs} epochs)"
        )
