"""The learner's copy of the course: made, brought up to date, one chapter begun afresh.

A hidden file in it, MANIFEST, tells what was given, and as what: a file that is no longer so is
the learner's, and is never written over. A chapter is known by its subject, so that it is the same
one when the course counts its chapters anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from prunelab.base.files import in_words, odd_kind, write_atomically
from prunelab.course import places
from prunelab.course.editions import learners, subject, text

if TYPE_CHECKING:
    from os import PathLike

MANIFEST = ".prunelab-course.json"
FORMAT = 1
DEFAULT = "prunelab-course"
ASIDE = "set_aside"  # folder in the copy, for what `reset` replaces
FOLDERS = ("data", "footprint", "networks", "runs", "sheets")  # that a copy needs, too
LEARNER, CLASS, REFERENCE = "learner", "class", "reference"


@dataclass(frozen=True)
class Copied:
    """What was done to a copy. Each field but the first names files, as they are called there."""

    folder: Path
    written: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # the learner's, though the course has a newer one
    set_aside: str | None = None  # where the chapter lies that was begun afresh

    def __str__(self) -> str:
        said = [f"{len(self.written)} files are new in {self.folder}"] if self.written else []
        if self.renewed:
            said.append(f"{len(self.renewed)} were brought up to date")
        if not said:
            said = [f"{self.folder} is up to date"]
        lines = ["; ".join(said) + "."]
        for name in self.kept:
            lines.append(
                f"{name} is yours, changed, and stays as it is; the course has a newer one: "
                f"`prunelab course --reset {name[:-6]}` gives it, and keeps yours."
            )
        if self.set_aside:
            lines.append(f"What was there is kept as {self.set_aside}.")
        return "\n".join(lines)


def is_copy(folder: str | PathLike[str]) -> bool:
    """Whether `make` has made a copy in `folder`."""
    return (Path(folder) / MANIFEST).is_file()


def edition(folder: str | PathLike[str] | None = None) -> str:
    """LEARNER or CLASS of a copy, REFERENCE of anything else. folder: None for where we work."""
    try:
        manifest = _read(Path(places.folder() if folder is None else folder))
    except (OSError, ValueError):
        return REFERENCE
    return REFERENCE if manifest is None else manifest["edition"]


def make(
    folder: str | PathLike[str],
    *,
    for_class: bool = False,
    reset: str | None = None,
    now: datetime | None = None,
) -> Copied:
    """Make a copy in `folder`, or bring it up to date; what the learner changed stays.

    for_class: a copy in which `q1.solution()` shows none. reset: a chapter of which a fresh one is
    wanted, by its number or its subject; the one that was there is set aside under its name and
    the time, now. Raises FileExistsError for a folder with other things in it, and ValueError for
    a chapter that is not there, each in one sentence and before anything is written.
    """
    folder = Path(folder)
    manifest = _begin(folder, for_class)
    given, course = manifest["files"], _course()
    key = None if reset is None else _chapter(reset, given, course)
    kept_as = None if key is None else _set_aside(folder, given.pop(key, None), course[key], now)
    done: dict[str, list[str]] = {"written": [], "renewed": [], "kept": []}
    for each, (name, content) in course.items():
        what, entry = _bring(folder, given.get(each), name, content)
        if what is not None:
            done[what].append(entry["name"])
        given[each] = entry
    _write(folder / MANIFEST, json.dumps(manifest, indent=1).encode())
    lists = {what: tuple(names) for what, names in done.items()}
    return Copied(folder, **lists, set_aside=kept_as)


def _begin(folder, for_class):
    """The manifest of the copy in `folder`, a new one where there is none."""
    if not folder.is_dir() and odd_kind(folder) is None and os.path.lexists(folder):
        raise FileExistsError(f"folder={folder}: this is a file; name a folder, or a new name")
    manifest = _read(folder)
    if manifest is None:
        if folder.is_dir() and any(folder.iterdir()):
            raise FileExistsError(
                f"folder={folder}: it holds files and is no copy of the course; name a new folder"
            )
        folder.mkdir(parents=True, exist_ok=True)
        manifest = {"format": FORMAT, "edition": LEARNER, "files": {}}
    if for_class:
        manifest["edition"] = CLASS
    return manifest


def _read(folder):
    """The manifest of a copy, checked; None where there is none. ValueError in one sentence."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_bytes())
        if values["format"] != FORMAT or values["edition"] not in (LEARNER, CLASS):
            raise ValueError("another version wrote it")
        for entry in values["files"].values():
            name, _ = Path(entry["name"]), str(entry["digest"])
            if name.is_absolute() or ".." in name.parts:
                raise ValueError(f"{entry['name']!r} lies outside")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{MANIFEST} in {folder} cannot be read ({error}): make a new copy elsewhere"
        ) from None
    return values


def _course():
    """{key: (name, bytes)} of all that a copy holds: a chapter by its subject, the rest by name."""
    found: dict[str, tuple[str, bytes]] = {}
    for path in sorted(places.BESIDE.glob("*.ipynb")):
        if (key := subject(path.name)) is not None:
            made = learners(json.loads(path.read_bytes()))
            written = json.dumps(made, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
            found[key] = (path.name, written.encode())
    if not found:
        raise FileNotFoundError("the course is not here: install prunelab again, or get a checkout")
    for name in FOLDERS:
        for path in sorted((places.BESIDE / name).glob("[!.]*")):
            if path.is_file():
                found[f"{name}/{path.name}"] = (f"{name}/{path.name}", path.read_bytes())
    return found


def _bring(folder, given, name, content):
    """Write one file where that costs the learner nothing: (what was done or None, its entry)."""
    digest = _digest(name, content)
    fresh = {"name": name, "digest": digest}
    if given is None:
        if os.path.lexists(folder / name):
            return "kept", fresh | {"digest": ""}  # of their own making: never as it was given
        _write(folder / name, content)
        return "written", fresh
    old = folder / given["name"]
    if not os.path.lexists(old):
        if os.path.lexists(folder / name):
            return "kept", fresh | {"digest": ""}
        _write(folder / name, content)
        return "written", fresh
    if digest == given["digest"] and name == given["name"]:
        return None, given
    if not _is_as_given(old, given) or (name != given["name"] and os.path.lexists(folder / name)):
        return ("kept" if digest != given["digest"] else None), given
    _write(folder / name, content)
    if name != given["name"]:
        old.unlink()
    return "renewed", fresh


def _is_as_given(path, given):
    try:
        return odd_kind(path) is None and _digest(path.name, path.read_bytes()) == given["digest"]
    except (OSError, ValueError):
        return False


def _digest(name, content):
    """sha256 of a file; of a notebook, of what a hand or a run changes in it, not of its layout."""
    if name.endswith(".ipynb"):
        try:
            content = json.dumps([_seen(cell) for cell in json.loads(content)["cells"]]).encode()
        except (ValueError, KeyError, TypeError, AttributeError):
            return ""
    return hashlib.sha256(content).hexdigest()


def _seen(cell: dict[str, Any]) -> list[Any]:
    run = cell.get("execution_count") is not None
    return [cell.get("cell_type"), text(cell), run]


def _chapter(wanted, given, course):
    """The key of the chapter that `wanted` names: by its number in the copy, or its subject."""
    names = {key: course[key][0] for key in course if course[key][0].endswith(".ipynb")}
    names |= {key: given[key]["name"] for key in names if key in given}
    word = wanted.strip().removesuffix(".ipynb")
    found = [key for key, name in names.items() if word in (key, name[:-6], name.partition("_")[0])]
    if not found and word.isdigit():
        found = [key for key, name in names.items() if name.startswith(f"{int(word):02d}_")]
    if not found and word:
        found = [key for key in names if word in key]
    if len(found) != 1:
        listed = ", ".join(name[:-6] for name in names.values())
        raise ValueError(f"reset={wanted!r}: name one chapter of {listed}")
    return found[0]


def _set_aside(folder, given, fresh, now):
    """Move a chapter out of the way; where it then lies in the copy, or None where none was."""
    name = fresh[0] if given is None else given["name"]
    if not os.path.lexists(folder / name):
        return None
    moment = datetime.now() if now is None else now
    for count in range(1, 10_000):
        ending = "" if count == 1 else f"-{count}"
        kept = f"{ASIDE}/{name[:-6]}-{moment:%Y%m%d-%H%M%S}{ending}.ipynb"
        if not os.path.lexists(folder / kept):
            break
    try:
        (folder / ASIDE).mkdir(exist_ok=True)
        os.rename(folder / name, folder / kept)
    except OSError as error:
        raise type(error)(in_words(error, folder / kept)) from None
    return kept


def _write(path, content):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda file: file.write(content))
