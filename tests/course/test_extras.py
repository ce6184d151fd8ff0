"""What a chapter needs: said in one sentence where it is missing, else imported ahead."""

import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from prunelab.course import NeedsMoreError, extras, needs

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def nothing_installed(monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)


def test_what_is_missing_is_one_sentence_with_the_line_to_type(nothing_installed, monkeypatch):
    with pytest.raises(NeedsMoreError) as caught:
        needs("tensorflow", "search")
    sentence = str(caught.value)
    assert "tf_keras, optuna, not installed here" in sentence
    assert "pip install 'prunelab[tensorflow,search]'" in sentence
    assert caught.value._render_traceback_() == [sentence]  # all that a notebook shows
    monkeypatch.setattr(extras, "_is_an_intel_mac", lambda: True)
    with pytest.raises(NeedsMoreError, match="no TensorFlow for Macs with an Intel processor"):
        needs("tensorflow")


def test_an_extra_that_there_is_not():
    with pytest.raises(ValueError, match=r"^extras='torch': write some of lab, tensorflow"):
        needs("torch")


def test_what_takes_long_is_imported_while_the_reader_reads():
    """In a fresh process: the call returns at once, and the import is under way."""
    code = (
        "import sys, time, threading; from prunelab.course import extras\n"
        "extras.BROUGHT_IN = {'tensorflow': 'slow'}; began = time.monotonic()\n"
        "extras.needs('tensorflow'); took = time.monotonic() - began\n"
        "import slow; print(slow.THREAD, took < slow.SECONDS)"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "slow.py").write_text(
            "import threading, time\nSECONDS = 1\ntime.sleep(SECONDS)\n"
            "THREAD = threading.current_thread() is threading.main_thread()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60,
            env={"PYTHONPATH": f"{folder}:{ROOT}"},
        )  # fmt: skip
    assert done.stdout == "False True\n", done.stderr


def test_an_import_that_fails_ahead_is_told_to_whoever_imports_it_next(monkeypatch, capfd):
    extras._bring_in("no_such_module_of_anybody")
    assert capfd.readouterr() == ("", "")


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    stated = project["optional-dependencies"]
    assert set(extras.EXTRAS) == set(stated) - {"all", "test", "jax", "torch"}
    for extra, modules in extras.EXTRAS.items():
        names = {Requirement(text).name.replace("-", "_") for text in stated[extra]}
        assert set(modules) <= names
