"""What an experiment of the reader's own asks of Keras 3 and its pruner.

`prunelab.networks.engine` answers the same of tf_keras and tfmot.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import keras

from prunelab.pruning.callback import PruneLowMagnitude
from prunelab.pruning.kernels import kernels_of

if TYPE_CHECKING:
    import numpy as np

    from prunelab.pruning.kernels import Kernel

NAME = f"Keras {keras.__version__} on {keras.backend.backend()}"
THREADS = None  # the backend's own


def check(model: keras.Model) -> None:
    """Refuse what `build` must not return, in one sentence."""
    if not getattr(model, "built", False):
        raise ValueError("build: its model is not built; begin it with keras.Input")
    if not getattr(model, "compiled", False):
        raise ValueError("build: its model is not compiled; call model.compile(optimizer, loss)")


def kernels(model: keras.Model) -> list[Kernel]:
    """Every `Kernel`, whether it can be pruned or not."""
    return kernels_of(model, output=True)


def planned(model: keras.Model) -> list[Kernel]:
    """Every `Kernel` as the pruner takes or leaves it when nothing else is said: no last layer."""
    found = kernels_of(model)
    return [
        replace(k, dense_because=f"is {k.dense_because}" * bool(k.dense_because)) for k in found
    ]


def array(variable: keras.Variable) -> np.ndarray:
    """A variable's value."""
    return keras.ops.convert_to_numpy(variable)


def pruned(model, schedule, prune_output):
    """(the model to train, callbacks): the model itself, since the pruner wraps nothing."""
    return model, [PruneLowMagnitude(schedule, prune_output=prune_output)]


def penalise(model, l2):
    """Add l2 · Σ w² of every kernel that can be pruned to the model's loss."""
    for kernel in kernels(model):
        if not kernel.dense_because:
            kernel.weight.regularizer = keras.regularizers.L2(l2)
