"""The steps of one live run: check for commands, train, measure and report, epoch by epoch."""

import numpy as np

from prunelab.experiments.data import sample_order
from prunelab.live.control import StopTraining
from prunelab.live.run import LiveRun

GROUP = 8  # most steps between two checks for commands: one epoch of the course's networks


class TfmotRun(LiveRun):
    """One run on a `LiveNetwork` that has begun.

    layers: names of the layers that are pruned. pruned: names of their kernels.
    """

    def __init__(self, network, settings, layers, pruned, control, report):
        super().__init__(settings, control, report, network.sizes(), pruned)
        self.network, self.layers = network, layers
        self.measured_before(*network.measure()[1:])

    def train(self, n_rows, first_epoch):
        """Train to the end or until stopped."""
        settings = self.settings
        total_steps = settings.total_steps(n_rows)
        self.network.follow(self.schedule, total_steps, self.layers)
        epoch = 0
        try:
            for epoch in range(1, settings.epochs + 1):
                order = sample_order(settings.seed, first_epoch + epoch - 1, n_rows)
                for rows in np.split(order, range(0, n_rows, GROUP * settings.batch_size)[1:]):
                    if self.steered():
                        self.network.follow(self.schedule, total_steps, self.layers)
                    self.network.steps(rows, settings.batch_size)
                    self.step += -(-len(rows) // settings.batch_size)
                self.measured_after(epoch, *self.network.measure())
        except StopTraining:
            self.stopped = True
            if self.step > self.reported:
                self.measured_after(epoch, *self.network.measure())
