"""A network compiled once for live runs of any settings: weights, masks, data and schedule are set.

Keras' `fit` sets up callbacks, iterators and logs for each run, and TensorFlow keeps something of
each. Here a few steps are one call of a compiled function that reads the rows from variables; the
step itself is Keras' own `train_step`, so that the bits are those of `fit`.
"""

import hashlib
from threading import Lock

import numpy as np

from prunelab.live.thread import cause_of
from prunelab.networks import optimizers
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras
from prunelab.networks.models import clone, rank_on_host, wrap
from prunelab.networks.pool import TableSchedule
from prunelab.networks.prunable import kernels_of, wrappers
from prunelab.networks.stepping import compiled_steps
from prunelab.schedules.schedule import sparsity_table

ROWS_AT_ONCE = 1024  # of validation rows, so that activations stay small
NEVER = np.array([-1.0], np.float32)  # a table without mask updates
_cloning = Lock()  # Keras' switch for random generators is one for all threads


class LiveNetwork:
    """A compiled pruning copy of `model`; `begin`, then `steps` and `measure` by turns.

    One for all choices of layers: each layer has a schedule of its own, and what a run leaves whole
    has one without mask updates.
    model: a built tf_keras model that the caller keeps to itself. layers: names of the layers that
    can be pruned. block_size: (inputs, units). optimizer: the `optimizers.Recipe` of it;
    compile_options: the loss and what else `compile` is to know.
    """

    def __init__(self, model, layers, block_size, optimizer, compile_options):
        self.plain = copied(model)
        self.schedules = {name: TableSchedule() for name in layers}
        self.model = rank_on_host(wrap(self.plain, self.schedules, layers, block_size))
        made, self._set_learning_rate = optimizer.make()
        self.model.compile(optimizer=made, **compile_options)
        optimizers.build(made, self.model.trainable_variables)
        self._optimizer = optimizers.variables_of(made)
        self._fresh_optimizer = [_unless_zero(variable.numpy()) for variable in self._optimizer]
        self._wrappers = wrappers(self.model)
        self._kernels = {kernel.name: kernel.weight for kernel in kernels_of(self.plain)}
        self._generators = list(_generators(self.plain))
        self._data = None
        self.proven = False  # whether it has served a run to its end

    def begin(self, weights, arrays, *, learning_rate, seed):
        """Put all variables where a run begins; arrays: x, y, x_val, y_val."""
        self.plain.set_weights(weights)
        for variable, value in zip(self._optimizer, self._fresh_optimizer, strict=True):
            variable.assign(tf.zeros_like(variable) if value is None else value)
        self._set_learning_rate(learning_rate)
        for layer in self._wrappers:
            for _, mask, threshold in layer.pruning_vars:
                mask.assign(tf.ones_like(mask))
                threshold.assign(0)
            layer.pruning_step.assign(0)  # what tfmot's callback makes of a model that is new
        for i, generator in enumerate(self._generators):
            generator.reset_from_seed(int(np.random.default_rng([seed, i]).integers(2**31)))
        if self._data is None:
            self._compile_functions(arrays)
        for variable, array in zip(self._data, arrays, strict=True):
            variable.assign(array)
        self.model.reset_metrics()  # of a run that was stopped

    def follow(self, schedule, total_steps, layers):
        """Update the masks of `layers` as `schedule` says from the next step on."""
        table = sparsity_table(schedule, total_steps)
        for name, own in self.schedules.items():
            own.table.assign(table if name in layers else NEVER)

    def _compile_functions(self, arrays):
        self._data = [
            tf.Variable(a, shape=(None, *a.shape[1:]), dtype=a.dtype, trainable=False)
            for a in arrays
        ]
        x, y, x_val, y_val = self._data
        model = self.model

        metric = self._loss_metric(arrays)

        @tf.function(input_signature=[], autograph=True)
        def measure():
            loss = metric.result()
            metric.reset_state()
            for layer in self._wrappers:
                layer.pruning_obj.weight_mask_op()
            last = tf.shape(x_val)[0]
            for start in tf.range(0, last, ROWS_AT_ONCE):
                stop = tf.minimum(start + ROWS_AT_ONCE, last)
                model.test_step((x_val[start:stop], y_val[start:stop]))
            validation_loss = metric.result()
            metric.reset_state()
            nonzeros = [tf.math.count_nonzero(kernel) for kernel in self._kernels.values()]
            return loss, validation_loss, tf.stack(nonzeros)

        if hasattr(model.optimizer, "_u_product_counter"):
            # Nadam counts how often its step was traced, and computes by that count; Keras' `fit`
            # traces it twice.
            compiled_steps(model, x, y).get_concrete_function()
        self._steps, self._measure = compiled_steps(model, x, y), measure

    def _loss_metric(self, arrays):
        """The running mean that Keras keeps of the loss; it is there once a loss was computed."""
        x, y = (tf.constant(array[:1]) for array in arrays[:2])
        _tried(lambda: self.plain(x), "the model does not take a row of x")
        _tried(lambda: self.model(x), "tfmot's wrapper does not carry this model")
        if not _alike(self.plain(x), self.model(x)):
            raise ValueError(
                "tfmot's wrapper changes what this model gives for a row of x: name the layers "
                "that are to be pruned, and leave out the one that takes more than its inputs"
            )
        said = f"y has shape {arrays[1].shape}, and the model's loss does not take it"
        _tried(lambda: self.model.test_step((x, y)), said)
        self.model.reset_metrics()
        return next(metric for metric in self.model.metrics if metric.name == "loss")

    def steps(self, rows, batch_size):
        """One training step for each `batch_size` of `rows` (int32), the last may be short."""
        self._steps(rows, np.int32(batch_size))

    def measure(self):
        """(loss, validation loss, non-zeros of each kernel by layer name), with masks applied.

        loss: the mean over the steps since the last `measure`, as `fit` gives it; 0 for none.
        validation loss: as `evaluate` gives it. An optimizer's step leaves all weights dense, so
        the masks are applied first.
        """
        loss, validation_loss, nonzeros = self._measure()
        nonzeros = dict(zip(self._kernels, map(int, nonzeros.numpy()), strict=True))
        return float(loss.numpy()), float(validation_loss.numpy()), nonzeros

    def sizes(self):
        """The number of weights of each kernel by layer name."""
        return {name: int(np.prod(kernel.shape)) for name, kernel in self._kernels.items()}

    @property
    def megabytes(self):
        """What its weights, masks and its optimizer's variables take."""
        variables = [*self.model.variables, *self._optimizer]
        return sum(np.prod(v.shape) * v.dtype.size for v in variables) / 1e6

    def let_go(self):
        """Forget the data."""
        for variable in self._data or ():
            variable.assign(np.zeros((0, *variable.shape[1:]), variable.dtype.as_numpy_dtype))


def copied(model):
    """A copy of a built model: the same weights in variables of its own, not compiled.

    Its random layers draw from generators that can be set back, so that runs can be repeated.
    """
    backend = tf_keras.backend.experimental
    with _cloning:
        before = backend.is_tf_random_generator_enabled()
        backend.enable_tf_random_generator()
        try:
            copy = clone(model)
        finally:
            if not before:
                backend.disable_tf_random_generator()
    copy.set_weights(model.get_weights())
    return copy


def _tried(act, said):
    """Do it once; ValueError, in one sentence, where TensorFlow does not."""
    try:
        act()
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise ValueError(f"{said}: {cause_of(error)[:150]}") from error


def _alike(one, other):
    return np.allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-6, equal_nan=True)


def digest(arrays, *words):
    """sha256 of arrays (shape, type, bytes) and words."""
    sha = hashlib.sha256("\n".join(words).encode())
    for array in arrays:
        sha.update(f"{array.shape} {array.dtype.str}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def _generators(model):
    for layer in model._flatten_layers():
        generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
        if generator is not None:
            yield generator


def _unless_zero(array):
    """`array`, or None for zeros: an optimizer's averages are as large as its network."""
    return array if np.any(array) else None
