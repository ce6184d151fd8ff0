"""What a training keeps: losses, zeros, the best weights, checkpoints it takes up again."""

from types import SimpleNamespace

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.experiments.checkpoints import CheckpointError, Checkpoints
from prunelab.networks import recording
from prunelab.networks.recording import Recorder
from prunelab.schedules import PolynomialDecay

ROWS, FEATURES, BATCH = 44, 10, 10
RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=10, frequency=2)


@pytest.fixture
def mine(tmp_path):
    return Checkpoints(tmp_path, "mine", "one")


def fresh(pruned=False):
    model = k.build(FEATURES, (6,), seed=1)
    return k.prune(model, RAMP) if pruned else model


def train(model, rows, epochs=4, **options):
    return k.train(model, rows, **{"epochs": epochs, "batch_size": BATCH, "seed": 5} | options)


def variables(model):
    return [v.numpy().tobytes() for v in [*model.weights, *model.optimizer.variables]]


class StopAt(k.tf_keras.callbacks.Callback):
    """Raises at the end of a batch, counted from 1 over all epochs."""

    def __init__(self, batch):
        super().__init__()
        self.left = batch

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


@pytest.mark.parametrize("pruned", [False, True])
def test_a_training_of_ones_own_model_goes_on(pruned, rows, mine):
    whole = fresh(pruned)
    phase = train(whole, rows)
    for batch in (4, 9, 7):
        with pytest.raises(KeyboardInterrupt):
            train(fresh(pruned), rows, checkpoints=mine, callbacks=[StopAt(batch)])
    assert mine.epochs() == [2, 1]
    model = fresh(pruned)
    again = train(model, rows, checkpoints=mine)
    assert variables(model) == variables(whole)
    assert (again.loss, again.val_loss, again.zeros) == (phase.loss, phase.val_loss, phase.zeros)
    assert again.steps == 20
    over = fresh(pruned)
    assert train(over, rows, checkpoints=mine).loss == phase.loss  # nothing is left to train
    assert variables(over) == variables(whole)


def test_seconds_leave_out_the_pause(rows, mine, monkeypatch):
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(recording.time, "perf_counter", lambda: clock.now)

    def tick(done, epochs, values):
        clock.now += 7.0
        if done == 2 and not clock.stopped:
            clock.stopped = True
            raise KeyboardInterrupt

    clock.stopped = False
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), rows, checkpoints=mine, progress=tick)
    clock.now += 10_000
    assert train(fresh(), rows, checkpoints=mine, progress=tick).seconds == 7.0 + 2 * 7.0


def test_without_checkpoints_nothing_is_written(rows, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    train(fresh(), rows, 1)
    assert list(tmp_path.iterdir()) == []


# --- patience


def fake_losses(monkeypatch, losses):
    given = iter(losses)
    monkeypatch.setattr(recording, "mean_squared_error", lambda model, x, y: next(given))


@pytest.mark.parametrize(
    ("losses", "patience", "epochs", "best"),
    [
        ([5, 4, 3, 2, 1], 2, 5, 4),
        ([5, 4, 6, 6, 1], 2, 4, 1),
        ([5, 4, 6, 3, 6, 6, 1], 2, 6, 3),
        ([5, 5, 5, 1], 2, 3, 0),  # no better is not better
        ([5, 6, 1], 1, 2, 0),
        ([1, 2, 3, 4], 9, 4, 0),
    ],
)
def test_patience_counts_epochs_without_a_new_best(
    losses, patience, epochs, best, rows, mine, monkeypatch
):
    """Stopped and taken up after every epoch as well, with what was the best so far."""
    fake_losses(monkeypatch, losses)
    weights = []
    spy = k.tf_keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: weights.append(model.get_weights())
    )
    model = fresh()
    phase = train(model, rows, len(losses), patience=patience, callbacks=[spy])
    assert phase.val_loss == tuple(losses[:epochs])
    assert phase.steps == 5 * epochs
    restored = [a.tobytes() for a in model.get_weights()]
    assert restored == [a.tobytes() for a in weights[best]]
    if len(losses) > 4:
        fake_losses(monkeypatch, losses)
        for _ in range(epochs):
            again = fresh()
            with pytest.raises(KeyboardInterrupt):
                train(
                    *(again, rows, len(losses)),
                    **{"patience": patience, "checkpoints": mine, "progress": _interrupt},
                )
        again = fresh()
        phase = train(again, rows, len(losses), patience=patience, checkpoints=mine)
        assert phase.val_loss == tuple(losses[:epochs])
        assert [a.tobytes() for a in again.get_weights()] == restored


def _interrupt(done, epochs, values):
    raise KeyboardInterrupt


def test_patience_is_keras_early_stopping(rows):
    stop = k.tf_keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=2, restore_best_weights=True
    )
    ours, theirs = fresh(), fresh()
    options = {"epochs": 60, "learning_rate": 0.3}
    phase = train(ours, rows, patience=2, **options)
    assert phase.loss == train(theirs, rows, callbacks=[stop], **options).loss
    assert len(phase.loss) < 60
    assert [a.tobytes() for a in ours.get_weights()] == [a.tobytes() for a in theirs.get_weights()]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"patience": 0}, ValueError, "patience=0"),
        ({"patience": 1.5}, ValueError, "patience=1.5"),
        ({"patience": "2"}, TypeError, "patience='2'"),
    ],
)
def test_impossible_patience(options, error, words, rows):
    with pytest.raises(error, match=words):
        train(fresh(), rows, **options)


def test_no_patience_while_pruning(rows):
    with pytest.raises(ValueError, match="patience=2: the best epoch of a network being pruned"):
        train(fresh(pruned=True), rows, patience=2)


# --- what must not be continued


def refused(mine, rows, model, words, epochs=4):
    before = model.get_weights()
    with pytest.raises(CheckpointError, match=words) as caught:
        train(model, rows, epochs, checkpoints=mine)
    assert "\n" not in str(caught.value)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_another_networks_state_is_refused(rows, mine):
    """Under the right identity: only a hand-made one can be so, or a bug."""
    with pytest.raises(KeyboardInterrupt):
        train(fresh(), rows, checkpoints=mine, callbacks=[StopAt(12)])
    words = "mine-00002.ckpt holds a network or a history of another length or shape"
    refused(mine, rows, k.build(FEATURES, (7,), seed=1), words)
    refused(mine, rows, k.build(FEATURES, (6, 6), seed=1), words)
    refused(mine, rows, fresh(pruned=True), words)
    refused(mine, rows, fresh(), words, epochs=1)
    epoch, arrays, values = mine.load()
    for broken in (
        (arrays | {"model_0": arrays["model_0"].astype(np.float64)}, values),
        ({n: a for n, a in arrays.items() if n != "optimizer_2"}, values),
        (arrays | {"more": np.zeros(1)}, values),
        (arrays, values | {"loss": values["loss"][:1]}),
        (arrays, {}),
    ):
        mine.save(epoch, *broken)
        refused(mine, rows, fresh(), words)


def test_a_loss_that_is_none_ends_with_the_state_before_it(rows, mine):
    with pytest.raises(ValueError, match=r"^the loss is .* lower the learning rate$"):
        train(fresh(), rows, checkpoints=mine, learning_rate=1e30)
    assert mine.epochs() == []


def test_progress_and_phase_agree(rows):
    told = []
    phase = train(fresh(True), rows, progress=lambda *values: told.append(values))
    assert [values["loss"] for _, _, values in told] == list(phase.loss)
    assert [values["val_loss"] for _, _, values in told] == list(phase.val_loss)
    assert [values["sparsity"] for _, _, values in told][-1] == pytest.approx(
        (phase.zeros["hidden_1"][-1] + phase.zeros["output"][-1]) / 66
    )


def test_a_recorder_knows_when_it_is_over():
    recorder = Recorder(2, None, False, progress=None, patience=None, checkpoints=None)
    assert not recorder.over
    recorder.loss, recorder.val_loss = [1.0, 2.0], [1.0, 2.0]
    assert recorder.over
