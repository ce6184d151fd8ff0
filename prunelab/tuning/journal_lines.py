"""The lines of a search's file, before Optuna reads them: whole, plain, and its own."""

import os

from prunelab import strict_json

MAX_BYTES = 2**28
MAX_LINE = 2**22
FACT = b'{"op_code":'


class SearchError(ValueError):
    """A search cannot go on, or its file cannot be used; the message says why."""


def damaged(path, error):
    """The error that says what is wrong with the file, and the way out."""
    reason = " ".join(str(error).split())[:100] or type(error).__name__
    return SearchError(f"{path.name} is damaged ({reason}): name another file, or remove it")


def check_lines(path):
    """ValueError where a whole line is no fact of Optuna's, or the file is beyond all measure."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise ValueError(f"it has {size:,} bytes")
    with open(path, "rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                break  # still being written
            try:
                fact = strict_json.parse(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from None
            if not isinstance(fact, dict) or "op_code" not in fact:
                raise ValueError(f"line {number} is no fact of Optuna's")


def cut_torn_line(path):
    """Drop what stands after the last line's end: a fact whose writer died while writing it."""
    with open(path, "r+b") as file:
        end = size = file.seek(0, os.SEEK_END)
        begin = max(end - MAX_LINE, 0)
        file.seek(begin)
        tail = file.read()
        end = begin + tail.rfind(b"\n") + 1
        torn = tail[end - begin :]
        if torn and not FACT.startswith(torn[: len(FACT)]):  # somebody else's file: leave it alone
            raise SearchError(f"{path.name} is no file of a search: name another one")
        if end < size:
            file.truncate(end)
