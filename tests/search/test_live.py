"""A search by a live training function: the metrics of the model as objectives."""

import pytest

from prunelab.live import LiveTrial
from prunelab.search import Real, Space, search
from tests.helpers.live_fake import fake_trainer, made_data

SPACE = Space(base=None, steps_per_epoch=8, epochs=10, final_sparsity=Real(0.3, 0.95))


@pytest.mark.parametrize(
    "goals",
    [
        ("val_accuracy", "nonzeros"),
        {"val_accuracy": "maximize", "sparsity": "maximize"},
        "val_loss",
    ],
)
def test_metrics_are_objectives_of_either_way(goals, tmp_path):
    train, data = fake_trainer(0, measured=True), made_data()
    trial = LiveTrial(train, data, batch_size=20)
    found = search(SPACE, 4, goals, evaluate=trial, pruner=None, storage=tmp_path / "a.journal")
    complete = found.of("complete")
    assert len(complete) == 4
    for each in complete:
        measured = trial(each.candidate, 0, lambda epoch, loss: None)
        names = [goals] if isinstance(goals, str) else list(goals)
        for name in names:
            assert each.values[name] == pytest.approx(measured[name]), name


def test_accuracy_is_maximised_by_brute_force(tmp_path):
    trial = LiveTrial(fake_trainer(0, measured=True), made_data(), batch_size=20)
    found = search(
        SPACE,
        6,
        ("val_accuracy", "nonzeros"),
        evaluate=trial,
        pruner=None,
        storage=tmp_path / "a.journal",
    )
    points = [(t.values["val_accuracy"], t.values["nonzeros"]) for t in found.of("complete")]
    front = {
        p for p in points if not any(a >= p[0] and b <= p[1] and (a, b) != p for a, b in points)
    }
    assert {(t.values["val_accuracy"], t.values["nonzeros"]) for t in found.front} == front


def test_a_trial_that_can_never_run_is_refused_in_one_sentence():
    with pytest.raises(TypeError, match="write a training function"):
        LiveTrial(None, made_data())
    with pytest.raises(ValueError, match="batch_size=0"):
        LiveTrial(fake_trainer(0), made_data(), batch_size=0)
