"""The FootprintExplorer without a browser: its state, its words, its picture, measuring here."""

import json
import re
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest
import traitlets

from prunelab.footprint import FORMATS, PATTERNS, RUNTIMES, Measurement, load, save
from prunelab.masks import Network
from prunelab.widgets import FootprintExplorer
from prunelab.widgets.footprint import explorer as module
from prunelab.widgets.footprint import measure_here
from prunelab.widgets.footprint.data import machine_words
from tests.helpers.made_footprint import MACHINE, SPARSITIES, made_measurement

MADE = made_measurement()


@pytest.fixture
def explorer():
    return FootprintExplorer(MADE)


# ---- what it holds ------------------------------------------------------------------------------


def test_its_rows_are_those_of_the_measurement(explorer):
    seen = 0
    for pattern in PATTERNS:
        explorer.pattern = pattern
        for sparsity in (0.0, *SPARSITIES):
            explorer.sparsity = sparsity
            for batch, threads in ((1, 1), (64, 2), (1024, 1)):
                explorer.batch, explorer.threads = batch, threads
                at = (explorer.pattern, explorer.sparsity)
                if explorer.sparsity == 0:
                    at = ("dense", 0.0)
                sizes = {r.format: r for r in MADE.sizes if (r.pattern, r.sparsity) == at}
                times = {
                    r.runtime: r
                    for r in MADE.times
                    if (r.pattern, r.sparsity, r.batch, r.threads) == (*at, batch, threads)
                }
                assert [row["what"] for row in explorer.sizes] == list(FORMATS)
                assert [row["what"] for row in explorer.times] == list(RUNTIMES)
                for row in explorer.sizes:
                    of = sizes[row["what"]]
                    assert (row["value"], row["limit"]) == (of.bytes, of.bound)
                    assert (row["status"], row["why"], row["error"]) == (
                        of.status,
                        of.why,
                        of.error,
                    )
                    right = of.status == "right"
                    assert row["gain"] == (MADE.dense_bytes / of.bytes if right else None)
                    seen += 1
                for row in explorer.times:
                    of = times[row["what"]]
                    names = ("low", "high", "samples", "limit", "status", "why", "zeros", "weights")
                    assert [row[name] for name in names] == [getattr(of, name) for name in names]
                    assert row["value"] == of.median
                    assert row["gain"] == (of.ratio if of.status == "right" else None)
    assert seen > 1000


def test_what_is_wrong_wins_nothing_and_is_told(explorer):
    bad = [row for row in explorer.sizes + explorer.times if row["status"] != "right"]
    assert {row["status"] for row in bad} == {"wrong", "missing"}
    assert all(row["gain"] is None for row in bad)
    text = "\n".join(explorer.problems)
    for row in bad:
        assert row["why"].rstrip(".") in text
        table = FORMATS if row["what"] in FORMATS else RUNTIMES
        assert table[row["what"]].label in text
    for row in explorer.sizes:
        if row["status"] == "wrong":
            explorer.format = row["what"]
            assert row["why"] in explorer.caption
            assert explorer.headline.startswith(f"{FORMATS[row['what']].label}: wrong")
    assert sum(line.count(" · ") + 1 for line in explorer.problems) == len(bad)


def test_the_best_of_the_caption_is_never_a_wrong_one():
    for seed in range(6):
        explorer = FootprintExplorer(made_measurement(seed, odd=0.6))
        right = [row for row in explorer.sizes if row["status"] == "right"]
        smallest = min(right, key=lambda row: row["value"])
        assert f"the smallest is {FORMATS[smallest['what']].label} (" in explorer.caption


def test_it_starts_where_something_was_measured():
    explorer = FootprintExplorer(
        made_measurement(patterns=("neurons",), formats=("raw",), batches=(7,), threads=(3,))
    )
    assert (explorer.pattern, explorer.format, explorer.batch, explorer.threads) == (
        "neurons", "raw", 7, 3,
    )  # fmt: skip
    assert "no times" not in repr(explorer)
    for empty in ({"formats": ()}, {"runtimes": ()}):
        explorer = FootprintExplorer(made_measurement(**empty))
        assert explorer.caption
        assert explorer.picture().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="holds no rows: measure with"):
        FootprintExplorer(Measurement("a network", (3, 1), {}, "2026-11-22"))


def test_without_a_measurement_it_takes_the_stored_one(monkeypatch, tmp_path):
    path = save(MADE, tmp_path / "measured.json")
    monkeypatch.setattr(module, "load", lambda: load(path))
    explorer = FootprintExplorer()
    assert explorer.measurement == MADE
    assert explorer.sizes == FootprintExplorer(MADE).sizes


def test_the_machine_is_told_without_what_is_not_known():
    words = machine_words(MACHINE)
    assert words == (
        "A Processor <of> the tests @ 2.00GHz, 2 threads, 8 GiB, Linux; "
        "tensorflow 2.21.0, numpy 2.1.0, Python 3.11.2"
    )
    assert machine_words({}) == "a machine without a name"


# ---- moving it ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("asked", "made"), [(0.77, 0.75), (0.99, 0.95), (0.1, 0.0), (0.125, 0.25)])
def test_a_sparsity_moves_to_the_nearest_measured_and_says_so(explorer, asked, made):
    explorer.sparsity = asked
    assert explorer.sparsity == made
    assert re.fullmatch(
        r"[\d.]+ % was not measured with single weights; the nearest that was is [\d.]+ %\.",
        explorer.notice,
    )
    explorer.format = "raw"
    assert explorer.notice == ""


def test_a_batch_does_so_too(explorer):
    explorer.batch = 100
    assert explorer.batch == 64
    assert explorer.notice == "A batch of 100 was not measured; the nearest that was is 64."
    explorer.batch = 1
    assert explorer.notice == ""


def test_a_pattern_takes_the_sparsity_along(explorer):
    explorer.sparsity = 0.9
    explorer.pattern = "2:4"
    assert explorer.sparsity == 0.5
    assert explorer.notice == "90 % was not measured with 2 of 4; the nearest that was is 50 %."
    explorer.pattern = "dense"
    assert explorer.sparsity == 0
    explorer.pattern = "small_dense"  # drawn anew: at 0 it is another network than the dense one
    assert explorer.sparsity == 0.25


def test_impossible_arguments_are_one_sentence():
    with pytest.raises(TypeError, match=r"write a Measurement, as prunelab.footprint.load\(\)"):
        FootprintExplorer({"sizes": []})
    for name in ("source", "colour"):
        with pytest.raises(TypeError, match=f"'{name}': FootprintExplorer has no such argument"):
            FootprintExplorer(MADE, **{name: "here"})
    with pytest.raises(TypeError, match="these rows belong to a network"):
        FootprintExplorer(MADE, x=np.zeros((3, 4)))
    with pytest.raises(ValueError, match="takes rows of 4 inputs"):
        FootprintExplorer(MADE, network=_small(), x=np.zeros((3, 5)))


# ---- what a browser sends -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent",
    [
        {"sparsity": "0.9"},
        {"sparsity": None, "batch": {}},
        {"pattern": "stripes", "sparsity": 0.9},
        {"source": "here"},
        {"format": 3, "runtime": [], "threads": "one", "notice": 7},
        {"pattern": "2:4", "sparsity": 0.9},
        {"data": {}, "here": {"x": 1}, "choices": {}, "work": {"state": "running"}},
    ],
)
def test_what_a_browser_cannot_mean_is_mended(explorer, sent, monkeypatch):
    before, told = explorer.page_state(), []
    monkeypatch.setattr(explorer, "send_state", lambda key=None: told.append(key))
    explorer.set_state(sent)
    after = explorer.page_state()
    for name in ("data", "here", "choices", "work", "source"):
        assert after[name] == before[name]
    stops = next(p["stops"] for p in explorer.choices["patterns"] if p["name"] == explorer.pattern)
    assert explorer.sparsity in stops
    assert explorer.caption
    if not set(sent) & {"data"}:
        assert told, "the page must hear what was made of it"


# ---- repr, picture, page ------------------------------------------------------------------------


def test_its_repr_is_one_line(explorer):
    explorer.pattern, explorer.sparsity, explorer.format = "4x1", 0.9, "bitmask"
    text = repr(explorer)
    assert "\n" not in text
    assert text.startswith(
        "FootprintExplorer('4x1' at 90 %, batch=1, threads=1, measured 2026-11-22; bitmask: "
    )
    assert explorer.headline in text


def test_importing_and_showing_it_takes_no_tensorflow():
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from tests.helpers.made_footprint import made_measurement\n"
        "from prunelab.widgets.footprint.explorer import FootprintExplorer\n"
        "explorer = FootprintExplorer(made_measurement()); repr(explorer); explorer.page()\n"
        "heavy = {'tensorflow', 'scipy', 'sklearn', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


# ---- measuring here -----------------------------------------------------------------------------


def _small():
    rng = np.random.default_rng(0)
    return Network([(rng.normal(size=(4, 8)), np.zeros(8)), (rng.normal(size=(8, 1)), np.ones(1))])


SIZES_ONLY = made_measurement(odd=0, formats=("raw", "gzip", "bitmask"), runtimes=())


def test_measuring_here_is_real_and_switches_the_source():
    """Formats without TensorFlow, so that this takes seconds; the process is the real one."""
    explorer = FootprintExplorer(SIZES_ONLY, network=_small(), sparsity=0.5)
    stored = explorer.sizes
    explorer.measure()
    assert explorer.measuring
    with pytest.raises(RuntimeError, match="measuring already"):
        explorer.measure()
    assert explorer.join(120)
    assert not explorer.measuring
    assert explorer.work["state"] == "done"
    assert re.fullmatch(r"Measured 3 rows in \d+ s\.", explorer.work["message"])
    assert explorer.source == "here"
    here = explorer.measured_here
    assert here.shape == (4, 8, 1)
    assert here.network == "the network you handed over"
    assert {row.format: row.status for row in here.sizes} == dict.fromkeys(
        ("raw", "gzip", "bitmask"), "right"
    )
    assert here.machine["limits"][0]["threads"] == 1
    found = {row["what"]: row["value"] for row in explorer.sizes}
    assert 4 * 49 < found["raw"] < 4 * 49 + 60  # 40 weights, 9 biases, and their shape
    assert found["bitmask"] < found["raw"]
    explorer.source = "stored"
    assert explorer.sizes == stored
    explorer.source, explorer.sparsity = "here", 0.9
    assert {row["status"] for row in explorer.sizes} == {"unmeasured"}
    assert "was not measured on this machine yet." in explorer.caption
    explorer.measure()
    assert explorer.join(120)
    both = {(row.sparsity, row.format) for row in explorer.measured_here.sizes}
    assert len(both) == len(explorer.measured_here.sizes) == 6
    assert explorer.measured_here == Measurement.from_dict(
        json.loads(json.dumps(explorer.measured_here.to_dict()))
    )


def _saying(*lines, then="pass"):
    """A command that prints what a measuring process would, then does something else."""
    code = f"import sys, time\nfor line in {list(lines)!r}: print(line, flush=True)\n{then}"
    return [sys.executable, "-c", code]


def _row(format="raw", value=100):
    return json.dumps(
        {
            "kind": "sizes",
            "names": [format],
            "rows": [["unstructured", 0.5, 0.5, 40, "right", 0.0, "", format, value, 90]],
        }
    )


def _measured_by(monkeypatch, command, **options):
    monkeypatch.setattr(
        measure_here, "MeasuringProcess", partial(measure_here.MeasuringProcess, command=command)
    )
    explorer = FootprintExplorer(SIZES_ONLY, network=_small(), sparsity=0.5)
    explorer.measure(**options)
    return explorer


def test_what_was_measured_before_a_stop_is_kept(monkeypatch):
    explorer = _measured_by(monkeypatch, _saying("noise", _row(), then="time.sleep(60)"))
    _until(lambda: explorer.work["done"] == 1)
    assert explorer.work["state"] == "running"
    assert explorer.source == "stored"  # until it is over
    explorer._asked(explorer, {"do": "stop"}, [])
    assert explorer.join(15)
    assert explorer.work["state"] == "done"
    assert re.fullmatch(
        r"Stopped after \d+ s: 1 of 3 rows were measured, and are kept\.", explorer.work["message"]
    )
    assert explorer.source == "here"
    assert [row.format for row in explorer.measured_here.sizes] == ["raw"]
    statuses = {row["what"]: row["status"] for row in explorer.sizes}
    assert statuses == {"raw": "right", "gzip": "unmeasured", "bitmask": "unmeasured"}


@pytest.mark.parametrize(("high", "busy"), [(2.0, True), (1.1, False)])
def test_a_busy_machine_is_told(monkeypatch, high, busy):
    row = ["unstructured", 0.5, 0.5, 40, "right", 0.0, "", "numpy", 1, 1]
    said = {"kind": "times", "names": ["numpy"], "rows": [[*row, 1.0, 0.9, high, 9, 1.0, 0.1]]}
    command = _saying(json.dumps(said), then="time.sleep(60)")
    explorer = _measured_by(monkeypatch, command, seconds=2)
    assert explorer.join(30)
    assert ("this machine is busy" in explorer.work["message"]) == busy


def test_its_time_is_limited(monkeypatch):
    begun = time.monotonic()
    explorer = _measured_by(monkeypatch, _saying(_row(), then="time.sleep(60)"), seconds=2)
    assert explorer.join(20)
    assert time.monotonic() - begun < 20
    assert explorer.work["message"].startswith("Out of time after ")
    assert len(explorer.measured_here.sizes) == 1
    assert measure_here.MOST_SECONDS < 120


@pytest.mark.parametrize(
    ("command", "words", "rows"),
    [
        (_saying(_row(), '{"error": "no such kernel"}'), "no such kernel", 1),
        (_saying(_row(), then="sys.exit(3)"), "the process that measures ended with code 3", 1),
        (_saying('{"kind": "sizes", "names": [], "rows": [[1]]}'), "Measuring stopped: ", 0),
        (["this-program-is-nowhere"], "this-program-is-nowhere", 0),
    ],
)
def test_a_process_that_fails_is_told_and_loses_nothing(monkeypatch, command, words, rows):
    explorer = _measured_by(monkeypatch, command)
    assert explorer.join(30)
    assert explorer.work["state"] == "failed"
    assert words in explorer.work["message"]
    assert explorer.source == ("here" if rows else "stored")
    assert len(explorer.measured_here.sizes if rows else ()) == rows
    assert explorer.measured_here is not None or not rows
    explorer.sparsity = 0.75  # and it goes on
    assert explorer.caption


def test_rows_measured_again_replace_the_earlier_ones(monkeypatch):
    end = '{"kind": "end"}'
    explorer = _measured_by(monkeypatch, _saying(_row(value=100), _row("gzip"), end))
    assert explorer.join(30)
    monkeypatch.setattr(
        measure_here,
        "MeasuringProcess",
        partial(measure_here.MeasuringProcess, command=_saying(_row(value=77), end)),
    )
    explorer.measure()
    assert explorer.join(30)
    assert {r.format: r.bytes for r in explorer.measured_here.sizes} == {"raw": 77, "gzip": 100}


def test_a_button_pressed_twice_measures_once(monkeypatch):
    explorer = _measured_by(monkeypatch, _saying(_row(), then="time.sleep(60)"))
    first = explorer._measuring
    for content in ({"do": "measure"}, {"do": "dance"}, "measure", None, {}):
        explorer._asked(explorer, content, [])
    assert explorer._measuring is first
    explorer.stop()
    assert explorer.join(15)
    explorer.stop()  # nothing goes on: nothing happens


def test_no_thread_or_process_is_left(monkeypatch):
    explorer = _measured_by(monkeypatch, _saying(_row(), then="time.sleep(60)"))
    _until(lambda: explorer.work["done"] == 1)
    process = explorer._measuring._process
    explorer.stop()
    assert explorer.join(15)
    explorer._measuring._thread.join(10)
    assert process.poll() is not None
    _until(lambda: not [t for t in threading.enumerate() if t.name.startswith("prunelab-measure")])


def test_every_format_and_runtime_is_in_one_part_the_chosen_ones_early():
    chosen = {"xz", "litert_sparse_builtin"}
    planned = measure_here.parts(list(FORMATS), [*RUNTIMES, "own"], chosen)
    assert planned[0] == ("limits", [])
    names = [name for _, each in planned for name in each]
    assert sorted(names) == sorted([*FORMATS, *RUNTIMES, "own"])
    assert names.index("litert_sparse_builtin") < names.index("numpy")
    assert names.index("xz") < names.index("tflite")


def test_without_a_network_it_draws_one_of_the_same_shape(monkeypatch):
    explorer = FootprintExplorer(SIZES_ONLY, sparsity=0.5)
    monkeypatch.setattr(
        measure_here,
        "MeasuringProcess",
        partial(measure_here.MeasuringProcess, command=_saying(_row())),
    )
    explorer.measure()
    assert explorer.join(30)
    assert explorer.measured_here.shape == SIZES_ONLY.shape
    assert explorer.measured_here.network == ("a network of the same shape, its weights drawn anew")
    assert explorer.page_state()["work"]["state"] == "idle"  # a saved page measures nothing


def _until(true, seconds=20):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_traits_refuse_what_is_no_dict(explorer):
    with pytest.raises(traitlets.TraitError):
        explorer.work = "running"
