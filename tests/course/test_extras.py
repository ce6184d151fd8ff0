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


def in_a_fresh_process(slow, code):
    """What Python prints where TensorFlow is brought in by a module of this source."""
    begin = (
        "import sys, time, threading; from prunelab.course import extras\n"
        "extras.BROUGHT_IN = {'tensorflow': ('slow', 'warm_up')}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "slow.py").write_text(slow)
        done = subprocess.run(
            [sys.executable, "-c", begin + code], capture_output=True, text=True, timeout=60,
            env={"PYTHONPATH": f"{folder}:{ROOT}"},
        )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout


def test_what_takes_long_is_imported_while_the_reader_reads():
    """The call returns at once, and the import is under way."""
    said = in_a_fresh_process(
        "import threading, time\nSECONDS = 1\ntime.sleep(SECONDS)\n"
        "THREAD = threading.current_thread() is threading.main_thread()\n",
        "began = time.monotonic(); extras.needs('tensorflow'); took = time.monotonic() - began\n"
        "import slow; print(slow.THREAD, took < slow.SECONDS)",
    )
    assert said == "False True\n"


def test_it_is_brought_in_once_however_often_the_cell_is_run():
    said = in_a_fresh_process(
        "import threading\ndone, calls = threading.Event(), []\n"
        "def warm_up():\n    calls.append(1)\n    done.wait(30)\n",
        "for _ in range(9): extras.needs('tensorflow', 'tensorflow')\n"
        "import slow\nwhile not slow.calls: time.sleep(0.01)\n"
        "extras.needs('tensorflow'); slow.done.set()\n"
        "for thread in threading.enumerate()[1:]: thread.join()\n"
        "extras.needs('tensorflow'); print(len(slow.calls), threading.active_count())",
    )
    assert said == "1 1\n"


@pytest.mark.parametrize(
    "slow", ["raise ImportError('no wheel')", "def warm_up(): raise RuntimeError('no memory')", ""]
)
def test_what_fails_in_the_background_shows_nothing_on_the_page(slow):
    code = "extras.needs('tensorflow')\nfor each in threading.enumerate()[1:]: each.join()"
    assert in_a_fresh_process(slow, code) == ""


def test_the_function_that_is_called_is_there():
    """It is named in a text, so no import would tell."""
    for module, function in extras.BROUGHT_IN.values():
        path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
        assert f"def {function}()" in path.read_text("utf-8")


def test_the_extras_are_those_of_the_package():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    stated = project["optional-dependencies"]
    assert set(extras.EXTRAS) == set(stated) - {"all", "test", "jax", "torch"}
    for extra, modules in extras.EXTRAS.items():
        names = {Requirement(text).name.replace("-", "_") for text in stated[extra]}
        assert set(modules) <= names
