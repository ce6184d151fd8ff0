"""Checkpoints: the last two, whole or not at all; what is damaged is passed over, once said."""

import errno
import os
import warnings
from pathlib import Path

import numpy as np
import pytest

from prunelab.experiments import ExperimentConfig, checkpoints, runs
from prunelab.experiments.checkpoints import CheckpointError, Checkpoints, CheckpointWarning
from prunelab.experiments.spec import RunSpec
from tests.helpers.checkpoint_damage import DAMAGES, IN_THE_WAY, archive, seal

ARRAYS = {
    "model_0": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "model_1": np.array(7, dtype=np.int64),
    "optimizer_0": np.array([np.nan, -0.0, np.inf], dtype=np.float32),
    "file": np.zeros((0, 3)),
}
VALUES = {"loss": [0.5, 0.25], "zeros": [{"hidden_1": 3}], "seconds": 1.5, "epochs": 9}


@pytest.fixture
def mine(tmp_path):
    return Checkpoints(tmp_path / "checkpoints", "tiny-seed0", "digest seed 0")


def fill(mine, *epochs):
    for epoch in epochs:
        mine.save(epoch, ARRAYS | {"model_1": np.array(epoch)}, VALUES)


def same_bytes(a, b):
    return a.keys() == b.keys() and all(
        (a[n].dtype, a[n].shape, a[n].tobytes()) == (b[n].dtype, b[n].shape, b[n].tobytes())
        for n in a
    )


def test_a_state_comes_back_as_it_was(mine):
    assert mine.load() is None
    mine.save(3, ARRAYS, VALUES)
    epoch, arrays, values = mine.load()
    assert (epoch, values) == (3, VALUES)
    assert same_bytes(arrays, ARRAYS)
    assert mine.path(3).stat().st_mode & 0o777 == 0o644


def test_the_last_two_are_kept(mine):
    fill(mine, 1)
    assert mine.epochs() == [1]
    fill(mine, *range(2, 8))
    assert mine.epochs() == [7, 6]
    assert sorted(os.listdir(mine.folder)) == [mine.path(6).name, mine.path(7).name]
    assert mine.load()[0] == 7
    assert mine.peek() == (7, VALUES)


def test_epochs_are_numbers_not_texts(mine):
    fill(mine, 99_999, 100_000)
    assert mine.epochs() == [100_000, 99_999]


def test_trainings_side_by_side_do_not_see_each_other(mine):
    others = [Checkpoints(mine.folder, name, "other") for name in ("tiny-seed01", "my_tiny-seed0")]
    for other in others:
        fill(other, 1, 2)
    assert mine.load() is None
    fill(mine, 5)
    mine.remove()
    assert [other.epochs() for other in others] == [[2, 1], [2, 1]]
    assert checkpoints.names(mine.folder) == ["my_tiny-seed0", "tiny-seed01"]


def test_what_is_called_otherwise_is_no_checkpoint(mine):
    fill(mine, 1)
    names = ["tiny-seed0-2.ckpt", "tiny-seed0-000002.ckpt", "tiny-seed0-٠٠٠٠٢.ckpt", "x.ckpt"]
    for name in (*names, ".tiny-seed0-00002.ckpt.abcd1234.part"):
        (mine.folder / name).write_bytes(b"")
    assert mine.epochs() == [1]


def test_remove_leaves_no_folder_but_what_is_not_ours(mine):
    fill(mine, 1, 2)
    mine.remove()
    assert not mine.folder.exists()
    mine.remove()
    fill(mine, 1)
    (mine.folder / "mine").write_text("")
    mine.remove()
    assert os.listdir(mine.folder) == ["mine"]


def test_a_folder_removed_in_between_is_made_again(mine, monkeypatch):
    write = checkpoints.write_atomically

    def write_late(path, *arguments, **options):
        monkeypatch.setattr(checkpoints, "write_atomically", write)
        path.parent.rmdir()
        write(path, *arguments, **options)

    monkeypatch.setattr(checkpoints, "write_atomically", write_late)
    fill(mine, 4)
    assert mine.load()[0] == 4


# --- damage


def load_with_one_warning(mine):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        state = mine.load()
    assert [w.category for w in caught] == [CheckpointWarning]
    return state, str(caught[0].message)


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_falls_back_to_the_one_before_and_says_so(kind, mine, monkeypatch):
    monkeypatch.chdir(mine.folder.parent)
    fill(mine, 3, 4)
    DAMAGES[kind](mine.path(4))
    (epoch, arrays, values), said = load_with_one_warning(mine)
    assert (epoch, values) == (3, VALUES)
    assert arrays["model_1"] == 3
    assert said.startswith("tiny-seed0-00004.ckpt is damaged (")
    assert said.endswith("): trying epoch 3")
    assert "\n" not in said
    assert not os.path.exists("exploded")
    # Training goes on, and its next state takes the damaged one's place.
    fill(mine, 4)
    assert mine.load()[0] == 4
    fill(mine, 5)
    assert mine.epochs() == [5, 4]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert mine.load()[0] == 5


@pytest.mark.parametrize("kind", [kind for kind in DAMAGES if kind != "another epoch"])
def test_both_damaged_begins_anew(kind, mine, monkeypatch):
    monkeypatch.chdir(mine.folder.parent)
    fill(mine, 3, 4)
    for epoch in (4, 3):
        DAMAGES[kind](mine.path(epoch))
    with pytest.warns(CheckpointWarning) as caught:
        assert mine.load() is None
    assert [str(w.message).rpartition(": ")[2] for w in caught] == [
        "trying epoch 3",
        "beginning anew",
    ]
    assert mine.peek() is None
    fill(mine, 1)
    assert mine.peek() == (1, VALUES)
    assert not os.path.exists("exploded")


@pytest.mark.parametrize("kind", IN_THE_WAY)
def test_what_is_no_file_is_refused_before_any_training_and_stays(kind, mine):
    fill(mine, 3, 4)
    IN_THE_WAY[kind](mine.path(4))
    mode = os.lstat(mine.path(4)).st_mode
    words = (
        r"^tiny-seed0-00004\.ckpt is a (link|folder|device or a pipe), .* choose another folder$"
    )
    for ask in (mine.refuse_foreign, mine.load):
        with pytest.raises(CheckpointError, match=words):
            ask()
    with pytest.raises(FileExistsError):
        fill(mine, 4)
    assert os.lstat(mine.path(4)).st_mode == mode


def test_a_damaged_one_far_ahead_does_not_push_out_the_good_ones(mine):
    fill(mine, 1, 2)
    for epoch in (98, 99):
        mine.path(epoch).write_bytes(b"")
    with pytest.warns(CheckpointWarning):
        assert mine.load()[0] == 2
    fill(mine, 3)
    assert mine.epochs() == [3, 2]


def test_a_flipped_bit_is_seen_wherever_it_is(mine):
    fill(mine, 3)
    content = mine.path(3).read_bytes()
    for position in range(0, len(content), 61):
        flipped = bytearray(content)
        flipped[position] ^= 1
        mine.path(3).write_bytes(flipped)
        assert load_with_one_warning(mine)[0] is None
    mine.path(3).write_bytes(content)
    assert mine.load()[0] == 3


def test_a_giant_is_not_even_read(mine, monkeypatch):
    fill(mine, 1, 2)
    with mine.path(2).open("r+b") as file:
        file.truncate(50 * 2**30)
    assert load_with_one_warning(mine)[0][0] == 1


def test_random_bytes_under_a_right_digest_are_damage(mine):
    rng = np.random.default_rng(0)
    fill(mine, 1)
    good = archive(header=np.zeros(3, np.uint8), a_x=np.arange(99))
    for _ in range(200):
        content = bytearray(good)
        for position in rng.integers(0, len(content), rng.integers(1, 9)):
            content[position] = rng.integers(256)
        mine.path(1).write_bytes(seal(bytes(content)))
        assert load_with_one_warning(mine)[0] is None


# --- whose it is


@pytest.mark.parametrize("ask", ["load", "refuse_foreign"])
def test_anothers_checkpoint_is_refused_in_one_sentence(ask, mine):
    fill(mine, 1, 2)
    other = Checkpoints(mine.folder, mine.name, "digest seed 1")
    with pytest.raises(CheckpointError) as caught:
        getattr(other, ask)()
    assert str(caught.value) == (
        "tiny-seed0-00002.ckpt was left by a run of other settings: "
        "remove it from 'checkpoints', or choose another folder"
    )
    # Damage of the latest does not open the door to the one before.
    mine.path(2).write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"tiny-seed0-00001.ckpt was left"):
        getattr(other, ask)()
    assert mine.path(1).exists()


def test_a_folder_that_is_a_file_is_refused_before_training(mine):
    mine.folder.write_text("")
    with pytest.raises(CheckpointError, match="'checkpoints' is not a folder") as caught:
        mine.load()
    assert "\n" not in str(caught.value)


def test_the_phases_of_a_config_have_names_and_identities_of_their_own(tmp_path):
    a = ExperimentConfig("a", "twin", (4,), 100)
    b = ExperimentConfig("b", "twin", (4,), 100, more_epochs=3)
    c = ExperimentConfig("a", "twin", (4,), 100, learning_rate=0.5)

    def first(*run):
        return RunSpec(*run).first_checkpoints

    def second(*run):
        return RunSpec(*run).second_checkpoints

    def key(made):
        return made.folder, made.name, made.identity

    assert key(first(a, 0, tmp_path)) == key(first(b, 0, tmp_path))
    others = [first(a, 0, tmp_path), first(a, 1, tmp_path), first(c, 0, tmp_path)]
    others += [second(a, 0, tmp_path), second(a, 1, tmp_path), second(b, 0, tmp_path)]
    assert len({made.name for made in others}) == len(others)
    assert second(a, 0, tmp_path).name == second(c, 0, tmp_path).name
    assert second(a, 0, tmp_path).identity != second(c, 0, tmp_path).identity


# --- what is under way


def test_partial_lists_what_was_stopped(tmp_path):
    assert runs.partial(tmp_path) == runs.partial(tmp_path / "nowhere") == []
    a = ExperimentConfig("a", "twin", (4,), 100)
    b = ExperimentConfig("b", "twin", (4,), 100)
    fill(RunSpec(b, 11, tmp_path).second_checkpoints, 3, 4)
    fill(RunSpec(b, 2, tmp_path).second_checkpoints, 9)
    fill(RunSpec(a, 2, tmp_path).first_checkpoints, 5, 6)
    hurt = RunSpec(a, 0, tmp_path).second_checkpoints
    fill(hurt, 7, 8)
    hurt.path(8).write_bytes(b"")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = runs.partial(tmp_path)
    dense = f"dense-{a.dense_digest[:12]}"
    assert [(p.name, p.seed, p.phase, p.done, p.epochs) for p in found] == [
        ("a", 0, "second", 7, 9),
        ("b", 2, "second", 9, 9),
        ("b", 11, "second", 4, 9),
        (dense, 2, "first", 6, 9),
    ]
    assert repr(found[0]) == "Partial(a, seed 0: 7 of 9 epochs of the second phase)"
    hurt.path(7).write_bytes(b"")
    (hurt.folder / "stranger-00001.ckpt").write_bytes(b"")
    assert [p.name for p in runs.partial(tmp_path)] == ["b", "b", dense]


def test_a_readers_file_called_like_a_checkpoint_stays(mine):
    fill(mine, 1, 2)
    mine.path(7).write_text("thesis")
    fill(mine, 3)
    mine.remove()
    assert os.listdir(mine.folder) == [mine.path(7).name]
    assert mine.path(7).read_text() == "thesis"


def test_a_file_of_holes_is_refused_by_its_first_bytes(mine, monkeypatch):
    fill(mine, 1)
    with mine.path(2).open("wb") as file:
        file.truncate(3 * 2**30)
    read = Path.read_bytes

    def small(path):
        assert path.stat().st_size < 2**20
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", small)
    assert load_with_one_warning(mine)[0][0] == 1


def test_a_folder_that_cannot_be_listed_is_one_sentence(mine, monkeypatch):
    fill(mine, 1)

    def refuse(path):
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(CheckpointError, match="you may not read or write there"):
        mine.load()
