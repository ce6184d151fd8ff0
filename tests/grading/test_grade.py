"""A class: honest files get their marks, hostile ones a sentence, and nothing in them runs."""

import csv
import io
import json
import os
import re
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from prunelab import course
from prunelab.base.checks import is_one_line
from prunelab.commands.cli import main
from prunelab.course.editions import subject
from prunelab.exercises import sandbox
from prunelab.grading import grade as grading_grade
from prunelab.grading.grade import RIGHT, UNCHECKED, WRONG, exercises, grade_folder
from prunelab.grading.tables import FORMULA, to_csv, to_html
from prunelab.progress.submissions import Submission, SubmissionError, read_submission
from tests.helpers import made_class

SIZE = 120


@pytest.fixture(scope="module")
def school(tmp_path_factory):
    """(folder, what is known of each honest file, the liars, how many files there are)."""
    folder = tmp_path_factory.mktemp("school") / "class"
    folder.mkdir()
    entries, known = made_class.known_entries(), {}
    lies = made_class.liars(entries)
    texts = {f"{name}.json": text for name, (text, _, _) in lies.items()}
    texts |= made_class.odd_names() | made_class.hostile_progress()
    files = {name: text.encode() for name, text in texts.items()} | made_class.refused()
    made = len(files) + made_class.special(folder)
    for at in range(SIZE - made):
        rng = made_class.rng_of(at)
        text, truth, held = made_class.honest(rng, entries)
        name = f"student{at}/work.json" if at % 3 == 0 else f"student{at}.json"
        files[name], known[name] = text.encode(), (truth, held)
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    assert len(known) >= 40
    return folder, known, lies


@pytest.fixture(scope="module")
def graded(school):
    """(the grades by file, seconds of processor time)."""
    began = time.process_time()
    grades = grade_folder(school[0])
    return {grade.file: grade for grade in grades}, time.process_time() - began


def test_each_file_gets_a_grade(graded):
    grades, seconds = graded
    assert len(grades) == SIZE
    assert seconds < 120


def test_honest_files_get_what_they_earned(school, graded):
    _, known, _ = school
    for file, (truth, held) in known.items():
        grade = graded[0][file]
        assert grade.problem is None
        wanted = {key: RIGHT if right else WRONG for key, right in truth.items()}
        found = {key: mark for key, mark in grade.marks.items() if mark}
        unchecked = {key for key in found if found[key] == UNCHECKED}
        assert not any(truth[key] for key in unchecked)  # every right answer can be checked
        assert found == wanted | dict.fromkeys(unchecked, UNCHECKED)
        assert grade.right == sum(truth.values())
        ranges = grade.calibration.held("number"), len(grade.calibration.of("number"))
        assert ranges == made_class.held_of(held)
        assert all(remark.startswith("The same name as in ") for remark in grade.remarks)
    assert sum(grade.right for grade in graded[0].values()) > 300


def test_liars_get_the_mark_of_what_they_handed_in(school, graded):
    for name, (_, key, mark) in school[2].items():
        grade = graded[0][f"{name}.json"]
        assert grade.marks[key] == mark
        assert any(f"{key} is recorded as right, and is not." == r for r in grade.remarks)
        assert grade.right == 0


def test_what_is_no_submission_gets_one_sentence(graded):
    refused = [grade for grade in graded[0].values() if grade.problem is not None]
    assert len(refused) == len(made_class.refused()) + 5
    for grade in refused:
        assert 10 < len(grade.problem) < 220, grade
        assert grade.problem.isprintable()
    problem = {grade.file: grade.problem for grade in refused}
    for file, words in {
        "link.json": "links are not followed", "loop": "", "pipe.json": "not a plain file",
        "giant.json": "larger than", "deep.json": "too deeply", "brackets.json": "too deeply",
        "nan.json": "NaN is not a number", "digits.json": "too many digits",
        "twice.json": "a key occurs twice", "zip.json": "not JSON", "latin.json": "UTF-8",
        "digest.json": "changed after it was written", "pickle.json": "not JSON",
        "work.zip": "ends in .zip", "more.json": "nobody knows ['code']",
    }.items():  # fmt: skip
        assert words in problem[file], (file, problem[file])


def test_no_file_takes_much_memory(school):
    tracemalloc.start()
    for name in made_class.refused():
        with suppress(SubmissionError):
            read_submission(school[0] / name)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100 * 2**20


def test_hostile_progress_is_marked_and_nothing_is_right(graded):
    for at in range(len(made_class.hostile_progress())):
        grade = graded[0][f"hostile-{at}.json"]
        assert grade.problem is None
        assert grade.right == 0
        assert grade.runs == 0
        assert "6 predictions cannot be read." in grade.remarks  # also one too far to be scored
        assert set(grade.marks.values()) <= {"", WRONG, UNCHECKED}


def test_no_cell_of_the_csv_begins_a_formula(graded):
    keys = list(exercises())
    text = to_csv(graded[0].values(), keys)
    text.encode("utf-8")
    rows = list(csv.reader(io.StringIO(text)))
    assert len(rows) == SIZE + 1
    assert {len(row) for row in rows} == {len(rows[0])}
    for row in rows:
        for cell in row:
            assert not cell or cell[0] not in FORMULA + "\t\r\n"
            assert not cell.strip()[:1] or cell.strip()[0] not in FORMULA
            assert is_one_line(cell)
            assert len(cell) < 600
    # Where a comma parts decimals, a spreadsheet parts cells at semicolons.
    for row in csv.reader(io.StringIO(text), delimiter=";"):
        assert not [cell for cell in row if cell.strip()[:1] in set(FORMULA)]
    names = {row[1] for row in rows}
    assert '\'=HYPERLINK("http://x","y")' in names


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.attributes = set(), set()

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_the_page_holds_no_markup_of_strangers(graded):
    page = to_html(list(graded[0].values()), list(exercises()))
    page.encode("utf-8")
    found = Tags()
    found.feed(page)
    assert not {"script", "img", "b", "iframe", "a", "link"} & found.seen
    assert not [name for name in found.attributes if name.startswith("on")]
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert page.count("<tr>") == SIZE + 4  # two heads, a foot, the head of those not graded


def test_the_command_writes_both_and_says_what_is_amiss(school, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = sorted(os.listdir(school[0]))
    assert main(["grade", str(school[0])]) == 1
    out = capsys.readouterr().out
    assert sorted(os.listdir(tmp_path)) == ["grades.csv", "grades.html"]
    assert sorted(os.listdir(school[0])) == before
    assert not (tmp_path / "owned").exists()
    assert re.search(r"\d+ graded, \d+ right answers, \d+ not graded", out)
    assert "claims.json: schedule_the_sparsity.q1 is recorded as right, and is not." in out
    assert all(map(is_one_line, out.splitlines()))


def test_grading_again_where_the_class_lies_passes_the_tables_over(tmp_path, monkeypatch, capsys):
    (tmp_path / "a.json").write_text(made_class.text_of("Ada", grading_empty()))
    monkeypatch.chdir(tmp_path)
    for _ in range(2):
        assert main(["grade", "."]) == 0
        assert capsys.readouterr().out.startswith("1 graded, 0 right answers, 0 not graded")
    assert sorted(os.listdir()) == ["a.json", "grades.csv", "grades.html"]
    assert main(["grade", ".", "--csv", "x", "--page", "./x"]) == 2
    assert "choose another file" in capsys.readouterr().err
    assert not os.path.exists("x")


def test_one_name_on_two_files_is_said(tmp_path):
    for name in ("Ada", "ADA", "Eve"):
        (tmp_path / f"{name}.json").write_text(made_class.text_of(name, grading_empty()))
    said = {grade.file: grade.remarks for grade in grade_folder(tmp_path)}
    assert said == {"ADA.json": (), "Ada.json": ("The same name as in ADA.json.",), "Eve.json": ()}


def test_exercises_come_in_the_order_of_the_course():
    chapters = list(dict.fromkeys(key.rpartition(".")[0] for key in exercises()))
    names = [subject(path.name) for path in sorted(course.folder().glob("0[1-9]*.ipynb"))]
    assert chapters == names


@pytest.mark.parametrize("folder", ["nowhere", "", "a\0b"])
def test_a_folder_that_is_none_is_one_sentence(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "grades").mkdir()
    assert main(["grade", folder or "grades"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("prunelab grade: folder=")
    assert said.count("\n") == 1


def test_the_same_work_twice_is_said(tmp_path):
    text, _, _ = made_class.honest(made_class.rng_of(1), made_class.known_entries())
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(text)
    first, second = grade_folder(tmp_path)
    assert first.remarks == ()
    assert second.remarks == ("The same work as in a.json.", "The same name as in a.json.")


def attempt(name, made, **first):
    """The text of a file whose answers were begun at the times given."""
    progress = grading_empty()
    progress["answers"] = {f"schedule_the_sparsity.{key}": {"first": when, "answer": None}
                           for key, when in first.items()}  # fmt: skip
    return made_class.text_of(name, progress, made=made)


def test_two_attempts_of_one_learner_are_one_row(tmp_path):
    monday, tuesday = "2026-01-05T10:00:00Z", "2026-01-06T10:00:00Z"
    files = {
        "first": attempt("Ada", monday, q1=monday),
        "second": attempt("ADA", tuesday, q1=monday, q2=tuesday),
        "third": attempt("ada", "2026-01-07T10:00:00Z", q2=tuesday),
        "another-ada": attempt("Ada", tuesday, q1=tuesday),
        "eve": attempt("Eve", tuesday, q1=monday),
    }
    for name, text in files.items():
        (tmp_path / f"{name}.json").write_text(text)
    found = {grade.file: grade.remarks for grade in grade_folder(tmp_path)}
    assert set(found) == {"third.json", "another-ada.json", "eve.json"}
    said = " ".join(found["third.json"])
    assert "The latest of one learner's; before it first.json, second.json." in said
    assert not any("before it" in remark for remark in found["another-ada.json"])


def test_one_name_is_one_person_however_it_is_typed(tmp_path):
    for file, name in (("a", "Jos\u00e9"), ("b", "Jose\u0301"), ("c", "JOS\u00c9"), ("d", "Jose")):
        text = made_class.text_of(name, grading_empty(), made=f"2026-01-3{ord(file) % 2}T12:00:00Z")
        (tmp_path / f"{file}.json").write_text(text)
    said = {grade.file: grade.remarks for grade in grade_folder(tmp_path)}
    assert said == {
        "a.json": ("The same name as in c.json.",),
        "b.json": ("The same name as in c.json, which is later.",),
        "c.json": (),
        "d.json": (),
    }


def test_the_progress_itself_is_not_what_is_handed_in(tmp_path):
    (tmp_path / "progress.json").write_text(json.dumps(grading_empty()))
    (grade,) = grade_folder(tmp_path)
    assert grade.problem == (
        "it is the file that progress is kept in: `prunelab submit` makes the one to hand in"
    )


def test_a_mark_that_an_editor_puts_before_the_text_is_passed_over(tmp_path):
    text, _, _ = made_class.honest(made_class.rng_of(1), made_class.known_entries())
    (tmp_path / "a.json").write_text(text, encoding="utf-8-sig")
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    marked, plain = grade_folder(tmp_path)
    assert (marked.problem, marked.marks) == (None, plain.marks)


def test_an_answer_that_takes_for_ever_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)

    def judge(answer):
        while True:
            pass

    exercise = grading_grade.Exercise("q1", judge, ["a", "b"], "")
    mark, said = grading_grade._mark(exercise, {"answer": {"value": 1}})
    assert mark == UNCHECKED
    assert "longer than" in said


def test_an_interrupt_ends_the_grading_and_is_no_missing_answer(tmp_path, monkeypatch):
    def judge(answer):
        raise KeyboardInterrupt

    exercise = grading_grade.Exercise("q1", judge, ["a", "b"], "")
    with pytest.raises(KeyboardInterrupt):
        grading_grade._mark(exercise, {"answer": {"value": 1}})


def test_folders_that_are_not_looked_into_are_said(tmp_path):
    text, _, _ = made_class.honest(made_class.rng_of(1), made_class.known_entries())
    deep = tmp_path / "a/b/c/d/e"
    deep.mkdir(parents=True)
    for folder in (tmp_path, deep):
        (folder / "x.json").write_text(text)
    os.symlink(deep, tmp_path / "link")
    found = {grade.file: grade.problem for grade in grade_folder(tmp_path)}
    assert found.pop("x.json") is None
    assert len(found) == 2
    assert "link" in found
    assert all(
        problem.startswith("it is a folder that is not looked") for problem in found.values()
    )


def test_a_folder_that_cannot_be_read_is_said(tmp_path, monkeypatch):
    (tmp_path / "closed").mkdir()
    real = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    (only,) = grade_folder(tmp_path)
    assert only.file == "closed"
    assert "one that cannot be read" in only.problem


def test_a_quote_does_not_hide_a_formula_where_cells_part_at_semicolons(graded):
    keys = list(exercises())
    grade = next(iter(graded[0].values()))
    for name in ('a;"=1+1;b', "a;'=1+1", 'a; "+1"'):
        text = to_csv([replace(grade, name=name)], keys)
        for row in csv.reader(io.StringIO(text), delimiter=";"):
            assert not [cell for cell in row if cell.strip()[:1] in set(FORMULA)]


def test_a_file_that_takes_too_long_as_a_whole_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(grading_grade, "SECONDS", -1)
    right = made_class.known_entries()["schedule_the_sparsity.q1"][0][0]
    answers = {"schedule_the_sparsity.q1": right}
    submission = Submission("Ada", "", "", answers=answers, predictions={}, runs={})
    grade = grading_grade.grade(submission)
    assert grade.marks["schedule_the_sparsity.q1"] == UNCHECKED
    assert grade.said["schedule_the_sparsity.q1"].endswith("this file takes too long.")
    monkeypatch.undo()
    assert grading_grade.grade(submission).right == 1


def test_one_file_that_breaks_the_grader_does_not_break_the_class(tmp_path, monkeypatch):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(made_class.text_of(name, grading_empty()))
    real = grading_grade.read_submission

    def fails(path):
        if path.name == "a.json":
            raise RecursionError("deep\nin here")
        return real(path)

    monkeypatch.setattr(grading_grade, "read_submission", fails)
    good, bad = grade_folder(tmp_path)
    assert good.problem is None
    assert bad.problem == "it cannot be graded (RecursionError: deep in here)"


def grading_empty():
    from prunelab.progress.book import empty

    return empty()


@pytest.mark.parametrize("name", ["grades.csv", "grades.html"])
def test_a_table_of_the_teachers_own_is_not_replaced(tmp_path, monkeypatch, capsys, name):
    (tmp_path / "a.json").write_text(made_class.text_of("Ada", grading_empty()))
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text("name,grade\nAda,1\n")
    assert main(["grade", "."]) == 2
    said = capsys.readouterr().err
    assert f"path={name}: this is no file that grading wrote; move it away" in said
    assert said.count("\n") == 1
    assert sorted(os.listdir()) == ["a.json", name]
    assert (tmp_path / name).read_text() == "name,grade\nAda,1\n"
