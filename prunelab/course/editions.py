"""The two editions of a chapter: the reference, and the learner's edition made from it.

A notebook is represented by the dict in its JSON file. Standard library only.
"""

from __future__ import annotations

import copy
import re
from typing import Any

CHAPTER = re.compile(r"\d\d[a-z]?_(?P<subject>.+)\.ipynb")
SOLUTION = "solution"  # tag of the cells that are left out of a learner's edition
# Matches a whole cell; the part below that cell is folded away.
FOLD = re.compile(r"#{2,6} What happens(: look only after you have locked)?\s*")
LOOK_LATER = ": look only after you have locked"  # added for programs that do not fold
FOLDED = "jp-MarkdownHeadingCollapsed"  # JupyterLab's own metadata; other programs ignore it
KEPT_METADATA = ("kernelspec", "language_info")


def subject(name: str) -> str | None:
    """The subject of a chapter, which identifies it whatever its number; None for other files."""
    found = CHAPTER.fullmatch(name)
    return found and found["subject"]


def learners(notebook: dict[str, Any]) -> dict[str, Any]:
    """A learner's edition: no outputs, counts or solutions; the *What happens* parts are folded.

    A folded part still runs with the other cells.
    """
    made = {key: notebook[key] for key in ("nbformat", "nbformat_minor")}
    metadata = notebook.get("metadata", {})
    made["metadata"] = {key: metadata[key] for key in KEPT_METADATA if key in metadata}
    cells = (cell for cell in notebook["cells"] if SOLUTION not in _tags(cell))
    made["cells"] = [_learners_cell(cell) for cell in cells]
    return made


def text(cell: dict[str, Any]) -> str:
    """The source of a cell as one text; a file may hold it as a list of lines."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def is_fold(cell: dict[str, Any]) -> bool:
    """Whether this cell is the heading of a part that is hidden until a prediction is locked."""
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
