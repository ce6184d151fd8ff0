"""Live runs on disk: there after a restart, renamed, deleted; what is damaged hides nothing."""

import errno
import io
import json
import os
import subprocess
import sys

import pytest

from prunelab.base import json_files
from prunelab.base.json_files import RunError
from prunelab.live import store
from prunelab.live.records import EpochReport
from tests.live.test_protocol import made_run

RUN = made_run(name="First")
STEERED = {"step": 1, "final_sparsity": 0.9, "end_step": None, "power": None}
LATER = made_run(created="2026-01-02T03:04:06.000000+00:00", seconds=9.0)


def test_runs_are_found_again_in_the_order_they_ended(tmp_path):
    assert store.live_runs(tmp_path) == []
    for run in (LATER, RUN, RUN):
        path = store.save_live(run, tmp_path)
    assert path == tmp_path / "live" / f"{RUN.id}.json"
    assert store.live_runs(tmp_path) == [RUN, LATER]


def test_another_process_finds_them(tmp_path):
    store.save_live(RUN, tmp_path)
    code = (
        "import sys; from prunelab.live.store import live_runs; "
        "[run] = live_runs(sys.argv[1]); print(run.to_dict())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == str(RUN.to_dict()), done.stderr


def test_names_and_notes_change_in_place(tmp_path):
    store.save_live(RUN, tmp_path)
    renamed = RUN.renamed(name="Best ☺", note="two\nlines")
    store.save_live(renamed, tmp_path)
    (found,) = store.live_runs(tmp_path)
    assert (found.name, found.note) == ("Best ☺", "two\nlines")
    assert renamed.renamed(note="").name == "Best ☺"
    with pytest.raises(ValueError, match="name"):
        RUN.renamed(name="n" * 81)


def test_deleted_is_deleted_and_may_be_so_twice(tmp_path):
    store.save_live(RUN, tmp_path)
    store.save_live(LATER, tmp_path)
    store.delete_live(RUN, tmp_path)
    store.delete_live(RUN.id, tmp_path)
    assert store.live_runs(tmp_path) == [LATER]


@pytest.mark.parametrize("damage", ["cut", "changed", "other", "renamed", "folder", "not a run"])
def test_a_damaged_run_hides_no_other(damage, tmp_path):
    path = store.save_live(RUN, tmp_path)
    store.save_live(LATER, tmp_path)
    text = path.read_text("utf-8")
    if damage == "cut":
        path.write_text(text[:-50], "utf-8")
    elif damage == "changed":
        path.write_text(text.replace('"nonzeros":75', '"nonzeros":74'), "utf-8")
    elif damage == "other":
        path.write_text(json.dumps({"values": {}, "digest": "0" * 64}), "utf-8")
    elif damage == "renamed":
        path.rename(path.with_name(f"20990101000000-{'0' * 10}.json"))
    elif damage == "folder":
        path.unlink()
        path.mkdir()
    else:
        from prunelab.base.json_files import save_values

        save_values({"run": 1}, path)
    with pytest.warns(store.LiveRunWarning):
        assert store.live_runs(tmp_path) == [LATER]


def test_other_files_in_the_folder_are_left_alone(tmp_path):
    store.save_live(RUN, tmp_path)
    (tmp_path / "live" / "notes.json").write_text("mine")
    assert store.live_runs(tmp_path) == [RUN]


@pytest.mark.parametrize("name", ["../../etc", "", None, 3, "20260102030405-0123456789/.."])
def test_only_ids_name_runs(name, tmp_path):
    with pytest.raises(ValueError, match="run="):
        store.delete_live(name, tmp_path)
    with pytest.raises(TypeError, match="TrainedRun"):
        store.save_live(name, tmp_path)


def test_a_folder_that_cannot_hold_runs_is_named(tmp_path):
    (tmp_path / "live").write_text("in the way")
    with pytest.raises(RunError, match="cannot hold runs"):
        store.save_live(RUN, tmp_path)


def _backwards(values):
    values["history"] = values["history"][::-1]


@pytest.mark.parametrize(
    "change",
    [
        _backwards,
        lambda values: values["history"][-1].update(epoch=10**6),
        lambda values: values["steerings"].append({**STEERED, "step": 10**9}),
        lambda values: values["provenance"].update(machine="x\x1b[31m"),
        lambda values: values.update(name="a\x07"),
        lambda values: values.update(data_digest="x"),
        lambda values: values["steerings"].append({**STEERED, "step": 40, "end_step": 5}),
        lambda values: values["steerings"].append({**STEERED, "step": 40, "end_step": 399}),
        lambda values: values["history"][2].update(step=25),
        lambda values: values["history"][-1].update(step=41),
        lambda values: values.update(stopped=False),
        lambda values: values.update(nonzeros=0),
        lambda values: values.update(sparsity={"a": 0.5}),
        lambda values: values.update(sparsity={}),
        lambda values: values["sparsity"].update({"c\x1b[2J": 0.5}),
        lambda values: values.update(left_dense={"b": [70, "is short"], "a": [20, "is too"]}),
    ],
)
def test_a_record_that_contradicts_its_settings_is_passed_over(tmp_path, change):
    """Sealed anew under its own id, as a careful forger would."""
    path = store.save_live(RUN, tmp_path)
    values = json_files.load_values(path)
    change(values)
    json_files.save_values(values, path)
    with pytest.warns(store.LiveRunWarning, match="does not hold a live run"):
        assert store.live_runs(tmp_path) == []


def test_a_steering_that_cannot_be_replayed_hides_no_other_run(tmp_path):
    """75 % are cut at step 1200, and a steering to 10 % would let weights grow back."""
    history = tuple(EpochReport(e, 8 * e, 0.5, 0.6, 0.75, 0.1 * e) for e in range(1, 161))
    store.save_live(LATER, tmp_path)
    run = made_run(steerings=(), history=history)
    path = store.save_live(run, tmp_path)
    values = json_files.load_values(path)
    values["steerings"] = [{**STEERED, "step": 1240, "final_sparsity": 0.1}]
    json_files.save_values(values, path)
    with pytest.warns(store.LiveRunWarning, match="do not grow back"):
        assert store.live_runs(tmp_path) == [LATER]


def test_a_file_or_a_folder_that_cannot_be_read_hides_no_other_run(tmp_path, monkeypatch):
    kept, lost = (store.save_live(run, tmp_path) for run in (LATER, RUN))

    def refuse(act, *refused):
        def refusing(path, *values, **options):
            if str(path) in map(str, refused):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return act(path, *values, **options)

        return refusing

    monkeypatch.setattr(io, "open", refuse(io.open, lost))
    with pytest.warns(store.LiveRunWarning, match="you may not read") as caught:
        assert store.live_runs(tmp_path) == [LATER]
    assert "Errno" not in str(caught[0].message)
    monkeypatch.setattr(os, "listdir", refuse(os.listdir, kept.parent))
    for function in (store.live_runs, store.unfinished_runs):
        with pytest.warns(store.LiveRunWarning, match="you may not read"):
            assert function(tmp_path) == []
