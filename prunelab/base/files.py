"""Write files whole or not at all, and lock them. Standard library only."""

import errno
import os
import re
import secrets
import stat
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

fcntl: ModuleType | None
try:
    fcntl = import_module("fcntl")
except ImportError:  # Windows
    fcntl = None

PART = ".part"  # suffix of a file that is still being written
_TEMPORARY = re.compile(r"^\.(.+)\.[a-z0-9_]{8}\.part$")


def path_to_write(path):
    """`path` as a Path whose folder exists; else an error that says what is missing."""
    try:
        path = Path(os.fsdecode(path))
    except TypeError:
        kind = type(path).__name__
        raise TypeError(f"path is a {kind}: write a file name, such as 'page.html'") from None
    if "\0" in str(path):
        raise ValueError(f"path={str(path)!r}: a file name holds no null byte; choose another name")
    try:
        if not path.parent.is_dir():
            raise FileNotFoundError(f"path={path}: there is no folder {path.parent}; make it first")
        if path.is_dir():
            raise IsADirectoryError(f"path={path}: this is a folder; add a file name to it")
        refuse_odd(path)
    except OSError as error:
        if error.errno is None:  # one of these sentences, and none of the system's
            raise
        raise type(error)(f"path: {in_words(error, path)}") from None
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(
            f"path={path}: nothing can be written in the folder {path.parent.name or '/'!r}; "
            "choose one that you can write to"
        )
    return path


def refuse_odd(path):
    """Raise FileExistsError if `path` exists and is not a plain file: a rename would replace it."""
    if (kind := odd_kind(path)) is not None:
        raise FileExistsError(f"path={path}: this is {kind}; choose another name")


def odd_kind(path):
    """What `path` is, in words; None for a plain file, and if nothing is there."""
    try:
        mode = os.lstat(path).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(mode):
        return "a link"
    if stat.S_ISDIR(mode):
        return "a folder"
    return None if stat.S_ISREG(mode) else "a device or a pipe"


def in_words(error, path=None):
    """An error as one sentence; an OSError without its number, with the folder and what to do.

    path: the file that was written or read; None for the file that the error names.
    """
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    reason, way = _REASONS.get(error.errno, (error.strerror or "it is refused", _TRY))
    path = error.filename if path is None else path
    if not isinstance(path, str | bytes | os.PathLike):
        return f"{reason}; {way}"
    path = Path(os.fsdecode(path))
    name, folder = _TEMPORARY.sub(r"\1", path.name), path.absolute().parent.name or "/"
    name = name if len(name) <= 60 else f"{name[:57]}..."
    return f"{name!r} in the folder {folder!r}: {reason}; {way}"


_TRY = "choose another folder, or mend it and do the same again"
_FULL = "free some room there and do the same again; what is stored is kept"
_REASONS = {
    errno.ENOSPC: ("the disk is full", _FULL),
    getattr(errno, "EDQUOT", errno.ENOSPC): ("your share of the disk is used up", _FULL),
    errno.EFBIG: ("the file is larger than this system lets you write", _FULL),
    errno.EROFS: ("the folder can only be read", "choose a folder that you can write to"),
    errno.EACCES: ("you may not read or write there", "choose a folder that you can write to"),
    errno.EPERM: ("you may not read or write there", "choose a folder that you can write to"),
    errno.ENOENT: ("it is not there", "make its folder first, or choose another name"),
    errno.ENOTDIR: ("what should be its folder is a file", "choose another folder"),
    errno.EEXIST: ("something else is there already", "choose another name"),
    errno.EISDIR: ("it is a folder", "choose another name"),
    errno.ELOOP: ("it is a link", "choose another name"),
    errno.ENAMETOOLONG: ("its name is too long", "choose a shorter one"),
}


def write_atomically(path, write, *, flush=True, private=False):
    """Let `write(file)` fill a temporary file beside `path`, flush it to disk, then rename it.

    flush=False leaves the flushing to the system, for files that may be lost in a power cut. A
    replaced file keeps its mode; a new file gets the mode that the umask leaves. With private=True
    only the owner can read the file, whatever mode it had. Temporary files of a killed writer of
    the same file are removed. A link, a pipe or a device is not replaced (FileExistsError). If the
    system refuses the write, the OSError names the folder and says what to do.
    """
    try:
        refuse_odd(path)
        _write(path, write, flush, private)
    except OSError as error:
        raise type(error)(in_words(error, path)) from None


def _write(path, write, flush, private):
    _sweep(path)
    temporary, descriptor = _temporary(path, 0o600 if private else 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            _lock(file)  # ends with the process; by it `_sweep` knows that a writer is still alive
            write(file)
            file.flush()
            if flush:
                os.fsync(file.fileno())
            if not private and path.exists():
                os.chmod(temporary, path.stat().st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    if not flush:
        return
    with suppress(OSError):  # Windows cannot open a folder; the rename is done already
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _temporary(path, mode):
    """A new temporary file beside `path`, open for writing; the umask is applied to `mode`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    while True:
        temporary = path.parent / f".{path.name}.{secrets.token_hex(4)}{PART}"
        with suppress(FileExistsError):
            return temporary, os.open(temporary, flags, mode)


def open_plain(path, flags, mode=0o666):
    """A descriptor of a plain file; OSError for a link, a pipe or a device, without waiting on it.

    flags: as in `os.open`; they say whether a missing file is created.
    """
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    refuse_odd(path)
    descriptor = os.open(path, flags, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileExistsError(f"path={path}: this is no plain file; choose another name")
    return descriptor


def _sweep(path):
    """Remove the temporary files beside `path` whose writing processes have ended."""
    left_behind = re.compile(re.escape(f".{path.name}.") + "[a-z0-9_]{8}" + re.escape(PART))
    for name in filter(left_behind.fullmatch, os.listdir(path.parent)):
        with (
            suppress(OSError),
            os.fdopen(open_plain(path.parent / name, os.O_RDONLY), "rb") as file,
        ):
            if _lock(file):
                os.unlink(path.parent / name)


def _lock(file):
    """Try to lock `file`; True if this process now holds the lock or the system has no locks."""
    if fcntl is None:  # on Windows, which does not remove a file that is open; see `_held_beside`
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _held_beside(path, sentence):
    """Lock a file beside `path`: on Windows, bytes that are locked cannot be read by others."""
    from filelock import FileLock, Timeout

    lock = FileLock(f"{path}.held")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BlockingIOError(sentence) from None
    try:
        yield
    finally:
        lock.release()


def is_locked(path):
    """Whether any process holds the lock of the file `path`; False if there is no such file."""
    try:
        with os.fdopen(open_plain(path, os.O_RDWR), "rb+") as file:
            if fcntl is not None:
                return not _lock(file)
            with _held_beside(path, "held"):
                return False
    except BlockingIOError:
        return True
    except OSError:
        return False


@contextmanager
def locked(folder, sentence, mode=0o666):
    """Lock `folder` for this process; BlockingIOError with `sentence` if another process holds it.

    The lock ends with the process, however the process ends.
    """
    with locked_file(folder / ".lock", sentence, mode):
        yield


@contextmanager
def locked_file(path, sentence, mode=0o666):
    """As `locked`, with the file `path` itself as lock; a missing file is created with `mode`."""
    with os.fdopen(open_plain(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode), "ab") as file:
        if fcntl is None:
            with _held_beside(path, sentence):
                yield
            return
        if not _lock(file):
            raise BlockingIOError(sentence)
        yield
