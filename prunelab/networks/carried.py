"""Refuse models with settings that pruning would drop; each error is one sentence."""

import warnings

import numpy as np

from prunelab.base.checks import shown
from prunelab.masks.magnitude import kept_count
from prunelab.networks.backend import PruneLowMagnitude, tfmot
from prunelab.networks.prunable import is_kerass, is_nested, leaf_layers

# The methods Keras trains and tests with; those that readers override most often come first.
_TRAINING = (
    "train_step", "test_step", "call", "compute_loss", "compute_metrics", "make_train_function",
    "make_test_function", "fit", "evaluate", "compile", "metrics", "losses", "trainable_variables",
    "trainable_weights", "__call__",
)  # fmt: skip
_SCHEDULES = tfmot.sparsity.keras.PolynomialDecay, tfmot.sparsity.keras.ConstantSparsity
MANY_ZEROS = 0.1  # as a fraction of the weights to be pruned


class SparseModelWarning(UserWarning):
    """A model to be pruned already has many zeros; they become non-zero before pruning starts."""


def check_prunable(model):
    """Refuse a model that tfmot cannot prune, or whose class overrides what pruning would drop."""
    if not is_nested(model):
        raise TypeError(
            f"model is a subclassed {type(model).__name__}: tfmot prunes Sequential and functional "
            "models only; wrap its layers where they are made, with tfmot's prune_low_magnitude, "
            "or write it in Keras 3, where prunelab.pruning.PruneLowMagnitude takes it as it is"
        )
    wrapped = [path for path, layer in leaf_layers(model) if isinstance(layer, PruneLowMagnitude)]
    if wrapped:
        raise ValueError(
            f"model is pruned already ({shown(', '.join(wrapped))}), and tfmot would ignore a "
            "second schedule: strip it first, or start from the dense model"
        )
    own = own_methods(model)
    if own:
        raise TypeError(
            f"model has a {own[0]} of its own ({type(model).__name__}), and the copy that is "
            f"pruned would not run it: hand over a plain Sequential or functional model, or prune "
            "by hand with tfmot's wrappers in your own training loop"
        )


def own_methods(model):
    """The training methods of Keras that the model's class, or the object itself, overrides."""
    classes = [kind for kind in type(model).__mro__ if kind is not object]
    named = {name for kind in classes if not is_kerass(kind) for name in vars(kind)}
    named |= {name for name, value in vars(model).items() if callable(value)}
    return [name for name in _TRAINING if name in named]


def check_wrapped(model, layers):
    """Refuse settings of `layers` that tfmot's wrapper drops; the message names the layers."""
    for path, layer in leaf_layers(model):
        if layer.compute_dtype != layer.variable_dtype:
            raise ValueError(
                f"{shown(path)} computes in {layer.compute_dtype} and keeps {layer.variable_dtype} "
                "(mixed precision): tfmot's wrapper would round its weights at every step; prune "
                'in float32, with tf_keras.mixed_precision.set_global_policy("float32") before '
                "the model is made"
            )
        if path in layers and getattr(layer, "activity_regularizer", None) is not None:
            raise ValueError(
                f"{shown(path)} has an activity_regularizer, which tfmot's wrapper cannot carry: "
                "take it off (a kernel_regularizer works), or put it in a layer of its own, "
                "tf_keras.layers.ActivityRegularization, behind this one"
            )


def warn_of_zeros(kernels, schedule=None, *, stacklevel):
    """Warn with SparseModelWarning where many weights to be pruned are zero before the first step.

    kernels: from `kernels_of`. tfmot's masks begin with ones, so these zeros are trained again.
    schedule: tfmot's, if known; there is no warning if its first update, before the first step,
    keeps the zeros.
    """
    if any(type(schedule) is kind for kind in _SCHEDULES) and schedule.frequency == 1:
        first = getattr(schedule, "initial_sparsity", getattr(schedule, "target_sparsity", 0))
        kept = [kept_count(k.size, first) <= np.count_nonzero(k.weight.numpy()) for k in kernels]
        if schedule.begin_step <= 1 and all(kept):
            return
    total = sum(kernel.size for kernel in kernels)
    zeros = total - sum(int(np.count_nonzero(kernel.weight.numpy())) for kernel in kernels)
    if zeros > MANY_ZEROS * total:
        warnings.warn(
            f"{zeros / total:.1%} of the weights to be pruned are zero already: tfmot's masks "
            "begin with ones, so they grow back until the first mask update; begin at step 0, with "
            "frequency 1 and an initial_sparsity as high, if they are to stay",
            SparseModelWarning,
            stacklevel=stacklevel,
        )


def check_optimizer(optimizer):
    """Refuse an optimizer with a setting that pruning would not respect."""
    inner = getattr(optimizer, "inner_optimizer", optimizer)
    if inner is not optimizer:
        raise ValueError(
            f"the optimizer is a {type(optimizer).__name__}, for mixed precision, in which tfmot "
            f"would round the weights at every step: compile with the {type(inner).__name__} "
            "inside it, on a model in float32"
        )
    if getattr(optimizer, "use_ema", False):
        raise ValueError(
            "the optimizer keeps an average of the weights (use_ema=True), which tfmot's masks do "
            "not reach: the network would end without its zeros; compile it with use_ema=False"
        )
    if getattr(optimizer, "_exclude_from_weight_decay_names", None):
        raise ValueError(
            "the optimizer leaves some variables out of its weight decay "
            "(exclude_from_weight_decay), which a copy of it would not: use weight_decay for all "
            "or none, or a kernel_regularizer"
        )
