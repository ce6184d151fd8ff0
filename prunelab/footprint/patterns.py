"""One network in every pattern of zeros, with about as many weights left; neurons removed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from prunelab.base.checks import shown, sparsity_fraction, whole
from prunelab.footprint.networks import as_network, n_weights, shape_of, to_model
from prunelab.masks import patterns as masks
from prunelab.masks.network import Network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tf_keras import Model


def remove_neurons(
    model: Network | Model, *, units: int | Sequence[int] | None = None
) -> Network | Model:
    """A smaller model without its dead neurons, or without its weakest.

    model: a `prunelab.masks.Network` or a tf_keras model (see `as_network`); the result is of the
    same kind, and `model` stays as it is. units: None removes only dead neurons. A number, or one
    for each hidden layer, keeps that many neurons: those with the largest norm of fan-in (their
    column) × norm of fan-out (their row in the next kernel).

    A neuron whose fan-in is all zero has the constant output relu(bias), which is added to the
    biases of the next layer. A neuron whose fan-out is all zero has no effect. So removing dead
    neurons does not change the output, apart from rounding; each layer keeps at least one neuron.
    Source for removing neurons that pruning left dead: Han et al. 2015.
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
            pass  # removing a neuron may leave another one without inputs or outputs
    else:
        # All neurons are ranked in the original network; removing some changes no score.
        wanted = _checked_units(network, units)
        kept = [_strongest(layers, at, count) for at, count in enumerate(wanted)]
        for at, keep in enumerate(kept):
            _keep_in_layer(layers, at, keep)
    smaller = Network(layers)
    return smaller if isinstance(model, Network) else to_model(smaller)


def units_for(network: Network | Model, sparsity: float) -> tuple[int, ...]:
    """Hidden units, one number a layer, that leave the fraction 1 − sparsity of the kernel weights.

    All layers shrink by the same factor, found by bisection; each keeps at least one unit.
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
    """Which neurons of a hidden layer have a non-zero weight in both fan-in and fan-out."""
    return layers[at][0].any(axis=0) & layers[at + 1][0].any(axis=1)


def _strongest(layers, at, count):
    scores = np.linalg.norm(layers[at][0], axis=0) * np.linalg.norm(layers[at + 1][0], axis=1)
    keep = np.zeros(len(scores), bool)
    keep[np.argsort(-scores, kind="stable")[:count]] = True
    return keep


def _keep_in_layer(layers, at, keep):
    """Remove the neurons not in `keep` from `layers`; True if there were any."""
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


@dataclass(frozen=True)
class NetworkPattern:
    """label: its name for readers. about: what is done to a network, one sentence. smaller: whether
    weights are removed rather than set to 0."""

    name: str
    label: str
    about: str
    smaller: bool = False


def _of_masks(name, more=""):
    pattern = masks.PATTERNS[name]
    return NetworkPattern(name, pattern.label, pattern.about + more)


PATTERNS = {
    pattern.name: pattern
    for pattern in (
        NetworkPattern("dense", "dense", "The network as it is."),
        _of_masks("unstructured"),
        _of_masks("4x1", " The output layer stays dense."),
        _of_masks("16x1", " The output layer stays dense."),
        _of_masks(masks.GROUP),
        NetworkPattern(
            "neurons",
            "neurons removed",
            "Whole neurons are removed with their weights: those whose incoming weights' norm "
            "times outgoing weights' norm is smallest.",
            smaller=True,
        ),
        NetworkPattern(
            "small_dense",
            "small dense",
            "A small dense network with as many weights, drawn at random: one could train it from "
            "the start.",
            smaller=True,
        ),
    )
}


def pruned(network: Network, pattern: str, sparsity: float = 0.0, *, seed: int = 0) -> Network:
    """`network` in a pattern at a sparsity: a new `Network` with about as many weights left.

    pattern: a name of PATTERNS; sparsity: the fraction of weights to remove, in [0, 1). "dense"
    takes 0 and "2:4" 0.5. Zeros are chosen by magnitude. The remaining weights are not retrained:
    bytes and milliseconds do not depend on the loss. seed: of the weights of "small_dense".
    """
    chosen, sparsity = pattern_named(pattern), sparsity_fraction("sparsity", sparsity)
    fixed = {"dense": 0.0, masks.GROUP: 0.5}
    if sparsity != fixed.get(pattern, sparsity):
        raise ValueError(
            f"sparsity={sparsity}: the pattern {pattern!r} has a sparsity of {fixed[pattern]}"
        )
    if pattern == "dense":
        return network
    if pattern == "neurons":
        return remove_neurons(network, units=units_for(network, sparsity))
    if pattern == "small_dense":
        return _drawn(network, units_for(network, sparsity), whole("seed", seed))
    last = len(network) - 1
    layers = []
    for at, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        layers.append((kernel * _mask(chosen, kernel, sparsity, at == last), bias))
    return Network(layers)


def pattern_named(name):
    """The `NetworkPattern` of this name, or an error in one sentence that lists the names."""
    if not isinstance(name, str) or name not in PATTERNS:
        raise ValueError(f"pattern={shown(name)}: the patterns are {', '.join(PATTERNS)}")
    return PATTERNS[name]


def _mask(pattern, kernel, sparsity, is_output):
    if is_output and pattern.name != "unstructured":
        return np.float32(1)
    return masks.pattern_mask(kernel, sparsity, pattern.name)


def _drawn(network, units, seed):
    """A network like `network` with other hidden units and He-normal weights."""
    rng = np.random.default_rng(seed)
    widths = [network.kernels[0].shape[0], *units, len(network.biases[-1])]
    return Network(
        [
            (rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, outputs)), np.zeros(outputs))
            for inputs, outputs in pairwise(widths)
        ]
    )
