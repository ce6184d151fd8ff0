"""The lines of a search's file, before Optuna reads them: whole, plain, and its own."""

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
CREATE = 0  # Optuna's op_code of the fact that a study is made
_BEGINS = b'{"op_code":0,'
_NAMES = b'"study_name":'
SQLITE = b"SQLite format 3\0"  # how every such database begins


class SearchError(ValueError):
    """A search cannot go on, or its file cannot be used; the message says why."""


def damaged(place, error):
    """The error that says what is wrong with a search's own file, and the way out."""
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return SearchError(
        f"{place.name} is damaged ({reason}): it is left as it is; name another file"
    )


def refuse_foreign(path):
    """SearchError where the file `path` does not begin as a search's own; it is only read."""
    with open(path, "rb") as file:
        first = file.readline(MAX_LINE)
    if first.startswith(SQLITE):
        raise SearchError(
            f"{path.name} is an SQLite database: write its address, storage='sqlite:///…', "
            "or name another file"
        )
    if not first.endswith(b"\n"):  # empty, or killed within its first line
        name = first.partition(_NAMES)[2]
        if first and not name:  # cut before it says whose it is: it may be somebody's
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
    """SearchError where the study of this `name`, found at `place`, is no search's."""
    if name != STUDY:
        what = "file" if isinstance(place, Path) else "database"
        raise SearchError(
            f"{place.name} holds Optuna's study {shown(name)}, not a search of prunelab: "
            f"name another {what}"
        )


def check_lines(path):
    """SearchError where a whole line is no fact of Optuna's, or of another study."""
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
    """Drop what stands after the last line's end: a fact whose writer died while writing it.

    To be called once `check_lines` has found the file a search's own.
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
    """No messages of Optuna's for as long as this lasts, in any thread.

    How loud it is goes for the whole process, and trials may be judged in several threads at once:
    the first one in turns it down, the last one out puts it back.
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
