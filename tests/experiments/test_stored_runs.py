"""The runs stored with the course: whole, of the settings and data they name, pruned as planned."""

from pathlib import Path

import pytest

from prunelab import plans, search
from prunelab.experiments import data, runs
from prunelab.experiments.named_configs import CONFIGS

FOLDER = Path(__file__).resolve().parents[2] / "course" / "runs"
JSON = sorted(path for path in FOLDER.iterdir() if path.suffix == ".json")
PLANS = [path for path in JSON if path.stem in plans.PLANS]
FILES = [path for path in JSON if path not in PLANS]
SEARCH = FOLDER / "search.journal"
SEEDS = {path: int(path.stem.rsplit("-seed", 1)[1]) for path in FILES}


def stored(path):
    return runs.load(CONFIGS[path.stem.rsplit("-seed", 1)[0]], SEEDS[path], FOLDER)


def test_the_chapters_runs_are_there():
    names = {path.name for path in FILES}
    arms = ("article", "article_completed", "article_control", "article_continued")
    assert {f"{arm}-seed0.json" for arm in arms} <= names


def test_nothing_else_is_stored_and_all_of_it_is_small():
    assert {path for path in FOLDER.iterdir() if path.is_file()} == {*JSON, SEARCH}
    assert SEARCH.stat().st_size < 400_000
    assert all(path.stat().st_size < 40_000 for path in FILES)
    assert all(path.stat().st_size < 1_200_000 for path in PLANS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_run_did_what_its_settings_say(path):
    check(stored(path))


def check(result):
    config = result.config
    planned = config.planned_zeros()
    if not config.shake:
        more = 1 if config.l2 else 0  # a penalty may bring a weight to zero exactly
        assert result.zeros.keys() == planned.keys()
        assert all(0 <= result.zeros[name] - n <= more for name, n in planned.items())
    else:  # weights of a unit that is never active get no gradient, and stay where they were set
        most = 1 / 50 if config.criterion == "random" else 1 / 2
        assert all(result.zeros[name] < most * n for name, n in config.kernel_sizes.items())
    epochs = {"dense": config.dense_epochs, "second": config.more_epochs}
    for name, phase in (("dense", result.dense), ("second", result.second)):
        assert phase.steps == config.steps_per_epoch * len(phase.val_loss)
        assert len(phase.val_loss) == epochs[name] or (config.patience and name == "second")
    if config.dense_epochs:
        assert result.dense_val.mse == pytest.approx(result.dense.val_loss[-1], rel=1e-8)
    if config.more_epochs and not config.cut:
        kept = min if config.patience else lambda losses: losses[-1]
        assert result.val.mse == pytest.approx(kept(result.second.val_loss), rel=1e-8)
    assert set(result.provenance) >= {"python", "packages", "threads", "instruction_sets"}
    if config.schedule is not None:
        check_each_epoch(result, config)


def check_each_epoch(result, config):
    preflight = config.preflight()
    for epoch in range(config.more_epochs):
        so_far = preflight.update_steps <= (epoch + 1) * config.steps_per_epoch
        expected = config.schedule.sparsity(preflight.update_steps[so_far][-1:])
        size = config.kernel_sizes["hidden_1"]
        zeros = expected[0] * size if len(expected) else 0
        if config.pattern == "2:4":  # a last row without its four stays whole
            zeros = config.n_features // 4 * 2 * config.hidden[0]
        if config.pattern == "neurons":  # whole columns of the kernel
            left = max(round(config.hidden[0] * (1 - zeros / size)), 1)
            zeros = (config.hidden[0] - left) * config.n_features
        # tfmot rounds a float32 to whole weights, and keeps what is tied with the threshold.
        assert result.second.zeros["hidden_1"][epoch] == pytest.approx(zeros, abs=3 + 1e-6 * size)


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_is_whole_and_each_of_its_runs_did_what_its_settings_say(path):
    results = plans.load(path.stem, FOLDER)
    assert len(results.runs) == len(results.plan.arms) * len(results.plan.seeds)
    digests = {seed: data.load(results.plan.arms[0].data, seed).digest for seed in (0, 1)}
    for result in (*results.runs, *results.linear):
        assert result.data_digest == digests.get(result.seed, result.data_digest)
        assert 1 / 5 < result.test.mse / result.val.mse < 5  # the twin has 250 rows of each
    for result in results.runs:
        check(result)
        assert result.inputs.surviving <= result.config.n_features


@pytest.mark.parametrize(
    ("name", "seeds"),
    [
        ("full", 3),
        *((name, 8) for name in ("short", "causes", "causes_twin", "longer", "knobs", "rivals")),
    ],
)
def test_the_plans_of_the_chapters_are_stored(name, seeds):
    assert len(plans.load(name, FOLDER).plan.seeds) == seeds


def test_a_run_stored_alone_is_the_one_in_the_full_plan():
    full = plans.load("full", FOLDER)
    for arm in ("article", "article_completed", "article_control"):
        assert runs.load(CONFIGS[arm], 0, FOLDER) == full.of(arm)[0]


@pytest.mark.parametrize("seed", sorted(set(SEEDS.values())))
def test_arms_of_a_seed_share_their_data_and_their_first_phase(seed):
    arms = [stored(path) for path in FILES if SEEDS[path] == seed]
    assert {result.data_digest for result in arms} == {data.article(seed).digest}
    assert len({(result.dense.loss, result.dense_val) for result in arms}) == 1


def test_the_articles_zeros_to_the_weight():
    article = runs.load(CONFIGS["article"], 0, FOLDER)
    assert article.zeros == {"hidden_1": 296_352, "hidden_2": 303_464, "output": 296}
    completed = runs.load(CONFIGS["article_completed"], 0, FOLDER)
    assert completed.zeros == {"hidden_1": 768_000, "hidden_2": 786_432, "output": 768}


def test_the_search_of_the_chapter_is_whole_and_its_trials_are_what_preflight_let_pass():
    found = search.load(SEARCH)
    counted = [trial for trial in found.trials if trial.state != "refused"]
    assert (len(counted), found.seeds) == (40, (0, 1))
    for trial in found.of("complete"):
        config = found.config(trial)
        zeros = sum(config.planned_zeros().values())
        weights = sum(config.kernel_sizes.values())
        assert trial.values["nonzeros"] == pytest.approx(weights - zeros)
    for trial in found.of("refused"):
        assert trial.why
        assert not trial.curve
