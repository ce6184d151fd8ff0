"""What a TuningBench compares its runs by: a metric of the model, or the loss."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from prunelab.live import live_runs
from prunelab.live.store import save_live
from prunelab.schedules import PolynomialDecay
from prunelab.widgets import TuningBench
from prunelab.widgets.bench.measures import Measure, checked_metric, measure_of
from tests.helpers.live_fake import fake_trainer, made_data
from tests.helpers.live_runs import WAIT, trained, until
from tests.live.test_protocol import made_run

SCHEDULE = PolynomialDecay(0.0, 0.9, begin_step=40, end_step=120, frequency=20)
DATA = made_data()
ACCURACY = Measure("accuracy", "maximize")


@pytest.fixture
def make(tmp_path):
    made = []

    def bench(train=None, **settings):
        train = train or fake_trainer(0, measured=True)
        settings = {"schedule": SCHEDULE, "epochs": 20, "batch_size": 20} | settings
        made.append(TuningBench(train, DATA, folder=tmp_path / "runs", **settings))
        return made[-1]

    yield bench
    for each in made:
        each.close()
        assert each.join(WAIT)


def chart(bench):
    return bench._panel.chart


def test_the_reader_sees_the_metric_and_not_the_loss(make):
    bench = make()
    assert bench.metrics == ("accuracy", "loss")
    assert bench.metric == "accuracy"
    run = trained(bench)
    before, after = (100 * m["accuracy"] for m in (run.dense_metrics, run.metrics))
    said = f"accuracy {before:.1f} → {after:.1f} %"
    assert f"zeros, {said}" in chart(bench).words["headline"]
    assert "validation loss" not in chart(bench).words["headline"]
    assert f"validation loss {run.dense:.4g}" in chart(bench).words["caption"]
    (row,) = bench._panel.table.rows
    assert row["value"] == run.metrics["accuracy"]
    assert row["value_words"] == f"{after:.1f} %"
    assert row["beside"].startswith(f"dense {before:.1f} %, loss ")
    points = chart(bench).curves[run.id]["points"]
    assert [p[2] for p in points] == pytest.approx(
        [report.metrics["accuracy"] for report in run.history], rel=1e-4
    )
    assert all(p[1] is None for p in points), "only the loss is measured on training rows"
    assert chart(bench).baseline["value"] == run.dense_metrics["accuracy"]
    assert bench.baseline["metrics"] == run.dense_metrics
    assert repr(bench).endswith(f"1 run, highest accuracy {after:.1f} %)")


def test_what_is_drawn_can_be_chosen_from_the_page_and_from_a_cell(make):
    bench = make()
    run = trained(bench)
    menu = bench._panel.metric
    assert (menu.layout.display, menu.options) == ("flex", ("accuracy", "loss"))
    menu.set_state({"index": 1})
    assert bench.metric == "loss"
    assert chart(bench).measure["log"]
    assert chart(bench).curves[run.id]["points"][-1][2] == pytest.approx(
        run.validation_loss, rel=1e-4
    )
    assert bench._panel.table.rows[0]["value"] == run.validation_loss
    bench.metric = "accuracy"
    assert menu.index == 0
    assert not chart(bench).measure["log"]
    assert json.dumps(chart(bench).measure, allow_nan=False)
    with pytest.raises(ValueError, match="metric='auc': the runs here have accuracy, loss"):
        bench.metric = "auc"
    bench.metric = None
    assert bench.metric == "accuracy"


def test_a_model_without_metrics_has_its_loss_and_no_menu(make):
    bench = make(fake_trainer(0))
    run = trained(bench)
    assert (bench.metrics, bench.metric) == (("loss",), "loss")
    assert bench._panel.metric.layout.display == "none"
    assert chart(bench).baseline["value"] == run.dense
    assert "validation loss" in chart(bench).words["headline"]


def test_a_function_that_does_not_tell_its_metrics_shows_them_once_a_run_has_them(make):
    train = fake_trainer(0, measured=True)
    del train.metrics
    bench = make(train)
    assert bench.metric == "loss"
    trained(bench)
    assert bench.metric == "accuracy"
    assert "accuracy" in chart(bench).words["headline"]
    assert bench._panel.metric.options == ("accuracy", "loss")


def test_more_is_better_on_the_front_by_brute_force(make):
    bench = make()
    for final in (0.3, 0.5, 0.7, 0.9, 0.95):
        trained(bench, final_sparsity=final)
    pairs = {run.id: (run.nonzeros, run.metrics["accuracy"]) for run in bench.runs}
    for row in bench._panel.table.rows:
        left, accuracy = pairs[row["id"]]
        beaten = any(
            a <= left and b >= accuracy and (a, b) != (left, accuracy) for a, b in pairs.values()
        )
        assert row["front"] == (not beaten)
    bench._panel.table._handle_custom_msg({"do": "sort", "by": "-value"}, [])
    values = [row["value"] for row in bench._panel.table.rows]
    assert values == sorted(values, reverse=True)


def test_a_metric_whose_direction_is_unknown_beats_none_until_it_is_given(make):
    def train(settings, data, control, report):
        run = fake_trainer(0, measured=True)(settings, data, control, lambda _: None)
        history = tuple(replace(r, metrics={"bleu": r.metrics["accuracy"]}) for r in run.history)
        return replace(run, history=history, metrics={"bleu": run.metrics["accuracy"]})

    train.metrics = ("bleu",)
    bench = make(train)
    trained(bench)
    assert bench.metric == "bleu"
    assert not bench._panel.table.rows[0]["front"]
    assert repr(bench).endswith("1 run)")
    bench.metric = {"bleu": "maximize"}
    assert bench._panel.table.rows[0]["front"]
    assert "highest bleu 0." in repr(bench)
    assert make(train, metric={"bleu": "minimize"})._panel.table.rows[0]["front"]


def test_runs_stored_without_metrics_stay_and_are_not_drawn(make, tmp_path):
    save_live(made_run(name="old"), tmp_path / "runs")
    bench = make()
    trained(bench)
    rows = {row["name"]: row for row in bench._panel.table.rows}
    assert (rows["old"]["value"], rows["old"]["value_words"]) == (None, "–")
    assert len(live_runs(tmp_path / "runs")) == 2
    bench._panel.table._handle_custom_msg({"do": "sort", "by": "value"}, [])
    assert [row["name"] for row in bench._panel.table.rows] == ["run 2", "old"]
    bundle, _ = bench._repr_mimebundle_()
    assert bundle["image/png"]


def test_the_picture_draws_the_metric_in_percent(make):
    bench = make()
    run = trained(bench)
    figure = Figure()
    bench.draw(figure)
    left, right = figure.axes
    drawn = left.lines[0].get_ydata()
    assert list(drawn) == [report.metrics["accuracy"] for report in run.history]
    assert left.get_yscale() == "linear"
    assert left.get_ylabel() == "accuracy on validation data"
    figure.canvas.draw()
    assert all(label.get_text().endswith(" %") for label in right.get_yticklabels())
    bench.metric = "loss"
    figure = Figure()
    bench.draw(figure)
    assert figure.axes[0].get_yscale() == "log"
    assert list(figure.axes[0].lines[0].get_ydata()) == [r.validation_loss for r in run.history]


def test_while_it_trains_the_metric_comes_first(make):
    bench = make(fake_trainer(0.05, measured=True), epochs=2000, end_step=8000)
    bench.start()
    until(lambda: bench._session.training.reports)
    bench.pause()
    assert re.match(r"step \d+ of [\d,]+ · accuracy [\d.]+ % · ", chart(bench).words["title"])
    bench.stop()
    assert bench.join(WAIT)


def test_a_baseline_may_be_what_evaluate_gives(make):
    bench = make(baseline={"loss": 0.5, "accuracy": 0.9})
    assert bench.baseline["metrics"] == {"accuracy": 0.9}
    run = trained(bench)
    assert bench.baseline == {"loss": 0.5, "nonzeros": 128, "metrics": {"accuracy": 0.9}}
    assert make(baseline=run).baseline["metrics"] == run.metrics
    with pytest.raises(ValueError, match="it has no 'loss'"):
        make(baseline={"accuracy": 0.9})
    with pytest.raises((TypeError, ValueError), match="baseline"):
        make(baseline={"loss": 0.5, "accuracy": float("nan")})


@pytest.mark.parametrize("wrong", [3, "", "a\nb", {}, {"a": "maximize", "b": "minimize"}, ["x"]])
def test_no_metric_is_refused_in_one_sentence(wrong):
    with pytest.raises(TypeError, match="write the name of a metric"):
        checked_metric(wrong, ())


def test_a_way_that_is_none_is_refused():
    with pytest.raises(ValueError, match="'maximize' or 'minimize'"):
        checked_metric({"bleu": "up"}, ())


def test_words_of_a_measure():
    assert ACCURACY.words(0.9639) == "96.4 %"
    assert Measure("mae").words(0.123456) == "0.1235"
    assert measure_of("mae", {}).direction == "minimize"
    assert measure_of("loss", {}, "MSE").axis == "validation loss, MSE (log scale)"
    run = made_run(metrics={"accuracy": 0.8031}, dense_metrics={"accuracy": 0.9639})
    assert ACCURACY.ended(run) == "accuracy 96.4 → 80.3 %"
    assert Measure().others(run) == ", 0.48 × the dense loss, accuracy 96.4 → 80.3 %"
    assert repr(run).count("accuracy 96.4 → 80.3 %") == 1
    assert np.isclose(ACCURACY.cost(run), -0.8031)
