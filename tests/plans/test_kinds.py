"""Six kinds of networks of one's own, on both engines: preflight, plan, search, bytes and bench."""

import warnings

import keras as keras_3
import numpy as np
import pytest

from prunelab import footprint
from prunelab.experiments import Experiment
from prunelab.live import TrainingSettings
from prunelab.masks.magnitude import kept_count
from prunelab.networks import live_trainer as of_tfmot
from prunelab.networks.backend import tf_keras
from prunelab.plans import ArmTrial, Plan, run_plan
from prunelab.pruning import live_trainer as of_keras_3
from prunelab.schedules import PolynomialDecay, preflight
from prunelab.search import Real, Space, search
from tools.six_kinds import KINDS, build_of

RAMP = PolynomialDecay(0.0, 0.75, begin_step=2, end_step=6, frequency=2)
ROWS, BATCH = 32, 8
LEFT_DENSE = {"tfmot": [], "keras 3": ["output/kernel"]}  # by `PruneLowMagnitude`, unless asked


def data_of(name):
    shapes = [tensor.shape[1:] for tensor in KINDS[name](tf_keras).inputs]

    def part(random):
        x = [random.normal(size=(ROWS, *shape)).astype(np.float32) for shape in shapes]
        y = random.normal(size=ROWS) if name == "regression" else random.integers(0, 10, ROWS)
        return (x if len(x) > 1 else x[0]), y

    def data(seed):
        random = np.random.default_rng(seed)
        return part(random), part(random)

    return data


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("engine", ["tfmot", "keras 3"])
def test_the_whole_way(engine, name, tmp_path):
    keras, live_trainer = (tf_keras, of_tfmot) if engine == "tfmot" else (keras_3, of_keras_3)
    build, data = build_of(name, keras), data_of(name)
    (x, y), (x_val, y_val) = data(0)
    model = build(0)
    flight = preflight(RAMP, model=model, data=(x, y), batch_size=BATCH, epochs=2)
    promised = {kernel.name: kernel.zeros for kernel in flight.kernels}
    dense = [kernel.name for kernel in flight.kernels if kernel.dense_because]
    assert dense == LEFT_DENSE[engine]
    mine = Experiment("kind", build, data, epochs=1, more_epochs=2, batch_size=BATCH)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = Plan("kind", "", mine.arms(RAMP, ["control", "pruned"]), (0,))
        control, pruned = run_plan(plan, tmp_path).runs
        space = Space(base=None, steps_per_epoch=4, epochs=2, final_sparsity=Real(0.5, 0.9))
        storage = tmp_path / "own.journal"
        goals = ("val_loss", "nonzeros")
        found = search(space, 1, goals, evaluate=ArmTrial(mine), storage=storage)
        settings = TrainingSettings(RAMP, epochs=2, batch_size=BATCH, seed=0)
        record = live_trainer(model)(settings, (x, y, x_val, y_val))
    sizes = [kernel.size for kernel in flight.kernels]
    cut = [size - kept_count(size, 0.75) for size in sizes]  # the arm "pruned" prunes all
    assert list(pruned.zeros.values()) == cut
    assert [zeros for zeros in promised.values() if zeros] == cut[: len(cut) - len(dense)]
    assert pruned.zeros.keys() == control.zeros.keys()
    assert not any(control.zeros.values())
    assert pruned.val.keys() == {"loss", "mae" if name == "regression" else "accuracy"}
    assert len(found.of("complete")) == 1
    assert (record.n_weights, record.nonzeros) == (sum(sizes), sum(sizes) - sum(cut))
    assert record.metrics.keys() == record.dense_metrics.keys() == pruned.val.keys() - {"loss"}
    rows = footprint.weigh(model, x_val, formats=("keras", "gzip"))
    assert all(row.status == "right" for row in rows)
