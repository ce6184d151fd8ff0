"""Folders to work in: ours are known by a mark, and nothing of anybody else's is removed."""

import errno
import io
import os

import pytest

from prunelab.base.work_folders import LOCK, MARK, claim, clear, is_ours, refuse_foreign

OURS = ("a-seed0.json", "checkpoints")


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_made_marked_and_removed(tmp_path):
    work = tmp_path / "deep" / "work"
    claim(work)
    claim(work)
    assert tree(work) == [MARK]
    assert is_ours(work)
    (work / "a-seed0.json").write_text("{}")
    (work / LOCK).touch()
    clear(work, OURS)
    assert not work.exists()
    clear(work, OURS)


def test_a_folder_that_was_there_stays_and_is_left_as_it_was(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    claim(work)
    claim(work)
    (work / "a-seed0.json").write_text("{}")
    clear(work, OURS)
    assert tree(tmp_path) == ["work"]


def test_what_somebody_lays_into_ours_stays(tmp_path):
    work = tmp_path / "work"
    claim(work)
    (work / "a-seed0.json").write_text("{}")
    (work / "notes.txt").write_text("thesis")
    (work / "a-seed1.json").write_text("mine")
    clear(work, OURS)
    assert tree(work) == ["a-seed1.json", "notes.txt"]
    with pytest.raises(FileExistsError, match="no mark of prunelab's"):
        claim(work)


@pytest.mark.parametrize(
    "names", [["notes.txt"], [".hidden"], ["a-seed0.json"], [LOCK, "notes.txt"], ["checkpoints/x"]]
)
def test_a_folder_of_somebodys_is_refused_and_untouched(tmp_path, names):
    work = tmp_path / "work"
    for name in names:
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text("mine")
    before = tree(tmp_path)
    for ask in (claim, refuse_foreign):
        with pytest.raises(FileExistsError, match=r"^the folder 'work' holds files, .* another fo"):
            ask(work)
    assert not is_ours(work)
    assert tree(tmp_path) == before


def _link(path):
    path.parent.joinpath("elsewhere").mkdir()
    path.symlink_to(path.parent / "elsewhere")


IN_THE_WAY = {
    "a link": _link,
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a file": lambda path: path.write_text("mine"),
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_is_no_folder_is_refused(tmp_path, kind):
    work = tmp_path / "work"
    IN_THE_WAY[kind](work)
    with pytest.raises(FileExistsError, match=r"^'work' is a .*: move it away, or choose another"):
        claim(work)
    clear(work, OURS)
    assert os.path.lexists(work)


@pytest.mark.parametrize("kind", ["a link", "a link to nowhere", "a pipe"])
@pytest.mark.parametrize("name", ["a-seed0.json", LOCK, "checkpoints/x.ckpt"])
def test_a_pipe_or_link_in_ours_is_refused(tmp_path, kind, name):
    work = tmp_path / "work"
    claim(work)
    (work / name).parent.mkdir(exist_ok=True)
    IN_THE_WAY[kind](work / name)
    with pytest.raises(FileExistsError, match=r"a link|a device or a pipe"):
        claim(work)
    clear(work, OURS)
    assert os.path.lexists(work / name)


@pytest.mark.parametrize("kind", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("elsewhere")])
def test_a_mark_that_is_no_file_of_ours_marks_nothing(tmp_path, kind):
    kind(tmp_path / MARK)
    (tmp_path / "notes.txt").write_text("mine")
    assert not is_ours(tmp_path)
    with pytest.raises(FileExistsError):
        claim(tmp_path)


@pytest.mark.parametrize("made", [True, False])
def test_a_full_disk_leaves_no_half_mark(tmp_path, monkeypatch, made):
    work = tmp_path / "work"
    if not made:
        work.mkdir()

    class Full(io.BytesIO):
        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

    def full(descriptor, *_):
        os.close(descriptor)
        return Full()

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", full)
        with pytest.raises(OSError, match="the disk is full; free some room") as caught:
            claim(work)
    assert "Errno" not in str(caught.value)
    assert tree(work) == []
    claim(work)
    assert is_ours(work)


@pytest.mark.parametrize("begun", [b"", b"prunelab w", b"prunelab made this"])
def test_a_mark_that_was_only_begun_is_ours_where_nothing_else_lies(tmp_path, begun):
    work = tmp_path / "work"
    work.mkdir()
    (work / MARK).write_bytes(begun)
    refuse_foreign(work)
    claim(work)
    clear(work, OURS)
    assert tree(tmp_path) == ["work"]  # the reader's, or a killed one's: it is left, and empty
    (work / MARK).write_bytes(begun)
    (work / "notes.txt").write_text("thesis")
    with pytest.raises(FileExistsError, match="no mark of prunelab's"):
        claim(work)


def test_a_lock_with_words_in_it_is_no_lock_of_ours(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    (work / LOCK).write_text("mine")
    (work / "a-seed0.json").write_text("{}")
    assert not is_ours(work)
    with pytest.raises(FileExistsError, match="no mark of prunelab's"):
        claim(work)
    (work / LOCK).unlink()
    (work / "a-seed0.json").unlink()
    claim(work)
    (work / LOCK).write_text("mine")
    clear(work, OURS)
    assert tree(work) == [LOCK]
