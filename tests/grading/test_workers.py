"""A class graded by several processes: the same grades, whatever becomes of a process."""

import os

import psutil
import pytest

from prunelab.grading import workers
from prunelab.grading.grade import Grade, grade_folder
from prunelab.progress.book import empty
from tests.helpers import made_class

DIES = """
import os, sys; sys.path[:] = {path!r}
from prunelab.grading import grade
real = grade.grade_file
grade.grade_file = lambda path, *rest: os._exit(3) if path.name == "b.json" else real(path, *rest)
print("words that are no answer")
from prunelab.grading.workers import serve
serve()
"""


@pytest.fixture
def school(tmp_path, monkeypatch):
    """Five files; two processes begin at two files."""
    answer = {"tries": 1, "right": True, "answer": {"value": 0.65}}
    work = empty() | {"answers": {"schedule_the_sparsity.q1": answer}}
    for name in "abcd":
        (tmp_path / f"{name}.json").write_text(made_class.text_of(name, work))
    (tmp_path / os.fsdecode(b"\xff.json")).write_text("no submission")
    monkeypatch.setattr(workers, "FEW", 1)
    monkeypatch.setattr(workers, "MOST", 2)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    return tmp_path


def children():
    return psutil.Process().children(recursive=True)


def test_processes_grade_as_one_does(school, monkeypatch):
    before, told = children(), []
    many = grade_folder(school, lambda done, total: told.append((done, total)))
    assert told == [(at, 5) for at in range(1, 6)]
    assert children() == before
    monkeypatch.setattr(workers, "FEW", 100)
    assert workers.how_many(5) == 1
    assert many == grade_folder(school)
    assert [grade.right for grade in many] == [1, 1, 1, 1, 0]


def test_a_process_that_dies_costs_the_file_it_was_at(school, monkeypatch):
    monkeypatch.setattr(workers, "SERVE", DIES.replace("print(", "0 and print("))
    *good, bad, other = grade_folder(school)
    assert [grade.file for grade in good] == ["a.json", "c.json", "d.json"]
    assert all(grade.right == 1 for grade in good)
    died = "it cannot be graded: the process that checked its answers died of it"
    assert Grade("b.json", died) in (bad, other)


def test_where_no_process_starts_each_file_says_so(school, monkeypatch):
    monkeypatch.setattr(workers, "SERVE", DIES)  # what it says first is not READY
    for grade in grade_folder(school):
        assert grade.problem == "it cannot be graded: no process could be started for it"


def test_an_interrupt_ends_the_processes_too(school):
    before = children()

    def interrupted(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        grade_folder(school, interrupted)
    assert children() == before


@pytest.mark.parametrize(("files", "wanted"), [(1, 1), (99, 1), (100, 2), (10_000, 2)])
def test_processes_are_begun_for_many_files_only(files, wanted, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    assert workers.how_many(files) == wanted
