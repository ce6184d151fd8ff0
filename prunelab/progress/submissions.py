"""Submissions: write a reader's progress to one JSON file, and read such files safely.

A submitted file is not trusted: at most MAX_BYTES are read, from a plain file only, as JSON only.
Nothing in it is run, unpickled, opened or followed, and unprintable characters are removed.
"""

import codecs
import json
import os
import re
import stat
import warnings
from dataclasses import dataclass, field
from pathlib import Path

from prunelab.base import json_files
from prunelab.base.checks import is_plain
from prunelab.base.files import path_to_write, write_atomically
from prunelab.base.json_files import only_fields, sha256
from prunelab.live.store import LiveRunWarning, live_runs
from prunelab.progress.book import PARTS, ProgressError, check, now

KIND = "prunelab submission"
ENDING = ".prunelab.json"
MOST_BYTES = 150  # of a file name; systems allow 255 bytes with the ending
MAX_BYTES = 4 * 2**20
MAX_NAME = 80
MOST_RUNS = 200
FIELDS = ("kind", "name", "made", "progress", "digest")


class SubmissionError(ValueError):
    """A file that is not a submission; the message says why in one sentence."""


@dataclass(frozen=True)
class Submission:
    """A reader's submission. name, made: as in the file, made printable and short.
    answers, predictions, runs: dicts of dicts by their keys; the inner dicts are not checked yet.
    digest: of the progress; equal content has an equal digest.
    """

    name: str
    made: str
    digest: str
    answers: dict = field(repr=False)
    predictions: dict = field(repr=False)
    runs: dict = field(repr=False)


def printable(text, most=MAX_NAME):
    """`text` on one line, shortened, without unprintable or direction-reversing characters."""
    words = " ".join(str(text).split())
    cleaned = "".join(c if is_plain(c) else "�" for c in words)
    return cleaned if len(cleaned) <= most else cleaned[: most - 1] + "…"


def take_runs(book, folder=None):
    """Put a summary of each live run stored in `folder` into the progress; return their number."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LiveRunWarning)  # the bench warns where it shows the runs
        found = live_runs(folder)[-MOST_RUNS:]
    known = book.read()["runs"]
    for run in found:
        summary = {
            "name": run.name,
            "created": run.created,
            "settings": run.settings.to_dict(),
            "steerings": len(run.steerings),
            "nonzeros": run.nonzeros,
            "n_weights": run.n_weights,
            "validation_loss": run.validation_loss,
            "stopped": run.stopped,
        }
        if known.get(run.id) != summary:
            book.change("runs", run.id, lambda _, summary=summary: summary)
    return len(book.read()["runs"])


def submit(book, name, path=None):
    """Write the progress in `book` as one file to hand in, and return its path.

    path: the file to write; default: the name with ENDING, in the current folder. Raises
    ProgressError if the progress cannot be read, and ValueError for an empty name.
    """
    if not isinstance(name, str) or not printable(name).strip("�"):
        raise ValueError("name: write your name, so that your teacher knows whose file it is")
    progress = book.read()
    if not any(progress[part] for part in PARTS):
        raise ProgressError("there is nothing to hand in yet: answer an exercise first")
    values = {"kind": KIND, "name": printable(name), "made": now(), "progress": progress}
    values["digest"] = sha256(progress)
    target = path_to_write(f"{_slug(name)}{ENDING}" if path is None else path)
    text = json.dumps(values, allow_nan=False) + "\n"
    write_atomically(target, lambda file: file.write(text.encode()), private=True)
    return target


def read_submission(path):
    """The `Submission` in a file; SubmissionError, in one sentence, for any other file."""
    content = _bytes_of(Path(path))
    try:
        values = json_files.parse(content.removeprefix(codecs.BOM_UTF8))  # some editors add it
    except UnicodeDecodeError:
        raise SubmissionError("it is not text in UTF-8") from None
    except (ValueError, RecursionError, MemoryError) as error:
        if "digits" in str(error):
            error = "a number in it has too many digits"
        raise SubmissionError(
            printable(f"it is not JSON as prunelab writes it ({error})", 200)
        ) from None
    if isinstance(values, dict) and set(values) == {"format", *PARTS}:
        raise SubmissionError(
            "it is the file that progress is kept in: `prunelab submit` makes the one to hand in"
        )
    try:
        only_fields("submission", values, FIELDS)
        if values["kind"] != KIND:
            raise ValueError("its kind is another one")
        if not isinstance(values["name"], str) or not isinstance(values["made"], str):
            raise ValueError("name and made must be texts")
        progress = values["progress"]
        check(progress)
        digest = sha256(progress)
    except (ValueError, TypeError, RecursionError) as error:
        raise SubmissionError(printable(f"it is no submission: {error}", 200)) from None
    if values["digest"] != digest:
        raise SubmissionError("it was changed after it was written: ask for it again")
    parts = {part: progress[part] for part in PARTS}
    return Submission(printable(values["name"]), printable(values["made"], 24), digest, **parts)


def _bytes_of(path):
    """At most MAX_BYTES of a plain file; links are not followed, and pipes are not waited for."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    try:
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise SubmissionError("it is not a plain file; links are not followed")
        descriptor = os.open(path, flags)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SubmissionError("it is not a plain file; links are not followed")
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, SubmissionError):
            raise
        reason = getattr(error, "strerror", None) or "its name cannot be opened"
        raise SubmissionError(printable(f"it cannot be read ({reason})", 200)) from None
    if len(content) > MAX_BYTES:
        raise SubmissionError(f"it is larger than {MAX_BYTES:,} bytes, so it is no submission")
    return content


def _slug(name):
    """The name as a file name: letters, digits and dashes."""
    slug = re.sub(r"[^\w-]+", "-", printable(name)).strip("-_")
    return slug.encode()[:MOST_BYTES].decode(errors="ignore") or "submission"
