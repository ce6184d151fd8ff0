"""The trained network that lies with the course: small, whole, and what the short plan says."""

import re
import shutil

import numpy as np
import pytest

from prunelab import course, footprint, plans
from prunelab.experiments import data, runs
from prunelab.footprint import store
from prunelab.masks import kept_count, mean_squared_error

MOST_BYTES = 2_600_000
FOLDER = course.file(store.FOLDER)


def files(folder=FOLDER):
    return sorted(path for path in folder.iterdir() if path.is_file())


@pytest.fixture
def copied(tmp_path):
    for path in files():
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def in_plan():
    (found,) = (
        run
        for run in plans.load("short", course.file("runs")).of(store.ARM)
        if run.seed == store.SEED
    )
    return found


def test_two_files_and_small():
    assert [path.name for path in files()] == ["completed_75-seed0.json", "completed_75-seed0.npz"]
    assert sum(path.stat().st_size for path in files()) <= MOST_BYTES


def test_it_is_the_run_of_the_short_plan_to_the_last_digit(in_plan):
    ours = footprint.stored_run()
    for name in ("config", "seed", "data_digest", "train", "val", "test", "zeros", "inputs"):
        assert getattr(ours, name) == getattr(in_plan, name), name
    for phase in ("dense", "second"):
        for name in ("loss", "val_loss", "zeros", "steps"):
            assert getattr(getattr(ours, phase), name) == getattr(getattr(in_plan, phase), name)


def test_its_weights_give_the_loss_that_the_plan_says(in_plan):
    network, rows = footprint.stored_network(), data.load("article", store.SEED)
    assert rows.digest == in_plan.data_digest
    loss = mean_squared_error(network.forward(rows.x_val.astype(np.float32)), rows.y_val[:, None])
    assert loss == pytest.approx(in_plan.val.mse, rel=1e-5)


def test_three_quarters_of_each_kernel_are_zeros(in_plan):
    network = footprint.stored_network()
    assert footprint.shape_of(network) == (1000, 1024, 1024, 1)
    for kernel, zeros in zip(network.kernels, in_plan.zeros.values(), strict=True):
        assert np.count_nonzero(kernel) == kept_count(kernel.size, 0.75) == kernel.size - zeros
    assert all(bias.any() for bias in network.biases)


def test_each_call_gives_a_network_of_its_own():
    footprint.stored_network().kernels[0].fill(0)
    assert footprint.stored_network().kernels[0].any()


def test_missing_files_are_named_in_one_sentence(copied):
    (copied / "completed_75-seed0.npz").unlink()
    with pytest.raises(runs.RunError, match=r"^completed_75-seed0\.npz is missing: run it again$"):
        footprint.stored_network(copied)
    (copied / "completed_75-seed0.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"seed0\.json is not in .*get course/networks"):
        footprint.stored_network(copied)


@pytest.mark.parametrize("name", ["completed_75-seed0.json", "completed_75-seed0.npz"])
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "other"])
def test_damaged_files_are_refused_in_one_sentence(copied, name, damage):
    path = copied / name
    content = bytearray(path.read_bytes())
    if damage == "flipped":
        at = content.index(b'"mse": ') + 9 if name.endswith("json") else len(content) // 2
        content[at] = ord("7") if content[at] != ord("7") else ord("8")
    path.write_bytes({"cut": content[:-40], "empty": b"", "other": b"{}"}.get(damage, content))
    with pytest.raises(runs.RunError) as refused:
        footprint.stored_network(copied)
    assert re.match(f"{re.escape(name)} (is|was) ", str(refused.value))
    assert "\n" not in str(refused.value)


def test_it_is_stored_again_to_the_same_weights_and_zeros_lose_their_signs(tmp_path, in_plan):
    network = footprint.stored_network()
    arrays = {}
    for name, kernel, bias in zip(in_plan.zeros, network.kernels, network.biases, strict=True):
        arrays |= {name: np.where(kernel == 0, np.float32(-0.0), kernel), f"{name}_bias": bias}
    runs.save(footprint.stored_run(), tmp_path / "as_trained", arrays)
    footprint.store_network(tmp_path / "as_trained", tmp_path / "stored")
    again = footprint.stored_network(tmp_path / "stored")
    for name in ("kernels", "biases"):
        pairs = zip(getattr(again, name), getattr(network, name), strict=True)
        assert all(one.tobytes() == other.tobytes() for one, other in pairs)
    assert [path.name for path in files(tmp_path / "stored")] == [path.name for path in files()]


def test_a_run_without_biases_is_refused(tmp_path, in_plan):
    kernels = dict(zip(in_plan.zeros, footprint.stored_network().kernels, strict=True))
    runs.save(in_plan, tmp_path, kernels)
    with pytest.raises(ValueError, match="stored without its biases"):
        footprint.store_network(tmp_path, tmp_path / "stored")
    with pytest.raises(runs.RunError, match="holds no bitmask"):
        footprint.stored_network(tmp_path)


@pytest.mark.parametrize("content", [b"", b"prunelab weights 1", b"prunelab weights 1\n\x04"])
def test_what_is_no_network_is_refused(tmp_path, in_plan, content):
    array = np.frombuffer(content, np.uint8) if content else np.zeros(1, np.uint8)
    runs.save(in_plan, tmp_path, {"bitmask": array})
    with pytest.raises(runs.RunError, match="holds no network"):
        footprint.stored_network(tmp_path)
