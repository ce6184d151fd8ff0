"""tfmot itself, asked directly: the reference the NumPy core is compared with."""

import dataclasses
from functools import cache

import numpy as np

from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.backend import tfmot  # sets TensorFlow's threads before it starts

# isort: split
from tensorflow_model_optimization.python.core.sparsity.keras import pruning_impl, pruning_utils


def schedule(ours):
    """The tfmot schedule with the same fields as one of ours."""
    return getattr(tfmot.sparsity.keras, type(ours).__name__)(**dataclasses.asdict(ours))


def evaluate(ours, steps):
    """tfmot's (updates, sparsity) of the schedule at each of `steps`, computed by tfmot."""
    should_prune, sparsity = schedule(ours)(tf.constant(steps, tf.int64))
    steps = np.asarray(steps)
    return should_prune.numpy(), np.broadcast_to(sparsity.numpy(), steps.shape)


def mask(weights, sparsity, block_size=(1, 1), pooling="AVG"):
    """The mask tfmot's pruning gives `weights`, as bool."""
    weights = tf.constant(weights, tf.float32)
    pruning = pruning_impl.Pruning(
        training_step_fn=lambda: tf.constant(1, tf.int64),
        pruning_vars=[(weights, None, None)],
        pruning_schedule=tfmot.sparsity.keras.ConstantSparsity(sparsity, 0),
        block_size=block_size,
        block_pooling_type=pooling,
    )
    return pruning._maybe_update_block_mask(weights)[1].numpy().astype(bool)


@cache
def compiled_mask(shape, block_size=(1, 1), pooling="AVG"):
    """`mask` for weights of one shape, as a function of weights and sparsity: 20 times as fast."""
    sparsity = tf.Variable(0.0)
    weights = tf.Variable(np.zeros(shape, np.float32))
    pruning = pruning_impl.Pruning(
        training_step_fn=lambda: tf.constant(1, tf.int64),
        pruning_vars=[(weights, None, None)],
        pruning_schedule=lambda step: (True, sparsity),
        block_size=block_size,
        block_pooling_type=pooling,
    )
    found = tf.function(lambda: pruning._maybe_update_block_mask(weights)[1])

    def compiled(values, at):
        sparsity.assign(at)
        weights.assign(values)
        return found().numpy().astype(bool)

    return compiled


@cache
def compiled_n_of_m(shape, n, m):
    """`n_of_m_mask` for weights of one shape."""

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32)])
    def found(weights):
        rows = pruning_utils.weights_rearrange(weights)
        kept = pruning_utils.generate_m_by_n_mask(rows, (n, m))
        return pruning_utils.m_by_n_sparsity_mask_prepare(kept, weights.shape)

    return lambda weights: found(weights).numpy().astype(bool)


def n_of_m_mask(weights, n, m):
    """The mask tfmot's `sparsity_m_by_n=(n, m)` gives a Dense kernel, as bool."""
    weights = tf.constant(weights, tf.float32)
    prepared = pruning_utils.generate_m_by_n_mask(pruning_utils.weights_rearrange(weights), (n, m))
    return pruning_utils.m_by_n_sparsity_mask_prepare(prepared, weights.shape).numpy().astype(bool)


def trained_sparsity(ours, total_steps, size, seed=0):
    """The zeros' fraction of one kernel of `size` weights after really training with tfmot.

    The loss is held constant, so the weights keep their initial values and only masks change.
    """
    keras = tfmot.sparsity.keras
    tf.keras.utils.set_random_seed(seed)
    net = tf.keras.Sequential([tf.keras.layers.Dense(size, use_bias=False, input_shape=(1,))])
    net = keras.prune_low_magnitude(net, pruning_schedule=schedule(ours))
    net.compile("sgd", loss=lambda y, prediction: 0.0 * tf.reduce_sum(prediction))
    x = np.zeros((total_steps, 1), "float32")
    net.fit(x, x, batch_size=1, epochs=1, verbose=0, callbacks=[keras.UpdatePruningStep()])
    kernel = keras.strip_pruning(net).get_weights()[0]
    return 1 - np.count_nonzero(kernel) / kernel.size


def fitted(model, ours, x, y, settings, optimizer, loss="mse"):
    """A copy of `model` after Keras' own `fit` of all of it under tfmot's wrappers, stripped.

    ours: the schedule. settings: epochs, batch_size and the seed of the order of rows.
    """
    keras = tfmot.sparsity.keras
    clone = tf.keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    net = keras.prune_low_magnitude(clone, pruning_schedule=schedule(ours))
    net.compile(optimizer, loss)
    y = np.asarray(y, "float32").reshape(len(x), -1)

    def batches():
        for epoch in range(settings.epochs):
            order = np.random.default_rng([settings.seed, epoch]).permutation(len(x))
            for start in range(0, len(x), settings.batch_size):
                rows = order[start : start + settings.batch_size]
                yield x[rows], y[rows]

    signature = [tf.TensorSpec((None, *a.shape[1:]), a.dtype) for a in (x, y)]
    net.fit(
        tf.data.Dataset.from_generator(batches, output_signature=tuple(signature)),
        epochs=settings.epochs,
        steps_per_epoch=-(-len(x) // settings.batch_size),
        verbose=0,
        callbacks=[keras.UpdatePruningStep()],
    )
    return keras.strip_pruning(net)
