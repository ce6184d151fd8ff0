"""Arrays from strangers: each damage is one sentence, and costs no memory that was not expected."""

import io
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest

from prunelab.base.npz import ArraysError, read_arrays

GOOD = {"a": np.arange(12, dtype=np.float32).reshape(3, 4), "b": np.zeros(3, np.int8)}
BEGIN = b"\x93NUMPY\1\0"
MOST = sum(array.nbytes for array in GOOD.values())


def npz(compressed=False, **arrays):
    content = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(content, **arrays)
    return content.getvalue()


def npy(array, **options):
    content = io.BytesIO()
    np.lib.format.write_array(content, array, **options)
    return content.getvalue()


def zipped(*members, method=zipfile.ZIP_STORED):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, inside in members:
            archive.writestr(name, inside)
    return content.getvalue()


def header(descr, shape, fortran=False, version=b"\1\0"):
    text = f"{{'descr': {descr!r}, 'fortran_order': {fortran}, 'shape': {shape}, }}".encode()
    text = text.ljust(117) + b"\n"
    size = struct.pack("<H" if version == b"\1\0" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text


def claim(descr, shape):
    return zipped(("a.npy", header(descr, shape) + bytes(48)))


def flagged(content, flag):
    """Set a bit of the general-purpose flags, in the member's own header and in the list."""
    content = bytearray(content)
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + at] |= flag
    return bytes(content)


def method_99(content):
    content = bytearray(content)
    for mark, at in ((b"PK\3\4", 8), (b"PK\1\2", 10)):
        content[content.index(mark) + at] = 99
    return bytes(content)


def lying_size(size):
    """A member of 100 MB of zeros, packed, that says in both headers it has `size` bytes."""
    big = header("|u1", (10**8,)) + bytes(10**8)
    content = bytearray(zipped(("a.npy", big), method=zipfile.ZIP_DEFLATED))
    for mark, at in ((b"PK\3\4", 22), (b"PK\1\2", 24)):
        place = content.index(mark) + at
        content[place : place + 4] = struct.pack("<I", size)
    return bytes(content)


def test_what_numpy_writes_comes_back():
    for compressed in (False, True):
        got = read_arrays(npz(compressed, **GOOD), MOST, {"a": (3, 4), "c": (9,)})
        assert list(got) == list(GOOD)
        for name, array in GOOD.items():
            assert np.array_equal(got[name], array)
            assert got[name].dtype == array.dtype
            assert got[name].flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        np.float64(3.5),
        np.zeros((0, 5), np.float32),
        np.asfortranarray(GOOD["a"]),
        GOOD["a"].astype(">f4"),
        np.array([True, False]),
        np.arange(10**6, dtype=np.float16),
    ],
    ids=lambda array: f"{array.dtype.str} {array.shape}",
)
def test_every_array_of_numbers_as_numpy_reads_it(array):
    content = npz(x=array)
    with np.load(io.BytesIO(content)) as theirs:
        got = read_arrays(content, array.nbytes)["x"]
        assert got.dtype == theirs["x"].dtype
        assert got.shape == theirs["x"].shape
        assert np.array_equal(got, theirs["x"])
    two = zipped(("x.npy", npy(array, version=(2, 0))))
    assert np.array_equal(read_arrays(two, array.nbytes)["x"], array)


DAMAGES = {
    "empty": b"",
    "a text": b"no arrays here",
    "a bare array": npy(GOOD["a"]),
    "a zip of nothing behind a text": b"text" + npz(**GOOD),
    "bytes behind it": npz(**GOOD) + b"more",
    "a comment": npz(**GOOD)[:-2] + b"\x04\0more",
    "cut in the middle": npz(**GOOD)[:100],
    "cut at its end": npz(**GOOD)[:-10],
    "a bomb": npz(True, a=np.zeros(10**7)),
    "a bomb of many members": zipped(*((f"{i}.npy", npy(np.zeros(9))) for i in range(1001))),
    "more members than bytes": zipped(*((str(i), b"") for i in range(2_000))),
    "a bomb that lies about its size": lying_size(128 + 48),
    "a bomb that claims nothing": lying_size(0),
    "a member that is no array": zipped(("a.txt", "hello")),
    "a member of text called an array": zipped(("a.npy", "hello")),
    "an empty member": zipped(("a.npy", b"")),
    "a folder": zipped(("a.npy/", b"")),
    "a cut header": zipped(("a.npy", header("<f4", (3,))[:40])),
    "a header that never closes": zipped(("a.npy", BEGIN + b"\x20\0{'a': (((((((".ljust(60))),
    "a header of four gigabytes": zipped(("a.npy", b"\x93NUMPY\2\0\xff\xff\xff\xff" + b" " * 200)),
    "a header of code": zipped(("a.npy", BEGIN + b"\x20\0__import__('os').system('true')  \n")),
    "a version of its own": zipped(("a.npy", header("<f4", (3,), version=b"\x09\0"))),
    "an array of objects": npz(a=np.array([{}], dtype=object)),
    "a structure": npz(a=np.zeros(3, "i4,f4")),
    "a text of one letter each": npz(a=np.array(["a", "b"])),
    "dates": npz(a=np.array(["2020-01-01"], dtype="M8[D]")),
    "complex numbers": npz(a=np.zeros(3, complex)),
    "a shape of 10^12": claim("<f4", (10**12,)),
    "a shape beyond all numbers": claim("<f4", (10**30, 10**30)),
    "a negative shape": claim("<f4", (-12,)),
    "two negatives": claim("<f4", (-3, -4)),
    "a shape that is no whole number": claim("<f4", (3.0, 4)),
    "a shape that is true": claim("<f4", (True, 12)),
    "fewer bytes than its shape": claim("<f4", (3,)),
    "another shape than wanted": npz(a=GOOD["a"].T.copy()),
    "a type of no size": claim("<f0", (3,)),
    "encrypted": flagged(npz(**GOOD), 1),
    "packed by a method of the future": method_99(npz(**GOOD)),
    "packed by bzip2": zipped(("a.npy", npy(GOOD["a"])), method=zipfile.ZIP_BZIP2),
    "a flipped bit": npz(**GOOD).replace(GOOD["a"].tobytes(), GOOD["a"].tobytes()[:-1] + b"\x42"),
    "packed bytes that are none": zipped(("a.npy", zlib.compress(b"x"))),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_twice_is_refused():
    one = npy(GOOD["b"])
    with pytest.raises(ArraysError, match=r"^a member occurs twice$"):
        read_arrays(zipped(("b.npy", one), ("b.npy", one)), 10**6)


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_one_sentence_within_the_memory_that_was_expected(kind):
    tracemalloc.start()
    try:
        with pytest.raises(ArraysError) as caught:
            read_arrays(DAMAGES[kind], MOST, {"a": (3, 4)})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 200
    assert peak < 100_000 + 60 * len(DAMAGES[kind])


def test_random_damage_is_refused_or_harmless():
    rng = np.random.default_rng(5)
    good = npz(True, **GOOD)
    for _ in range(500):
        content = bytearray(good)
        for at in rng.integers(0, len(content), rng.integers(1, 6)):
            content[at] = rng.integers(256)
        try:
            arrays = read_arrays(bytes(content), MOST)
        except ArraysError:
            continue
        assert sum(array.nbytes for array in arrays.values()) <= MOST
