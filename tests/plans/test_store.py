"""Plans: which runs a comparison needs, and the one file that stores what they found."""

import json
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import pytest

from prunelab import plans
from prunelab.experiments import ExperimentConfig, runs
from prunelab.plans import PLANS, store
from prunelab.plans.baselines import MODELS
from prunelab.search import load
from tests.helpers.made_plans import made_plan, made_results
from tests.helpers.stored_json import rewrite


@pytest.fixture
def made():
    return made_results()


@pytest.fixture
def stored(made, tmp_path):
    return store.save(made, tmp_path)


# --- the plans there are


def test_the_plans_have_the_arms_and_seeds_that_were_promised():
    sizes = {name: (len(plan.arms), len(plan.seeds)) for name, plan in PLANS.items()}
    assert sizes == {
        "full": (4, 3),
        "short": (15, 8),
        "blocks": (4, 8),
        "causes": (19, 8),
        "causes_twin": (19, 8),
        "longer": (3, 8),
        "structures": (13, 8),
        "rivals": (11, 8),
        "knobs": (14, 8),
        "twin": (15, 3),
    }
    short = PLANS["short"]
    assert {arm.dense_epochs + arm.more_epochs for arm in short.arms} == {40, 80}
    full = {arm.name: arm for arm in PLANS["full"].arms}
    assert full["article"].planned_zeros()["hidden_1"] == 296_352
    assert full["article_dense"].more_epochs == 0
    targets = {
        arm.name: round(arm.preflight().realised_sparsity, 4) for arm in short.arms if arm.schedule
    }
    assert targets == {
        "completed_50": 0.5,
        "completed_75": 0.75,
        "completed_90": 0.9,
        "completed_95": 0.95,
        "completed_98": 0.98,
        "one_shot": 0.75,
        "random_mask": 0.75,
        "from_first_step": 0.75,
    }
    assert all(
        arm.preflight().ok for arm in short.arms if arm.schedule and arm.criterion != "random"
    )


@pytest.mark.parametrize("plan", PLANS.values(), ids=lambda plan: plan.name)
def test_a_plan_names_each_run_once_and_keeps_first_phases_together(plan):
    assert len(plan.runs) == len(set(plan.runs)) == len(plan.arms) * len(plan.seeds)
    assert len({arm.name for arm in plan.arms}) == len(plan.arms)
    assert len({arm.data for arm in plan.arms}) == 1
    keys = [(arm.dense_digest, seed) for arm, seed in plan.runs]
    changes = sum(a != b for a, b in pairwise(keys))
    assert changes + 1 == len(set(keys))
    assert len(plan.linear_fits) == 2 * len(plan.seeds) * plan.linear
    assert store.plan_named(plan.name) is plan is store.plan_named(plan)


def test_the_smaller_net_has_the_weights_that_three_quarters_of_zeros_leave():
    for name in ("short", "twin"):
        plan = PLANS[name]
        pruned, smaller = plan.arm("completed_75"), plan.arm("smaller")
        left = sum(pruned.kernel_sizes.values()) - sum(pruned.planned_zeros().values())
        assert sum(smaller.kernel_sizes.values()) == pytest.approx(left, rel=0.01)


def test_the_twins_plan_is_the_short_one_made_small():
    for arm, twin in zip(PLANS["short"].arms, PLANS["twin"].arms, strict=True):
        assert twin.name == arm.name
        assert twin.steps_per_epoch == arm.steps_per_epoch
        small = {"data": "twin", "hidden": twin.hidden, "batch_size": 128}
        assert twin == replace(arm, **small)


def test_the_blocks_plan_differs_from_the_short_one_in_its_blocks_alone():
    for arm in PLANS["blocks"].arms:
        percent = arm.name.removeprefix("blocks_4x1_")
        single = PLANS["short"].arm(f"completed_{percent}")
        assert arm == replace(single, name=arm.name, block_size=(4, 1))
        assert arm.dense_digest == single.dense_digest
        zeros = arm.planned_zeros()
        assert zeros["output"] == 0
        for name in ("hidden_1", "hidden_2"):
            assert zeros[name] == pytest.approx(single.planned_zeros()[name], abs=4)
            assert zeros[name] % 4 == 0
    assert set(PLANS["blocks"].seeds) <= set(PLANS["short"].seeds)


def test_the_winner_is_the_best_trial_of_the_stored_search():
    found = load(Path(__file__).resolve().parents[2] / "course/runs/search.journal")
    best, winner = found.best, PLANS["rivals"].arm("winner")
    assert winner.more_learning_rate == pytest.approx(best.candidate.learning_rate, rel=1e-3)
    for field in fields(winner.schedule):
        ours, its = (getattr(s, field.name) for s in (winner.schedule, best.candidate.schedule))
        assert ours == pytest.approx(its, rel=1e-4), field.name
    # Its rivals are judged on seeds that took no part in choosing it.
    assert not set(PLANS["rivals"].seeds) & set(found.seeds)


def test_each_cause_differs_from_an_arm_in_one_thing():
    """All settings but one, its companions apart, are those of the arm it is compared with."""
    for name in ("causes", "causes_twin"):
        plan = PLANS[name]
        pairs = {
            "shake_random": ("control", {"shake", "criterion"}),
            "shake_smallest": ("shake_random", {"criterion"}),
            "hidden_95": ("completed_95", {"prune_output"}),
            "hidden_95_l2": ("hidden_95", {"l2"}),
            "completed_75_l2": ("completed_75", {"l2"}),
            "shake_random_l2": ("shake_random", {"l2"}),
            "l2": ("control", {"l2"}),
            "smaller_l2": ("l2", {"hidden", "l2"} if name == "causes" else {"hidden"}),
            "control_rate_threefold": ("control", {"more_learning_rate"}),
        }
        for arm, (other, differ) in pairs.items():
            one, two = plan.arm(arm), plan.arm(other)
            found = {f.name for f in fields(one) if getattr(one, f.name) != getattr(two, f.name)}
            assert found == differ | {"name"}, arm
        early = plan.arm("early_restarted")
        assert (early.dense_epochs, early.more_epochs, early.restart) == (0, 80, 40)


def test_a_digest_is_of_all_settings():
    plan = made_plan()
    digests = {
        plan.digest,
        replace(plan, seeds=(0, 1)).digest,
        replace(plan, seeds=(0, 2, 1)).digest,
        replace(plan, linear=False).digest,
        replace(plan, arms=plan.arms[:-1]).digest,
        replace(plan, arms=(replace(plan.arms[0], batch_size=64), *plan.arms[1:])).digest,
    }
    assert len(digests) == 6
    assert replace(plan, about="other words").digest == plan.digest


@pytest.mark.parametrize("name", ["Full", "", None, 3, ["full"]])
def test_unknown_plans_and_arms(name):
    with pytest.raises(ValueError, match="the plans are full, short, blocks, causes") as caught:
        store.plan_named(name)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"the arms of 'made' are dense, control") as caught:
        made_plan().arm(name)
    assert "\n" not in str(caught.value)


# --- the file


def test_results_come_back_as_they_were(made, stored, tmp_path):
    assert stored == plans.path(made.plan, tmp_path)
    assert stored.name == "made.json"
    assert plans.load(made.plan, tmp_path) == made


def test_a_first_phase_is_written_once(made, stored):
    values = json.loads(stored.read_text())
    wanted = {(run.config.dense_digest, run.seed) for run in made.runs}
    assert len(values["first_phases"]) == len(wanted) < len(made.runs)


def test_results_by_arm(made):
    control = made.of("control")
    assert [run.seed for run in control] == [0, 1, 2]
    assert {run.config.name for run in control} == {"control"}
    for model in MODELS:
        assert [(fit.model, fit.seed) for fit in made.of(model)] == [(model, s) for s in range(3)]
    with pytest.raises(ValueError, match="arm='nobody'"):
        made.of("nobody")
    assert repr(made) == "PlanResults(made: 8 arms × 3 seeds, 24 runs, 6 linear fits)"


def test_order_does_not_count_and_nothing_may_be_missing(made):
    again = store.in_order(made.plan, made.runs[::-1], made.linear[::-1])
    assert again == made
    with pytest.raises(runs.RunError, match="made: 1 runs are missing, the first is dense seed 0"):
        store.in_order(made.plan, made.runs[1:], made.linear)
    fits = [fit for fit in made.linear if fit.seed != 2]
    with pytest.raises(runs.RunError, match="2 runs are missing, the first is ridge seed 2"):
        store.in_order(made.plan, made.runs, fits)


def test_a_file_that_is_missing_or_torn_or_changed_is_refused(made, stored, tmp_path):
    text = stored.read_text()
    changes = [text[:n] for n in range(0, len(text) - 2, len(text) // 40)]
    changes += ["[]", "3", "null", "{}", "[" * 100_000, text.replace('"seed": 1', '"seed": 2')]
    changes += [text.replace("0.", "1.", 1), text.replace('"format":1', '"format":2')]
    for changed in changes:
        if changed == text:
            continue
        stored.write_text(changed)
        with pytest.raises(
            runs.RunError,
            match=r"^made.json (cannot be used|is damaged).*(run again|another name)$",
        ) as caught:
            plans.load(made.plan, tmp_path)
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300
    with stored.open("r+b") as file:
        file.truncate(2**40)
    with pytest.raises(runs.RunError, match="larger than"):
        plans.load(made.plan, tmp_path)
    stored.unlink()
    with pytest.raises(runs.RunError, match=r"made.json is missing"):
        plans.load(made.plan, tmp_path)


def test_another_plans_file_is_refused(made, stored, tmp_path):
    other = replace(made.plan, seeds=(0, 1))
    with pytest.raises(runs.RunError, match="made by other settings than 'made' has now"):
        plans.load(other, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(format=2),
        lambda v: v.update(plan_digest="0"),
        lambda v: v.update(more=1),
        lambda v: v.update(runs=3),
        lambda v: v.update(runs=v["runs"][1:]),
        lambda v: v.update(linear=v["linear"][1:]),
        lambda v: v.update(first_phases={}),
        lambda v: v["runs"][0].update(dense="nobody"),
        lambda v: v["runs"][0].update(seed=99),
        lambda v: v["runs"][0]["val"].update(mse=-1),
        lambda v: v["runs"][0]["config"].update(batch_size=0),
        lambda v: v["linear"][0].update(model="ols"),
    ],
)
def test_wrong_values_are_refused_even_under_a_right_digest(change, made, stored, tmp_path):
    rewrite(stored, lambda values: None)
    assert plans.load(made.plan, tmp_path) == made
    rewrite(stored, change)
    with pytest.raises(runs.RunError) as caught:
        plans.load(made.plan, tmp_path)
    assert "\n" not in str(caught.value)


CONTROL = ExperimentConfig("control", "twin", (4,), 100)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "../evil"}, "name='../evil': a plan's name is letters"),
        ({"name": None}, "name=None"),
        ({"arms": ()}, "arms: a plan has one arm at least"),
        ({"arms": (CONTROL, "control")}, "arms: 'control' is no ExperimentConfig"),
        ({"arms": (CONTROL, replace(CONTROL, batch_size=50))}, "arms: two are called 'control'"),
        (
            {"arms": (CONTROL, replace(CONTROL, name="big", data="article"))},
            "arms: all must have one data set, not article and twin",
        ),
        ({"seeds": ()}, "seeds: a plan has one seed at least"),
        ({"seeds": (0, 1, 0)}, "seeds: 0 stands there twice"),
        ({"seeds": (0, -1)}, "seeds=-1"),
        ({"seeds": (0.5,)}, "seeds=0.5"),
        ({"seeds": 3}, "seeds=3: write a list of seeds"),
    ],
)
def test_impossible_plans_are_refused_in_one_sentence(changes, words):
    values = {"name": "mine", "about": "mine", "arms": (CONTROL,), "seeds": (0,)}
    assert plans.Plan(**values).runs == ((CONTROL, 0),)
    with pytest.raises((ValueError, TypeError), match=words) as caught:
        plans.Plan(**values | changes)
    assert "\n" not in str(caught.value)
