"""Train a network from the pool, without the setup that Keras' `fit` does per call and batch.

Each step is Keras' own `train_step`, so the results are those of `fit`, bit for bit. With a small
network, `fit` spends most of its time on iterators, logs and callbacks; here one call of a compiled
function does a few batches.

This and `training.train` are two loops on purpose. `train` takes any model, its loss and the
reader's callbacks, which only `fit` calls as Keras documents it; a function compiled for a few
batches at once has nowhere to call them. The pool trains one kind of network hundreds of times,
where `fit` would take most of the time and keep memory of every call. What both share is in one
place: the recording (`recording.Recorder`), the order of the samples (`sample_order`), the step
(Keras' own), the masks (`models.remask`); tests compare their bits.
"""

import numpy as np

from prunelab.experiments.data import sample_order
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.models import check_arrays, remask
from prunelab.networks.recording import Recorder, variables_of

GROUP = 8  # most batches in one call; an interrupt has to wait until the call ends


def compiled_steps(model, x, y):
    """A compiled function (row numbers as int32, batch size) that does Keras' step for each batch.

    x, y: variables that hold the rows, or lists of them; the last batch may be smaller.
    """

    def chosen(part, held):
        return tf.nest.map_structure(lambda variable: tf.gather(variable, part), held)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.int32), tf.TensorSpec([], tf.int32)],
        autograph=True,
    )
    def steps(rows, batch_size):
        last = tf.size(rows)
        for start in tf.range(0, last, batch_size):
            part = rows[start : tf.minimum(start + batch_size, last)]
            model.train_step((chosen(part, x), chosen(part, y)))

    return steps


class Steps:
    """The compiled functions of a compiled `model`, and its training rows."""

    def __init__(self, model):
        self.model = model
        n_features = model.input_shape[-1]
        x, y = (
            tf.Variable(np.zeros((0, n), np.float32), shape=(None, n), trainable=False)
            for n in (n_features, 1)
        )

        @tf.function(input_signature=[])
        def end_epoch():
            (metric,) = (metric for metric in model.metrics if metric.name == "loss")
            loss = metric.result()
            metric.reset_state()
            remask(model)
            return loss

        @tf.function(input_signature=[tf.TensorSpec([None, n_features], tf.float32)])
        def predict(rows):
            return model(rows, training=False)

        named = variables_of(model)

        @tf.function(input_signature=[])
        def read():
            return [tf.identity(variable) for variable in named.values()]

        self._x, self._y, self._names, self._read = x, y, tuple(named), read
        self._step = compiled_steps(model, x, y)
        self._end_epoch, self._predict = end_epoch, predict

    def load(self, x, y):
        """Set the training rows, x [rows, features] and y [rows]."""
        self._x.assign(np.asarray(x, dtype=np.float32))
        self._y.assign(np.asarray(y, dtype=np.float32).reshape(-1, 1))
        self.model.reset_metrics()  # left from a run that was stopped

    def release(self):
        """Release the training rows."""
        for variable in (self._x, self._y):
            variable.assign(np.zeros((0, variable.shape[1]), np.float32))

    def step(self, rows, batch_size):
        """Train one step per `batch_size` of the rows with these numbers (int32)."""
        self._step(rows, np.int32(batch_size))

    def end_epoch(self):
        """The mean loss of the steps since the last call; the masks are applied again.

        The optimizer's last step changes masked weights.
        """
        return float(self._end_epoch().numpy())

    def predict(self, rows, training=False):
        """The model's float32 predictions for `rows`; `mean_squared_error` calls this."""
        return self._predict(rows)

    def read(self, model):
        """Like `arrays_of`, in one call: in a small network one variable takes as long as all."""
        values = [value.numpy() for value in self._read()]
        return dict(zip(self._names, values, strict=True))


def train_steps(
    steps,
    data,
    *,
    epochs,
    batch_size,
    seed,
    first_epoch=0,
    pruning=False,
    restarts=None,
    **options,
):
    """Continue training the model of `steps` with its present optimizer; return the `Phase`.

    pruning: whether the model has wrappers. restarts: {epochs done: function to call before the
    next epoch}. options: progress, patience, checkpoints, see `train`.
    """
    model = steps.model
    x, y = check_arrays(model, data.x_train, data.y_train, "_train")
    x_val, y_val = check_arrays(model, data.x_val, data.y_val, "_val")
    validation = (x_val.astype(np.float32), y_val)
    faster = {"predict": steps.predict, "read": steps.read}
    recorder = Recorder(epochs, validation, pruning, **faster, **options)
    recorder.set_model(model)
    recorder.take_up(model)
    recorder.on_train_begin()
    steps.load(x, y)
    try:
        while not recorder.over:
            if recorder.done in (restarts or ()):
                restarts[recorder.done]()
            order = sample_order(seed, first_epoch + recorder.done, len(x))
            _one_epoch(steps, recorder, order, batch_size)
        if recorder.best is not None:
            model.set_weights(recorder.best)
    finally:
        remask(model)
        steps.release()
    return recorder.phase(recorder.done * -(-len(x) // batch_size))


def _one_epoch(steps, recorder, order, batch_size):
    """Train on the rows in this order, a few batches at a time."""
    epoch = recorder.done
    recorder.on_epoch_begin(epoch)
    at_once = GROUP * batch_size
    for start in range(0, len(order), at_once):
        steps.step(order[start : start + at_once], batch_size)
        recorder.on_train_batch_end(start // batch_size)
    recorder.on_epoch_end(epoch, {"loss": steps.end_epoch()})
