"""Which weights of a Keras 3 model are pruned, which stay dense, and why.

A kernel is a trainable weight that is multiplied with inputs and summed over, so pruning it removes
terms of a sum. Keras' names for kernels are `kernel` or end in it, in every layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import keras
import numpy as np

from prunelab.base.checks import shown

_NO_KERNELS = ("bias", "gamma", "beta")


@dataclass(frozen=True, eq=False)
class Kernel:
    """One weight of two or more axes.

    name: its own name with those of the enclosing layers, "encoder/dense/kernel". layer: the part
    of the name before the weight's own. weight: the variable. dense_because: why it is not pruned;
    empty if it is.
    """

    name: str
    layer: str
    weight: keras.Variable
    dense_because: str = ""

    @property
    def shape(self):
        """Its axes, as a tuple of ints."""
        return tuple(int(n) for n in self.weight.shape)

    @property
    def size(self):
        """The number of its weights."""
        return int(np.prod(self.shape))


def kernels_of(model, layers=None, exclude=None, *, output=False):
    """Every `Kernel` of a built model, in the order of its layers; a shared one appears once.

    layers: names of the layers to prune, or None for all that have kernels. exclude: names of
    layers not to prune. A name is a layer's own or includes the enclosing layers ("encoder/dense");
    the name of a model or a composite layer means all layers in it. output: whether the last layer
    is pruned without being named in `layers`. Raises ValueError or TypeError, in one sentence.
    """
    wanted, unwanted = checked_names("layers", layers), checked_names("exclude", exclude)
    last = set() if output else _output_layers(model)
    found, seen = [], set()
    for path, layer in _leaves(model):
        for variable in _own_variables(layer):
            if id(variable) in seen or not _is_matrix(variable):
                continue
            seen.add(id(variable))
            asked = any(_within(path, name) for name in wanted or ())
            why = _why_dense(layer, variable, asked)
            if not why and any(_within(path, name) for name in unwanted or ()):
                why = "excluded"
            elif not why and wanted is not None and not asked:
                why = "not among layers"
            elif not why and id(layer) in last and not asked:
                why = "the output layer, left whole unless prune_output=True"
            found.append(Kernel(f"{path}/{variable.name}", path, variable, why))
    _check_names("layers", wanted, found, lambda kernel: not kernel.dense_because)
    _check_names("exclude", unwanted, found, lambda kernel: kernel.dense_because == "excluded")
    if all(kernel.dense_because for kernel in found):
        why = "; ".join(f"{k.name}: {k.dense_because}" for k in found) or "it has no kernels"
        raise ValueError(f"model has nothing to prune ({why[:300]})")
    return found


def _why_dense(layer, variable, asked):
    """Why a weight cannot be pruned; empty if it can. asked: whether `layers` names its layer."""
    if not variable.trainable:
        return "frozen (trainable=False)"
    if "depthwise" in variable.name or "Depthwise" in type(layer).__name__:
        return "depthwise: it sums over no channels"
    if variable.name.endswith("kernel"):
        return ""
    if hasattr(layer, "get_prunable_weights"):  # tfmot calls it on custom layers
        named = any(variable is weight for weight in layer.get_prunable_weights())
        return "" if named else "not in its layer's get_prunable_weights()"
    if isinstance(layer, keras.layers.Embedding):
        return "" if asked else "an embedding, pruned only where layers=… names it"
    if not type(layer).__module__.startswith("keras."):
        return "" if asked else "not called a kernel; name its layer in layers=… to prune it"
    return "no kernel"


def _is_matrix(variable):
    """Whether it has two axes or more and is no bias; biases of a GRU or attention may have two."""
    return len(variable.shape) > 1 and not any(part in variable.name for part in _NO_KERNELS)


def _own_variables(layer):
    return [*layer._trainable_variables, *layer._non_trainable_variables]


def _parts(layer):
    """The direct sublayers of a layer or a model."""
    return getattr(layer, "layers", None) or layer._layers


def _leaves(layer, prefix=""):
    """(path, layer) of every layer within, in order; a composite layer comes before its parts."""
    for part in _parts(layer):
        path = f"{prefix}{part.name}"
        yield path, part
        yield from _leaves(part, f"{path}/")
    if not prefix and any(map(_is_matrix, _own_variables(layer))):
        yield layer.name, layer  # a subclassed model may have weights of its own


def _output_layers(model):
    """The ids of the last layers with kernels before the output."""
    outputs = getattr(model, "outputs", None)
    if outputs:
        return set().union(*map(_makers, outputs))
    return _last_within(model)


def _makers(tensor):
    """The ids of the nearest layers with kernels before a tensor of a functional model."""
    operation, node, _ = tensor._keras_history
    if isinstance(operation, keras.Model) and getattr(operation, "outputs", None):
        inner = _output_layers(operation)
        if inner:
            return inner
    elif isinstance(operation, keras.Layer) and _has_kernel(operation):
        if type(operation).__module__.startswith("keras."):
            return {id(operation), *(id(layer) for _, layer in _leaves(operation))}
        return _last_within(operation)
    before = operation._inbound_nodes[node].input_tensors
    return set().union(*map(_makers, before))


def _last_within(layer):
    """The id of the last layer with a kernel in a subclassed model or a reader's own layer."""
    makers = [part for _, part in _leaves(layer) if _holds_kernel(part)]
    return {id(makers[-1])} if makers else {id(layer)}


def _holds_kernel(layer):
    return any(not _why_dense(layer, v, False) for v in _own_variables(layer) if _is_matrix(v))


def _has_kernel(layer):
    return _holds_kernel(layer) or any(_holds_kernel(part) for _, part in _leaves(layer))


def _within(path, name):
    return f"/{name}/" in f"/{path}/"


def checked_names(argument, names):
    """The names as a tuple, or None."""
    if names is None:
        return None
    names = (names,) if isinstance(names, str) else names
    if not isinstance(names, tuple | list | set | frozenset):
        raise TypeError(f"{argument}={shown(names)}: write a list of layers' names, or None")
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{argument} holds {shown(name)}: write the names of layers")
    return tuple(names)


def _check_names(argument, names, kernels, holds):
    for name in names or ():
        its = [kernel for kernel in kernels if _within(kernel.layer, name)]
        if not any(map(holds, its)):
            why = (
                f": {its[0].name} is {its[0].dense_because}" if its and argument == "layers" else ""
            )
            there = sorted({k.layer for k in kernels if not k.dense_because or holds(k)})
            there = there or sorted({k.layer for k in kernels})
            raise ValueError(
                f"{argument}: {shown(name)} names nothing that could be pruned{why}; "
                f"layers with kernels are {shown(there)}"
            )
