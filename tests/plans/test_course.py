"""The course's experiments as `Experiment`s: their first phase and arms beside the course's own."""

from dataclasses import replace

import numpy as np
import pytest

from prunelab.experiments import data as datasets
from prunelab.experiments.named_configs import twin
from prunelab.experiments.spec import RunSpec
from prunelab.networks import build, run
from prunelab.plans import course_experiment
from prunelab.plans.own import first_phase, second_phase
from prunelab.schedules import PolynomialDecay

RAMP = PolynomialDecay(0.0, 0.75, begin_step=80, end_step=240)  # of the 40 epochs, 320 steps


@pytest.fixture(scope="module")
def dense():
    experiment = course_experiment("twin", epochs=40)
    (arm,) = experiment.arms(RAMP, ["control"])
    return first_phase(RunSpec(arm, 0))


@pytest.mark.parametrize("name", ["pruned", "control"])
def test_an_arm_ends_where_the_course_s_own_run_of_it_ends(dense, name):
    schedule = RAMP if name == "pruned" else None
    config = replace(
        twin(), name=f"short_{name}", schedule=schedule, dense_epochs=40, more_epochs=40
    )
    theirs = run(config, 0)
    (arm,) = course_experiment("twin", epochs=40).arms(RAMP, [name])
    ours = second_phase(RunSpec(arm, 0), dense)
    assert list(ours.zeros.values()) == [theirs.zeros[k] for k in theirs.zeros]
    # Only the order of the rows differs, which moves a loss by less than seeds do.
    assert ours.val["loss"] == pytest.approx(theirs.val.mse, rel=0.5)
    assert ours.dense.val_loss[-1] == pytest.approx(theirs.dense.val_loss[-1], rel=0.5)


@pytest.mark.parametrize("name", ["twin", "article"])
def test_network_and_data_are_those_of_the_course(name):
    experiment = course_experiment(name)
    rows, model = datasets.load(name, 3), experiment.build(3)
    (x, y), (x_val, y_val), test = experiment.data(3)
    assert np.array_equal(x, rows.x_train.astype("float32"))
    assert np.array_equal(y_val, rows.y_val.astype("float32"))
    assert np.array_equal(test[0], rows.open_test()[0].astype("float32"))
    width = 128 if name == "twin" else 1024
    theirs = build(x.shape[1], (width, width), seed=3)
    assert [w.shape for w in model.weights] == [w.shape for w in theirs.weights]
    assert all(map(np.array_equal, model.get_weights(), theirs.get_weights()))
    assert (len(x), len(y), len(x_val)) == (len(rows.y_train), len(rows.y_train), len(rows.y_val))


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="name='digits': write 'twin' or 'article'"):
        course_experiment("digits")
