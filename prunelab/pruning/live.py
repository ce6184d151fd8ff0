"""Training that can be steered while it runs, of a Keras 3 model, by its own `fit` and the pruner.

`prunelab.networks.live_trainer` does the same for tf_keras and tfmot.
"""

from __future__ import annotations

import math
from threading import Lock

import keras
import numpy as np
from keras import ops

from prunelab.base.checks import shown
from prunelab.base.engines import arrays_in
from prunelab.base.host import provenance
from prunelab.base.text import digits
from prunelab.experiments.data import sample_order
from prunelab.experiments.identity import model_identity
from prunelab.live.control import StopTraining
from prunelab.live.protocol import NOT_CHOSEN, Kernels
from prunelab.live.run import LiveRun
from prunelab.live.settings import GLOBAL, SCOPES
from prunelab.live.training import (
    LastWeights,
    check_rows,
    check_run,
    check_scope,
    digest,
    held,
    numbers,
)
from prunelab.pruning.attached import Attached
from prunelab.pruning.callback import PruneLowMagnitude
from prunelab.pruning.engine import NAME, THREADS, array, check, check_targets
from prunelab.pruning.kernels import kernels_of

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
        self.identity = model_identity(model, dir(keras.layers))
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
        self._idle, self._lock, self._last = [], Lock(), LastWeights()

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
            for name, targets in (("y", arrays[1]), ("y_val", arrays[3])):
                check_targets(name, targets, self._asked["loss"], self._model)
            check_run(settings, len(arrays_in(arrays[0])[0]))
            with self._lock:
                model = self._idle.pop() if self._idle else _copied(self._model)
            live_run = _KerasRun(model, settings, arrays, kernels.pruned, control, report)
            self._begin(model, settings)
            pruner = _Steered(
                settings.schedule,
                layers=self._chosen(settings),
                block_size=settings.block_size,
                scope=settings.scope,
                prune_output=True,
            )
            live_run.train(pruner)
            ended = model.get_weights()
            identity = f"{self._optimizer[0].__name__} {shown(self._asked['loss'])} {NAME}"
            result = live_run.record(
                ended,
                data_digest=digest(arrays),
                network_digest=digest(self._weights, identity),
                left_dense=kernels.dense,
                provenance=provenance(THREADS) | {"engine": NAME},
            )
            self._last.add(result, ended)
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

    def network(self, run):
        """The network at the end of `run`, as a new plain model, not compiled.

        Only those of the last few runs are kept; for an older run, ValueError: replay it first.
        """
        weights = self._last.of(run)
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


class _KerasRun(LiveRun, keras.callbacks.Callback):
    """One run by Keras' `fit`: asks for commands before each step, and reports each epoch."""

    def __init__(self, model, settings, arrays, pruned, control, report):
        keras.callbacks.Callback.__init__(self)
        self._kernels = kernels_of(model, output=True)
        sizes = {kernel.name: kernel.size for kernel in self._kernels}
        LiveRun.__init__(self, settings, control, report, sizes, pruned)
        self._trained, self._epoch, self._loss = model, 0, math.nan
        self._x, self._y, self._x_val, self._y_val = arrays

    def train(self, pruner):
        """Train to the end or until stopped."""
        self._pruner = pruner
        self.measured_before(*self._measured(self._evaluated()))
        n_rows = len(arrays_in(self._x)[0])
        try:
            self._trained.fit(
                self._batches(n_rows),
                steps_per_epoch=-(-n_rows // self.settings.batch_size),
                epochs=self.settings.epochs,
                validation_data=(self._x_val, self._y_val),
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
            self.measured_after(self._epoch, self._loss, *self._measured(self._evaluated()))

    def _batches(self, n_rows):
        """The batches of all epochs, in the order that the seed gives."""
        size = self.settings.batch_size
        for epoch in range(self.settings.epochs):
            order = sample_order(self.settings.seed, epoch, n_rows)
            for start in range(0, n_rows, size):
                rows = order[start : start + size]
                yield _taken(self._x, rows), _taken(self._y, rows)

    def _evaluated(self):
        return self._trained.evaluate(
            self._x_val, self._y_val, batch_size=ROWS_AT_ONCE, verbose=0, return_dict=True
        )

    def _measured(self, values):
        """(loss, {kernel: nonzeros}, metrics) of validation values as Keras' `evaluate` gives."""
        values = {name: float(v) for name, v in values.items() if not np.ndim(v)}
        loss = values.pop("loss")
        metrics = {name: digits(v) for name, v in values.items() if math.isfinite(v)}
        return (
            loss,
            {k.name: int(np.count_nonzero(array(k.weight))) for k in self._kernels},
            metrics,
        )

    # ------------------------------------------------------------------------ what Keras calls

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch + 1

    def on_train_batch_begin(self, batch, logs=None):
        try:
            if self.steered():
                self._pruner.follow(self.schedule)
        except StopTraining:
            if hasattr(self._trained, "jax_state_sync"):
                self._trained.jax_state_sync()
            raise

    def on_train_batch_end(self, batch, logs=None):
        self.step += 1
        self._loss = float(logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        values = {name.removeprefix("val_"): v for name, v in logs.items() if name[:4] == "val_"}
        self.measured_after(self._epoch, self._loss, *self._measured(values))


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
