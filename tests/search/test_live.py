"""A search by a live training function: the metrics of the model as objectives."""

import pytest

from prunelab.live import LiveTrial
from prunelab.search import Real, SearchError, Space, search
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


def test_trials_of_other_data_or_another_network_are_not_mixed(tmp_path):
    train, rows, storage = fake_trainer(0, measured=True), made_data(), tmp_path / "a.journal"

    def go(n, data=rows, network=None, **options):
        def told(*given):
            return train(*given)

        if network:
            told.identity = {"network": network * 64}
        trial = LiveTrial(told, data, **{"batch_size": 20} | options)
        return search(SPACE, n, "val_loss", evaluate=trial, pruner=None, storage=storage)

    go(1, network="a")
    before = storage.read_bytes()
    other = tuple(2 * part for part in rows)
    for changed, words in (
        ({"data": other, "network": "a"}, "other data"),
        ({"network": "b"}, "another network"),
        ({"network": "a", "batch_size": 10}, "other settings of the experiment"),
    ):
        with pytest.raises(SearchError, match=f"trials of evaluate with {words}: name another"):
            go(2, **changed)
    assert storage.read_bytes() == before
    assert len(go(2, network="a").of("complete")) == 2


def test_a_trial_that_can_never_run_is_refused_in_one_sentence():
    with pytest.raises(TypeError, match="write a training function"):
        LiveTrial(None, made_data())
    with pytest.raises(ValueError, match="batch_size=0"):
        LiveTrial(fake_trainer(0), made_data(), batch_size=0)
