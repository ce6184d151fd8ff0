"""Rows and measurements: strict, the same after JSON and on disk; limits, sampling, tables."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from prunelab import footprint
from prunelab.base import json_files
from prunelab.base.host import processor
from prunelab.experiments import runs
from prunelab.footprint import (
    FORMATS,
    BreakEvenRow,
    Limits,
    Measurement,
    SizeRow,
    TimeRow,
    machine,
    store,
    table,
    threads_there_are,
)
from prunelab.footprint.measurement import rounded
from prunelab.footprint.networks import finite, relative_error, verdict
from prunelab.footprint.timing import interleaved, summary
from tests.helpers.made_footprint import made_measurement

NETWORK = {"pattern": "unstructured", "sparsity": 0.75, "zeros": 0.75, "weights": 1000}
RIGHT = NETWORK | {"status": "right", "error": 1e-7, "why": ""}
WRONG = NETWORK | {"status": "wrong", "error": 0.2, "why": "its predictions are off by 20 %"}
FAILED = NETWORK | {"status": "failed", "error": None, "why": "it could not be run"}
SIZE = {"format": "csr16", "bytes": 1500, "bound": 1100}
TIME = {
    **{"runtime": "scipy_csr", "batch": 64, "threads": 1, "median": 2.0, "low": 1.9},
    **{"high": 2.2, "samples": 9, "dense": 3.0, "limit": 0.5},
}
NOT_TIMED = TIME | dict.fromkeys(("median", "low", "high", "limit")) | {"samples": 0}


@pytest.fixture
def measurement():
    return Measurement(
        network="a small network",
        shape=(40, 20, 1),
        machine=machine([Limits(1, ((1024, 1e9), (2048, 5e8)), 1e10)]),
        created="2026-11-22",
        sizes=(SizeRow(**RIGHT, **SIZE), SizeRow(**FAILED, **SIZE | {"bytes": None})),
        times=(TimeRow(**RIGHT, **TIME), TimeRow(**WRONG, **TIME), TimeRow(**FAILED, **NOT_TIMED)),
        break_evens=(BreakEvenRow("csr16", "unstructured", None, None, 0.34, 0.33, 0.34, 9),),
    )


def test_a_measurement_survives_json_and_disk(measurement, tmp_path):
    assert Measurement.from_dict(json.loads(json.dumps(measurement.to_dict()))) == measurement
    path = footprint.save(measurement, tmp_path / "measured.json")
    assert footprint.load(path) == footprint.load(str(path)) == measurement
    assert measurement.dense_bytes == 4 * (40 * 20 + 20 + 20 + 1)
    assert measurement.times[0].ratio == 1.5
    assert measurement.times[2].ratio is None
    assert "2 sizes, 3 times" in repr(measurement)


def test_a_changed_file_is_refused(measurement, tmp_path):
    path = footprint.save(measurement, tmp_path / "measured.json")
    text = path.read_text("utf-8")
    assert "1500" in text
    path.write_text(text.replace("1500", "1400"), "utf-8")
    with pytest.raises(runs.RunError, match="does not fit its digest"):
        footprint.load(path)
    path.write_text(text.replace("1500", "NaN"), "utf-8")
    with pytest.raises(runs.RunError, match="is damaged"):
        footprint.load(path)
    with pytest.raises(FileNotFoundError, match="prunelab weigh --grid"):
        footprint.load(tmp_path / "none.json")
    json_files.save_values({"network": "only"}, path)
    with pytest.raises(runs.RunError, match=r"does not hold a measurement: .*it lacks"):
        footprint.load(path)


@pytest.mark.parametrize(
    "change",
    [
        {"status": "fine"},
        {"status": "wrong"},
        {"status": "right", "why": "but"},
        {"zeros": 1.5},
        {"sparsity": 1},
        {"weights": -1},
        {"error": -0.1},
        {"error": float("nan")},
        {"pattern": 3},
        {"pattern": "stripes"},
        {"bytes": None},
        {"bytes": -1},
        {"bound": 1.5},
    ],
)
def test_rows_are_strict(change):
    with pytest.raises((TypeError, ValueError)) as caught:
        SizeRow(**RIGHT | SIZE | change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change", [{"batch": 0}, {"threads": 0}, {"median": None}, {"low": -1}, {"samples": -1}]
)
def test_times_are_strict(change):
    with pytest.raises((TypeError, ValueError)):
        TimeRow(**RIGHT | TIME | change)


def test_a_busy_machine_is_told_from_a_quiet_one():
    quiet = TimeRow(**RIGHT | TIME | {"median": 1.0, "low": 0.95, "high": 1.1})
    loud = replace(quiet, low=0.9, high=1.3)
    assert quiet.spread == pytest.approx(0.15)
    assert TimeRow(**FAILED, **NOT_TIMED).spread is None
    assert footprint.noise([]) == footprint.noise([TimeRow(**FAILED, **NOT_TIMED)]) == ""
    assert footprint.noise([quiet] * 4 + [loud]) == ""
    said = footprint.noise([quiet] * 3 + [loud])
    assert said.startswith("in 1 of 4 rows the quartiles lie more than 25% of the median apart")


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (40,)},
        {"shape": "40"},
        {"created": "yesterday"},
        {"machine": None},
        {"sizes": [1]},
        {"network": None},
    ],
)
def test_measurements_are_strict(measurement, change):
    with pytest.raises((TypeError, ValueError)):
        replace(measurement, **change)


@pytest.mark.parametrize("table_name", ["sizes", "times", "break_evens"])
def test_columns_of_another_version_are_refused(measurement, table_name):
    values = measurement.to_dict()
    values[table_name]["columns"] = values[table_name]["columns"][1:]
    with pytest.raises(ValueError, match=f"{table_name}.columns"):
        Measurement.from_dict(values)
    values = measurement.to_dict()
    values[table_name]["rows"][0] = values[table_name]["rows"][0][1:]
    with pytest.raises(ValueError, match="a row has"):
        Measurement.from_dict(values)


def test_the_machine_is_named_but_not_its_host(monkeypatch, tmp_path):
    import platform

    here = machine()
    assert here["threads"] == threads_there_are() >= 1
    assert here["processor"] == processor() != ""
    assert {"numpy", "scipy", "tensorflow"} <= set(here["packages"])
    text = json.dumps(here)
    assert platform.node() not in text or platform.node() in here["processor"]
    assert str(Path.home()) not in text
    info = tmp_path / "cpuinfo"
    info.write_text("processor: 0\nmodel name\t: A  Fine   One\n", "utf-8")
    assert processor(info) == "A Fine One"
    assert processor(tmp_path / "none") != ""


# --- what is right


def test_errors_are_relative_and_what_is_not_finite_is_wrong():
    expected = np.array([[3.0], [4.0]])
    assert relative_error(expected, expected) == 0
    assert relative_error(1.1 * expected, expected) == pytest.approx(0.1)
    assert relative_error([3.0, np.nan], expected) == np.inf
    assert relative_error(np.ones((1, 1)), np.zeros((1, 1))) == 1  # no scale: as it is
    near_zero = np.array([[1e-6]])
    assert relative_error(near_zero * 2, near_zero, scale=expected) < 1e-6
    assert verdict(0.01, 0.05) == ("right", "")
    assert verdict(0.2, 0.05)[0] == "wrong"
    assert "off by 20 %" in verdict(0.2, 0.05)[1]
    assert "8 times their size" in verdict(8, 0.05)[1]
    assert "are not finite" in verdict(np.inf, 0.05)[1]
    assert finite(np.inf) is finite(None) is None
    assert rounded(None) is None
    assert rounded(1.23456789) == 1.2346


# --- limits


def test_the_limit_is_the_longer_of_reading_and_computing():
    limits = Limits(1, ((2**20, 8e9), (2**10, 16e9)), 1e9)
    assert limits.bandwidth == ((2**10, 16e9), (2**20, 8e9))
    assert limits.bandwidth_at(1) == limits.bandwidth_at(2**10) == 16e9
    assert limits.bandwidth_at(2**15) == 12e9
    assert limits.bandwidth_at(2**40) == 8e9
    assert limits.milliseconds(2**20, 0) == pytest.approx(1000 * 2**20 / 8e9)
    assert limits.milliseconds(2**10, 10**9) == 1000
    assert limits.milliseconds(2**10, 10**9, int8=True) == 250
    assert Limits.from_dict(json.loads(json.dumps(limits.to_dict()))) == limits


@pytest.mark.parametrize(
    "arguments", [(0, ((1, 1),), 1), (1, (), 1), (1, ((1,),), 1), (1, ((1, 1),), 0)]
)
def test_impossible_limits(arguments):
    with pytest.raises(ValueError, match=r"threads|bandwidth|flops"):
        Limits(*arguments)


def test_this_machines_limits_are_those_of_a_computer():
    limits = footprint.measure_limits(1, seconds=0.01)
    assert 1e8 < limits.bandwidth_at(2**23) < 1e13
    assert 1e8 < limits.flops < 1e13


# --- samples


class Clock:
    """A clock that only the calls move."""

    def __init__(self):
        self.now, self.said = 0.0, []

    def __call__(self):
        return self.now

    def call(self, name, seconds):
        def run():
            self.now += seconds
            self.said.append(name)

        return run


def test_calls_take_turns_and_short_ones_are_repeated():
    clock = Clock()
    calls = {"short": clock.call("short", 1e-4), "long": clock.call("long", 0.1)}
    samples = interleaved(calls, repeats=5, clock=clock)
    assert samples["short"] == pytest.approx([1e-4] * 5)
    assert samples["long"] == pytest.approx([0.1] * 5)
    rounds = clock.said[4:]  # after two calls of each to warm up
    assert rounds.count("long") == 5
    assert rounds.count("short") == 5 * 20
    first = [name for name, before in zip(rounds, [None, *rounds], strict=False) if name != before]
    assert len(first) > 5  # neither had all its turns at once


def test_a_slow_call_sits_out_after_three_samples():
    clock = Clock()
    calls = {"slow": clock.call("slow", 10.0), "quick": clock.call("quick", 0.01)}
    samples = interleaved(calls, repeats=7, seconds=5, clock=clock)
    assert len(samples["slow"]) == 3
    assert len(samples["quick"]) == 7
    assert interleaved({}, clock=clock) == {}


def test_a_summary_is_median_and_quartiles_in_milliseconds():
    assert summary([0.003, 0.001, 0.002, 0.005, 0.004]) == pytest.approx((3, 2, 4))


# --- tables


def test_a_table_shows_the_columns_that_were_asked_for():
    rows = made_measurement(3, odd=0.5).sizes[:16]
    whole = table(rows).splitlines()
    some = table(rows, columns=("bytes", "format")).splitlines()
    assert some[0].split() == ["bytes", "format"]
    assert len(some) == len(whole) == 17
    for row, line in zip(rows, some[1:], strict=True):
        assert FORMATS[row.format].label in line
        assert ("–" if row.bytes is None else f"{row.bytes:,}") in line
        assert (row.status.upper() in line) == (row.status != "right")
    for columns in ("bytes", (), ("bytes", "ms"), ("",)):
        with pytest.raises(ValueError, match=r"^columns=.*: choose some of pattern, zeros, format"):
            table(rows, columns=columns)


def test_tables_show_wrong_rows_as_wrong(measurement):
    sizes = table(measurement.sizes, dense_bytes=measurement.dense_bytes)
    assert "CSR, 16-bit indices" in sizes
    assert "2.24 ×" in sizes  # 3,364 bytes over 1,500
    assert "FAILED: it could not be run" in sizes
    times = table(measurement.times)
    assert "1.50 ×" in times
    assert "WRONG: its predictions are off by 20 %" in times
    lines = times.splitlines()
    assert len(lines) == 4
    assert re.search(r"2\s+1\.9 … 2\.2", lines[2])  # the wrong one keeps its numbers
    assert table([]) == "no rows"
    with pytest.raises(TypeError, match=r"\.sizes or its \.times"):
        table(measurement)
    with pytest.raises(TypeError, match="all of one kind"):
        table([*measurement.sizes, *measurement.times])


def test_paths_that_are_none():
    for path in (3, b"x", ["a"]):
        with pytest.raises(TypeError, match="write the name of a file"):
            footprint.load(path)
    with pytest.raises(TypeError, match="only a Measurement"):
        footprint.save("text", "a.json")
    assert store.measured_path().name == "measured.json"


# --- what is stored with the course


def test_the_courses_measurement_names_a_machine_and_holds_together():
    stored = footprint.load()
    assert store.measured_path().stat().st_size < 1_500_000
    assert stored.shape == (1000, 1024, 1024, 1)
    assert stored.machine["processor"]
    assert stored.machine["packages"]["tensorflow"]
    assert re.search(r"(/home|/root|/tmp|/work)", json.dumps(stored.to_dict())) is None
    assert {"dense", "unstructured", "4x1", "neurons"} <= {r.pattern for r in stored.times}
    assert {row.format for row in stored.sizes} == set(footprint.FORMATS)
    assert {row.runtime for row in stored.times} == set(footprint.RUNTIMES)
    assert {row.batch for row in stored.times} == {1, 64, 1024}
    assert stored.break_evens


def test_its_float_files_are_right_and_what_is_not_says_why():
    stored = footprint.load()
    for row in (*stored.sizes, *stored.times):
        named = getattr(row, "format", None) or row.runtime
        assert row.status == "right" or "int8_sparse" in named or row.status == "missing", row
    failed = [row for row in stored.times if row.status == "failed"]
    assert failed
    assert all(row.median is None and row.why for row in failed)


def test_its_sizes_follow_the_zeros():
    sizes = {(r.pattern, r.sparsity, r.format): r for r in footprint.load().sizes}
    dense = sizes["dense", 0.0, "keras"].bytes
    assert sizes["unstructured", 0.75, "keras"].bytes == pytest.approx(dense, rel=1e-4)
    assert sizes["dense", 0.0, "wrapped"].bytes > 4.9 * dense
    masked = sizes["unstructured", 0.75, "bitmask"]
    assert masked.bound < masked.bytes < 1.03 * masked.bound
    assert masked.bytes < sizes["unstructured", 0.75, "gzip"].bytes
    assert sizes["neurons", 0.75, "tflite_int8"].bytes < 600_000


def test_columns_that_hold_nothing_are_left_out_and_others_come_back(measurement):
    """So what was stored before they were there is read, and written, as it was."""
    plain, said = SizeRow(**RIGHT, **SIZE), "0 of 2 kernels are int8"
    values = replace(measurement, sizes=(plain,)).to_dict()
    assert values["sizes"]["columns"][-1] == "bound"
    assert Measurement.from_dict(values).sizes == (plain,)
    odd = replace(plain, dtype="bfloat16", remark=said)
    values = replace(measurement, sizes=(plain, odd)).to_dict()
    assert values["sizes"]["columns"][-2:] == ["dtype", "remark"]
    assert Measurement.from_dict(values).sizes == (plain, odd)
