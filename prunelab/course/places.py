"""Paths of the course and of a reader's own files; all modules get them here.

The course is the folder that holds `00_start_here.ipynb`, stored runs, networks and data. It is a
copy made by `prunelab course`, or the reference. The reference lies beside the package in a
checkout, and inside the package in an install. Files of the course are read from this folder. A
reader's own files go into separate folders, which the environment variables PRUNELAB_PROGRESS and
PRUNELAB_RUNS can set.
"""

import os
from os import PathLike
from pathlib import Path

FIRST_PAGE = "00_start_here.ipynb"  # a folder with this file is a course
INSTALLED = Path(__file__).resolve().parent / "reference"  # as pyproject.toml maps it into a wheel
CHECKOUT = Path(__file__).resolve().parents[2] / "course"
BESIDE = INSTALLED if INSTALLED.is_dir() else CHECKOUT  # the reference of this package
MINE = "mine"  # subfolder of the runs folder, for the files that chapters write


def folder() -> Path:
    """The folder of the course: PRUNELAB_COURSE if it is set, else the one we are in.

    Otherwise it is `course` in the current folder, if that is a course, else the reference. On a
    server the package is shared, and each reader has a copy of the notebooks. Raises
    FileNotFoundError, in one sentence, if there is none.
    """
    found = _found()
    if found is None:
        raise FileNotFoundError(
            f"the course is not here: set PRUNELAB_COURSE to its folder, the one of {FIRST_PAGE}"
        )
    return found


def file(name: str) -> Path:
    """The path of a file or folder that came with the course, "runs/short.json" or "runs".

    It does not depend on the folder in which a notebook runs. Raises FileNotFoundError, in one
    sentence, if the course or the file is missing.
    """
    path = folder() / name
    if not path.exists() and (BESIDE / name).exists() and not os.environ.get("PRUNELAB_COURSE"):
        path = BESIDE / name  # the notebooks were copied without their files
    if not path.exists():
        raise FileNotFoundError(
            f"{name} is not in {path.parent.name}: it comes with the course; get it again there"
        )
    return path


def stored_path(name: str) -> Path:
    """As `file`, but without the error for a missing file; the caller handles that case."""
    try:
        return file(name)
    except FileNotFoundError:
        return (_found() or BESIDE) / name


def own_folder() -> Path:
    """The folder for what a chapter writes: `mine` in `default_folder()`. It need not exist."""
    return default_folder() / MINE


def default_folder() -> Path:
    """The folder for runs: PRUNELAB_RUNS if it is set, else `runs` in the reader's course.

    If that is not writable (a shared checkout, the installed reference), it is a folder in the
    system's place for user data; without a course it is in the current folder.
    """
    return _named_folder("PRUNELAB_RUNS", "runs")


def progress_folder() -> Path:
    """PRUNELAB_PROGRESS if it is set, else `progress`, located as in `default_folder`."""
    return _named_folder("PRUNELAB_PROGRESS", "progress")


def new_reader(within: str | PathLike[str]) -> dict[str, str]:
    """The environment variables of a new reader, whose files all go into the folder `within`.

    Tests run the notebooks with them: no earlier files are found, and none stay in the course.
    """
    within = Path(within).resolve()
    return {
        "PRUNELAB_PROGRESS": str(within / "progress"),
        "PRUNELAB_RUNS": str(within / "runs"),
    }


def _named_folder(variable, name):
    """The folder that the variable names, else the folder `name` in the reader's course."""
    if named := os.environ.get(variable):
        return Path(named)
    found = _found()
    if found is None:
        return Path(name)
    if found != INSTALLED and _is_writable(found / name):
        return found / name
    from platformdirs import user_data_path

    return user_data_path("prunelab", appauthor=False) / name


def _is_writable(folder):
    """Whether `folder` is writable, or can be created if it does not exist."""
    return os.access(folder if folder.exists() else folder.parent, os.W_OK)


def _found():
    if named := os.environ.get("PRUNELAB_COURSE"):
        places = (Path(named).resolve(),)
    else:
        places = (Path.cwd(), Path.cwd() / "course", BESIDE)
    return next((place for place in places if (place / FIRST_PAGE).is_file()), None)


def runs_folder(folder=None):
    """`folder` as a Path; `default_folder()` for None; TypeError if it is not a path."""
    if folder is None:
        return default_folder()
    if not isinstance(folder, str | os.PathLike) or "\0" in str(folder):
        kind = "name with a null byte" if isinstance(folder, str) else type(folder).__name__
        raise TypeError(f"folder is a {kind}: write the name of a folder, or None")
    return Path(folder)
