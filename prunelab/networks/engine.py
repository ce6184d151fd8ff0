"""The functions of tf_keras and tfmot that an experiment with the reader's own model needs.

`prunelab.pruning.engine` has the same functions for Keras 3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prunelab.networks.backend import THREADS, tf_keras, tfmot
from prunelab.networks.backend import tensorflow as tf
from prunelab.networks.models import check_model, prune, rank_on_host
from prunelab.networks.planned import plan_of
from prunelab.networks.prunable import kernels_of
from prunelab.networks.targets import check_single

if TYPE_CHECKING:
    import numpy as np
    from tf_keras import Model

    from prunelab.networks.prunable import Kernel
    from prunelab.schedules.planned import Plan

__all__ = [
    "NAME",
    "THREADS",
    "array",
    "check",
    "check_data",
    "keras",
    "kernels",
    "penalise",
    "planned",
    "pruned",
]

NAME = "tfmot"
keras = tf_keras


def check(model: Model) -> None:
    """Refuse, in one sentence, a model that `build` must not return."""
    check_model(model)
    if getattr(model, "optimizer", None) is None:
        raise ValueError("build: its model is not compiled; call model.compile(optimizer, loss)")


def check_data(model, x, y, part):
    """Refuse, in one sentence, arrays that the model and its loss do not take; part: their name."""
    check_single(model, x, y, f"x of {part}", f"y of {part}")


def kernels(model: Model) -> list[Kernel]:
    """Every `Kernel` of the model, prunable or not."""
    return kernels_of(model)


def planned(model: Model) -> Plan:
    """The `Plan` of the model under the defaults: tfmot prunes every layer, or those wrapped."""
    check_model(model)
    return plan_of(model)


def array(variable: tf.Variable) -> np.ndarray:
    """A variable's value as an array."""
    return variable.numpy()


def pruned(model, schedule, prune_output):
    """(the model to train, callbacks): a pruning copy of `model`, compiled as it is."""
    layers = list(dict.fromkeys(k.layer for k in kernels_of(model) if not k.dense_because))
    if not prune_output and len(layers) < 2:
        raise ValueError("output_whole: the model has no other layer that can be pruned")
    copy = rank_on_host(prune(model, schedule, layers=layers if prune_output else layers[:-1]))
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    copy.compile(**model._get_compile_args() | {"optimizer": optimizer})
    return copy, [tfmot.sparsity.keras.UpdatePruningStep()]


def penalise(model, l2):
    """Add l2 · Σ w² of every kernel that can be pruned to the model's loss."""
    weights = [k.weight for k in kernels_of(model) if not k.dense_because]
    model.add_loss(lambda: l2 * tf.add_n([tf.reduce_sum(tf.square(w)) for w in weights]))
