"""The article's experiment by the Keras 3 pruner, as stored: tfmot's zeros, and losses like its."""

from statistics import mean

import pytest

from tools import keras3_runs

RUNS = keras3_runs.stored()


@pytest.mark.parametrize("run", RUNS, ids=lambda run: "-".join(map(str, keras3_runs.key(run))))
def test_a_stored_run_has_tfmots_zeros_and_a_loss_like_its(run):
    assert keras3_runs.faults(run) == []


def test_the_mean_loss_of_the_seeds_is_within_tfmots():
    theirs = [run.val.mse for run in keras3_runs.of_tfmot(keras3_runs.ARM).values()]
    assert len(theirs) == 8
    complete = 0
    for backend in keras3_runs.BACKENDS:
        ours = [r["val_mse"] for r in RUNS if keras3_runs.key(r)[:2] == (backend, keras3_runs.ARM)]
        if len(ours) > 4:
            complete += 1
            assert min(theirs) <= mean(ours) <= max(theirs)
    assert complete


@pytest.mark.parametrize(
    ("change", "words"),
    [({"zeros": [768000, 786432, 0]}, "zeros"), ({"val_mse": 0.0084}, "val MSE 0.00840")],
)
def test_a_run_that_is_not_as_tfmots_is_told(change, words):
    (fault,) = keras3_runs.faults(RUNS[0] | change)
    assert fault.startswith(words)
