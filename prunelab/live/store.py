"""Storage of live runs: one JSON file with a digest per run, in `live` beside the other runs.

A run in training also has a file, `<id>.under-way.json`, and a lock that ends with its process. A
run whose kernel was killed is recognised by its file without a lock.
"""

import os
import re
import secrets
import time
import warnings
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import replace
from os import PathLike

from prunelab.base.checks import shown
from prunelab.base.files import in_words, is_locked, locked_file, odd_kind
from prunelab.base.json_files import RunError, load_values, save_values
from prunelab.course.places import runs_folder
from prunelab.experiments import runs
from prunelab.live.records import TrainedRun, now
from prunelab.live.unfinished import ID, UnfinishedRun

SUBFOLDER = "live"
UNFINISHED = ".under-way"
SECONDS_BETWEEN = 1.0  # least time between two writes of a run in training
SHARE = 100  # the pause is at least 100 times the time of a write, which then costs 1 %


class LiveRunWarning(UserWarning):
    """A stored live run was skipped; the message says which one and why."""


def save_live(run, folder=None):
    """Store a `TrainedRun`, whole or not at all, and return the path of its file.

    folder: the folder of runs, see `course.default_folder`. A run that is already stored is
    replaced, with its current name and note. An `UnfinishedRun` is stored in the same way.
    """
    if not isinstance(run, TrainedRun | UnfinishedRun):
        raise TypeError(f"run={shown(run)}: only a TrainedRun is stored here")
    target = _path(_id(run), folder)
    runs.prepare(target.parent)
    save_values(run.to_dict(), target)
    if _read(target, type(run)) is None:
        raise RunError(f"{target.name} was removed while it was stored: store it again")
    return target


def live_runs(
    folder: str | PathLike[str] | None = None, *, but: Collection[str] = ()
) -> list[TrainedRun]:
    """Every live run stored in `folder`, a list of `TrainedRun`s, the earliest first.

    A damaged file is skipped with a LiveRunWarning, so that it does not hide the others.
    but: ids of runs that are not read, since they are already known.
    """
    sources = [source for source in _sources(folder, ".json") if ID.fullmatch(source.stem)]
    return _readable([source for source in sources if source.stem not in but], TrainedRun)


def unfinished_runs(folder=None):
    """The runs in `folder` whose kernel was killed while they trained, the earliest first.

    A list of `UnfinishedRun`s. A run that still trains, here or in another kernel, is not included;
    a damaged file is skipped with a LiveRunWarning. If the system has no locks, every run in
    training is included.
    """
    sources = _sources(folder, f"{UNFINISHED}.json")
    sources = [source for source in sources if ID.fullmatch(_stem(source))]
    return _readable([each for each in sources if not is_locked(_lock_of(each))], UnfinishedRun)


def _readable(sources, kind):
    """The runs in these files, the earliest first; a warning for each damaged file."""
    found = []
    for source in sources:
        try:
            found.append(_read(source, kind))
        except RunError as error:
            warnings.warn(str(error), LiveRunWarning, stacklevel=3)
    return sorted((run for run in found if run is not None), key=lambda run: run.created)


class UnfinishedRecord:
    """The file of a live run in training; a killed kernel leaves it as an `UnfinishedRun`.

    settings: a TrainingSettings. name: of the run. n_pruned, n_weights: see UnfinishedRun. Raises
    RunError or OSError if the folder cannot be written.
    """

    def __init__(self, folder, settings, *, name="", n_pruned=0, n_weights=0):
        created = now()
        stamp = re.sub("[^0-9]", "", created)[:14]
        self.run = UnfinishedRun(
            id=f"{stamp}-{secrets.token_hex(5)}",
            settings=settings,
            steerings=(),
            history=(),
            n_pruned=n_pruned,
            n_weights=max(n_weights, n_pruned),
            created=created,
            name=name,
        )
        self._path = _path(f"{self.run.id}{UNFINISHED}", folder)
        self._held, self._next, self._open = ExitStack(), 0.0, True
        runs.prepare(self._path.parent)
        self._held.enter_context(locked_file(_lock_of(self._path), "this run has a file already"))
        try:
            self._write()
        except BaseException:
            self.leave()
            raise

    def keep(self, steerings, history):
        """Write the current progress, unless the last write was only a moment ago."""
        if self._open and time.monotonic() >= self._next:
            self.run = replace(self.run, steerings=steerings, history=history)
            self._write()

    def _write(self):
        began = time.monotonic()
        save_values(self.run.to_dict(), self._path, flush=False)
        ended = time.monotonic()
        self._next = ended + max(SECONDS_BETWEEN, SHARE * (ended - began))

    def done(self):
        """Remove the file, since the run is now stored as a finished one."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.leave()

    def leave(self):
        """Release the lock; the file stays."""
        self._open = False
        self._held.close()
        with suppress(OSError):
            _lock_of(self._path).unlink(missing_ok=True)


def delete_live(run, folder=None):
    """Remove a stored run, given by its id or as a TrainedRun; no effect if there is none."""
    path = _path(_id(run), folder)
    with suppress(FileNotFoundError):
        path.unlink()
    lock = _lock_of(path)  # left by a killed kernel; a running kernel holds its lock
    with suppress(OSError):
        if odd_kind(lock) is None and not os.lstat(lock).st_size and not is_locked(lock):
            lock.unlink()


def _sources(folder, ending):
    """The files whose names end in `ending`, sorted; none, with a warning, if listing fails."""
    place = runs_folder(folder) / SUBFOLDER
    try:
        names = os.listdir(place)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        warnings.warn(in_words(error, place), LiveRunWarning, stacklevel=3)
        return []
    return [place / name for name in sorted(names) if name.endswith(ending)]


def _id(run):
    """The name of a run's file, without its ending."""
    if isinstance(run, UnfinishedRun):
        return f"{run.id}{UNFINISHED}"
    name = run.id if isinstance(run, TrainedRun) else run
    if not isinstance(name, str) or not ID.fullmatch(name):
        raise ValueError(f"run={shown(run)}: write a TrainedRun, or its id")
    return name


def _stem(path):
    return path.stem.removesuffix(UNFINISHED)


def _lock_of(path):
    return path.with_name(f"{_stem(path)}.lock")


def _path(name, folder):
    return runs_folder(folder) / SUBFOLDER / f"{name}.json"


def _read(source, kind):
    values = load_values(source)
    if values is None:  # deleted from another bench a moment ago
        return None
    try:
        run = kind.from_dict(values)
    except (ValueError, TypeError) as error:
        raise RunError(f"{source.name} does not hold a live run: {error}") from None
    if run.id != _stem(source):
        raise RunError(f"{source.name} holds the run {run.id}: give it that name again")
    return run
