"""Searches that train the twin: shared beginnings, kills of the search and of its workers."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from prunelab.experiments import checkpoints
from prunelab.plans.measures import value_of
from prunelab.search import Choice, Real, Space, Whole, load, search
from tests.helpers.tiny_runs import CONTROL
from tests.helpers.two_workers import two_workers

N_TRIALS, SEEDS = 8, (0, 1)
SPACE = Space(
    CONTROL,
    epochs=12,
    final_sparsity=Real(0.5, 0.9),
    begin_step=Whole(0, 16, 4),
    ramp_steps=Whole(4, 40, 4),
    power=Choice(1, 3),
    frequency=Choice(1, 2, 4),
    learning_rate=Real(1e-4, 1e-2, log=True),
)


def plain(results):
    """What must be again each time: all but the wall clock."""
    return [(t.state, t.params, t.per_seed, t.curve) for t in results.trials]


class Watch:
    """Counts the epochs that are trained."""

    def __init__(self, monkeypatch):
        from prunelab.networks.recording import Recorder

        self.epochs = 0
        monkeypatch.setattr(Recorder, "on_epoch_begin", self.count)

    def count(self, epoch, logs=None):
        self.epochs += 1


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder, patch = tmp_path_factory.mktemp("whole"), pytest.MonkeyPatch()
    with patch.context() as monkeypatch:
        watch = Watch(monkeypatch)
        results = search(SPACE, N_TRIALS, seeds=SEEDS, storage=folder / "search.journal")
    assert os.listdir(folder) == ["search.journal"]  # checkpoints are gone
    return results, watch.epochs


def test_the_beginning_is_trained_once_a_seed(whole):
    results, epochs = whole
    counted = [trial for trial in results.trials if trial.state != "refused"]
    trained = 0
    for trial in counted:
        ramp = -(-trial.candidate.schedule.end_step // SPACE.steps_per_epoch)
        if trial.state == "weak":
            trained += ramp + len(trial.curve) - 1
        else:
            assert ramp + len(trial.curve) - 1 == 12
            trained += 12 * len(SEEDS)
    assert epochs == trained + CONTROL.dense_epochs * len(SEEDS)


def test_a_trial_is_the_run_of_its_config(whole, tmp_path):
    from prunelab import networks

    results, _ = whole
    for trial in (results.front[0], results.front[-1]):
        config = results.config(trial)
        assert config.more_learning_rate == trial.candidate.learning_rate
        for at, seed in enumerate(SEEDS):
            run = networks.run(config, seed, tmp_path)
            for name, values in trial.per_seed.items():
                assert value_of(run, name) == values[at]
        assert run.total_sparsity == pytest.approx(trial.params["final_sparsity"], abs=0.01)


def test_the_learning_rate_is_of_the_second_phase_only(whole):
    """Two rates, one beginning; and they do make a difference."""
    results, _ = whole
    configs = [results.config(trial) for trial in results.of("complete")]
    assert len({config.dense_digest for config in configs}) == 1
    assert len({config.more_learning_rate for config in configs}) == len(configs)


def test_stopped_in_mid_trial_it_trains_nothing_again(whole, tmp_path, monkeypatch):
    watch, left = Watch(monkeypatch), [9, 17, 5]

    def progress(epoch, loss):
        if left:
            left[0] -= 1
            if not left[0]:
                left.pop(0)
                raise KeyboardInterrupt

    options = {"seeds": SEEDS, "storage": tmp_path / "search.journal", "progress": progress}
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            search(SPACE, N_TRIALS, **options)
    results = search(SPACE, N_TRIALS, **options)
    assert plain(results) == plain(whole[0])
    assert watch.epochs == whole[1]


def test_a_loss_that_diverges_is_a_trial_that_counts(tmp_path):
    space = Space(CONTROL, epochs=3, final_sparsity=Real(0.5, 0.9), begin_step=0, ramp_steps=4,
                  frequency=2, power=3, learning_rate=1e25)  # fmt: skip
    results = search(space, 2, storage=tmp_path / "search.journal")
    assert [trial.state for trial in results.trials] == ["diverged"] * 2
    assert "loss" in results.trials[0].why


SEARCHER = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.search.test_training import N_TRIALS, SEEDS, SPACE
from prunelab.search import search
search(SPACE, N_TRIALS, seeds=SEEDS, storage=sys.argv[1])
"""


def until(condition, seconds=240):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def in_a_trial(folder, number):
    """Whether a trial of this number or a later one has left a checkpoint."""

    def condition():
        names = checkpoints.names(folder / "search.journal.work" / "checkpoints")
        trials = [int(n.split("-")[0].removeprefix("trial_")) for n in names if "trial_" in n]
        return any(trial >= number for trial in trials)

    return condition


def test_a_search_killed_while_it_trains_goes_on_to_the_same(
    whole, tmp_path, monkeypatch, same_threads
):
    storage = tmp_path / "search.journal"
    counted = [t.number for t in whole[0].trials if t.state != "refused"]
    root = Path(__file__).resolve().parents[2]
    searcher = subprocess.Popen([sys.executable, "-c", SEARCHER, storage, root])
    until(in_a_trial(tmp_path, counted[3]))
    searcher.send_signal(signal.SIGKILL)
    searcher.wait()
    told = load(storage)
    assert 3 <= sum(t.state != "refused" for t in told.trials) < N_TRIALS
    watch = Watch(monkeypatch)
    results = search(SPACE, N_TRIALS, seeds=SEEDS, storage=storage)
    assert plain(results) == plain(whole[0])
    assert plain(results)[: len(told.trials)] == plain(told)
    assert watch.epochs < whole[1] - CONTROL.dense_epochs * 2 - 12  # nothing of before
    assert os.listdir(tmp_path) == ["search.journal"]


def test_a_dask_cluster_whose_worker_is_killed(tmp_path, same_threads):
    """The cluster tries again what the dead worker had; each trial counts once."""
    storage = tmp_path / "search.journal"
    told, killed = [], []
    with two_workers() as (executor, process_ids):

        def report(done, total, text):
            told.append(done)
            if done == 1:  # in the middle of what is pending now
                until(in_a_trial(tmp_path, 0))
                killed.append(process_ids()[0])
                os.kill(killed[0], signal.SIGKILL)

        results = search(
            SPACE, 5, storage=storage, executor=executor, workers=3,
            report=report, sampler="random", pruner=None,
        )  # fmt: skip
    assert len(killed) == 1
    assert told == list(range(1, 6))
    assert sum(t.state == "complete" for t in results.trials) == 5
    alone = search(SPACE, 5, storage=tmp_path / "alone.journal",
                   sampler="random", pruner=None)  # fmt: skip
    assert plain(results) == plain(alone)
    assert sorted(os.listdir(tmp_path)) == ["alone.journal", "search.journal"]
