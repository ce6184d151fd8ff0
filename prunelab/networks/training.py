"""Train a network, pruned or not, repeatably: seed and epoch fix the order of the samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import number, shown, whole
from prunelab.base.host import give_back
from prunelab.experiments.data import sample_order
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.networks.carried import check_optimizer
from prunelab.networks.models import check_arrays, check_model, remask
from prunelab.networks.prunable import wrappers
from prunelab.networks.recording import Recorder
from prunelab.networks.targets import check_targets, of_one_output

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from numpy.typing import ArrayLike
    from tensorflow import data as tf_data
    from tf_keras import Model
    from tf_keras.callbacks import Callback

    from prunelab.experiments.checkpoints import Checkpoints
    from prunelab.experiments.results import Phase

    class Splits(Protocol):
        """The data that `train` takes: a `Dataset`, or any object with these four attributes."""

        @property
        def x_train(self) -> ArrayLike: ...
        @property
        def y_train(self) -> ArrayLike: ...
        @property
        def x_val(self) -> ArrayLike: ...
        @property
        def y_val(self) -> ArrayLike: ...


_UpdatePruningStep = tfmot.sparsity.keras.UpdatePruningStep


def batches(
    x: ArrayLike, y: ArrayLike, *, batch_size: int, epochs: int, seed: int, first_epoch: int = 0
) -> tf_data.Dataset:
    """The batches of all epochs in one `tf.data.Dataset`, each epoch in its own order.

    Epoch e visits the rows in the order `numpy.random.default_rng([seed, e]).permutation(rows)`,
    so training that continues at `first_epoch` sees the same batches as an uninterrupted run. The
    last batch of an epoch may be smaller. x, y are cast to float32, as Keras does.
    """
    x = tf.constant(np.asarray(x, dtype=np.float32))
    y = tf.constant(np.asarray(y, dtype=np.float32).reshape(-1, 1))
    every = range(first_epoch, first_epoch + epochs)
    orders = np.stack([sample_order(seed, epoch, len(x)) for epoch in every])
    rows = tf.data.Dataset.from_tensor_slices(orders).flat_map(
        lambda order: tf.data.Dataset.from_tensor_slices(order).batch(batch_size)
    )
    options = tf.data.Options()
    options.threading.private_threadpool_size = 1
    return rows.map(lambda i: (tf.gather(x, i), tf.gather(y, i))).with_options(options).prefetch(1)


def compile(model: Model, learning_rate: float = 1e-3) -> None:
    """Compile with a fresh Adam and the mean squared error; Adam's running averages start at 0."""
    check_model(model)
    rate = number("learning_rate", learning_rate, above=0)
    model.compile(optimizer=tf_keras.optimizers.Adam(rate), loss="mse")


class _Counter(tf_keras.callbacks.Callback):
    """Counts batches, since a callback of the reader's may end an epoch early."""

    done = 0

    def on_train_batch_end(self, batch, logs=None):
        self.done += 1


def _checked_callbacks(callbacks, pruning):
    """The callbacks as a list; refuses before training what Keras would refuse during it.

    pruning: whether the network is being pruned; then callbacks that restore weights are refused.
    """
    callbacks = () if callbacks is None else callbacks
    if not isinstance(callbacks, tuple | list):
        raise TypeError(f"callbacks={shown(callbacks)}: write a list of Keras callbacks, or None")
    for callback in callbacks:
        if not isinstance(callback, tf_keras.callbacks.Callback):
            raise TypeError(f"callbacks holds {shown(callback)}: that is no callback of tf_keras")
        if pruning and getattr(callback, "restore_best_weights", False):
            raise ValueError(
                f"{type(callback).__name__}(restore_best_weights=True) would bring back the masks "
                "of the best epoch too, which may lie before the last mask update: leave it out"
            )
        if isinstance(callback, tf_keras.callbacks.BackupAndRestore):
            raise ValueError(
                "BackupAndRestore brings back weights without the losses and zeros recorded so "
                "far: use checkpoints=Checkpoints(…) of prunelab.experiments.checkpoints instead"
            )
    return list(callbacks)


def _check_data(data):
    missing = [n for n in ("x_train", "y_train", "x_val", "y_val") if not hasattr(data, n)]
    if missing:
        raise TypeError(
            f"data={shown(data)} has no {', '.join(missing)}: "
            "write a data set, such as prunelab.experiments.data.article(0)"
        )


def train(
    model: Model,
    data: Splits,
    *,
    epochs: int,
    batch_size: int,
    seed: int,
    learning_rate: float = 1e-3,
    fresh_optimizer: bool = True,
    first_epoch: int = 0,
    callbacks: Sequence[Callback] | None = None,
    progress: Callable[[int, int, Mapping[str, float]], object] | None = None,
    patience: int | None = None,
    checkpoints: Checkpoints | None = None,
) -> Phase:
    """Train `model` in place on `data` and return the `Phase`: losses, zeros, steps, seconds.

    data: a `Dataset`, or anything with x_train, y_train, x_val, y_val. epochs, batch_size, seed:
    see `batches`. fresh_optimizer: compile first (see `compile`); False continues with the model's
    present optimizer. first_epoch: the number of epochs trained before, for the sample order.
    callbacks: a list of your own Keras callbacks, or None. They run after tfmot's
    UpdatePruningStep, which is added if the model has pruning wrappers; a subclass of it in the
    list replaces it. While a network is pruned, a callback known to restore the weights of another
    epoch is refused. If a callback restores weights all the same, the last epoch's zeros and
    val_loss are computed again from the network that is returned, and a RestoredWeightsWarning says
    so. progress: called as `progress(done, epochs, values)` after each epoch, with loss, val_loss
    and sparsity. patience: stop once val_loss has not improved for this many epochs, and restore
    the weights of the best epoch; None trains all epochs. Not for a network being pruned: its best
    epoch may lie before the last mask update. checkpoints: a
    `prunelab.experiments.checkpoints.Checkpoints`, or None. The state after each epoch is saved
    there. If it holds a state already, training continues from it: the result is the same, bit for
    bit, as without the break (on one machine, with one number of threads). An interrupt (or any
    other exception) applies the masks again and is then raised to the caller.
    """
    check_model(model)
    epochs = whole("epochs", epochs, at_least=1, at_most=10**6)
    batch_size = whole("batch_size", batch_size, at_least=1)
    seed = whole("seed", seed, at_most=2**32 - 1)
    first_epoch = whole("first_epoch", first_epoch)
    pruning = bool(wrappers(model))
    callbacks = _checked_callbacks(callbacks, pruning)
    _check_data(data)
    if progress is not None and not callable(progress):
        raise TypeError(f"progress={shown(progress)}: write a function, or None")
    x, y = check_arrays(model, data.x_train, data.y_train, "_train")
    x_val, y_val = check_arrays(model, data.x_val, data.y_val, "_val")
    if batch_size > len(x):
        raise ValueError(
            f"batch_size={batch_size}: batch_size must not exceed the {len(x)} training rows"
        )
    if patience is not None:
        patience = whole("patience", patience, at_least=1)
        if pruning:
            raise ValueError(
                f"patience={patience}: the best epoch of a network being pruned may lie before "
                "its last mask update; train it to the end (patience=None)"
            )
    if fresh_optimizer:
        compile(model, learning_rate)
    elif getattr(model, "optimizer", None) is None:
        raise ValueError("fresh_optimizer=False: model has no optimizer yet; compile it first")
    else:
        loss = of_one_output(model.loss)
        if loss is None:
            raise ValueError(
                "fresh_optimizer=False: model is compiled without a loss; call "
                "model.compile(optimizer, loss) first"
            )
        for name, targets in (("y_train", y), ("y_val", y_val)):
            check_targets(name, targets[:, None], loss, 1)
        if pruning:
            check_optimizer(model.optimizer)
    theirs = [callback for callback in callbacks if type(callback) is not _UpdatePruningStep]
    ours = [callback for callback in theirs if isinstance(callback, _UpdatePruningStep)]
    theirs = [callback for callback in theirs if callback not in ours]
    if pruning and not ours:
        ours = [_UpdatePruningStep()]
    recorder = Recorder(
        epochs,
        (x_val.astype(np.float32), y_val),
        pruning,
        progress=progress,
        patience=patience,
        checkpoints=checkpoints,
    )
    if checkpoints is not None:
        model.optimizer.build(model.trainable_variables)
        recorder.take_up(model)
    steps_per_epoch, before, counter = -(-len(x) // batch_size), recorder.done, _Counter()
    try:
        if not recorder.over:
            model.fit(
                batches(
                    x,
                    y,
                    batch_size=batch_size,
                    epochs=epochs - recorder.done,
                    seed=seed,
                    first_epoch=first_epoch + recorder.done,
                ),
                initial_epoch=recorder.done,
                epochs=epochs,
                steps_per_epoch=steps_per_epoch,
                callbacks=[*ours, recorder, *theirs, *([counter] if theirs else [])],
                verbose=0,
            )
        if recorder.best is not None:
            model.set_weights(recorder.best)
    finally:
        remask(model)
        give_back(model.count_params())
    if pruning and theirs:
        recorder.correct(theirs)
    steps = recorder.done * steps_per_epoch
    return recorder.phase(before * steps_per_epoch + counter.done if theirs else steps)
