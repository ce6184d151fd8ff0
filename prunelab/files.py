"""Where files go, and how they are written: whole or not at all. Standard library only."""

import os
import re
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from prunelab.course import default_folder

PART = ".part"  # how the name of a file ends that is still being written


def runs_folder(folder=None):
    """`folder` as a Path, `default_folder()` for None; TypeError for what names no folder."""
    if folder is None:
        return default_folder()
    if not isinstance(folder, str | os.PathLike) or "\0" in str(folder):
        kind = "name with a null byte" if isinstance(folder, str) else type(folder).__name__
        raise TypeError(f"folder is a {kind}: write the name of a folder, or None")
    return Path(folder)


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
    if path.exists() and not path.is_file():  # a rename would put a file in its place
        raise FileExistsError(f"path={path}: this is a device or a pipe; choose another name")
    return path


def write_atomically(path, write, *, flush=True):
    """Let `write(file)` fill a temporary neighbour of `path`, flush it to disk, then rename it.

    flush=False leaves the flushing to the system: enough for what a power cut may take away.
    It keeps the mode of the file it replaces; a new one can be read by everybody. What a killed
    writer of the same file left behind is swept away.
    """
    _sweep(path)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PART)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _lock(file)  # goes with the process: how `_sweep` knows that a writer is still alive
            write(file)
            file.flush()
            if flush:
                os.fsync(file.fileno())
            # mkstemp lets nobody else read it
            os.chmod(temporary, path.stat().st_mode & 0o777 if path.exists() else 0o644)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if not flush:
        return
    with suppress(OSError):  # Windows cannot open a folder; the rename is done all the same
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sweep(path):
    """Remove the temporary neighbours of `path` whose writers are dead."""
    left_behind = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(PART))
    for name in filter(left_behind.fullmatch, os.listdir(path.parent)):
        with suppress(OSError), open(path.parent / name, "rb") as file:
            if _lock(file):
                os.unlink(file.name)


def _lock(file):
    """Whether this process holds the lock of `file` now; always where there are no such locks."""
    try:
        import fcntl
    except ImportError:  # Windows, which does not remove a file that is open
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def locked(folder, sentence):
    """Hold `folder` for this process; BlockingIOError with `sentence` where another holds it.

    The lock goes with the process, however it ends. Where the system has no such locks, none is
    held.
    """
    with locked_file(folder / ".lock", sentence):
        yield


@contextmanager
def locked_file(path, sentence):
    """As `locked`, by the file `path` itself, which is made where it is not there."""
    with open(path, "ab") as file:
        if not _lock(file):
            raise BlockingIOError(sentence)
        yield
