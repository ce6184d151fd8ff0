"""The formats a network can be stored in: what each contains, how it is written and read again.

Keras writes three kinds of file: the network alone, with its optimizer, or in pruning wrappers.
"""

import gzip
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from prunelab.base.checks import shown
from prunelab.footprint import networks, tflite
from prunelab.footprint.codecs import CODECS, decode, decode_arrays, encode, encode_arrays
from prunelab.footprint.models.files import StoredArrays, values_of
from prunelab.footprint.models.network import KerasNetwork
from prunelab.footprint.models.tflite_file import int8_remark
from prunelab.footprint.networks import model_of, new_model_of
from prunelab.masks.network import Network

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
    """(bytes of the file, function that predicts with the model loaded from it)."""
    from prunelab.networks.backend import _silence

    if getattr(network, "is_keras_3", False):
        return _keras_3_file(network, name)
    model = model_of(network)
    if name == "wrapped":
        model = _wrapped(new_model_of(network))
    elif name == "compiled":
        model = new_model_of(network)
        _compile(model)
    with _silence():
        content, again = _saved_and_loaded(model, name)
    if name == "keras_gzip":
        content = gzip.compress(content, 6, mtime=0)
    if isinstance(network, Network):
        return len(content), lambda x: np.asarray(again(x, training=False))
    return len(content), lambda x: network.run(again, x)


def _saved_and_loaded(model, name):
    from prunelab.networks.backend import tf_keras, tfmot
    from prunelab.networks.models import own_objects
    from prunelab.networks.prunable import is_kerass, leaf_layers

    layers = [layer for _, layer in leaf_layers(model)]
    own = {name: kind for layer in layers for name, kind in own_objects(layer).items()}
    own |= {type(e).__name__: type(e) for e in layers if not is_kerass(type(e))}
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
        path = Path(folder) / f"network{KERAS_FILES[name][1]}"
        model.save(path)
        with tfmot.sparsity.keras.prune_scope(), tf_keras.saving.custom_object_scope(own):
            # A file we wrote, of the reader's own model, so its code is trusted.
            again = tf_keras.models.load_model(path, compile=False, safe_mode=False)
        return path.read_bytes(), again


def _keras_3_file(network, name):
    import sys

    keras, model = sys.modules["keras"], network.copy()
    if name == "compiled":
        model.compile("adam")
        model.optimizer.build(model.trainable_variables)
    with tempfile.TemporaryDirectory(prefix="prunelab-") as folder:
        path = Path(folder) / f"network{KERAS_FILES[name][1]}"
        model.save(path)
        content = path.read_bytes()
        again = keras.saving.load_model(path, compile=False, safe_mode=False)
    if name == "keras_gzip":
        content = gzip.compress(content, 6, mtime=0)
    return len(content), lambda x: network.run(again, x)


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
    """label: its name for readers. contains: what its bytes are. write: network → (bytes, the
    prediction functions of the file read back, by the name of what runs them). tolerance: of
    the relative error. bits: of a value, for the entropy bound; None: as many as its type has.
    reference: the format with which its predictions are compared, or None for the network
    itself. of: the kinds of model it stores. remark: network → what a reader must know of a
    file that is right, one sentence, or ""."""

    name: str
    label: str
    contains: str
    write: object
    tolerance: float = networks.FLOAT_TOLERANCE
    bits: int | None = None
    reference: str | None = None
    of: tuple = ("tf_keras",)
    remark: object = lambda network: ""

    def applies(self, network):
        """Whether `network`, a result of `subject`, can be written in this format."""
        return kind_of(network) in self.of


# The results of `subject`, in words.
KINDS = {
    "tf_keras": "a model of tf_keras",
    "keras": "a model of Keras 3",
    "arrays": "a .keras or .h5 file",
    "tflite": "a .tflite file",
}


def kind_of(network):
    """Which of KINDS `network` is."""
    if isinstance(network, StoredArrays):
        return "tflite" if network.is_tflite else "arrays"
    return "keras" if getattr(network, "is_keras_3", False) else "tf_keras"


def format_named(name):
    """The `Format` of this name, or an error in one sentence that lists the names."""
    if not isinstance(name, str) or name not in (FORMATS | FILE_FORMATS):
        raise ValueError(
            f"format={shown(name)}: the formats are {', '.join(FORMATS)}; "
            f"of a file also {', '.join(FILE_FORMATS)}"
        )
    return (FORMATS | FILE_FORMATS)[name]


def formats_for(network, names=None):
    """The `Format`s of these names; None gives all in which `network` can be written.

    Raises ValueError, in one sentence, for a format in which it cannot be written.
    """
    if names is None:
        return [f for f in (FILE_FORMATS | FORMATS).values() if f.applies(network)]
    chosen = [format_named(name) for name in ([names] if isinstance(names, str) else names)]
    for format in chosen:
        if not format.applies(network):
            raise ValueError(
                f"formats: {format.name!r} cannot be made of {KINDS[kind_of(network)]}, only of "
                f"{' or '.join(KINDS[kind] for kind in format.of)}; those that can are "
                f"{', '.join(f.name for f in formats_for(network))}"
            )
    return chosen


def _by_codec(name, network):
    if isinstance(network, Network):
        content = encode(network, name)
        return len(content), {"NumPy": decode(content, name).forward}
    content = encode_arrays(network.arrays, name)
    arrays = decode_arrays(content, name)
    if isinstance(network, StoredArrays):
        return len(content), {"NumPy": lambda _: values_of(arrays)}
    again = network.with_arrays(arrays)
    return len(content), {"Keras": partial(network.run, again)}


def _by_keras(name, network):
    size, predict = keras_file(network, name)
    return size, {"Keras": predict}


def _by_tflite(name, network):
    content = tflite.convert(network, name)
    tflite.interpreter_name()
    names = names_of(network)
    runs = {
        "LiteRT's own routines": partial(tflite.predict, content, builtin=True, names=names),
        "LiteRT's default delegate": partial(tflite.predict, content, builtin=False, names=names),
    }
    return len(content), runs


def names_of(network):
    """(names of the inputs, names of the outputs) of a `KerasNetwork`; None for a `Network`."""
    return (network.inputs, network.outputs) if isinstance(network, KerasNetwork) else None


def _uncounted(network):
    """Names the arrays of a .tflite file whose zeros are not counted."""
    return network.unread() if network.is_tflite else ""


def _as_it_is(squeeze, back, network):
    content = squeeze(network.content)
    same = back(content) == network.content
    return len(content), {"NumPy": lambda _: network.forward() if same else np.full(1, np.inf)}


def _unread(network):
    """Names the arrays of a file that are in none of its encoded forms: they cannot be read."""
    return network.unread() if isinstance(network, StoredArrays) else ""


def _int8(name, network):
    return int8_remark(network.kernels, tflite.convert(network, name))


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
_OF_KERAS = ("tf_keras", "keras")


def _tflite_format(kind):
    return Format(
        kind.name,
        _LABELS[kind.name],
        kind.contains,
        partial(_by_tflite, kind.name),
        tolerance=networks.INT8_TOLERANCE if kind.int8 else networks.FLOAT_TOLERANCE,
        bits=8 if kind.int8 else None,
        reference="tflite_int8" if kind.int8 and kind.sparse else None,
        **({"remark": partial(_int8, kind.name)} if kind.int8 else {}),
    )


FORMATS = {
    format.name: format
    for format in (
        *(
            Format(
                name,
                _LABELS[name],
                contains,
                partial(_by_keras, name),
                of=_OF_KERAS[:1] if name == "wrapped" else _OF_KERAS,
            )
            for name, (contains, _) in KERAS_FILES.items()
        ),
        *(
            Format(
                name,
                _LABELS[name],
                codec.contains,
                partial(_by_codec, name),
                of=(*_OF_KERAS, "arrays"),
                remark=_unread,
            )
            for name, codec in CODECS.items()
        ),
        *map(_tflite_format, tflite.KINDS.values()),
    )
}


def _of_file(name, codec):
    label = f"the file, {codec}" if codec else "the file"
    how = CODECS[codec or "raw"]
    contains = how.contains.replace("raw", "the file") if codec else "the file as it is"
    write = partial(_as_it_is, how.whole, how.whole_back)
    return Format(name, label, contains, write, of=("arrays", "tflite"), remark=_uncounted)


FILE_FORMATS = {
    format.name: format
    for format in (
        _of_file("file", ""),
        *(_of_file(f"file_{codec}", codec) for codec in ("gzip", "zstd", "xz")),
    )
}
