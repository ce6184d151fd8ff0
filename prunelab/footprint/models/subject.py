"""Find out what is weighed or timed: the course's MLP, another Keras model, or a model's file."""

from __future__ import annotations

import os
import warnings

import numpy as np

from prunelab.footprint import networks
from prunelab.footprint.models.files import StoredArrays, read_model_file
from prunelab.footprint.models.network import DRAWN, KerasNetwork, is_keras_3
from prunelab.masks.network import Network


def subject(model):
    """A `Network` if `model` is like the course's MLP, else a `KerasNetwork` or `StoredArrays`.

    A `Network` can be run in more runtimes: those written in this package for it. Raises TypeError
    or ValueError, in one sentence, for anything else.
    """
    if isinstance(model, Network | KerasNetwork | StoredArrays):
        return model
    if isinstance(model, str | os.PathLike):
        return read_model_file(model)
    networks.refuse_plain_values(model)
    if not is_keras_3(model):
        with warnings.catch_warnings():
            # `Network` adds biases of zeros and float32 alone: others are weighed as they are.
            warnings.filterwarnings("error", message="model's layer .* has (no bias|weights in)")
            try:
                return networks.as_network(model)
            except (TypeError, ValueError, UserWarning):
                pass
    return KerasNetwork(model)


def model_or_network(model):
    """Like `subject`, for uses that need a model; a file is refused."""
    found = subject(model)
    if isinstance(found, StoredArrays):
        raise TypeError(
            f"model={networks.shown(model)}: a file has bytes and no milliseconds; load it, and "
            "hand over the model"
        )
    if getattr(found, "is_keras_3", False):
        raise TypeError(
            f"model {networks.shown(found.model.name)} is of Keras 3: weigh gives its bytes, and "
            "its milliseconds are measured for models of tf_keras alone"
        )
    return found


def rows_for(network, x):
    """x as rows that fit `network`, or an error in one sentence; None draws random rows."""
    if not isinstance(network, Network):
        return network.checked_rows(x)
    if x is None:
        x = np.random.default_rng(0).normal(size=(DRAWN, len(network.kernels[0])))
    return networks.checked_rows(network, x)
