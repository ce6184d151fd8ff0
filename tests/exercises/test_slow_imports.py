"""The clock of an exercise counts the answer's seconds, not those of the modules it imports."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from prunelab.exercises import mask_small_weights as mask
from prunelab.exercises import sandbox
from prunelab.exercises.exercise import Exercise
from prunelab.exercises.tune_the_schedule import trained_runs
from prunelab.grading.grade import UNCHECKED, exercises, grade
from prunelab.progress.book import empty
from prunelab.progress.submissions import Submission
from tests.exercises.answers import RIGHT
from tests.helpers.made_class import entry, text_of

ROOT = Path(__file__).resolve().parents[2]
EACH_ALONE = """
import json, os, sys
from prunelab.progress.transcripts import answer_from
from prunelab.exercises import exercise
from prunelab.exercises.tune_the_schedule import trained_runs
from prunelab.grading.grade import exercises

trained_runs.UNSEEN, trained_runs.ENOUGH = trained_runs.UNSEEN[:1], 2  # to be quick
answers, known, judged = json.load(sys.stdin), exercises(), exercise.Exercise._judged


def watched(self, answer, watch):
    before = set(sys.modules)
    try:
        return judged(self, answer, watch)
    finally:
        came.extend(sorted(set(sys.modules) - before))


exercise.Exercise._judged = watched
for key, data in answers.items():
    sys.stdout.flush()
    if os.fork() == 0:
        came = []
        right, sentence = known[key].verdict(answer_from(data))
        print(json.dumps([key, right, sentence, came]), flush=True)
        os._exit(0)
    os.wait()
"""
SLOW_DISK = """
import sys, time


class Slow:
    def find_spec(self, name, path=None, target=None):
        time.sleep(0.005)


sys.meta_path.insert(0, Slow())
from prunelab.exercises import sandbox
sandbox.SECONDS = 1
from prunelab.commands.cli import main
raise SystemExit(main(["grade", *sys.argv[1:]]))
"""


def python(code, *words, cwd, **more):
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code, *words], cwd=cwd, env=environ, text=True,
                          capture_output=True, timeout=300, **more)  # fmt: skip


@pytest.fixture(scope="module")
def right_answers():
    """{key: an entry of the progress with a right answer}, of all exercises."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trained_runs, "UNSEEN", trained_runs.UNSEEN[:1])
        patch.setattr(trained_runs, "ENOUGH", 2)
        return {exercise.key: entry(exercise, answers[0]) for exercise, answers in RIGHT}


def test_no_check_imports_anything_while_the_clock_runs(right_answers, tmp_path):
    """Each exercise first in a process of its own, as a reader who has done nothing else."""
    assert set(right_answers) == set(exercises())
    answers = {key: entry["answer"] for key, entry in right_answers.items()}
    done = python(EACH_ALONE, cwd=tmp_path, input=json.dumps(answers))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [key for key, *_ in told] == list(answers), done.stderr
    assert {line[0]: line[3] for line in told if line[3]} == {}
    assert [line for line in told if line[1] is not True] == []


def test_the_first_file_of_a_class_is_graded_on_a_slow_disk(right_answers, tmp_path):
    keys = ("fold_a_decision_tree.q2", "choose_the_pruned_tree.q3")
    progress = empty() | {"answers": {key: right_answers[key] for key in keys}}
    for name in ("ada", "grace"):
        (tmp_path / f"{name}.json").write_text(text_of(name, progress))
    done = python(SLOW_DISK, ".", cwd=tmp_path)
    assert "2 graded, 4 right answers, 0 not graded" in done.stdout, done.stdout + done.stderr


@pytest.fixture
def module(tmp_path, monkeypatch):
    """module(name, body): write a module that can be imported."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name, body):
        (tmp_path / f"{name}.py").write_text(body)

    return write


def in_a_thread(call, *arguments):
    found = []
    thread = threading.Thread(target=lambda: found.append(call(*arguments)))
    thread.start()
    thread.join()
    return found[0]


def here(call, *arguments):
    return call(*arguments)


@pytest.mark.parametrize("run", [here, in_a_thread])
def test_an_answer_that_imports_from_a_slow_disk_is_right(run, module, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.5)
    name = f"slow_disk_{run.__name__}"
    module(name, "import time\ntime.sleep(0.8)\nwhole = 0.5")

    def answer(weights, sparsity):
        __import__(name)
        return RIGHT_OF[mask.q1](weights, sparsity)

    assert run(mask.q1.verdict, answer)[0] is True
    assert sys.modules[name].whole == 0.5


def test_an_import_that_never_ends_is_ended(module, monkeypatch):
    monkeypatch.setattr(sandbox, "SECONDS", 0.2)
    monkeypatch.setattr(sandbox, "IMPORTS", 0.2)
    module("never_there", "while True:\n    pass")
    right, sentence = mask.q1.verdict(lambda *_: __import__("never_there"))
    assert right is False
    assert "longer than 0.2 seconds" in sentence


RIGHT_OF = {exercise: answers[0] for exercise, answers in RIGHT}


def half_a_module(*_):
    raise ImportError("cannot import name 'GridSearchCV' from 'sklearn.model_selection'")


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        (Exercise("q", half_a_module, ["a", "b"], ""), 1),
        (Exercise("q", lambda answer: (True, "."), ["a", "b"], "", prepare=half_a_module), 1),
        (mask.q1, half_a_module),
    ],
)
def test_half_a_module_is_no_fault_of_the_answer(exercise, answer, capsys):
    right, sentence = exercise.verdict(answer)
    assert right is None
    assert "'GridSearchCV'" in sentence
    assert sentence.endswith("Restart the kernel, and run it again.")
    exercise.check(answer)
    assert capsys.readouterr().out.startswith(f"{exercise.name}: … ")


def test_a_module_that_does_not_exist_is(capsys):
    def answer(*_):
        import no_such_module_anywhere  # noqa: F401

    right, sentence = mask.q1.verdict(answer)
    assert right is False
    assert "ModuleNotFoundError" in sentence


def test_half_a_module_is_no_mark(right_answers):
    broken = Exercise("q1", half_a_module, ["a", "b"], "")
    answers = {"a.q1": right_answers["fold_a_decision_tree.q1"]}
    found = grade(Submission("Ada", "", "", answers, {}, {}), {"a.q1": broken})
    assert found.marks == {"a.q1": UNCHECKED}
    assert "Restart the kernel" in found.said["a.q1"]
    assert found.remarks == ()
