"""Where a search is kept: databases by their address; what is somebody else's stays as it is."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
from optuna.storages import JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend

from prunelab.search import SearchError, databases, load, places, search
from tests.helpers.made_search import SPACE, made, plain


def go(storage, n_trials=6, **options):
    return search(SPACE, n_trials, storage=storage, **{"evaluate": made} | options)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(folder):
    """Every entry of a folder with its bytes and times, to see whether anything was touched."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(info.st_mode) else None
        found[path.name] = (content, info.st_mtime_ns)
    return found


def refused(folder, storage, error=SearchError):
    """The sentence by which both doors refuse; nothing is written."""
    before = state(folder)
    sentences = set()
    for door in (go, load):
        with pytest.raises(error) as caught:
            door(storage)
        sentences.add(str(caught.value))
    assert state(folder) == before
    (sentence,) = sentences
    assert "\n" not in sentence
    assert len(sentence) < 250
    assert "damaged" not in sentence
    assert "remove" not in sentence
    return sentence


# --- files


def test_a_name_no_system_takes_is_refused_in_words(folder):
    assert refused(folder, "x" * 300).endswith("its name is too long; choose a shorter one")
    (folder / "notes.txt").write_text("a thesis")
    assert "what should be its folder is a file" in refused(folder, "notes.txt/s.journal")
    assert refused(folder, "", TypeError).startswith("storage='': write the name of a file")


def test_what_one_may_not_read_is_refused_in_words(folder, monkeypatch):
    def closed(path, *mode):
        raise PermissionError(13, "Permission denied", str(path))

    (folder / "study.db").write_bytes(b"")
    monkeypatch.setattr(databases, "open", closed, raising=False)
    words = "you may not read or write there; choose a folder that you can write to"
    assert refused(folder, "sqlite:///study.db").endswith(words)
    (folder / "search.journal.work").mkdir()
    monkeypatch.setattr(os, "listdir", closed)
    with pytest.raises(SearchError, match=words):
        go("search.journal")


# --- databases


def test_a_search_in_sqlite_is_the_one_in_a_file(folder):
    wanted = go("search.journal")
    assert plain(go("sqlite:///study.db", 4)) == plain(go("half.journal", 4))
    assert plain(go("sqlite:///study.db")) == plain(wanted)
    assert plain(load(f"sqlite:///{folder}/study.db")) == plain(wanted)
    assert sorted(os.listdir(folder)) == ["half.journal", "search.journal", "study.db"]
    with pytest.raises(SearchError, match="holds a search with another sampler"):
        go("sqlite:///study.db", sampler="random")


def test_a_killed_search_in_a_database_goes_on(folder):
    count = []

    def evaluate(candidate, seed, report):
        count.append(candidate.name)
        if len(count) == 4:
            raise KeyboardInterrupt
        return made(candidate, seed, report)

    evaluate.__qualname__ = "made"
    with pytest.raises(KeyboardInterrupt):
        go("sqlite:///study.db", evaluate=evaluate)
    assert plain(go("sqlite:///study.db", evaluate=evaluate)) == plain(go("whole.journal"))
    assert count[3] == count[4]


SEARCHER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from tests.helpers.made_search import SPACE, made
from prunelab.search import search
def slow(candidate, seed, report):
    time.sleep(0.05)
    return made(candidate, seed, report)
slow.__qualname__ = "made"
search(SPACE, 8, storage="sqlite:///study.db", sampler="random", pruner=None, evaluate=slow)
"""


def test_two_processes_search_in_one_database(folder):
    go("sqlite:///study.db", 1, sampler="random", pruner=None)
    tests = str(Path(__file__).resolve().parents[2])
    processes = [subprocess.Popen([sys.executable, "-c", SEARCHER, tests]) for _ in range(2)]
    assert [process.wait(120) for process in processes] == [0, 0]
    results = load("sqlite:///study.db")
    complete = results.of("complete")
    assert 8 <= len(complete) <= 9
    assert len({str(trial.params) for trial in complete}) == len(complete)


@pytest.mark.parametrize(
    "address",
    [
        "mysql://user:secret@db/study",
        "oracle://user:secret@db/study",
        "nothing://user:secret@db/study?password=secret",
        "mysql:/user:secret@db/study",
        "MySQL://user:secret@db:port/study",
        " mysql://user:secret@db/study\n",
        "'mysql://user:secret@db/study'",
        '"mysql://user:secret@db/study"',
        "jdbc:mysql://user:secret@db/study",
        "my_sql://user:secret@db/study",
        "//user:secret@db/study",
        "user:sec/secret@db/study",
        "mysql:user-secret",
        "sqlite:secret.db",
    ],
)
def test_a_password_stands_nowhere(folder, address, capfd):
    sentence = refused(folder, address, ValueError)
    assert "storage='" in sentence
    assert "secret" not in sentence + repr(places.Address(address)) + "".join(capfd.readouterr())
    assert list(folder.iterdir()) == []
    if not re.match(r"\w+://", address):
        return
    work = places.work_folder(places.Address(address))
    assert "secret" not in str(work)
    assert work == places.work_folder(places.Address(address.replace("secret", "other", 1)))


@pytest.mark.parametrize("name", ["a:b.journal", "me@home.journal", "runs/x:1", "sqlite.db"])
def test_a_file_may_have_any_name_that_is_no_address(folder, name):
    assert places.place_of(str(folder / name)) == folder / name
    assert places.place_of("C:\\me@home.journal").name.endswith("me@home.journal")


def test_what_a_driver_says_is_passed_on_without_secrets():
    address = places.Address("mysql://user:se%40cret@db/study?key=token")
    assert address.tells(OSError("unable to open")) == "(OSError: unable to open)"
    for said in ("no se@cret", "for user", "token", "at x://y"):
        assert address.tells(OSError(said)) == "(OSError)"


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_refused(folder, address):
    assert "in memory" in refused(folder, address)


def test_a_database_of_other_tables_is_left_alone(folder):
    with sqlite3.connect("diary.db") as connection:
        connection.execute("create table diary (day)")
    connection.close()
    (folder / "notes.txt").write_text("a thesis")
    assert "other tables" in refused(folder, "sqlite:///diary.db")
    assert "no SQLite database" in refused(folder, "sqlite:///notes.txt")
    assert "SQLite database: write its address" in refused(folder, "diary.db")


def test_a_database_that_only_looks_like_optunas_is_left_alone(folder):
    tables = ["studies (subject, room)", "version_info (study_name)", "alembic_version (n)"]
    for count in (1, 3):
        with sqlite3.connect(f"{count}.db") as connection:
            for table in tables[:count]:
                connection.execute(f"create table {table}")
        connection.close()
        assert "other tables" in refused(folder, f"sqlite:///{count}.db")


def test_no_search_is_added_to_a_database_of_other_studies(folder):
    theirs = optuna.create_study(study_name="theirs", storage="sqlite:///study.db")
    theirs.optimize(lambda trial: trial.suggest_float("a", 0, 1), n_trials=2)
    sentence = refused(folder, "sqlite:///study.db")
    assert "holds Optuna's study 'theirs'" in sentence
    assert "name another database" in sentence


def test_other_studies_of_a_database_stay(folder):
    go("sqlite:///study.db", 1)
    theirs = optuna.create_study(study_name="theirs", storage="sqlite:///study.db")
    theirs.optimize(lambda trial: trial.suggest_float("a", 0, 1), n_trials=2)
    go("sqlite:///study.db", 2)
    assert len(load("sqlite:///study.db").of("complete")) == 2
    names = {study.study_name for study in RDBStorage("sqlite:///study.db").get_all_studies()}
    assert names == {"theirs", "prunelab search"}
    assert len(optuna.load_study(study_name="theirs", storage="sqlite:///study.db").trials) == 2


# --- files


def their_study(path, name="theirs"):
    storage = JournalStorage(JournalFileBackend(str(path)))
    study = optuna.create_study(study_name=name, storage=storage)
    study.optimize(lambda trial: trial.suggest_float("a", 0, 1), n_trials=2)


@pytest.mark.parametrize("torn", ["", '{"op_code":4,"worker_id":"w","stu', "x"])
def test_the_journal_of_another_study_is_never_changed(folder, torn):
    their_study(folder / "theirs.log")
    with open("theirs.log", "a") as file:
        file.write(torn)
    assert "holds Optuna's study 'theirs'" in refused(folder, "theirs.log")


def test_a_journal_that_holds_another_study_as_well(folder):
    go("mine.journal", 2)
    their_study(folder / "mine.journal")
    with open("mine.journal", "a") as file:
        file.write('{"op_code":')
    assert "holds Optuna's study 'theirs'" in refused(folder, "mine.journal")


STARTS = [b'{"op_code":0,"worker_id":"w","study_name":"theirs', b"{",
          b'{"op_code":4}\n', b"\n", b"[]\n", b"\x80\x04\n"]  # fmt: skip


@pytest.mark.parametrize("content", STARTS)
def test_the_beginning_of_a_file_says_whose_it_is(folder, content):
    (folder / "file").write_bytes(content)
    assert "file" in refused(folder, "file")  # also so short a start, which may be anybody's


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_what_is_no_plain_file_is_refused_at_once(folder, kind):
    go("search.journal", 1)
    make = {
        "link": lambda p: os.symlink("search.journal", p),
        "pipe": os.mkfifo,
        "folder": os.mkdir,
    }
    make[kind]("storage")
    for storage in ("storage", "sqlite:///storage"):
        sentence = refused(folder, storage)
        assert "storage='storage' is a" in sentence
        assert kind in sentence


# --- the work folder


def test_a_work_folder_of_somebody_else_is_refused_and_stays(folder):
    work = folder / "search.journal.work"
    work.mkdir()
    (work / "notes.txt").write_text("a thesis")
    with pytest.raises(SearchError, match=r"search.journal.work holds 'notes.txt', which no"):
        go("search.journal", 2)
    assert sorted(os.listdir(folder)) == [work.name]
    (work / "notes.txt").rename(folder / "notes.txt")
    work.rmdir()
    work.symlink_to(folder)
    with pytest.raises(SearchError, match="is not a folder"):
        go("search.journal", 2)
    assert (folder / "notes.txt").read_text() == "a thesis"


def test_only_what_searches_wrote_is_cleared_away(folder):
    inner = folder / "work" / "checkpoints"
    inner.mkdir(parents=True)
    ours = ["trial_3-seed0-00012.ckpt", ".dense-0123456789ab-seed7-00001.ckpt.abcd_123.part"]
    for name in (*ours, "mine.ckpt"):
        (inner / name).touch()
    with pytest.raises(SearchError, match=r"'checkpoints/mine.ckpt'"):
        places.refuse_foreign_work(folder / "work")
    places.clear_work(folder / "work")
    assert os.listdir(inner) == ["mine.ckpt"]
    (inner / "mine.ckpt").unlink()
    places.clear_work(folder / "work")
    assert list(folder.iterdir()) == []
