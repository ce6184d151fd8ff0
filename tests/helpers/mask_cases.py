"""A small network and explorers of it that the tests of the MaskExplorer share."""

import numpy as np

from prunelab.masks import PATTERNS, mask_losses
from prunelab.widgets import MaskExplorer


def layers(inputs=20, units=24, seed=0):
    """Kernel, bias, kernel, bias."""
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(inputs, units)), np.zeros(units), rng.normal(size=(units, 1)), [0.0]]


def losses(network, layer=0, **options):
    """Measured losses of a network on random rows, for every pattern unless told otherwise."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(30, len(network[0]))), rng.normal(size=30)
    options = {"patterns": PATTERNS, "sparsities": np.arange(0, 1, 0.05), "draws": 2} | options
    return mask_losses(network, x, y, layer=layer, **options)


def measured(**options):
    """An explorer of 20 × 24 weights with measured losses."""
    network = layers()
    return MaskExplorer(network[0], losses(network), name="first kernel", **options)


def coarse(**options):
    """An explorer without losses whose weights tie, with zeros and a dead neuron among them."""
    weights = np.round(np.random.default_rng(2).normal(size=(13, 9)))
    weights[:, 4] = 0
    return MaskExplorer(weights, **options)
