"""Terminals that cannot show a letter, or that nobody reads: the work goes on, in words."""

import errno
import io
import os
import subprocess
import sys

import pytest

from prunelab import plans
from prunelab.base.terminal import any_terminal, refusal
from prunelab.commands import cli
from prunelab.commands import run as commands_run
from prunelab.networks import EpochBar

LETTERS = "× – é 剪 ✂ \udcff"
CODINGS = ("ascii", "latin-1", "utf-8", "cp1252", "utf-16")


@pytest.mark.parametrize("coding", CODINGS)
def test_what_a_terminal_cannot_show_is_replaced(coding, monkeypatch):
    streams = {name: io.TextIOWrapper(io.BytesIO(), coding) for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    with any_terminal():
        print(LETTERS, "end")
        print(LETTERS, "end", file=sys.stderr)
    for name, stream in streams.items():
        assert getattr(sys, name) is stream
        stream.seek(0)
        shown = stream.buffer.getvalue().decode(coding)
        assert shown.startswith("".join(_shown(letter, coding) for letter in LETTERS))
        assert shown.rstrip().endswith("end")


def _shown(letter, coding):
    try:
        letter.encode(coding)
    except UnicodeEncodeError:
        return letter.encode("ascii", "backslashreplace").decode()
    return letter


def run(line, **environ):
    """What a shell says of a command line, in which $P is our Python."""
    environ = os.environ | {"P": sys.executable, "TERM": "dumb"} | environ
    return subprocess.run(
        ["bash", "-c", line], capture_output=True, env=environ, timeout=120, check=False
    )


@pytest.mark.parametrize("coding", ["ascii", "latin-1", "utf-8"])
def test_the_help_is_shown_in_any_coding(coding):
    done = run("$P -m prunelab results --help", PYTHONIOENCODING=coding)
    assert done.returncode == 0
    assert done.stderr == b""
    assert "arms" in done.stdout.decode(coding)


@pytest.mark.parametrize("columns", ["0", "1", "20", "x", "100000"])
def test_a_terminal_of_any_width(columns):
    done = run("$P -m prunelab run --help", COLUMNS=columns)
    assert done.returncode == 0
    assert b"--keep-weights" in done.stdout
    assert done.stderr == b""


def test_nobody_who_reads_any_more_ends_it_quietly():
    done = run("$P -m prunelab results --help | true; echo ${PIPESTATUS[0]}")
    assert done.stdout == b"0\n"
    assert done.stderr == b""
    done = run("$P -m prunelab results --help >&-; echo $?")
    assert done.stdout == b"0\n"
    assert b"Traceback" not in done.stderr


def test_a_full_disk_is_said_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", Broken(errno.ENOSPC, 5))
    assert cli.main(["results", "--help"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("prunelab: the output could not be written: the disk is full; ")
    assert said.count("\n") == 1


class Broken(io.StringIO):
    """Takes so many letters, then fails like a pipe nobody reads."""

    def __init__(self, number, room=0):
        super().__init__()
        self.number, self.room = number, room

    def write(self, text):
        self.room -= len(text)
        if self.room < 0:
            raise OSError(self.number, os.strerror(self.number))
        return super().write(text)


@pytest.mark.parametrize("number", [errno.EPIPE, errno.ENOSPC, errno.EIO])
def test_no_training_is_lost_because_printing_failed(number, monkeypatch, tmp_path, capsys):
    """Two runs are asked for, and the first words about one fail: both are trained."""
    trained = []

    def run_all(specs, keep_weights, report):
        for spec in specs:
            trained.append(spec.config.name)
            report(spec.config)

    monkeypatch.setattr(commands_run, "_run_all", run_all)
    monkeypatch.setattr(commands_run, "_say", lambda result: print(result, flush=True))
    monkeypatch.setattr(sys, "stdout", Broken(number, 5))
    code = cli.main(["run", "article", "article_control", "--folder", str(tmp_path)])
    assert trained == ["article", "article_control"]
    said = capsys.readouterr().err
    assert (code, said == "") == ((0, True) if number == errno.EPIPE else (2, False))


def test_a_bar_that_cannot_be_drawn_ends_no_training():
    for number in (errno.EPIPE, errno.ENOSPC):
        with EpochBar("twin", Broken(number)) as bar:
            for done in range(1, 4):
                bar(done, 3, {"loss": 1.0, "val_loss": 1.0, "sparsity": 0.0})


def test_a_refusal_names_the_folder_and_the_way_on(capsys):
    full = OSError(errno.ENOSPC, "No space left on device", "/data/runs/.a.json.abcd1234.part")
    assert refusal("run", full, goes_on=True) == 2
    assert capsys.readouterr().err == (
        "prunelab run: 'a.json' in the folder 'runs': the disk is full; free some room there and "
        "do the same again; what is stored is kept; the same command then goes on from here\n"
    )
    refusal("grade", ValueError("folder='x': there is no such folder"), goes_on=True)
    assert capsys.readouterr().err == "prunelab grade: folder='x': there is no such folder\n"


def test_a_raw_error_of_the_system_is_never_shown(monkeypatch, capsys, tmp_path):
    """A folder that can only be read, for each command that writes."""

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    folder = str(tmp_path / "new")
    for words in (
        ["results", "--plan", plans.PLANS["twin"].name, "--folder", folder],
        ["run", "twin", "--folder", folder],
        ["weigh", "--grid", "--folder", folder],
    ):
        assert cli.main(words) == 2
        said = capsys.readouterr().err.splitlines()[-1]
        assert said.startswith(f"prunelab {words[0]}: ")
        assert "Errno" not in said
        assert "new" in said


@pytest.mark.parametrize("closed", ["stdout", "stderr"])
def test_a_stream_that_was_closed_before_is_written_to_in_vain(closed, monkeypatch):
    monkeypatch.setattr(sys, closed, None)
    with any_terminal() as lost:
        getattr(sys, closed).write("nobody reads this")
        assert lost() is None
    assert getattr(sys, closed) is None
