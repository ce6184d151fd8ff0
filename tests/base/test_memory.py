"""Memory goes back to the system once long work is over."""

import os
import platform
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from prunelab.base import host

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_memory_is_given_back_where_the_system_takes_it(monkeypatch):
    asked = []
    monkeypatch.setattr(host.ctypes, "CDLL", lambda name: asked.append(name) or 1)
    host.give_back()  # not glibc: the number 1 has no malloc_trim
    assert asked == [None]


@pytest.mark.parametrize(("n_weights", "gone"), [(host.LARGE - 1, False), (host.LARGE, True)])
def test_garbage_is_collected_after_a_large_network(n_weights, gone):
    class Cycle:
        def __init__(self):
            self.itself = self

    host.gc.collect()
    host.gc.disable()
    try:
        left = weakref.ref(Cycle())
        host.give_back(n_weights)
        assert (left() is None) is gone
    finally:
        host.gc.enable()


PROGRAM = """
import numpy as np
from classroom_memory import look
from prunelab import networks
from prunelab.base import host
import os

def own():
    host.give_back(host.LARGE)
    return look(os.getpid())[0]

class Rows:
    x_train, y_train = np.ones((20_000, 400)), np.ones(20_000)
    x_val, y_val = np.ones((4_000, 400)), np.ones(4_000)

def train():
    model = networks.build(400, (8,), seed=0)
    networks.train(model, Rows, epochs=1, batch_size=5_000, seed=0)

train()
before = own()
for _ in range(3):
    train()
print(own() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the heaps are glibc's")
def test_the_rows_of_a_training_do_not_stay():
    # 32 MB of rows for each training: with a heap of its own for each thread, or oneDNN's
    # allocator, half of them and more stay.
    environment = os.environ | {"MALLOC_ARENA_MAX": "1", "PYTHONPATH": str(BENCHMARKS)}
    environment.pop("TF_ONEDNN_USE_SYSTEM_ALLOCATOR", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert float(done.stdout) < 25
