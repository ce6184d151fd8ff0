"""What tfmot will do to a model in training: the `Plan` that `schedules.preflight` counts with.

A model without pruning wrappers is judged as `prune` would judge it. In a model with wrappers tfmot
prunes what they hold, and nothing else, with their own schedules.
Source: `sparsity/keras/pruning_wrapper.py` and `pruning_callbacks.py` of tfmot 0.8.
"""

import math
import warnings

from prunelab.base.checks import shown
from prunelab.base.text import dense_words
from prunelab.networks.backend import PruneLowMagnitude, tf_keras
from prunelab.networks.models import checked_for_pruning, copied
from prunelab.networks.prunable import calls_of, kernels_of, leaf_layers, unwrapped
from prunelab.schedules.planned import Plan, PlannedKernel, Wrapper
from prunelab.schedules.schedule import checked_schedule

_NOT_WRAPPED = "is in no pruning wrapper, and tfmot prunes only the layers that are"
_REFUSED = "is in a model that cannot be pruned"


def plan_of(model):
    """The `Plan` of a built model of tf_keras."""
    kernels = kernels_of(model)
    if any(isinstance(layer, PruneLowMagnitude) for layer in model._flatten_layers()):
        return _plan_of_wrapped(model, kernels)
    return _plan([(k, k.dense_because, None) for k in kernels], _refusal(model))


def _plan(found, refusal):
    """found: (kernel, why it stays dense, its `Wrapper` or None) of each kernel."""
    return Plan(
        tuple(
            PlannedKernel(
                kernel.name, kernel.layer, tuple(map(int, kernel.weight.shape)),
                why or _REFUSED * bool(refusal), wrapper,
            )
            for kernel, why, wrapper in found
        ),
        refusal,
    )  # fmt: skip


def _refusal(model):
    """Why `prune` would refuse the model, in its own words; empty if it would not."""
    try:
        checked_for_pruning(model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras' about a lambda, which is refused here
            for _, layer in leaf_layers(model):
                if not isinstance(layer, tf_keras.layers.InputLayer):
                    copied(layer)
    except (TypeError, ValueError) as error:
        return str(error)
    return ""


def _plan_of_wrapped(model, kernels):
    found, refusal = [], _out_of_reach(model)
    calls, wrappers = calls_of(model), _wrappers_within(model)
    around = {id(w): each for each in wrappers for w, _, _ in each.pruning_vars}
    leaf = {path: layer for path, layer in leaf_layers(model)}
    is_new = not wrappers or int(wrappers[0].pruning_step) < 0  # then tfmot's callback counts anew
    for kernel in kernels:
        wrapper = around.get(id(kernel.weight))
        if wrapper is None:
            found.append((kernel, kernel.dense_because or _NOT_WRAPPED, None))
        elif "training=False" in kernel.dense_because:
            found.append((kernel, kernel.dense_because, None))
        else:  # also one that is frozen, or called twice
            schedule = checked_schedule(
                f"model: the pruning_schedule around {shown(unwrapped(wrapper).name)}",
                wrapper.pruning_schedule,
            )
            held = Wrapper(
                schedule,
                (1, 1) if wrapper.sparsity_m_by_n else tuple(wrapper.block_size),
                wrapper.sparsity_m_by_n,
                calls=max(calls[id(leaf[kernel.layer])], 1),
                done=0 if is_new else max(int(wrapper.pruning_step), 0),
            )
            found.append((kernel, "", held))
            refusal = refusal or _unfit(kernel, held)
    if not refusal and all(why for _, why, _ in found):
        why = dense_words({kernel.name: (kernel.size, why) for kernel, why, _ in found})
        refusal = f"no pruning wrapper of the model prunes anything ({why}): wrap other layers"
    return _plan(found, refusal)


def _wrappers_within(model):
    """The wrappers that tfmot's callback finds: those directly in a model, of any class."""
    found = []
    for layer in model.layers:
        if isinstance(layer, tf_keras.Model):
            found += _wrappers_within(layer)
        elif isinstance(layer, PruneLowMagnitude) and layer.pruning_vars:
            found.append(layer)
    return found


def _out_of_reach(model):
    """Why training a model with a wrapper inside a layer of another kind ends with an error."""
    reached = set(map(id, _wrappers_within(model)))
    for layer in model._flatten_layers():
        if isinstance(layer, PruneLowMagnitude) and layer.pruning_vars and id(layer) not in reached:
            return (
                f"the pruning wrapper around {shown(unwrapped(layer).name)} is inside a layer that "
                "is no model, where tfmot's UpdatePruningStep does not find it, so training stops "
                "with an error: make that layer a tf_keras.Model, or wrap it as a whole and give "
                "it get_prunable_weights"
            )
    return ""


def _unfit(kernel, wrapper):
    """Why tfmot's pattern fails on a kernel, with an error in the first step that updates masks."""
    shape = tuple(map(int, kernel.weight.shape))
    if wrapper.n_of_m and len(shape) not in (2, 4):
        return (
            f"{shown(kernel.name)} is wrapped with sparsity_m_by_n={wrapper.n_of_m} and has "
            f"{len(shape)} axes, where tfmot's groups need 2 or 4: wrap it without"
        )
    grid = PlannedKernel(kernel.name, kernel.layer, shape, wrapper=wrapper).grid
    if wrapper.block != (1, 1) and min(grid) < 2:
        return (
            f"{shown(kernel.name)} is wrapped with block_size={wrapper.block}, and its "
            f"{' × '.join(map(str, shape))} weights make {math.prod(grid)} blocks in one line, "
            "where tfmot stops with an error: wrap it with blocks that make two a side or more"
        )
    return ""
