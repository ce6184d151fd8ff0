"""An export is written only where its outputs are the model's; what it says of the file holds."""

import gzip
import os
import re

import numpy as np
import pytest

from prunelab import networks as k
from prunelab.footprint import export, tflite
from prunelab.footprint.models import exporting
from prunelab.footprint.models.exporting import zeros_survive
from prunelab.footprint.models.network import KerasNetwork
from prunelab.schedules import ConstantSparsity
from tests.footprint.test_codecs import network
from tests.helpers.own_models import MODELS, cnn, of_keras_3, rows_for


def half_zero():
    model = cnn()
    for name in ("conv", "digits"):
        kernel = model.get_layer(name).kernel
        kernel.assign(np.where(np.arange(kernel.shape[-1]) % 2, kernel.numpy(), 0))
    return model


@pytest.mark.parametrize("name", MODELS)
def test_what_is_written_runs_as_the_model_does(tmp_path, name):
    model = MODELS[name]()
    rows, path = rows_for(model), tmp_path / "it.tflite"
    report = export(model, path, samples=rows)
    content = path.read_bytes()
    assert report.bytes == len(content)
    assert len(gzip.decompress(gzip.compress(content, 6))) == report.bytes
    assert report.gzip_bytes == len(gzip.compress(content, 6, mtime=0))
    assert report.weight_bytes == 4 * model.count_params()
    own = KerasNetwork(model)
    found = tflite.predict(content, own.checked_rows(rows), names=(own.inputs, own.outputs))
    assert np.allclose(found, own.forward(own.checked_rows(rows)), atol=1e-4)
    assert report.largest_difference < 1e-4
    assert (report.rows, report.drawn, report.quantized) == (9, False, "no")
    assert os.listdir(tmp_path) == ["it.tflite"]


@pytest.mark.parametrize(
    ("quantize", "samples", "said"),
    [("int8", False, "dynamic"), ("dynamic", True, "dynamic"), ("int8", True, "full")],
)
def test_quantised_files_and_their_zeros(tmp_path, quantize, samples, said):
    model = half_zero()
    rows = rows_for(model, 40) if samples else None
    report = export(model, tmp_path / "it.tflite", quantize, rows, tolerance=0.2)
    assert report.quantized == said
    assert report.zeros_survived
    assert dict(report.sparsity) == {"conv": 0.5, "depthwise": 0.0, "digits": 0.5}
    assert "zeros in digits</td><td>50.0 %" in report._repr_html_()
    assert repr(report).startswith(f"ExportReport(it.tflite: {report.weight_bytes:,} bytes of w")
    assert "\n" not in repr(report)


def test_wrappers_go_and_the_readers_model_stays(tmp_path):
    pruned = k.prune(k.build(12, (8,), seed=0), ConstantSparsity(0.5, 0, frequency=1))
    for wrapper in pruned.layers[::2]:
        wrapper.pruning_obj.conditional_mask_update()
    before = pruned.get_weights()
    report = export(pruned, tmp_path / "it.tflite")
    assert all(np.array_equal(a, b) for a, b in zip(before, pruned.get_weights(), strict=True))
    assert report.weight_bytes == 4 * (12 * 8 + 8 + 8 + 1)
    assert export(network(), tmp_path / "net.tflite").zeros_survived


def test_outputs_that_differ_leave_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "it.tflite"
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match=r"nothing was written, since .* off by .* 0 is allowed"):
        export(cnn(), path, "int8", tolerance=0)
    other = tflite.convert(KerasNetwork(half_zero()), "tflite")
    monkeypatch.setattr(exporting.tflite, "convert", lambda network, kind: other)
    with pytest.raises(ValueError, match=r"^path=.*: nothing was written"):
        export(cnn(), path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["it.tflite"]


def test_zeros_that_were_lost_are_seen():
    dense, sparse = KerasNetwork(cnn()), KerasNetwork(half_zero())
    content = tflite.convert(dense, "tflite")
    assert zeros_survive(dense.kernels, content)
    assert not zeros_survive(sparse.kernels, content)


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("it.h5", {}, "end it in .tflite"),
        ("no/it.tflite", {}, "there is no folder"),
        ("it.tflite", {"quantize": "int4"}, "quantize='int4': write None"),
        ("it.tflite", {"samples": np.ones((2, 3))}, "x has shape (2, 3)"),
        ("it.tflite", {"tolerance": -1}, "tolerance=-1"),
    ],
)
def test_refusals_are_one_sentence_and_write_nothing(tmp_path, name, options, words):
    with pytest.raises((OSError, ValueError), match=re.escape(words)):
        export(cnn(), tmp_path / name, **options)
    assert os.listdir(tmp_path) == []


def test_what_is_no_model_of_tf_keras(tmp_path):
    for model in (of_keras_3(), tmp_path / "it.tflite", None):
        with pytest.raises((TypeError, OSError)) as caught:
            export(model, tmp_path / "it.tflite")
        assert "\n" not in str(caught.value)


def test_rows_in_the_place_of_quantize_are_refused_in_a_sentence(tmp_path):
    """`weigh(model, x)` and `time(model, x)` have them there."""
    with pytest.raises(TypeError, match=r"^quantize is a ndarray: .*; rows go to samples=$"):
        export(cnn(), tmp_path / "it.tflite", rows_for(cnn()))


def test_a_report_says_how_many_kernels_are_int8(tmp_path):
    net, words = network(), "dynamic, 0 of 3 kernels are int8: kernels below 1,024 weights stay"
    report = export(net, tmp_path / "it.tflite", "dynamic")
    assert words in repr(report)
    assert words in report._repr_html_()
    rows = np.random.default_rng(0).normal(size=(64, 40)).astype("f4")
    full = export(net, tmp_path / "it.tflite", "int8", rows, tolerance=0.5)
    assert full.remark == ""  # calibration rounds kernels of any size
