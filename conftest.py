"""For tests and executed notebooks alike: what they write goes to a folder that ends with them.

Each process of a test run is a new reader, and each notebook that it runs is another: they find
nothing of whoever runs the tests, or of a run before, and leave nothing in the course. A notebook
that nobody has answered must not have recorded anything either; both is seen to at its end.
"""

import atexit
import os
import tempfile
from pathlib import Path

import pytest

from prunelab import course

_folder = tempfile.TemporaryDirectory(prefix="prunelab-reader-")
atexit.register(_folder.cleanup)
os.environ |= course.new_reader(_folder.name)
os.environ.pop("PRUNELAB_COURSE", None)

_before = {}  # {notebook: what its folder held when its kernel was about to start}


def _contents(folder):
    """{file: (size, when it was changed)} of a folder, but for notebooks and what editors leave."""
    found = {}
    for at, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != ".ipynb_checkpoints"]
        for path in (Path(at, name) for name in names if not name.endswith(".ipynb")):
            state = path.stat()
            found[path.relative_to(folder)] = (state.st_size, state.st_mtime_ns)
    return found


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    """The first cell of a notebook starts its kernel: it is a new reader's."""
    if item.path.suffix == ".ipynb" and item.path not in _before:
        _before[item.path] = _contents(item.path.parent)
        os.environ |= course.new_reader(Path(_folder.name, f"{len(_before)}-{item.path.stem}"))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    """After its last cell a notebook has changed nothing in its folder, and recorded nothing."""
    if item.path.suffix != ".ipynb" or (nextitem is not None and nextitem.path == item.path):
        return
    before, after = _before.pop(item.path), _contents(item.path.parent)
    changed = sorted({name for name, _ in before.items() ^ after.items()})
    if changed:
        pytest.fail(f"{item.path.name} changed {changed[0]} in its folder", pytrace=False)
    if any(course.progress_folder().glob("*")):
        pytest.fail(f"{item.path.name} recorded an answer that nobody gave", pytrace=False)
