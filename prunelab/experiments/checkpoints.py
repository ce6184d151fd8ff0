"""Checkpoints: the last two states of an unfinished training, written atomically and checked.

A checkpoint is one file: a line that names the format, a line with the sha256 of the rest, and an
uncompressed NumPy `.npz` without pickles. The `.npz` holds a header in JSON and the bytes of all
arrays joined into one array, since writing many small arrays one by one is slow. Uses the standard
library and NumPy.
"""

import hashlib
import io
import json
import math
import os
import re
import warnings
from contextlib import suppress

import numpy as np

from prunelab.base import json_files
from prunelab.base.files import in_words, odd_kind, write_atomically
from prunelab.base.npz import ArraysError, read_arrays
from prunelab.course.places import runs_folder

MAGIC = b"prunelab checkpoint 2\n"
KEPT = 2
MAX_BYTES = 2**34  # uncompressed, so arrays cannot be larger than the file
SUBFOLDER = "checkpoints"
_FILE = re.compile(r"(?P<name>.+)-(?P<epoch>[0-9]{5}|[1-9][0-9]{5,})\.ckpt")


class CheckpointError(ValueError):
    """A checkpoint cannot be continued; the message says which one, why, and what to do."""


class CheckpointWarning(UserWarning):
    """A damaged checkpoint was skipped; the message says what is done instead."""


class _DamageError(Exception):
    pass


class Checkpoints:
    """The checkpoints of the training `name` in `folder`, with the settings `identity`.

    identity: a text that identifies the training: a config's digest and a seed.
    """

    def __init__(self, folder, name, identity):
        self.folder, self.name, self.identity = runs_folder(folder), name, identity

    def path(self, epoch):
        """The file of the state after `epoch` epochs."""
        return self.folder / f"{self.name}-{epoch:05d}.ckpt"

    def epochs(self):
        """The epochs that have a file, latest first; `load` checks whether a file is usable."""
        found = [epoch for name, epoch in _files(self.folder) if name == self.name]
        return sorted(found, reverse=True)

    def save(self, epoch, arrays, values):
        """Write the state after `epoch` epochs, then remove all others but the previous one.

        arrays: a dict of arrays by name. values: a dict that JSON can hold.
        """
        header = {"identity": self.identity, "epoch": epoch, "values": values}
        header["arrays"] = {name: [a.dtype.str, list(a.shape)] for name, a in arrays.items()}
        text = np.frombuffer(json.dumps(header, allow_nan=False).encode(), dtype=np.uint8)
        packed = [np.ascontiguousarray(a).reshape(-1).view(np.uint8) for a in arrays.values()]
        content = io.BytesIO()
        np.savez(content, header=text, packed=np.concatenate([np.zeros(0, np.uint8), *packed]))
        content = content.getbuffer()

        def write(file):
            file.write(MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)

        try:
            self._write(epoch, write)
        except FileNotFoundError:  # another run has just ended and removed the empty folder
            self._write(epoch, write)
        # Later checkpoints were found damaged, else the training would have continued from them.
        later = [other for other in self.epochs() if other > epoch]
        for old in later + self.epochs()[len(later) + KEPT :]:
            _unlink(self.path(old))

    def _write(self, epoch, write):
        self.folder.mkdir(parents=True, exist_ok=True)
        # Not flushed to the disk: a killed process loses nothing by that, and a file that a power
        # cut damages is detected and skipped.
        write_atomically(self.path(epoch), write, flush=False)

    def load(self):
        """The latest state that can be used, as (epoch, arrays, values), or None.

        For a damaged state it warns (`CheckpointWarning`) and uses the one before it. Raises
        CheckpointError if a checkpoint belongs to other settings.
        """
        self.refuse_foreign()
        found = self.epochs()
        for i, epoch in enumerate(found):
            try:
                header, arrays = _read(self.path(epoch), epoch)
            except _DamageError as damage:
                earlier = found[i + 1 :]
                instead = f"trying epoch {earlier[0]}" if earlier else "beginning anew"
                warnings.warn(
                    f"{self.path(epoch).name} is damaged ({damage}): {instead}",
                    CheckpointWarning,
                    stacklevel=2,
                )
                continue
            return epoch, arrays, header["values"]
        return None

    def peek(self):
        """(epoch, values) of the latest undamaged checkpoint with any identity, or None."""
        for epoch in self.epochs():
            with suppress(_DamageError):
                return epoch, _read(self.path(epoch), epoch)[0]["values"]
        return None

    def refuse_foreign(self):
        """Raise CheckpointError if a checkpoint belongs to other settings or is not a plain file.

        Call it before long work. Links, folders, pipes and devices are not plain files.
        """
        if os.path.lexists(self.folder) and not self.folder.is_dir():
            raise CheckpointError(
                f"{self.folder.name!r} is not a folder, so it cannot hold checkpoints: "
                "remove it, or choose another folder"
            )
        for epoch in self.epochs():
            kind = odd_kind(self.path(epoch))
            if kind is not None:
                raise CheckpointError(
                    f"{self.path(epoch).name} is {kind}, and a checkpoint has that name: "
                    f"move it out of {self.folder.name!r}, or choose another folder"
                )
            with suppress(_DamageError):
                if _read(self.path(epoch), epoch)[0]["identity"] != self.identity:
                    raise CheckpointError(
                        f"{self.path(epoch).name} was left by a run of other settings: "
                        f"remove it from {self.folder.name!r}, or choose another folder"
                    )

    def remove(self):
        """Remove all checkpoints of this training, and their folder if it is then empty.

        A file with such a name that does not begin like a checkpoint is not removed.
        """
        for epoch in self.epochs():
            _unlink(self.path(epoch))
        with suppress(OSError):
            self.folder.rmdir()


def names(folder):
    """The names of all trainings with a checkpoint in `folder`, sorted."""
    return sorted({name for name, _ in _files(folder)})


def _files(folder):
    """(name, epoch) of every file in `folder` with the name of a checkpoint."""
    try:
        entries = os.listdir(folder) if folder.is_dir() else []
    except OSError as error:
        raise CheckpointError(in_words(error, folder)) from None
    found = filter(None, map(_FILE.fullmatch, entries))
    return [(match["name"], int(match["epoch"])) for match in found]


def _begins(path):
    """Whether the file begins like a checkpoint, by its first line and its digest's length."""
    first = _first(path)
    return len(first) == len(MAGIC) + 65 and first.startswith(MAGIC) and first.endswith(b"\n")


def _first(path):
    with open(path, "rb") as file:
        return file.read(len(MAGIC) + 65)


def _unlink(path):
    """Remove a checkpoint, even an incomplete one; a file that begins differently stays."""
    with suppress(OSError):
        if odd_kind(path) is None and _first(path)[: len(MAGIC)] in (MAGIC, b""):
            path.unlink()


def _read(path, epoch):
    """Header and arrays of a checkpoint file, or `_DamageError` with the reason in a few words."""
    try:
        if odd_kind(path) is not None:
            raise _DamageError("it is not a plain file")
        if path.stat().st_size > MAX_BYTES:
            raise _DamageError(f"it is larger than {MAX_BYTES:,} bytes")
        if not _begins(path):  # before reading all: a sparse file can have any length
            raise _DamageError("it does not begin as a checkpoint does")
        content = path.read_bytes()
    except OSError as error:
        raise _DamageError(f"it cannot be read: {error.strerror}") from None
    start = len(MAGIC) + 65
    digest = hashlib.sha256(memoryview(content)[start:]).hexdigest()
    if content[len(MAGIC) : start - 1] != digest.encode():
        raise _DamageError("its content does not fit its digest")
    try:
        stored = read_arrays(memoryview(content)[start:], len(content))
        packed, header = stored["packed"], json_files.parse(stored["header"].tobytes())
    except (ArraysError, KeyError, ValueError, RecursionError):
        raise _DamageError("it holds no arrays with a header") from None
    if not isinstance(header, dict) or set(header) != {"identity", "epoch", "values", "arrays"}:
        raise _DamageError("its header lacks a field")
    try:
        arrays = _unpacked(packed, header["arrays"])
    except (TypeError, ValueError, AttributeError, OverflowError):
        raise _DamageError("its arrays are not what its header says") from None
    if not isinstance(header["values"], dict):
        raise _DamageError("its header holds no values")
    if header["epoch"] != epoch:
        raise _DamageError(f"it holds epoch {header['epoch']}")
    return header, arrays


def _unpacked(packed, described):
    """The arrays by name; ValueError or a similar error if bytes and description differ."""
    arrays, start = {}, 0
    for name, (kind, shape) in described.items():
        kind = np.dtype(kind)
        if kind.kind not in "iufb" or any(type(n) is not int or n < 0 for n in shape):
            raise ValueError(name)
        end = start + kind.itemsize * math.prod(shape)
        arrays[name] = packed[start:end].view(kind).reshape(shape)
        start = end
    if packed.dtype != np.uint8 or packed.shape != (start,):
        raise ValueError("bytes are left over")
    return arrays
