"""Folders that prunelab works in, recognised by a mark file. Standard library only.

prunelab removes only files it wrote, by name, and works only in folders that it has marked.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path

from prunelab.base.files import in_words, odd_kind, open_plain

MARK = ".prunelab-work"
LOCK = ".lock"
_MADE = b"prunelab made this folder to work in, and removes it when the work is done\n"
_FOUND = b"prunelab works in this folder, and leaves it empty when the work is done\n"


def claim(folder):
    """Create `folder` if needed and mark it as prunelab's own; a marked folder is left as it is.

    FileExistsError, in one sentence, if `folder` is not a folder, is a link, or holds somebody
    else's files, or if a name in it is a link, a pipe or a device.
    """
    folder = Path(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
        words = _MADE
    except FileExistsError:
        words = _FOUND
    refuse_foreign(folder)
    if _mark(folder) is None:
        _set_mark(folder / MARK, words)


def _set_mark(path, words):
    """Write the whole mark or none; OSError in one sentence."""
    if _is_begun(path):
        path.unlink(missing_ok=True)
    try:
        descriptor = open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    except FileExistsError:  # another process is marking it
        return
    except OSError as error:
        raise type(error)(in_words(error, path)) from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(words)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise type(error)(in_words(error, path)) from None


def refuse_foreign(folder):
    """Raise FileExistsError if `claim` would refuse `folder`; nothing is created or changed."""
    folder = Path(folder)
    kind = odd_kind(folder)
    if kind is None and not os.path.lexists(folder):
        return
    if kind != "a folder":
        raise FileExistsError(
            f"{folder.name!r} is {kind or 'a file'}, and prunelab would work in a folder of that "
            "name: move it away, or choose another folder"
        )
    names = sorted(os.listdir(folder))
    if names and not is_ours(folder):
        raise FileExistsError(
            f"the folder {folder.name!r} holds files, such as {names[0]!r}, and has no mark of "
            "prunelab's: move it away, or choose another folder"
        )
    for inner in (folder, *(folder / name for name in names)):
        if odd_kind(inner) != "a folder":
            continue
        for entry in os.scandir(inner):
            mode = entry.stat(follow_symlinks=False).st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise FileExistsError(
                    f"{entry.name!r} in the folder {inner.name!r} is {odd_kind(entry.path)}: "
                    "move it away, or choose another folder"
                )


def is_ours(folder):
    """Whether prunelab has worked in `folder`, by its mark, or by its lock in an empty folder."""
    if odd_kind(folder) != "a folder":
        return False
    names = set(os.listdir(folder))
    if LOCK in names and not _is_empty(Path(folder) / LOCK):
        names.remove(LOCK)
    if names == {MARK} and _is_begun(Path(folder) / MARK):
        return True
    return _mark(Path(folder)) is not None or (LOCK in names and names <= {LOCK, MARK})


def clear(folder, names):
    """Remove the plain files `names` in `folder`, then the folder, if prunelab has marked it.

    Other files stay, and the folder with them. A folder that existed before prunelab used it stays.
    """
    folder = Path(folder)
    if odd_kind(folder) != "a folder":
        return
    mark = _mark(folder)
    lock = (LOCK,) if _is_empty(folder / LOCK) else ()  # prunelab's lock file is always empty
    for name in (*names, *lock, MARK):
        with suppress(OSError):
            if odd_kind(folder / name) is None:
                os.unlink(folder / name)
    if mark != _FOUND:
        with suppress(OSError):
            os.rmdir(folder)


def _mark(folder):
    """The content of the mark; None if there is no mark that prunelab wrote."""
    words = _words(folder / MARK)
    return words if words in (_MADE, _FOUND) else None


def _is_begun(path):
    """Whether a mark is incomplete because its writing was interrupted, as by a full disk."""
    words = _words(path)
    return words is not None and any(
        words != whole and whole.startswith(words) for whole in (_MADE, _FOUND)
    )


def _is_empty(path):
    """Whether `path` is a plain, empty file."""
    try:
        return odd_kind(path) is None and os.lstat(path).st_size == 0
    except OSError:
        return False


def _words(path):
    try:
        with os.fdopen(open_plain(path, os.O_RDONLY), "rb") as file:
            return file.read(len(_MADE) + 1)
    except OSError:
        return None
