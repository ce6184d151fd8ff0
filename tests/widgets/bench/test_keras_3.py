"""A Keras 3 model at the bench."""

import pytest

from prunelab.pruning import live_trainer
from prunelab.widgets import TuningBench
from tests.pruning.test_live import RAMP, data, model, until


def test_a_bench_steers_it_and_replays_what_was_steered(tmp_path):
    bench = TuningBench(
        live_trainer(model()), data(), folder=tmp_path, schedule=RAMP, epochs=3, batch_size=10
    )
    assert (bench.metric, bench.learning_rate) == ("accuracy", pytest.approx(1e-3))
    assert bench.layer_words["first"] == "96 weights, 66.7 %, 24 left"
    bench.assign({"epochs": 400, "end_step": 1900})
    bench.start()
    until(lambda: len(bench._session.training.reports) > 1)
    bench.steer(final_sparsity=0.9)
    until(lambda: bench._session.training.control.steerings)
    bench.stop()
    assert bench.join(60)
    (run,) = bench.runs
    assert run.steerings[0].changes == {"final_sparsity": 0.9}
    assert "accuracy" in bench._panel.chart.words["headline"]
    bench.replay(run)
    assert bench.join(60)
    assert bench.runs[-1].weights_digest == run.weights_digest
    bench.close()
