"""The folded cells of a chapter: what they answer is the course's answer, not the reader's.

Each chapter holds its solutions, in folded cells. Whoever runs a whole chapter runs those too, and
would hand in answers they never gave. JupyterLab tells the kernel which cell it runs, so a check
that is called from a folded cell can be known, and kept out of the reader's progress.
"""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path

COURSE = Path(__file__).resolve().parent.parent / "course"


def in_a_folded_cell(chapter, course=COURSE):
    """Whether the notebook cell that runs now is a solution of `chapter`, by its id.

    chapter: as an exercise's key begins, "prune_a_decision_tree". False outside a notebook, in a
    front end that does not name its cells, and where the course does not lie beside the package.
    """
    running = running_cell()
    return running is not None and running in solutions_of(chapter, course)


def running_cell():
    """The id of the notebook cell that runs now, or None where nobody says it."""
    with suppress(AttributeError, KeyError, TypeError, LookupError):
        shell = sys.modules["IPython"].get_ipython()
        found = shell.kernel.get_parent("shell")["metadata"]["cellId"]
        return found if isinstance(found, str) else None
    return None


def solutions_of(chapter, course=COURSE):
    """The ids of a chapter's cells that are tagged `solution`; none where the file is amiss."""
    with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):
        (path,) = course.glob(f"[0-9][0-9]_{re.sub(r'[^a-z0-9_]', '', chapter)}.ipynb")
        cells = json.loads(path.read_bytes())["cells"]
        return {c["id"] for c in cells if "solution" in c["metadata"].get("tags", ())}
    return set()
