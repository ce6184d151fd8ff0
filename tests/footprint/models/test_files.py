"""Files of models, read for their bytes and zeros: nothing in them runs, damage is one sentence."""

import os
import re
import sys

import numpy as np
import pytest

from prunelab import footprint
from prunelab import networks as k
from prunelab.footprint import FILE_FORMATS, tensors, tflite, weigh
from prunelab.footprint.models import tflite_file
from prunelab.footprint.models.network import KerasNetwork
from tests.footprint.test_codecs import network
from tests.helpers.own_models import cnn, two_inputs


@pytest.fixture(scope="module")
def model():
    model = cnn()
    kernel = model.get_layer("digits").kernel
    kernel.assign(np.where(np.arange(10) % 2, kernel.numpy(), 0))
    return model


@pytest.fixture(scope="module")
def files(model, tmp_path_factory):
    folder, network = tmp_path_factory.mktemp("files"), KerasNetwork(model)
    for end in ("keras", "h5"):
        model.save(folder / f"cnn.{end}")
    for kind in tflite.KINDS:
        (folder / f"{kind}.tflite").write_bytes(tflite.convert(network, kind))
    two = KerasNetwork(two_inputs())
    (folder / "two.tflite").write_bytes(tflite.convert(two, "tflite"))
    return folder


@pytest.mark.parametrize("name", ["cnn.keras", "cnn.h5"])
def test_a_file_of_keras_has_the_arrays_of_the_model(files, model, name):
    rows = {row.format: row for row in weigh(files / name)}
    assert {row.status for row in rows.values()} == {"right"}
    assert set(FILE_FORMATS) <= set(rows)
    assert rows["file"].bytes == os.path.getsize(files / name)
    (raw,) = weigh(model, None, "raw")
    assert rows["raw"].bytes == pytest.approx(raw.bytes, abs=100)
    assert rows["raw"].zeros == pytest.approx(raw.zeros)
    assert "the file, gzip" in footprint.table(rows.values())
    found = sorted((row.shape, round(row.zeros, 6)) for row in tensors(files / name))
    mine = sorted((w.shape, round(float(np.mean(w == 0)), 6)) for w in model.get_weights())
    assert found == mine


@pytest.mark.parametrize("name", [*(f"{kind}.tflite" for kind in tflite.KINDS), "two.tflite"])
def test_constants_of_a_tflite_file_are_those_its_interpreter_has(files, name):
    interpreter = tflite._classes()[0](model_path=str(files / name))
    there = {}
    for entry in interpreter.get_tensor_details():
        try:
            value = interpreter.get_tensor(entry["index"])
        except ValueError:  # it has no value before a call
            continue
        there[entry["name"]] = (tuple(entry["shape"]), value, entry["sparsity_parameters"])
    rows = {row.name: row for row in tensors(files / name)}
    assert set(rows) == set(there)
    for key, (shape, value, sparse) in there.items():
        row = rows[key]
        assert row.shape == shape
        if not sparse:
            assert row.dtype == value.dtype.name
            assert row.bytes == value.nbytes
            assert row.zeros == pytest.approx(np.mean(value == 0))


def test_zeros_of_a_sparse_tflite_file_are_those_of_the_network(tmp_path):
    net = footprint.pruned(network((64, 48, 32, 1), seed=1), "16x1", 0.5)
    for kind in ("tflite", "tflite_sparse"):
        (tmp_path / f"{kind}.tflite").write_bytes(tflite.convert(net, kind))
    dense, sparse = (
        next(row for row in tensors(tmp_path / f"{kind}.tflite") if row.shape == (48, 64))
        for kind in ("tflite", "tflite_sparse")
    )
    assert sparse.bytes == dense.bytes / 2
    assert sparse.zeros == dense.zeros == np.mean(net.kernels[0] == 0)


def test_a_tflite_file_is_weighed_as_a_file_alone(files):
    rows = weigh(files / "tflite_int8.tflite")
    assert [row.format for row in rows] == list(FILE_FORMATS)
    assert {row.status for row in rows} == {"right"}
    assert rows[0].weights == 6 * 9 + 6 * 9 + 24 * 10
    assert "the file, xz" in footprint.table(rows)
    with pytest.raises(ValueError, match=r"'raw' cannot be made of a \.tflite file"):
        weigh(files / "tflite.tflite", None, "raw")
    with pytest.raises(TypeError, match="a file has bytes and no milliseconds"):
        footprint.time(files / "tflite.tflite", None)


def test_a_lambda_in_a_file_is_not_run(tmp_path):
    ran = tmp_path / "ran"
    end = k.tf_keras.layers.Lambda(lambda x, where=str(ran): (open(where, "w").close(), x)[1])
    model = k.tf_keras.Sequential([k.tf_keras.Input((3,)), k.tf_keras.layers.Dense(2), end])
    for name in ("it.keras", "it.h5"):
        assert ran.exists()
        model.save(tmp_path / name)
        ran.unlink()
        assert {row.status for row in weigh(tmp_path / name)} == {"right"}
        assert not ran.exists()
        ran.touch()


@pytest.mark.parametrize("name", ["cnn.keras", "cnn.h5", "tflite.tflite", "tflite_sparse.tflite"])
def test_a_damaged_file_is_refused_in_a_sentence_or_read(files, tmp_path, name):
    """Cut anywhere, or with a byte changed: never another error, never a crash."""
    content, rng = (files / name).read_bytes(), np.random.default_rng(0)
    path, said = tmp_path / name, []
    for at in [0, 1, 4, 8, *rng.integers(0, len(content), 60)]:
        for damaged in (content[:at], content[:at] + b"\xff" + content[at + 1 :]):
            path.write_bytes(damaged)
            try:
                tensors(path)
            except ValueError as error:
                said.append(str(error))
    assert len(said) > 30
    assert all(words.startswith("path=") and "\n" not in words for words in said)


def test_what_is_no_file_of_a_model(files, tmp_path):
    (tmp_path / "link.keras").symlink_to(tmp_path / "nothing.keras")
    (tmp_path / "real.keras").symlink_to(files / "cnn.keras")
    (tmp_path / "folder.h5").mkdir()
    os.mkfifo(tmp_path / "pipe.h5")
    (tmp_path / "thesis.txt").write_text("thesis")
    assert tensors(tmp_path / "real.keras")
    for name, words in {
        "link.keras": "a link to nothing",
        "none.keras": "it is not there",
        "folder.h5": "this is a folder",
        "pipe.h5": "no plain file",
        "thesis.txt": "end in .keras, .h5",
    }.items():
        with pytest.raises((OSError, ValueError), match=re.escape(words)) as caught:
            weigh(tmp_path / name)
        assert str(caught.value).startswith("path=")
        assert "\n" not in str(caught.value)


def test_a_file_that_points_elsewhere_or_grows_is_refused(tmp_path):
    import h5py

    (tmp_path / "secret").write_bytes(bytes(400))
    with h5py.File(tmp_path / "out.h5", "w") as file:
        file.create_dataset("w", (10, 10), "f4", external=[(str(tmp_path / "secret"), 0, 400)])
    with pytest.raises(ValueError, match="from another file"):
        tensors(tmp_path / "out.h5")
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.create_dataset("w", (2**16, 2**20), "f4", chunks=(64, 64), compression="gzip")
    with pytest.raises(ValueError, match="far larger than itself"):
        tensors(tmp_path / "bomb.h5")


def of_type(keras, kind, last="float32"):
    """Two Dense layers; nine tenths of the first kernel are zeros."""
    dense = keras.layers.Dense
    model = keras.Sequential([keras.Input((64,)), dense(256, dtype=kind), dense(1, dtype=last)])
    kernel, *others = model.get_weights()
    rows = np.arange(64)[:, None]
    kernel = np.repeat(np.where(rows % 10, 0, 1 + rows % 3), 256, axis=1).astype(kernel.dtype)
    model.set_weights([kernel, *others])
    return model


def engines():
    import keras

    return {"tf_keras": k.tf_keras, "keras": keras}


@pytest.mark.parametrize("engine", ["tf_keras", "keras"])
@pytest.mark.parametrize("end", [".keras", ".h5", ".weights.h5"])
@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float64"])
def test_kernels_of_every_type_are_read(tmp_path, engine, end, kind):
    model, path = of_type(engines()[engine], kind), tmp_path / f"it{end}"
    model.save_weights(path) if end == ".weights.h5" else model.save(path)
    found = {row.shape: row for row in tensors(path)}
    assert found[64, 256].dtype == found[256,].dtype == kind
    assert found[64, 256].zeros == pytest.approx(57 / 64)
    assert found[64, 256].bytes == 64 * 256 * (8 if kind == "float64" else 2)
    rows = {row.format: row for row in weigh(path)}
    assert {(row.status, row.why, row.remark) for row in rows.values()} == {("right", "", "")}
    assert rows["raw"].weights == 64 * 256 + 256
    assert rows["raw"].bytes > found[64, 256].bytes > 4 * rows["bitmask"].bytes / 2
    both = " and ".join(sorted([kind, "float32"]))
    assert f"{both} weights" in footprint.table(rows.values())


def test_a_file_of_bfloat16_alone_holds_weights(tmp_path):
    of_type(engines()["keras"], "bfloat16", "bfloat16").save(tmp_path / "it.keras")
    rows = {row.format: row for row in weigh(tmp_path / "it.keras")}
    assert (rows["raw"].dtype, rows["raw"].weights) == ("bfloat16", 64 * 256 + 256)
    assert "bfloat16 weights" in footprint.table(rows.values())


def test_arrays_that_cannot_be_read_are_named(tmp_path):
    import h5py

    path, bytes_of_one = tmp_path / "it.h5", np.zeros((4, 4), "V1")
    with h5py.File(path, "w") as file:
        file["layer/kernel"] = np.ones((4, 4), "f4")
        file["layer/odd"] = bytes_of_one
        file["layer/words"] = [b"a", b"b"]
        file["note"] = "a model"
        file["layer/known"] = np.ones((2, 3), "c8")
    rows = {row.name: row for row in tensors(path)}
    assert set(rows) == {"layer/kernel", "layer/odd", "layer/words", "layer/known"}
    assert (rows["layer/odd"].dtype, rows["layer/odd"].zeros) == ("1 unnamed byte each", None)
    assert rows["layer/known"].dtype == "complex64"
    sizes = {row.format: row for row in weigh(path)}
    words = "'layer/odd' (1 unnamed byte each), 'layer/words' (text) are not counted here, since"
    assert sizes["raw"].remark.startswith(words)
    assert words in footprint.table(sizes.values())
    assert sizes["file"].remark == ""
    with h5py.File(path, "w") as file:
        file["layer/odd"] = bytes_of_one
    with pytest.raises(ValueError, match=r"'layer/odd' \(1 unnamed byte each\) is not counted"):
        weigh(path)


def test_without_ml_dtypes_bfloat16_is_named(tmp_path, monkeypatch):
    of_type(k.tf_keras, "bfloat16").save(tmp_path / "it.h5")
    monkeypatch.setitem(sys.modules, "ml_dtypes", None)
    (row,) = weigh(tmp_path / "it.h5", None, "raw")
    assert "kernel:0' (bfloat16) are not counted here, since their types" in row.remark
    assert row.remark.endswith("; bfloat16 can with ml-dtypes: pip install ml-dtypes")


@pytest.mark.parametrize(
    ("kind", "data", "zeros"),
    [
        ("int4", [0x10, 0x02, 0x03], 2 / 5),
        ("uint4", [0x10, 0x02, 0x03], 2 / 5),
        ("int2", [0b00_01_10_00, 0b11], 2 / 5),
        ("bfloat16", [0, 0, 0, 0x80, 0x80, 0x3F, 0, 0x40, 1, 0], 2 / 5),
        ("complex128", [*bytes(72), *b"\0\0\0\0\0\0\xf0\x3f"], 4 / 5),
    ],
)
def test_small_and_odd_types_of_tflite_are_counted(kind, data, zeros):
    values = tflite_file._values(kind, np.array(data, "u1"), 5)
    assert len(values) == 5
    assert np.mean(values == 0) == pytest.approx(zeros)


def test_a_tflite_file_with_its_buffers_behind_the_tables(files):
    """As the converter writes files near 2 GB."""
    from prunelab.networks.backend import tensorflow as tf

    model = k.build(40, (32,), seed=0)
    found = []
    for behind in (False, True):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter._experimental_use_buffer_offset = behind
        found.append(sorted(tflite_file.constants(converter.convert())))
    assert found[0] == found[1]
    assert (32, 40) in [shape for _, shape, *_ in found[1]]
