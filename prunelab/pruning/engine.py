"""The functions of Keras 3 and its pruner that an experiment with the reader's own model needs.

`prunelab.networks.engine` has the same functions for tf_keras and tfmot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import keras

from prunelab.live.training import check_input, check_output
from prunelab.pruning.callback import PruneLowMagnitude, check_model
from prunelab.pruning.kernels import kernels_of
from prunelab.schedules.planned import Plan, PlannedKernel

if TYPE_CHECKING:
    import numpy as np

    from prunelab.pruning.kernels import Kernel

NAME = f"Keras {keras.__version__} on {keras.backend.backend()}"
THREADS = None  # the backend chooses the number
_OTHER_SHAPES = ("sparse", "ctc", "generalizedcrossentropy")  # in names of losses


def check(model: keras.Model) -> None:
    """Refuse, in one sentence, a model that `build` must not return."""
    if not getattr(model, "built", False):
        raise ValueError("build: its model is not built; begin it with keras.Input")
    if not getattr(model, "compiled", False):
        raise ValueError("build: its model is not compiled; call model.compile(optimizer, loss)")


def check_data(model, x, y, part):
    """Refuse, in one sentence, arrays that Keras would broadcast or cannot take; part: their name.

    Models of several inputs or outputs are left to Keras.
    """
    lists = any(isinstance(each, list | tuple | dict) for each in (x, y))
    if lists or len(getattr(model, "inputs", None) or ()) != 1 or len(model.outputs) != 1:
        return
    check_input(f"x of {part}", x, model.inputs[0].shape[1:])
    check_targets(f"y of {part}", y, model.loss, model)


def check_targets(name, y, loss, model):
    """Refuse targets of another shape than the only output, unless the loss takes others."""
    said = str(getattr(loss, "name", getattr(loss, "__name__", loss))).lower().replace("_", "")
    one = len(getattr(model, "outputs", None) or ()) == 1 and hasattr(y, "shape")
    if one and not any(word in said for word in _OTHER_SHAPES):
        package = str(getattr(loss, "__module__", "")).partition(".")[0]
        own = callable(loss) and package != "keras"
        check_output(name, y, model.outputs[0].shape[1:], own_loss=own)


def kernels(model: keras.Model) -> list[Kernel]:
    """Every `Kernel` of the model, prunable or not."""
    return kernels_of(model, output=True)


def planned(model: keras.Model) -> Plan:
    """The `Plan` of the model under the defaults: the last layer stays dense."""
    check_model(model)
    return Plan(
        tuple(
            PlannedKernel(k.name, k.layer, k.shape, f"is {k.dense_because}" * bool(k.dense_because))
            for k in kernels_of(model)
        )
    )


def array(variable: keras.Variable) -> np.ndarray:
    """A variable's value as an array."""
    return keras.ops.convert_to_numpy(variable)


def pruned(model, schedule, prune_output):
    """(the model to train, callbacks): the model itself, since the pruner wraps nothing."""
    return model, [PruneLowMagnitude(schedule, prune_output=prune_output)]


def penalise(model, l2):
    """Add l2 · Σ w² of every kernel that can be pruned to the model's loss."""
    for kernel in kernels(model):
        if not kernel.dense_because:
            kernel.weight.regularizer = keras.regularizers.L2(l2)
