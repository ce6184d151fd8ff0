"""The pruner in many kinds of models, trainings and optimizers, on the backend of this process."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as as_array

from prunelab.masks.magnitude import count_kept
from prunelab.pruning import PruneLowMagnitude
from tests.helpers.keras3_cases import BACKEND, BATCH, CASES, EPOCHS, fresh, rows

# Not ours to refuse: Keras itself does.
REFUSED = {("torch", "steps_per_execution"): "`steps_per_execution` must be 1"}


def expected(row, case):
    """The zeros that the schedule ends with in a kernel, counted as tfmot counts."""
    schedule = case.schedule
    if isinstance(schedule, dict):
        schedule = schedule[row.name.split("/")[-2]]
    rows_, columns = case.pruner.get("block_size", (1, 1))
    units = row.size // (rows_ * columns)
    return (units - count_kept(units, np.float32(schedule.final_sparsity))) * rows_ * columns


class Watch(keras.callbacks.Callback):
    """Validates after each epoch and keeps the zeros as they were then."""

    def __init__(self, pruner):
        super().__init__()
        self.pruner, self.zeros = pruner, []

    def on_epoch_end(self, epoch, logs=None):
        self.zeros.append([row.zeros for row in self.pruner.report().pruned])


@pytest.mark.parametrize("name", CASES)
def test_the_schedule_is_reached_and_nothing_is_left_behind(name, tmp_path):
    case = fresh(name)
    pruner = PruneLowMagnitude(case.schedule, **case.pruner)
    watch, y = Watch(pruner), rows(1, seed=2)
    fit = {"batch_size": BATCH, "epochs": EPOCHS, "verbose": 0, "callbacks": [watch, pruner]}
    if (BACKEND, name) in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[BACKEND, name]):
            case.model.fit(case.x, y, **fit)
        return
    case.model.fit(case.x, y, **fit)
    report = pruner.report()
    assert {row.name: row.zeros for row in report.pruned} == {
        row.name: expected(row, case) for row in report.pruned
    }
    assert watch.zeros[-1] == [row.zeros for row in report.pruned]  # no step ends dense
    assert watch.zeros[0] < watch.zeros[-1]
    left = {row.name for row in report.dense if not row.dense_because.startswith("the output")}
    assert all(any(part in name for part in case.dense) for name in left)
    assert bool(left) == bool(case.dense)
    assert all(np.isfinite(w).all() for w in case.model.get_weights())

    optimizer = case.model.optimizer
    assert "apply" not in vars(optimizer)
    assert "make_train_function" not in vars(case.model)
    assert not any("mask" in variable.name for variable in optimizer.variables)
    if type(case.model).__name__ == "OwnStep" or name == "own layer":
        return  # a reader's own classes are the reader's to save
    path = tmp_path / "model.keras"
    case.model.save(path)
    again = keras.saving.load_model(path)
    given, made = (m.predict(case.x, verbose=0) for m in (case.model, again))
    np.testing.assert_array_equal(given, made)
    kept, loaded = (list(map(as_array, o.variables)) for o in (optimizer, again.optimizer))
    assert len(kept) == len(loaded)
    assert all(map(np.array_equal, kept, loaded))


def test_the_table_is_long_enough():
    assert len(CASES) >= 25
