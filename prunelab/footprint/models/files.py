"""Read the arrays in model files, .keras, .h5 and .tflite, without building a model.

Only arrays are read: no layer is built, no function, lambda or class of the file is run, and
no other file that it refers to is opened. So Keras' `safe_mode` is not needed.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from prunelab.base.checks import shown, without_controls
from prunelab.base.files import in_words
from prunelab.footprint.models import tflite_file

ENDINGS = (".keras", ".h5", ".hdf5", ".tflite")
_NO_WEIGHTS = ("optimizer", "metrics/", "seed_generator")
WEIGHTS = "model.weights.h5"  # the name of the weights in a .keras file, which is a zip
MOST_GROWTH = 1000  # arrays larger than this many times their file are refused


@dataclass(frozen=True)
class TensorRow:
    """One array of a file. shape: its axes. dtype: its NumPy name. bytes: its size in the file
    before any compression. zeros: the fraction that is 0, in [0, 1]; None if it is empty, or of a
    type that cannot be read here."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int
    zeros: float | None


class StoredArrays:
    """The contents of a model's file.

    content: all its bytes. names, arrays: of its weights, in the order of the file; see `tensors`.
    kernels: arrays of two axes or more, as matrices [all other axes, units]; biases: the others.
    For a .tflite file there are no arrays here, since its weights may be quantised or sparse.
    tensors: a `TensorRow` for each array, also for those that could not be read.
    """

    def __init__(self, path, content, named, tensors):
        self.path, self.content, self.tensors = path, content, tuple(tensors)
        self.names, self.arrays = list(named), list(named.values())
        self.is_tflite = path.suffix.lower() == ".tflite"
        wide = [array for array in self.arrays if array.ndim > 1 and array.size]
        self.kernels = [array.reshape(-1, array.shape[-1]) for array in wide]
        self.biases = [array for array in self.arrays if array.ndim < 2]

    def unread(self):
        """One sentence that names the arrays whose values could not be read, or ""."""
        rows = [row for row in self.tensors if row.zeros is None and row.bytes]
        if not rows:
            return ""
        named = ", ".join(f"{shown(row.name)} ({row.dtype})" for row in rows[:3])
        more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
        one = len(rows) == 1
        return (
            f"{named}{more} {'is' if one else 'are'} not counted here, since "
            f"{'its type' if one else 'their types'} cannot be read{_way_out(rows)}"
        )

    def counted_rows(self):
        """The `TensorRow`s of two axes or more that are weights, not shapes or axes."""
        wide = [row for row in self.tensors if len(row.shape) > 1 and row.zeros is not None]
        return [row for row in wide if row.dtype not in ("int32", "int64", "bool")]

    def counted(self):
        """(weights in arrays of two axes or more, how many of them are not 0)."""
        wide = self.counted_rows()
        sizes = [int(np.prod(row.shape)) for row in wide]
        zeros = sum(round(row.zeros * size) for row, size in zip(wide, sizes, strict=True))
        return sum(sizes), sum(sizes) - zeros

    def checked_rows(self, x):
        """None: a file is compared array by array, without predictions."""
        if x is not None:
            raise TypeError(
                "x: a file runs nothing, its arrays are compared; leave x out, or load the file "
                "and hand over the model"
            )

    def forward(self, x=None):
        """All its numbers in one array, to be compared with those read back from another format."""
        return values_of(self.arrays)


def values_of(arrays):
    """All numbers of `arrays`, one after the other, as float64; NaN and infinity become numbers."""
    parts = [part for a in arrays for part in ((a.real, a.imag) if a.dtype.kind == "c" else (a,))]
    flat = [np.asarray(part, np.float64).ravel() for part in parts]
    return np.nan_to_num(np.concatenate(flat)) if flat else np.zeros(1)


def tensors(path: str | os.PathLike[str]) -> tuple[TensorRow, ...]:
    """A `TensorRow` for each array of a .keras, .h5 or .tflite file, in the file's order.

    Nothing in the file is run. Raises OSError, TypeError or ValueError, in one sentence, for
    another kind of file, or a damaged one.
    """
    return read_model_file(path).tensors


def read_model_file(path):
    """`StoredArrays` of the file at `path`, or an error in one sentence."""
    path = Path(os.fsdecode(path))
    content = _content(path)
    end = path.suffix.lower()
    if end not in ENDINGS:
        raise ValueError(
            f"path={shown(str(path))}: the files of models that are known end in "
            f"{', '.join(ENDINGS)}; save it as one of these"
        )
    try:
        if end == ".tflite":
            found = [TensorRow(*row) for row in tflite_file.constants(content)]
            return StoredArrays(path, content, {}, found)
        named, unread = _of_hdf5(_weights_of_zip(content) if end == ".keras" else content)
    except _DAMAGE as error:
        raise ValueError(
            f"path={shown(str(path))}: this is no {end} file, or one that was cut short "
            f"({_first(error)}); save it again"
        ) from None
    rows = [
        TensorRow(name, array.shape, array.dtype.name, array.nbytes, _zeros(array))
        for name, array in named.items()
    ]
    found = StoredArrays(path, content, named, [*rows, *unread])
    if not any(array.ndim > 1 for array in named.values()):
        why = found.unread()
        raise ValueError(
            f"path={shown(str(path))}: "
            + (f"{why}; save it in float32" if why else "it holds no weights of a model; save one")
        )
    return found


# The errors that h5py, zipfile and NumPy raise for damaged files.
_DAMAGE = (OSError, KeyError, ValueError, RuntimeError, TypeError, zipfile.BadZipFile, EOFError)
_DAMAGE += (NotImplementedError, IndexError, OverflowError)


def _content(path):
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(
                f"path={shown(str(path))}: this is a folder; name a file that ends in "
                f"{', '.join(ENDINGS)}"
            )
        if not stat.S_ISREG(mode):
            raise ValueError(f"path={shown(str(path))}: this is no plain file; name one")
        return path.read_bytes()
    except FileNotFoundError:
        what = "a link to nothing" if path.is_symlink() else "not there"
        raise FileNotFoundError(
            f"path={shown(str(path))}: it is {what}; name a file of a model"
        ) from None
    except OSError as error:
        if error.errno is None:  # one of our sentences, not the system's
            raise
        raise type(error)(f"path={shown(str(path))}: {in_words(error, path)}") from None


def _weights_of_zip(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.getinfo(WEIGHTS).file_size > _most(content):
            raise ValueError("its weights are far larger than itself")
        return archive.read(WEIGHTS)


def _way_out(rows):
    if _ml_dtypes() or all(row.dtype != "bfloat16" for row in rows):
        return ""
    return "; bfloat16 can with ml-dtypes: pip install ml-dtypes"


def _of_hdf5(content):
    """The weights in an HDF5 file, without those of optimizers and metrics.

    They are {name: array}, and `TensorRow`s of those whose type cannot be read.
    """
    h5py = _h5py()
    found, unread = {}, []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        if item.external or item.is_virtual:
            raise ValueError("it takes its numbers from another file")
        if name.startswith(_NO_WEIGHTS) or (item.dtype.kind in "OSU" and not item.ndim):
            return  # a single text is a note, such as a model's configuration
        dtype = _type_of(item)
        if dtype is None:
            size = item.id.get_storage_size()
            words = _type_in_words(item)
            unread.append(TensorRow(without_controls(name), tuple(item.shape), words, size, None))
            return
        if item.nbytes + sum(array.nbytes for array in found.values()) > _most(content):
            raise ValueError("its arrays are far larger than itself")
        array = np.asarray(item[()])
        found[without_controls(name)] = array.view(dtype) if dtype != array.dtype else array

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(visit)  # does not follow links out of the file
    return found, unread


def _type_of(item):
    """The NumPy type of a data set's numbers; None for texts, and bytes of unknown meaning.

    HDF5 has no bfloat16. Keras writes its bytes as they are, and the type's name beside them, or,
    in .h5 files and by tf_keras, nothing: it is the only type of two bytes that is written so.
    """
    if item.dtype.kind in "biufc":
        return item.dtype
    if item.dtype.kind != "V" or item.dtype.names or item.dtype.subdtype:
        return None
    name = _opaque_name(item)
    try:
        dtype = np.dtype(getattr(_ml_dtypes(), name)) if name else None
    except (AttributeError, TypeError):
        return None
    return dtype if dtype and dtype.itemsize == item.dtype.itemsize else None


def _ml_dtypes():
    """The package of bfloat16 and other small types, which comes with Keras; None without it."""
    try:
        import ml_dtypes
    except ImportError:
        return None
    return ml_dtypes


def _opaque_name(item):
    """The name of a type that HDF5 does not know: what Keras wrote beside it, bfloat16, or ""."""
    name = item.attrs.get("dtype", "")
    name = name.decode("ascii", "replace") if isinstance(name, bytes) else name
    noted = without_controls(name)[:40] if isinstance(name, str) else ""
    return noted or {2: "bfloat16"}.get(item.dtype.itemsize, "")


def _type_in_words(item):
    if item.dtype.kind in "OSU":
        return "text"
    if item.dtype.names:
        return "records"
    if name := _opaque_name(item):
        return name
    size = item.dtype.itemsize
    return f"{size} unnamed byte{'s' if size > 1 else ''} each"


def _h5py():
    try:
        import h5py
    except ImportError:
        raise ImportError(
            "h5py, which reads such files, is not installed: pip install h5py"
        ) from None
    return h5py


def _most(content):
    return MOST_GROWTH * len(content) + 2**20


def _zeros(array):
    return 1 - np.count_nonzero(array) / array.size if array.size else None


def _first(error):
    text = without_controls(" ".join(str(error).split())) or type(error).__name__
    return text if len(text) <= 80 else text[:77] + "..."
