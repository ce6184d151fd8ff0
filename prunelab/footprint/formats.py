"""The formats a network can be stored in: what each contains, how it is written and read again."""

from dataclasses import dataclass
from functools import partial

from prunelab.footprint import checking, tflite
from prunelab.footprint.codecs import CODECS, decode, encode
from prunelab.footprint.keras_files import KERAS_FILES, keras_file
from prunelab.validate import shown


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
    tolerance: float = checking.FLOAT_TOLERANCE
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
        "LiteRT's own kernels": partial(tflite.predict, content, builtin=True),
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
    "tflite": "TFLite",
    "tflite_sparse": "TFLite, sparse",
    "tflite_int8": "TFLite int8",
    "tflite_int8_sparse": "TFLite int8, sparse",
}


def _tflite_format(kind):
    return Format(
        kind.name,
        _LABELS[kind.name],
        kind.contains,
        partial(_by_tflite, kind.name),
        tolerance=checking.INT8_TOLERANCE if kind.int8 else checking.FLOAT_TOLERANCE,
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
