"""The two editions of a chapter: the reference, and the learner's, which is made from it here.

A notebook is the dict that its JSON holds; nothing beyond the standard library is needed.
"""

from __future__ import annotations

import copy
import re
from typing import Any

CHAPTER = re.compile(r"\d\d[a-z]?_(?P<subject>.+)\.ipynb")
SOLUTION = "solution"  # tag of the cells that a learner's edition does not hold
# All of a cell: what comes below it is folded away.
FOLD = re.compile(r"#{2,6} What happens(: look only after you have locked)?\s*")
LOOK_LATER = ": look only after you have locked"  # where a program folds nothing away
FOLDED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own mark; other programs pass over it
KEPT_METADATA = ("kernelspec", "language_info")


def subject(name: str) -> str | None:
    """What a chapter is about, by which it is known whatever its number; None for other files."""
    found = CHAPTER.fullmatch(name)
    return found and found["subject"]


def learners(notebook: dict[str, Any]) -> dict[str, Any]:
    """A chapter as a learner gets it: no outputs, counts or solutions; what happens folded away.

    A folded part still runs with all the rest.
    """
    made = {key: notebook[key] for key in ("nbformat", "nbformat_minor")}
    metadata = notebook.get("metadata", {})
    made["metadata"] = {key: metadata[key] for key in KEPT_METADATA if key in metadata}
    cells = (cell for cell in notebook["cells"] if SOLUTION not in _tags(cell))
    made["cells"] = [_learners_cell(cell) for cell in cells]
    return made


def text(cell: dict[str, Any]) -> str:
    """The source of a cell, which a file may hold as one text or as its lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def is_fold(cell: dict[str, Any]) -> bool:
    """Whether what stands below this cell, down to the next heading, is what a prediction hides."""
    return cell["cell_type"] == "markdown" and FOLD.fullmatch(text(cell)) is not None


def _tags(cell):
    return cell.get("metadata", {}).get("tags", [])


def _learners_cell(cell):
    made = copy.deepcopy(cell)
    made["metadata"] = {"tags": _tags(cell)} if _tags(cell) else {}
    if is_fold(cell):
        made["metadata"][FOLDED] = True
        made["source"] = text(cell).rstrip() + LOOK_LATER
    if cell["cell_type"] == "code":
        made["execution_count"] = None
        made["outputs"] = []
    return made
