"""A reader never sees a message of Optuna's, nor does a search change how loud it is."""

import subprocess
import sys
import threading
from pathlib import Path

import optuna
import pytest

from prunelab.search import search
from prunelab.search.journal import quiet
from tests.helpers.made_search import SPACE, made

SEARCHED = """
import optuna, sys
from concurrent.futures import ThreadPoolExecutor
sys.path.insert(0, {here!r})
from tests.helpers.made_search import SPACE, made
from prunelab.search import load, search
optuna.logging.set_verbosity(optuna.logging.DEBUG)
with ThreadPoolExecutor(4) as executor:
    options = dict(storage={storage!r}, evaluate=made)
    search(SPACE, 30, executor=executor, workers=4, **options)
    search(SPACE, 33, **options)
print(load({storage!r}))
assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
"""
REFUSED = """
from prunelab.search import SearchError, Whole, Space
from prunelab.search.samplers import refuse_hopeless
refuse_hopeless(Space())
try:
    refuse_hopeless(Space(end_step=Whole(5000, 6000)))
except SearchError as error:
    print(error)
"""


@pytest.fixture
def loud():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    yield
    optuna.logging.set_verbosity(before)


@pytest.mark.parametrize(("code", "says"), [(SEARCHED, "weak"), (REFUSED, "widen the knobs")])
def test_nothing_is_said_but_by_us(code, says, tmp_path):
    """Not from several threads at once either, for which its loudness is one and the same."""
    here, storage = str(Path(__file__).resolve().parents[2]), str(tmp_path / "search.journal")
    code = code.format(here=here, storage=storage)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert says in done.stdout


@pytest.mark.usefixtures("loud")
def test_optuna_is_as_loud_afterwards_as_before(tmp_path):
    search(SPACE, 2, storage=tmp_path / "search.journal", evaluate=made)
    assert optuna.logging.get_verbosity() == optuna.logging.DEBUG


@pytest.mark.usefixtures("loud")
def test_who_leaves_first_does_not_make_it_loud_for_who_is_still_in():
    inside, leave, heard = threading.Event(), threading.Event(), []

    def first():
        with quiet():
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=first)
    thread.start()
    inside.wait(10)
    with quiet():
        leave.set()
        thread.join(10)
        heard.append(optuna.logging.get_verbosity())
    assert heard == [optuna.logging.ERROR]
    assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
