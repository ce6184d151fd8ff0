"""The runs stored with the course: whole, of the settings and data they name, pruned as planned."""

from pathlib import Path

import pytest

from prunelab import data, runs
from prunelab.experiment import CONFIGS

FOLDER = Path(__file__).parent.parent / "course" / "runs"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix == ".json")
SEEDS = {path: int(path.stem.rsplit("-seed", 1)[1]) for path in FILES}


def stored(path):
    return runs.load(CONFIGS[path.stem.rsplit("-seed", 1)[0]], SEEDS[path], FOLDER)


def test_the_chapters_runs_are_there():
    names = {path.name for path in FILES}
    arms = ("article", "article_completed", "article_control", "article_continued")
    assert {f"{arm}-seed0.json" for arm in arms} <= names


def test_nothing_else_is_stored_and_all_of_it_is_small():
    assert {path for path in FOLDER.iterdir() if path.is_file()} == set(FILES)
    assert all(path.stat().st_size < 40_000 for path in FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_run_did_what_its_settings_say(path):
    result = stored(path)
    config = result.config
    assert result.zeros == config.planned_zeros()
    assert result.dense.steps == config.steps_per_epoch * config.dense_epochs
    assert result.second.steps == config.steps_per_epoch * config.more_epochs
    assert len(result.second.val_loss) == config.more_epochs
    assert result.val.mse == pytest.approx(result.second.val_loss[-1], rel=1e-8)
    assert result.dense_val.mse == pytest.approx(result.dense.val_loss[-1], rel=1e-8)
    assert set(result.provenance) >= {"python", "packages", "threads", "instruction_sets"}
    if config.schedule is not None:
        preflight = config.preflight()
        for epoch in range(config.more_epochs):
            so_far = preflight.update_steps <= (epoch + 1) * config.steps_per_epoch
            expected = config.schedule.sparsity(preflight.update_steps[so_far][-1:])
            sparsity = result.second.zeros["hidden_1"][epoch] / config.kernel_sizes["hidden_1"]
            assert sparsity == pytest.approx(expected[0] if len(expected) else 0, abs=1e-5)


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
