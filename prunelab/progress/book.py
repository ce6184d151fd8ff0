"""A reader's progress in one JSON file: answers, predictions and runs.

The file is `progress.json` in the reader's folder: PRUNELAB_PROGRESS where it is set, else
`progress` in the course. It is written whole or not at all, by one notebook at a time, and only
its owner can read it.
"""

import contextlib
import errno
import json
import os
import time
from datetime import UTC, datetime

from prunelab.base import json_files
from prunelab.base.files import in_words, locked, odd_kind, path_to_write, write_atomically
from prunelab.base.json_files import canonical_json, only_fields
from prunelab.course.places import progress_folder, runs_folder

FORMAT = 1
NAME = "progress.json"
PARTS = ("answers", "predictions", "runs")
MAX_BYTES = 2 * 2**20
MAX_ENTRY = 100_000  # characters of JSON; the largest answer of the course takes some 20,000
PATIENCE = 10  # seconds that one notebook waits for another


class ProgressError(ValueError):
    """The progress cannot be read or written; the message says what to do."""


def empty():
    """The progress of a new reader."""
    return {"format": FORMAT, **{part: {} for part in PARTS}}


def now():
    """The current time in UTC, to the second, as text: 2026-01-31T12:00:00Z."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class ProgressBook:
    """The progress file of one reader. folder: where it lies (default: `progress_folder()`)."""

    def __init__(self, folder=None):
        self.folder = progress_folder() if folder is None else runs_folder(folder)
        self.path = self.folder / NAME

    def read(self):
        """The whole progress: a dict of FORMAT and PARTS; empty if there is no file.

        Raises ProgressError for a damaged file, which `write` would set aside.
        """
        try:
            return self._read()
        except OSError as error:
            raise ProgressError(in_words(error, self.path)) from None
        except ValueError as error:
            raise ProgressError(
                f"{NAME} cannot be read ({error}): move it away, and begin a new one"
            ) from None

    def _read(self):
        """As `read`; ValueError for a damaged file, OSError for one that cannot be read."""
        if not os.path.lexists(self.path):
            if os.path.lexists(self.folder) and not self.folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            return empty()
        if not self.path.is_file() or self.path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is no plain file of at most {MAX_BYTES:,} bytes")
        values = json_files.parse(self.path.read_bytes())
        check(values)
        return values

    def get(self, part, key):
        """The entry `key` of a part; None if there is none or the file cannot be read."""
        try:
            return self.read()[part].get(key)
        except ProgressError:
            return None

    def change(self, part, key, update):
        """Replace the entry `key` of a part by `update(entry or None)`; returns the new entry.

        Two notebooks may do this at once: one waits for the other. A damaged file is first renamed,
        never overwritten. Raises ProgressError if the file cannot be changed.
        """
        with self._alone():
            if (kind := odd_kind(self.path)) is not None:
                raise ProgressError(
                    f"{NAME} is {kind}: move it away, or set PRUNELAB_PROGRESS to a folder of yours"
                )
            try:
                values = self._read()
            except OSError as error:  # the file may be intact, so it is not moved
                raise ProgressError(in_words(error, self.path)) from None
            except ValueError:
                self._set_aside("damaged")
                values = empty()
            entry = update(values[part].get(key))
            if len(canonical_json(entry)) > MAX_ENTRY:
                raise ProgressError(f"{key} is longer than {MAX_ENTRY:,} characters: not recorded")
            values[part][key] = entry
            text = json.dumps(values, allow_nan=False)
            if len(text) >= MAX_BYTES:
                raise ProgressError(f"{NAME} is full: export it, then `prunelab progress --reset`")
            write_atomically(self.path, lambda file: file.write(text.encode()), private=True)
        return entry

    def export(self, path):
        """Write a copy to `path`, and return it. An older file there is replaced whole."""
        path = path_to_write(path)
        text = json.dumps(self.read(), indent=1, allow_nan=False) + "\n"
        write_atomically(path, lambda file: file.write(text.encode()), private=True)
        return path

    def reset(self):
        """Start with empty progress; returns the path of the old file, None if there was none."""
        if not os.path.lexists(self.path):
            return None
        with self._alone():
            return self._set_aside("before")

    def _set_aside(self, why):
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        for count in range(1, 10_000):
            kept = self.folder / f"progress-{why}-{stamp}-{count}.json"
            if not os.path.lexists(kept):
                os.rename(self.path, kept)
                return kept
        raise ProgressError(f"{self.folder.name} holds too many old files: tidy it up first")

    @contextlib.contextmanager
    def _alone(self):
        """Lock the folder, creating it if missing; ProgressError if it cannot be locked."""
        until = time.monotonic() + PATIENCE
        try:
            with contextlib.ExitStack() as stack:
                self.folder.parent.mkdir(parents=True, exist_ok=True)
                self.folder.mkdir(mode=0o700, exist_ok=True)
                while True:
                    try:
                        stack.enter_context(locked(self.folder, "another notebook writes", 0o600))
                        break
                    except BlockingIOError:
                        if time.monotonic() > until:
                            raise
                        time.sleep(0.02)
                yield
        except OSError as error:
            raise ProgressError(
                f"{self.path.parent.name} cannot be written ({error.strerror or error}); "
                "set PRUNELAB_PROGRESS to a folder of yours"
            ) from None


def check(values):
    """Raise ValueError, in one sentence, for values that this module does not write as progress."""
    only_fields("progress", values, ["format", *PARTS])
    if values["format"] != FORMAT or isinstance(values["format"], bool):
        raise ValueError(f"its format is not {FORMAT}: it was written by another version")
    for part in PARTS:
        entries = values[part]
        if not isinstance(entries, dict) or not all(isinstance(e, dict) for e in entries.values()):
            raise ValueError(f"{part} must be a JSON object of JSON objects")
