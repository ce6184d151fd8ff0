"""kill -9 at twenty random moments, then the same again: the bits of the run nobody killed.

`make torture` does it two hundred times and prints what it did; see tools/torture.py.
"""

import numpy as np
import pytest

from prunelab.experiments import runs
from tools import torture

KILLS, INTERRUPTS = 20, 3


@pytest.fixture(scope="module")
def tortured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("torture")
    return folder, torture.torture(folder, KILLS, seed=0, interrupts=INTERRUPTS)


def test_twenty_kills_change_no_bit(tortured):
    assert tortured[1]["differences"] == {}


def test_they_were_killed_in_every_way_and_in_both_phases(tortured):
    _, found = tortured
    assert found["kills"] == dict.fromkeys(torture.KINDS, 4) | {"interrupt": INTERRUPTS}
    assert found["places"]["first phase"] > 2
    assert found["places"]["second phase"] > 2
    assert found["chains"] >= len(torture.ARMS)


def test_the_arms_are_what_their_names_say(tortured):
    whole = tortured[0] / "whole"
    results = {
        arm.name: runs.load(arm, torture.SEED, whole / arm.name / "runs") for arm in torture.ARMS
    }
    for name in ("schedule", "random_mask", "from_first_step"):
        assert results[name].total_sparsity == pytest.approx(0.75, abs=0.01)
    stopped = results["early_stopping"].second.val_loss
    assert 5 < len(stopped) < 30
    assert len(stopped) == stopped.index(min(stopped)) + 1 + 3


def test_a_difference_would_be_seen(tortured, tmp_path):
    """The comparison itself, on a copy with one changed bit, a changed history, a file left."""
    folder, _ = tortured
    arm = torture.ARMS[0]
    whole, other = torture.Chain(arm, tmp_path / "a"), torture.Chain(arm, tmp_path / "b")
    original = folder / "whole" / arm.name
    for chain in (whole, other):
        for name in ("runs", "states"):
            (chain.folder.parent / name).symlink_to(original / name)
    assert other.differences(whole) == []
    states = other.folder.parent / "states"
    states.unlink()
    states.mkdir()
    for archive in (original / "states").iterdir():
        with np.load(archive) as stored:
            arrays = {name: stored[name].copy() for name in stored.files}
        arrays["arr_0"].reshape(-1)[0] += 1e-7
        np.savez(states / archive.name, **arrays)
    assert [words.split()[0] for words in other.differences(whole)] == ["variables"] * 2
    other.folder.unlink()
    other.folder.mkdir()
    result = runs.load(arm, torture.SEED, whole.folder)
    dense = torture.replace(result.dense, loss=(9.0, *result.dense.loss[1:]))
    runs.save(torture.replace(result, dense=dense), other.folder)
    (other.folder / "litter").write_text("")
    found = other.differences(whole)
    assert found[0] == "dense"
    assert found[1].startswith("weights: ")
    assert "litter is left" in found
