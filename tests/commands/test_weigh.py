"""`prunelab weigh`: the network of the grid, the table of a file, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from prunelab.commands import weigh
from prunelab.experiments import ExperimentConfig

TINY = ExperimentConfig(
    "dense", data="twin", hidden=(6, 5), batch_size=128, dense_epochs=2, more_epochs=0
)


def test_the_grids_network_is_trained_once_and_loaded_after_that(tmp_path, monkeypatch):
    from prunelab.networks.stepping import Steps

    monkeypatch.setattr(weigh.store, "PLANS", {"short": SimpleNamespace(arm=lambda name: TINY)})
    trained, x, about = weigh._course_network(tmp_path)
    assert x.shape[1] == TINY.n_features
    assert "2 dense epochs, seed 0" in about
    monkeypatch.setattr(Steps, "step", lambda *_: pytest.fail("trained again"))
    loaded, _, _ = weigh._course_network(tmp_path)
    for ours, theirs in zip(loaded.kernels, trained.kernels, strict=True):
        assert np.array_equal(ours, theirs)


def test_where_the_measurement_goes_is_asked_before_the_hour(tmp_path, monkeypatch, capsys):
    from prunelab.commands import cli

    monkeypatch.setattr(weigh, "_course_network", lambda folder: pytest.fail("trained"))
    for out in (tmp_path, tmp_path / "no" / "measured.json"):
        words = ["weigh", "--grid", "--folder", str(tmp_path), "--out", str(out)]
        assert cli.main(words) == 2
        assert capsys.readouterr().err.startswith(f"prunelab weigh: path={out}: ")


def test_a_file_is_a_table_of_sizes_and_arrays(tmp_path, capsys):
    import json

    import h5py

    from prunelab.commands import cli

    path = tmp_path / "own.weights.h5"
    with h5py.File(path, "w") as file:
        file["dense/kernel"] = np.eye(20, dtype=np.float32)
        file["dense/bias"] = np.ones(20, np.float32)
    assert cli.main(["weigh", str(path)]) == 0
    text = capsys.readouterr().out
    assert "the file, gzip" in text
    assert "95.0 %       1,600  float32  dense/kernel (20 × 20)" in text
    assert cli.main(["weigh", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sizes"][0] | {"zeros": 0.95} == found["sizes"][0]
    assert found["sizes"][0]["bytes"] == path.stat().st_size
    assert [row["name"] for row in found["tensors"]] == ["dense/bias", "dense/kernel"]


def test_a_file_of_two_byte_floats_is_weighed_whole(tmp_path, capsys):
    """Its kernel was left out, and the other's zeros were called the model's."""
    import h5py
    from ml_dtypes import bfloat16

    from prunelab.commands import cli

    path, half = tmp_path / "own.weights.h5", np.eye(64, 256).astype(bfloat16)
    with h5py.File(path, "w") as file:
        file["first/kernel"] = half
        file["last/kernel"] = np.ones((256, 1), np.float32)
        file["last/words"] = [b"one", b"two"]
    assert cli.main(["weigh", str(path)]) == 0
    text = capsys.readouterr().out
    assert "98.1 %  bfloat16 and float32 weights" in text
    assert " 99.6 %      32,768  bfloat16 first/kernel (64 × 256)" in text
    assert "'last/words' (text) is not counted here, since its type cannot be read" in text
    bitmask = next(line for line in text.splitlines() if "bitmask" in line)
    assert int(bitmask.split()[3].replace(",", "")) < 2048 + 2 * 64 + 32 + 4 * 256 + 200


def test_json_is_of_files_alone(capsys):
    from prunelab.commands import cli

    assert cli.main(["weigh", "twin", "--json"]) == 2
    assert capsys.readouterr().err.startswith("prunelab weigh: json: only the rows of a file")


@pytest.mark.parametrize(
    "options", [["--threads", "2"], ["--seed", "1"], ["--sizes-only"], ["--quick"],
                ["--folder", "runs"], ["--out", "here.json"]]
)  # fmt: skip
def test_a_file_takes_no_option_of_runs(options, capsys):
    from prunelab.commands import cli

    assert cli.main(["weigh", "model.keras", *options]) == 2
    said = capsys.readouterr().err
    assert "a file is only weighed, and nothing of it is run" in said
    assert said.rstrip().endswith(f"leave {options[0]} out")


def test_a_name_that_is_no_run_hears_which_there_are(capsys):
    from prunelab.commands import cli

    assert cli.main(["weigh", "none"]) == 2
    assert "config='none': the configs are article, " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("none.keras", None, "it is not there"),
        ("notes.txt", b"notes", "end in .keras"),
        ("broken.keras", b"PK\3\4", "no .keras file"),
        ("broken.h5", b"\x89HDF\r\n\x1a\n", "no .h5 file"),
        ("broken.tflite", b"\0\0\0\0TFL3", "no .tflite file"),
        ("none", None, "none: it is not there"),
    ],
)
def test_a_file_that_is_none_is_one_sentence(tmp_path, capsys, name, content, words):
    from prunelab.commands import cli

    if content is not None:
        (tmp_path / name).write_bytes(content)
    assert cli.main(["weigh", str(tmp_path / name)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("prunelab weigh: ")
    assert words in said
    assert "goes on" not in said
    assert said.count("\n") == 1
