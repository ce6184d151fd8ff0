"""Checks of Python and the packages against the versions the course is tested with."""

import importlib.metadata
import sys
from pathlib import Path

from prunelab.doctor.machine import Row, mend
from prunelab.doctor.pins import normalised, read_lock

# What each optional extra is for; without one, only its features are missing.
FOR = {
    "lab": "JupyterLab; any other program for notebooks does as well",
    "tensorflow": "the chapters that train networks",
    "search": "searching for schedules",
    "cluster": "several machines",
}


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


def installed_version(name):
    """The version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def own_requirements():
    """The requirements of the installed prunelab and of its extras, as strings."""
    try:
        return importlib.metadata.requires("prunelab") or []
    except importlib.metadata.PackageNotFoundError:
        return []


def package_rows(lock=None, requirements=None, version_of=installed_version):
    """One row for each package that prunelab needs, and one for all others in the lock.

    lock: the path of a lock to compare with; without one, the ranges in prunelab's own metadata.
    With a lock every package is required except the tools that test the course. Without a lock an
    extra that is not installed at all is one row, marked absent.
    """
    try:
        from packaging.markers import Marker
        from packaging.requirements import Requirement
    except ImportError:
        return [Row("packaging", "not installed", "installed", False, mend())]
    requirements = own_requirements() if requirements is None else requirements
    if not requirements:
        return [Row("prunelab", "no metadata", "installed", False, mend())]
    stated = [Requirement(text) for text in requirements]
    groups = {extra: _ranges(stated, extra) for extra in ("", *FOR)}
    for extra in FOR:
        groups[extra] = {n: r for n, r in groups[extra].items() if n not in groups[""]}
    pins = {}
    if lock is not None:
        pinned = read_lock(Path(lock).read_text(encoding="utf-8"))
        pins = {
            pin.name: pin.version
            for pin in pinned
            if not pin.marker or Marker(pin.marker).evaluate()
        }
    rows, known = [], set()
    for extra, ranges in groups.items():
        known |= set(ranges)
        if extra and lock is None and not any(version_of(name) for name in ranges):
            rows += _absent_rows(extra, any(f'"{extra}"' in str(item.marker) for item in stated))
            continue
        for name, specifier in ranges.items():
            found, locked = version_of(name), pins.get(name)
            fits = found is not None and (found == locked if locked else found in specifier)
            wanted = f"{locked} (locked)" if locked else f"{specifier} (range)"
            rows.append(Row(name, found or "not installed", wanted, fits, mend(extra)))
    others = {name: version for name, version in pins.items() if name not in known}
    if any(version_of(name) is None for name in _ranges(stated, "test")):
        # As in an install from environment.yml: without the tools that test the course.
        others = {name: version for name, version in others.items() if version_of(name)}
    return rows + ([_others_row(others, version_of)] if others else [])


def _ranges(stated, extra):
    """{name: version range} of the requirements of an extra, or of the package without extras."""
    here = {"extra": extra}
    return {
        normalised(item.name): item.specifier
        for item in stated
        if (item.marker is None and not extra)
        or (item.marker is not None and item.marker.evaluate(here)
            and bool(extra) != item.marker.evaluate({"extra": ""}))
        if normalised(item.name) != "prunelab"
    }  # fmt: skip


def _absent_rows(extra, stated):
    """One row that says an extra is not installed; none if prunelab has no such extra."""
    if not stated:
        return []
    advice = f"pip install 'prunelab[{extra}]'"
    return [Row(f"prunelab[{extra}]", "not installed", f"for {FOR[extra]}", True, advice, True)]


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
        mend(),
    )
