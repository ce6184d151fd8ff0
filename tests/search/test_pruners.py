"""Which trials are given up: our median against Optuna's own pruner, on random curves."""

import random
from dataclasses import dataclass

import numpy as np
import optuna
import pytest

from prunelab.schedules import PolynomialDecay
from prunelab.search import search
from prunelab.search.pruners import STARTUP, WARMUP, MedianJudge, Peers
from tests.helpers.made_search import SPACE, made


@dataclass
class Candidate:
    schedule: PolynomialDecay
    epochs: int


@pytest.mark.parametrize("by_size", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_the_median_is_optunas(seed, by_size):
    rng = np.random.default_rng(seed)
    epochs, per_epoch = 20, 8
    theirs = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARMUP)
    ours, oracle = (Peers(p, per_epoch, by_size=by_size) for p in ("median", theirs))
    ended = 0
    for _ in range(60):
        begins = int(rng.integers(0, epochs))
        schedule = PolynomialDecay(0.0, float(rng.choice([0.5, 0.7, rng.random()])), 0,
                                   per_epoch * begins + 1)  # fmt: skip
        candidate = Candidate(schedule, epochs)
        mine, other = ours.judge(candidate), oracle.judge(candidate)
        assert mine.begins == other.begins
        weak, weak_there = mine.begin(), other.begin()
        losses = rng.choice([1.0, 0.5, rng.random()]) * rng.random(epochs - begins)
        curve = [(step, float(loss)) for step, loss in enumerate(losses)]
        for step, loss in curve:
            assert weak(step, loss) == weak_there(step, loss)
            ended += weak(step, loss)
        for peers in (ours, oracle):
            peers.add(schedule.final_sparsity, curve)
    assert ended


def test_a_search_by_the_name_is_a_search_by_optunas_pruner(tmp_path):
    theirs = optuna.pruners.MedianPruner(n_startup_trials=STARTUP, n_warmup_steps=WARMUP)
    first = search(SPACE, 40, storage=tmp_path / "a", evaluate=made)
    again = search(SPACE, 40, storage=tmp_path / "b", evaluate=made, pruner=theirs)
    assert [(t.state, t.params) for t in first.trials] == [
        (t.state, t.params) for t in again.trials
    ]
    assert first.of("weak")


def test_the_best_loss_so_far_is_judged_by_the_last_epoch():
    """By brute force; an epoch that is reported again counts as it did first."""
    rng = random.Random(3)
    judge = MedianJudge(0, {step: rng.random() for step in range(0, 30, 2)})
    weak, first = judge.begin(), {}
    for _ in range(200):
        step, loss = rng.randrange(30), rng.random() + 0.3
        first.setdefault(step, loss)
        limit = judge.medians.get(max(first), float("inf"))
        assert weak(step, loss) == (min(first.values()) > limit)
