"""`prunelab run` and `prunelab reproduce`, with training replaced; and the comparison."""

import json
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest

from prunelab import plans
from prunelab.commands import cli
from prunelab.experiments import RunResult, data, runs
from prunelab.experiments.compare import as_text, compare
from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.results import InputSelection, Phase, Score
from prunelab.experiments.spec import RunSpec
from prunelab.plans import baselines, store
from tests.helpers.made_plans import made_results

TWIN = CONFIGS["twin"]


def result_of(config, seed=0, val=0.5, dense_val=1.0):
    """A result as a run of `config` would give it, without the training."""
    zeros = config.planned_zeros()
    epochs = config.more_epochs
    curve = {name: (0,) * (epochs - 1) + (count,) for name, count in zeros.items()}
    losses = (0.5,) * epochs
    steps = config.steps_per_epoch * epochs
    return RunResult(
        config=config,
        seed=seed,
        data_digest="d" * 64,
        dense=Phase(losses, losses, {}, steps, 1.0),
        second=Phase(losses, losses, curve if config.schedule else {}, steps, 1.0),
        dense_train=Score(0.0, 1.0),
        dense_val=Score(dense_val, 1 - dense_val),
        train=Score(0.0, 1.0),
        val=Score(val, 1 - val),
        test=Score(0.5, 0.5),
        zeros=zeros,
        inputs=InputSelection(10, 0.5, 1.0, 0.7, 0.6),
        provenance={"threads": 1},
    )


@pytest.fixture
def trained(monkeypatch):
    """Replaces TensorFlow's half: notes what is trained, and gives `outcome(config)` back."""
    calls = SimpleNamespace(dense=[], run=[], forgotten=[], outcome=result_of)

    def first_phase(spec, progress):
        config = spec.config
        progress(config.dense_epochs, config.dense_epochs, VALUES)
        calls.dense.append((config.data, spec.seed))
        return SimpleNamespace(digest=config.dense_digest)

    def run(config, seed, folder, *, dense, keep_weights, progress):
        assert dense.digest == config.dense_digest
        progress(config.more_epochs, config.more_epochs, VALUES)
        calls.run.append((config.name, seed))
        result = calls.outcome(config, seed)
        runs.save(result, folder)
        return result

    def first_checkpoints(spec):
        return SimpleNamespace(remove=lambda: calls.forgotten.append(spec.config.name))

    monkeypatch.setattr(RunSpec, "first_checkpoints", property(first_checkpoints))
    module = SimpleNamespace(first_phase=first_phase, run=run)
    monkeypatch.setitem(sys.modules, "prunelab.networks", module)
    monkeypatch.setattr("prunelab.networks", module, raising=False)
    return calls


VALUES = {"loss": 0.5, "val_loss": 0.25, "sparsity": 0.75}


def call(command, *words):
    return cli.main([command, *words])


def test_run_trains_stores_and_reports(trained, tmp_path, capsys):
    assert call("run", "twin", "--seed", "4", "--folder", str(tmp_path)) == 0
    assert trained.run == [("twin", 4)]
    assert runs.load(TWIN, 4, tmp_path) == result_of(TWIN, 4)
    printed = capsys.readouterr()
    assert "RunResult(twin, seed 4: 28.94% zeros" in printed.out
    assert "hidden_1 28.94 %" in printed.out
    assert "200/200" in printed.err
    assert "loss 5.00e-01, val_loss 2.50e-01, sparsity 75.00 %" in printed.err


def test_a_folder_that_cannot_hold_runs_is_found_before_training(trained, tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert call("run", "twin", "--folder", str(tmp_path / "file")) == 2
    assert "folder='file' cannot hold runs" in capsys.readouterr().err
    assert not trained.dense


def test_run_again_trains_nothing(trained, tmp_path):
    for _ in range(2):
        assert call("run", "twin", "--folder", str(tmp_path)) == 0
    assert trained.run == [("twin", 0)]


def test_arms_share_one_first_phase(trained, tmp_path):
    words = ["twin", "twin_completed", "twin_control", "article", "twin"]
    assert call("run", *words, "--folder", str(tmp_path)) == 0
    assert [name for name, _ in trained.run] == words[:-1]
    assert trained.dense == [("twin", 0), ("article", 0)]


@pytest.mark.parametrize("command", ["run", "reproduce"])
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["articel"], "config='articel': the configs are article, article_completed"),
        (["twin", "--seed", "x"], "seed='x': seed must be a whole number"),
        (["twin", "--seed", "1.5"], "seed='1.5'"),
        (["twin", "--seed=-1"], "seed=-1"),
    ],
)
def test_a_wrong_question_is_answered_in_one_sentence(command, words, sentence, trained, capsys):
    assert call(command, *words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"prunelab {command}: {sentence}")
    assert printed.err.count("\n") == 1
    assert not trained.run
    assert not printed.out


def test_a_damaged_stored_run_is_named(trained, tmp_path, capsys):
    RunSpec(TWIN, 0, tmp_path).path.write_text("{")
    for command in ("run", "reproduce"):
        assert call(command, "twin", "--folder", str(tmp_path)) == 2
        assert "twin-seed0.json is damaged" in capsys.readouterr().err


def test_reproduce_compares_with_what_is_stored(trained, tmp_path, capsys):
    runs.save(result_of(TWIN), tmp_path)
    before = RunSpec(TWIN, 0, tmp_path).path.read_bytes()
    assert call("reproduce", "twin", "--folder", str(tmp_path)) == 0
    assert trained.run == [("twin", 0)]
    assert "\nreproduced\n" in capsys.readouterr().out
    assert RunSpec(TWIN, 0, tmp_path).path.read_bytes() == before


def test_reproduce_wants_every_stored_run_by_default(trained, tmp_path, capsys):
    assert call("reproduce", "--folder", str(tmp_path)) == 2
    assert "holds no run of seed 0" in capsys.readouterr().err
    mine = replace(TWIN, name="mine", learning_rate=0.5)
    for config in (CONFIGS["article"], CONFIGS["article_control"], TWIN, mine):
        runs.save(result_of(config), tmp_path)
    runs.save(result_of(CONFIGS["twin_control"], seed=1), tmp_path)
    assert call("reproduce", "--folder", str(tmp_path)) == 0
    names = ["article", "article_control", "mine", "twin"]
    assert trained.run == [(name, 0) for name in names]
    assert trained.dense == [("article", 0), ("twin", 0), ("twin", 0)]
    printed = capsys.readouterr().out
    assert [f"\n{name}, seed 0\n" in printed for name in names] == [True] * 4


def test_reproduce_says_how_long_it_took_when_stored(trained, tmp_path, capsys):
    for name, seconds in (("article", 60.0), ("article_control", 120.0)):
        result = result_of(CONFIGS[name])
        phases = [replace(result.dense, seconds=240.0), replace(result.second, seconds=seconds)]
        runs.save(replace(result, dense=phases[0], second=phases[1]), tmp_path)
    assert call("reproduce", "--folder", str(tmp_path)) == 0
    assert capsys.readouterr().out.startswith("retraining what took 7 min when it was stored\n")


def test_reproduce_fails_where_the_run_differs(trained, tmp_path, capsys):
    runs.save(result_of(TWIN), tmp_path)
    trained.outcome = lambda config, seed: result_of(config, seed, val=0.63)
    assert call("reproduce", "twin", "--folder", str(tmp_path)) == 1
    printed = capsys.readouterr().out
    assert [line for line in printed.splitlines() if line.startswith("!")] == [
        line for line in printed.splitlines() if "val MSE, at the end" in line
    ]
    assert "NOT reproduced" in printed


# --- reproduce what a plan has stored


@pytest.fixture
def stored_plan(tmp_path):
    results = made_results(plans.PLANS["twin"])
    store.save(results, tmp_path)
    return results


def test_any_arm_of_a_plan_can_be_reproduced(trained, stored_plan, tmp_path, capsys):
    trained.outcome = lambda config, seed: stored_plan.of(config.name)[seed]
    words = ("one_shot", "control", "--plan", "twin", "--seed", "2", "--folder", str(tmp_path))
    assert call("reproduce", *words) == 0
    assert trained.run == [("control", 2), ("one_shot", 2)]
    printed = capsys.readouterr().out
    assert "\ncontrol, seed 2\n" in printed
    assert printed.endswith("\nreproduced\n")


def test_linear_models_are_arms_and_are_fitted_again(trained, stored_plan, tmp_path, capsys):
    fits = [baselines.fit(model, data.twin(1)) for model in ("ridge", "lasso")]
    store.save(replace(stored_plan, linear=(*stored_plan.linear, *fits)), tmp_path)
    words = ("--plan", "twin", "--seed", "1", "--folder", str(tmp_path))
    assert call("reproduce", "ridge", "lasso", *words) == 0
    assert trained.run == []
    printed = capsys.readouterr().out
    assert printed.startswith("retraining what took 0 min when it was stored\n\nridge, seed 1\n")
    assert "\nlasso, seed 1\n" in printed
    fits[0] = replace(fits[0], val=Score(1.02 * fits[0].val.mse, 0.9))
    store.save(replace(stored_plan, linear=(*stored_plan.linear, *fits)), tmp_path)
    assert call("reproduce", "ridge", *words) == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if line.startswith("!")]
    assert [line.split("  ")[0] for line in wrong] == ["! val MSE"]


def test_without_arms_all_of_the_seed_are_reproduced(trained, stored_plan, tmp_path, capsys):
    trained.outcome = lambda config, seed: stored_plan.of(config.name)[seed]
    assert call("reproduce", "--plan", "twin", "--folder", str(tmp_path)) == 1  # made-up fits
    assert len(trained.run) == len(plans.PLANS["twin"].arms)
    printed = capsys.readouterr().out
    assert "NOT reproduced" in printed
    named = {line.split()[1] for line in printed.splitlines() if line.startswith("!")}
    assert named <= {"data", "penalty", "inputs", "val", "test"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nonsense", "--plan", "twin"), "the arms of 'twin' are dense, control,"),
        (("control", "--plan", "twin", "--seed", "7"), "seed=7: the seeds of 'twin' are 0, 1, 2"),
        (("ridge", "--plan", "knobs"), "the arms of 'knobs' are control, base,"),
        (("control", "--plan", "short"), "short.json is missing: run it again"),
    ],
)
def test_what_a_plan_does_not_hold(trained, stored_plan, tmp_path, words, sentence, capsys):
    assert call("reproduce", *words, "--folder", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


# --- comparison


def differing(fresh, stored=None):
    return {check.what for check in compare(stored or result_of(TWIN), fresh) if not check.holds}


def test_the_same_run_holds():
    assert differing(result_of(TWIN)) == set()
    control = result_of(CONFIGS["twin_control"])
    assert differing(control, control) == set()


def test_each_difference_is_found():
    same = result_of(TWIN)
    off_by_one = {**same.zeros, "output": same.zeros["output"] + 1}
    later = {name: (0, *counts[:-1]) for name, counts in same.second.zeros.items()}
    cases = {
        "data": replace(same, data_digest="e" * 64),
        "seed": replace(same, seed=1),
        "config": replace(same, config=replace(TWIN, learning_rate=0.5)),
        "steps, dense phase": replace(same, dense=replace(same.dense, steps=1)),
        "steps, second phase": replace(same, second=replace(same.second, steps=1)),
        "zeros in output": replace(same, zeros=off_by_one),
        "zeros after each epoch": replace(same, second=replace(same.second, zeros=later)),
        "val MSE, dense phase": replace(same, dense_val=Score(1.03, 0.0)),
        "val MSE, at the end": replace(same, val=Score(0.37, 0.0)),
        "test MSE, at the end": replace(same, test=Score(0.37, 0.0)),
    }
    assert {name: differing(fresh) for name, fresh in cases.items()} == {
        name: {name} for name in cases
    }


def test_a_loss_on_the_other_side_of_the_dense_one_is_found():
    stored, fresh = result_of(TWIN, val=0.85), result_of(TWIN, val=0.95)
    assert differing(fresh, stored) == {"end against dense phase"}
    level = [result_of(TWIN, val=val) for val in (0.999, 1.001)]
    assert differing(*level) == set()


def test_small_differences_of_losses_are_allowed_and_nan_is_not():
    assert differing(result_of(TWIN, val=0.6, dense_val=0.99)) == set()
    assert "val MSE, at the end" in differing(result_of(TWIN, val=float("nan")))


def test_table_marks_what_does_not_hold():
    checks = compare(result_of(TWIN), result_of(TWIN, val=0.8))
    lines = as_text(checks).splitlines()
    assert len(lines) == len(checks) + 1
    assert [line[2:21] for line in lines if line[0] == "!"] == ["val MSE, at the end"]
    assert "within" in lines[-2]


# --- import


def test_importing_and_asking_wrongly_needs_no_tensorflow():
    code = (
        "import json, sys; from prunelab.commands.cli import main;"
        "code = main(['run', 'nonsense']); print(json.dumps([code, 'tensorflow' in sys.modules]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(out.stdout) == [2, False]
