"""A chapter that nobody has answered records nothing, whatever program runs it.

Each whole notebook is run by nbval, and `conftest.py` looks at the end whether anything was
recorded. Here the cells of all exercises are sent to a kernel as several programs send them.
"""

import ast
import json
import os
import queue
import re

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

from prunelab import course
from prunelab.course.editions import subject
from prunelab.exercises import mask_small_weights as mask
from prunelab.exercises import schedule_the_sparsity as schedule
from prunelab.exercises.exercise import Exercise
from prunelab.grading.grade import exercises
from prunelab.progress.book import ProgressBook
from prunelab.schedules import PolynomialDecay
from tests.exercises.answers import RIGHT
from tests.exercises.test_in_chapters import WITH_EXERCISES, checks, ids


def jupyterlab(cell):
    return {"cellId": cell.node.id, "deletedCells": [], "recordTiming": False}


def vs_code(cell):
    address = f"vscode-notebook-cell:/home/ada/course/chapter.ipynb#W{cell.number}sZmlsZQ%3D%3D"
    return {**cell.node.metadata, "cellId": address}


def nobody(cell):
    """Papermill, `jupyter execute`, nbconvert and Colab say nothing of the cell."""
    return {}


FRONT_ENDS = (jupyterlab, vs_code, nobody)


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """(run, book): run(code, metadata) sends a cell; book is its reader's."""
    reader = course.new_reader(tmp_path_factory.mktemp("reader"))
    manager, client = start_new_kernel(env=os.environ | reader)

    def run(code, metadata):
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {},
                   "allow_stdin": False, "stop_on_error": True}  # fmt: skip
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
            said += found["content"].get("text", "")
            said += "\n".join(found["content"].get("traceback", []))
            if found["content"].get("execution_state") == "idle":
                return said

    yield run, ProgressBook(reader["PRUNELAB_PROGRESS"])
    client.stop_channels()
    manager.shutdown_kernel(now=True)


def answer_and_check(name, cell):
    """Of an exercise's cell, what makes the answer and what checks it, as they are written."""
    asked = re.search(rf"^{name}\.\w+\((\w+)\)", cell.source, re.M)[1]
    kept = []
    for node in cell.tree.body:
        names = {getattr(node, "name", None)}
        for target in getattr(node, "targets", []):
            names |= {part.id for part in ast.walk(target) if isinstance(part, ast.Name)}
        text = ast.get_source_segment(cell.source, node)
        if asked in names or text.startswith(f"{name}."):
            kept.append(text)
    assert len(kept) >= 2, (name, kept)
    return "\n\n\n".join(kept)


@pytest.mark.parametrize("chapter", WITH_EXERCISES, ids=ids)
def test_stubs_record_nothing_whoever_runs_them(kernel, chapter):
    run, book = kernel
    stubs = checks(chapter, "exercise")
    assert stubs
    names = ", ".join(stubs)
    run(
        f"import numpy as np\nfrom prunelab.exercises.{subject(chapter.name)} import {names}\n"
        "from prunelab.schedules import PolynomialDecay\nnoise_level = 0",
        {},
    )
    for front_end in FRONT_ENDS:
        for name, cell in stubs.items():
            said = run(answer_and_check(name, cell), front_end(cell))
            assert re.match(f"{name}: […✘] ", said), said
    assert not book.path.exists()


def test_what_is_recorded_hangs_on_no_cell(kernel):
    """Neither on its id nor on its tags: a solution confirms in any cell, and a check counts."""
    run, book = kernel
    chapter = next(c for c in WITH_EXERCISES if "schedule" in c.name)
    stub, solution = (checks(chapter, tag)["q1"] for tag in ("exercise", "solution"))
    begin = "initial, final, power = 0.2, 0.8, 2"
    assert begin in stub.source
    run(f"from prunelab.exercises.schedule_the_sparsity import q1\n{begin}", {})
    for cell in (stub, solution):
        for front_end in FRONT_ENDS:
            said = run(solution.source, front_end(cell))
            assert said.startswith("q1, not recorded: ✔ Right. ")
    assert not book.path.exists()
    for tries, (cell, front_end) in enumerate(
        ((cell, front_end) for cell in (stub, solution) for front_end in FRONT_ENDS), start=1
    ):
        assert run("q1.check(0.65)", front_end(cell)).startswith("q1: ✔ Right. ")
        assert book.read()["answers"]["schedule_the_sparsity.q1"]["tries"] == tries
    book.reset()


@pytest.fixture
def book(tmp_path, monkeypatch):
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "progress"))
    return ProgressBook()


def test_a_confirmed_answer_is_never_recorded(book, capsys):
    tried = dict(RIGHT)
    assert set(tried) == set(exercises().values())
    for exercise, answers in tried.items():
        exercise.confirm(answers[0])
        assert capsys.readouterr().out.startswith(f"{exercise.name}, not recorded: ✔ Right. ")
        exercise.confirm(object())
        assert capsys.readouterr().out.startswith(f"{exercise.name}, not recorded: ✘ Not yet. ")
        exercise.confirm(...)
        assert capsys.readouterr().out.startswith(f"{exercise.name}, not recorded: … ")
    assert not book.path.exists()


def a_copy_of(sparsity_of_the_stub):
    """The stub's steps in other lines, with words between them."""
    code = f"""
def cut(weights,
        sparsity):
    kept = max( round(weights.size*(1-sparsity)), 1 )  # how many stay

    threshold = np.sort(weights, axis=None)[-kept]
    weights[weights <= threshold] = {sparsity_of_the_stub}
    return weights
"""
    found = {"np": np}
    exec(code, found)
    return found["cut"]


def test_only_what_is_handed_out_to_be_mended_is_no_answer(book, capsys):
    mask.q3.check(a_copy_of("0"))
    schedule.q4.check(PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750, frequency=100))
    assert capsys.readouterr().out.count("✘ Not yet.") == 2
    assert not book.path.exists()
    mask.q3.check(a_copy_of("0.0"))
    schedule.q4.check(PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750, frequency=99))
    found = json.loads(book.path.read_text())["answers"]
    assert {key: entry["right"] for key, entry in found.items()} == {
        "mask_small_weights.q3": False, "schedule_the_sparsity.q4": False,
    }  # fmt: skip


def test_a_right_answer_is_not_lost_where_the_stub_is_run_again(book):
    right = PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750, frequency=50)
    schedule.q4.check(right)
    before = book.read()
    schedule.q4.check(PolynomialDecay(0.0, 0.9, begin_step=200, end_step=750))
    assert book.read() == before


def test_the_given_answer_may_be_any_value(book):
    for given, same, other in (
        ({"a": (1, 2)}, {"a": (1, 2)}, {"a": (1, 3)}),
        ([1, 2.5], [1, 2.5], [1, 2.25]),
        ("def f(x):\n    return x", eval("lambda x: x"), eval("lambda x: -x")),
    ):
        exercise = Exercise("q", lambda answer: (False, "."), ["a", "b"], "", given=given)
        exercise.check(same)
        assert not book.path.exists()
        exercise.check(other)
        assert book.path.exists()
        book.reset()
