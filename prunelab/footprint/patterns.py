"""One network in every pattern of zeros there is to compare, each with as many weights left."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prunelab.footprint.neurons import remove_neurons, units_for
from prunelab.magnitude import block_mask, magnitude_mask, n_of_m_mask
from prunelab.mlp import Network
from prunelab.validate import shown, sparsity_fraction, whole


@dataclass(frozen=True)
class Pattern:
    """label: what it is called. about: what is done to a network, in a sentence. block: (inputs,
    units) that go as one, or None. smaller: whether weights go rather than become 0."""

    name: str
    label: str
    about: str
    block: tuple | None = None
    smaller: bool = False


PATTERNS = {
    pattern.name: pattern
    for pattern in (
        Pattern("dense", "dense", "The network as it is."),
        Pattern(
            "unstructured",
            "single weights",
            "The smallest weights of each kernel are 0, as `prune_low_magnitude` leaves them.",
            (1, 1),
        ),
        Pattern(
            "blocks_1x4",
            "1 × 4 blocks",
            "Four consecutive inputs of a neuron are 0 at once, tfmot's block_size=(4, 1); "
            "the output layer stays dense.",
            (4, 1),
        ),
        Pattern(
            "blocks_1x16",
            "1 × 16 blocks",
            "Sixteen consecutive inputs of a neuron are 0 at once, tfmot's block_size=(16, 1); "
            "the output layer stays dense.",
            (16, 1),
        ),
        Pattern(
            "two_of_four",
            "2 of 4",
            "The two smallest of every four inputs of a neuron are 0; always half of all weights.",
        ),
        Pattern(
            "neurons",
            "neurons removed",
            "Whole neurons, those of the smallest fan-in × fan-out, are gone, and their weights.",
            smaller=True,
        ),
        Pattern(
            "small_dense",
            "small dense",
            "A dense network of as many weights, drawn anew: what one could train at once.",
            smaller=True,
        ),
    )
}


def pruned(network, pattern, sparsity=0.0, *, seed=0):
    """`network` in a pattern at a sparsity: a new `Network` with about as many weights left.

    pattern: a name of PATTERNS; sparsity: the fraction of weights to go, in [0, 1). "dense" takes
    0 and "two_of_four" 0.5. Zeros are chosen by magnitude; the values that stay are the network's
    own, without retraining: bytes and milliseconds do not ask for a good loss. seed: of the
    weights of "small_dense".
    """
    chosen, sparsity = pattern_named(pattern), sparsity_fraction("sparsity", sparsity)
    fixed = {"dense": 0.0, "two_of_four": 0.5}
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
    """The `Pattern` of this name, or one sentence with the names there are."""
    if not isinstance(name, str) or name not in PATTERNS:
        raise ValueError(f"pattern={shown(name)}: the patterns are {', '.join(PATTERNS)}")
    return PATTERNS[name]


def _mask(pattern, kernel, sparsity, is_output):
    if pattern.name == "two_of_four":
        return np.float32(1) if is_output else n_of_m_mask(kernel, 2, 4)
    if pattern.block == (1, 1):
        return magnitude_mask(kernel, sparsity)
    return np.float32(1) if is_output else block_mask(kernel, sparsity, pattern.block)


def _drawn(network, units, seed):
    """He-normal weights of the size of `network` with other hidden units."""
    rng = np.random.default_rng(seed)
    widths = [network.kernels[0].shape[0], *units, len(network.biases[-1])]
    return Network(
        [
            (rng.normal(scale=(2 / inputs) ** 0.5, size=(inputs, outputs)), np.zeros(outputs))
            for inputs, outputs in pairwise(widths)
        ]
    )
