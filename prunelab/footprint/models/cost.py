"""Parameters and multiply-adds of a model, counted from the shapes of its layers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prunelab.footprint import networks
from prunelab.footprint.models.network import is_keras_3
from prunelab.masks.network import Network

if TYPE_CHECKING:
    from tf_keras import Model


@dataclass(frozen=True)
class LayerCost:
    """The cost of one layer. kind: its class. parameters: all its weights. multiply_adds: for
    one row of inputs; None for a layer that cannot be counted here."""

    layer: str
    kind: str
    parameters: int
    multiply_adds: int | None


@dataclass(frozen=True)
class Cost:
    """The cost of one row; see `cost`. layers: a `LayerCost` each."""

    layers: tuple[LayerCost, ...]

    @property
    def parameters(self) -> int:
        """The number of weights of all kinds."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """The sum over the layers that can be counted."""
        return sum(layer.multiply_adds or 0 for layer in self.layers)

    @property
    def uncounted(self) -> tuple[str, ...]:
        """The names of the layers that cannot be counted."""
        return tuple(layer.layer for layer in self.layers if layer.multiply_adds is None)

    def __str__(self) -> str:
        missing = ", ".join(self.uncounted)
        if missing and not self.multiply_adds:
            return (
                f"{self.parameters:,} parameters; no multiply-adds could be counted: those of "
                f"{missing} need Keras' own layers with shapes that are known; build the model as "
                "a Sequential or functional one, with an Input of fixed sides"
            )
        words = (
            f"{self.parameters:,} parameters; {self.multiply_adds:,} multiply-adds a row "
            f"({2 * self.multiply_adds:,} FLOPs), counted from the layers' shapes, zeros as all "
            "others"
        )
        return f"{words}; not counted: {missing}" if missing else words


def cost(model: Network | Model) -> Cost:
    """Parameters and multiply-adds of a tf_keras model, or of a `prunelab.masks.Network`.

    A multiply-add is one multiplication with a weight (in attention also of two activations) and
    the addition after it, two FLOPs. Dense layers, convolutions, recurrent layers and multi-head
    attention are counted, from the shapes they were built with, for one row of inputs. Biases,
    activations, normalisation and pooling add a few operations for each activation and are left
    out; so are look-ups. A layer of the reader's own, or one with sides of unknown length, is named
    in `uncounted`. Raises TypeError or ValueError, in one sentence, for anything but a built model
    of tf_keras.
    """
    if isinstance(model, Network):
        return Cost(
            tuple(
                LayerCost(f"layer {at}", "Dense", kernel.size + len(bias), kernel.size)
                for at, (kernel, bias) in enumerate(zip(model.kernels, model.biases, strict=True))
            )
        )
    model = getattr(model, "model", model)  # the copy that `subject` made
    networks.refuse_plain_values(model)
    if is_keras_3(model):
        raise TypeError("model is a Keras 3 model: multiply-adds are counted of tf_keras' layers")
    from prunelab.networks import models, prunable

    models.check_model(model)
    calls, found, seen = prunable.calls_of(model), [], set()
    for path, layer in prunable.leaf_layers(model):
        layer, times = prunable.unwrapped(layer), calls[id(layer)]
        if id(layer) not in seen:
            seen.add(id(layer))
            found.append(_cost_of(path, layer, times))
    return Cost(tuple(found))


def _cost_of(path, layer, times):
    from prunelab.networks.prunable import is_kerass

    rule = _RULES.get(type(layer).__name__) if is_kerass(type(layer)) else None
    parameters = sum(int(math.prod(weight.shape)) for weight in layer.weights)
    try:
        each = rule(layer) if rule else _without_rule(layer)
    except (TypeError, AttributeError, RuntimeError):  # a side of unknown length, several shapes
        each = None
    each = None if each is None else times * each
    return LayerCost(path, type(layer).__name__, parameters, each)


def _without_rule(layer):
    """0 for a Keras layer without matrices, which works on each activation alone; else None."""
    from prunelab.networks.prunable import is_kerass

    wide = any(len(weight.shape) > 1 for weight in layer.weights)
    return 0 if is_kerass(type(layer)) and not wide else None


def _matrices(layer):
    return sum(
        int(math.prod(w.shape)) for w in layer.weights if w.name.endswith(("kernel:0", "kernel"))
    )


def _positions(shape, layer):
    """The number of positions in an activation [rows, positions …, channels]."""
    first = getattr(layer, "data_format", None) == "channels_first"
    return math.prod(shape[2:] if first else shape[1:-1])


def _dense(layer):
    return _matrices(layer) * _positions(layer.output_shape, layer)


def _transposed(layer):
    return _matrices(layer) * _positions(layer.input_shape, layer)


def _recurrent(layer):
    return _matrices(layer) * layer.input_shape[1]


def _einsum(layer):
    """The product of the sizes of all letters in the equation, for one row."""
    given, kernel = layer.equation.partition("->")[0].split(",")
    if "..." in layer.equation:
        return None
    sizes = dict(zip(kernel, layer.kernel.shape, strict=True))
    sizes |= dict(zip(given[1:], layer.input_shape[1:], strict=True))
    return math.prod(sizes.values())


def _attention(layer):
    asked, known = (math.prod(shape[1:-1]) for shape in (layer._query_shape, layer._key_shape))
    size = {name: math.prod(getattr(layer, f"_{name}_dense").kernel.shape) for name in _PARTS}
    products = asked * known * layer._num_heads * (layer._key_dim + layer._value_dim)
    return (
        (size["query"] + size["output"]) * asked + (size["key"] + size["value"]) * known + products
    )


_PARTS = ("query", "key", "value", "output")
_RULES = {
    **dict.fromkeys(("Dense", "Conv1D", "Conv2D", "Conv3D"), _dense),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _dense),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _dense),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), _transposed),
    **dict.fromkeys(("LSTM", "GRU", "SimpleRNN", "Bidirectional"), _recurrent),
    "EinsumDense": _einsum,
    "MultiHeadAttention": _attention,
    "Embedding": lambda layer: 0,
}
