"""A trial of a search by a live training function, with the model's own metrics as objectives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from prunelab.base.checks import shown, whole
from prunelab.experiments.identity import data_identity, settings_identity
from prunelab.live.control import TrainingControl
from prunelab.live.settings import LAYER, TrainingSettings


@dataclass(frozen=True)
class LiveTrial:
    """Trains and measures a candidate: `search(space, 20, objectives, evaluate=LiveTrial(…))`.

    train, data: as for a TuningBench. batch_size: rows in a batch; the space's `steps_per_epoch` is
    the number of rows divided by it, rounded up. layers, scope: see `TrainingSettings`. Objectives
    can be "val_loss", the metrics of `compile` as "val_accuracy", "nonzeros" and "sparsity", the
    fraction of zeros in all kernels.
    """

    train: Callable
    data: Any
    batch_size: int = 128
    layers: tuple[str, ...] = ()
    scope: str = LAYER

    def __post_init__(self) -> None:
        if not callable(self.train):
            raise TypeError(f"train={shown(self.train)}: write a training function")
        whole("batch_size", self.batch_size, at_least=1)

    def identity(self, seed: int) -> dict[str, str]:
        """What the trials of one search must have in common, see `experiments.identity`.

        Of the network it is known where `train` can tell it, as those of `live_trainer` can.
        """
        of_train = getattr(self.train, "identity", None)
        settings = [self.batch_size, list(self.layers), self.scope]
        return {
            **(dict(of_train) if isinstance(of_train, Mapping) else {}),
            "settings": settings_identity(settings),
            "data": data_identity(getattr(self.data, "digest", self.data)),
        }

    def __call__(self, candidate: Any, seed: int, report: Callable) -> dict[str, float]:
        """Train by the candidate's schedule, report each epoch, and return the measured values."""
        settings = TrainingSettings(
            candidate.schedule,
            epochs=candidate.epochs,
            batch_size=self.batch_size,
            learning_rate=candidate.learning_rate,
            layers=self.layers,
            seed=seed,
            scope=self.scope,
        )

        def told(epoch):
            report(epoch.epoch, epoch.validation_loss)

        run = self.train(settings, self.data, TrainingControl(), told)
        metrics = {f"val_{name}": value for name, value in run.metrics.items()}
        measured = {"nonzeros": float(run.nonzeros), "sparsity": run.total_sparsity}
        return metrics | {"val_loss": run.validation_loss} | measured
