"""`make reproduce`: which command retrains which runs, and how the Keras 3 runs are compared.

Training is replaced: what is tried here is the wiring, the way on after a stop, and the verdict.
"""

import json
import subprocess
from pathlib import Path

import pytest

from tools import keras3_runs, reproduce

ROOT = Path(__file__).resolve().parents[2]
STORED = keras3_runs.stored()


def make(*arguments):
    return subprocess.run(
        ["make", "-n", *arguments], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def called(monkeypatch):
    """The commands that would be run in other processes, in order; their exit code is 0."""
    commands = []
    monkeypatch.setattr(reproduce, "_run", lambda *words: commands.append(words) or 0)
    return commands


def test_make_reproduce_calls_the_tool_and_make_setup_knows_no_backends():
    assert "-m tools.reproduce keras3 --seeds 0\n" in make("reproduce", "ARGS=keras3 --seeds 0")
    assert "backends" not in make("setup")
    assert "backends" not in make("reproduce")  # made only where Keras 3's runs are asked for


def test_keras3_installs_its_environment_first_and_then_retrains(called):
    assert reproduce.main(["keras3", "--backends", "jax"]) == 0
    assert called == [
        ("sh", "tools/backends.sh", "install"),
        (str(reproduce.BACKENDS), "-m", "tools.keras3_runs", "--again", "--backends", "jax"),
    ]
    assert (ROOT / "tools" / "backends.sh").is_file()
    assert "VENV=.venv-backends\n" in (ROOT / "tools" / "backends.sh").read_text("utf-8")
    assert reproduce.BACKENDS == ROOT / ".venv-backends" / "bin" / "python"


def test_without_its_environment_nothing_is_trained(monkeypatch):
    commands = []
    monkeypatch.setattr(reproduce, "_run", lambda *words: commands.append(words) or 7)
    assert reproduce.main(["keras3"]) == 7
    assert len(commands) == 1


def test_everything_else_is_prunelabs_own_command(monkeypatch, called):
    asked = []
    monkeypatch.setattr(reproduce, "prunelab", lambda words: asked.append(words) or 3)
    assert reproduce.main(["article", "--seed", "0"]) == 3
    assert asked == [["reproduce", "article", "--seed", "0"]]
    assert called == []


def test_the_help_names_both_kinds_of_runs(capsys):
    with pytest.raises(SystemExit) as end:
        reproduce.main(["--help"])
    assert end.value.code == 0
    said = capsys.readouterr().out
    assert "article_completed" in said
    assert "keras3 in place of CONFIG" in said


def test_keras3_help_needs_no_environment(called):
    assert reproduce.main(["keras3", "--help"]) == 0
    (command,) = called
    assert command[1:] == ("-m", "tools.keras3_runs", "--help")


# --------------------------------------------------------------------------- retraining, replaced


@pytest.fixture
def store(tmp_path):
    """(stored runs of two backends, file of the new runs)."""
    path = tmp_path / "keras3_runs.json"
    runs = [run for run in STORED if run["config"] == keras3_runs.ARM and run["seed"] == 0]
    assert len(runs) >= 2
    path.write_text(json.dumps({"runs": runs}), encoding="utf-8")
    return path, tmp_path / "work" / "again.json"


def trained(monkeypatch, change=None, stop_at=None):
    """Replace training by the stored results, `change`d; returns the keys that were trained."""
    done = []

    def run(backend, names, seed):
        for name in names:
            if len(done) == stop_at:
                raise KeyboardInterrupt
            done.append((backend, name, seed))
            (old,) = [each for each in STORED if keras3_runs.key(each) == done[-1]]
            yield old | (change or {})

    monkeypatch.setattr(keras3_runs, "in_own_process", run)
    return done


def keys(path):
    return [keras3_runs.key(run) for run in keras3_runs.stored(path)]


def test_what_is_stored_is_retrained_and_compared(monkeypatch, store, capsys):
    done = trained(monkeypatch)
    wanted = keras3_runs.chosen(keras3_runs.BACKENDS, [keras3_runs.ARM], [0, 1])
    assert keras3_runs.again(store[0], wanted, store[1]) == 0
    assert sorted(done) == sorted(keys(store[0]))
    assert capsys.readouterr().out.endswith("\nreproduced\n")
    assert not store[1].exists()


def test_after_a_stop_it_goes_on_and_trains_nothing_twice(monkeypatch, store):
    wanted = keys(store[0])
    first = trained(monkeypatch, stop_at=1)
    with pytest.raises(KeyboardInterrupt):
        keras3_runs.again(store[0], wanted, store[1])
    assert keys(store[1]) == first == wanted[:1]
    second = trained(monkeypatch)
    assert keras3_runs.again(store[0], wanted, store[1]) == 0
    assert second == wanted[1:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"zeros": [768000, 786432, 700]}, "zeros [768000, 786432, 700], stored"),
        ({"val_mse": 0.0084}, "val MSE 0.00840, stored"),
        ({"steps": 319}, "steps 319, stored 320"),
    ],
)
def test_a_retrained_run_that_differs_is_told(monkeypatch, store, capsys, change, words):
    trained(monkeypatch, change)
    assert keras3_runs.again(store[0], keys(store[0]), store[1]) == len(keys(store[0]))
    said = capsys.readouterr().out
    assert words in said
    assert "NOT reproduced" in said


def test_runs_that_are_not_stored_cannot_be_compared(store):
    with pytest.raises(ValueError, match=r"^keras3_runs.json has none of the 1 runs"):
        keras3_runs.again(store[0], [("jax", keras3_runs.ARM, 7)], store[1])
    with pytest.raises(SystemExit):
        keras3_runs.main(["--again", "--store", str(store[0].with_name("none.json"))])
