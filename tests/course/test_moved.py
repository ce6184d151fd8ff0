"""Records under keys of exercises that have moved: counted, kept, written under the new keys."""

import importlib
import json
import random

import pytest

from prunelab.commands.cli import main
from prunelab.course.moved import EXERCISES, SPLIT, under_new_keys
from prunelab.exercises.exercise import Exercise
from prunelab.grading.grade import RIGHT, grade
from prunelab.progress.book import ProgressBook, empty
from prunelab.progress.submissions import read_submission, submit
from prunelab.progress.transcripts import record
from tests.helpers.made_class import text_of

TREES = "prune_a_decision_tree"
OLD, NEW = f"{TREES}.q1", EXERCISES[f"{TREES}.q1"]
RIGHT_ANSWER, WRONG_ANSWER = {"value": 14.5}, {"value": 29}
EARLY, LATE = "2026-01-01T10:00:00Z", "2026-02-01T10:00:00Z"


def entry(right, last=EARLY, **more):
    answer = RIGHT_ANSWER if right else WRONG_ANSWER
    return {"tries": 1, "right": right, "first": last, "last": last, "answer": answer} | more


@pytest.fixture
def book(own_folders):
    """A book of an older course, with a right answer and a choice under keys of then."""
    book = ProgressBook()
    book.folder.mkdir()
    values = empty()
    values["answers"] = {
        OLD: entry(True),
        f"{TREES}.q2": entry(True, answer={"value": "c"}),
        "mask_small_weights.q1": {"tries": 2, "right": False},
    }
    values["predictions"] = {"of a question that is gone": {"question": 3, "guess": None}}
    book.path.write_text(json.dumps(values))
    return book


def test_each_old_key_is_of_a_chapter_that_was_split_and_leads_to_an_exercise_of_its_successors():
    assert list(EXERCISES) == sorted(EXERCISES)
    assert len(set(EXERCISES.values())) == len(EXERCISES)
    for old, new in EXERCISES.items():
        chapter, _, name = new.partition(".")
        assert chapter in SPLIT[old.partition(".")[0]]
        module = importlib.import_module(f"prunelab.exercises.{chapter}")
        assert isinstance(getattr(module, name), Exercise)
        assert getattr(module, name).key == new


def test_every_exercise_of_the_chapters_that_came_of_the_trees_had_an_old_key():
    known = set(EXERCISES.values())
    for chapter in SPLIT[TREES]:
        module = importlib.import_module(f"prunelab.exercises.{chapter}")
        assert {e.key for e in vars(module).values() if isinstance(e, Exercise)} <= known


def test_an_old_book_counts(book, capsys):
    assert main(["progress"]) == 0
    said = capsys.readouterr().out
    assert "fold a decision tree         1 of 2 exercises right" in said
    assert "choose the pruned tree       1 of 3 exercises right" in said


def test_an_old_book_is_handed_in_and_graded(book, tmp_path, capsys):
    assert main(["submit", "--name", "Ada"]) == 0
    found = read_submission(tmp_path / "Ada.prunelab.json")
    assert NEW in found.answers
    assert OLD not in found.answers
    assert [grade(found).marks[key] for key in (NEW, EXERCISES[f"{TREES}.q2"])] == [RIGHT] * 2


def test_an_old_submission_is_graded(tmp_path):
    progress = empty() | {"answers": {OLD: entry(True)}}
    (tmp_path / "ada.json").write_text(text_of("ada", progress))
    found = grade(read_submission(tmp_path / "ada.json"))
    assert found.marks[NEW] == RIGHT
    assert found.remarks == ()


def test_the_old_and_the_new_file_of_one_learner_are_known_as_two_attempts(book, tmp_path):
    old = empty() | {"answers": {OLD: entry(True)}}
    (tmp_path / "old.json").write_text(text_of("Ada", old))
    new = grade(read_submission(submit(book, "Ada")))
    assert new.begun & grade(read_submission(tmp_path / "old.json")).begun


def test_nothing_is_lost_when_the_book_is_written_again(book):
    before = book.read()
    record(NEW, False, "no", WRONG_ANSWER)  # a right answer is kept once it is there
    after = json.loads(book.path.read_text())
    assert set(after["answers"]) == {EXERCISES.get(key, key) for key in before["answers"]}
    assert after["answers"][NEW]["right"] is True
    assert after["answers"][NEW]["answer"] == RIGHT_ANSWER
    assert after["answers"][NEW]["tries"] == 2
    assert after["predictions"] == before["predictions"]
    kept = {k: v for k, v in before["answers"].items() if k != NEW}
    assert {k: v for k, v in after["answers"].items() if k != NEW} == kept


@pytest.mark.parametrize("order", [(OLD, NEW), (NEW, OLD)])
def test_of_two_entries_the_newer_stays_but_a_right_answer_is_kept(order):
    for old, new, wanted in (
        (entry(False, answer=1), entry(False, LATE, answer=2), 2),
        (entry(True, LATE, answer=1), entry(True, answer=2), 1),
        (entry(True, answer=1), entry(False, LATE, answer=2), 1),
        (entry(False, LATE, answer=1), entry(True, answer=2), 2),
    ):
        both = {OLD: old, NEW: new}
        (found,) = under_new_keys({key: both[key] for key in order}).values()
        assert found["answer"] == wanted
        assert (found["first"], found["last"], found["tries"]) == (EARLY, LATE, 2)
        assert found["right"] is (old["right"] or new["right"])


def test_a_solution_that_was_looked_at_stays_looked_at():
    found = under_new_keys({OLD: {"solution": EARLY}, NEW: entry(True, LATE)})
    assert found == {NEW: entry(True, LATE, solution=EARLY)}


def test_whatever_strangers_write_under_the_keys_it_is_taken_once_and_twice_alike():
    drawn = random.Random(0)
    values = [None, True, 3, -1.5, "x", EARLY, [], {}, ["a"]]
    names = ["right", "tries", "first", "last", "solution", "answer", "sentence", "more"]
    for _ in range(300):
        entries = {
            key: {name: drawn.choice(values) for name in drawn.sample(names, drawn.randint(0, 8))}
            for key in drawn.sample([*EXERCISES, *EXERCISES.values(), "other.q1"], 8)
        }
        found = under_new_keys(entries)
        assert set(found) == {EXERCISES.get(key, key) for key in entries}
        assert under_new_keys(found) == found
