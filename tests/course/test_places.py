"""Where the course is, from wherever one looks; where a reader's own things go, and a test's."""

import ast
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import nbformat
import pytest

from prunelab import course, footprint, plans, search
from prunelab.course import places
from prunelab.exercises.tune_the_schedule.diagnoses import sick_runs
from prunelab.live import live_runs
from prunelab.progress.book import ProgressBook, empty
from tests.course.test_notebooks import CHAPTERS
from tests.helpers.sample_chapter import code
from tools.stored_form import KERNELSPEC

ROOT = Path(__file__).resolve().parents[2]
BESIDE = ROOT / "course"
VARIABLES = ("PRUNELAB_RUNS", "PRUNELAB_PROGRESS", "PRUNELAB_COURSE")


@pytest.fixture
def at_home(monkeypatch):
    """As a reader, of whom no variable is set."""
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def used(tmp_path):
    """A copy of the course that somebody has worked in; what they left is not to be found."""
    copied = tmp_path / "course"
    (copied / "runs" / "mine").mkdir(parents=True)
    (copied / "runs" / "live").mkdir()
    (copied / "progress").mkdir()
    shutil.copy(BESIDE / places.FIRST_PAGE, copied)
    (copied / "runs" / "mine" / "five.journal").write_text("the trials of another machine\n")
    (copied / "runs" / "live" / "mine.json").write_text('{"a": "run"}')
    (copied / "progress" / "progress.json").write_text('{"damaged": 1}')
    return copied


# ------------------------------------------------------------------------------ where the course is


def test_the_course_lies_beside_the_package(at_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert course.folder() == BESIDE
    assert course.default_folder() == BESIDE / "runs"
    assert course.progress_folder() == BESIDE / "progress"
    assert course.own_folder() == BESIDE / "runs" / "mine"  # where the chapters have always written


@pytest.mark.parametrize(
    ("at", "wanted"),
    [("mine/course", "mine/course"), ("mine", "mine/course"), ("mine/course/deeper", None)],
)
def test_who_works_in_a_copy_of_the_course_keeps_things_there(
    tmp_path, at_home, monkeypatch, at, wanted
):
    """As on a server, where the package is shared and each reader has pulled the notebooks."""
    (tmp_path / "mine" / "course" / "deeper").mkdir(parents=True)
    (tmp_path / "mine" / "course" / places.FIRST_PAGE).touch()
    monkeypatch.chdir(tmp_path / at)
    found = BESIDE if wanted is None else tmp_path / wanted
    assert course.folder() == found
    for variable, folder, name in (
        ("PRUNELAB_RUNS", course.default_folder, "runs"),
        ("PRUNELAB_PROGRESS", course.progress_folder, "progress"),
    ):
        assert folder() == found / name
        monkeypatch.setenv(variable, "elsewhere")
        assert folder() == Path("elsewhere")
    assert course.own_folder() == Path("elsewhere", "mine")
    # The notebooks were copied without the data: these are found beside the package.
    assert course.file("data/ask_tfmot.py") == BESIDE / "data" / "ask_tfmot.py"


def test_the_course_that_is_named_is_the_one(used, at_home, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PRUNELAB_COURSE", str(used))
    assert course.folder() == used
    assert course.default_folder() == used / "runs"
    with pytest.raises(FileNotFoundError, match=r"^runs/short\.json is not in .*get it again"):
        course.file("runs/short.json")
    monkeypatch.setenv("PRUNELAB_COURSE", str(tmp_path / "nothing"))
    with pytest.raises(FileNotFoundError, match=r"set PRUNELAB_COURSE to its folder, .*00_start"):
        course.folder()


def test_without_a_course_things_go_where_one_stands(at_home, tmp_path, monkeypatch):
    monkeypatch.setattr(places, "BESIDE", tmp_path / "nowhere")
    monkeypatch.chdir(tmp_path)
    assert course.default_folder() == Path("runs")
    with pytest.raises(FileNotFoundError, match="the course is not here"):
        course.file("runs")


def test_the_first_page_is_there():
    assert (BESIDE / places.FIRST_PAGE).is_file()


def readings():
    """The calls by which the chapters read what lies with the course, as code."""
    stored = ("footprint.load", "footprint.load_cut_runs", "footprint.stored_network", "sick_runs")
    found = {"course.file('runs')"}
    for chapter in CHAPTERS:
        for name, call in (pair for cell in chapter.code for pair in cell.calls):
            if name in ("course.file", "plans.load", "tuning.load", *stored):
                found.add(ast.unparse(call))
    return sorted(found)


def test_what_chapters_read_is_found_from_any_folder(tmp_path, monkeypatch, at_home):
    monkeypatch.chdir(tmp_path)
    known = {
        "course": course, "footprint": footprint, "plans": plans, "tuning": search,
        "sick_runs": sick_runs,
    }  # fmt: skip
    calls = readings()
    assert len(calls) >= 12
    for call in calls:
        assert eval(call, known) is not None, call
    assert list(tmp_path.iterdir()) == []


def test_no_path_of_the_course_is_made_elsewhere():
    """Everything asks `prunelab.course`; a test of its own tells where a package lies."""
    made = [
        path.name
        for path in (ROOT / "prunelab").rglob("*.py")
        if '/ "course"' in path.read_text("utf-8") or "Path.cwd(" in path.read_text("utf-8")
    ]
    assert made == ["places.py"]


# -------------------------------------------------------------- what a run of the notebooks leaves


def test_a_new_reader_finds_nothing_and_leaves_nothing(used, at_home, tmp_path, monkeypatch):
    monkeypatch.chdir(used)
    assert course.own_folder() == used / "runs" / "mine"
    for variable, value in course.new_reader(tmp_path / "reader").items():
        monkeypatch.setenv(variable, value)
    assert not course.own_folder().exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert list(live_runs()) == []
    assert ProgressBook().read() == empty()
    for folder in (course.own_folder(), course.default_folder(), course.progress_folder()):
        assert folder.is_relative_to(tmp_path / "reader")


def test_the_tests_are_a_new_reader():
    for folder in (course.default_folder(), course.progress_folder()):
        assert not folder.is_relative_to(ROOT)


WRITES = """from prunelab import course
course.own_folder().mkdir(parents=True, exist_ok=True)
with open(course.own_folder() / "five.journal", "a+") as journal:
    _ = journal.write("a trial\\n"), journal.seek(0)
    print(len(journal.readlines()), "trials")"""
ANSWERS = "from prunelab.exercises.schedule_the_sparsity import q1\nq1.check(0.65)"
LEAVES = "from pathlib import Path\n_ = Path('left.txt').write_text('by a chapter')"


def nbval(folder, *names):
    """The output of strict nbval on notebooks in `folder`, as `make test` runs it."""
    options = ["--nbval", "--nbval-current-env", "--rootdir", str(folder), "-p", "conftest"]
    options += ["--nbval-sanitize-with", str(ROOT / "tests/nbval_sanitize.cfg")]
    options += ["-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, *(str(folder / name) for name in names)]
    environ = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    done = subprocess.run(command, cwd=folder, env=environ | {"PYTHONPATH": str(ROOT)},
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    return done.stdout


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_notebooks_run_twice_in_a_used_course_do_the_same_and_change_nothing(used):
    """A chapter that writes, as *tune the schedule* does, one that answers, one that leaves."""
    made = {"11_writes": code(WRITES, "1 trials\n"), "12_answers": code(ANSWERS)}
    made["13_leaves"] = code(LEAVES)
    made["11_writes"].execution_count = 1  # strict nbval compares it
    for name, cell in made.items():
        nb = nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": KERNELSPEC})
        nbformat.write(nb, used / f"{name}.ipynb")
    before = contents(used)
    said = nbval(used, "11_writes.ipynb", "12_answers.ipynb")
    assert "2 passed, 1 error" in said, said
    assert "12_answers.ipynb recorded an answer that nobody gave" in said
    assert contents(used) == before
    said = nbval(used, "11_writes.ipynb", "13_leaves.ipynb")
    assert "2 passed, 1 error" in said, said
    assert "13_leaves.ipynb changed left.txt in its folder" in said
    (used / "left.txt").unlink()
    assert contents(used) == before
