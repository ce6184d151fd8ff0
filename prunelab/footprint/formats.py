"""The formats a network can be stored in: what each contains, how it is written and read again.

Keras writes three kinds of file: the network alone, with its optimizer, in pruning wrappers.
"""

import gzip
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from prunelab.base.checks import shown
from prunelab.footprint import networks, tflite
from prunelab.footprint.codecs import CODECS, decode, encode
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
    from prunelab.networks.backend import _silence, tf_keras, tfmot

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
    from prunelab.networks.models import to_tfmot, wrap
    from prunelab.networks.prunable import kernels_of
    from prunelab.schedules.schedule import ConstantSparsity

    names = {kernel.layer for kernel in kernels_of(model) if not kernel.dense_because}
    wrapped = wrap(model, to_tfmot(ConstantSparsity(0.5, 0)), names)
    _compile(wrapped)
    return wrapped


def _compile(model):
    from prunelab.networks.training import compile

    compile(model)
    model.optimizer.build(model.trainable_variables)


@dataclass(frozen=True)
class Format:
    """label: what it is called. contains: what its bytes are. write: network → (bytes, the
    predictions functions of what was read back, by the name of who runs it). tolerance: of the
    relative error. bits: of a value, for the entropy bound. reference: the format whose
    predictions it must share, or None for the network's own."""

    name: str
    label: str
    contains: str
    write: object
    tolerance: float = networks.FLOAT_TOLERANCE
    bits: int = 32
    reference: str | None = None


def format_named(name):
    """The `Format` of this name, or one sentence with the names there are."""
    if not isinstance(name, str) or name not in FORMATS:
        raise ValueError(f"format={shown(name)}: the formats are {', '.join(FORMATS)}")
    return FORMATS[name]


def _by_codec(name, network):
    content = encode(network, name)
    again = decode(content, name)
    return len(content), {"NumPy": again.forward}


def _by_keras(name, network):
    size, predict = keras_file(network, name)
    return size, {"Keras": predict}


def _by_tflite(name, network):
    content = tflite.convert(network, name)
    tflite.interpreter_name()
    runs = {
        "LiteRT's own routines": partial(tflite.predict, content, builtin=True),
        "LiteRT's default delegate": partial(tflite.predict, content, builtin=False),
    }
    return len(content), runs


_LABELS = {
    "wrapped": "wrapped, with Adam",
    "compiled": "stripped, with Adam",
    "keras": ".keras",
    "h5": ".h5",
    "keras_gzip": ".keras, gzip",
    "raw": "float32 weights",
    "gzip": "gzip",
    "zstd": "zstd",
    "xz": "xz",
    "csr32": "CSR, 32-bit indices",
    "csr16": "CSR, 16-bit indices",
    "bitmask": "bitmask",
    "tflite": ".tflite",
    "tflite_sparse": ".tflite, sparse",
    "tflite_int8": ".tflite, int8",
    "tflite_int8_sparse": ".tflite, int8, sparse",
}


def _tflite_format(kind):
    return Format(
        kind.name,
        _LABELS[kind.name],
        kind.contains,
        partial(_by_tflite, kind.name),
        tolerance=networks.INT8_TOLERANCE if kind.int8 else networks.FLOAT_TOLERANCE,
        bits=8 if kind.int8 else 32,
        reference="tflite_int8" if kind.int8 and kind.sparse else None,
    )


FORMATS = {
    format.name: format
    for format in (
        *(
            Format(name, _LABELS[name], contains, partial(_by_keras, name))
            for name, (contains, _) in KERAS_FILES.items()
        ),
        *(
            Format(name, _LABELS[name], codec.contains, partial(_by_codec, name))
            for name, codec in CODECS.items()
        ),
        *map(_tflite_format, tflite.KINDS.values()),
    )
}
