"""Checks of memory, cores, disk space and folders, on a machine or in a container."""

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from prunelab.doctor.pins import find_lock

IN_CHECKOUT = "Run `make setup` in the checkout, then start the kernel again."


@dataclass(frozen=True)
class Row:
    """One row of the table: what was checked, found and required, and what to do if not `ok`.

    absent: the package is not installed and is optional.
    """

    name: str
    found: str
    wanted: str
    ok: bool
    advice: str = ""
    absent: bool = False


def mend(extra=""):
    """The command that restores a package, for this kind of install (a checkout or pip)."""
    if find_lock() is not None:
        return IN_CHECKOUT
    what = f"'prunelab[{extra}]'" if extra else "prunelab"
    return f"Run `pip install --upgrade {what}`, then start the kernel again."


MEMORY_GIB = 2
DISK_GIB = 1
CORES = 2
_GIB = 2**30


def _words(path):
    """The words in a small system file; none if it cannot be read."""
    try:
        return Path(path).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return []


def _number(words, place=0):
    """The whole number at index `place` of the words, or None ("max" is not a number)."""
    return int(words[place]) if len(words) > place and words[place].isdigit() else None


def free_memory(cgroup="/sys/fs/cgroup"):
    """Free memory in bytes: the machine's, or what a container's limit leaves if that is less.

    cgroup: the folder where Linux states the container's limits (version 2 of its format).
    None if psutil is missing.
    """
    try:
        import psutil
    except ImportError:
        return None
    free = psutil.virtual_memory().available
    limit, used = (_number(_words(f"{cgroup}/memory.{name}")) for name in ("max", "current"))
    if limit is None or used is None:
        return free
    # File cache counts as used, but the system frees it on demand.
    stat = _words(f"{cgroup}/memory.stat")
    cache = _number(stat, stat.index("inactive_file") + 1) if "inactive_file" in stat else 0
    return min(free, max(limit - used + (cache or 0), 0))


def usable_cores(cgroup="/sys/fs/cgroup"):
    """Cores this process may use, limited by a container's quota (a float if it is fractional)."""
    from prunelab.base.host import threads_there_are

    cores = threads_there_are()
    limit = _words(f"{cgroup}/cpu.max")
    quota, period = _number(limit, 0), _number(limit, 1)
    return min(cores, quota / period) if quota and period else cores


def memory_row(free=None):
    """Whether a kernel with TensorFlow and the course's largest network fits in memory."""
    free = free_memory() if free is None else free
    wanted = f"{MEMORY_GIB} GiB or more"
    if free is None:
        return Row("free memory", "unknown: psutil is not installed", wanted, False, mend())
    advice = "Close other programs and kernels; training the large network takes about 0.8 GB."
    return Row("free memory", f"{free / _GIB:.1f} GiB", wanted, free >= MEMORY_GIB * _GIB, advice)


def cores_row(cores=None):
    """Whether there is a core for training and one for the browser."""
    cores = usable_cores() if cores is None else cores
    advice = "All works, slowly: use the stored runs, and train only the small twin of the data."
    return Row("cores", f"{cores:g}", f"{CORES} or more", cores >= CORES, advice)


def _results_folder(folder):
    """The folder given, or the one that `prunelab run` writes to when none is given."""
    from prunelab.course.places import runs_folder

    return runs_folder(folder)


def _existing(folder):
    """The folder itself, or its nearest parent that exists."""
    folder = Path(folder).resolve()
    return next(place for place in (folder, *folder.parents) if os.path.exists(place))


def results_row(folder=None):
    """Whether results can be written, tried with a file in the folder or in its nearest parent.

    folder: None for the one that `prunelab run` uses by default.
    """
    advice = "Choose a folder you may write to: set PRUNELAB_RUNS, or write `run --folder DIR`."
    return _writable_row("results", _results_folder(folder), advice)


def progress_row(folder=None):
    """Whether answers and predictions can be stored; folder: None for the course's own folder."""
    from prunelab.course.places import progress_folder

    advice = "Answers would be checked, not kept: set PRUNELAB_PROGRESS to a folder of yours."
    return _writable_row("progress", progress_folder() if folder is None else folder, advice)


def _writable_row(what, folder, advice):
    try:
        with tempfile.TemporaryFile(dir=_existing(folder)) as file:
            file.write(b"x")
        found, fine = "writable", True
    except OSError as error:
        found, fine = error.strerror or type(error).__name__, False
    return Row(f"{what} in {folder}", found, "writable", fine, advice)


def course_row(folder=None):
    """Whether the chapters exist; folder: None for the course of the current folder."""
    from prunelab.course import copies, places

    try:
        folder = places.folder() if folder is None else Path(folder)
    except FileNotFoundError as error:
        words = str(error)
        return Row("course", "not found", "the chapters", False, f"{words[0].upper()}{words[1:]}.")
    found = len(list(folder.glob("[0-9][0-9]*_*.ipynb")))
    kind = copies.edition(folder)
    words = f"{found} chapters, {kind if kind == copies.REFERENCE else 'a copy'}"
    advice = "Make a copy: `prunelab course DIR`."
    return Row(f"course in {folder}", words, "the chapters", found > 1, advice)


def disk_row(folder=None, free=None):
    """Whether there is enough disk space for results; folder as in `results_row`."""
    place = _existing(_results_folder(folder))
    free = shutil.disk_usage(place).free if free is None else free
    advice = "Free some space, or keep results on another disk with --folder."
    wanted = f"{DISK_GIB} GiB or more"
    return Row("free disk space", f"{free / _GIB:.1f} GiB", wanted, free >= DISK_GIB * _GIB, advice)
