"""Searches that are killed: nothing lost, nothing told twice, the same trials in the end."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prunelab.search import load, search
from tests.helpers.made_search import SPACE, log_lines, made, plain

N_TRIALS = 40
SEEDS = (0, 1)
SEARCHER = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.helpers import made_search
from prunelab.search import search
print("ready", flush=True)
search(made_search.SPACE, 40, seeds=(0, 1), storage=sys.argv[1], evaluate=made_search.logged)
print("over", flush=True)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    made.__qualname__ = "logged"  # the same search by name, without its naps
    storage = tmp_path_factory.mktemp("whole") / "search.journal"
    try:
        return search(SPACE, N_TRIALS, seeds=SEEDS, storage=storage, evaluate=made)
    finally:
        made.__qualname__ = "made"


def start(storage, log):
    command = [sys.executable, "-c", SEARCHER, storage, Path(__file__).resolve().parents[2]]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=os.environ | {"MADE_SEARCH_LOG": str(log)}
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_again_and_again_it_ends_as_if_it_had_not_been(whole, tmp_path):
    """kill -9 at random moments: asking, in a trial, storing. What is told never begins again."""
    storage, log = tmp_path / "search.journal", tmp_path / "log"
    rng, kills = random.Random(7), 0
    while True:
        told = {t.number for t in load(storage).trials} if kills and storage.exists() else set()
        before = len(log_lines(log))
        process = start(storage, log)
        if kills < 12:
            time.sleep(rng.uniform(0.02, 0.6))
            process.send_signal(signal.SIGKILL)
        code = process.wait(timeout=120)
        process.stdout.close()
        begun = {number for what, number, _ in log_lines(log)[before:]}
        assert not begun & told
        kills += 1
        if code == 0:
            break
        assert code == -signal.SIGKILL
    assert kills > 3
    results = load(storage)
    assert plain(results) == plain(whole)
    counted = [t.number for t in results.trials if t.state != "refused"]
    assert len(counted) == len(set(counted)) == N_TRIALS
    lines = log_lines(log)
    for number in counted:
        for seed in SEEDS:
            ends = lines.count(("end", number, seed))
            weak = next(t for t in results.trials if t.number == number).state == "weak"
            assert ends >= (0 if weak else 1)
    # Each kill ends one trial in its middle, and only that one is begun anew.
    begins = [(n, s) for what, n, s in lines if what == "begin"]
    assert len(begins) - len(set(begins)) <= kills * len(SEEDS)
    assert sorted(os.listdir(tmp_path)) == ["log", "search.journal"]


def test_a_second_search_beside_a_living_one_is_refused(tmp_path):
    storage, log = tmp_path / "search.journal", tmp_path / "log"
    process = start(storage, log)
    try:
        deadline = time.monotonic() + 60
        while not log_lines(log) and time.monotonic() < deadline:
            time.sleep(0.01)
        with pytest.raises(BlockingIOError) as caught:
            search(SPACE, N_TRIALS, seeds=SEEDS, storage=storage, evaluate=made)
        assert str(caught.value) == "'search.journal' is being searched by another process already"
        seen = load(storage)  # looking is allowed
        assert len(seen.trials) <= len(load(storage).trials)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
