"""Where live runs live: one sealed JSON file a run, in `live` beside the other runs."""

import re
import warnings
from contextlib import suppress

from prunelab import runs
from prunelab.files import runs_folder
from prunelab.live_training import TrainedRun
from prunelab.validate import shown

SUBFOLDER = "live"
_ID = re.compile("[0-9]{14}-[0-9a-f]{10}")


class LiveRunWarning(UserWarning):
    """A stored live run was passed over; the message says which one and why."""


def save_live(run, folder=None):
    """Store a `TrainedRun`, whole or not at all, and return the path of its file.

    folder: where runs live, see `runs.default_folder`. A run stored before is replaced by itself,
    with the name and note it has now.
    """
    if not isinstance(run, TrainedRun):
        raise TypeError(f"run={shown(run)}: only a TrainedRun is stored here")
    target = _path(run.id, folder)
    runs.prepare(target.parent)
    runs.save_values(run.to_dict(), target)
    return target


def live_runs(folder=None, *, but=()):
    """Every live run stored in `folder`, a list of `TrainedRun`s, the earliest first.

    One that is damaged is passed over with a LiveRunWarning: it must not hide the others.
    but: ids of runs that are known already, and not read again.
    """
    found = []
    for source in sorted((runs_folder(folder) / SUBFOLDER).glob("*.json")):
        if not _ID.fullmatch(source.stem) or source.stem in but:
            continue
        try:
            run = _read(source)
        except runs.RunError as error:
            warnings.warn(str(error), LiveRunWarning, stacklevel=2)
        else:
            if run is not None:
                found.append(run)
    return sorted(found, key=lambda run: run.created)


def load_live(run, folder=None):
    """The stored run with this id (or that of this TrainedRun); RunError where there is none."""
    source = _path(_id(run), folder)
    found = _read(source)
    if found is None:
        raise runs.RunError(f"{source.name} is missing: it was deleted, or is in another folder")
    return found


def rename_live(run, folder=None, *, name=None, note=None):
    """Give a stored run another name or note, and return it so; None leaves one as it is."""
    renamed = load_live(run, folder).renamed(name, note)
    save_live(renamed, folder)
    return renamed


def delete_live(run, folder=None):
    """Remove a stored run, by its id or as a TrainedRun; nothing happens where there is none."""
    with suppress(FileNotFoundError):
        _path(_id(run), folder).unlink()


def _id(run):
    name = run.id if isinstance(run, TrainedRun) else run
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise ValueError(f"run={shown(run)}: write a TrainedRun, or its id")
    return name


def _path(name, folder):
    return runs_folder(folder) / SUBFOLDER / f"{name}.json"


def _read(source):
    values = runs.load_values(source)
    if values is None:  # deleted from another bench a moment ago
        return None
    try:
        run = TrainedRun.from_dict(values)
    except (ValueError, TypeError) as error:
        raise runs.RunError(f"{source.name} does not hold a live run: {error}") from None
    if run.id != source.stem:
        raise runs.RunError(f"{source.name} holds the run {run.id}: give it that name again")
    return run
