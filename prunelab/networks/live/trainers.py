"""Training functions for a live bench: for the course's networks, and for any compiled model.

Each checks its settings, borrows a compiled network, trains it, and returns a record.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import shown, whole
from prunelab.base.engines import arrays_in
from prunelab.base.host import give_back, provenance
from prunelab.experiments.data import Dataset, sample_order
from prunelab.experiments.identity import model_identity, settings_identity
from prunelab.experiments.named_configs import CONFIGS
from prunelab.live.control import StopTraining, TrainingControl
from prunelab.live.protocol import NOT_CHOSEN, Kernels
from prunelab.live.run import LiveRun
from prunelab.live.settings import GLOBAL, SCOPES
from prunelab.live.thread import cause_of
from prunelab.live.training import KEPT, LastWeights, check_run, digest, held, not_kept
from prunelab.networks.backend import THREADS, tf_keras
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.carried import warn_of_zeros
from prunelab.networks.experiment import trained
from prunelab.networks.live.checks import (
    check_live_model,
    chosen_layers,
    fits_all,
    four_parts,
    no_grid,
    prunable_layers,
)
from prunelab.networks.live.metrics import Metrics
from prunelab.networks.live.networks import LiveNetwork, copied
from prunelab.networks.models import build
from prunelab.networks.optimizers import Recipe
from prunelab.networks.pool import Pool, initial_weights
from prunelab.networks.prunable import kernels_of
from prunelab.networks.targets import loss_name, of_each_output, of_one_output

if TYPE_CHECKING:
    from tf_keras import Model

NO_KERNEL = "has no kernel"
GROUP = 8  # most steps between two checks for commands: one epoch of the course's networks
IMPORT = "from prunelab.networks import"


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


class Trainer:
    """A training function with its own uncompiled `model`.

    loss: as given to `compile`, for one output the loss itself. metrics: a `Metrics`, or None.
    """

    name, scopes = "", SCOPES

    def __init__(self, model, optimizer, loss, *, metrics=None, **compile_options):
        self._model, self._optimizer, self._loss = model, optimizer, loss
        self._compile_options = {"loss": loss, **compile_options}
        self.loss, self._metrics = loss_name(loss), metrics
        self.metrics = () if metrics is None else metrics.names(model)
        self._kernels = kernels_of(model)
        self._shapes = prunable_layers(self._kernels)
        self._pool, self._last = Pool(), LastWeights()

    @property
    def layers(self):
        """The number of weights of each layer that can be pruned, by name."""
        return {name: sum(map(math.prod, each)) for name, each in self._shapes.items()}

    @property
    def learning_rate(self):
        """The learning rate the model was compiled with; for a schedule, its rate at step 0."""
        return self._optimizer.learning_rate

    def kernels(self, settings, data=None):
        """The `Kernels` of a run with these settings: which are pruned and which stay dense.

        Raises ValueError, in one sentence, for layers or blocks that do not fit the model.
        """
        chosen = self._chosen(settings)
        block = settings.block_size
        pruned, dense = {}, {}
        for kernel in self._kernels:
            why = kernel.dense_because
            if not why and kernel.layer not in chosen:
                shapes = self._shapes.get(kernel.layer, ())
                why = NOT_CHOSEN if fits_all(shapes, block) else no_grid(shapes, block)
            if why:
                dense[kernel.name] = kernel.size, why
            else:
                pruned[kernel.name] = kernel.size, math.prod(block)
        return Kernels(pruned, dense, settings.scope == GLOBAL)

    def _chosen(self, settings):
        names = {layer.name: NO_KERNEL for layer in self._model.layers}
        names |= {k.layer: k.dense_because for k in self._kernels if k.dense_because}
        return chosen_layers(settings, self._shapes, names)

    def run(self, settings, weights, data, control, report, *, first_epoch=0):
        """Train from `weights` and return the `TrainedRun`; data: (x, y, x_val, y_val)."""
        kernels, layers = self.kernels(settings), self._chosen(settings)
        losses = of_each_output(self._loss, self._model.output_names)
        arrays = four_parts(self._model, losses, data)
        n_rows, data_digest = len(arrays_in(arrays[0])[0]), digest(arrays)
        check_run(settings, n_rows)

        together = settings.scope == GLOBAL
        wrapped = layers if together else self._chosen(replace(settings, layers=()))

        def make():
            made_of = self._model, wrapped, settings.block_size
            how = self._optimizer, self._compile_options
            return LiveNetwork(*made_of, *how, together=together, metrics=self._metrics)

        key = settings.block_size, wrapped, together
        with self._pool.borrowed(key, make) as network:
            network.begin(weights, arrays, learning_rate=settings.learning_rate, seed=settings.seed)
            del arrays  # the network has a copy
            try:
                live_run = TfmotRun(network, settings, layers, kernels.pruned, control, report)
                live_run.train(n_rows, first_epoch)
            except tf.errors.InvalidArgumentError as error:  # an index outside an embedding
                raise ValueError(
                    f"the model does not take these rows: {cause_of(error)}"
                ) from error
            ended = network.plain.get_weights()
        identity = f"{self._optimizer.kind.__name__} {shown(self._loss)}"
        result = live_run.record(
            ended,
            data_digest=data_digest,
            network_digest=digest(weights, identity),
            left_dense=kernels.dense,
            provenance=provenance(THREADS),
        )
        self._last.add(result, ended)
        give_back(result.n_weights)
        return result

    def network(self, run):
        """The network at the end of `run`, as a new plain model, not compiled.

        Only the networks of the last few runs are kept; for an older run, ValueError: replay it
        first.
        """
        weights = self._last.of(run)
        model = copied(self._model)
        model.set_weights(weights)
        return model


class CourseTrainer:
    """The training function of the course's networks, made by `live_course`; its loss is the MSE.

    Each run prunes a network that was first trained densely, with the course's settings for its
    data and with the run's seed. The dense training is done once per data set and seed, and kept.
    """

    loss, scopes = "MSE", SCOPES

    def __init__(self, dense_epochs=200):
        self.dense_epochs = whole("dense_epochs", dense_epochs, at_most=10**6)
        self.name = f"{IMPORT} train_live as train"
        if self.dense_epochs != 200:
            self.name = (
                f"{IMPORT} live_course\ntrain = live_course(dense_epochs={self.dense_epochs})"
            )
        self._trainers, self._dense = {}, OrderedDict()
        self.identity = {"network": settings_identity(["of the course", self.dense_epochs])}

    def layers(self, data):
        """The number of weights of each layer that can be pruned, by name."""
        return self._trainer(data).layers

    def kernels(self, settings, data):
        """The `Kernels` of a run with these settings: which are pruned and which stay dense."""
        return self._trainer(data).kernels(settings)

    def network(self, run):
        """The network at the end of `run`, see `Trainer.network`."""
        for trainer in self._trainers.values():
            if run in trainer._last:
                return trainer.network(run)
        raise not_kept(run)

    def __call__(self, settings, data, control=None, report=None):
        """Train on `data`, a Dataset of prunelab.experiments.data, and return the `TrainedRun`.

        With `dense_epochs` at 200 the result equals that of `networks.run` with the same schedule,
        data and seed, bit for bit. control, report, errors: as for `live_trainer`.
        """
        with held(settings, control, report) as control:
            trainer = self._trainer(data)
            check_run(settings, len(data.x_train))
            weights = self.dense(data, settings.seed, control)
            arrays = (data.x_train, data.y_train, data.x_val, data.y_val)
            return trainer.run(
                settings, weights, arrays, control, report, first_epoch=self.dense_epochs
            )

    def dense(self, data, seed, control=None):
        """The weights of the dense network with which runs of this data and seed begin.

        The first call trains it, which takes as long as a run in the case of the twin.
        """
        config, seed = _course_config(data), whole("seed", seed, at_most=2**32 - 1)
        key = (data.digest, seed)
        if key not in self._dense:
            self._dense[key] = self._train_dense(config, data, seed, control or TrainingControl())
            while len(self._dense) > 2 * KEPT:
                self._dense.popitem(last=False)
        return self._dense[key]

    def _train_dense(self, config, data, seed, control):
        if not self.dense_epochs:
            return initial_weights(data.x_train.shape[1], config.hidden, seed)

        def progress(done, epochs, values):
            control.busy = f"training the dense network first: {done} of {epochs} epochs"
            control.at_step(0, None)

        control.busy = "training the dense network first"
        try:
            with trained(config, data, seed, self.dense_epochs, progress) as (network, _):
                return tuple(network.model.get_weights())
        finally:
            control.busy = ""
            give_back(sum(config.kernel_sizes.values()))

    def _trainer(self, data):
        config = _course_config(data)
        if data.name not in self._trainers:
            model = build(data.x_train.shape[1], config.hidden, seed=0)
            adam = Recipe.of(tf_keras.optimizers.Adam())
            self._trainers[data.name] = Trainer(model, adam, "mse")
        return self._trainers[data.name]


def live_course(dense_epochs: int = 200) -> CourseTrainer:
    """A training function for the course's networks and data sets, see `CourseTrainer`.

    dense_epochs: epochs of dense training before pruning; 0 prunes from the start.
    """
    return CourseTrainer(dense_epochs)


def _course_config(data):
    if not isinstance(data, Dataset) or data.name not in CONFIGS:
        raise TypeError(
            f"data={shown(data)}: write a data set of prunelab.experiments.data; for arrays of "
            "your own make the function with live_trainer(model)"
        )
    return CONFIGS[data.name]


train_live = live_course()


__all__ = [
    "GROUP",
    "CourseTrainer",
    "LiveTrainer",
    "live_course",
    "live_trainer",
    "train_live",
]


class LiveTrainer(Trainer):
    """The training function of one compiled model; made by `live_trainer`."""

    def __init__(self, model, code):
        check_live_model(model)
        if not isinstance(code, str):
            raise TypeError(f"code={shown(code)}: write the Python that makes this function again")
        asked = model._get_compile_args()
        loss, loss_weights = asked["loss"], asked["loss_weights"]
        if len(model.outputs) == 1:
            loss, loss_weights = of_one_output(loss), of_one_output(loss_weights)
        if all(each is None for each in of_each_output(loss, model.output_names)):
            raise ValueError(
                "model is compiled without a loss: call model.compile(optimizer, loss)"
            )
        optimizer = Recipe.of(model.optimizer)
        self.identity = model_identity(model, dir(tf_keras.layers))
        own = copied(model)
        if len(own.losses) != len(model.losses):
            raise ValueError(
                "model adds losses of its own (add_loss), which a copy of it does not have: put "
                "them into its loss or into a regularizer of a layer"
            )
        metrics, self.notes = Metrics.of(model), ""
        super().__init__(own, optimizer, loss, metrics=metrics, loss_weights=loss_weights)
        warn_of_zeros([k for k in self._kernels if not k.dense_because], stacklevel=4)
        self._weights = model.get_weights()
        self.notes = " ".join(_notes(model, metrics, optimizer))
        self.name = code or f"{IMPORT} live_trainer\ntrain = live_trainer(model)"

    def __call__(self, settings, data, control=None, report=None):
        """Train a copy of the model and return the `TrainedRun`.

        data: (x, y, x_val, y_val). control: a TrainingControl, or None. report: called with an
        EpochReport after each epoch, or None. TypeError or ValueError, in one sentence, for data
        or settings that do not fit the model.
        """
        with held(settings, control, report) as control:
            return self.run(settings, self._weights, data, control, report)


def live_trainer(model: Model, code: str = "") -> LiveTrainer:
    """A training function for any compiled tf_keras model, as `TuningBench(train=…)` takes it.

    model: Sequential or functional, also with several inputs and outputs, whose rows then come as
    lists of arrays or as dicts by name. It keeps its weights; every run begins with the weights it
    has now. The kernels tfmot prunes are pruned, in nested models too;
    `kernels(settings)` of the result tells which stay dense, and why. The copy that trains has the
    model's loss and optimizer, with the learning rate of the settings. A learning-rate schedule is
    scaled so that it begins with that rate (one whose rate at step 0 is 0 is left unscaled).
    The metrics given to `compile` are computed on the validation data after each epoch (one that
    gives several numbers is left out). Random layers such as Dropout use the
    settings' seed. code: Python code that makes the same function and names it `train`, for the
    bench's code to copy. Raises TypeError or ValueError, in one sentence, for a model that cannot
    be pruned this way.
    """
    return LiveTrainer(model, code)


def _notes(model, metrics, optimizer):
    """Sentences on how a run differs from the model's own `fit`."""
    eager, steps = model.run_eagerly, model._steps_per_execution
    ways = {"jit_compile": model._jit_compile, "run_eagerly": eager}
    ways["steps_per_execution"] = steps is not None and int(steps) > 1
    if named := [name for name, value in ways.items() if value]:
        said = ", ".join(named)
        yield f"A run compiles its steps in its own way: {said} of the model is not used."
    if metrics is not None and metrics.left_out:
        said = ", ".join(metrics.left_out)
        yield f"Not computed, since they cannot be made again from their configuration: {said}."
    if optimizer.scheduled:
        first = optimizer.learning_rate
        yield "The model's schedule of learning rates is followed" + (
            f", scaled to begin at learning_rate (it is {first:g} in the model)."
            if first
            else " as it is, since it begins at 0: learning_rate changes nothing."
        )
