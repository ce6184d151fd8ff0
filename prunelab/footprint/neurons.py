"""Remove whole neurons from an MLP: their column, their bias, and their row in the next layer."""

from itertools import pairwise

import numpy as np

from prunelab.footprint.networks import as_network, n_weights, shape_of, to_model
from prunelab.mlp import Network
from prunelab.validate import shown, sparsity_fraction, whole


def remove_neurons(model, *, units=None):
    """A smaller model without the neurons that are dead, or without the weakest.

    model: a `prunelab.mlp.Network` or a tf_keras model (see `as_network`); the same kind comes
    back, and `model` stays as it is. units: None removes what a mask left empty, and nothing else;
    a number, or one for each hidden layer, keeps so many, those of the largest norm of fan-in
    (their column) × norm of fan-out (their row in the next kernel).

    A neuron whose fan-in is all zero always says relu(bias): that constant goes into the biases of
    the next layer. One whose fan-out is all zero is not heard. So dead neurons leave without a
    change of the output but for rounding; a layer keeps one neuron at least.
    Source of removing what pruning left dead: Han et al. 2015.
    """
    network = as_network(model)
    layers = [
        [kernel.copy(), bias.copy()]
        for kernel, bias in zip(network.kernels, network.biases, strict=True)
    ]
    if units is None:
        while any(
            [_keep_in_layer(layers, at, _alive(layers, at)) for at in range(len(layers) - 1)]
        ):
            pass  # a neuron that is gone may have been the only one another spoke to
    else:
        # All are ranked in the network as it was; what one layer loses changes no score.
        wanted = _checked_units(network, units)
        kept = [_strongest(layers, at, count) for at, count in enumerate(wanted)]
        for at, keep in enumerate(kept):
            _keep_in_layer(layers, at, keep)
    smaller = Network(layers)
    return smaller if isinstance(model, Network) else to_model(smaller)


def units_for(network, sparsity):
    """Hidden units that leave the fraction 1 − sparsity of the kernel weights: one number a layer.

    All layers shrink by one factor, found by bisection; at least one unit stays in each.
    """
    network, sparsity = as_network(network), sparsity_fraction("sparsity", sparsity)
    inputs, *hidden, outputs = shape_of(network)
    budget = (1 - sparsity) * n_weights(network)

    def shrunk(factor):
        return [max(1, round(factor * count)) for count in hidden]

    def weights(units):
        widths = [inputs, *units, outputs]
        return sum(a * b for a, b in pairwise(widths))

    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if weights(shrunk(middle)) <= budget else (low, middle)
    return tuple(hidden) if weights(hidden) <= budget else tuple(shrunk(low))


def _alive(layers, at):
    """Which neurons of a hidden layer both hear and are heard."""
    return layers[at][0].any(axis=0) & layers[at + 1][0].any(axis=1)


def _strongest(layers, at, count):
    scores = np.linalg.norm(layers[at][0], axis=0) * np.linalg.norm(layers[at + 1][0], axis=1)
    keep = np.zeros(len(scores), bool)
    keep[np.argsort(-scores, kind="stable")[:count]] = True
    return keep


def _keep_in_layer(layers, at, keep):
    """Take the other neurons out of `layers`; whether there were any."""
    if not keep.any():
        keep = keep.copy()
        keep[0] = True
    if keep.all():
        return False
    (kernel, bias), (after, bias_after) = layers[at], layers[at + 1]
    silent = ~keep & ~kernel.any(axis=0)
    constant = np.maximum(bias[silent], 0).astype(np.float64) @ after[silent].astype(np.float64)
    layers[at] = [kernel[:, keep], bias[keep]]
    layers[at + 1] = [after[keep], (bias_after + constant).astype(np.float32)]
    return True


def _checked_units(network, units):
    hidden = shape_of(network)[1:-1]
    if not isinstance(units, tuple | list):
        units = [units] * len(hidden)
    if len(units) != len(hidden):
        raise ValueError(
            f"units={shown(units)}: the network has {len(hidden)} hidden layers; "
            "write a number for each, or one for all"
        )
    return [
        whole("units", count, at_least=1, at_most=most)
        for count, most in zip(units, hidden, strict=True)
    ]
