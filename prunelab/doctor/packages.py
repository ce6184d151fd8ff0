"""Python and the packages: are they there, at the versions the course is checked with?"""

import importlib.metadata
import sys
from pathlib import Path

from prunelab.doctor.machine import SETUP, Row
from prunelab.doctor.pins import LOCK_NAME, normalised, read_lock


def python_row(version=sys.version_info, allowed=((3, 11), (3, 13))):
    """Whether this Python is one the course is tested on."""
    low, high = (".".join(map(str, limit)) for limit in allowed)
    return Row(
        "Python",
        ".".join(map(str, version[:3])),
        f"{low} to {high}",
        allowed[0] <= tuple(version[:2]) <= allowed[1],
        f"Run `make clean`, then `make setup PYTHON=…` with a Python from {low} to {high}.",
    )


def find_lock(module=__file__):
    """The path of requirements.lock beside the package in a source checkout, or None."""
    path = Path(module).resolve().parents[2] / LOCK_NAME
    return path if path.is_file() else None


def installed_version(name):
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def own_requirements():
    """What the installed prunelab says it needs, as strings; extras left out."""
    try:
        stated = importlib.metadata.requires("prunelab") or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [text for text in stated if "extra ==" not in text]


def package_rows(lock=None, requirements=None, version_of=installed_version):
    """One row for each package that prunelab needs, and one for all others in the lock.

    lock: the path of a lock to compare with; without one, the ranges in prunelab's own metadata.
    """
    try:
        from packaging.markers import Marker
        from packaging.requirements import Requirement
    except ImportError:
        return [Row("packaging", "not installed", "installed", False, SETUP)]
    requirements = own_requirements() if requirements is None else requirements
    if not requirements:
        return [Row("prunelab", "no metadata", "installed", False, SETUP)]
    stated = [Requirement(text) for text in requirements]
    ranges = {
        normalised(item.name): item.specifier
        for item in stated
        if item.marker is None or item.marker.evaluate()
    }
    pins = {}
    if lock is not None:
        pinned = read_lock(Path(lock).read_text(encoding="utf-8"))
        pins = {
            pin.name: pin.version
            for pin in pinned
            if not pin.marker or Marker(pin.marker).evaluate()
        }
    rows = []
    for name, specifier in ranges.items():
        found, locked = version_of(name), pins.get(name)
        fits = found is not None and (found == locked if locked else found in specifier)
        wanted = f"{locked} (locked)" if locked else f"{specifier} (range)"
        rows.append(Row(name, found or "not installed", wanted, fits, SETUP))
    others = {name: version for name, version in pins.items() if name not in ranges}
    return rows + ([_others_row(others, version_of)] if others else [])


def _others_row(pins, version_of):
    """All other pins in one row: those missing or at another version are named."""
    found = {name: version_of(name) for name in pins}
    amiss = [f"{name} {found[name] or 'missing'}" for name in pins if found[name] != pins[name]]
    listed = ", ".join(amiss[:5]) + (f" and {len(amiss) - 5} more" if len(amiss) > 5 else "")
    return Row(
        "other pinned packages",
        f"{len(pins) - len(amiss)} of {len(pins)}" + (f" (not {listed})" if amiss else ""),
        "all as locked",
        not amiss,
        SETUP,
    )
