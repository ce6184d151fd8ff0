"""Stored runs: written whole, read strictly, refused where they do not fit."""

import hashlib
import io
import os
import sys
from dataclasses import replace

import numpy as np
import pytest

from prunelab.base import json_files
from prunelab.base.host import INSTRUCTION_SETS, instruction_sets, provenance
from prunelab.experiments import ExperimentConfig, RunResult, runs
from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.results import InputSelection, Phase, Score
from prunelab.experiments.spec import RunSpec
from prunelab.schedules import ConstantSparsity
from tests.helpers.stored_json import put, rewrite

CONFIG = ExperimentConfig(
    "tiny", "twin", (4,), 100, dense_epochs=2, more_epochs=2, schedule=ConstantSparsity(0.5, 1)
)
KERNELS = {"hidden_1": np.ones((125, 4), np.float32), "output": np.zeros((4, 1), np.float32)}


@pytest.fixture
def result():
    return RunResult(
        config=CONFIG,
        seed=3,
        data_digest="d" * 64,
        dense=Phase((0.5, 0.25), (0.6, 0.3), {}, 20, 1.5),
        second=Phase((0.2, 0.1), (0.2, 0.15), {"hidden_1": (0, 250), "output": (0, 2)}, 20, 1.75),
        dense_train=Score(0.25, 0.5),
        dense_val=Score(0.3, 0.4),
        train=Score(0.1, 0.8),
        val=Score(0.15, 0.7),
        test=Score(0.16, 0.69),
        inputs=InputSelection(125, 0.496, 1.0, 0.75, 0.625),
        zeros={"hidden_1": 250, "output": 2},
        provenance=provenance(1),
    )


def fitting(result, config):
    """The result as one of `config`: its epochs, steps and zeros."""
    phases = {}
    for name, epochs in (("dense", config.dense_epochs), ("second", config.more_epochs)):
        losses = (0.5,) * epochs
        phases[name] = Phase(losses, losses, {}, epochs * config.steps_per_epoch, 1.0)
    zeros = config.planned_zeros()
    if config.schedule is not None:
        counted = {name: (count,) * config.more_epochs for name, count in zeros.items()}
        phases["second"] = replace(phases["second"], zeros=counted)
    return replace(result, config=config, zeros=zeros, **phases)


@pytest.fixture
def stored(result, tmp_path):
    return runs.save(result, tmp_path)


def test_a_run_comes_back_as_it_was(result, stored, tmp_path):
    assert stored == RunSpec(CONFIG, 3, tmp_path).path
    assert stored.name == "tiny-seed3.json"
    assert runs.load(CONFIG, 3, tmp_path) == result
    assert runs.load(CONFIG, 3, tmp_path, data_digest="d" * 64) == result
    assert os.listdir(tmp_path) == [stored.name]


def test_what_a_result_says_of_itself(result):
    assert result.sparsity == {"hidden_1": 0.5, "output": 0.5}
    assert result.total_sparsity == 0.5
    assert result.epoch_sparsity == (0, 0, 0, 0.5)
    assert repr(result) == (
        "RunResult(tiny, seed 3: 50.00% zeros, validation MSE 0.15000, R² 0.7000)"
    )
    control = replace(result, second=replace(result.second, zeros={}))
    assert control.epoch_sparsity == (0, 0, 0, 0)


def test_saving_again_replaces_the_file(result, stored, tmp_path):
    runs.save(replace(result, val=Score(0.125, 0.75)), tmp_path)
    assert runs.load(CONFIG, 3, tmp_path).val.mse == 0.125


def test_exists(stored, tmp_path):
    assert RunSpec(CONFIG, 3, tmp_path).exists()
    assert not RunSpec(CONFIG, 4, tmp_path).exists()
    with pytest.raises(FileNotFoundError, match=r"tiny-seed4.json is not in .*prunelab run"):
        runs.load(CONFIG, 4, tmp_path)


def test_folder_by_default(monkeypatch, tmp_path, result):
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "mine"))
    assert runs.save(result).parent == tmp_path / "mine"
    assert runs.load(CONFIG, 3) == result
    monkeypatch.delenv("PRUNELAB_RUNS")
    assert RunSpec(CONFIG, 3).path.parent.name == "runs"


def test_prepare_makes_the_folder_and_leaves_nothing_in_it(tmp_path):
    runs.prepare(tmp_path / "new" / "runs")
    assert os.listdir(tmp_path / "new" / "runs") == []


def test_prepare_refuses_a_folder_that_cannot_hold_runs(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "runs"):
        with pytest.raises(runs.RunError, match=r"cannot hold runs \(.*\): name another") as caught:
            runs.prepare(folder)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("seed", [-1, 0.5, None, "0", 2**32])
def test_impossible_seeds(seed, tmp_path):
    with pytest.raises((TypeError, ValueError), match=r"^seed="):
        RunSpec(CONFIG, seed, tmp_path)


def test_stored_finds_every_run_of_the_seed(result, tmp_path):
    other = replace(CONFIG, name="another", learning_rate=0.5)
    third = replace(CONFIG, name="tiny_too", more_epochs=3)
    for config, seed in ((CONFIG, 3), (other, 3), (third, 3), (CONFIG, 13), (other, 4)):
        runs.save(fitting(replace(result, seed=seed), config), tmp_path)
    found = runs.stored(3, tmp_path)
    assert [run.config.name for run in found] == ["another", "tiny", "tiny_too"]
    RunSpec(other, 3, tmp_path).path.rename(tmp_path / "tiny_and-seed3.json")
    with pytest.raises(runs.RunError, match="is a run of 'another': give it its own name"):
        runs.stored(3, tmp_path)
    with pytest.raises(runs.RunError, match="holds no run of seed 5"):
        runs.stored(5, tmp_path)
    with pytest.raises(runs.RunError, match="holds no run of seed 5"):
        runs.stored(5, tmp_path / "nowhere")


def test_stored_keeps_arms_of_one_first_phase_together(result, tmp_path):
    for name, rate in (("a", 0.5), ("b", 0.25), ("c", 0.5)):
        config = replace(CONFIG, name=name, learning_rate=rate)
        runs.save(replace(result, config=config), tmp_path)
    assert [run.config.name for run in runs.stored(3, tmp_path)] == ["a", "c", "b"]


def test_stored_refuses_a_named_run_of_other_settings(result, tmp_path):
    runs.save(replace(result, config=replace(CONFIG, name="twin")), tmp_path)
    with pytest.raises(runs.RunError, match="other settings than 'twin'"):
        runs.stored(3, tmp_path)


NOT_CONFIGS = [5, None, {}, ["article"], b"article", ExperimentConfig]


@pytest.mark.parametrize("config", ["articel", *NOT_CONFIGS])
@pytest.mark.parametrize("function", [RunSpec, runs.load, runs.load_weights])
def test_a_config_that_is_none(function, config, tmp_path):
    error = ValueError if isinstance(config, str) else TypeError
    with pytest.raises(error, match=r"^config=.*article, article_completed") as caught:
        function(config, 0, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("folder", [5, True, b"runs", ["runs"], "a\0b"])
def test_a_folder_that_is_none(folder, result):
    calls = [
        lambda: RunSpec(CONFIG, 0, folder),
        lambda: runs.load(CONFIG, 0, folder),
        lambda: runs.load_weights(CONFIG, 0, folder),
        lambda: runs.save(result, folder),
        lambda: runs.prepare(folder),
    ]
    for call in calls:
        with pytest.raises(TypeError, match=r"^folder is a .*: write the name of a folder"):
            call()


def test_a_name_stands_for_its_config(result, tmp_path):
    config = replace(CONFIGS["twin"], learning_rate=0.5)
    twin = CONFIGS["twin"]
    runs.save(fitting(result, twin), tmp_path)
    assert RunSpec("twin", 3, tmp_path).exists()
    with pytest.raises(runs.RunError, match="other settings than 'twin'"):
        runs.load(config, 3, tmp_path)
    assert runs.load("twin", 3, str(tmp_path)).config is not CONFIGS["twin"]
    assert runs.load("twin", 3, tmp_path).config == CONFIGS["twin"]


@pytest.mark.parametrize("value", [None, CONFIG, {}, "article"])
def test_only_results_are_saved(value, tmp_path):
    with pytest.raises(TypeError, match=r"^result=.*: only a RunResult"):
        runs.save(value, tmp_path / "new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([1], r"^weights=\[1\]: write a dict of arrays"),
        (np.ones(3), "^weights=array"),
        ({1: np.ones(3)}, "the name 1: write"),
        ({"file": np.ones(3)}, "the name 'file'"),
        ({"allow_pickle": np.ones(1)}, "the name 'allow_pickle'"),
        ({"hidden_1": [[1], [1, 2]]}, r"^weights\['hidden_1'\]=.*an array of real numbers"),
        ({"hidden_1": None}, r"^weights\['hidden_1'\]=None"),
    ],
)
def test_weights_that_are_none_are_refused_before_anything_is_written(
    weights, words, result, tmp_path
):
    with pytest.raises(TypeError, match=words) as caught:
        runs.save(result, tmp_path / "new", weights)
    assert "\n" not in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_run_of_other_settings_is_refused(stored, tmp_path):
    other = replace(CONFIG, learning_rate=0.5)
    with pytest.raises(runs.RunError, match="other settings than 'tiny'"):
        runs.load(other, 3, tmp_path)


def test_a_run_of_another_seed_or_other_data_is_refused(stored, tmp_path):
    stored.rename(RunSpec(CONFIG, 4, tmp_path).path)
    with pytest.raises(runs.RunError, match="a run of seed 3, not of seed 4"):
        runs.load(CONFIG, 4, tmp_path)
    RunSpec(CONFIG, 4, tmp_path).path.rename(stored)
    with pytest.raises(runs.RunError, match="saw other data"):
        runs.load(CONFIG, 3, tmp_path, data_digest="e" * 64)


def test_a_torn_file_is_refused_wherever_it_is_torn(stored, tmp_path):
    content = stored.read_bytes()
    for length in {0, 1, len(content) // 2, len(content) - 3, *range(0, len(content) - 2, 97)}:
        stored.write_bytes(content[:length])
        with pytest.raises(runs.RunError, match="damaged") as caught:
            runs.load(CONFIG, 3, tmp_path)
        assert "\n" not in str(caught.value)


def test_a_flipped_bit_is_refused_wherever_it_is(stored, tmp_path, result):
    content = bytearray(stored.read_bytes())
    end = len(content) - 1  # the line's end is not part of the run
    for position in range(0, end, 41):
        flipped = bytearray(content)
        flipped[position] ^= 1
        stored.write_bytes(flipped)
        with pytest.raises(runs.RunError):
            runs.load(CONFIG, 3, tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"seed":3', '"seed":NaN'),
        ('"seed":3', '"seed":Infinity'),
        ('"seed":3', '"seed":1e999'),
        ('"seed":3', '"seed":-1e999'),
        ('"seed":3', '"seed":' + "9" * 10_000 + ".5"),
        ('"seed":3', '"seed":3, "seed":3'),
        ('"seed":3', '"seed":' + "[" * 100_000 + "]" * 100_000),
        ('"seed":3', '"seed":' + "9" * 10_000),
        ('"format":2', '"format":1'),
        ('"mse":0.15', '"mse":0.14'),
        ('"threads":1', '"threads":2'),
    ],
)
def test_text_that_no_run_writes_is_refused(stored, tmp_path, old, new):
    text = stored.read_text()
    assert old in text
    stored.write_text(text.replace(old, new, 1))
    with pytest.raises(runs.RunError) as caught:
        runs.load(CONFIG, 3, tmp_path)
    assert str(caught.value).startswith(stored.name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_no_depth_of_nesting_escapes(stored, tmp_path):
    """Reading and digesting reach Python's limit of nesting at different depths."""
    text = stored.read_text()
    for depth in range(850, 1000):
        nested = "[" * depth + "]" * depth
        stored.write_text(text.replace('"threads":1', f'"threads":{nested}'))
        with pytest.raises(runs.RunError, match=r"^tiny-seed3.json (is damaged|was changed)"):
            runs.load(CONFIG, 3, tmp_path)


@pytest.mark.parametrize("text", ["[]", "3", "null", "{}", '"run"', '{"format": 1}', "\ufeff{}"])
def test_json_that_is_no_run(stored, tmp_path, text):
    stored.write_text(text, encoding="utf-8")
    with pytest.raises(runs.RunError):
        runs.load(CONFIG, 3, tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        put("run", value=[]),
        put("run", "more", value=1),
        put("run", "seed", value="3"),
        put("run", "seed", value=-3),
        put("run", "data_digest", value=7),
        put("run", "zeros", value={"hidden_1": 250}),
        put("run", "zeros", value=[250, 2]),
        put("run", "zeros", "output", value=0.5),
        put("run", "val", "mse", value="0.1"),
        put("run", "val", "mse", value=-0.1),
        put("run", "val", "r2", value=1.5),
        put("run", "test", value=0.5),
        put("run", "inputs", value=[]),
        put("run", "inputs", "auc", value=1.5),
        put("run", "inputs", "recall", value="1"),
        put("run", "inputs", "surviving", value=-1),
        put("run", "inputs", "surviving", value=0.5),
        put("run", "inputs", "more", value=1),
        put("run", "config", "cut", value=1),
        put("run", "config", "patience", value=0),
        put("run", "second", "loss", value=[0.1]),
        put("run", "second", "loss", value="ab"),
        put("run", "second", "loss", value=[None, 0.1]),
        put("run", "second", "zeros", value={"hidden_1": [1]}),
        put("run", "second", "steps", value=0),
        put("run", "dense", "seconds", value=None),
        put("run", "provenance", value="mine"),
        put("run", "config", "batch_size", value=0),
        put("run", "config", "schedule", value="cubic"),
        put("run", "config", "name", value="../tiny"),
        put("config_digest", value="0" * 64),
    ],
)
def test_wrong_values_are_refused_even_under_a_right_digest(stored, tmp_path, change):
    rewrite(stored, change)
    with pytest.raises(runs.RunError) as caught:
        runs.load(CONFIG, 3, tmp_path)
    assert "\n" not in str(caught.value)


def test_a_run_from_before_test_rows_and_inputs_were_measured_is_read(stored, tmp_path):
    rewrite(stored, put("run", "test", value=None))
    rewrite(stored, put("run", "inputs", value=None))
    found = runs.load(CONFIG, 3, tmp_path)
    assert (found.test, found.inputs) == (None, None)


def test_resealing_alone_is_no_damage(stored, tmp_path, result):
    rewrite(stored, lambda values: None)
    assert runs.load(CONFIG, 3, tmp_path) == result


def test_what_is_not_a_plain_file_is_refused(stored, tmp_path):
    elsewhere = tmp_path / "elsewhere.json"
    stored.rename(elsewhere)
    stored.symlink_to(elsewhere)
    with pytest.raises(runs.RunError, match="not a plain file"):
        runs.load(CONFIG, 3, tmp_path)
    stored.unlink()
    stored.mkdir()
    with pytest.raises(runs.RunError, match="not a plain file"):
        runs.load(CONFIG, 3, tmp_path)
    stored.rmdir()
    os.mkfifo(stored)
    with pytest.raises(runs.RunError, match="not a plain file"):
        runs.load(CONFIG, 3, tmp_path)
    stored.unlink()
    stored.symlink_to(tmp_path / "nowhere")
    assert RunSpec(CONFIG, 3, tmp_path).exists()
    with pytest.raises(runs.RunError, match="not a plain file"):
        runs.load(CONFIG, 3, tmp_path)


def test_a_giant_is_not_even_read(stored, tmp_path):
    with stored.open("r+b") as file:
        file.truncate(50 * 2**30)
    with pytest.raises(runs.RunError, match="larger than"):
        runs.load(CONFIG, 3, tmp_path)


def test_nothing_that_is_not_a_number_is_written(result, tmp_path):
    broken = replace(result, val=Score(float("nan"), 0.0))
    with pytest.raises(ValueError, match="not JSON compliant"):
        runs.save(broken, tmp_path)
    assert os.listdir(tmp_path) == []


def test_weights_come_back(result, tmp_path):
    stored = runs.save(result, tmp_path, KERNELS)
    loaded = runs.load_weights(CONFIG, 3, tmp_path)
    assert loaded.keys() == KERNELS.keys()
    assert all(np.array_equal(loaded[name], KERNELS[name]) for name in KERNELS)
    assert sorted(os.listdir(tmp_path)) == [stored.name, "tiny-seed3.npz"]


def test_weights_that_are_missing_or_changed_are_refused(result, tmp_path):
    runs.save(result, tmp_path)
    with pytest.raises(runs.RunError, match="stored without weights"):
        runs.load_weights(CONFIG, 3, tmp_path)
    archive = runs.save(result, tmp_path, KERNELS).with_suffix(".npz")
    archive.write_bytes(archive.read_bytes()[:-10])
    with pytest.raises(runs.RunError, match=r"tiny-seed3.npz is damaged or of another run"):
        runs.load_weights(CONFIG, 3, tmp_path)
    archive.unlink()
    with pytest.raises(runs.RunError, match=r"tiny-seed3.npz"):
        runs.load_weights(CONFIG, 3, tmp_path)


class Bomb:
    """Unpickling this calls os.mkdir."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def test_no_pickle_is_written_or_loaded(result, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match="an array of real numbers"):
        runs.save(result, tmp_path, {"evil": np.array([Bomb()])})
    stored = runs.save(result, tmp_path, KERNELS)
    archive = stored.with_suffix(".npz")
    np.savez(archive, evil=np.array([Bomb()], dtype=object), allow_pickle=True)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    rewrite(stored, put("weights_digest", value=digest))
    with pytest.raises(runs.RunError, match="not a file of arrays"):
        runs.load_weights(CONFIG, 3, tmp_path)
    assert not (tmp_path / "exploded").exists()


def test_a_failed_write_leaves_the_old_run_and_no_litter(result, stored, tmp_path, monkeypatch):
    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space"):
        runs.save(replace(result, seed=3, val=Score(9.0, -17.0)), tmp_path)
    monkeypatch.undo()
    assert os.listdir(tmp_path) == [stored.name]
    assert runs.load(CONFIG, 3, tmp_path) == result


def test_a_stored_run_names_no_host_user_or_path(result, stored):
    text = stored.read_text()
    assert os.uname().nodename not in text
    assert os.getcwd() not in text
    assert sys.prefix not in text
    assert set(result.provenance) == {
        "python",
        "packages",
        "system",
        "machine",
        "instruction_sets",
        "threads",
        "onednn",
    }
    assert all(result.provenance["packages"].values())


def test_instruction_sets(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("processor : 0\nmodel name : x\nflags : fpu avx2 fma secret\n")
    assert instruction_sets(cpuinfo) == ["avx2", "fma"]
    assert instruction_sets(tmp_path / "none") == []
    assert set(instruction_sets()) <= set(INSTRUCTION_SETS)


# --- plain values, with a digest


VALUES = {"model": "ridge", "alpha": 0.1, "list": [1, None, "é"]}


def test_values_come_back(tmp_path):
    target = tmp_path / "values.json"
    assert json_files.load_values(target) is None
    json_files.save_values(VALUES, target)
    assert json_files.load_values(target) == VALUES
    assert os.listdir(tmp_path) == ["values.json"]


def test_changed_values_are_refused_in_one_sentence(tmp_path):
    target = tmp_path / "values.json"
    json_files.save_values(VALUES, target)
    text = target.read_text()
    changes = ["", "{", "[]", "3", "null", text[:-9], text.replace("0.1", "0.2"), "[" * 100_000]
    changes += ['{"values": 1}', '{"values": 1, "digest": "0"}', text.replace("ridge", "NaN")]
    for changed in changes:
        target.write_text(changed)
        with pytest.raises(
            runs.RunError, match=r"^values.json is damaged .*(run again|another name)$"
        ) as caught:
            json_files.load_values(target)
        assert "\n" not in str(caught.value)
    with target.open("wb") as file:
        file.truncate(2**40)
    with pytest.raises(runs.RunError, match="larger than"):
        json_files.load_values(target)
    target.unlink()
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(runs.RunError, match="not a plain file"):
        json_files.load_values(target)


def _archive(**arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


FOREIGN = {
    "a bomb": _archive(hidden_1=np.zeros((125, 4), np.float32), more=np.zeros(10**7)),
    "another shape": _archive(hidden_1=np.zeros((4, 125), np.float32)),
    "a bias of another shape": _archive(hidden_1_bias=np.zeros(5, np.float32)),
    "texts": _archive(hidden_1=np.array(["a"] * 500)),
    "no zip": b"no zip",
    "nothing": b"",
    "half of one": _archive(**KERNELS)[:200],
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_arrays_that_are_not_the_networks_are_refused_whatever_the_digest_says(
    result, tmp_path, kind
):
    stored = runs.save(result, tmp_path, KERNELS)
    stored.with_suffix(".npz").write_bytes(FOREIGN[kind])
    digest = hashlib.sha256(FOREIGN[kind]).hexdigest()
    rewrite(stored, put("weights_digest", value=digest))
    with pytest.raises(runs.RunError, match=r"^tiny-seed3\.npz is not a file of arrays \(.*\): re"):
        runs.load_weights(CONFIG, 3, tmp_path)


def test_weights_of_another_shape_are_not_stored(result, tmp_path):
    with pytest.raises(ValueError, match=r"^weights\['output'\] has the shape \(1, 4\): the netwo"):
        runs.save(result, tmp_path, {"output": np.zeros((1, 4), np.float32)})
    assert os.listdir(tmp_path) == []


def test_a_result_that_cannot_have_been_is_not_stored(result, tmp_path):
    with pytest.raises(runs.RunError, match="does not hold a run: data_digest='x'"):
        runs.save(replace(result, data_digest="x"), tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_long_run_is_read_again(result, tmp_path):
    """Once larger than four megabytes, and refused by the reader of what it had written."""
    config = replace(CONFIG, dense_epochs=0, more_epochs=100_000, schedule=None)
    run = fitting(result, config)
    losses = tuple(1 / (n + 3) for n in range(100_000))
    run = replace(run, second=replace(run.second, loss=losses, val_loss=losses))
    stored = runs.save(run, tmp_path)
    assert stored.stat().st_size > 4 * 2**20
    assert runs.load(config, 3, tmp_path) == run


@pytest.mark.parametrize("ending", [".json", ".npz"])
@pytest.mark.parametrize("kind", ["mine", "folder", "link", "pipe"])
def test_a_file_of_mine_called_like_the_run_is_refused_and_kept(result, tmp_path, ending, kind):
    place = RunSpec(result.config, result.seed, tmp_path).path.with_suffix(ending)
    if kind == "mine":
        place.write_text('{"notes": "thesis"}')
    elif kind == "folder":
        place.mkdir()
    elif kind == "link":
        place.symlink_to(tmp_path / "elsewhere")
    else:
        os.mkfifo(place)
    before = os.lstat(place)
    weights = {"extra": np.ones(3)}
    asked = RunSpec(result.config, result.seed, tmp_path)
    for act in (
        lambda: runs.refuse_foreign(asked, weights=True),
        lambda: runs.save(result, tmp_path, weights),
    ):
        with pytest.raises(runs.RunError, match="move it away, or choose another folder"):
            act()
    assert os.lstat(place) == before
    assert os.listdir(tmp_path) == [place.name]
    if ending == ".npz":
        runs.refuse_foreign(asked)


def test_nobody_is_told_to_remove_a_file_that_is_not_ours(result, tmp_path):
    notes = '{"notes": [1, 2'
    (tmp_path / "values.json").write_text(notes)
    RunSpec(result.config, result.seed, tmp_path).path.write_text(notes)
    for ask in (
        lambda: json_files.load_values(tmp_path / "values.json"),
        lambda: runs.load(result.config, result.seed, tmp_path),
    ):
        with pytest.raises(runs.RunError, match="choose another folder") as caught:
            ask()
        assert "remove" not in str(caught.value)
