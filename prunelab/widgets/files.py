"""Write a page whole or not at all."""

import os
import tempfile
from pathlib import Path


def path_to_write(path):
    """`path` as a Path whose folder exists, or one sentence what is missing."""
    try:
        path = Path(os.fsdecode(path))
    except TypeError:
        kind = type(path).__name__
        raise TypeError(f"path is a {kind}: write a file name, such as 'page.html'") from None
    if not path.parent.is_dir():
        raise FileNotFoundError(f"path={path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise IsADirectoryError(f"path={path}: this is a folder; add a file name to it")
    return path


def write_atomically(path, data):
    """Write bytes to a temporary neighbour of `path`, flush them to disk, then rename it."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
