"""Steps in groups: the bits of Keras' `fit`, whatever the size of a group."""

from dataclasses import replace

import pytest

from prunelab import networks as k
from prunelab.experiments import data as datasets
from prunelab.networks import stepping
from prunelab.networks.pool import borrowed, initial_weights
from prunelab.schedules import PolynomialDecay, preflight

SCHEDULE = PolynomialDecay(0.0, 0.8, begin_step=3, end_step=18, frequency=3)
SIZE = 125, (48, 32)
SEED, EPOCHS = 4, 6
ROWS = datasets.twin(0)
BATCH = 300  # four batches an epoch, the last one short


def weights(network):
    return [array.tobytes() for array in network.model.get_weights()]


def stepped(pruned, l2=0.0, **options):
    with borrowed(*SIZE, pruned=pruned, l2=l2) as network:
        ramp = {"schedule": SCHEDULE, "total_steps": 24} if pruned else {}
        network.begin(initial_weights(*SIZE, SEED), **ramp)
        phase = network.train(ROWS, epochs=EPOCHS, batch_size=BATCH, seed=SEED, **options)
        return phase, weights(network)


@pytest.mark.parametrize("group", [1, 2, 3, 4, 8])
@pytest.mark.parametrize(("pruned", "l2"), [(False, 0.0), (False, 1e-3), (True, 0.0)])
def test_any_group_gives_the_bits_of_fit(pruned, l2, group, monkeypatch):
    monkeypatch.setattr(stepping, "GROUP", group)
    phase, found = stepped(pruned, l2)
    model = k.build(*SIZE, seed=SEED, l2=l2)
    model = k.prune(model, SCHEDULE) if pruned else model
    expected = k.train(model, ROWS, epochs=EPOCHS, batch_size=BATCH, seed=SEED)
    assert (phase.loss, phase.val_loss) == (expected.loss, expected.val_loss)
    assert (phase.zeros, phase.steps) == (expected.zeros, expected.steps)
    assert found == [array.tobytes() for array in model.get_weights()]


def test_after_each_epoch_the_masks_hold_what_preflight_says():
    phase, _ = stepped(True)
    for epoch in range(EPOCHS):
        realised = preflight(SCHEDULE, total_steps=4 * (epoch + 1)).realised
        for name, size in {"hidden_1": 125 * 48, "hidden_2": 48 * 32, "output": 32}.items():
            assert phase.zeros[name][epoch] == round(realised(size) * size)


def test_an_interrupt_between_groups_leaves_masks_and_no_rows(monkeypatch):
    monkeypatch.setattr(stepping, "GROUP", 1)
    kept = []

    def stop(self, batch, logs=None):
        kept.append(self.model)
        if len(kept) == 22:
            raise KeyboardInterrupt

    monkeypatch.setattr(stepping.Recorder, "on_train_batch_end", stop, raising=False)
    with pytest.raises(KeyboardInterrupt):
        stepped(True)
    found = k.sparsities(kept[-1])
    assert all(abs(found[name] - 0.8) < 0.02 for name in found)


def test_a_stopped_run_leaves_nothing_of_its_loss_to_the_next():
    class Stop(Exception):  # noqa: N818
        pass

    def stop(done, epochs, values):
        raise Stop

    whole, _ = stepped(False)
    with pytest.raises(Stop):
        stepped(False, progress=stop)
    again, _ = stepped(False)
    assert again.loss == whole.loss


def test_rows_that_do_not_fit_are_refused():
    narrow = replace(ROWS, x_train=ROWS.x_train[:, :3])
    with borrowed(*SIZE) as network, pytest.raises(ValueError, match="x_train has shape"):
        network.train(narrow, epochs=1, batch_size=BATCH, seed=0)
