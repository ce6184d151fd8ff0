"""Training functions for a live bench: for the course's networks, and for any compiled model.

See `prunelab.live_training` for what such a function is. It asks its control every `GROUP` steps at
most and at the begin of each epoch: so long a pause, a stop or a steering waits at most.
"""

import time
from collections import OrderedDict
from contextlib import contextmanager

import numpy as np

from prunelab.data import Dataset
from prunelab.experiment import CONFIGS
from prunelab.keras_mlp._door import THREADS, tf_keras
from prunelab.keras_mlp.live_checks import (
    check_live_model,
    check_run,
    chosen_layers,
    four_arrays,
    prunable_layers,
    sizes_of,
)
from prunelab.keras_mlp.live_networks import LiveNetwork, Pool, copied, digest
from prunelab.keras_mlp.models import build
from prunelab.keras_mlp.networks import borrowed, initial_weights
from prunelab.keras_mlp.training import train
from prunelab.live_training import (
    EpochReport,
    StopTraining,
    TrainedRun,
    TrainingControl,
    TrainingSettings,
    now,
)
from prunelab.provenance import provenance
from prunelab.results import DivergedError
from prunelab.validate import shown, whole

GROUP = 8  # an epoch of the course's networks
KEPT = 3  # runs whose networks are kept
_IMPORT = "from prunelab.keras_mlp import"


class _Trainer:
    """A training function around an uncompiled `model` that nobody else has."""

    name = ""

    def __init__(self, model, optimizer, loss, **compile_options):
        self._model, self._optimizer, self._loss = model, optimizer, loss
        self._compile_options = {"loss": loss, **compile_options}
        self._shapes = prunable_layers(model)
        self._pool, self._kept = Pool(), OrderedDict()

    @property
    def layers(self):
        """The number of weights of each layer that can be pruned, by name."""
        return sizes_of(self._shapes)

    def run(self, settings, weights, data, control, report, *, first_epoch=0):
        """Train from `weights` and return the `TrainedRun`; data: (x, y, x_val, y_val)."""
        layers = chosen_layers(settings, self._shapes, [layer.name for layer in self._model.layers])
        arrays = four_arrays(self._model, self._loss, data)
        check_run(settings, len(arrays[0]))

        def make():
            return LiveNetwork(
                self._model, layers, settings.block_size, self._optimizer, self._compile_options
            )

        with self._pool.borrowed((layers, settings.block_size), make) as network:
            network.begin(weights, arrays, learning_rate=settings.learning_rate, seed=settings.seed)
            course = _Course(network, settings, layers, control, report)
            stopped = course.run(len(arrays[0]), first_epoch)
            ended = network.plain.get_weights()
            sizes = network.sizes()
        identity = f"{self._optimizer['class_name']} {shown(self._loss)}"
        result = TrainedRun(
            settings=settings,
            steerings=control.steerings,
            history=tuple(course.history),
            sparsity={name: 1 - course.nonzeros[name] / size for name, size in sizes.items()},
            nonzeros=sum(course.nonzeros.values()),
            n_weights=sum(sizes.values()),
            dense=course.dense,
            validation_loss=course.validation_loss,
            stopped=stopped,
            seconds=course.seconds,
            data_digest=digest(arrays),
            network_digest=digest(weights, identity),
            weights_digest=digest(ended),
            provenance=provenance(THREADS),
            created=now(),
        )
        self._kept[result.weights_digest] = ended
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return result

    def network(self, run):
        """The network that `run` ended with, as a plain model of its own, not compiled.

        Only those of the last few runs are kept; ValueError for another: replay it first.
        """
        weights = self._kept.get(getattr(run, "weights_digest", None))
        if weights is None:
            raise ValueError(
                f"run={shown(run)}: only the networks of the last {KEPT} runs are kept; train it "
                "again with TrainingControl.replaying(run.steerings)"
            )
        model = copied(self._model)
        model.set_weights(weights)
        return model


class _Course:
    """One run on a network that has begun: its steps, its history, its clock."""

    def __init__(self, network, settings, layers, control, report):
        self.network, self.settings, self.control, self.report = network, settings, control, report
        sizes = network.sizes()
        self.pruned = {name: sizes[name] for name in layers}
        self.step, self.history = 0, []
        self.began, self.waited = time.perf_counter(), 0.0
        _, self.dense, self.nonzeros = network.measure()
        self._refuse_not_finite(self.dense, "before the first step; look at the data")
        self.validation_loss = self.dense = _digits(self.dense)

    @property
    def seconds(self):
        """Wall clock since it began, without pauses."""
        return time.perf_counter() - self.began - self.waited

    def run(self, n_rows, first_epoch):
        """Train to the end or to a stop; whether it was stopped."""
        settings = self.settings
        schedule, total_steps = settings.schedule, settings.total_steps(n_rows)
        self.network.follow(schedule, total_steps)
        epoch, reported = 0, 0
        try:
            for epoch in range(1, settings.epochs + 1):
                order = np.random.default_rng([settings.seed, first_epoch + epoch - 1])
                order = order.permutation(n_rows).astype(np.int32)
                for rows in np.split(order, range(0, n_rows, GROUP * settings.batch_size)[1:]):
                    ahead = self._ask(schedule)
                    if ahead != schedule:
                        schedule = ahead
                        self.network.follow(schedule, total_steps)
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
        loss, validation_loss, self.nonzeros = self.network.measure()
        when = f"after epoch {epoch}; lower learning_rate={self.settings.learning_rate:g}"
        self._refuse_not_finite(loss, when)
        self._refuse_not_finite(validation_loss, when)
        self.validation_loss = _digits(validation_loss)
        kept = sum(self.nonzeros[name] for name in self.pruned)
        report = EpochReport(
            epoch=epoch,
            step=self.step,
            loss=_digits(loss),
            validation_loss=self.validation_loss,
            realised_sparsity=1 - kept / sum(self.pruned.values()),
            seconds=self.seconds,
        )
        self.history.append(report)
        if self.report is not None:
            self.report(report)

    def _refuse_not_finite(self, loss, when):
        if not np.isfinite(loss):
            raise DivergedError(f"the loss is {loss} {when}")


class LiveTrainer(_Trainer):
    """The training function of one compiled model; made by `live_trainer`."""

    def __init__(self, model, code):
        check_live_model(model)
        if not isinstance(code, str):
            raise TypeError(f"code={shown(code)}: write the Python that makes this function again")
        asked = model._get_compile_args()
        if asked["loss"] is None:
            raise ValueError(
                "model is compiled without a loss: call model.compile(optimizer, loss)"
            )
        try:
            optimizer = tf_keras.optimizers.serialize(model.optimizer)
            optimizer["config"]["learning_rate"] = 1e-3  # set for each run
            tf_keras.optimizers.deserialize(optimizer)
            own = copied(model)
        except Exception as error:  # whatever a layer or an optimizer of the reader's own raises
            said = str(error).strip().partition("\n")[0]
            raise ValueError(
                f"model cannot be copied ({type(error).__name__}: {said[:120]}): its layers and "
                "its optimizer must be able to get_config"
            ) from error
        super().__init__(own, optimizer, asked["loss"], loss_weights=asked["loss_weights"])
        self._weights = model.get_weights()
        self.name = code or f"{_IMPORT} live_trainer\ntrain = live_trainer(model)"

    def __call__(self, settings, data, control=None, report=None):
        """Train a copy of the model and return the `TrainedRun`.

        data: (x, y, x_val, y_val). control: a TrainingControl, or None. report: called with an
        EpochReport after each epoch, or None. TypeError or ValueError, in one sentence, for data
        or settings that do not fit the model.
        """
        with _held(settings, control, report) as control:
            return self.run(settings, self._weights, data, control, report)


def live_trainer(model, code=""):
    """A training function for any compiled tf_keras model, as `TuningBench(train=…)` takes it.

    model: Sequential or functional, with one input and one output; it keeps its weights, and every
    run begins with those it has now. The copy that trains has its loss and optimizer; the learning
    rate is that of the settings. Random layers such as Dropout follow the settings' seed.
    code: the Python that makes the same function again and calls it `train`, for code to copy.
    Raises TypeError or ValueError, in one sentence, for a model that cannot be pruned so.
    """
    return LiveTrainer(model, code)


class CourseTrainer:
    """The training function of the course's networks, as `live_course` makes it.

    Each run prunes a network that was trained densely first, by the course's own settings for its
    data and with the run's seed. That is done once for each data set and seed, and kept.
    """

    def __init__(self, dense_epochs=200):
        self.dense_epochs = whole("dense_epochs", dense_epochs, at_most=10**6)
        self.name = f"{_IMPORT} train_live as train"
        if self.dense_epochs != 200:
            self.name = (
                f"{_IMPORT} live_course\ntrain = live_course(dense_epochs={self.dense_epochs})"
            )
        self._trainers, self._dense = {}, OrderedDict()

    def layers(self, data):
        """The number of weights of each layer that can be pruned, by name."""
        return self._trainer(data).layers

    def network(self, run):
        """The network that `run` ended with, as of `live_trainer`."""
        for trainer in self._trainers.values():
            if getattr(run, "weights_digest", None) in trainer._kept:
                return trainer.network(run)
        raise ValueError(f"run={shown(run)}: its network is not kept; train it again")

    def __call__(self, settings, data, control=None, report=None):
        """Train on `data`, a Dataset of prunelab.data, and return the `TrainedRun`.

        With `dense_epochs` at 200 it is, bit for bit, what `keras_mlp.run` makes of the same
        schedule, data and seed. control, report, errors: as of `live_trainer`.
        """
        with _held(settings, control, report) as control:
            trainer = self._trainer(data)
            check_run(settings, len(data.x_train))
            weights = self.dense(data, settings.seed, control)
            arrays = (data.x_train, data.y_train, data.x_val, data.y_val)
            return trainer.run(
                settings, weights, arrays, control, report, first_epoch=self.dense_epochs
            )

    def dense(self, data, seed, control=None):
        """The weights of the dense network that runs with this data and seed begin with.

        Trained at the first call, which for the twin takes as long as a run.
        """
        config, seed = _course_config(data), whole("seed", seed, at_most=2**32 - 1)
        key = (data.digest, seed)
        if key not in self._dense:
            self._dense[key] = self._train_dense(config, data, seed, control or TrainingControl())
            while len(self._dense) > 2 * KEPT:
                self._dense.popitem(last=False)
        return self._dense[key]

    def _train_dense(self, config, data, seed, control):
        features = data.x_train.shape[1]
        weights = initial_weights(features, config.hidden, seed)
        if not self.dense_epochs:
            return weights

        def progress(done, epochs, values):
            control.busy = f"training the dense network first: {done} of {epochs} epochs"
            control.at_step(0, None)

        control.busy = "training the dense network first"
        try:
            with borrowed(features, config.hidden) as network:
                network.begin(weights, learning_rate=config.learning_rate)
                train(
                    network.model,
                    data,
                    epochs=self.dense_epochs,
                    batch_size=config.batch_size,
                    seed=seed,
                    fresh_optimizer=False,
                    progress=progress,
                )
                return tuple(network.model.get_weights())
        finally:
            control.busy = ""

    def _trainer(self, data):
        config = _course_config(data)
        if data.name not in self._trainers:
            model = build(data.x_train.shape[1], config.hidden, seed=0)
            adam = tf_keras.optimizers.serialize(tf_keras.optimizers.Adam())
            self._trainers[data.name] = _Trainer(model, adam, "mse")
        return self._trainers[data.name]


def live_course(dense_epochs=200):
    """A training function for the course's networks and data sets, see `CourseTrainer`.

    dense_epochs: how long the dense network trains before it is pruned; 0 prunes from the start.
    """
    return CourseTrainer(dense_epochs)


def _course_config(data):
    if not isinstance(data, Dataset) or data.name not in CONFIGS:
        raise TypeError(
            f"data={shown(data)}: write a data set of prunelab.data; for arrays of your own make "
            "the function with live_trainer(model)"
        )
    return CONFIGS[data.name]


@contextmanager
def _held(settings, control, report):
    """`with` a checked control that is told how the run ends."""
    if not isinstance(settings, TrainingSettings):
        raise TypeError(f"settings={shown(settings)}: write a TrainingSettings")
    if control is not None and not isinstance(control, TrainingControl):
        raise TypeError(f"control={shown(control)}: write a TrainingControl, or None")
    if report is not None and not callable(report):
        raise TypeError(f"report={shown(report)}: write a function, or None")
    control = control or TrainingControl()
    try:
        yield control
    except StopTraining:
        control.finish()
        raise
    except BaseException as error:
        control.finish(error)
        raise
    control.finish()


def _digits(value):
    # Nine digits are what a float32 holds; more would only make stored runs longer.
    return float(f"{value:.9g}")


train_live = live_course()
