"""The record of a live run whose training was cut off: what was asked, and how far it came."""

import re
from dataclasses import dataclass
from typing import ClassVar

from prunelab.base.checks import check_texts, list_of, shown, whole
from prunelab.live.records import (
    EpochReport,
    LiveRecord,
    check_course,
    checked_time,
    checked_words,
    from_values,
)
from prunelab.live.settings import TrainingSettings
from prunelab.schedules.steering import Steering

ID = re.compile("[0-9]{14}-[0-9a-f]{10}")


@dataclass(frozen=True)
class UnfinishedRun(LiveRecord):
    """A live run that was killed, with its kernel, while it trained.

    id: a short text that no other run has. settings, steerings: what was asked for, before and on
    the way; they and the data make the run again, from its beginning to its end. history: an
    `EpochReport` an epoch, up to the last that was kept. n_pruned, n_weights: the weights that it
    prunes, and all; 0 where the training function does not say. created: when it began, UTC. name,
    note: the reader's words about it.
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
        """How long it trained, as far as is known."""
        return self.history[-1].seconds if self.history else 0.0

    @property
    def validation_loss(self):
        """After the last epoch that was kept; None where there was none."""
        return self.history[-1].validation_loss if self.history else None

    @property
    def nonzeros(self):
        """The weights that were left after the last epoch that was kept."""
        zeros = self.history[-1].realised_sparsity if self.history else 0.0
        return self.n_weights - round(zeros * self.n_pruned)

    @classmethod
    def from_dict(cls, values):
        """The run that `to_dict` wrote; missing or unknown fields are refused."""
        run = from_values(cls, values)
        check_course(run.settings, run.steerings, run.history)
        check_texts("layers", run.settings.layers)
        return run

    def __repr__(self):
        return (
            f"UnfinishedRun({self.name or self.id}: cut off after {len(self.history)} of "
            f"{self.settings.epochs} epochs)"
        )
