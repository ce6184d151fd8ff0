"""Run a chapter and keep the pages of its explorers and predictions, which need no kernel."""

import copy
import re
import tempfile
from pathlib import Path

import nbformat

from tools import course
from tools.slide_cells import numbers_of
from tools.stored_form import clean

WORKS = re.compile(r"\w*(Explorer|Prediction)\(")
# The last of `Out` is what the cell has displayed (`_` is not, once a chapter has set it).
KEEP = "with open({path!r}, 'w', encoding='utf-8') as _file:\n    _file.write(Out[max(Out)].page())"


def shows_one(cell):
    """The one-line repr of the explorer or prediction that a code cell shows, or None."""
    outputs = cell.outputs if cell.cell_type == "code" else []
    texts = [output.get("data", {}).get("text/plain", "") for output in outputs]
    return next((text for text in texts if WORKS.match(text)), None)


def run(nb, path, timeout=600):
    """Execute a copy of the chapter; it, and {cell id: (title, page)} of what slides show working.

    Raises CourseError where a cell fails.
    """
    chosen = [nb.cells[number - 1] for numbers in numbers_of(nb) for number in numbers]
    wanted = {cell.id: shows_one(cell) for cell in chosen if shows_one(cell)}
    with tempfile.TemporaryDirectory() as folder:
        pages = {cell: Path(folder) / f"{cell}.html" for cell in wanted}
        ran = copy.deepcopy(nb)
        ran.cells = [new for cell in ran.cells for new in _with_keeper(cell, pages)]
        progress = course.Progress(path.stem, len(ran.cells))
        course.execute(ran, path.parent, progress, timeout)
        progress.finish("ran")
        live = {cell: (wanted[cell], pages[cell].read_text("utf-8")) for cell in wanted}
    keepers = {f"keep-{cell}" for cell in wanted}
    ran.cells = [cell for cell in ran.cells if cell.id not in keepers]
    return clean(ran), live


def _with_keeper(cell, pages):
    """The cell, and behind one that shows an explorer the cell that keeps its page."""
    if cell.id not in pages:
        return [cell]
    keeper = nbformat.v4.new_code_cell(KEEP.format(path=str(pages[cell.id])))
    keeper.id = f"keep-{cell.id}"
    return [cell, keeper]
