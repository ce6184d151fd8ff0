"""The learner's copy of the course: make it, update it, reset one chapter.

A hidden file in the copy, MANIFEST, lists each file with its digest as it was handed out. A file
that has changed since belongs to the learner and is never overwritten. A chapter is identified by
its subject, so it is recognised when the course renumbers its chapters.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
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
ASIDE = "set_aside"  # folder in the copy for chapters that were reset
PAGES = ("glossary.ipynb",)  # notebooks that are not chapters
FOLDERS = ("data", "footprint", "networks", "runs", "sheets")  # also part of a copy
LEARNER, CLASS, REFERENCE = "learner", "class", "reference"


@dataclass(frozen=True)
class Copied:
    """What was done to a copy. Each field but the first holds file names in the copy."""

    folder: Path
    written: tuple[str, ...] = ()
    renewed: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()  # changed by the learner, while the course has a newer version
    set_aside: str | None = None  # where the old notebook of a reset chapter lies

    def __str__(self) -> str:
        where = "this folder" if self.folder == Path() else str(self.folder)
        new, renewed = len(self.written), len(self.renewed)
        said = [f"{new} file{'s are' if new != 1 else ' is'} new in {where}"] if new else []
        if renewed:
            said.append(f"{renewed} {'were' if renewed != 1 else 'was'} brought up to date")
        if not said:
            said = [f"{where} is up to date"]
        lines = ["; ".join(said) + "."]
        line = f"prunelab course {typed(self.folder)}"
        for name in self.kept:
            gives = f"`{line} --reset {name[:-6]}` gives it, and keeps yours"
            if not name.endswith(".ipynb"):
                gives = f"move yours away, and `{line}` gives it"
            stays = f"{name} is yours, changed, and stays as it is"
            lines.append(f"{stays}; the course has a newer one: {gives}.")
        if self.set_aside:
            lines.append(f"What was there is kept as {self.set_aside}.")
        return "\n".join(lines)


def typed(folder: str | PathLike[str]) -> str:
    """A folder as it is typed on this system's command line: in quotes if it needs them."""
    quote = shlex.quote if os.name == "posix" else lambda word: subprocess.list2cmdline([word])
    return quote(str(folder))


def is_copy(folder: str | PathLike[str]) -> bool:
    """Whether `make` has made a copy in `folder`."""
    return (Path(folder) / MANIFEST).is_file()


def edition(folder: str | PathLike[str] | None = None) -> str:
    """LEARNER or CLASS for a copy, else REFERENCE. folder: None for the current folder."""
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
    """Make a copy in `folder`, or update it; files that the learner changed stay.

    for_class: make a copy in which `q1.solution()` shows no solution. reset: number or subject of a
    chapter to replace by a fresh one; the old notebook is set aside under its name and the current
    time. Raises FileExistsError if the folder holds other files, and ValueError if there is no such
    chapter, each in one sentence and before anything is written.
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
    """The manifest of the copy in `folder`; a new one if there is none."""
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
    """The manifest of a copy, checked; None if there is none. ValueError in one sentence."""
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
    """{key: (name, bytes)} of all files of a copy; key: a chapter's subject or a file's name."""
    found: dict[str, tuple[str, bytes]] = {}
    for path in sorted(places.BESIDE.glob("*.ipynb")):
        key = path.name if path.name in PAGES else subject(path.name)
        if key is not None:
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
    """Write one file unless the learner changed it: (what was done or None, its manifest entry)."""
    digest = _digest(name, content)
    fresh = {"name": name, "digest": digest}
    if given is None:
        if os.path.lexists(folder / name):
            return "kept", fresh | {"digest": ""}  # the learner's own file: no digest matches it
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
    """sha256 of a file; for a notebook, of each cell's type, source and whether it was run."""
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
    """The key of the chapter that `wanted` names by its number in the copy or its subject."""
    names = {key: course[key][0] for key in course if course[key][0].endswith(".ipynb")}
    names |= {key: given[key]["name"] for key in names if key in given}
    word = wanted.strip().removesuffix(".ipynb")
    found = [key for key, name in names.items() if word in (key, name[:-6], name.partition("_")[0])]
    if not found and word.isdigit():
        found = [key for key, name in names.items() if name.startswith(f"{int(word):02d}_")]
    if not found and word:
        found = [key for key in names if word in key]
    if len(found) > 1:  # a number that means one chapter in the copy, another in the course
        found = [key for key in found if key in given] or found
    if len(found) != 1:
        listed = ", ".join(name[:-6] for name in names.values())
        raise ValueError(f"reset={wanted!r}: name one chapter of {listed}")
    return found[0]


def _set_aside(folder, given, fresh, now):
    """Move a chapter to the folder ASIDE; return its new path in the copy, or None."""
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
