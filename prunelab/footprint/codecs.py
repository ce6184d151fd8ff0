"""Encode weights as bytes and decode them: raw, zipped, sparse rows, a bitmask; an entropy bound.

Every codec keeps each weight bit for bit, in its own type, except that sparse rows and the bitmask
decode −0.0 as 0.0. An encoded network is a list of encoded kernels and raw biases, preceded by the
shapes in four bytes each. `CODECS` says what each codec stores.
"""

import gzip
import json
import lzma
import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from prunelab.masks.network import Network

_MAGIC = b"prunelab weights 1\n"
_OF_ARRAYS = b"prunelab arrays 1\n"


@dataclass(frozen=True)
class Codec:
    """contains: what its bytes are. kernel: array → bytes. back: bytes, start, shape, type →
    array, end. whole, whole_back: applied to all the bytes together, such as compression and its
    inverse."""

    contains: str
    kernel: Callable[[np.ndarray], bytes]
    back: Callable[[bytes, int, tuple[int, int], np.dtype], tuple[np.ndarray, int]]
    whole: Callable[[bytes], bytes] = bytes
    whole_back: Callable[[bytes], bytes] = bytes


def encode(network: Network, codec: str) -> bytes:
    """`network` (a `prunelab.masks.Network`) as bytes; codec: a name of `CODECS`."""
    codec = CODECS[codec]
    widths = [network.kernels[0].shape[0], *(len(bias) for bias in network.biases)]
    parts = [_MAGIC, struct.pack(f"<{len(widths) + 1}I", len(widths), *widths)]
    for kernel, bias in zip(network.kernels, network.biases, strict=True):
        parts += [codec.kernel(kernel.astype("<f4")), bias.astype("<f4").tobytes()]
    return codec.whole(b"".join(parts))


def decode(content: bytes, codec: str, shape: Iterable[int] | None = None) -> Network:
    """The `Network` that `encode` wrote.

    shape: the expected widths, inputs first; other widths raise ValueError before any array is
    made. Give it if the bytes come from an untrusted source.
    """
    codec = CODECS[codec]
    content = codec.whole_back(content)
    if not content.startswith(_MAGIC):
        raise ValueError("content: these are no weights that encode wrote")
    at = len(_MAGIC)
    (count,) = struct.unpack_from("<I", content, at)
    widths = struct.unpack_from(f"<{count}I", content, at + 4)
    if shape is not None and widths != tuple(shape):
        raise ValueError(f"content: a network of the widths {widths[:9]}, not {tuple(shape)}")
    at += 4 * (count + 1)
    layers = []
    for shape in pairwise(widths):
        kernel, at = codec.back(content, at, shape, np.dtype("<f4"))
        bias, at = _take(content, at, "<f4", shape[1])
        layers.append((kernel, bias))
    return Network(layers)


def encode_arrays(arrays: Iterable[np.ndarray], codec: str) -> bytes:
    """Arrays of any shapes and types as bytes; codec: a name of `CODECS`.

    Arrays of two axes or more are encoded as matrices [all other axes, last axis], each value in
    its own width; all others are stored raw. Types and shapes come first, as JSON.
    """
    codec, arrays = CODECS[codec], [np.asarray(array) for array in arrays]
    shapes = json.dumps([[_type_name(array.dtype), array.shape] for array in arrays]).encode()
    parts = [_OF_ARRAYS, struct.pack("<I", len(shapes)), shapes]
    for array in arrays:
        wide = _is_matrix(array.shape)
        parts.append(codec.kernel(_matrix(array)) if wide else array.tobytes())
    return codec.whole(b"".join(parts))


def decode_arrays(content: bytes, codec: str) -> list[np.ndarray]:
    """The arrays that `encode_arrays` wrote; ValueError for other bytes."""
    codec = CODECS[codec]
    content = codec.whole_back(content)
    if not content.startswith(_OF_ARRAYS):
        raise ValueError("content: these are no arrays that encode_arrays wrote")
    at = len(_OF_ARRAYS) + 4
    (length,) = struct.unpack_from("<I", content, at - 4)
    arrays, shapes, at = [], json.loads(content[at : at + length]), at + length
    for kind, shape in shapes:
        kind = np.dtype(kind)
        if _is_matrix(shape):
            array, at = codec.back(content, at, (math.prod(shape[:-1]), shape[-1]), kind)
        else:
            array, at = _take(content, at, kind, math.prod(shape))
        arrays.append(array.reshape(shape))
    return arrays


def _is_matrix(shape):
    return len(shape) > 1 and 0 not in shape


def _type_name(dtype):
    """By what `np.dtype` finds a type again: those of ml_dtypes, as bfloat16, only by name."""
    return dtype.name if dtype.kind == "V" else dtype.str


def _matrix(array):
    return array.reshape(-1, array.shape[-1])


def entropy_bound(network: Network, bits: int | None = None) -> int:
    """The average bytes below which no codec gets, for random masks and values of `bits` bits.

    bits: of a value; None counts those of each array's type, 32 for float32.

    A kernel of n weights, of which a fraction p is not zero, needs n · H(p) bits for their
    positions, H(p) = −p log₂ p − (1 − p) log₂(1 − p), and `bits` for each value; biases are stored
    whole. A real file can be smaller if values repeat or the mask has a pattern, such as blocks.
    Source: Shannon 1948, for a source of independent bits.
    """
    total = sum((bits or 8 * bias.itemsize) * bias.size for bias in network.biases)
    for kernel in network.kernels:
        kept = np.count_nonzero(kernel) / kernel.size
        total += kernel.size * (_entropy(kept) + (bits or 8 * kernel.itemsize) * kept)
    return math.ceil(total / 8)


def _entropy(p):
    return sum(-q * math.log2(q) for q in (p, 1 - p) if q > 0)


def _take(content, at, dtype, count):
    values = np.frombuffer(content, dtype, count, at)
    return values, at + values.nbytes


def _raw(kernel):
    return kernel.tobytes()


def _raw_back(content, at, shape, dtype):
    values, at = _take(content, at, dtype, math.prod(shape))
    return values.reshape(shape), at


def _csr(index):
    """Encoder and decoder of sparse rows: row ends, column numbers of type `index`, values."""

    def encode_kernel(kernel):
        if kernel.shape[1] > np.iinfo(index).max + 1:
            raise ValueError(
                f"a kernel has {kernel.shape[1]} columns: more than {np.dtype(index).name} "
                "can number; use csr32"
            )
        rows, columns = np.nonzero(kernel)
        ends = np.cumsum(np.bincount(rows, minlength=len(kernel)))
        values = kernel[rows, columns]
        return ends.astype("<u4").tobytes() + columns.astype(index).tobytes() + values.tobytes()

    def decode_kernel(content, at, shape, dtype):
        ends, at = _take(content, at, "<u4", shape[0])
        columns, at = _take(content, at, index, int(ends[-1]))
        values, at = _take(content, at, dtype, int(ends[-1]))
        kernel = np.zeros(shape, dtype)
        counts = np.diff(ends.astype(np.int64), prepend=0)
        kernel[np.repeat(np.arange(shape[0]), counts), columns] = values
        return kernel, at

    return encode_kernel, decode_kernel


def _bitmask(kernel):
    kept = kernel != 0
    return np.packbits(kept).tobytes() + kernel[kept].tobytes()


def _bitmask_back(content, at, shape, dtype):
    size = math.prod(shape)
    packed, at = _take(content, at, np.uint8, -(-size // 8))
    kept = np.unpackbits(packed, count=size).astype(bool)
    values, at = _take(content, at, dtype, int(kept.sum()))
    kernel = np.zeros(size, dtype)
    kernel[kept] = values
    return kernel.reshape(shape), at


def _zstandard():
    try:
        import zstandard
    except ImportError:
        raise ImportError("zstandard is not installed: pip install zstandard") from None
    return zstandard


CODECS = {
    "raw": Codec(
        "kernels and biases, 4 bytes a float32 weight, zeros as all others", _raw, _raw_back
    ),
    "gzip": Codec(
        "raw, compressed by gzip at level 6, its usual one",
        _raw,
        _raw_back,
        lambda content: gzip.compress(content, 6, mtime=0),
        gzip.decompress,
    ),
    "zstd": Codec(
        "raw, compressed by Zstandard at level 12",
        _raw,
        _raw_back,
        lambda content: _zstandard().ZstdCompressor(level=12).compress(content),
        lambda content: _zstandard().ZstdDecompressor().decompress(content),
    ),
    "xz": Codec(
        "raw, compressed by xz at level 6, its usual one",
        _raw,
        _raw_back,
        lambda content: lzma.compress(content, preset=6),
        lzma.decompress,
    ),
    "csr32": Codec(
        "4 bytes a float32 weight that is not 0, 4 for its column, 4 for the end of each row",
        *_csr(np.dtype("<u4")),
    ),
    "csr16": Codec(
        "4 bytes a float32 weight that is not 0, 2 for its column, 4 for the end of each row",
        *_csr(np.dtype("<u2")),
    ),
    "bitmask": Codec(
        "1 bit a weight, set where it is not 0, then 4 bytes for each float32 that is not",
        _bitmask,
        _bitmask_back,
    ),
}
