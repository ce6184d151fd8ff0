"""What is handed in, from the progress file to the teacher's desk; and the two commands for it."""

import json
import os

import pytest

from prunelab.commands.cli import main
from prunelab.grading.grade import exercises
from prunelab.progress.book import ProgressBook, ProgressError
from prunelab.progress.submissions import (
    SubmissionError,
    printable,
    read_submission,
    submit,
    take_runs,
)
from tests.helpers import made_class


@pytest.fixture
def book(own_folders):
    """A book with an answer in it, which the commands find as well."""
    book = ProgressBook()
    book.change("answers", "schedule_the_sparsity.q1", lambda _: {
        "right": True, "tries": 1, "answer": {"value": 0.65}})  # fmt: skip
    return book


def test_what_is_written_is_read(book, tmp_path):
    path = submit(book, "Ada Lovelace")
    assert path.name == "Ada-Lovelace.prunelab.json"
    found = read_submission(path)
    assert (found.name, found.answers) == ("Ada Lovelace", book.read()["answers"])
    assert "answers" not in repr(found)


@pytest.mark.parametrize(
    ("name", "file"),
    [("../../etc/x", "etc-x"), ("..", "submission"), ("Émilie", "Émilie"), ("a/b\\c:d", "a-b-c-d"),
     ("=1+1", "1-1"), ("x" * 500, "x" * 79)],
)  # fmt: skip
def test_a_name_never_leaves_the_folder(book, tmp_path, name, file):
    path = submit(book, name)
    assert path.resolve().parent == tmp_path
    assert path.name == f"{file}.prunelab.json"


@pytest.mark.parametrize("name", ["", "  ", None, 3, "\x00"])
def test_a_name_is_needed(book, name):
    with pytest.raises(ValueError, match="name"):
        submit(book, name)


def test_nothing_done_is_nothing_to_hand_in(tmp_path):
    with pytest.raises(ProgressError, match="nothing to hand in"):
        submit(ProgressBook(tmp_path), "Ada")


def test_each_changed_byte_is_refused(book):
    path = submit(book, "Ada")
    content = path.read_bytes()
    at = content.index(b"0.65")
    path.write_bytes(content[:at] + b"0.66" + content[at + 4 :])
    with pytest.raises(SubmissionError, match="changed after it was written"):
        read_submission(path)


def test_a_device_is_not_read():
    with pytest.raises(SubmissionError, match="not a plain file"):
        read_submission("/dev/zero" if os.path.exists("/dev/zero") else os.devnull)


def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path):
    with pytest.raises(SubmissionError, match="cannot be read"):
        read_submission(tmp_path / "gone.json")
    with pytest.raises(SubmissionError, match="cannot be read"):
        read_submission(tmp_path / "a\0b.json")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a\nb", "a b"),
        ("\u202eabc", "�abc"),
        ("\ud800", "�"),
        ("x" * 100, "x" * 79 + "…"),
        ("a  b", "a b"),
    ],
)
def test_texts_are_made_printable(text, wanted):
    assert printable(text) == wanted


def test_the_commands_show_export_submit_and_reset(book, capsys):
    assert main(["progress"]) == 0
    out = capsys.readouterr().out
    known = sum(key.startswith("schedule_the_sparsity.") for key in exercises())
    assert f"schedule the sparsity        1 of {known} exercises right" in out
    assert "0 predictions locked" in out
    assert main(["progress", "--export", "copy.json"]) == 0
    with open("copy.json") as file:
        assert json.load(file) == book.read()
    assert main(["submit", "--name", "Ada"]) == 0
    assert capsys.readouterr().out.endswith("written to Ada.prunelab.json: hand in this file\n")
    assert read_submission("Ada.prunelab.json").answers == book.read()["answers"]
    assert main(["progress", "--reset"]) == 0
    assert "begun anew" in capsys.readouterr().out
    assert main(["submit", "--name", "Ada"]) == 2
    assert "nothing to hand in" in capsys.readouterr().err
    assert read_submission("Ada.prunelab.json").answers  # the older file is left as it was


def test_what_is_handed_in_takes_the_place_of_no_pipe_and_has_a_name_that_fits(book, capsys):
    os.mkfifo("pipe")
    assert main(["submit", "--name", "Ada", "--output", "pipe"]) == 2
    assert "this is a device or a pipe" in capsys.readouterr().err
    assert submit(book, "名" * 79).is_file()


@pytest.mark.parametrize(
    "words",
    [["submit", "--name", " "], ["submit", "--output", "no/where.json"],
     ["progress", "--export", "no/where.json"], ["progress", "--folder", "a\0b"]],
)  # fmt: skip
def test_odd_arguments_get_one_sentence(book, words, capsys):
    assert main(words) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"prunelab {words[0]}: ")


def test_a_class_of_one_is_graded(book, tmp_path, capsys):
    (tmp_path / "in").mkdir()
    main(["submit", "--name", "Ada", "--output", "in/ada.json"])
    assert main(["grade", "in"]) == 0
    assert "1 graded, 1 right answers, 0 not graded" in capsys.readouterr().out


def test_runs_of_the_bench_come_along(book, monkeypatch):
    class Run:
        """What the summary reads of a TrainedRun."""

        id, name, created, steerings, stopped = (
            "20260131120000-0123456789",
            "mine",
            "x",
            (1,),
            False,
        )
        nonzeros, n_weights, validation_loss = 25, 100, 0.004

        class settings:  # noqa: N801
            @staticmethod
            def to_dict():
                return {"epochs": 3}

    monkeypatch.setattr("prunelab.progress.submissions.live_runs", lambda folder: [Run()])
    for _ in range(2):
        assert take_runs(book) == 1
    (summary,) = book.read()["runs"].values()
    assert summary["settings"] == {"epochs": 3}
    assert {name: summary[name] for name in made_class.RUN} == made_class.RUN
