"""Resident memory: by two ways that agree, against sizes that are known beforehand."""

import mmap
import os

import numpy as np
import pytest

from prunelab.footprint.resident import processes as measuring
from prunelab.masks import Network

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/smaps_rollup"), reason="Linux tells a process's memory"
)


@pytest.fixture(scope="module")
def network():
    """Thirty megabytes of weights, three quarters zero: stray pages are a hundredth of them."""
    random = np.random.default_rng(0)

    def layer(inputs, units):
        kernel = random.normal(size=(inputs, units)) * (random.random((inputs, units)) < 0.25)
        return kernel.astype(np.float32), np.zeros(units, np.float32)

    return Network([layer(1000, 5600), layer(5600, 400), layer(400, 1)])


def weights_of(network):
    return sum(kernel.size for kernel in network.kernels)


def test_numpy_holds_four_bytes_a_weight_and_csr_eight_a_weight_that_is_left(network):
    rows = measuring.memory(network, ("numpy", "scipy_csr"), repeats=1, sparsity=0.75)
    dense, sparse = rows
    assert dense.status == sparse.status == "right", (dense.why, sparse.why)
    assert dense.bytes == pytest.approx(4 * weights_of(network), rel=0.08)
    left = sum(int(np.count_nonzero(kernel)) for kernel in network.kernels)
    assert sparse.bytes == pytest.approx(8 * left, rel=0.15)
    assert dense.low <= dense.within <= dense.high
    assert dense.file > 4 * weights_of(network)


def test_two_ways_that_differ_are_told():
    said = {"pattern": "dense", "sparsity": 0.0, "weights": 9, "runtime": "numpy", "repeats": 1}
    row = measuring._row(said, 10, [(100.0, 94.0)])
    assert row.status == "apart"
    assert "differ by 6%" in row.why
    assert measuring._row(said, 10, [(100.0, 96.0)]).status == "right"
    # One stray process does not move a median.
    assert measuring._row(said, 10, [(100.0, 97.0), (300.0, 98.0), (101.0, 99.0)]).status == "right"


def test_what_cannot_run_has_its_row(network, monkeypatch):
    monkeypatch.setattr(measuring, "_run", lambda *_: (_ for _ in ()).throw(RuntimeError("gone")))
    (row,) = measuring.memory(network, "numpy", repeats=1)
    assert row.status == "failed"
    assert "gone" in row.why
    assert row.bytes is None


def test_a_process_that_cannot_load_its_file_says_why(tmp_path):
    with pytest.raises(RuntimeError, match=r"No such file .*gone\.npz"):
        measuring._run("numpy", [tmp_path / "gone.npz"], 3)


def test_impossible_questions_are_refused_before_any_process(network, monkeypatch):
    monkeypatch.setattr(measuring, "_run", None)
    for arguments, error, words in (
        ({"runtimes": "jax"}, ValueError, "runtime='jax': the runtimes are"),
        ({"repeats": 0}, ValueError, "repeats=0"),
        ({"pattern": "2x2"}, ValueError, "pattern='2x2'"),
        ({"sparsity": 1.0}, ValueError, "sparsity=1"),
    ):
        with pytest.raises(error, match=words):
            measuring.memory(network, **{"runtimes": "numpy"} | arguments)


def test_a_process_counts_its_own_pages():
    """Sixteen megabytes that are written to are sixteen megabytes more, by both counts."""
    before = measuring.resident(), measuring.anonymous(os.getpid())
    # Pages of its own: what malloc gives may have been this process's before.
    with mmap.mmap(-1, 2**24, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        after = measuring.resident(), measuring.anonymous(os.getpid())
    for one, other in zip(before, after, strict=True):
        assert other - one == pytest.approx(2**24, rel=0.1)
