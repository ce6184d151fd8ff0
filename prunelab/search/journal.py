"""Check the lines of a search's file before Optuna reads them: complete, plain, of this search."""

import os
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import optuna

from prunelab.base import json_files
from prunelab.base.checks import shown

STUDY = "prunelab search"
MAX_BYTES = 2**28
MAX_LINE = 2**22
CREATE = 0  # Optuna's op_code for creating a study
_BEGINS = b'{"op_code":0,'
_NAMES = b'"study_name":'
SQLITE = b"SQLite format 3\0"  # the first bytes of every SQLite database


class SearchError(ValueError):
    """A search cannot go on, or its file cannot be used; the message says why."""


def damaged(place, error):
    """The error that says what is wrong with a search's file, and what to do about it."""
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return SearchError(
        f"{place.name} is damaged ({reason}): it is left as it is; name another file"
    )


def refuse_foreign(path):
    """SearchError if the file `path` does not begin like a search's file; it is only read."""
    with open(path, "rb") as file:
        first = file.readline(MAX_LINE)
    if first.startswith(SQLITE):
        raise SearchError(
            f"{path.name} is an SQLite database: write its address, storage='sqlite:///…', "
            "or name another file"
        )
    if not first.endswith(b"\n"):  # empty, or the writer was killed within the first line
        name = first.partition(_NAMES)[2]
        if first and not name:  # cut off before the study's name: it may be somebody else's file
            raise _somebody_elses(path)
        if not (f'"{STUDY}"'.encode().startswith(name[: len(STUDY) + 2])) or not (
            _BEGINS.startswith(first[: len(_BEGINS)])
        ):
            raise _somebody_elses(path)
        return
    try:
        fact = json_files.parse(first)
        code, name = fact["op_code"], fact["study_name"]
    except (ValueError, TypeError, KeyError):
        raise _somebody_elses(path) from None
    if code != CREATE or not isinstance(name, str):
        raise _somebody_elses(path)
    refuse_other_study(path, name)


def _somebody_elses(path):
    return SearchError(f"{path.name} is no file of a search: name another one")


def refuse_other_study(place, name):
    """SearchError if the study with this `name`, found at `place`, is not a search's."""
    if name != STUDY:
        what = "file" if isinstance(place, Path) else "database"
        raise SearchError(
            f"{place.name} holds Optuna's study {shown(name)}, not a search of prunelab: "
            f"name another {what}"
        )


def check_lines(path):
    """SearchError if a complete line is not a record of Optuna's, or belongs to another study."""
    refuse_foreign(path)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise damaged(path, f"it has {size:,} bytes")
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break  # still being written
            try:
                fact = json_files.parse(line)
                code = fact["op_code"]
            except (ValueError, TypeError, KeyError) as error:
                reason = error if isinstance(error, ValueError) else "no fact of Optuna's"
                raise damaged(path, f"line {number}: {reason}") from None
            if code == CREATE:
                refuse_other_study(path, fact.get("study_name"))


def cut_torn_line(path):
    """Remove an incomplete last line, left by a writer that was killed.

    Call it only after `check_lines` has accepted the file.
    """
    with open(path, "r+b") as file:
        end = size = file.seek(0, os.SEEK_END)
        begin = max(end - MAX_LINE, 0)
        file.seek(begin)
        end = begin + file.read().rfind(b"\n") + 1
        if end < size:
            file.truncate(end)


_lock, _inside, _before = Lock(), 0, None


@contextmanager
def quiet():
    """`with`: Optuna logs nothing, in any thread.

    The log level belongs to the whole process, and several threads may be in such blocks at once:
    the first to enter lowers it, the last to leave restores it.
    """
    global _inside, _before
    with _lock:
        if not _inside:
            _before = optuna.logging.get_verbosity()
            optuna.logging.set_verbosity(optuna.logging.ERROR)
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                optuna.logging.set_verbosity(_before)
