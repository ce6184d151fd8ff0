"""Convert a Keras model to plain arrays and back, and compare predictions with the network's.

TensorFlow is imported only by functions that need it.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import real_array, shown
from prunelab.masks.network import Network

if TYPE_CHECKING:
    from tf_keras import Model, Sequential

KNOWN = "Dense, ReLU, Dropout and tfmot's pruning wrappers around them"


def as_network(model: Network | Model) -> Network:
    """A `prunelab.masks.Network` with the weights of `model`, which stays as it is.

    model: a Network, which is returned, or a built `tf_keras.Sequential` of Dense layers that takes
    rows of numbers, with a ReLU, as layer or as activation, after each layer but the last. Pruning
    wrappers are ignored. Layers and activations are recognised by class and function, not by name:
    a reader's own `Dense` or `relu` may do anything. Raises TypeError or ValueError, in one
    sentence, for any other model.
    """
    if isinstance(model, Network):
        return model
    refuse_plain_values(model)
    from prunelab import networks
    from prunelab.networks import models, prunable

    models.check_model(model)
    known = networks.tf_keras.layers
    layers: list[tuple[np.ndarray, np.ndarray]] = []
    relu: list[bool] = []  # whether a ReLU follows
    for layer in _leaves(model, networks):
        layer = prunable.unwrapped(layer)
        kind = None if _is_changed(layer) else type(layer)
        if kind in (known.InputLayer, known.Dropout):
            continue
        if kind is known.Dense:
            _add_dense(layer, layers, relu)
        elif kind in (known.ReLU, known.Activation) and _is_plain_relu(layer) and layers:
            relu[-1] = True
        else:
            raise ValueError(
                f"model holds the layer {shown(layer.name)}, {_described(layer, layers)}: the "
                f"footprint does this for {KNOWN} alone; weigh, time and export take any model"
            )
    _refuse_other_rows(model)
    if not layers:
        raise ValueError(f"model has no Dense layer: the footprint knows {KNOWN}")
    if relu[-1] or not all(relu[:-1]):
        raise ValueError(
            "model must have a ReLU after each Dense layer but the last: the footprint's runtimes "
            "run this one form; rebuild the model in it"
        )
    return Network(layers)


def to_model(network: Network) -> Sequential:
    """A `tf_keras.Sequential` with the weights of `network`; not compiled."""
    from prunelab import networks

    hidden = tuple(len(bias) for bias in network.biases[:-1])
    outputs = len(network.biases[-1])
    model = networks.build(network.kernels[0].shape[0], hidden, seed=0)
    if outputs != 1:  # the course's networks have one output, others may have more
        model.pop()
        model.add(networks.tf_keras.layers.Dense(outputs, name="output"))
    config = model.get_config()
    # Keras numbers layers without a name, and the digits would change the bytes of a file.
    config["name"] = "network"
    config["layers"][0]["config"]["name"] = "inputs"
    model = networks.tf_keras.Sequential.from_config(config)
    model.set_weights(
        [a for pair in zip(network.kernels, network.biases, strict=True) for a in pair]
    )
    return model


def model_of(network):
    """The Keras model of a `Network` or `KerasNetwork`, to be run but not changed."""
    return to_model(network) if isinstance(network, Network) else network.model


def new_model_of(network):
    """Like `model_of`, but a new model, which can be compiled or wrapped."""
    return to_model(network) if isinstance(network, Network) else network.copy()


def resized(x, batch):
    """`batch` rows of x; if there are fewer, they are repeated."""
    return x.resized(batch) if hasattr(x, "resized") else np.resize(x, (batch, *x.shape[1:]))


def shape_of(network: Network) -> tuple[int, ...]:
    """(inputs, units of each hidden layer, outputs)."""
    return (network.kernels[0].shape[0], *(len(bias) for bias in network.biases))


def n_weights(network):
    """The number of kernel weights."""
    if hasattr(network, "counted"):  # a file counts its own arrays
        return network.counted()[0]
    return sum(kernel.size for kernel in network.kernels)


def n_nonzero(network):
    """The number of kernel weights that are not 0."""
    if hasattr(network, "counted"):
        return network.counted()[1]
    return sum(int(np.count_nonzero(kernel)) for kernel in network.kernels)


def n_bytes(network):
    """The bytes of the kernels in their own types."""
    return sum(kernel.nbytes for kernel in network.kernels)


def types_of(network):
    """The types of the kernels in words, such as "float32" or "bfloat16 and float32"."""
    names = sorted({kernel.dtype.name for kernel in network.kernels})
    if not names and hasattr(network, "tensors"):  # a .tflite file
        names = sorted({row.dtype for row in network.counted_rows()})
    return " and ".join(names)


def zeros_of(network: Network) -> float:
    """The fraction of kernel weights that are 0, in [0, 1]."""
    return 1 - n_nonzero(network) / max(n_weights(network), 1)


def checked_rows(network, x):
    """x as float32 [rows, inputs] that fits `network`, or an error in one sentence."""
    x = real_array("x", x)
    inputs = network.kernels[0].shape[0]
    if x.ndim != 2 or x.shape[1] != inputs:
        raise ValueError(f"x has shape {x.shape}: the network takes rows of {inputs} inputs")
    if not len(x):
        raise ValueError("x has 0 rows: 1 at least are needed")
    if not np.isfinite(x).all():
        raise ValueError("x holds NaN or infinity: its predictions say nothing; drop such rows")
    return np.ascontiguousarray(x, np.float32)


def refuse_plain_values(model):
    """TypeError if `model` is a plain value, such as a number or a text."""
    if model is None or isinstance(
        model, str | bytes | int | float | list | tuple | dict | np.ndarray
    ):
        raise TypeError(
            f"model={shown(model)}: write a tf_keras model or a prunelab.masks.Network of arrays"
        )


def _leaves(model, networks):
    from prunelab.networks import carried

    if not isinstance(model, networks.tf_keras.Sequential):
        raise ValueError(
            f"model is a {type(model).__name__}: this takes a tf_keras.Sequential of Dense layers; "
            "weigh, time, cost and export take the model as it is"
        )
    if own := [name for name in carried.own_methods(model) if "call" in name]:
        raise ValueError(
            f"model {shown(model.name)} has a {own[0]} of its own ({type(model).__name__}), which "
            "the footprint would not run: put what it does into layers of a plain "
            "tf_keras.Sequential"
        )
    for layer in model.layers:
        if isinstance(layer, networks.tf_keras.Model):
            yield from _leaves(layer, networks)
        else:
            yield layer


def _add_dense(layer, layers, relu):
    is_relu = _is_relu(layer.activation)
    if not is_relu and not _is_linear(layer.activation):
        name = getattr(layer.activation, "__name__", shown(layer.activation))
        own = ", a function of its own" if name in ("relu", "linear") else ""
        raise ValueError(
            f"model's layer {shown(layer.name)} has the activation {name}{own}: this "
            "takes Keras' relu and linear alone; weigh, time and export take any model"
        )
    if other := [w.dtype.name for w in layer.weights if w.dtype.name != "float32"]:
        warnings.warn(
            f"model's layer {shown(layer.name)} has weights in {other[0]}: they are taken as "
            "float32; weigh and time take the model as it is",
            stacklevel=4,
        )
    bias = layer.bias.numpy() if layer.use_bias else np.zeros(layer.units, np.float32)
    if not layer.use_bias:
        warnings.warn(
            f"model's layer {shown(layer.name)} has no bias: it is weighed with one of zeros, "
            f"{4 * layer.units:,} bytes as float32",
            stacklevel=4,
        )
    layers.append((layer.kernel.numpy(), bias))
    relu.append(is_relu)


def _refuse_other_rows(model):
    wanted = model.input_shape[1:]
    if len(wanted) != 1:
        sides = ", ".join("any" if side is None else str(side) for side in wanted)
        raise ValueError(
            f"model takes [rows, {sides}]: the footprint's runtimes run rows of numbers, "
            "[rows, inputs]; rebuild the model with tf_keras.Input((inputs,))"
        )


def _is_changed(layer):
    """Whether the layer object itself overrides what its class computes."""
    return not {"call", "__call__"}.isdisjoint(vars(layer))


def _is_relu(function):
    from prunelab.networks.backend import tensorflow as tf
    from prunelab.networks.backend import tf_keras

    return function is tf_keras.activations.relu or function is tf.nn.relu


def _is_linear(function):
    from prunelab.networks.backend import tf_keras

    return function is tf_keras.activations.linear


def _is_plain_relu(layer):
    """Whether a layer of Keras' own, ReLU or Activation, is a plain ReLU."""
    if hasattr(layer, "activation"):
        return _is_relu(layer.activation)
    return layer.max_value is None and not layer.negative_slope and not layer.threshold


def _described(layer, before):
    from prunelab.networks.backend import tf_keras

    kind, known = type(layer).__name__, tf_keras.layers
    if _is_changed(layer):
        return f"a {kind} with a call of its own"
    if type(layer) in (known.ReLU, known.Activation):
        if _is_plain_relu(layer) and not before:
            return "a ReLU before the first Dense"
        return f"a {kind} with settings of its own"
    if kind in ("Dense", "ReLU", "Activation", "Dropout", "InputLayer"):
        return f"a class of its own called {kind}, not Keras'"
    return f"a {kind}"


FLOAT_TOLERANCE = 1e-4
INT8_TOLERANCE = 0.05
SAME_INT8_TOLERANCE = 0.01


def reference(network, x):
    """The predictions of `network` on x in float64, with which all others are compared.

    A model that is no `Network` predicts itself, in its own precision.
    """
    if not isinstance(network, Network):
        return np.asarray(network.forward(x), np.float64)
    activations = np.asarray(x, np.float64)
    for at, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        activations = activations @ kernel.astype(np.float64) + bias
        if at < len(network) - 1:
            np.maximum(activations, 0, out=activations)
    return activations


def relative_error(predicted, expected, scale=None):
    """Root mean square of the differences over that of `scale`, by default of `expected`.

    scale: predictions of many rows, for a batch so small that its own may happen to be near 0.
    The error is infinite if a prediction is NaN or infinite.
    """
    predicted = np.asarray(predicted, np.float64).reshape(np.shape(expected))
    if not np.isfinite(predicted).all():
        return float("inf")
    size = np.sqrt(np.mean(np.square(expected if scale is None else scale)))
    difference = np.sqrt(np.mean(np.square(predicted - expected)))
    return float(difference / size) if size else float(difference)


def verdict(error, tolerance, what="it"):
    """("right", "") or ("wrong", one sentence that says by how much)."""
    if error <= tolerance:
        return "right", ""
    by = "are not finite" if np.isinf(error) else f"are off by {_percent(error)}"
    return "wrong", f"its predictions {by}, where {what} may be off by {_percent(tolerance)}"


def finite(error):
    """The error in a form that JSON can hold: None if it is infinite."""
    return None if error is None or np.isinf(error) else float(f"{error:.3g}")


def _percent(fraction):
    return f"{100 * fraction:.2g} %" if fraction < 1 else f"{fraction:.3g} times their size"
