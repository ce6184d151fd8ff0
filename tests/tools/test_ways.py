"""The trials of ways in: how each ends, and what their readings of other programs would refuse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.ways import binder, executed, marimo, trial, wheel

ROOT = Path(__file__).resolve().parents[2]


def test_a_trial_ends_with_0_1_or_a_reason(capsys, tmp_path):
    seen = []
    assert trial.carried_out(seen.append, keep=tmp_path / "kept") == 0
    assert seen == [tmp_path / "kept"]
    assert seen[0].is_dir()

    def fails(folder):
        seen.append(folder)
        raise AssertionError("a cell did not run")

    assert trial.carried_out(fails) == 1
    assert not seen[1].exists()
    assert capsys.readouterr().err == "FAILED: a cell did not run\n"

    def lacks(folder):
        raise trial.MissingError("there is no Chromium")

    assert trial.carried_out(lacks) == 0
    assert capsys.readouterr().out == "skipped: there is no Chromium\n"


def test_what_a_trial_reads_from_the_command_line(monkeypatch, tmp_path):
    seen = []
    line = ["way", "--keep", str(tmp_path / "kept"), "--chapters", "03,04"]
    monkeypatch.setattr(sys, "argv", line)

    def attempt(folder, args):
        seen.append((folder, args.python, args.chapters))

    options = {"--chapters": wheel.CHAPTERS}
    assert trial.run_trial(attempt, "A way.", python="python3.99", options=options) == 0
    assert seen == [(tmp_path / "kept", "python3.99", "03,04")]


def test_without_a_chromium_the_reason_says_what_to_do(monkeypatch):
    monkeypatch.setenv("PRUNELAB_CHROMIUM", "no-such-browser")
    with pytest.raises(trial.MissingError, match="name it in PRUNELAB_CHROMIUM"):
        trial.chromium()


def test_a_server_that_ends_at_once_is_a_failure_with_its_last_words(tmp_path):
    line = [sys.executable, "-c", "print('no such page'); raise SystemExit(3)"]
    at = f"http://127.0.0.1:{trial.free_port()}"
    with (
        pytest.raises(AssertionError, match="did not answer: no such page"),
        trial.served(line, at, cwd=tmp_path, env=None, log=tmp_path / "log"),
    ):
        pytest.fail("it was said to answer")


def test_a_server_is_there_and_then_gone(tmp_path):
    port = trial.free_port()
    line = [sys.executable, "-m", "http.server", port, "--bind", "127.0.0.1"]
    at = f"http://127.0.0.1:{port}"
    (tmp_path / "a.txt").write_text("here", encoding="utf-8")
    with trial.served(line, at, cwd=tmp_path, env=None, log=tmp_path / "log"):
        assert trial.urlopen(f"{at}/a.txt").read() == b"here"
    with pytest.raises(OSError, match="refused"):
        trial.urlopen(at)


def test_the_app_for_marimo_is_the_one_that_is_documented():
    text = (ROOT / "docs" / "install.md").read_text("utf-8")
    code = marimo.APP.format(documented=marimo.documented(text))
    compile(code, "app.py", "exec")
    assert "    explorer = mo.ui.anywidget(ScheduleExplorer())\n    explorer\n" in code


def notebook(path, *outputs, count=1):
    cell = {"cell_type": "code", "execution_count": count, "outputs": list(outputs)}
    path.write_text(json.dumps({"cells": [cell]}), encoding="utf-8")
    return path


def test_what_an_executed_notebook_may_not_hold(tmp_path):
    path = tmp_path / "made.ipynb"
    png = {executed.PICTURE: "QQ=="}
    figure = {"output_type": "display_data", "data": {**png, "text/plain": "<Figure size 8x4>"}}
    words = {"text/plain": ["ScheduleExplorer(0 % → 75 %)"]}
    bare = {"output_type": "execute_result", "data": words}
    picture = {"output_type": "execute_result", "data": {**png, **words}}
    view = {"output_type": "execute_result", "data": {executed.VIEW: {}, **png, **words}}
    error = {"output_type": "error", "ename": "NameError"}
    executed.look(notebook(path, picture))
    for outputs, count, reason in (
        ([picture, error], 1, "NameError"), ([picture], None, "did not run"),
        ([], 1, "no explorer"), ([figure], 1, "no explorer"), ([view], 1, "no kernel draws"),
        ([picture, bare], 1, "an explorer without a picture"),
    ):  # fmt: skip
        with pytest.raises(AssertionError, match=reason):
            executed.look(notebook(path, *outputs, count=count))


def test_every_light_chapter_as_it_is_stored_would_do():
    for name in wheel.chosen(ROOT / "course", light=True):
        executed.look(ROOT / "course" / name)


def test_an_answer_is_recorded_where_the_trial_looks_for_it(tmp_path):
    line = [sys.executable, "-c", executed.ANSWER]
    own = {"PRUNELAB_PROGRESS": str(tmp_path / "mine"), "PYTHONPATH": str(ROOT)}
    subprocess.run(line, env=os.environ | own, check=True, capture_output=True, timeout=120)
    assert len(list(tmp_path.rglob(executed.RECORD))) == 1


def test_chapters_are_chosen_by_number_and_by_what_they_need(tmp_path):
    for name, code in (("00_a", "1"), ("03_b", "course.needs('search')"), ("glossary", "")):
        (tmp_path / f"{name}.ipynb").write_text(code, encoding="utf-8")
    assert wheel.chosen(tmp_path) == ["00_a.ipynb", "03_b.ipynb"]
    assert wheel.chosen(tmp_path, light=True) == ["00_a.ipynb"]
    assert wheel.chosen(tmp_path, "03,07") == ["03_b.ipynb"]
    with pytest.raises(AssertionError, match="no chapter was chosen"):
        wheel.chosen(tmp_path, "07")


def test_a_recipe_for_binder_that_would_not_do():
    lines = (
        "Building conda environment for python=3.11", "COPY --chown=0:0 src/ ${REPO_DIR}/",
        'RUN ${MAMBA_EXE} env update -p /env --file "environment.yml"', "",
    )  # fmt: skip
    environment = (ROOT / "environment.yml").read_text("utf-8")
    assert "Python 3.11" in binder.recipe("\n".join(lines), environment)
    python, copy, update, end = lines
    for wrong, reason in (
        ((python, copy, end), "is not read"), ((python, update, end), "not copied"),
        ((python, update, copy, end), "comes after"), ((copy, update, end), "Python is not 3.11"),
        ((python, copy, update.replace("environment.yml", "binder/other.yml"), end), "other.yml"),
    ):  # fmt: skip
        with pytest.raises(AssertionError, match=reason):
            binder.recipe("\n".join(wrong), environment)
