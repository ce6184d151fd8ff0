"""Codecs keep every weight; their sizes are what counting says; the bound is Shannon's."""

import gzip
import math
import struct
import sys
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from prunelab.footprint import CODECS, decode, encode, entropy_bound, pruned, weigh
from prunelab.footprint import codecs as codecs_module
from prunelab.footprint.codecs import decode_arrays, encode_arrays
from prunelab.masks import Network


def network(widths=(40, 24, 12, 1), seed=0, zeros=0.0):
    rng = np.random.default_rng(seed)
    layers = []
    for inputs, outputs in pairwise(widths):
        kernel = rng.normal(size=(inputs, outputs)).astype(np.float32)
        kernel[rng.random(kernel.shape) < zeros] = 0
        layers.append((kernel, rng.normal(size=outputs).astype(np.float32)))
    return Network(layers)


def same(one, other):
    pairs = zip([*one.kernels, *one.biases], [*other.kernels, *other.biases], strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("codec", CODECS)
@given(
    st.lists(st.integers(1, 20), min_size=2, max_size=4),
    st.sampled_from([0.0, 0.3, 0.9, 1.0]),
    st.integers(0, 9),
)
def test_every_codec_gives_every_weight_back(codec, widths, zeros, seed):
    if codec == "zstd" and not _has_zstandard():
        with pytest.raises(ImportError, match="pip install zstandard"):
            encode(network(), codec)
        return
    before = network(widths, seed, zeros)
    assert same(decode(encode(before, codec), codec), before)


def _has_zstandard():
    try:
        import zstandard  # noqa: F401
    except ImportError:
        return False
    return True


def test_sizes_are_what_counting_says():
    net = network(zeros=0.75)
    head = len(b"prunelab weights 1\n") + 4 * 5
    biases = 4 * sum(bias.size for bias in net.biases)
    weights = sum(kernel.size for kernel in net.kernels)
    kept = sum(np.count_nonzero(kernel) for kernel in net.kernels)
    rows = sum(len(kernel) for kernel in net.kernels)
    masks = sum(-(-kernel.size // 8) for kernel in net.kernels)
    assert len(encode(net, "raw")) == head + biases + 4 * weights
    assert len(encode(net, "csr32")) == head + biases + 8 * kept + 4 * rows
    assert len(encode(net, "csr16")) == head + biases + 6 * kept + 4 * rows
    assert len(encode(net, "bitmask")) == head + biases + 4 * kept + masks
    assert gzip.decompress(encode(net, "gzip")) == encode(net, "raw")


def test_scipys_csr_holds_what_ours_does():
    from scipy.sparse import csr_array

    net = network(zeros=0.6)
    theirs = [csr_array(kernel) for kernel in net.kernels]
    bytes_of_theirs = sum(m.data.nbytes + m.indices.nbytes + m.indptr.nbytes - 4 for m in theirs)
    head = len(encode(net, "raw")) - 4 * sum(kernel.size for kernel in net.kernels)
    assert len(encode(net, "csr32")) == head + bytes_of_theirs


def test_the_bound_of_three_quarters_of_zeros_is_one_in_three_point_six_three():
    kernel = np.ones((100, 100), np.float32)
    kernel.ravel()[:7500] = 0
    net = Network([(kernel, np.zeros(100, np.float32))])
    bits = 10_000 * (-0.25 * math.log2(0.25) - 0.75 * math.log2(0.75)) + 2_500 * 32 + 100 * 32
    assert entropy_bound(net) == math.ceil(bits / 8)
    assert 40_000 / (entropy_bound(net) - 400) == pytest.approx(3.63, abs=0.005)
    assert entropy_bound(net, bits=8) < entropy_bound(net)


def test_the_bound_is_that_of_a_dense_or_an_empty_kernel_too():
    full = Network([(np.ones((4, 4)), np.zeros(4))])
    empty = Network([(np.zeros((4, 4)), np.zeros(4))])
    assert entropy_bound(full) == 64 + 16
    assert entropy_bound(empty) == 16


def test_the_bitmask_stands_near_the_bound_and_beats_gzip():
    net = pruned(network((400, 300, 200, 1), seed=3), "unstructured", 0.75)
    assert entropy_bound(net) < len(encode(net, "bitmask")) < 1.05 * entropy_bound(net)
    assert len(encode(net, "bitmask")) < len(encode(net, "gzip"))


def test_csr16_refuses_what_it_cannot_number():
    wide = Network([(np.ones((1, 2**16 + 1), np.float32), np.zeros(2**16 + 1, np.float32))])
    with pytest.raises(ValueError, match=r"more than uint16 can number; use csr32$"):
        encode(wide, "csr16")
    assert same(decode(encode(wide, "csr32"), "csr32"), wide)


def test_other_bytes_are_refused():
    with pytest.raises(ValueError, match="no weights that encode wrote"):
        decode(b"something else", "raw")


def test_without_zstandard_the_row_says_so_and_the_others_come(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    net = network()
    rows = {row.format: row for row in weigh(net, np.ones((3, 40)), ["raw", "zstd", "csr32"])}
    assert (rows["zstd"].status, rows["zstd"].bytes) == ("missing", None)
    assert "pip install zstandard" in rows["zstd"].why
    assert rows["raw"].status == rows["csr32"].status == "right"


def test_a_codec_that_loses_a_weight_is_found_out(monkeypatch):
    def lossy(kernel):
        kernel = kernel.copy()
        kernel[0] = 0
        return codecs_module._raw(kernel)

    broken = codecs_module.Codec("broken", lossy, codecs_module._raw_back)
    monkeypatch.setitem(codecs_module.CODECS, "raw", broken)
    (row,) = weigh(network(), np.random.default_rng(0).normal(size=(9, 40)), "raw")
    assert row.status == "wrong"
    assert row.bytes > 0
    assert "its predictions are off by" in row.why
    assert row.error > 1e-3


def test_the_widths_of_a_stranger_are_asked_before_there_is_an_array():
    content = bytearray(encode(network(), "bitmask"))
    widths = (40, 24, 12, 1)
    assert decode(bytes(content), "bitmask", widths).kernels[0].shape == (40, 24)
    at = content.index(struct.pack("<I", 40))
    content[at : at + 4] = struct.pack("<I", 2**31)
    with pytest.raises(ValueError, match=r"^content: a network of the widths \(2147483648, "):
        decode(bytes(content), "bitmask", widths)


TYPES = ("float16", "float32", "float64", "bfloat16", "float8_e4m3fn", "int8", "int64", "complex64")


def sparse_array(kind, shape=(64, 256), kept=0.1):
    import ml_dtypes  # noqa: F401 (NumPy then knows bfloat16 by name)

    rng = np.random.default_rng(0)
    values = np.where(rng.random(shape) < kept, 1 + np.abs(rng.normal(size=shape)), 0)
    return values.astype(np.dtype(kind))


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("codec", ["raw", "gzip", "xz", "csr32", "csr16", "bitmask"])
def test_arrays_of_every_type_come_back_byte_for_byte(kind, codec):
    before = [sparse_array(kind), sparse_array(kind, (7, 3, 5)), sparse_array(kind, (9,), 1)]
    after = decode_arrays(encode_arrays(before, codec), codec)
    assert [a.dtype for a in after] == [a.dtype for a in before]
    assert [a.shape for a in after] == [a.shape for a in before]
    assert [a.tobytes() for a in after] == [a.tobytes() for a in before]


@pytest.mark.parametrize("kind", TYPES)
def test_codecs_and_bound_count_the_bytes_of_the_type(kind):
    array = sparse_array(kind)
    kept, wide = np.count_nonzero(array), array.dtype.itemsize
    size = {codec: len(encode_arrays([array], codec)) for codec in ("raw", "csr16", "bitmask")}
    head = size["raw"] - array.nbytes
    assert head < 80
    assert size["csr16"] - head == kept * (wide + 2) + 4 * 64
    assert size["bitmask"] - head == kept * wide + 64 * 256 // 8
    held = SimpleNamespace(kernels=[array], biases=[])
    assert size["bitmask"] > entropy_bound(held) > kept * wide


def test_float32_arrays_are_stored_as_they_always_were():
    """The bytes of before the codecs took other types."""
    array = np.array([[0, 1.5], [-2, 0]], "f4")
    said = b'[["<f4", [2, 2]], ["<f4", [2]]]'
    head = b"prunelab arrays 1\n" + struct.pack("<I", len(said)) + said
    bias = struct.pack("<2f", 3, 0)
    arrays = [array, np.array([3, 0], "f4")]
    packed = struct.pack("<2I2H2f", 1, 2, 1, 0, 1.5, -2)
    assert encode_arrays(arrays, "csr16") == head + packed + bias
    assert encode_arrays(arrays, "bitmask") == head + b"\x60" + struct.pack("<2f", 1.5, -2) + bias
