"""Training that can be steered while it runs, of a Keras 3 model, by its own `fit` and the pruner.

`prunelab.networks.live_trainer` does the same for tf_keras and tfmot.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from threading import Lock

import keras
import numpy as np
from keras import ops

from prunelab.base.checks import shown
from prunelab.base.engines import arrays_in
from prunelab.base.host import provenance
from prunelab.base.text import digits
from prunelab.experiments.data import sample_order
from prunelab.experiments.results import DivergedError
from prunelab.live.control import StopTraining
from prunelab.live.protocol import NOT_CHOSEN, Kernels
from prunelab.live.records import EpochReport, TrainedRun, now
from prunelab.live.settings import GLOBAL, SCOPES
from prunelab.live.training import check_rows, check_run, check_scope, digest, held, numbers
from prunelab.pruning.attached import Attached
from prunelab.pruning.callback import PruneLowMagnitude
from prunelab.pruning.engine import NAME, THREADS, array, check
from prunelab.pruning.kernels import kernels_of

KEPT = 3  # how many of the last runs keep their weights
ROWS_AT_ONCE = 1024  # validation rows in a batch


def live_trainer(model: keras.Model, code: str = "") -> LiveTrainer:
    """A training function for a compiled Keras 3 model, as `TuningBench(train=…)` takes it.

    model: Sequential or functional, with any inputs and outputs. It keeps its weights; every run
    begins with the weights it has now. A run is Keras' `fit` with `PruneLowMagnitude`, on the
    backend in use; its metrics are those of `compile`. All layers that can be pruned are, the last
    one too, unless the settings name others. The optimizer is made again for each run, with the
    learning rate of the settings; a schedule of learning rates is followed as it is. On PyTorch a
    run seeds the process' own generator, from which Dropout draws there: of two such runs at once
    neither repeats. code: Python code that makes the same function and names it `train`, for the
    bench's code to copy. Raises TypeError or ValueError, in one sentence, for a model that cannot
    be copied and pruned.
    """
    return LiveTrainer(model, code)


class LiveTrainer:
    """The training function of one Keras 3 model; made by `live_trainer`.

    layers: the number of weights of each layer that can be pruned, by name.
    """

    scopes = SCOPES

    def __init__(self, model, code):
        if not isinstance(model, keras.Model):
            raise TypeError(f"model={shown(model)}: write a compiled model of Keras 3")
        check(model)
        if not isinstance(code, str):
            raise TypeError(f"code={shown(code)}: write the Python that makes this function again")
        self._asked = model._compile_config.config
        if self._asked["loss"] is None:
            raise ValueError(
                "model is compiled without a loss: call model.compile(optimizer, loss)"
            )
        self._model = _copied(model)
        self._weights = model.get_weights()
        self._optimizer = type(model.optimizer), model.optimizer.get_config()
        rate = model.optimizer._learning_rate
        self._scheduled = isinstance(rate, keras.optimizers.schedules.LearningRateSchedule)
        rate = rate(0) if self._scheduled else model.optimizer.learning_rate
        self.learning_rate = float(f"{float(ops.convert_to_numpy(rate)):.7g}")
        self._kernels = kernels_of(self._model, output=True)
        self.layers: dict[str, int] = {}
        for kernel in self._kernels:
            if not kernel.dense_because:
                self.layers[kernel.layer] = self.layers.get(kernel.layer, 0) + kernel.size
        asked = keras.tree.flatten([self._asked[kind] for kind in ("metrics", "weighted_metrics")])
        # With several outputs Keras puts their names before those of the metrics.
        alone = len(getattr(model, "outputs", ())) == 1
        self.metrics = tuple(map(_name_of, filter(None, asked))) if alone else ()
        self.loss = _loss_words(self._asked["loss"])
        self.notes = ""
        if self._scheduled:
            self.notes = (
                "The model's schedule of learning rates is followed as it is: learning_rate "
                "changes nothing."
            )
        self.name = code or (
            "from prunelab.pruning import live_trainer\ntrain = live_trainer(model)"
        )
        self._idle, self._lock, self._kept = [], Lock(), OrderedDict()

    def kernels(self, settings, data=None):
        """The `Kernels` of a run with these settings: which are pruned and which stay dense.

        Raises ValueError, in one sentence, for layers or blocks that do not fit the model.
        """
        block, chosen = settings.block_size, self._chosen(settings)
        pruned, dense = {}, {}
        for kernel in kernels_of(self._model, chosen, output=True):
            if not kernel.dense_because:
                pruned[kernel.name] = kernel.size, math.prod(block)
                continue
            why = f"is {kernel.dense_because}"
            if kernel.layer in self.layers:
                named = not settings.layers or kernel.layer in settings.layers
                why = _no_grid(block) if named else NOT_CHOSEN
            dense[kernel.name] = kernel.size, why
        return Kernels(pruned, dense, settings.scope == GLOBAL)

    def _chosen(self, settings):
        """The names of the layers to prune; None for all."""
        block = settings.block_size
        check_scope(settings)
        if block == (1, 1):
            return settings.layers or None
        unfit = {k.layer for k in self._kernels if not _fits(k.shape, block)}
        for name in settings.layers:
            if name in unfit:
                raise ValueError(
                    f"block_size={block}: it does not divide the kernel of {shown(name)}; choose "
                    "another block or leave that layer out"
                )
        fitting = [name for name in settings.layers or self.layers if name not in unfit]
        if not fitting:
            raise ValueError(
                f"block_size={block}: it divides no kernel of this model; choose a smaller block"
            )
        return fitting

    def __call__(self, settings, data, control=None, report=None):
        """Train a copy of the model and return the `TrainedRun`.

        data: (x, y, x_val, y_val); x and y may be lists, tuples or dicts of arrays. control: a
        TrainingControl, or None. report: called with an EpochReport after each epoch, or None.
        TypeError or ValueError, in one sentence, for data or settings that do not fit the model.
        """
        with held(settings, control, report) as control:
            kernels = self.kernels(settings)
            arrays = _four_parts(data)
            check_run(settings, len(arrays_in(arrays[0])[0]))
            with self._lock:
                model = self._idle.pop() if self._idle else _copied(self._model)
            course = _Course(model, settings, arrays, tuple(kernels.pruned), control, report)
            self._begin(model, settings)
            pruner = _Steered(
                settings.schedule,
                layers=self._chosen(settings),
                block_size=settings.block_size,
                scope=settings.scope,
                prune_output=True,
            )
            course.run(pruner)
            result = self._record(course, settings, kernels, digest(arrays))
            with self._lock:
                self._idle.append(model)
            return result

    def _begin(self, model, settings):
        """Set the weights, the random generators and a new optimizer."""
        model.set_weights(self._weights)
        kind, config = self._optimizer
        optimizer = kind.from_config(config)
        if not self._scheduled:
            optimizer.learning_rate = settings.learning_rate
        states = [v for v in model.non_trainable_variables if v.name == "seed_generator_state"]
        for at, state in enumerate(states):
            seed = np.random.default_rng([settings.seed, at]).integers(2**31)
            state.assign(ops.convert_to_tensor(np.array([seed, 0]), state.dtype))
        if keras.backend.backend() == "torch":
            import torch

            torch.manual_seed(settings.seed)  # Dropout draws from PyTorch's own generator there
        asked = {name: self._asked[name] for name in ("loss", "loss_weights")}
        for name in ("metrics", "weighted_metrics"):
            asked[name] = keras.tree.map_structure(_metric_again, self._asked[name])
        if keras.backend.backend() == "tensorflow":
            asked["jit_compile"] = False  # XLA would compile again at each steering, for seconds
        model.compile(optimizer=optimizer, **asked)

    def _record(self, course, settings, kernels, data_digest):
        ended = course.model.get_weights()
        sizes = {kernel.name: kernel.size for kernel in course.kernels}
        identity = f"{self._optimizer[0].__name__} {shown(self._asked['loss'])} {NAME}"
        run = TrainedRun(
            settings=settings,
            steerings=course.control.steerings,
            history=tuple(course.history),
            sparsity={name: course.zeros[name] / size for name, size in sizes.items()},
            nonzeros=sum(sizes.values()) - sum(course.zeros.values()),
            n_weights=sum(sizes.values()),
            dense=course.dense,
            validation_loss=course.validation_loss,
            stopped=course.stopped,
            seconds=course.seconds,
            data_digest=data_digest,
            network_digest=digest(self._weights, identity),
            weights_digest=digest(ended),
            provenance=provenance(THREADS) | {"engine": NAME},
            created=now(),
            left_dense=kernels.dense,
            metrics=course.metrics,
            dense_metrics=course.dense_metrics,
        )
        self._kept[run.weights_digest] = ended
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return run

    def network(self, run):
        """The network at the end of `run`, as a new plain model, not compiled.

        Only those of the last few runs are kept; for an older run, ValueError: replay it first.
        """
        weights = self._kept.get(getattr(run, "weights_digest", None))
        if weights is None:
            raise ValueError(
                f"run={shown(run)}: only the networks of the last {KEPT} runs are kept; train it "
                "again with TrainingControl.replaying(run.steerings)"
            )
        model = _copied(self._model)
        model.set_weights(weights)
        return model


class _Steered(PruneLowMagnitude):
    """The pruner of a live run: another schedule can take over between two steps."""

    def follow(self, schedule):
        """From the next step on, follow this schedule; pruned weights stay zero."""
        before, model = self._attached, self.model
        if hasattr(model, "jax_state_sync"):
            model.jax_state_sync()
        before.detach()
        self._schedules = {None: schedule}
        groups = self._groups(self._kernels(model))
        self._attached = Attached(model, groups, done=before.done, last=before.last)

    def _warn_of_end(self, groups, last):
        """Say nothing: the bench's preflight has said it before the run."""


class _Course(keras.callbacks.Callback):
    """The course of one run: asks for commands before each step, and reports each epoch."""

    def __init__(self, model, settings, arrays, pruned, control, report):
        super().__init__()
        self.trained, self.settings, self.control, self.report = model, settings, control, report
        self.x, self.y, self.x_val, self.y_val = arrays
        self.kernels = kernels_of(model, output=True)
        self.pruned = set(pruned)
        self.schedule, self.step, self.reported, self.epoch = settings.schedule, 0, 0, 0
        self.history, self.stopped, self.loss = [], False, math.nan
        self.began, self.waited = time.perf_counter(), 0.0

    @property
    def seconds(self):
        """Wall-clock seconds since the run began, without pauses."""
        return time.perf_counter() - self.began - self.waited

    def run(self, pruner):
        """Train to the end or until stopped."""
        self.pruner = pruner
        self._measured(self._evaluated(), "before the first step; look at the data")
        self.dense, self.dense_metrics = self.validation_loss, self.metrics
        n_rows = len(arrays_in(self.x)[0])
        try:
            self.trained.fit(
                self._batches(n_rows),
                steps_per_epoch=-(-n_rows // self.settings.batch_size),
                epochs=self.settings.epochs,
                validation_data=(self.x_val, self.y_val),
                validation_batch_size=ROWS_AT_ONCE,
                callbacks=[pruner, self],
                shuffle=False,
                verbose=0,
            )
        except StopTraining:
            self.stopped = True
        finally:
            pruner.on_train_end()
        if self.stopped and self.step > self.reported:
            self._report(self._evaluated())

    def _batches(self, n_rows):
        """The batches of all epochs, in the order that the seed gives."""
        size = self.settings.batch_size
        for epoch in range(self.settings.epochs):
            order = sample_order(self.settings.seed, epoch, n_rows)
            for start in range(0, n_rows, size):
                rows = order[start : start + size]
                yield _taken(self.x, rows), _taken(self.y, rows)

    def _evaluated(self):
        return self.trained.evaluate(
            self.x_val, self.y_val, batch_size=ROWS_AT_ONCE, verbose=0, return_dict=True
        )

    # ------------------------------------------------------------------------ what Keras calls

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        began = time.perf_counter()
        try:
            ahead = self.control.at_step(self.step, self.schedule)
        except StopTraining:
            if hasattr(self.trained, "jax_state_sync"):
                self.trained.jax_state_sync()
            raise
        finally:
            self.waited += time.perf_counter() - began
        if ahead != self.schedule:
            self.schedule = ahead
            self.pruner.follow(ahead)

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self.loss = float(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        values = {name.removeprefix("val_"): v for name, v in logs.items() if name[:4] == "val_"}
        self._report(values)

    # --------------------------------------------------------------------------------- inside

    def _report(self, values):
        when = f"after epoch {self.epoch}; lower learning_rate={self.settings.learning_rate:g}"
        _refuse_not_finite(self.loss, when)
        self._measured(values, when)
        size = sum(kernel.size for kernel in self.kernels if kernel.name in self.pruned)
        zeros = sum(count for name, count in self.zeros.items() if name in self.pruned)
        report = EpochReport(
            epoch=self.epoch,
            step=self.step,
            loss=digits(self.loss),
            validation_loss=self.validation_loss,
            realised_sparsity=zeros / size,
            seconds=self.seconds,
            metrics=self.metrics,
        )
        self.reported = self.step
        self.history.append(report)
        if self.report is not None:
            self.report(report)

    def _measured(self, values, when):
        """Take validation values of Keras' `evaluate`, and count the zeros."""
        values = {name: float(v) for name, v in values.items() if not np.ndim(v)}
        _refuse_not_finite(values["loss"], when)
        self.validation_loss = digits(values.pop("loss"))
        self.metrics = {name: digits(v) for name, v in values.items() if math.isfinite(v)}
        self.zeros = {
            kernel.name: kernel.size - int(np.count_nonzero(array(kernel.weight)))
            for kernel in self.kernels
        }


def _refuse_not_finite(loss, when):
    if not math.isfinite(loss):
        raise DivergedError(f"the loss is {loss} {when}")


def _copied(model):
    """A copy of a built model, with the same weights in its own variables, not compiled."""
    try:
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
    except Exception as error:  # a layer of the reader's own may raise anything
        said = str(error).strip().partition("\n")[0]
        raise ValueError(
            f"model cannot be copied ({type(error).__name__}: {said[:120]}): hand over a "
            "Sequential or functional model whose layers have a get_config that their own "
            "__init__ takes"
        ) from error
    return copy


def _metric_again(metric):
    """A new metric like this one; a name or a function as it is."""
    if not isinstance(metric, keras.metrics.Metric):
        return metric
    return type(metric).from_config(metric.get_config())


def _name_of(metric):
    return metric if isinstance(metric, str) else getattr(metric, "name", None) or metric.__name__


def _loss_words(loss):
    """The name of a loss for an axis; empty for several."""
    if isinstance(loss, list | tuple | dict):
        return ""
    name = _name_of(loss)
    return "MSE" if name in ("mse", "mean_squared_error") else name.replace("_", " ")


def _fits(shape, block):
    sides = zip(shape, block, strict=False)
    return len(shape) == 2 and all(side % span == 0 for side, span in sides)


def _no_grid(block):
    return f"has a kernel that blocks of {block[0]} × {block[1]} do not divide"


def _four_parts(data):
    """x, y, x_val, y_val as arrays, or lists, tuples or dicts of them; an error in one sentence."""
    if not isinstance(data, tuple | list) or len(data) != 4:
        raise TypeError(f"data={shown(type(data))}: write (x, y, x_val, y_val)")
    names = ("x", "y", "x_val", "y_val")
    parts = [_checked(name, part) for name, part in zip(names, data, strict=True)]
    for at in (0, 2):
        first = arrays_in(parts[at])[0]
        for name, part in ((names[at], parts[at]), (names[at + 1], parts[at + 1])):
            for leaf in arrays_in(part):
                check_rows(name, leaf, names[at], first)
        if not len(first):
            raise ValueError(f"{names[at]} has no rows: a run needs some")
    return tuple(parts)


def _checked(name, part):
    if isinstance(part, dict):
        return {key: _checked(f"{name}[{key!r}]", value) for key, value in part.items()}
    if isinstance(part, tuple) or (isinstance(part, list) and part and hasattr(part[0], "shape")):
        return tuple(_checked(f"{name}[{at}]", value) for at, value in enumerate(part))
    found = numbers(name, part)
    return found.astype(np.float32) if found.dtype.kind in "fb" else found


def _taken(part, rows):
    """These rows of each array in a part."""
    if isinstance(part, dict):
        return {key: _taken(value, rows) for key, value in part.items()}
    return tuple(_taken(v, rows) for v in part) if isinstance(part, tuple) else part[rows]
