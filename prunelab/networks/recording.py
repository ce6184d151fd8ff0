"""Record each epoch of a training: losses, zeros, the best weights so far, a checkpoint."""

import time
import warnings

import numpy as np

from prunelab.base.text import digits
from prunelab.experiments.checkpoints import CheckpointError
from prunelab.experiments.results import DivergedError, Phase
from prunelab.networks import optimizers
from prunelab.networks.backend import tf_keras
from prunelab.networks.models import kernels, mean_squared_error, zeros


def variables_of(model):
    """All variables the next epoch depends on, by name: weights, masks, steps, the optimizer's."""
    named = {f"model_{i}": variable for i, variable in enumerate(model.weights)}
    optimizer = enumerate(optimizers.variables_of(model.optimizer, rates=False))
    return named | {f"optimizer_{i}": variable for i, variable in optimizer}


def arrays_of(model):
    """The values of `variables_of(model)`."""
    return {name: variable.numpy() for name, variable in variables_of(model).items()}


class RestoredWeightsWarning(UserWarning):
    """A callback changed the network after its last epoch was recorded."""


class Recorder(tf_keras.callbacks.Callback):
    """Records a training of `epochs` epochs, stops it early, saves and loads checkpoints.

    validation: (x, y), checked. pruning: whether to count zeros. patience, checkpoints: None, or
    see `train`. predict, read: faster replacements for calling the model and for `arrays_of`, if
    there are any.
    """

    def __init__(
        self,
        epochs,
        validation,
        pruning,
        *,
        progress=None,
        patience=None,
        checkpoints=None,
        predict=None,
        read=None,
    ):
        super().__init__()
        self.epochs, self.validation, self.pruning = epochs, validation, pruning
        self.progress, self.patience, self.checkpoints = progress, patience, checkpoints
        self.predict, self.read = predict, read
        self.loss, self.val_loss, self.zeros = [], [], []
        self.best = None
        self.began, self.seconds_before = time.perf_counter(), 0.0

    @property
    def done(self):
        """The number of finished epochs."""
        return len(self.loss)

    @property
    def over(self):
        """Whether training is finished: all epochs are done, or patience has run out."""
        return self.done == self.epochs or self._waited() == self.patience

    @property
    def seconds(self):
        """Wall-clock seconds of the training, without the time between stop and resumption."""
        return self.seconds_before + time.perf_counter() - self.began

    def _waited(self):
        if self.patience is None or not self.val_loss:
            return 0
        return self.done - 1 - self.val_loss.index(min(self.val_loss))

    def on_train_begin(self, logs=None):
        self.n_weights = sum(kernel.size for kernel in kernels(self.model).values())

    def on_epoch_end(self, epoch, logs=None):
        # Added to the logs for the callbacks that follow.
        logs["val_loss"] = mean_squared_error(self.predict or self.model, *self.validation)
        self.loss.append(digits(logs["loss"]))
        self.val_loss.append(digits(logs["val_loss"]))
        if (
            self.checkpoints is not None
            and not np.isfinite([self.loss[-1], self.val_loss[-1]]).all()
        ):
            raise DivergedError(
                f"the loss is {self.loss[-1]}, the validation loss {self.val_loss[-1]} after epoch "
                f"{self.done}: such a run cannot be stored; lower the learning rate"
            )
        if self.pruning:
            self.zeros.append(zeros(self.model))
        if self.patience is not None and self._waited() == 0:
            self.best = self.model.get_weights()
        if self.checkpoints is not None:
            self._save()
        if self.progress is not None:
            total = sum(self.zeros[-1].values()) if self.pruning else 0
            values = {"loss": self.loss[-1], "val_loss": self.val_loss[-1]}
            self.progress(self.done, self.epochs, values | {"sparsity": total / self.n_weights})
        if self.over:
            self.model.stop_training = True

    def _save(self):
        arrays = (self.read or arrays_of)(self.model)
        arrays |= {f"best_{i}": array for i, array in enumerate(self.best or ())}
        values = {
            "loss": self.loss,
            "val_loss": self.val_loss,
            "zeros": self.zeros,
            "seconds": self.seconds,
            "epochs": self.epochs,
        }
        self.checkpoints.save(self.done, arrays, values)

    def take_up(self, model):
        """Load the last checkpoint into `model` and this record; does nothing if there is none.

        The optimizer's variables must exist already.
        """
        state = self.checkpoints.load() if self.checkpoints is not None else None
        if state is None:
            return
        epoch, arrays, values = state
        variables = variables_of(model)
        best = [arrays.pop(f"best_{i}") for i in range(len(arrays)) if f"best_{i}" in arrays]
        wanted = {name: (*v.shape, v.dtype.name) for name, v in variables.items()}
        fits = wanted == {name: (*a.shape, a.dtype.name) for name, a in arrays.items()}
        if not fits or len(values.get("loss", ())) != epoch or epoch > self.epochs:
            raise CheckpointError(
                f"{self.checkpoints.path(epoch).name} holds a network or a history of another "
                "length or shape: remove it, or choose another folder"
            )
        for name, variable in variables.items():
            variable.assign(arrays[name])
        self.loss, self.val_loss = values["loss"], values["val_loss"]
        self.zeros, self.seconds_before = values["zeros"], values["seconds"]
        self.best = best or None

    def correct(self, callbacks):
        """Replace the last epoch's record by values of the present network, masks applied.

        callbacks: those that may have changed the network since; the warning names them.
        """
        if not self.zeros:
            return
        recorded, counts = self.zeros[-1], zeros(self.model)
        val_loss = digits(mean_squared_error(self.model, *self.validation))
        same = np.array_equal(val_loss, self.val_loss[-1], equal_nan=True)
        if same and counts == recorded:
            return
        names = ", ".join(type(callback).__name__ for callback in callbacks)
        has = f"{sum(counts.values()):,} zeros", f"{sum(recorded.values()):,}"
        warnings.warn(
            f"a callback ({names}) set weights after the last epoch: the network handed back has "
            f"{has[0]} and the epoch before ended with {has[1]}; its record is now that of the "
            "network",
            RestoredWeightsWarning,
            stacklevel=3,
        )
        self.val_loss[-1], self.zeros[-1] = val_loss, counts

    def phase(self, steps):
        """The recorded `Phase`; steps: how many training steps it took."""
        names = self.zeros[-1] if self.zeros else ()
        return Phase(
            loss=tuple(self.loss),
            val_loss=tuple(self.val_loss),
            zeros={name: tuple(epoch[name] for epoch in self.zeros) for name in names},
            steps=steps,
            seconds=self.seconds,
        )
