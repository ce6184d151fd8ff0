"""Where the course is, and where what somebody does in it is kept. Everything asks here.

The course is the folder with `00_start_here.ipynb`, the stored runs, networks and data beside it:
a copy that `prunelab course` made, or the reference, which lies beside the package in a checkout
and in it where it was installed. What it came with is read from there; what somebody writes goes
into folders of their own, which two environment variables move elsewhere: PRUNELAB_PROGRESS and
PRUNELAB_RUNS.
"""

import os
from os import PathLike
from pathlib import Path

FIRST_PAGE = "00_start_here.ipynb"  # by which the course is known
INSTALLED = Path(__file__).resolve().parent / "reference"  # as pyproject.toml maps it into a wheel
CHECKOUT = Path(__file__).resolve().parents[2] / "course"
BESIDE = INSTALLED if INSTALLED.is_dir() else CHECKOUT  # the reference of this package
MINE = "mine"  # in the folder of runs: what the chapters themselves write


def folder() -> Path:
    """The folder of the course: the one named by PRUNELAB_COURSE, else the one we stand in.

    Else the one in the folder we stand in, else the reference; on a server the package is shared,
    and everybody has notebooks of their own. Raises FileNotFoundError, in one sentence, where there
    is none.
    """
    found = _found()
    if found is None:
        raise FileNotFoundError(
            f"the course is not here: set PRUNELAB_COURSE to its folder, the one of {FIRST_PAGE}"
        )
    return found


def file(name: str) -> Path:
    """The path of a file or folder that came with the course, "runs/short.json" or "runs".

    It is the same from whatever folder a notebook is run. Raises FileNotFoundError, in one
    sentence, where the course or the file is missing.
    """
    path = folder() / name
    if not path.exists() and (BESIDE / name).exists() and not os.environ.get("PRUNELAB_COURSE"):
        path = BESIDE / name  # notebooks that were copied without what belongs to them
    if not path.exists():
        raise FileNotFoundError(
            f"{name} is not in {path.parent.name}: it comes with the course; get it again there"
        )
    return path


def stored_path(name: str) -> Path:
    """As `file`, for those who say themselves what to do where nothing is there."""
    try:
        return file(name)
    except FileNotFoundError:
        return (_found() or BESIDE) / name


def own_folder() -> Path:
    """The folder for what a chapter writes: `mine` in `default_folder()`. It need not exist."""
    return default_folder() / MINE


def default_folder() -> Path:
    """PRUNELAB_RUNS where it is set, else `runs` in the reader's course.

    Where that cannot be written, as a shared checkout or the installed reference, it is in the
    folder that the system keeps for a user's data; without a course it is here.
    """
    return _named_folder("PRUNELAB_RUNS", "runs")


def progress_folder() -> Path:
    """PRUNELAB_PROGRESS where it is set, else `progress`, found as `default_folder` is."""
    return _named_folder("PRUNELAB_PROGRESS", "progress")


def new_reader(within: str | PathLike[str]) -> dict[str, str]:
    """The environment variables of somebody who begins, whose things all go to the folder `within`.

    Whoever runs the notebooks as a test runs them so: they find nothing that was left by somebody
    else, and leave nothing in the course.
    """
    within = Path(within).resolve()
    return {
        "PRUNELAB_PROGRESS": str(within / "progress"),
        "PRUNELAB_RUNS": str(within / "runs"),
    }


def _named_folder(variable, name):
    """What a variable names, else a folder in the course that somebody works in."""
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
    """Whether things can be put into `folder`, or it can be made where it is not there."""
    return os.access(folder if folder.exists() else folder.parent, os.W_OK)


def _found():
    if named := os.environ.get("PRUNELAB_COURSE"):
        places = (Path(named).resolve(),)
    else:
        places = (Path.cwd(), Path.cwd() / "course", BESIDE)
    return next((place for place in places if (place / FIRST_PAGE).is_file()), None)


def runs_folder(folder=None):
    """`folder` as a Path, `default_folder()` for None; TypeError for what names no folder."""
    if folder is None:
        return default_folder()
    if not isinstance(folder, str | os.PathLike) or "\0" in str(folder):
        kind = "name with a null byte" if isinstance(folder, str) else type(folder).__name__
        raise TypeError(f"folder is a {kind}: write the name of a folder, or None")
    return Path(folder)
