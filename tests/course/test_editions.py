"""The learner's edition: nothing of the answers is in it, and nothing of the chapter is lost."""

import copy
import json

import pytest

from prunelab.course import places
from prunelab.course.editions import FOLDED, LOOK_LATER, is_fold, learners, subject, text

PATHS = sorted(places.BESIDE.glob("[0-9][0-9]*.ipynb"))
PNG = {
    "output_type": "display_data",
    "metadata": {},
    "data": {"image/png": "QQ==", "text/plain": "x"},
}


def words(source, *tags):
    return {"cell_type": "markdown", "id": "w", "metadata": {"tags": list(tags)}, "source": source}


def code(source, *tags, outputs=()):
    return {
        "cell_type": "code", "id": "c", "source": source, "outputs": list(outputs),
        "execution_count": 3, "metadata": {"tags": list(tags), "jupyter": {"source_hidden": True}},
    }  # fmt: skip


def notebook(*cells):
    metadata = {"kernelspec": {"name": "python3"}, "prunelab": {"code_sha256": "0"}}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": list(cells)}


def test_what_is_left_out_and_what_stays():
    given = notebook(
        words("# Title"),
        words("### What happens"),
        words("### What happens next, in words"),
        code("run()", outputs=[PNG]),
        code("draw()", outputs=[{"output_type": "stream", "text": "28.94"}, PNG]),
        words("Why it is so", "solution"),
        code("q1.confirm(1)", "solution"),
    )
    before = copy.deepcopy(given)
    made = learners(given)
    assert given == before
    assert [text(cell) for cell in made["cells"]] == [
        "# Title", "### What happens: look only after you have locked",
        "### What happens next, in words", "run()", "draw()",
    ]  # fmt: skip
    assert [cell["metadata"].get(FOLDED) for cell in made["cells"]] == [
        None,
        True,
        None,
        None,
        None,
    ]
    run, draw = made["cells"][3:]
    assert run["outputs"] == draw["outputs"] == []
    assert run["execution_count"] is draw["execution_count"] is None
    assert made["metadata"] == {"kernelspec": {"name": "python3"}}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("03_schedule_the_sparsity.ipynb", "schedule_the_sparsity"),
        ("03a_more.ipynb", "more"),
        ("notes.ipynb", None),
        ("03_x.py", None),
    ],
)
def test_a_chapter_is_known_by_its_subject(name, wanted):
    assert subject(name) == wanted


@pytest.mark.parametrize("path", PATHS or [None], ids=lambda path: path and path.stem)
def test_each_chapter_of_the_course(path):
    """Every code cell of the reference is there again, but for solutions; nothing is printed."""
    reference = json.loads(path.read_bytes())
    made = learners(reference)
    asked = [
        cell for cell in reference["cells"] if "solution" not in cell["metadata"].get("tags", [])
    ]
    sources = [text(cell) for cell in asked if cell["cell_type"] == "code"]
    code_cells = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    assert [text(cell) for cell in code_cells] == sources
    assert len(sources) >= 5
    for cell in code_cells:
        assert cell["execution_count"] is None
        assert cell["outputs"] == []
        assert "confirm(" not in text(cell)


def _asks_or_tells(cell):
    """Whether a cell is one more prediction, or words before it: two may share a fold."""
    is_words = cell["cell_type"] == "markdown" and not text(cell).startswith("#")
    return "Prediction(" in text(cell) or is_words


@pytest.mark.parametrize("path", PATHS or [None], ids=lambda path: path and path.stem)
def test_what_follows_a_prediction_is_folded_down_to_the_next_heading(path):
    """Else JupyterLab would hide too little, or the next question with the answer to this one."""
    cells = learners(json.loads(path.read_bytes()))["cells"]
    asked = [at for at, cell in enumerate(cells) if "Prediction(" in text(cell)]
    for at in asked:
        below = next(i for i in range(at + 1, len(cells)) if not _asks_or_tells(cells[i]))
        assert is_fold(cells[below]), text(cells[at])[:60]
        assert cells[below]["metadata"][FOLDED] is True
        assert text(cells[below]).endswith(LOOK_LATER)  # for VS Code and Colab, which do not fold
    level, folded = None, []
    for at, cell in enumerate(cells):
        first = text(cell).partition(" ")[0]
        heading = cell["cell_type"] == "markdown" and set(first) == {"#"}
        if heading and level is not None and len(first) <= level:
            level = None
        if is_fold(cell):
            level = len(first)
        elif level is not None:
            folded.append(at)
    for at in folded:
        tags = cells[at]["metadata"].get("tags", [])
        assert not {"exercise", "explorer"} & set(tags), text(cells[at])[:60]
        assert "Prediction(" not in text(cells[at]), text(cells[at])[:60]
    reveals = [at for at, cell in enumerate(cells) if ".reveal(" in text(cell)]
    assert set(reveals) <= set(folded)
