"""Train two tiny networks once, so that a reader's first training begins sooner.

The first training of a process loads kernels, imports modules late, and has AutoGraph convert the
functions of Keras, tfmot and this package. All of that is done once. `course.needs` calls this in
the background, beside cells that the reader runs.
"""

from types import SimpleNamespace

import numpy as np

from prunelab.networks.backend import tf_keras
from prunelab.networks.models import rank_on_host, wrap
from prunelab.networks.pool import TableSchedule
from prunelab.networks.prunable import wrappers
from prunelab.networks.stepping import Steps, train_steps
from prunelab.networks.training import compile, train


def warm_up() -> None:
    """Train a dense and a pruned network on four rows; no later result changes.

    No random number is drawn, since all weights begin at zero, and every layer and model has a
    name, so that Keras counts none of its own: what a later cell draws or prints is as without it.
    """
    rows, targets = np.ones((4, 2)), np.ones(4)
    data = SimpleNamespace(x_train=rows, y_train=targets, x_val=rows, y_val=targets)
    train(_network("dense"), data, epochs=1, batch_size=2, seed=0)
    pruned = rank_on_host(wrap(_network("pruned"), TableSchedule(), ["warm_up_pruned"]))
    compile(pruned)
    pruned.optimizer.build(pruned.trainable_variables)
    for layer in wrappers(pruned):
        layer.pruning_step.assign(0)  # as tfmot's callback does
    train_steps(Steps(pruned), data, epochs=1, batch_size=2, seed=0, pruning=True)


def _network(name):
    name = f"warm_up_{name}"
    layer = tf_keras.layers.Dense(1, kernel_initializer="zeros", name=name)
    return tf_keras.Sequential([tf_keras.Input((2,), name=f"{name}_rows"), layer], name=name)
