"""Files: written whole or not at all, and the folder of the runs."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from prunelab.base import files


@pytest.fixture(autouse=True)
def _usual_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o027, 0o002, 0o000])
def test_the_umask_counts_and_what_is_private_is_its_owners(tmp_path, umask):
    os.umask(umask)
    for name, options in (("a", {}), ("b", {"flush": False}), ("c", {"private": True})):
        for mode in (None, 0o600, 0o664):
            path = tmp_path / f"{name}{mode}"
            if mode is not None:
                path.touch()
                path.chmod(mode)
            files.write_atomically(path, lambda file: file.write(b"x"), **options)
            wanted = 0o666 & ~umask if mode is None else mode
            assert path.stat().st_mode & 0o777 == (0o600 if name == "c" else wanted)
    with files.locked(tmp_path, "held"):
        assert (tmp_path / ".lock").stat().st_mode & 0o777 == 0o666 & ~umask


def test_written_for_all_to_read_and_nothing_left_beside(tmp_path):
    path = tmp_path / "page"
    for text in (b"old", b"new"):
        files.write_atomically(path, lambda file, text=text: file.write(text))
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o644
    assert os.listdir(tmp_path) == ["page"]


def test_keeps_the_mode_of_the_file_it_replaces(tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"old")
    for mode in (0o600, 0o664):
        path.chmod(mode)
        files.write_atomically(path, lambda file: file.write(b"new"))
        assert path.stat().st_mode & 0o777 == mode


def test_a_writer_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "page"
    path.write_bytes(b"old")

    def fail(file):
        file.write(b"ne")
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        files.write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["page"]


def test_the_folder_is_synced_after_the_rename(tmp_path, monkeypatch):
    path, synced = tmp_path / "page", []
    monkeypatch.setattr(os, "fsync", lambda _: synced.append(path.exists()))
    files.write_atomically(path, lambda file: file.write(b"x"))
    assert synced == [False, True]


def test_a_killed_writer_never_leaves_half_a_run(tmp_path):
    """A process writes without end and is killed in the middle; the file is whole each time."""
    code = (
        "import sys, pathlib; from prunelab.base.files import write_atomically\n"
        "target, n = pathlib.Path(sys.argv[1]), 0\n"
        "print('ready', flush=True)\n"
        "while True:\n"
        "    n += 1; text = f'{n:09d}'.encode() * 100_000\n"
        "    write_atomically(target, lambda file: file.write(text))\n"
    )
    target = tmp_path / "run.json"
    for _ in range(4):
        writer = subprocess.Popen([sys.executable, "-c", code, target], stdout=subprocess.PIPE)
        assert writer.stdout.readline() == b"ready\n"
        while not target.exists():
            pass
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        content = target.read_bytes()
        assert content == content[:9] * 100_000
        target.unlink()


LITTER = ".run.json.abcd_123.part"


def test_what_a_dead_writer_left_is_swept_away_and_nothing_else(tmp_path):
    path = tmp_path / "run.json"
    others = [".run.json.swp", ".run.json.abc.part", ".run2json.abcd_123.part", "run.json.part"]
    for name in (LITTER, *others):
        (tmp_path / name).write_bytes(b"half")
    files.write_atomically(path, lambda file: file.write(b"x"))
    assert sorted(os.listdir(tmp_path)) == sorted([*others, "run.json"])


def test_a_living_writer_keeps_its_file(tmp_path):
    """Two write the same file at once: both end, and the later one is there."""
    path = tmp_path / "run.json"

    def write(file):
        file.write(b"out")
        files.write_atomically(path, lambda inner: inner.write(b"in"))
        assert path.read_bytes() == b"in"
        file.write(b"er")

    files.write_atomically(path, write)
    assert path.read_bytes() == b"outer"
    assert os.listdir(tmp_path) == ["run.json"]


def test_unflushed_is_whole_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("flushed"))
    path = tmp_path / "run.json"
    files.write_atomically(path, lambda file: file.write(b"x"), flush=False)
    assert path.read_bytes() == b"x"
    assert path.stat().st_mode & 0o777 == 0o644


LOCKER = (
    "import sys, pathlib, time; from prunelab.base import files\n"
    "files.fcntl = files.fcntl if sys.argv[2] == 'here' else None\n"
    "with files.locked(pathlib.Path(sys.argv[1]), 'held'):\n"
    "    print('ready', flush=True); time.sleep(60)\n"
)


@pytest.mark.parametrize("system", ["here", "as on Windows"])
def test_a_folder_is_locked_for_one_process_until_it_ends_however_it_ends(
    tmp_path, monkeypatch, system
):
    """Windows has no fcntl: there filelock holds a neighbour, as it does on any system."""
    if system != "here":
        monkeypatch.setattr(files, "fcntl", None)
    command = [sys.executable, "-c", LOCKER, tmp_path, system]
    holder = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"ready\n"
    assert files.is_locked(tmp_path / ".lock")
    with (
        pytest.raises(BlockingIOError, match=r"^mine is held$"),
        files.locked(tmp_path, "mine is held"),
    ):
        pytest.fail("entered")
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert not files.is_locked(tmp_path / ".lock")
    for _ in range(2):
        with files.locked(tmp_path, "held"):
            pass


def test_a_folder_that_can_only_be_read_is_refused_before_any_work(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(PermissionError, match=r"^path=.*: nothing can be written in the folder 't"):
        files.path_to_write(tmp_path / "page.html")


def test_a_name_that_is_too_long_is_refused_in_words(tmp_path):
    with pytest.raises(OSError, match=r"^path: 'n{57}\.\.\.' in .*its name is too long; choose a"):
        files.path_to_write(tmp_path / ("n" * 300))


def test_a_pipe_or_a_device_is_never_replaced_by_a_file(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(FileExistsError, match=r"pipe: this is a device or a pipe; choose another"):
        files.path_to_write(pipe)
    assert pipe.is_fifo()


def _folder(path):
    path.mkdir()


def _link(path):
    path.with_name("elsewhere").write_bytes(b"mine")
    path.symlink_to(path.with_name("elsewhere"))


IN_THE_WAY = {"a pipe": os.mkfifo, "a link": _link, "a folder": _folder}
IN_THE_WAY["a link to nowhere"] = lambda path: path.symlink_to("nowhere")


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_no_pipe_is_waited_for_and_no_link_followed_or_replaced(tmp_path, kind):
    path = tmp_path / "run.json"
    IN_THE_WAY[kind](path)
    mode = os.lstat(path).st_mode
    for ask in (
        lambda: files.write_atomically(path, lambda file: file.write(b"x")),
        lambda: files.path_to_write(path),
        lambda: files.locked_file(path, "held").__enter__(),
    ):
        with pytest.raises((FileExistsError, IsADirectoryError), match=r"run\.json: this is a "):
            ask()
    assert os.lstat(path).st_mode == mode
    assert set(os.listdir(tmp_path)) <= {"run.json", "elsewhere"}


def test_a_pipe_called_like_what_a_dead_writer_leaves_is_not_opened(tmp_path):
    os.mkfifo(tmp_path / LITTER)
    files.write_atomically(tmp_path / "run.json", lambda file: file.write(b"x"))
    assert sorted(os.listdir(tmp_path)) == sorted([LITTER, "run.json"])


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full; free some room there and do the same again"),
        (errno.EROFS, "the folder can only be read; choose a folder that you can write to"),
        (errno.EACCES, "you may not read or write there; choose a folder"),
        (errno.EFBIG, "the file is larger than this system lets you write"),
        (errno.EIO, "; choose another folder"),
    ],
)
@pytest.mark.parametrize("where", ["write", "open", "rename"])
def test_what_the_system_refuses_is_said_with_the_folder_and_a_way_on(
    tmp_path, monkeypatch, number, words, where
):
    path, error = tmp_path / "run.json", OSError(number, os.strerror(number), "temporary")

    def refuse(*_):
        raise error

    if where != "write":
        monkeypatch.setattr(os, {"open": "open", "rename": "replace"}[where], refuse)
    write = refuse if where == "write" else lambda file: file.write(b"x")
    with pytest.raises(OSError) as caught:  # noqa: PT011
        files.write_atomically(path, write)
    monkeypatch.undo()
    said = str(caught.value)
    assert type(caught.value) is type(error)
    assert said.startswith(f"'run.json' in the folder {tmp_path.name!r}: ")
    assert words in said
    assert "Errno" not in said
    assert files.in_words(caught.value) == said
    assert os.listdir(tmp_path) == []


def test_an_error_of_the_system_in_words():
    raw = PermissionError(errno.EACCES, "Permission denied", "/a/b/.page.html.abcd1234.part")
    assert files.in_words(raw).startswith("'page.html' in the folder 'b': you may not read or wri")
    assert files.in_words(OSError(errno.ENOSPC, "No space left")).startswith("the disk is full; ")
    assert files.in_words(OSError("our own words")) == "our own words"
    assert files.in_words(ValueError("seed=-1: no")) == "seed=-1: no"


def test_needs_only_the_standard_library():
    """Without site-packages: the doctor asks for the folder where nothing else is installed."""
    env = os.environ | {"PYTHONPATH": str(Path(files.__file__).parent.parent)}
    command = [sys.executable, "-S", "-c", "import prunelab.base.files"]
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
