"""A trained, pruned network that lies with the course: to weigh and to cut, without training."""

import struct

import numpy as np

from prunelab import plans, runs
from prunelab.config import layer_names
from prunelab.course import stored_path
from prunelab.footprint.codecs import decode, encode
from prunelab.mlp import Network

ARM, SEED = "completed_75", 0  # of the short plan
FOLDER = "networks"  # in the course's folder
CODEC = "bitmask"  # a quarter smaller than NumPy's zip of the kernels, whose zeros have signs


def stored_network(folder=None):
    """The `prunelab.mlp.Network` of the short plan's arm pruned to 75 %, seed 0, as trained.

    folder: where its two files lie; None: the course's own. `stored_run` says how it was made and
    what it scored. Raises FileNotFoundError or `runs.RunError`, in one sentence, where the files
    are missing, damaged or of another run.
    """
    stored_run(folder)
    arrays = runs.load_weights(*_which(folder))
    if set(arrays) != {CODEC}:
        raise runs.RunError(f"{_path(folder).name} holds no {CODEC}: store it with store_network")
    try:
        config = _which(folder)[0]
        shape = (config.n_features, *config.hidden, 1)
        return decode(arrays[CODEC].tobytes(), CODEC, shape)
    except (ValueError, TypeError, struct.error) as error:
        raise runs.RunError(f"{_path(folder).name} holds no network: {error}") from None


def stored_run(folder=None):
    """The `RunResult` of `stored_network`: settings, seed, data, losses and scores."""
    try:
        return runs.load(*_which(folder))
    except FileNotFoundError:
        path = runs.path(*_which(folder))
        raise FileNotFoundError(
            f"{path.name} is not in {path.parent.name or 'this folder'}: it comes with the course; "
            "get course/networks again, or train the run and call store_network"
        ) from None


def store_network(source, folder=None):
    """Take the run from the folder `source`, where `keras_mlp.run(…, keep_weights=True)` left it.

    It is written to `folder`, by default the course's: every weight and bias bit for bit, but that
    a −0.0, as masks leave them, comes back as 0.0. Returns the path.
    """
    config, seed, _ = _which(None)
    network = network_of_run(config, seed, source)
    content = np.frombuffer(encode(network, CODEC), np.uint8)
    target = stored_path(FOLDER) if folder is None else folder
    return runs.save(runs.load(config, seed, source), target, {CODEC: content})


def network_of_run(config, seed, folder=None):
    """The `Network` of any run that kept its weights; see `runs.load_weights`."""
    arrays = runs.load_weights(config, seed, folder)
    names = layer_names(len(config.hidden))
    lacking = [name for name in names if name not in arrays]
    if lacking:
        raise ValueError(
            f"{config.name} was stored without the kernel of {lacking[0]!r}: "
            "run it again with weights kept, in another folder"
        )
    missing = [name for name in names if f"{name}_bias" not in arrays]
    if missing:
        raise ValueError(
            f"{config.name} was stored without its biases, by an earlier version: "
            f"remove its files and run `prunelab run {config.name} --keep-weights` again"
        )
    return Network([(arrays[name], arrays[f"{name}_bias"]) for name in names])


def _which(folder):
    return plans.PLANS["short"].arm(ARM), SEED, stored_path(FOLDER) if folder is None else folder


def _path(folder):
    return runs.path(*_which(folder)).with_suffix(".npz")
