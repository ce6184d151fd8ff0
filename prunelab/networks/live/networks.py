"""A network compiled once for live runs with any settings.

Each run sets its weights, masks, data and schedule. Keras' `fit` sets up callbacks, iterators and
logs for each run, and TensorFlow does not free all of them. Here one call of a compiled function
does a few steps and reads the rows from variables. Each step is Keras' own `train_step`, so the
results are those of `fit`, bit for bit.
"""

from threading import Lock

import numpy as np

from prunelab.live.thread import cause_of
from prunelab.networks import optimizers
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras
from prunelab.networks.live.metrics import values_of
from prunelab.networks.models import clone, rank_on_host, wrap
from prunelab.networks.pool import TableSchedule
from prunelab.networks.prunable import kernels_of, wrappers
from prunelab.networks.stepping import compiled_steps
from prunelab.schedules.schedule import sparsity_table

ROWS_AT_ONCE = 1024  # validation rows per call, which keeps the activations small
NEVER = np.array([-1.0], np.float32)  # a schedule table without mask updates
_cloning = Lock()  # Keras' switch for random generators is global to all threads


class LiveNetwork:
    """A compiled pruning copy of `model`: call `begin`, then `steps` and `measure` in turn.

    One network serves every choice of layers: each layer has its own schedule, and a layer that a
    run does not prune gets a schedule without mask updates. model: a built tf_keras model that
    nothing else uses. layers: names of the layers that can be pruned. block_size: (inputs, units).
    optimizer: its `optimizers.Recipe`. compile_options: the loss and the other arguments of
    `compile`, without metrics. together: whether the weights of all `layers` are ranked together;
    such a network serves that choice of layers alone. metrics: a `Metrics`, or None. They are
    computed on validation data alone, so that a training step is the same with and without them.
    """

    def __init__(
        self, model, layers, block_size, optimizer, compile_options, *, together=False, metrics=None
    ):
        self.plain = copied(model)
        self.schedules = {name: TableSchedule() for name in layers}
        self.model = wrap(self.plain, self.schedules, layers, block_size)
        rank_on_host(self.model, together=together)
        made, self._set_learning_rate = optimizer.make()
        self.model.compile(optimizer=made, **compile_options)
        optimizers.build(made, self.model.trainable_variables)
        self._optimizer = optimizers.variables_of(made)
        self._fresh_optimizer = [_unless_zero(variable.numpy()) for variable in self._optimizer]
        self._wrappers = wrappers(self.model)
        self._kernels = {kernel.name: kernel.weight for kernel in kernels_of(self.plain)}
        self._generators = list(_generators(self.plain))
        self._metrics = None if metrics is None else metrics.container(self.plain.output_names)
        self._data = None
        self.proven = False  # whether it has completed a run

    def begin(self, weights, arrays, *, learning_rate, seed):
        """Set all variables to the start of a run.

        arrays: x, y, x_val, y_val; each a list of arrays for several inputs or outputs.
        """
        self.plain.set_weights(weights)
        for variable, value in zip(self._optimizer, self._fresh_optimizer, strict=True):
            variable.assign(tf.zeros_like(variable) if value is None else value)
        self._set_learning_rate(learning_rate)
        for layer in self._wrappers:
            for _, mask, threshold in layer.pruning_vars:
                mask.assign(tf.ones_like(mask))
                threshold.assign(0)
            layer.pruning_step.assign(0)  # the value that tfmot's callback sets for a new model
        for i, generator in enumerate(self._generators):
            generator.reset_from_seed(int(np.random.default_rng([seed, i]).integers(2**31)))
        if self._data is None:
            self._compile_functions(arrays)
        for variable, array in zip(*map(tf.nest.flatten, (self._data, arrays)), strict=True):
            variable.assign(array)
        self.model.reset_metrics()  # left from a run that was stopped

    def follow(self, schedule, total_steps, layers):
        """From the next step on, update the masks of `layers` as `schedule` says."""
        table = sparsity_table(schedule, total_steps)
        for name, own in self.schedules.items():
            own.table.assign(table if name in layers else NEVER)

    def _compile_functions(self, arrays):
        self._data = tf.nest.map_structure(_rows, arrays)
        x, y, x_val, y_val = self._data
        model, metrics = self.model, self._metrics

        metric = self._loss_metric(arrays)

        def part(of, start, stop):
            return tf.nest.map_structure(lambda variable: variable[start:stop], of)

        @tf.function(input_signature=[], autograph=True)
        def measure():
            loss = metric.result()
            metric.reset_state()
            for layer in self._wrappers:
                layer.pruning_obj.weight_mask_op()
            last = tf.shape(tf.nest.flatten(x_val)[0])[0]
            for start in tf.range(0, last, ROWS_AT_ONCE):  # Keras' `test_step`, and our metrics
                stop = tf.minimum(start + ROWS_AT_ONCE, last)
                rows, targets = part(x_val, start, stop), part(y_val, start, stop)
                predicted = model(rows, training=False)
                model.compute_loss(rows, targets, predicted)
                if metrics is not None:
                    metrics.update_state(targets, predicted)
            validation_loss = metric.result()
            metric.reset_state()
            nonzeros = [tf.math.count_nonzero(kernel) for kernel in self._kernels.values()]
            return loss, validation_loss, tf.stack(nonzeros)

        if hasattr(model.optimizer, "_u_product_counter"):
            # Nadam counts how often its step was traced and uses that count in its formula; Keras'
            # `fit` traces it twice.
            compiled_steps(model, x, y).get_concrete_function()
        self._steps, self._measure = compiled_steps(model, x, y), measure

    def _loss_metric(self, arrays):
        """Keras' running mean of the loss; it exists once a loss was computed."""
        x, y = tf.nest.map_structure(lambda array: tf.constant(array[:1]), tuple(arrays[:2]))
        _tried(lambda: self.plain(x), "the model does not take a row of x")
        _tried(lambda: self.model(x), "tfmot's wrapper does not carry this model")
        if not _alike(self.plain(x), self.model(x)):
            raise ValueError(
                "tfmot's wrapper changes what this model gives for a row of x: name the layers "
                "that are to be pruned, and leave out the one that takes more than its inputs"
            )
        shape = f"y has shape {' and '.join(str(a.shape) for a in tf.nest.flatten(arrays[1]))}"
        said = f"{shape}, and the model's loss does not take it"
        _tried(lambda: self.model.test_step((x, y)), said)
        if self._metrics is not None:
            said = f"{shape}, and the model's metrics do not take it"
            _tried(lambda: self._metrics.update_state(y, self.plain(x)), said)
        self.model.reset_metrics()
        return next(metric for metric in self.model.metrics if metric.name == "loss")

    def steps(self, rows, batch_size):
        """Train one step per `batch_size` of `rows` (int32); the last batch may be smaller."""
        self._steps(rows, np.int32(batch_size))

    def measure(self):
        """(loss, validation loss, non-zeros of each kernel by layer name, metrics), masks applied.

        loss: the mean over the steps since the last `measure`, as in `fit`; 0 if there were none.
        validation loss, metrics: as in `evaluate`. An optimizer step makes masked weights non-zero,
        so the masks are applied first.
        """
        if self._metrics is not None:
            self._metrics.reset_state()
        loss, validation_loss, nonzeros = self._measure()
        nonzeros = dict(zip(self._kernels, map(int, nonzeros.numpy()), strict=True))
        return (
            float(loss.numpy()),
            float(validation_loss.numpy()),
            nonzeros,
            values_of(self._metrics),
        )

    def sizes(self):
        """The number of weights of each kernel by layer name."""
        return {name: int(np.prod(kernel.shape)) for name, kernel in self._kernels.items()}

    @property
    def megabytes(self):
        """The memory of its weights, masks and optimizer variables, in MB."""
        variables = [*self.model.variables, *self._optimizer]
        return sum(np.prod(v.shape) * v.dtype.size for v in variables) / 1e6

    def release(self):
        """Release the data."""
        for variable in tf.nest.flatten(self._data or ()):
            variable.assign(np.zeros((0, *variable.shape[1:]), variable.dtype.as_numpy_dtype))


def copied(model):
    """A copy of a built model: the same weights in its own variables, not compiled.

    The generators of its random layers can be reset, so that runs can be repeated.
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
    """Call `act` once; if TensorFlow fails, raise ValueError in one sentence."""
    try:
        act()
    except (ValueError, TypeError, tf.errors.OpError) as error:
        raise ValueError(f"{said}: {cause_of(error)[:150]}") from error


def _rows(array):
    """A variable for these rows, and for any other number of them."""
    shape = (None, *array.shape[1:])
    return tf.Variable(array, shape=shape, dtype=array.dtype, trainable=False)


def _alike(one, other):
    close = {"rtol": 1e-4, "atol": 1e-6, "equal_nan": True}
    pairs = zip(tf.nest.flatten(one), tf.nest.flatten(other), strict=True)
    return all(np.allclose(a.numpy(), b.numpy(), **close) for a, b in pairs)


def _generators(model):
    for layer in model._flatten_layers():
        generator = getattr(getattr(layer, "_random_generator", None), "_generator", None)
        if generator is not None:
            yield generator


def _unless_zero(array):
    """`array`, or None if it is all zeros: an optimizer's averages are as large as the network."""
    return array if np.any(array) else None
