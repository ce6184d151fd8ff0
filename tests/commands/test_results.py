"""`prunelab results`, with training replaced; and the table it prints."""

from dataclasses import replace

import pytest

from prunelab.commands import cli, results
from prunelab.experiments.results import InputSelection, Score
from prunelab.plans import PLANS, PlanResults
from prunelab.plans.baselines import LinearResult
from tests.commands.test_run import result_of

TWIN = PLANS["twin"]


def call(*words):
    return cli.main(["results", "--plan", "twin", *words])


def results_of(plan):
    """Results as training would give them; validation errors grow with the seed."""
    runs = tuple(result_of(arm, seed, val=0.1 * (seed + 1)) for arm, seed in plan.runs)
    score, inputs = Score(1e-6, 1.0), InputSelection(125, 0.5, 1.0, 1.0, 1.0)
    linear = tuple(
        LinearResult(model, seed, "d", 1e-4, score, score, score, inputs, 0.1)
        for model, seed in plan.linear_fits
    )
    return PlanResults(plan, runs, linear)


@pytest.fixture
def asked(monkeypatch):
    """Replaces the running; notes what was asked of it."""
    calls = []

    def run_plan(plan, folder, **options):
        calls.append((plan, folder, options))
        options["report"](3, 51, "found, already run")
        options["progress"](1, 40, {})
        options["report"](51, 51, "the last one")
        return results_of(plan)

    monkeypatch.setattr(results, "run_plan", run_plan)
    return calls


def test_it_runs_the_plan_here_and_prints_its_table(asked, tmp_path, capsys):
    assert call("--folder", str(tmp_path)) == 0
    (plan, folder, options), *more = asked
    assert (plan, folder, more) == (TWIN, str(tmp_path), [])
    assert (options["executor"], options["workers"]) == (None, 1)
    printed = capsys.readouterr().out
    assert "3/51 found, already run" in printed
    assert "51/51 the last one" in printed
    assert "stored in twin.json" in printed


def test_workers_are_processes(asked, monkeypatch):
    seen = []
    monkeypatch.setattr(results, "process_pool", lambda n: _Context(("pool", n), seen))
    assert call("--workers", "3") == 0
    assert asked[0][2]["executor"] == ("pool", 3)
    assert asked[0][2]["workers"] == 3
    assert seen == ["closed"]


def test_a_scheduler_is_a_cluster(asked, monkeypatch):
    monkeypatch.setattr(results, "dask_executor", lambda a: _Context(("dask", a), []))
    assert call("--scheduler", "tcp://here:8786") == 0
    assert asked[0][2]["executor"] == ("dask", "tcp://here:8786")
    assert asked[0][2]["workers"] > 1


class _Context:
    def __init__(self, value, seen):
        self.value, self.seen = value, seen

    def __enter__(self):
        return self.value

    def __exit__(self, *_):
        self.seen.append("closed")


@pytest.mark.parametrize("workers", ["0", "two", "-1", "2.5", "10000"])
def test_wrong_numbers_of_workers_are_refused_before_anything_runs(asked, workers, capsys):
    assert call("--workers", workers) == 2
    assert asked == []
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if line.startswith("prunelab results: workers=")]


def test_the_table_has_a_line_an_arm_and_medians_over_seeds():
    small = replace(TWIN, arms=(TWIN.arm("control"), TWIN.arm("completed_75")))
    lines = results.arms_text(results_of(small)).splitlines()
    names = [line.split()[0] for line in lines]
    assert names == ["arm", "control", "completed_75", "lasso", "ridge"]
    assert lines[1].split() == ["control", "3", "0.00%", "0.2", "0.8000"]
    assert lines[2].split() == ["completed_75", "3", "75.00%", "0.2", "0.8000"]
    assert lines[3].split() == ["lasso", "3", "–", "1e-06", "1.0000"]
    assert len({len(line) for line in lines}) == 1
    assert "test" not in lines[0]  # opened once, when the choices are made
