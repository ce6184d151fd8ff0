"""Where the course is, and where a reader's own files go.

The course is the folder with `00_start_here.ipynb`, the stored runs, networks and data beside it.
What it came with is read from there; what a reader writes goes into folders of their own, which
two environment variables move elsewhere: PRUNELAB_PROGRESS and PRUNELAB_RUNS.
"""

import os
from os import PathLike
from pathlib import Path

FIRST_PAGE = "00_start_here.ipynb"  # by which the course is known
BESIDE = Path(__file__).resolve().parents[2] / "course"  # as in a checkout
MINE = "mine"  # in the folder of runs: what the chapters themselves write


def folder() -> Path:
    """The folder of the course: the one named by PRUNELAB_COURSE, else the one we stand in.

    Else the one in the folder we stand in, else the one that lies beside the package; on a server
    the package is shared, and everybody has notebooks of their own. Raises FileNotFoundError, in
    one sentence, where there is none.
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
    """PRUNELAB_RUNS where it is set, else `runs` in the reader's course, else here."""
    return _named_folder("PRUNELAB_RUNS", "runs")


def progress_folder() -> Path:
    """PRUNELAB_PROGRESS where it is set, else `progress` in the reader's course, else here."""
    return _named_folder("PRUNELAB_PROGRESS", "progress")


def new_reader(within: str | PathLike[str]) -> dict[str, str]:
    """The environment variables of a reader who begins, whose files all go to the folder `within`.

    Tests run the notebooks so: they find nothing that others left, and leave nothing in the course.
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
    return Path(name) if found is None else found / name


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
