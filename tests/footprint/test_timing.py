"""Milliseconds of small networks: every runtime right, wrong ones shown, ratios in one run."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from prunelab import footprint
from prunelab import networks as k
from prunelab.footprint import RUNTIMES, Limits, pruned, runtimes, tflite, timing
from tests.footprint.test_codecs import network

QUICK = {"repeats": 3, "seconds": 0.02}


def rows_of(inputs, n=100):
    return np.random.default_rng(3).normal(size=(n, inputs)).astype(np.float32)


@pytest.fixture(scope="module")
def timed():
    dense = network((64, 48, 32, 1), seed=1)
    net = pruned(dense, "4x1", 0.5)
    limits, said = Limits(k.THREADS, ((1024, 1e9),), 1e9), []
    rows = footprint.time(
        net,
        rows_of(64),
        batches=(1, 3, 200),
        threads=k.THREADS,
        dense=dense,
        pattern="4x1",
        sparsity=0.5,
        limits=limits,
        report=lambda *what: said.append(what),
        **QUICK,
    )
    return {(row.runtime, row.batch): row for row in rows}, said, net


def test_every_runtime_and_batch_has_its_row(timed):
    rows, said, _ = timed
    assert set(rows) == {(name, batch) for name in RUNTIMES for batch in (1, 3, 200)}
    assert said == [(1, 3, "batch 1"), (2, 3, "batch 3"), (3, 3, "batch 200")]
    for (name, _), row in rows.items():
        if not name.startswith("litert_int8_sparse"):
            assert row.status == "right", row
            assert 0 < row.low <= row.median <= row.high
            assert row.samples >= 3
            assert row.error <= RUNTIMES[name].tolerance
            assert row.ratio == row.dense / row.median
    for batch in (1, 3, 200):  # one reference a batch: all ratios are of the same rounds
        assert len({row.dense for (_, b), row in rows.items() if b == batch}) == 1


def test_the_limit_counts_the_bytes_and_the_work(timed):
    rows, _, net = timed
    weights = sum(kernel.size for kernel in net.kernels)
    kept = sum(np.count_nonzero(kernel) for kernel in net.kernels)
    read = 1000 * 4 * weights / 1e9
    assert rows["numpy", 1].limit == pytest.approx(max(read, 1000 * 2 * weights / 1e9), rel=1e-3)
    assert rows["numpy", 200].limit == pytest.approx(1000 * 400 * weights / 1e9, rel=1e-3)
    assert rows["scipy_csr", 1].limit == pytest.approx(1000 * 8 * kept / 1e9, rel=1e-3)
    assert rows["litert_int8_xnnpack", 1].limit == pytest.approx(1000 * weights / 1e9, rel=1e-3)


def test_wrong_answers_are_shown_as_wrong_with_their_time():
    net = pruned(network((30, 16, 8, 1), seed=2), "4x1", 0.5)
    names = ["litert_builtin", "litert_sparse_builtin", "litert_sparse_xnnpack"]
    rows = footprint.time(net, rows_of(30), names, batches=(1, 64), threads=k.THREADS, **QUICK)
    for row in rows:
        if row.runtime == "litert_builtin":
            assert row.status == "right"
        else:
            assert row.status == "wrong"
            assert row.median > 0
            assert "off by" in row.why
            assert row.error > 0.01


def test_a_runtime_that_fails_or_lacks_a_package_is_a_row(monkeypatch):
    def broken(network, x, threads):
        raise RuntimeError("it\nbroke")

    def lacking(network, x, threads):
        raise ImportError("scipy is not installed: pip install scipy")

    monkeypatch.setitem(RUNTIMES, "keras_call", replace(RUNTIMES["keras_call"], make=broken))
    monkeypatch.setitem(RUNTIMES, "scipy_csr", replace(RUNTIMES["scipy_csr"], make=lacking))
    names = ["keras_call", "scipy_csr", "numpy"]
    rows = footprint.time(network(), rows_of(40), names, batches=(2,), threads=k.THREADS, **QUICK)
    found = {row.runtime: row for row in rows}
    assert (found["keras_call"].status, found["keras_call"].median) == ("failed", None)
    assert found["keras_call"].why == "it could not be run: it broke"
    assert found["scipy_csr"].status == "missing"
    assert found["numpy"].status == "right"
    assert found["numpy"].dense is not None


def test_without_litert_its_rows_say_so_and_the_rest_comes(monkeypatch):
    def none():
        raise ImportError(tflite.MISSING)

    monkeypatch.setattr(tflite, "_classes", none)
    rows = footprint.time(
        network(),
        rows_of(40),
        ["litert_xnnpack", "numpy"],
        batches=(2,),
        threads=k.THREADS,
        **QUICK,
    )
    assert [row.status for row in rows] == ["missing", "right"]
    assert "pip install ai-edge-litert" in rows[0].why


def test_a_batch_of_one_is_judged_by_several_rows():
    """A kernel that is right for the first row alone is found out."""
    net = network()
    first = rows_of(40)[0]

    def lucky(network, x, threads):
        right = network.forward(x) if np.array_equal(x[0], first) else np.zeros((len(x), 1))
        return lambda: right

    runtime = replace(RUNTIMES["numpy"], make=lucky)
    _, status, why, _ = timing._prepared(runtime, net, rows_of(40), rows_of(40)[:1], 1)
    assert status == "wrong"
    assert "off by" in why


def test_one_that_answers_differently_the_second_time_is_wrong():
    net, calls = network(), []
    x = rows_of(40)

    def moody(network, x, threads):
        def run():
            calls.append(1)
            return network.forward(x) * (1 + 0.01 * (len(calls) > 1))

        return run

    runtime = replace(RUNTIMES["numpy"], make=moody)
    _, status, why, _ = timing._prepared(runtime, net, x, x[:8], 1)
    assert status == "wrong"
    assert "second call" in why


def test_other_threads_are_measured_in_a_process_of_their_own():
    net, said = pruned(network(), "unstructured", 0.5), []
    threads = k.THREADS + 1
    rows = footprint.time(
        net,
        rows_of(40),
        ["tf_function", "litert_xnnpack"],
        batches=(1, 8),
        threads=threads,
        pattern="unstructured",
        sparsity=0.5,
        limits=Limits(threads, ((1024, 1e9),), 1e9),
        report=lambda *what: said.append(what),
        **QUICK,
    )
    assert [(row.runtime, row.batch) for row in rows] == [
        ("tf_function", 1),
        ("litert_xnnpack", 1),
        ("tf_function", 8),
        ("litert_xnnpack", 8),
    ]
    assert {row.threads for row in rows} == {threads}
    assert {row.status for row in rows} == {"right"}
    assert said == [(1, 2, "batch 1"), (2, 2, "batch 8")]


def test_a_process_that_ends_without_rows_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(RuntimeError, match=r"threads=7: the process .* ended with code 1"):
        footprint.time(network(), rows_of(40), ["tf_function"], threads=7)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"batches": (0,)}, "batches"),
        ({"threads": 0}, "threads"),
        ({"threads": "all"}, "threads"),
        ({"repeats": 0}, "repeats"),
        ({"seconds": 0}, "seconds"),
        ({"runtimes": "onnx"}, "the runtimes are keras_predict"),
        ({"pattern": "none"}, "the patterns are dense"),
        ({"sparsity": 75}, "for 75 % write 0.75"),
    ],
)
def test_impossible_questions(change, words):
    with pytest.raises((TypeError, ValueError), match=words):
        footprint.time(network(), rows_of(40), **change)


def test_csr_in_scipy_is_the_network_itself():
    net = pruned(network(), "unstructured", 0.8)
    for n in (1, 5):
        x = rows_of(40)[:n]
        run = runtimes.RUNTIMES["scipy_csr"].make(net, x, 1)
        assert np.allclose(run(), net.forward(x), rtol=1e-4, atol=1e-5)


def test_int8_times_of_float32_kernels_say_so():
    names = ["litert_xnnpack", "litert_int8_xnnpack"]
    rows = footprint.time(network(), rows_of(40), names, batches=(1,), threads=k.THREADS, **QUICK)
    words = "0 of 3 kernels are int8: kernels below 1,024 weights stay float32"
    assert [row.remark for row in rows] == ["", words]
    assert footprint.table(rows).endswith(words)


def test_the_bytes_to_read_are_those_of_the_type():
    dense = k.tf_keras.layers.Dense
    model = k.tf_keras.Sequential([k.tf_keras.Input((40,)), dense(8, dtype="float64"), dense(1)])
    limits = Limits(k.THREADS, ((1024, 1e9),), 1e9)
    (row,) = footprint.time(
        model, rows_of(40), "keras_call", batches=(1,), threads=k.THREADS, limits=limits, **QUICK
    )
    assert row.limit == pytest.approx(1000 * (8 * 320 + 4 * 8) / 1e9, rel=1e-3)
