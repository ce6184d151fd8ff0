"""States of a training that is not over: the last two, written whole or not at all, checked.

A checkpoint is one file: a line that names the format, a line with the sha256 of the rest, and the
rest, which is NumPy's `.npz` without compression and without pickles. Standard library and NumPy.
"""

import hashlib
import io
import json
import os
import re
import warnings
import zipfile
from contextlib import suppress

import numpy as np

from prunelab import strict_json
from prunelab.files import runs_folder, write_atomically

MAGIC = b"prunelab checkpoint 1\n"
KEPT = 2
MAX_BYTES = 2**30


class CheckpointError(ValueError):
    """A checkpoint must not be continued; the message says which one, why, and the way out."""


class CheckpointWarning(UserWarning):
    """A damaged checkpoint was passed over; the message says what is done in its place."""


class _DamageError(Exception):
    pass


class Checkpoints:
    """The checkpoints of one training, called `name`, in `folder`, of the settings `identity`.

    identity: a text that differs wherever the training would: a config's digest and a seed.
    """

    def __init__(self, folder, name, identity):
        self.folder, self.name, self.identity = runs_folder(folder), name, identity

    def path(self, epoch):
        """The file of the state after `epoch` epochs."""
        return self.folder / f"{self.name}-{epoch:05d}.ckpt"

    def epochs(self):
        """The epochs there is a file for, latest first; `load` says whether one can be used."""
        pattern = re.compile(re.escape(self.name) + r"-(\d{5,})\.ckpt")
        names = os.listdir(self.folder) if self.folder.is_dir() else []
        found = [pattern.fullmatch(name) for name in names]
        return sorted((int(match[1]) for match in found if match), reverse=True)

    def save(self, epoch, arrays, values):
        """Write the state after `epoch` epochs, then remove all but the last two.

        arrays: a dict of arrays by name. values: a dict that JSON can hold.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        header = {"identity": self.identity, "epoch": epoch, "values": values}
        text = np.frombuffer(json.dumps(header, allow_nan=False).encode(), dtype=np.uint8)
        content = io.BytesIO()
        np.savez(content, **{f"a_{name}": array for name, array in arrays.items()}, header=text)
        content = content.getbuffer()

        def write(file):
            file.write(MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n")
            file.write(content)

        # Not flushed to the disk: a killed process loses nothing by that, and what a power cut
        # tears is found damaged and passed over.
        write_atomically(self.path(epoch), write, flush=False)
        for old in self.epochs()[KEPT:]:
            with suppress(OSError):
                self.path(old).unlink()

    def load(self):
        """The latest state that can be used, as (epoch, arrays, values), or None.

        Warns (`CheckpointWarning`) of a damaged one and falls back to the one before it. Raises
        CheckpointError where a checkpoint belongs to other settings.
        """
        found = self.epochs()
        for i, epoch in enumerate(found):
            try:
                header, arrays = _read(self.path(epoch))
                if header["epoch"] != epoch:
                    raise _DamageError(f"it holds epoch {header['epoch']}")
            except _DamageError as damage:
                earlier = found[i + 1 :]
                instead = f"trying epoch {earlier[0]}" if earlier else "beginning anew"
                warnings.warn(
                    f"{self.path(epoch).name} is damaged ({damage}): {instead}",
                    CheckpointWarning,
                    stacklevel=2,
                )
                continue
            if header["identity"] != self.identity:
                raise CheckpointError(
                    f"{self.path(epoch).name} was left by a run of other settings: "
                    f"remove it from {self.folder.name!r}, or choose another folder"
                )
            return epoch, arrays, header["values"]
        return None

    def remove(self):
        """Remove all checkpoints of this training, and their folder where it is empty."""
        for epoch in self.epochs():
            with suppress(OSError):
                self.path(epoch).unlink()
        with suppress(OSError):
            self.folder.rmdir()


def _read(path):
    """Header and arrays of a checkpoint file, or `_DamageError` with the reason in a few words."""
    try:
        if path.is_symlink() or not path.is_file():
            raise _DamageError("it is not a plain file")
        if path.stat().st_size > MAX_BYTES:
            raise _DamageError(f"it is larger than {MAX_BYTES:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise _DamageError(f"it cannot be read: {error.strerror}") from None
    start = len(MAGIC) + 65
    if not content.startswith(MAGIC) or content[start - 1 : start] != b"\n":
        raise _DamageError("it does not begin as a checkpoint does")
    digest = hashlib.sha256(memoryview(content)[start:]).hexdigest()
    if content[len(MAGIC) : start - 1] != digest.encode():
        raise _DamageError("its content does not fit its digest")
    try:
        with np.load(io.BytesIO(content[start:]), allow_pickle=False) as stored:
            arrays = {name[2:]: stored[name] for name in stored.files if name != "header"}
            header = strict_json.parse(stored["header"].tobytes())
    except (ValueError, KeyError, OSError, RecursionError, zipfile.BadZipFile):
        raise _DamageError("it holds no arrays with a header") from None
    if not isinstance(header, dict) or set(header) != {"identity", "epoch", "values"}:
        raise _DamageError("its header lacks a field")
    return header, arrays
