"""Which kernels of a model tfmot prunes, which stay dense, and why.

A kernel is prunable if tfmot's registry (or a layer's own `get_prunable_weights`) says so; an
attribute named `kernel` does not decide it. Prunable are both kernels of a recurrent layer, the
pointwise one of a separable convolution, an embedding. Layers inside nested Sequential and
functional models are found too.

Source: `sparsity/keras/prune_registry.py` and `pruning_wrapper.py` of tfmot 0.8.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from prunelab.networks.backend import PruneLowMagnitude, registry, tf_keras

# Biases and normalisation weights may have two axes too (in a GRU or attention); they are no
# kernels.
_NO_KERNELS = ("bias", "gamma", "beta")


class LeftDenseWarning(UserWarning):
    """Some kernels of a model stay dense; the message names them and says why."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """One kernel of a model.

    name: the layer's name with those of the enclosing models ("base/dense"), and the kernel's own
    if the layer has several ("lstm/recurrent_kernel"). layer: the name by which the layer is
    chosen, without the kernel's. weight: the variable. dense_because: why tfmot leaves it dense;
    empty if tfmot prunes it.
    """

    name: str
    layer: str
    weight: object
    dense_because: str = ""

    @property
    def size(self):
        """The number of its weights."""
        return int(np.prod(self.weight.shape))


def kernels_of(model):
    """Every `Kernel` of a built model in the order of its layers, with or without wrappers."""
    (calls, inference), found, seen = _calls(model), [], set()
    for path, layer in leaf_layers(model):
        inner = unwrapped(layer)
        if id(inner) in seen:  # a layer shared by two models
            continue
        seen.add(id(inner))
        why = _why_dense(inner, calls[id(layer)], id(layer) in inference)
        pruned = () if why else _own_prunable(inner)
        kept = {id(weight) for weight in pruned}
        others = [w for w in inner.weights if id(w) not in kept and _is_kernel(w)]
        listed = [(w, "") for w in pruned]
        listed += [(w, why or _not_named(inner)) for w in others]
        names = _names(path, [weight for weight, _ in listed])
        found += [
            Kernel(name, path, weight, because)
            for name, (weight, because) in zip(names, listed, strict=True)
        ]
    return found


def dense_of(kernels):
    """{name: (number of weights, why)} of the kernels that tfmot leaves dense."""
    return {k.name: (k.size, k.dense_because) for k in kernels if k.dense_because}


def is_kerass(thing):
    """Whether a class or function comes with Keras or TensorFlow rather than from the reader.

    The whole package name is compared: a reader's module may be called `keras_helpers`.
    """
    package = str(getattr(thing, "__module__", "")).partition(".")[0]
    return package in ("keras", "tf_keras", "tensorflow")


def leaf_layers(model, prefix=""):
    """(path, layer) of every layer of a model and of nested models; wrappers are not opened."""
    for layer in model.layers:
        path = prefix + unwrapped(layer).name
        if is_nested(layer):
            yield from leaf_layers(layer, path + "/")
        else:
            yield path, layer


def wrappers(model):
    """tfmot's pruning wrappers in a model, at any depth."""
    return [layer for _, layer in leaf_layers(model) if isinstance(layer, PruneLowMagnitude)]


def unwrapped(layer):
    """The layer itself, without tfmot's wrapper."""
    return layer.layer if isinstance(layer, PruneLowMagnitude) else layer


def is_nested(layer):
    """Whether a layer is a plain Sequential or functional model, inside which tfmot prunes."""
    if not isinstance(layer, tf_keras.Model) or not is_kerass(layer.call):
        return False
    return isinstance(layer, tf_keras.Sequential) or getattr(layer, "_is_graph_network", False)


def _why_dense(layer, calls, inference):
    """Why tfmot leaves all of a layer dense; empty if tfmot would prune it.

    calls: how often the model calls the layer. inference: whether it calls it with training=False.
    """
    if not layer.trainable:
        return "is frozen (trainable=False)"
    if isinstance(layer, tf_keras.Model):
        return f"is a subclassed model ({type(layer).__name__}), which tfmot does not look into"
    if not _named_prunable(layer):
        return f"is a {type(layer).__name__}, which tfmot does not prune"
    if inference:
        return "is called with training=False, in which tfmot updates no masks"
    if calls > 1:
        return (
            f"is shared (the model calls it {calls} times), and tfmot would count each call as a "
            "step"
        )
    return ""


def _named_prunable(layer):
    return hasattr(layer, "get_prunable_weights") or registry.supports(layer)


def _own_prunable(layer):
    """The weights that tfmot's wrapper would prune in the layer; the layer stays unchanged."""
    if hasattr(layer, "get_prunable_weights"):
        return list(layer.get_prunable_weights())
    try:
        return list(registry.make_prunable(layer).get_prunable_weights())
    finally:
        del layer.get_prunable_weights


def _not_named(layer):
    return f"is no kernel that tfmot prunes in a {type(layer).__name__}"


def _is_kernel(weight):
    if not hasattr(weight, "trainable"):  # the table of an adapted lookup layer
        return False
    name = weight.name.partition(":")[0].rpartition("/")[2].lower()
    return weight.trainable and len(weight.shape) > 1 and not any(n in name for n in _NO_KERNELS)


def _names(path, weights):
    """One name for each weight: the layer's, followed by the weight's own if there are several."""
    if len(weights) < 2:
        return [path] * len(weights)
    parts = [weight.name.partition(":")[0].split("/") for weight in weights]
    last = [own[-1] for own in parts]
    depth = min(map(len, parts))
    for at in (None, *range(depth - 1)):  # to tell "query/kernel" from "key/kernel"
        names = last if at is None else [f"{own[at]}/{own[-1]}" for own in parts]
        if len(set(names)) == len(names):
            return [f"{path}/{name}" for name in names]
    return [f"{path}/{name}_{i}" for i, name in enumerate(last, 1)]


def calls_of(model):
    """How often one forward pass calls each layer, by its id, in nested models too."""
    return _calls(model)[0]


def _calls(model):
    """How often one forward pass calls each layer, by its id, in nested models too.

    Also the ids of the layers called with training=False, directly or through an enclosing model.
    """
    counts, inference = Counter(), set()

    def count(inner, times, fixed):
        # A Sequential's nodes are those of the functional graph it builds from its layers.
        levels = (getattr(inner, "_nodes_by_depth", None) or {}).values()
        nodes = [node for level in levels for node in level]
        called = Counter(id(node.layer) for node in nodes)
        off = {id(node.layer) for node in nodes if _is_off(node.call_kwargs.get("training"))}
        for layer in inner.layers:
            here, still = times * max(called[id(layer)], 1), fixed or id(layer) in off
            if is_nested(layer):
                count(layer, here, still)
                continue
            counts[id(layer)] += here
            if still:
                inference.add(id(layer))

    count(model, 1, False)
    return counts, inference


def _is_off(training):
    return isinstance(training, bool | int | np.bool_) and not training
