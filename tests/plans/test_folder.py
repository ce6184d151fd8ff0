"""What a plan keeps and removes: nothing is gone before what replaces it has been read back."""

import os
import random
from dataclasses import replace

import pytest

from prunelab import plans
from prunelab.base import json_files
from prunelab.base.files import write_atomically
from prunelab.base.work_folders import claim
from prunelab.commands import cli
from prunelab.experiments import ExperimentConfig, RunResult, runs
from prunelab.experiments.named_configs import TWIN
from prunelab.experiments.results import Phase, Score
from prunelab.experiments.spec import RunSpec
from prunelab.plans import Plan, PlanResults, run_plan, running, store
from tests.helpers.made_plans import PROVENANCE, made_plan, made_results

RESULTS = made_results()
PLAN = RESULTS.plan


@pytest.fixture(autouse=True)
def _no_training(monkeypatch):
    """Each task is done: its result is made up, and only stored."""

    def drive(todo, *_):
        for result in (*RESULTS.runs, *RESULTS.linear):
            todo.keep(result)

    monkeypatch.setattr(running, "_drive", drive)


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_the_single_runs_go_once_the_file_is_read_back(tmp_path):
    assert run_plan(PLAN, tmp_path) == RESULTS
    assert tree(tmp_path) == ["made.json"]
    assert run_plan(PLAN, tmp_path) == RESULTS


def _read_nothing(path, limit):
    if path.name == "made.json":
        raise runs.RunError("no")
    return path.read_bytes()


def _write_another(path, write, **_):
    if path.name == "made.json":
        path.write_bytes(b"{}")
    else:
        write_atomically(path, write)


@pytest.mark.parametrize("fault", ["cannot be read", "holds something else", "too large"])
def test_a_file_that_cannot_be_used_costs_no_run(tmp_path, monkeypatch, fault):
    load = plans.load
    with monkeypatch.context() as patch:
        if fault == "cannot be read":
            patch.setattr(json_files, "read_file", _read_nothing)
        elif fault == "holds something else":
            patch.setattr(json_files, "write_atomically", _write_another)
        else:
            patch.setattr(store, "most_bytes", lambda plan: 1000)
        with pytest.raises(runs.RunError):
            run_plan(PLAN, tmp_path)
    kept = set(os.listdir(tmp_path / "made"))
    assert kept >= {RunSpec(*run, ".").path.name for run in PLAN.runs}
    if fault == "too large":
        assert not plans.path(PLAN, tmp_path).exists()
        monkeypatch.setattr(running, "_drive", lambda todo, *_: None)
        assert run_plan(PLAN, tmp_path) == RESULTS == load(PLAN, tmp_path)


def test_a_plan_far_larger_than_any_here_is_read_again(tmp_path):
    """Eighteen megabytes; files above sixteen were once written, and never read again."""
    arm = ExperimentConfig("long", dense_epochs=0, more_epochs=20_000, **TWIN)
    plan, rng = Plan("big", "for tests", (arm,), range(22), linear=False), random.Random(0)
    losses = tuple(rng.random() for _ in range(20_000))
    score = Score(losses[-1], 1 - losses[-1] / 2)
    nothing = Phase((), (), {}, 0, 0.0)
    results = PlanResults(
        plan,
        tuple(
            RunResult(
                arm, seed, f"{seed:064x}", nothing, Phase(losses, losses, {}, 160_000, 1.0),
                score, score, score, score, score, arm.planned_zeros(), None, PROVENANCE,
            )
            for seed in plan.seeds
        ),
        (),
    )  # fmt: skip
    path = store.save(results, tmp_path)
    assert path.stat().st_size > 2**24
    assert plans.load(plan, tmp_path) == results


@pytest.mark.parametrize("what", ["a file of mine", "a run of mine", "a link", "a pipe"])
def test_a_folder_of_mine_called_like_the_plan_is_refused_and_kept(tmp_path, what):
    work = tmp_path / "made"
    if what == "a link":
        (tmp_path / "elsewhere").mkdir()
        work.symlink_to(tmp_path / "elsewhere")
    elif what == "a pipe":
        os.mkfifo(work)
    else:
        work.mkdir()
        name = "notes.txt" if what == "a file of mine" else RunSpec(*PLAN.runs[0], ".").path.name
        (work / name).write_text("thesis")
    before = tree(tmp_path)
    with pytest.raises(FileExistsError, match=r"'made' .*or choose another folder$"):
        run_plan(PLAN, tmp_path)
    assert tree(tmp_path) == before
    store.save(RESULTS, tmp_path)  # once the results are there, nobody needs the folder
    assert run_plan(PLAN, tmp_path) == RESULTS
    assert tree(tmp_path) == sorted([*before, "made.json"])


def test_what_i_lay_into_the_work_folder_stays(tmp_path, monkeypatch):
    drive = running._drive

    def busy(todo, *_):
        drive(todo)
        (tmp_path / "made" / "notes.txt").write_text("thesis")

    monkeypatch.setattr(running, "_drive", busy)
    run_plan(PLAN, tmp_path)
    assert tree(tmp_path) == ["made", "made.json", "made/notes.txt"]


def test_the_command_says_so_in_one_sentence(tmp_path, capsys):
    (tmp_path / "twin").mkdir()
    (tmp_path / "twin" / "notes.txt").write_text("thesis")
    assert cli.main(["results", "--plan", "twin", "--folder", str(tmp_path)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("prunelab results: the folder 'twin' holds files, such as 'notes.txt'")
    assert tree(tmp_path) == ["twin", "twin/notes.txt"]


def test_arms_whose_files_would_be_one_on_some_disks_are_refused():
    arm = made_plan().arms[0]
    with pytest.raises(ValueError, match=r"^arms: two are called"):
        Plan("twice", "", (arm, replace(arm, name=arm.name.upper())), (0,))
    for make in (lambda: Plan("p" * 101, "", (arm,), (0,)), lambda: replace(arm, name="a" * 101)):
        with pytest.raises(ValueError, match=r"^name='.*: a name has at most 100 letters$"):
            make()


def test_only_what_holds_a_run_of_the_plan_is_removed(tmp_path):
    work = tmp_path / "made"
    store.save(RESULTS, tmp_path)
    claim(work)
    first, second = RESULTS.runs[:2]
    runs.save(first, work)
    mine = RunSpec(second.config, second.seed, work).path
    mine.write_text("thesis")
    checkpoints = RunSpec(first.config, first.seed, work).second_checkpoints
    checkpoints.folder.mkdir()
    checkpoints.path(3).write_text("thesis")
    assert run_plan(PLAN, tmp_path) == RESULTS
    assert mine.read_text() == checkpoints.path(3).read_text() == "thesis"
    assert not RunSpec(first.config, first.seed, work).path.exists()
