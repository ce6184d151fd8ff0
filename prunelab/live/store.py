"""Where live runs live: one JSON file a run, with its digest, in `live` beside the other runs.

A run that trains has a file too, `<id>.under-way.json`, and a lock that goes with its process: so a
run whose kernel was killed is known by its file without a lock.
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
SECONDS_BETWEEN = 1.0  # two writings of a run under way, at least
SHARE = 100  # and so many times as long as a writing takes: it costs one hundredth


class LiveRunWarning(UserWarning):
    """A stored live run was passed over; the message says which one and why."""


def save_live(run, folder=None):
    """Store a `TrainedRun`, whole or not at all, and return the path of its file.

    folder: where runs live, see `runs.default_folder`. A run stored before is replaced by itself,
    with the name and note it has now. So is an `UnfinishedRun`.
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

    One that is damaged is passed over with a LiveRunWarning: it must not hide the others.
    but: ids of runs that are known already, and not read again.
    """
    found = []
    for source in _sources(folder, ".json"):
        if not ID.fullmatch(source.stem) or source.stem in but:
            continue
        try:
            run = _read(source)
        except RunError as error:
            warnings.warn(str(error), LiveRunWarning, stacklevel=2)
        else:
            if run is not None:
                found.append(run)
    return sorted(found, key=lambda run: run.created)


def unfinished_runs(folder=None):
    """The runs in `folder` whose kernel was killed while they trained, the earliest first.

    A list of `UnfinishedRun`s. A run that still trains, here or in another kernel, is none; a file
    that is damaged is passed over with a LiveRunWarning. Where the system has no locks, every run
    under way looks like one.
    """
    found = []
    for source in _sources(folder, f"{UNFINISHED}.json"):
        if not ID.fullmatch(_stem(source)) or is_locked(_lock_of(source)):
            continue
        try:
            run = _read(source, UnfinishedRun)
        except RunError as error:
            warnings.warn(str(error), LiveRunWarning, stacklevel=2)
        else:
            if run is not None:
                found.append(run)
    return sorted(found, key=lambda run: run.created)


class UnfinishedRecord:
    """The file of a live run while it trains; a kill leaves it behind, as an `UnfinishedRun`.

    settings: a TrainingSettings. name: of the run. n_pruned, n_weights: see UnfinishedRun. Raises
    RunError or OSError where the folder cannot be written.
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
        """Write how far it is, unless the last writing is but a moment ago."""
        if self._open and time.monotonic() >= self._next:
            self.run = replace(self.run, steerings=steerings, history=history)
            self._write()

    def _write(self):
        began = time.monotonic()
        save_values(self.run.to_dict(), self._path, flush=False)
        ended = time.monotonic()
        self._next = ended + max(SECONDS_BETWEEN, SHARE * (ended - began))

    def done(self):
        """Remove the file: the run is stored as one that has ended."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self.leave()

    def leave(self):
        """Let go of the file, which stays."""
        self._open = False
        self._held.close()
        with suppress(OSError):
            _lock_of(self._path).unlink(missing_ok=True)


def delete_live(run, folder=None):
    """Remove a stored run, by its id or as a TrainedRun; nothing happens where there is none."""
    path = _path(_id(run), folder)
    with suppress(FileNotFoundError):
        path.unlink()
    lock = _lock_of(path)  # of a killed kernel; one that lives holds it
    with suppress(OSError):
        if odd_kind(lock) is None and not os.lstat(lock).st_size and not is_locked(lock):
            lock.unlink()


def _sources(folder, ending):
    """The files whose names end so, sorted; none, and a warning, where they cannot be listed."""
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


def _read(source, kind=TrainedRun):
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
