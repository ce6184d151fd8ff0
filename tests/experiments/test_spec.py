"""`RunSpec`: one value for a run's settings, seed and folder."""

import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from prunelab.experiments.named_configs import CONFIGS
from prunelab.experiments.spec import RunSpec


def test_a_name_is_resolved_once_and_the_files_are_named_by_it(tmp_path):
    spec = RunSpec("twin", 7, str(tmp_path))
    assert spec.config is CONFIGS["twin"]
    assert spec == RunSpec(CONFIGS["twin"], 7, tmp_path)
    assert spec.path == tmp_path / "twin-seed7.json"
    assert spec.weights_path == tmp_path / "twin-seed7.npz"
    assert not spec.exists()
    spec.path.symlink_to(tmp_path / "nowhere")  # `runs.load` refuses it; a run must not replace it
    assert spec.exists()


def test_the_names_and_identities_of_checkpoints_are_those_of_earlier_versions(tmp_path):
    """Else a training that an earlier version began would begin anew."""
    config = CONFIGS["twin"]
    spec = RunSpec(config, 7, tmp_path)
    first, second = spec.first_checkpoints, spec.second_checkpoints
    assert first.path(3).name == f"dense-{config.dense_digest[:12]}-seed7-00003.ckpt"
    assert first.identity == f"{config.dense_digest} seed 7"
    assert second.path(12).name == "twin-seed7-00012.ckpt"
    assert second.identity == f"{config.digest} seed 7"
    assert first.folder == second.folder == tmp_path / "checkpoints"


def test_it_is_a_value_that_travels_to_other_processes(tmp_path):
    spec = RunSpec("article", 0, tmp_path)
    again = pickle.loads(pickle.dumps(spec))
    assert again == spec
    assert hash(again) == hash(spec)
    assert again != RunSpec("article", 1, tmp_path)
    with pytest.raises(FrozenInstanceError):
        spec.seed = 2


def test_without_a_folder_it_is_the_readers_own(monkeypatch, tmp_path):
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "mine"))
    assert RunSpec("article", 0).folder == Path(tmp_path / "mine")
