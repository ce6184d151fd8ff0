"""The progress file: whole, kept, shared by notebooks, never lost."""

import errno
import json
import multiprocessing
import os
import random
import threading
import time

import pytest

from prunelab.exercises.exercise import Exercise
from prunelab.progress import book as progress_book
from prunelab.progress.book import MAX_ENTRY, NAME, PARTS, ProgressBook, ProgressError, empty
from prunelab.progress.submissions import submit
from prunelab.progress.transcripts import record


@pytest.fixture
def book(tmp_path):
    """A progress file in a folder that is not there yet."""
    return ProgressBook(tmp_path / "mine")


def count(entry):
    return {"n": (entry or {"n": 0})["n"] + 1}


def test_nothing_is_written_before_there_is_something(book):
    assert book.read() == empty()
    assert book.get("answers", "a.q1") is None
    assert not book.folder.exists()


def test_what_is_changed_is_there_for_the_next_notebook(book):
    book.change("answers", "a.q1", count)
    book.change("answers", "a.q1", count)
    book.change("runs", "r", lambda _: {"x": 1.5})
    assert ProgressBook(book.folder).read() == {
        "format": 1, "answers": {"a.q1": {"n": 2}}, "predictions": {}, "runs": {"r": {"x": 1.5}},
    }  # fmt: skip
    assert os.listdir(book.folder) != []
    assert not [name for name in os.listdir(book.folder) if name.endswith(".part")]


def test_the_folder_is_named_by_a_variable(monkeypatch, tmp_path):
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "x"))
    assert ProgressBook().path == tmp_path / "x" / NAME
    monkeypatch.delenv("PRUNELAB_PROGRESS")
    assert ProgressBook().path.parts[-3:] == ("course", "progress", NAME)


def _count_up(folder, part, times):
    for _ in range(times):
        ProgressBook(folder).change(part, "k", count)


def test_notebooks_that_write_at_once_lose_nothing(book):
    context = multiprocessing.get_context("spawn")
    writers = [
        context.Process(target=_count_up, args=(book.folder, part, 25))
        for part in ("answers", "answers", "runs")
    ]
    for writer in writers:
        writer.start()
    threads = [
        threading.Thread(target=_count_up, args=(book.folder, "predictions", 25)) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for one in writers + threads:
        one.join(60)
    found = book.read()
    assert [found[part]["k"]["n"] for part in PARTS] == [50, 50, 25]


def _count_for_ever(folder, started):
    started.set()
    while True:
        _count_up(folder, "answers", 1)


def test_a_writer_killed_at_any_moment_leaves_a_whole_file(book):
    context = multiprocessing.get_context("spawn")
    rng, seen = random.Random(0), 0
    for _ in range(12):
        started = context.Event()
        writer = context.Process(target=_count_for_ever, args=(book.folder, started))
        writer.start()
        assert started.wait(60)
        time.sleep(rng.uniform(0.005, 0.1))
        writer.kill()
        writer.join(60)
        found = (book.get("answers", "k") or {"n": 0})["n"]
        assert found >= seen
        book.read()  # raises where it is not whole
        seen = book.change("answers", "k", count)["n"]
        assert seen == found + 1
    assert seen > 20
    assert not [name for name in os.listdir(book.folder) if name.endswith(".part")]
    assert not list(book.folder.glob("progress-damaged-*"))


DAMAGE = [
    b"", b"{", b"[]", b"\xff\xfe", b'{"format": 1}', b'{"format": NaN}', b"[" * 100_000,
    b'{"format": 2, "answers": {}, "predictions": {}, "runs": {}}',
    b'{"format": 1, "answers": [], "predictions": {}, "runs": {}}',
    b'{"format": 1, "answers": {"a": 3}, "predictions": {}, "runs": {}}',
    b'{"format": true, "answers": {}, "predictions": {}, "runs": {}}',
    b"0" * 5_000_000,
]  # fmt: skip


@pytest.mark.parametrize("content", DAMAGE)
def test_a_damaged_file_is_set_aside_and_never_overwritten(book, content):
    book.folder.mkdir()
    book.path.write_bytes(content)
    with pytest.raises(ProgressError) as raised:
        book.read()
    assert len(str(raised.value)) < 300
    assert book.get("answers", "a.q1") is None
    book.change("answers", "a.q1", count)
    assert book.read()["answers"] == {"a.q1": {"n": 1}}
    (kept,) = book.folder.glob("progress-damaged-*.json")
    assert kept.read_bytes() == content


def test_a_reset_keeps_the_old(book):
    assert book.reset() is None
    for _ in range(3):
        book.change("answers", "a.q1", count)
        before = book.path.read_bytes()
        kept = book.reset()
        assert kept.read_bytes() == before
        assert book.read() == empty()
    assert len(list(book.folder.glob("progress-before-*.json"))) == 3


def test_an_export_is_a_copy(book, tmp_path):
    book.change("answers", "a.q1", count)
    path = book.export(tmp_path / "copy.json")
    assert json.loads(path.read_text()) == book.read()
    with pytest.raises(FileNotFoundError):
        book.export(tmp_path / "no" / "copy.json")


def test_an_entry_too_long_is_refused_and_the_rest_stays(book):
    book.change("answers", "a.q1", count)
    with pytest.raises(ProgressError, match="longer than"):
        book.change("answers", "a.q2", lambda _: {"x": "y" * MAX_ENTRY})
    assert book.read()["answers"] == {"a.q1": {"n": 1}}


def test_a_full_file_is_refused_and_stays_readable(book):
    def fill(times):
        for at in range(times):
            book.change("answers", f"a.q{at}", lambda _: {"x": "y" * (MAX_ENTRY - 10)})

    with pytest.raises(ProgressError, match="is full"):
        fill(100)
    assert len(book.read()["answers"]) > 15


def test_another_that_never_lets_go_is_not_waited_for_for_ever(book, monkeypatch):
    monkeypatch.setattr(progress_book, "PATIENCE", 0.1)
    book.folder.mkdir()
    with (
        progress_book.locked(book.folder, "held"),
        pytest.raises(ProgressError, match="cannot be written"),
    ):
        book.change("answers", "a.q1", count)


# ---- through an exercise's check --------------------------------------------------------------


def made(judge=lambda answer: (answer == 3, "It is three.")):
    judge.__module__ = "prunelab.exercises.chapter"
    return Exercise("q1", judge, ["a", "b"], "")


@pytest.fixture
def mine(monkeypatch, book):
    """The book that checks write to."""
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(book.folder))
    return book


def test_checks_are_counted_and_a_right_answer_is_kept(mine, capsys):
    exercise = made()
    for answer in (..., 2, 3, 4):
        exercise.check(answer)
    entry = mine.read()["answers"]["chapter.q1"]
    assert (entry["tries"], entry["right"], entry["answer"]) == (3, True, {"value": 3})
    assert entry["first"] <= entry["last"]
    assert capsys.readouterr().out.count("\n") == 4


def test_no_answer_is_not_recorded(mine):
    made().check(...)
    assert mine.read() == empty()


def test_an_answer_too_long_is_recorded_without_itself(mine):
    made(lambda answer: (False, ".")).check(["x" * 1900] * 100)
    assert mine.read()["answers"]["chapter.q1"]["answer"] == {"unwritten": "it is too long"}


def test_a_folder_that_cannot_be_written_is_said_once(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "file" / "sub"))
    for _ in range(2):
        made().check(3)
    lines = capsys.readouterr().out.splitlines()
    assert [line[:10] for line in lines] == ["q1: ✔ Righ", "(not recor", "q1: ✔ Righ"]


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_what_a_reader_has_done_is_theirs_alone(tmp_path, umask):
    """Under any umask, and where an earlier version has let everybody read it."""
    book = ProgressBook(tmp_path / "deep" / "progress")
    before = os.umask(umask)
    try:
        book.change("answers", "a.q1", count)
        book.path.chmod(0o644)
        book.change("answers", "a.q1", count)
        copy = book.export(tmp_path / "copy.json")
        handed_in = submit(book, "Ada", tmp_path / "ada.json")
    finally:
        os.umask(before)
    assert book.folder.stat().st_mode & 0o777 == 0o700
    for path in (book.path, book.folder / ".lock", copy, handed_in):
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["progress.json", ".lock"])
@pytest.mark.parametrize("kind", [os.mkfifo, lambda path: path.symlink_to("elsewhere")])
def test_a_pipe_or_a_link_is_neither_waited_for_nor_followed(book, name, kind):
    book.folder.mkdir()
    kind(book.folder / name)
    mode = os.lstat(book.folder / name).st_mode
    with pytest.raises(ProgressError, match="set PRUNELAB_PROGRESS to a folder of yours"):
        book.change("answers", "a.q1", count)
    assert os.lstat(book.folder / name).st_mode == mode
    assert set(os.listdir(book.folder)) <= {name, ".lock"}


def test_a_file_where_the_folder_should_be_is_said(tmp_path):
    (tmp_path / "mine").write_text("a letter")
    with pytest.raises(ProgressError, match="'mine': what should be its folder is a file"):
        ProgressBook(tmp_path / "mine").read()
    assert (tmp_path / "mine").read_text() == "a letter"
    assert ProgressBook(tmp_path / "new").read()["answers"] == {}


def test_a_file_that_the_system_withholds_is_not_set_aside(book, monkeypatch):
    book.change("answers", "a.q1", count)
    before = book.path.read_bytes()
    with monkeypatch.context() as patch:

        def refuse(path):
            raise OSError(errno.EIO, "Input/output error", str(path))

        patch.setattr(type(book.path), "read_bytes", refuse)
        for act in (book.read, lambda: book.change("answers", "a.q2", count)):
            with pytest.raises(ProgressError, match="in the folder") as caught:
                act()
            assert "Errno" not in str(caught.value)
    assert book.path.read_bytes() == before
    assert not list(book.folder.glob("progress-damaged-*"))


@pytest.mark.parametrize("broken", [{"tries": "a"}, {"tries": None, "right": 3}, {"sentence": "x"}])
def test_an_entry_that_is_none_of_ours_blocks_no_answer(monkeypatch, tmp_path, capsys, broken):
    monkeypatch.setenv("PRUNELAB_PROGRESS", str(tmp_path / "mine"))
    book = ProgressBook()
    book.change("answers", "a.q1", lambda _: broken)
    record("a.q1", True, "It is right.", {"value": 3})
    assert capsys.readouterr().out == ""
    entry = book.get("answers", "a.q1")
    assert (entry["tries"], entry["right"], entry["answer"]) == (1, True, {"value": 3})
