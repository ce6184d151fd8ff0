"""The kernels of a model, or of a mapping, as matrices; works without importing Keras.

Kernels are found by their names and not by `base.engines`: a picture needs no pruner, and each
engine imports one. That of tf_keras refuses a process in which TensorFlow's Keras is Keras 3, where
a model of tf_keras can be looked at all the same.
"""

from collections.abc import Mapping

import numpy as np

from prunelab.base.checks import real_array, shown
from prunelab.widgets.mask.data import MOST_WEIGHTS, checked_weights


def has_layers(weights):
    """Whether `weights` holds several kernels: a mapping {name: array}, or a model."""
    return isinstance(weights, Mapping) or _is_model(weights)


def _is_model(value):
    named = ("layers", "get_weights")
    return not isinstance(value, type) and all(hasattr(value, name) for name in named)


def matrices_of(weights):
    """({name: matrix [all other axes, neurons]}, {name: kernel shape}); errors are one sentence."""
    kernels = kernels_in(weights) if _is_model(weights) else dict(weights)
    if not kernels:
        raise ValueError(
            f"weights={shown(weights)}: it holds no kernels of two axes or more; build the model, "
            "or write {name: array}"
        )
    for name in kernels:
        if not isinstance(name, str) or not name:
            raise TypeError(f"weights holds the key {shown(name)}: write names, {{'conv': array}}")
    arrays = {name: real_array("weights", array) for name, array in kernels.items()}
    size = sum(array.size for array in arrays.values())
    if size > MOST_WEIGHTS:
        raise ValueError(
            f"weights hold {size:,} weights in {len(arrays)} kernels, and the explorer takes at "
            f"most {MOST_WEIGHTS:,}: hand over some of them, as {{name: array}}"
        )
    wide = {
        n: a.reshape(-1, a.shape[-1]) if a.ndim > 2 and a.size else a for n, a in arrays.items()
    }
    matrices = {name: checked_weights(array) for name, array in wide.items()}
    return matrices, {name: array.shape for name, array in arrays.items()}


def kernels_in(model):
    """{name: array} of a built model's kernels, with the names of `prunelab.networks.kernels`.

    Kernels are recognised by their names in tf_keras and Keras 3: `kernel`, or ending in it, and
    `embeddings`.
    """
    found = {}
    for path, layer in _leaves(model):
        own = [weight for weight in layer.weights if _is_kernel(weight)]
        for weight, name in zip(own, _names(path, own), strict=True):
            found.setdefault(name, np.asarray(weight))
    return found


def _leaves(model, prefix=""):
    for layer in model.layers:
        layer = layer.layer if hasattr(layer, "pruning_obj") else layer  # in tfmot's wrapper
        if _is_model(layer):
            yield from _leaves(layer, f"{prefix}{layer.name}/")
        else:
            yield prefix + layer.name, layer


def _parts(weight):
    return getattr(weight, "path", weight.name).partition(":")[0].split("/")


def _is_kernel(weight):
    last = _parts(weight)[-1]
    return len(weight.shape) > 1 and (last.endswith("kernel") or last == "embeddings")


def _names(path, weights):
    """The layer's name; for several kernels, followed by the part of theirs that differs."""
    if len(weights) < 2:
        return [path] * len(weights)
    parts = [_parts(weight) for weight in weights]
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(each[-depth:]) for each in parts]
        if len(set(names)) == len(names):
            break
    return [f"{path}/{name}" for name in names]
