"""Runs that were stopped or whose checkpoints were hurt: the same call goes on to the same bits."""

import os
import shutil
import warnings
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments import checkpoints, runs
from prunelab.experiments.spec import RunSpec
from prunelab.networks import stepping
from prunelab.networks.recording import Recorder
from prunelab.schedules import preflight
from tests.helpers.checkpoint_damage import DAMAGES
from tests.helpers.tiny_runs import ARMS, CONTROL, FROM_START, STOPPED, TINY, without_seconds

SEED = 2


class Stop(Exception):  # noqa: N818
    """A stop that leaves the compiled network to the next test; an interrupt does not."""


def stop_after(n, error=Stop):
    """A progress function that raises after `n` epochs, over both phases together."""
    seen = []

    def progress(done, epochs, values):
        seen.append(done)
        if len(seen) == n:
            raise error

    return progress


def stopped(config, folder, epochs, **options):
    with pytest.raises(Stop):
        k.run(config, SEED, folder, progress=stop_after(epochs), **options)


def everything(folder, config):
    weights = runs.load_weights(config, SEED, folder)
    weights = {name: kernel.tobytes() for name, kernel in weights.items()}
    return without_seconds(runs.load(config, SEED, folder)), weights


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What `config` gives when nothing stops it."""
    folder, found = tmp_path_factory.mktemp("whole"), {}

    def run(config):
        if config.name not in found:
            k.run(config, SEED, folder, keep_weights=True)
            found[config.name] = everything(folder, config)
        return found[config.name]

    return run


@pytest.mark.parametrize("config", ARMS, ids=lambda config: config.name)
def test_a_run_stopped_after_each_epoch_in_turn(config, whole, tmp_path):
    """One epoch a call, to the end: every resumption there is."""
    calls = 0
    while not RunSpec(config, SEED, tmp_path).exists():
        with suppress(Stop):
            k.run(config, SEED, tmp_path, keep_weights=True, progress=stop_after(1))
        calls += 1
    expected = whole(config)
    assert everything(tmp_path, config) == expected
    result = expected[0]
    # The call after the last epoch trains nothing, so it is the first that is not stopped.
    assert calls == len(result.dense.loss) + len(result.second.loss) + 1
    assert sorted(os.listdir(tmp_path)) == [f"{config.name}-seed2.json", f"{config.name}-seed2.npz"]


def test_a_stopped_run_is_partial_and_can_go_on(whole, tmp_path):
    stopped(TINY, tmp_path, 3)
    (only,) = runs.partial(tmp_path)
    assert repr(only).endswith("seed 2: 3 of 4 epochs of the first phase)")
    stopped(TINY, tmp_path, 3)
    first, second = runs.partial(tmp_path)
    assert (first.phase, first.done, first.epochs) == ("first", 4, 4)
    assert (second.name, second.phase, second.done, second.epochs) == ("tiny", "second", 2, 4)
    assert not RunSpec(TINY, SEED, tmp_path).exists()
    with pytest.raises(FileNotFoundError):
        runs.load(TINY, SEED, tmp_path)
    k.run(TINY, SEED, tmp_path, keep_weights=True)
    assert runs.partial(tmp_path) == []
    assert everything(tmp_path, TINY) == whole(TINY)


# --- an interrupt at a batch


def interrupt_at(monkeypatch, batch, error=KeyboardInterrupt):
    """Raise at the end of batch `batch`, counted over both phases; gives the models seen."""
    seen = []

    def on_train_batch_end(self, index, logs=None):
        seen.append(self.model)
        if len(seen) == batch:
            raise error

    monkeypatch.setattr(stepping, "GROUP", 1)
    monkeypatch.setattr(Recorder, "on_train_batch_end", on_train_batch_end, raising=False)
    return seen


def test_an_interrupt_at_a_random_batch(whole, tmp_path, monkeypatch):
    """Of 16 + 16 batches; masks hold, nothing counts as a run, the same call goes on."""
    chosen = np.random.default_rng(0).choice(np.arange(18, 33), 3, replace=False)
    for batch in (3, *chosen):
        folder = tmp_path / str(batch)
        with monkeypatch.context() as patch:
            seen = interrupt_at(patch, batch)
            with pytest.raises(KeyboardInterrupt):
                k.run(TINY, SEED, folder, keep_weights=True)
        assert os.listdir(folder) == (["checkpoints"] if batch > 4 else [])
        if batch > 16:
            step = int(batch) - 16
            realised = preflight(TINY.schedule, total_steps=step).realised
            expected = {n: round(realised(size) * size) for n, size in TINY.kernel_sizes.items()}
            assert k.zeros(seen[-1]) == expected
            first, second = [*runs.partial(folder), None][:2]
            assert (first.phase, first.done) == ("first", 4)
            assert (second.done if second else 0) == (step - 1) // 4
        k.run(TINY, SEED, folder, keep_weights=True)
        assert everything(folder, TINY) == whole(TINY)


def test_a_network_that_was_interrupted_is_not_used_again(whole, tmp_path, monkeypatch):
    whole(TINY)
    with monkeypatch.context() as patch:
        seen = interrupt_at(patch, 20)
        with pytest.raises(KeyboardInterrupt):
            k.run(TINY, SEED, tmp_path)
    interrupted = seen[-1]
    with monkeypatch.context() as patch:
        seen = interrupt_at(patch, 0)
        k.run(TINY, SEED, tmp_path)
    assert not any(model is interrupted for model in seen)


def test_a_network_whose_callback_raised_is_used_again_and_clean(whole, tmp_path, monkeypatch):
    whole(TINY)
    with monkeypatch.context() as patch:
        before = interrupt_at(patch, 23, Stop)
        with pytest.raises(Stop):
            k.run(TINY, SEED + 1, tmp_path)
    with monkeypatch.context() as patch:
        after = interrupt_at(patch, 0)
        k.run(TINY, SEED, tmp_path, keep_weights=True)
    assert after[-1] is before[-1]
    assert everything(tmp_path, TINY) == whole(TINY)


# --- hurt checkpoints


@pytest.fixture(scope="module")
def in_each_phase(tmp_path_factory):
    """Folders of a run stopped after 3 of 4 epochs, once in each phase."""
    folders = {}
    for phase, epochs in (("first", 3), ("second", 7)):
        folders[phase] = tmp_path_factory.mktemp(phase)
        stopped(TINY, folders[phase], epochs)
    return folders


def hurt(folder, phase, kind, which):
    of = getattr(RunSpec(TINY, SEED, folder), f"{phase}_checkpoints")
    assert of.epochs() == [3, 2]
    for epoch in which:
        DAMAGES[kind](of.path(epoch))
        if os.path.lexists(of.folder / "elsewhere"):
            (of.folder / "elsewhere").rename(of.folder / f"elsewhere{epoch}")


def epochs_trained(monkeypatch):
    seen = []
    monkeypatch.setattr(Recorder, "on_epoch_begin", lambda self, e, logs=None: seen.append(e))
    return seen


@pytest.mark.parametrize("phase", ["first", "second"])
@pytest.mark.parametrize("kind", DAMAGES)
def test_training_goes_on_from_before_the_damage(
    kind, phase, in_each_phase, whole, tmp_path, monkeypatch
):
    expected = whole(TINY)
    folder = tmp_path / "runs"
    shutil.copytree(in_each_phase[phase], folder)
    hurt(folder, phase, kind, [3])
    monkeypatch.chdir(tmp_path)
    trained = epochs_trained(monkeypatch)
    with pytest.warns(checkpoints.CheckpointWarning, match="-00003.ckpt is damaged") as caught:
        k.run(TINY, SEED, folder, keep_weights=True)
    assert len(caught) == 1
    assert str(caught[0].message).endswith("): trying epoch 2")
    assert everything(folder, TINY) == expected
    assert trained == ([2, 3, 0, 1, 2, 3] if phase == "first" else [2, 3])
    assert not os.path.exists("exploded")


@pytest.mark.parametrize("kind", ["empty", "a bit of a weight flipped", "huge"])
def test_both_damaged_begins_the_phase_anew(kind, in_each_phase, whole, tmp_path, monkeypatch):
    expected = whole(TINY)
    folder = tmp_path / "runs"
    shutil.copytree(in_each_phase["second"], folder)
    hurt(folder, "second", kind, [3, 2])
    trained = epochs_trained(monkeypatch)
    with pytest.warns(checkpoints.CheckpointWarning) as caught:
        k.run(TINY, SEED, folder, keep_weights=True)
    said = [str(warning.message).rpartition(": ")[2] for warning in caught]
    assert said == ["trying epoch 2", "beginning anew"]
    assert everything(folder, TINY) == expected
    assert trained == [0, 1, 2, 3]


def test_the_state_of_patience_survives_damage(whole, tmp_path):
    expected = whole(STOPPED)
    epochs = 4 + len(expected[0].second.loss) - 1  # the best epoch is two behind
    stopped(STOPPED, tmp_path, epochs)
    of = RunSpec(STOPPED, SEED, tmp_path).second_checkpoints
    of.path(of.epochs()[0]).write_bytes(b"")
    with pytest.warns(checkpoints.CheckpointWarning, match="damaged"):
        k.run(STOPPED, SEED, tmp_path, keep_weights=True)
    assert everything(tmp_path, STOPPED) == expected


def test_no_damage_no_word(in_each_phase, tmp_path):
    folder = tmp_path / "runs"
    shutil.copytree(in_each_phase["second"], folder)
    with warnings.catch_warnings():
        warnings.simplefilter("error", checkpoints.CheckpointWarning)
        k.run(TINY, SEED, folder)


# --- another run's checkpoints


def test_anothers_second_phase_is_refused_before_the_first_is_trained(tmp_path, monkeypatch):
    other = replace(FROM_START, name=TINY.name)
    stopped(other, tmp_path, 3)
    trained = epochs_trained(monkeypatch)
    with pytest.raises(checkpoints.CheckpointError, match="left by a run of other set") as caught:
        k.run(TINY, SEED, tmp_path)
    assert "\n" not in str(caught.value)
    assert trained == []
    assert [p.name for p in runs.partial(tmp_path)] == ["tiny"]


def test_another_seeds_checkpoint_under_this_name_is_refused(tmp_path, monkeypatch):
    stopped(TINY, tmp_path, 3)
    mine = RunSpec(TINY, SEED + 1, tmp_path).first_checkpoints
    theirs = RunSpec(TINY, SEED, tmp_path).first_checkpoints
    theirs.path(3).rename(mine.path(3))
    trained = epochs_trained(monkeypatch)
    with pytest.raises(checkpoints.CheckpointError, match=r"^dense-.*-seed3-00003.ckpt was left"):
        k.run(TINY, SEED + 1, tmp_path)
    assert trained == []


def test_a_stored_run_takes_its_left_checkpoints_away(tmp_path, monkeypatch):
    """A kill may come after the run is stored and before its checkpoints are removed."""
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.Checkpoints, "remove", lambda self: None)
        k.run(TINY, SEED, tmp_path)
    assert [p.phase for p in runs.partial(tmp_path)] == ["first", "second"]
    k.run(TINY, SEED, tmp_path)
    assert [p.phase for p in runs.partial(tmp_path)] == ["first"]  # others may need it
    k.run(CONTROL, SEED, tmp_path)
    assert runs.partial(tmp_path) == []


def test_what_cannot_be_stored_ends_in_one_sentence(tmp_path):
    diverging = replace(TINY, name="diverging", learning_rate=1e30)
    with pytest.raises(ValueError, match=r"^the loss is .* lower the learning rate") as caught:
        k.run(diverging, SEED, tmp_path)
    assert "\n" not in str(caught.value)
