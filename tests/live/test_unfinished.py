"""A live run whose kernel is killed: on disk while it trains, and ready to be trained again."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from prunelab.base import json_files
from prunelab.base.json_files import RunError
from prunelab.live import TrainingSettings, store
from prunelab.live.records import EpochReport
from prunelab.live.store import (
    LiveRunWarning,
    UnfinishedRecord,
    delete_live,
    save_live,
    unfinished_runs,
)
from prunelab.live.unfinished import UnfinishedRun
from prunelab.schedules import PolynomialDecay
from prunelab.schedules.steering import Steering
from prunelab.widgets import TuningBench
from prunelab.widgets.bench.saved_runs import SavedRuns
from tests.helpers.live_fake import LAYERS, fake_trainer, made_data

WAIT = 60
SETTINGS = TrainingSettings(
    PolynomialDecay(0.0, 0.75, begin_step=5, end_step=1000, frequency=5), epochs=400, batch_size=32
)
HISTORY = tuple(EpochReport(n, 5 * n, 1 / n, 0.9 / n, 0.5, 0.1 * n) for n in range(1, 33))
STEERINGS = (Steering(20, final_sparsity=0.9), Steering(60, end_step=500, power=1))


def left_behind(folder, **options):
    """The file of a run as a kill leaves it."""
    file = UnfinishedRecord(folder, SETTINGS, name="run 7", n_pruned=96, n_weights=128, **options)
    file._next = 0
    file.keep(STEERINGS, HISTORY)
    file.leave()
    return file.run


def test_a_run_under_way_is_none_that_was_cut_off(tmp_path):
    file = UnfinishedRecord(tmp_path, SETTINGS, name="run 1")
    assert unfinished_runs(tmp_path) == []
    assert store.live_runs(tmp_path) == []
    code = (
        "import sys; from prunelab.live.store import unfinished_runs\n"
        "print(len(unfinished_runs(sys.argv[1])))"
    )
    other = [sys.executable, "-c", code, str(tmp_path)]
    assert subprocess.run(other, capture_output=True, text=True).stdout == "0\n"
    file.done()
    assert os.listdir(tmp_path / "live") == []


def test_what_was_kept_comes_back(tmp_path):
    run = left_behind(tmp_path)
    (found,) = unfinished_runs(tmp_path)
    assert found == run
    assert (found.settings, found.steerings, found.history) == (SETTINGS, STEERINGS, HISTORY)
    assert (found.steps, found.validation_loss, found.nonzeros) == (160, 0.9 / 32, 128 - 48)
    assert found.stop_at is None
    assert repr(found) == "UnfinishedRun(run 7: cut off after 32 of 400 epochs)"
    assert UnfinishedRun.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_it_is_written_at_a_bounded_rate(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(store, "save_values", lambda values, path, **_: written.append(values))
    file = UnfinishedRecord(tmp_path, SETTINGS)
    for n in range(1, 33):
        file.keep((), HISTORY[:n])
    assert len(written) == 1
    monkeypatch.setattr(store, "SECONDS_BETWEEN", 0)
    monkeypatch.setattr(store, "SHARE", 0)
    file._next = 0
    for n in range(1, 33):
        file.keep((), HISTORY[:n])
    assert [len(values["history"]) for values in written] == list(range(33))


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"values": 3, "digest": "x"}', b"\xff"])
def test_one_that_is_damaged_hides_no_other(tmp_path, damage):
    run, broken = left_behind(tmp_path), left_behind(tmp_path)
    (tmp_path / "live" / f"{broken.id}.under-way.json").write_bytes(damage)
    with pytest.warns(LiveRunWarning):
        assert unfinished_runs(tmp_path) == [run]


def test_renamed_deleted_and_brought_back(tmp_path):
    run = left_behind(tmp_path)
    renamed = run.renamed(name="mine", note="cut")
    save_live(renamed, tmp_path)
    assert unfinished_runs(tmp_path) == [renamed]
    delete_live(renamed, tmp_path)
    assert os.listdir(tmp_path / "live") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": "../../x"},
        {"history": [1]},
        {"steerings": None},
        {"n_pruned": 5, "n_weights": 4},
        {"created": "yesterday"},
        {"name": "a\x1b[31m"},
        {"more": 1},
    ],
)
def test_what_is_no_record_is_refused(tmp_path, wrong):
    values = left_behind(tmp_path).to_dict() | wrong
    with pytest.raises((ValueError, TypeError)):
        UnfinishedRun.from_dict(values)


# ------------------------------------------------------------------------------ on the bench


KILLED = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.helpers.live_fake import fake_trainer, made_data
from prunelab.schedules import PolynomialDecay
from prunelab.widgets.bench.explorer import TuningBench
bench = TuningBench(
    fake_trainer(0.02), made_data(), folder=sys.argv[1], epochs=4000, batch_size=32,
    schedule=PolynomialDecay(0.0, 0.5, begin_step=5, end_step=9000, frequency=5),
)
bench.start()
while len(bench._session.training.reports) < 5:
    pass
bench.steer(final_sparsity=0.8)
print("ready", flush=True)
bench.join()
"""


def bench(folder, **options):
    return TuningBench(fake_trainer(0), made_data(), folder=folder, epochs=4, **options)


def test_a_killed_kernel_leaves_an_unfinished_run_to_replay(tmp_path):
    here = str(Path(__file__).resolve().parents[2])
    kernel = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path), here], stdout=subprocess.PIPE
    )
    assert kernel.stdout.readline() == b"ready\n"
    (path,) = (tmp_path / "live").glob("*.under-way.json")
    until = time.monotonic() + WAIT
    while b"0.8" not in path.read_bytes() and time.monotonic() < until:
        assert not unfinished_runs(tmp_path)
        time.sleep(0.05)
    kernel.send_signal(signal.SIGKILL)
    kernel.wait()
    kernel.stdout.close()
    made = bench(tmp_path)
    (run,) = made.unfinished
    assert len(run.history) > 4
    assert [steering.changes for steering in run.steerings] == [{"final_sparsity": 0.8}]
    assert (run.settings.epochs, run.settings.batch_size) == (4000, 32)
    assert (run.n_pruned, run.n_weights) == (sum(LAYERS.values()),) * 2
    assert f"cut off after epoch {len(run.history)} of 4000" in made._said
    assert made.runs == ()
    assert made._panel.table.rows[0]["ended"].startswith("unfinished, cut off after epoch ")
    assert json.dumps(made._panel.chart.curves[run.id], allow_nan=False)
    assert repr(0.8) in made.code_of(run.id)
    made.close()


def test_replay_trains_the_same_to_its_end_and_steers_at_the_same_steps(tmp_path):
    run = replace(left_behind(tmp_path), settings=replace(SETTINGS, epochs=60))
    save_live(run, tmp_path)
    made = bench(tmp_path)
    made.replay(run.id)
    assert made.join(WAIT)
    (done,) = made.runs
    assert (done.settings, done.steerings) == (run.settings, run.steerings)
    assert not done.stopped
    assert len(done.history) == 60
    assert made.unfinished == (run,)
    files = sorted(path.suffixes for path in (tmp_path / "live").iterdir())
    assert files == [[".json"], [".under-way", ".json"]]
    made._tell({"do": "delete", "id": run.id})
    assert made.unfinished == ()
    made._tell({"do": "undo"})
    assert made.unfinished == (run,)
    made._tell({"do": "rename", "id": run.id, "text": "mine\x1b[31m"})
    assert unfinished_runs(tmp_path)[0].name == "mine[31m"
    made.close()


def test_a_run_that_ends_leaves_no_such_file(tmp_path):
    made = bench(tmp_path)
    made.start()
    assert made.join(WAIT)
    assert [path.suffixes for path in (tmp_path / "live").iterdir()] == [[".json"]]
    assert made.unfinished == ()
    made.close()


def test_saved_runs_are_sorted_with_one_that_was_cut_off_before_its_first_epoch(tmp_path):
    UnfinishedRecord(tmp_path, SETTINGS, name="early").leave()
    left_behind(tmp_path)
    saved = SavedRuns(tmp_path)
    for sort in ("value", "-value", "seconds", "number", "-zeros"):
        rows = saved.rows(sort)
        assert len(rows) == 2
        assert not any(row["front"] or row["alike"] for row in rows)
    assert [row["value"] for row in saved.rows("-value")] == [0.9 / 32, None]
    assert json.dumps([saved.rows(), saved.curves()], allow_nan=False)


def test_a_folder_that_cannot_be_written_is_said_and_the_run_goes_on(tmp_path):
    (tmp_path / "live").write_text("no folder")
    made = bench(tmp_path)
    made.start()
    assert made.join(WAIT)
    assert made._session.problem.startswith("run 1 could not be stored")
    assert len(made.runs) == 1
    made.close()
    with pytest.raises(RunError):
        UnfinishedRecord(tmp_path, SETTINGS)


@pytest.mark.parametrize(
    "change",
    [
        lambda values: values["steerings"].append(dict(values["steerings"][0], step=10**9)),
        lambda values: values["steerings"].append(
            {"step": 800, "final_sparsity": 0.1, "end_step": None, "power": None}
        ),
        lambda values: values["settings"].update(epochs=31),
        lambda values: values["history"].reverse(),
        lambda values: values["history"][3].update(step=21),
        lambda values: values["settings"].update(layers=["a\x1b"]),
    ],
)
def test_a_record_that_its_settings_do_not_allow_hides_no_other(tmp_path, change):
    run, other = left_behind(tmp_path), left_behind(tmp_path)
    path = tmp_path / "live" / f"{run.id}.under-way.json"
    values = json_files.load_values(path)
    change(values)
    json_files.save_values(values, path)
    with pytest.warns(LiveRunWarning, match=run.id):
        assert unfinished_runs(tmp_path) == [other]
    saved = SavedRuns(tmp_path)
    assert list(saved.curves()) == [other.id]
    assert len(saved.problems) == 1


def test_a_deleted_run_leaves_no_lock_behind(tmp_path):
    run = left_behind(tmp_path)
    lock = tmp_path / "live" / f"{run.id}.lock"
    lock.touch()  # as a killed kernel leaves it
    delete_live(run, tmp_path)
    assert os.listdir(tmp_path / "live") == []
    lock.write_text("mine")
    delete_live(run, tmp_path)
    assert lock.read_text() == "mine"
