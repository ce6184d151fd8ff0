"""Networks that are compiled once and reset for each run.

TensorFlow and tfmot never free some ten megabytes of every compiled model, so memory grows without
limit if each run builds a model. Here a run borrows a compiled network of its shape; weights,
masks, optimizer and schedule are variables that are set for each run. The result is the same, bit
for bit, as with a new model and tfmot's own schedule.
"""

import math
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock

import numpy as np

from prunelab.experiments.config import layer_names
from prunelab.masks.magnitude import magnitude_mask, n_of_m_mask
from prunelab.masks.patterns import random_mask
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tf_keras, tfmot
from prunelab.networks.models import build, rank_on_host, remask, wrap
from prunelab.networks.prunable import wrappers
from prunelab.networks.stepping import Steps, train_steps
from prunelab.networks.training import compile
from prunelab.schedules.schedule import sparsity_table


class TableSchedule(tfmot.sparsity.keras.PruningSchedule):
    """A tfmot schedule read from a table: for each step a target sparsity, or −1 for no update.

    The table is a variable, so a compiled network can use any schedule, and change it during
    training.
    """

    def __init__(self):
        self.table = tf.Variable([-1.0], shape=[None], dtype=tf.float32, trainable=False)

    def __call__(self, step):
        """(whether to update the masks at `step`, the target sparsity), as tfmot expects."""
        last = tf.cast(tf.size(self.table) - 1, step.dtype)
        sparsity = tf.gather(self.table, tf.minimum(step, last))
        return sparsity >= 0, sparsity

    def get_config(self):
        """An empty configuration: the table belongs to a run, not to the model."""
        return {}


@dataclass(eq=False)
class PooledNetwork:
    """A compiled model that can be reset: call `begin`, then `train`."""

    model: tf_keras.Model
    schedule: TableSchedule | None
    fresh_optimizer: tuple
    steps: Steps
    proven: bool = False  # whether it has completed a run

    def begin(self, weights, *, optimizer=None, learning_rate=1e-3, schedule=None, total_steps=0):
        """Set all variables to the start of a run.

        weights: arrays in the order of an unwrapped model. optimizer: arrays from
        `optimizer_state`, or None for a fresh Adam. schedule, total_steps: for a network with
        pruning wrappers.
        """
        layers = [getattr(layer, "layer", layer) for layer in self.model.layers]
        variables = [variable for layer in layers for variable in layer.weights]
        for variable, value in zip(variables, weights, strict=True):
            variable.assign(value)
        state = self.fresh_optimizer if optimizer is None else optimizer
        for variable, value in zip(self.model.optimizer.variables, state, strict=True):
            variable.assign(value)
        self.model.optimizer.learning_rate = learning_rate
        if self.schedule is not None:
            self.schedule.table.assign(sparsity_table(schedule, total_steps))
            self._unmask()

    def _unmask(self):
        for layer in self._wrappers():
            for _, mask, threshold in layer.pruning_vars:
                mask.assign(tf.ones_like(mask))
                threshold.assign(0)
            layer.pruning_step.assign(0)  # the value that tfmot's callback sets for a new model

    def mask_at_random(self, sparsity, seed):
        """Replace every mask by a random one from `seed`, with as many zeros as magnitude pruning.

        The schedule table is emptied, so the masks do not change afterwards.
        """
        self._mask_once(lambda kernel, i: random_mask(kernel.shape, sparsity, seed, i))

    def mask_groups(self):
        """Replace every mask by a fixed one that keeps two of every four inputs, as in tfmot."""
        self._mask_once(lambda kernel, _: n_of_m_mask(kernel, 2, 4))

    def _mask_once(self, mask_of):
        self.schedule.table.assign([-1.0])
        for i, layer in enumerate(self._wrappers()):
            for kernel, mask, _ in layer.pruning_vars:
                mask.assign(mask_of(kernel.numpy(), i).astype(np.float32))
        remask(self.model)

    def shake(self, sparsity, criterion, seed):
        """Set a fraction of each kernel to zero, by magnitude or at random, without a mask."""
        layers = [layer for layer in self.model.layers if hasattr(layer, "kernel")]
        for i, layer in enumerate(layers):
            kernel = layer.kernel.numpy()
            if criterion == "random":
                kept = random_mask(kernel.shape, sparsity, seed, i)
            else:
                kept = magnitude_mask(kernel, sparsity)
            layer.kernel.assign(kernel * kept)

    def restart(self):
        """Reset Adam's running averages and step count to 0; the learning rate stays."""
        optimizer = self.model.optimizer
        rate = optimizer.learning_rate.numpy()
        for variable, value in zip(optimizer.variables, self.fresh_optimizer, strict=True):
            variable.assign(value)
        optimizer.learning_rate = rate

    def train(self, data, **options):
        """Continue training from the current state and return the `Phase`; see `train_steps`.

        The result is that of `train` with `fresh_optimizer=False`, bit for bit, in less time.
        """
        return train_steps(self.steps, data, pruning=self.schedule is not None, **options)

    def optimizer_state(self):
        """The optimizer's variables as arrays: iterations, learning rate, running averages."""
        return tuple(variable.numpy() for variable in self.model.optimizer.variables)

    def release(self):
        """Release the rows of the previous run."""
        self.steps.release()

    @property
    def megabytes(self):
        """The memory of the weights, masks and Adam's two averages, in MB."""
        variables = [*self.model.variables, *self.model.optimizer.variables]
        return sum(4 * math.prod(variable.shape) for variable in variables) / 1e6

    def _wrappers(self):
        return wrappers(self.model)


def borrowed(
    n_features, hidden, *, pruned=False, l2=0.0, block_size=(1, 1), layers=None, neurons=False
):
    """`with` a `PooledNetwork` of this shape; no other caller gets it until the `with` ends.

    layers: names of the layers with a pruning wrapper, None for all. block_size: (inputs, units)
    pruned together. neurons: whether whole columns of a kernel are pruned, see `_by_neurons`.
    """
    names = tuple(layer_names(len(hidden)) if layers is None else layers) if pruned else ()
    shape = (n_features, tuple(hidden), names, float(l2), tuple(block_size), bool(neurons))
    return _networks.borrowed(shape, lambda: _make(*shape))


def _make(n_features, hidden, layers, l2, block_size, neurons):
    model, schedule = build(n_features, hidden, seed=0, l2=l2), None
    if layers:
        schedule = TableSchedule()
        model = rank_on_host(wrap(model, schedule, layers, block_size))
        if neurons:
            _by_neurons(model)
    compile(model)
    model.optimizer.build(model.trainable_variables)
    fresh = tuple(variable.numpy() for variable in model.optimizer.variables)
    return PooledNetwork(model, schedule, fresh, Steps(model))


def _by_neurons(model):
    """Make a pruning model's masks remove whole columns, ranked by mean magnitude as in tfmot.

    tfmot's own blocks cannot be as long as a kernel.
    """
    for layer in wrappers(model):
        pruning = layer.pruning_obj

        def masks(kernel, update=pruning._update_mask):
            threshold, kept = update(tf.reduce_mean(tf.abs(kernel), axis=0))
            return threshold, tf.broadcast_to(kept, tf.shape(kernel))

        pruning._maybe_update_block_mask = masks


def initial_weights(n_features, hidden, seed):
    """The first weights of `build(n_features, hidden, seed=seed)`, as arrays in its order."""
    model = build(n_features, hidden, seed=seed)  # never compiled, so TensorFlow keeps none of it
    return tuple(model.get_weights())


class Pool:
    """Idle networks by key: the few used last, and fewer if they are large.

    at_most: how many are kept. megabytes: limit for all together; the one used last is kept
    even if it is larger.
    """

    def __init__(self, at_most=4, megabytes=80):  # enough for two of the article's network
        self.at_most, self.megabytes = at_most, megabytes
        self._idle, self._lock = [], Lock()

    @contextmanager
    def borrowed(self, key, make):
        """`with` the network of this `key`, or a new one if none is idle."""
        network = self._take(key) or make()
        try:
            yield network
            network.proven = True
        except Exception:
            # After an exception, such as a callback that ends a trial, the network can be used
            # again, since all variables are reset. One that never completed a run, or was
            # interrupted, may be half compiled.
            if network.proven:
                self._put_back(key, network)
            raise
        self._put_back(key, network)

    def _put_back(self, key, network):
        network.release()
        with self._lock:
            self._idle.append((key, network))
            while len(self._idle) > 1 and (
                len(self._idle) > self.at_most or self._megabytes() > self.megabytes
            ):
                del self._idle[0]

    def _megabytes(self):
        return sum(network.megabytes for _, network in self._idle)

    def _take(self, key):
        with self._lock:
            for i in reversed(range(len(self._idle))):
                if self._idle[i][0] == key:
                    return self._idle.pop(i)[1]
        return None


_networks = Pool(at_most=8, megabytes=320)  # the article's network takes 40 MB
