"""Read requirements.lock, and derive constraints.txt from it.

`python -m prunelab.doctor.pins [LOCK]` prints the constraints of a lock; `make lock` writes them to
constraints.txt. Standard library only, so that it runs where nothing is installed yet.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

LOCK_NAME = "requirements.lock"
_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>.+))?")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Pin:
    """One entry of a lock: normalised name, exact version, environment marker or "", hashes."""

    name: str
    version: str
    marker: str
    hashes: tuple

    def __str__(self):
        return f"{self.name}=={self.version}" + (f" ; {self.marker}" if self.marker else "")


def find_lock(module=__file__):
    """The path of requirements.lock beside the package in a source checkout, or None."""
    path = Path(module).resolve().parents[2] / LOCK_NAME
    return path if path.is_file() else None


def normalised(name):
    """A package name in the form that package indexes compare: 'Tf_Keras' → 'tf-keras'."""
    return re.sub(r"[-_.]+", "-", name).lower()


def read_lock(text):
    """The pins in the text of a lock or a constraints file, in order.

    A package appears more than once if its version depends on the marker. Raises ValueError for a
    line that is not an exact pin.
    """
    pins = []
    for entry in re.sub(r"\\\n", " ", text).splitlines():
        entry = entry.strip()
        if not entry or entry.startswith("#"):
            continue
        requirement, *hashes = re.split(r"\s+(?=--)", entry)
        match = _ENTRY.fullmatch(requirement.strip())
        if match is None or not all(_HASH.fullmatch(part) for part in hashes):
            raise ValueError(
                f"{entry[:80]!r} is not an exact pin: write name==version, "
                "perhaps with a marker and sha256 hashes"
            )
        name, version, marker = match.group("name", "version", "marker")
        digests = tuple(_HASH.fullmatch(part)[1] for part in hashes)
        pins.append(Pin(normalised(name), version, (marker or "").strip(), digests))
    return tuple(pins)


def constraints(lock_text):
    """The text of constraints.txt for the text of a lock: the same pins without their hashes."""
    header = "# Derived from requirements.lock by `make lock`; not edited by hand.\n"
    return header + "".join(f"{pin}\n" for pin in read_lock(lock_text))


def main(arguments):
    """Print the constraints of the lock given, or of the one in the current folder."""
    path = Path(arguments[0] if arguments else LOCK_NAME)
    print(constraints(path.read_text(encoding="utf-8")), end="")


if __name__ == "__main__":
    main(sys.argv[1:])
