"""Networks without their weakest neurons, as stored: whole, checked, those of the plan's seeds."""

from dataclasses import asdict, replace

import pytest

from prunelab import footprint, plans
from prunelab.base import json_files
from prunelab.experiments import runs
from prunelab.footprint import CutRun, load_cut_runs, pruned, save_cut_runs
from prunelab.footprint.networks import n_weights
from tools import cut_neurons

RUN = CutRun(3, 0.9, (176, 176), 0.05, 0.003, 215_360, 0.0031)


def test_what_is_stored_comes_back_and_newer_runs_replace_older(tmp_path):
    path, other = tmp_path / "cut.json", replace(RUN, seed=1)
    save_cut_runs([RUN], path)
    assert save_cut_runs([other, newer := replace(RUN, val_mse=0.002)], path) == path
    assert load_cut_runs(path) == (other, newer)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("seed", -1, "seed"),
        ("sparsity", 1.0, "sparsity"),
        ("units", 176, "units=176: write the units of each hidden layer"),
        ("units", (), "units"),
        ("units", (0, 3), "units"),
        ("val_mse", 0.0, "val_mse"),
        ("int8_mse", float("nan"), "int8_mse"),
        ("int8_bytes", 1.5, "int8_bytes"),
    ],
)
def test_impossible_values_are_refused(tmp_path, field, value, words):
    with pytest.raises((TypeError, ValueError), match=words):
        replace(RUN, **{field: value})
    path = tmp_path / "cut.json"
    row = asdict(RUN) | {field: None if value != value else value}
    units = list(row["units"]) if row["units"] != 176 else 176
    json_files.save_values([row | {"units": units}], path)
    with pytest.raises(runs.RunError, match=r"^cut\.json does not hold cut networks: "):
        load_cut_runs(path)


@pytest.mark.parametrize("values", [[], {}, [3], [{"seed": 1}], 2 * [asdict(RUN)]])
def test_other_contents_are_refused_in_a_sentence(tmp_path, values):
    path = tmp_path / "cut.json"
    json_files.save_values(values, path)
    with pytest.raises(runs.RunError, match="does not hold cut networks") as caught:
        load_cut_runs(path)
    assert "\n" not in str(caught.value)


def test_a_missing_or_damaged_file_is_named(tmp_path):
    path = tmp_path / "cut.json"
    with pytest.raises(FileNotFoundError, match=r"cut\.json is not in .*tools\.cut_neurons"):
        load_cut_runs(path)
    path.write_text("{}")
    with pytest.raises(runs.RunError, match=r"cut\.json is damaged"):
        load_cut_runs(path)


def test_the_stored_runs_are_those_of_the_short_plan():
    found = load_cut_runs()
    seeds = plans.PLANS["short"].seeds
    assert [run.key for run in found] == [
        (s, seed) for s in cut_neurons.SPARSITIES for seed in seeds
    ]
    dense = footprint.stored_network()
    for run in found:
        assert run.units == footprint.units_for(dense, run.sparsity)
        left = n_weights(pruned(dense, "neurons", run.sparsity)) / n_weights(dense)
        assert left == pytest.approx(1 - run.sparsity, abs=0.003)
        assert run.val_mse < run.at_once / 5  # training on healed the cut
        assert run.int8_mse == pytest.approx(run.val_mse, rel=0.02)
        assert n_weights(pruned(dense, "neurons", run.sparsity)) < run.int8_bytes
