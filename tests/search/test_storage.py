"""The file of a search: cut off anywhere it goes on, damaged it is refused in one sentence."""

import errno
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.storages.journal import JournalFileBackend

from prunelab.search import Real, SearchError, journal, load, search
from tests.helpers.made_search import SPACE, made, plain

N_TRIALS = 6


def go(storage, **options):
    return search(**{"space": SPACE, "n_trials": N_TRIALS, "storage": storage, "evaluate": made}
                  | options)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    storage = tmp_path_factory.mktemp("whole") / "search.journal"
    return go(storage), storage.read_bytes()


def test_cut_off_after_any_line_or_within_one_it_goes_on_to_the_same(whole, tmp_path):
    """Every moment a kill can leave behind: half drawn, half told, half written."""
    results, content = whole
    lines = content.splitlines(keepends=True)
    rng = random.Random(0)
    for n in range(len(lines) + 1):
        torn = b""
        if n < len(lines) and n % 3 == 0:
            torn = lines[n][: rng.randrange(1, len(lines[n]))]
        storage = tmp_path / f"cut_{n}.journal"
        storage.write_bytes(b"".join(lines[:n]) + torn)
        assert plain(go(storage)) == plain(results), n


def test_more_trials_extend_a_search_and_fewer_change_nothing(whole, tmp_path):
    results, content = whole
    storage = tmp_path / "search.journal"
    storage.write_bytes(content)
    assert plain(go(storage, n_trials=2)) == plain(results)
    assert storage.read_bytes() == content
    longer = go(storage, n_trials=N_TRIALS + 4)
    assert plain(longer)[: len(results.trials)] == plain(results)
    assert plain(longer) == plain(go(tmp_path / "anew.journal", n_trials=N_TRIALS + 4))


def one_sentence(storage, call=None):
    content = storage.read_bytes()
    with pytest.raises(SearchError) as caught:
        (call or go)(storage)
    sentence = str(caught.value)
    assert "\n" not in sentence
    assert storage.name in sentence
    assert len(sentence) < 300
    assert storage.read_bytes() == content  # whoever's it is, it is left as it was
    return sentence


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"space": replace(SPACE, final_sparsity=Real(0.5, 0.9))}, "another space (final_spars"),
        ({"objectives": "validation_mse"}, "with other objectives"),
        ({"seeds": (1,)}, "with other seeds"),
        ({"sampler": "random"}, "another sampler"),
        ({"sampler_seed": 3}, "another sampler"),
        ({"pruner": None}, "another pruner"),
        ({"evaluate": lambda candidate, seed, report: {}}, "another evaluate"),
    ],
)
def test_another_search_in_the_same_file_is_refused(whole, tmp_path, options, words):
    storage = tmp_path / "search.journal"
    storage.write_bytes(whole[1])
    assert words in one_sentence(storage, lambda s: go(s, **options))


DAMAGES = {
    "a line that is cut": lambda c: c.replace(b'"study_name"', b'"study_na', 1),
    "a line of nonsense": lambda c: c.replace(b"\n", b"\nnonsense\n", 1),
    "a list": lambda c: c.replace(b"\n", b"\n[1]\n", 1),
    "NaN": lambda c: c.replace(b"\n", b'\n{"op_code": NaN}\n', 1),
    "an unknown fact": lambda c: c.replace(b"\n", b'\n{"op_code": 99}\n', 1),
    "a fact without its fields": lambda c: c.replace(b"\n", b'\n{"op_code": 4}\n', 1),
    "bytes": lambda c: c.replace(b"\n", b"\n\xff\xfe\x00\n", 1),
    "no beginning": lambda c: c.split(b"\n", 1)[1],
    "another study": lambda c: c.replace(b"prunelab search", b"somebody's", 1),
    "no settings": lambda c: b"".join(
        line for line in c.splitlines(keepends=True) if b'"settings"' not in line
    ),
    "settings of nonsense": lambda c: c.replace(b'"settings":"{', b'"settings":"[', 1),
    "an outcome of nonsense": lambda c: c.replace(b'"outcome":{', b'"outcome":{"x":1,', 1),
    "an outcome of another state": lambda c: c.replace(b'"state":"complete"', b'"state":"?"', 1),
    "a parameter beyond its domain": lambda c: c.replace(
        b'"param_value_internal":0.', b'"param_value_internal":9.', 1
    ),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_damage_is_one_sentence(kind, whole, tmp_path):
    storage = tmp_path / "search.journal"
    content = DAMAGES[kind](whole[1])
    assert content != whole[1]
    storage.write_bytes(content)
    one_sentence(storage)
    one_sentence(storage, load)


def test_bytes_flipped_anywhere_give_a_search_or_one_sentence(whole, tmp_path):
    rng, refused = random.Random(1), 0
    for i in range(150):
        content = bytearray(whole[1])
        for _ in range(rng.randrange(1, 4)):
            content[rng.randrange(len(content))] = rng.randrange(256)
        storage = tmp_path / f"{i}.journal"
        storage.write_bytes(content)
        sentence = refusal(storage)
        refused += bool(sentence)
        assert "\n" not in sentence
        assert len(sentence) < 300
    assert refused > 50


def refusal(storage):
    """Why it cannot be loaded; empty where it can."""
    try:
        load(storage)
    except SearchError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04binary without a line",
        b"a,b\n1,2\n",
        b"{}\n",
        b"{",
        b'{"op_code":0,"worker_id":"1',
    ],
)
def test_a_file_of_somebody_else_is_left_alone(content, tmp_path):
    storage = tmp_path / "mine.csv"
    storage.write_bytes(content)
    one_sentence(storage)
    assert storage.read_bytes() == content


def test_what_is_no_file_is_refused(tmp_path):
    for storage, error in ((tmp_path, SearchError), (5, TypeError), ("a\0b", TypeError)):
        with pytest.raises(error, match="storage=") as caught:
            go(storage)
        assert "\n" not in str(caught.value)
    with pytest.raises(FileNotFoundError, match="no such file; search first"):
        load(tmp_path / "none.journal")
    (tmp_path / "empty.journal").touch()
    with pytest.raises(SearchError, match="holds no search"):
        load(tmp_path / "empty.journal")


def test_a_file_beyond_all_measure_is_not_read(whole, tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "MAX_BYTES", 1000)
    storage = tmp_path / "search.journal"
    storage.write_bytes(whole[1])
    assert "bytes" in one_sentence(storage)


def test_the_default_is_a_file_among_the_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("PRUNELAB_RUNS", str(tmp_path / "runs"))
    go(None)
    assert [path.name for path in Path(tmp_path, "runs").iterdir()] == ["search.journal"]
    assert len(load().of("refused")) < len(load().trials)


def test_the_file_is_lines_of_plain_json(whole):
    facts = [json.loads(line) for line in whole[1].splitlines()]
    assert {"op_code", "worker_id"} <= set.intersection(*map(set, facts))


@pytest.mark.parametrize("after", [0, 1, 4])
def test_a_full_disk_is_no_damage(after, tmp_path, monkeypatch):
    place, append, left = tmp_path / "s.journal", JournalFileBackend.append_logs, [after]

    def full(self, logs):
        if not left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        left[0] -= 1
        append(self, logs)

    with monkeypatch.context() as patch:
        patch.setattr(JournalFileBackend, "append_logs", full)
        with pytest.raises(SearchError, match="the disk is full; free some room") as caught:
            search(SPACE, 3, storage=place, evaluate=made)
        assert "Errno" not in str(caught.value)
    search(SPACE, 3, storage=place, evaluate=made)
