"""The steps of one live run: check for commands, train, measure and report, epoch by epoch."""

import time

import numpy as np

from prunelab.base.text import digits
from prunelab.experiments.data import sample_order
from prunelab.experiments.results import DivergedError
from prunelab.live.control import StopTraining
from prunelab.live.records import EpochReport

GROUP = 8  # most steps between two checks for commands: one epoch of the course's networks


class LiveRun:
    """One run on a network that has begun: its steps, history and clock.

    layers: names of the layers that are pruned. pruned: names of their kernels.
    """

    def __init__(self, network, settings, layers, pruned, control, report):
        self.layers = layers
        self.network, self.settings, self.control, self.report = network, settings, control, report
        sizes = network.sizes()
        self.pruned = {name: sizes[name] for name in pruned}
        self.step, self.history = 0, []
        self.began, self.waited = time.perf_counter(), 0.0
        _, self.dense, self.nonzeros, self.dense_metrics = network.measure()
        self.metrics = self.dense_metrics
        self._refuse_not_finite(self.dense, "before the first step; look at the data")
        self.validation_loss = self.dense = digits(self.dense)

    @property
    def seconds(self):
        """Wall-clock seconds since the run began, without pauses."""
        return time.perf_counter() - self.began - self.waited

    def run(self, n_rows, first_epoch):
        """Train to the end or until stopped; True if it was stopped."""
        settings = self.settings
        schedule, total_steps = settings.schedule, settings.total_steps(n_rows)
        self.network.follow(schedule, total_steps, self.layers)
        epoch, reported = 0, 0
        try:
            for epoch in range(1, settings.epochs + 1):
                order = sample_order(settings.seed, first_epoch + epoch - 1, n_rows)
                for rows in np.split(order, range(0, n_rows, GROUP * settings.batch_size)[1:]):
                    ahead = self._ask(schedule)
                    if ahead != schedule:
                        schedule = ahead
                        self.network.follow(schedule, total_steps, self.layers)
                    self.network.steps(rows, settings.batch_size)
                    self.step += -(-len(rows) // settings.batch_size)
                self._report(epoch)
                reported = self.step
        except StopTraining:
            if self.step > reported:
                self._report(epoch)
            return True
        return False

    def _ask(self, schedule):
        began = time.perf_counter()
        try:
            return self.control.at_step(self.step, schedule)
        finally:
            self.waited += time.perf_counter() - began

    def _report(self, epoch):
        loss, validation_loss, self.nonzeros, self.metrics = self.network.measure()
        when = f"after epoch {epoch}; lower learning_rate={self.settings.learning_rate:g}"
        self._refuse_not_finite(loss, when)
        self._refuse_not_finite(validation_loss, when)
        self.validation_loss = digits(validation_loss)
        kept = sum(self.nonzeros[name] for name in self.pruned)
        report = EpochReport(
            epoch=epoch,
            step=self.step,
            loss=digits(loss),
            validation_loss=self.validation_loss,
            realised_sparsity=1 - kept / sum(self.pruned.values()),
            seconds=self.seconds,
            metrics=self.metrics,
        )
        self.history.append(report)
        if self.report is not None:
            self.report(report)

    def _refuse_not_finite(self, loss, when):
        if not np.isfinite(loss):
            raise DivergedError(f"the loss is {loss} {when}")
