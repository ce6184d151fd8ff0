"""A chapter's own solutions, run as a whole chapter is run, are not the reader's answers."""

import json
import os
import queue

import pytest
from jupyter_client.manager import start_new_kernel
from test_notebooks import CHAPTERS, COURSE

from prunelab.folded_cells import in_a_folded_cell, running_cell, solutions_of
from prunelab.progress_book import ProgressBook

CHAPTER = "schedule_the_sparsity"


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.name[:-6])
def test_the_solutions_of_each_chapter_are_known(chapter):
    tagged = {cell.node.id for cell in chapter.cells if "solution" in cell.tags}
    assert solutions_of(chapter.name[3:-6], COURSE) == tagged


@pytest.mark.parametrize("chapter", ["", "..", "nothing", "../course/03_schedule", "a*"])
def test_what_is_no_chapter_has_none(chapter):
    assert solutions_of(chapter) == set()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": [3]}', '{"cells": [{"metadata": 3}]}'])
def test_a_damaged_chapter_has_none(text, tmp_path):
    (tmp_path / "03_schedule.ipynb").write_text(text)
    assert solutions_of("schedule", tmp_path) == set()


def test_outside_a_notebook_no_cell_runs():
    assert running_cell() is None
    assert not in_a_folded_cell(CHAPTER)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """(run, book): run(code, cell) sends a cell as JupyterLab does; book is its reader's."""
    folder = tmp_path_factory.mktemp("progress")
    manager, client = start_new_kernel(env={**os.environ, "PRUNELAB_PROGRESS": str(folder)})

    def run(code, cell=None):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}  # fmt: skip
        metadata = {} if cell is None else {"cellId": cell}
        message = client.session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(message)
        said = ""
        while True:
            try:
                found = client.get_iopub_msg(timeout=60)
            except queue.Empty:
                pytest.fail("the kernel says nothing")
            if found["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            said += found["content"].get("text", "") + "\n".join(
                found["content"].get("traceback", [])
            )
            if found["content"].get("execution_state") == "idle":
                return said

    yield run, ProgressBook(folder)
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def test_a_solution_is_recorded_where_the_reader_gives_it(kernel):
    run, book = kernel
    cells = json.loads((COURSE / f"03_{CHAPTER}.ipynb").read_text())["cells"]
    tagged = [(c["id"], "".join(c["source"]), c["metadata"].get("tags", [])) for c in cells]
    stub, solution = (
        next((id, code) for id, code, tags in tagged if tag in tags and "q1.check" in code)
        for tag in ("exercise", "solution")
    )
    run(f"from prunelab.exercises.{CHAPTER} import q1, q2")
    assert "✔ Right" in run(solution[1], solution[0])
    assert "… Nothing" in run(stub[1], stub[0])
    assert not book.path.exists()
    assert "✔ Right" in run(solution[1], stub[0])  # the reader wrote the same, in their own cell
    assert book.read()["answers"][f"{CHAPTER}.q1"]["tries"] == 1
    assert "✔ Right" in run(solution[1], "a-cell-of-my-own")
    assert "✔ Right" in run(solution[1])  # a front end that names no cells
    assert book.read()["answers"][f"{CHAPTER}.q1"]["tries"] == 3
