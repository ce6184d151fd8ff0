"""One live run while it trains, on any engine: its clock, its reports, its record at the end."""

import math
import time

from prunelab.base.text import digits
from prunelab.experiments.results import DivergedError
from prunelab.live.records import EpochReport, TrainedRun, now
from prunelab.live.training import digest


class LiveRun:
    """Base of the runs of both engines, which train and measure.

    settings: the TrainingSettings. control: the TrainingControl. report: called with an EpochReport
    after each epoch, or None. sizes: {kernel: number of weights} of all kernels. pruned: the names
    of those that are pruned. schedule: the one followed now; a steering replaces it.
    """

    def __init__(self, settings, control, report, sizes, pruned):
        self.settings, self.control, self.report = settings, control, report
        self.sizes, self.pruned = sizes, tuple(pruned)
        self.schedule, self.stopped = settings.schedule, False
        self.step, self.reported, self.history = 0, 0, []
        self._began, self._waited = time.perf_counter(), 0.0

    @property
    def seconds(self):
        """Wall-clock seconds since the run began, without pauses."""
        return time.perf_counter() - self._began - self._waited

    def steered(self):
        """Ask for commands, and wait through a pause; True if the schedule has changed.

        StopTraining if the run is to stop before the next step.
        """
        began, before = time.perf_counter(), self.schedule
        try:
            self.schedule = self.control.at_step(self.step, before)
        finally:
            self._waited += time.perf_counter() - began
        return self.schedule != before

    def measured_before(self, loss, nonzeros, metrics):
        """Take the validation loss, {kernel: nonzeros} and metrics before the first step."""
        _refuse_not_finite(loss, "before the first step; look at the data")
        self.validation_loss = self.dense = digits(loss)
        self.nonzeros, self.metrics, self.dense_metrics = nonzeros, metrics, metrics

    def measured_after(self, epoch, loss, validation_loss, nonzeros, metrics):
        """Take and report what was measured after an epoch, or after the part before a stop.

        loss: the training loss. DivergedError, before any report, where a loss is not finite.
        """
        for value in (loss, validation_loss):
            _refuse_not_finite(
                value,
                f"after epoch {epoch}; lower learning_rate={self.settings.learning_rate:g}",
            )
        self.validation_loss, self.nonzeros = digits(validation_loss), nonzeros
        self.metrics, self.reported = metrics, self.step
        kept = sum(nonzeros[name] for name in self.pruned)
        report = EpochReport(
            epoch=epoch,
            step=self.step,
            loss=digits(loss),
            validation_loss=self.validation_loss,
            realised_sparsity=1 - kept / sum(self.sizes[name] for name in self.pruned),
            seconds=self.seconds,
            metrics=metrics,
        )
        self.history.append(report)
        if self.report is not None:
            self.report(report)

    def record(self, weights, *, data_digest, network_digest, left_dense, provenance):
        """The `TrainedRun` of a run that has ended with these `weights`; the rest as its fields."""
        return TrainedRun(
            settings=self.settings,
            steerings=self.control.steerings,
            history=tuple(self.history),
            sparsity={name: 1 - self.nonzeros[name] / size for name, size in self.sizes.items()},
            nonzeros=sum(self.nonzeros.values()),
            n_weights=sum(self.sizes.values()),
            dense=self.dense,
            validation_loss=self.validation_loss,
            stopped=self.stopped,
            seconds=self.seconds,
            data_digest=data_digest,
            network_digest=network_digest,
            weights_digest=digest(weights),
            provenance=provenance,
            created=now(),
            left_dense=left_dense,
            metrics=self.metrics,
            dense_metrics=self.dense_metrics,
        )


def _refuse_not_finite(loss, when):
    if not math.isfinite(loss):
        raise DivergedError(f"the loss is {loss} {when}")
