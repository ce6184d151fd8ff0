"""What Keras writes, read back: the network alone, with its optimizer, in pruning wrappers."""

import gzip
import tempfile
from pathlib import Path

import numpy as np

from prunelab.footprint.networks import to_model

# name: (what the file contains, ending)
KERAS_FILES = {
    "wrapped": (
        "in pruning wrappers and compiled, as training saves it: each kernel twice, by the wrapper "
        "and by its layer, a mask of the same size, and Adam's two averages of each weight",
        ".keras",
    ),
    "compiled": (
        "stripped but compiled: weights and Adam's two averages of each",
        ".keras",
    ),
    "keras": (
        "stripped, not compiled: a zip that compresses nothing, weights in float32",
        ".keras",
    ),
    "h5": ("the same in Keras' older format", ".h5"),
    "keras_gzip": ("the .keras file, compressed by gzip at level 6", ".keras"),
}


def keras_file(network, name):
    """(bytes of the file, predictions function of what was loaded from it again)."""
    from prunelab.keras_mlp._door import _silence, tf_keras, tfmot

    model = to_model(network)
    if name == "wrapped":
        model = _wrapped(model)
    elif name == "compiled":
        _compile(model)
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder, _silence():
        path = Path(folder) / f"network{KERAS_FILES[name][1]}"
        model.save(path)
        content = path.read_bytes()
        with tfmot.sparsity.keras.prune_scope():
            # Our own file: nothing in it runs code.
            again = tf_keras.models.load_model(path, compile=False)
    if name == "keras_gzip":
        content = gzip.compress(content, 6, mtime=0)
    return len(content), lambda x: np.asarray(again(x, training=False))


def _wrapped(model):
    from prunelab.keras_mlp.models import to_tfmot, wrap
    from prunelab.keras_mlp.prunable import kernels_of
    from prunelab.schedules import ConstantSparsity

    names = {kernel.layer for kernel in kernels_of(model) if not kernel.dense_because}
    wrapped = wrap(model, to_tfmot(ConstantSparsity(0.5, 0)), names)
    _compile(wrapped)
    return wrapped


def _compile(model):
    from prunelab.keras_mlp import compile

    compile(model)
    model.optimizer.build(model.trainable_variables)
