"""Where a measurement lives: one JSON file, sealed by a digest, written whole or not at all."""

import os
from pathlib import Path

from prunelab import course, runs
from prunelab.digests import sha256
from prunelab.files import path_to_write
from prunelab.footprint.measurement import Measurement
from prunelab.validate import shown

STORED = "footprint/measured.json"  # in the course's folder


def save(measurement, path):
    """Store a `Measurement` in the file `path` and return the path."""
    if not isinstance(measurement, Measurement):
        raise TypeError(f"measurement={shown(measurement)}: only a Measurement is stored")
    target = path_to_write(path)
    runs.save_values(measurement.to_dict(), target)
    return target


def load(path=None):
    """The `Measurement` stored in `path`; None: the course's own, of the machine it names.

    Raises FileNotFoundError where there is no file, `runs.RunError` where it cannot be used.
    """
    source = stored_path() if path is None else _path(path)
    values = runs.load_values(source)
    if values is None:
        raise FileNotFoundError(
            f"{source.name} is not in {source.parent.name or 'this folder'}: "
            "measure with `prunelab weigh --grid`"
        )
    try:
        return Measurement.from_dict(values)
    except (TypeError, ValueError) as error:
        raise runs.RunError(f"{source.name} does not hold a measurement: {error}") from None


def stored_path():
    """The file of the course's own measurement."""
    return course.stored_path(STORED)


def digest(measurement):
    """sha256 of what a measurement says."""
    return sha256(measurement.to_dict())


def _path(path):
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path={shown(path)}: write the name of a file, or None")
    return Path(path)
