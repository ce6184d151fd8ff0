"""A grid is measured part by part and goes on where it was stopped; `prunelab weigh` in words."""

from dataclasses import replace

import numpy as np
import pytest

from prunelab import footprint
from prunelab.commands import cli
from prunelab.experiments import runs
from prunelab.experiments.config import layer_names
from prunelab.experiments.named_configs import CONFIGS
from prunelab.footprint import grid as grid_module
from prunelab.footprint import timing
from prunelab.footprint.grid import Grid, measure, missing_threads
from tests.footprint.test_codecs import network

# NumPy and SciPy alone: nothing here imports TensorFlow.
SMALL = Grid(
    sparsities=(0.5, 0.9),
    patterns=("dense", "unstructured", "2:4", "neurons"),
    formats=("raw", "csr16", "bitmask"),
    runtimes=("numpy", "scipy_csr"),
    batches=(1, 8),
    threads=(1,),
    repeats=3,
    seconds=0.01,
    size_gains=(("csr16", "unstructured"),),
    time_gains=(),
)
X = np.random.default_rng(0).normal(size=(20, 40)).astype(np.float32)


@pytest.fixture(autouse=True)
def _without_tensorflow(monkeypatch):
    monkeypatch.setattr(timing, "DENSE_RUNTIMES", ("numpy",))
    limits = footprint.Limits(1, ((1024, 1e9),), 1e9)
    monkeypatch.setattr(
        grid_module, "measure_limits", lambda threads: replace(limits, threads=threads)
    )


def test_a_grid_measures_all_it_names(tmp_path):
    said = []
    done = measure(network(), X, tmp_path, SMALL, about="small", report=lambda *w: said.append(w))
    networks = [("dense", 0.0), ("2:4", 0.5)]
    networks += [(pattern, s) for pattern in ("unstructured", "neurons") for s in (0.5, 0.9)]
    assert set(SMALL.networks) == set(networks)
    assert {(row.pattern, row.sparsity) for row in done.sizes} == set(networks)
    assert len(done.sizes) == 6 * 3
    assert len(done.times) == 6 * 2 * 2
    assert {row.status for row in (*done.sizes, *done.times)} == {"right"}
    assert [row.what for row in done.break_evens] == ["csr16"]
    assert [done for done, _, _ in said] == list(range(1, len(SMALL.parts) + 1))
    assert done.shape == (40, 24, 12, 1)
    assert done.machine["limits"][0]["threads"] == 1
    path = footprint.save(done, tmp_path / "measured.json")
    assert footprint.load(path) == done


def test_what_is_stored_is_not_measured_again(tmp_path, monkeypatch):
    class StopError(Exception):
        pass

    def stop(done, total, name):
        if done == 4:
            raise StopError

    with pytest.raises(StopError):
        measure(network(), X, tmp_path, SMALL, about="small", report=stop)
    said, weighed = [], []
    weigh = grid_module.weigh
    monkeypatch.setattr(grid_module, "weigh", lambda *a, **k: weighed.append(k) or weigh(*a, **k))
    report = lambda *words: said.append(words[0])  # noqa: E731
    first = measure(network(), X, tmp_path, SMALL, about="small", report=report)
    assert said[0] == 5
    assert len(weighed) == 6 - 3
    again = measure(network(), X, tmp_path, SMALL, about="small", report=report)
    assert again == first
    assert len(said) == len(SMALL.parts) - 4
    other = measure(network(seed=1), X, tmp_path, SMALL, about="small")
    assert len(weighed) == 3 + 6  # other weights: nothing of it was taken up
    assert other != first


def test_a_damaged_part_is_one_sentence(tmp_path):
    measure(network(), X, tmp_path, SMALL, about="small")
    part = next(tmp_path.glob("parts-*/sizes-dense-0.0.json"))
    part.write_text(part.read_text("utf-8").replace("raw", "row"), "utf-8")
    with pytest.raises(runs.RunError, match=r"sizes-dense-0.0.json is damaged"):
        measure(network(), X, tmp_path, SMALL, about="small")


def test_other_threads_are_left_to_a_process_that_has_them(tmp_path):
    both = replace(SMALL, threads=(1, 2))
    net = network()
    assert missing_threads(tmp_path, net, both) == (1, 2)
    assert measure(net, X, tmp_path, both, about="small", threads=1) is None
    assert missing_threads(tmp_path, net, both) == (2,)
    # NumPy and SciPy need no process of their own for another number of threads.
    done = measure(net, X, tmp_path, both, about="small", threads=2)
    assert missing_threads(tmp_path, net, both) == ()
    assert {row.threads for row in done.times} == {1, 2}


# --- the command


def kept(config, folder, monkeypatch, with_biases=True):
    """As if `config` had been run in `folder` with its weights kept."""
    widths = [config.n_features, *config.hidden, 1]
    net = network(widths, zeros=0.5)
    arrays = {}
    names = layer_names(len(config.hidden))
    for name, kernel, bias in zip(names, net.kernels, net.biases, strict=True):
        arrays[name] = kernel
        if with_biases:
            arrays[f"{name}_bias"] = bias
    monkeypatch.setattr(runs, "load_weights", lambda *_: arrays)


def test_a_stored_run_is_weighed(monkeypatch, tmp_path, capsys):
    kept(CONFIGS["twin"], tmp_path, monkeypatch)
    small = ("raw", "gzip", "csr16", "bitmask")
    monkeypatch.setattr(footprint, "FORMATS", {name: footprint.FORMATS[name] for name in small})
    weigh = footprint.weigh
    monkeypatch.setattr(footprint, "weigh", lambda *a, **k: weigh(*a, small, **k))
    assert cli.main(["weigh", "twin", "--sizes-only"]) == 0
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1 + len(small)
    assert "single weights  50." in out
    assert "bitmask" in out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "FILE_OR_RUN is missing"),
        (["articel"], "config='articel'"),
        (["twin", "--seed", "x"], "seed='x'"),
        (["twin", "--threads", "0"], "threads=0"),
        (["twin", "--threads", "all"], "threads='all'"),
    ],
)
def test_wrong_questions_are_one_sentence(words, sentence, capsys, tmp_path):
    assert cli.main(["weigh", *words, "--folder", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("prunelab weigh: ")
    assert sentence in said
    assert said.count("\n") == 1


def test_a_run_that_is_not_there_or_kept_no_weights(capsys, tmp_path, monkeypatch):
    assert cli.main(["weigh", "twin", "--folder", str(tmp_path)]) == 2
    assert "twin-seed0.json is not in" in capsys.readouterr().err
    kept(CONFIGS["twin"], tmp_path, monkeypatch, with_biases=False)
    assert cli.main(["weigh", "twin", "--folder", str(tmp_path)]) == 2
    assert "stored without its biases" in capsys.readouterr().err
