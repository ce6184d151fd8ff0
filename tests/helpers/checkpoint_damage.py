"""Everything that happens to a checkpoint file in this project's tests, in one table."""

import hashlib
import io
import json
import os
import pickle
import shutil

import numpy as np

from prunelab.experiments.checkpoints import MAGIC, MAX_BYTES

START = len(MAGIC) + 65  # a line for the format, a line for the digest


class Bomb:
    """Unpickling this makes a folder called exploded."""

    def __reduce__(self):
        return os.mkdir, ("exploded",)


def seal(content):
    """What a careful forger would write: any content under its right digest."""
    return MAGIC + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def archive(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def text_array(text):
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _length(change):
    """Write the bytes that `change(old bytes)` gives."""

    def damage(path):
        path.write_bytes(change(path.read_bytes()))

    return damage


def _flip(where):
    def damage(path):
        content = bytearray(path.read_bytes())
        content[where(len(content))] ^= 16
        path.write_bytes(content)

    return damage


def _header(change):
    """The arrays as they were, a header that `change(header)` gives, the right digest."""

    def damage(path):
        with np.load(io.BytesIO(path.read_bytes()[START:])) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = change(json.loads(arrays.pop("header").tobytes()))
        if header is not None:
            text = header if isinstance(header, str) else json.dumps(header)
            arrays["header"] = text_array(text)
        path.write_bytes(seal(archive(**arrays)))

    return damage


def _npy():
    file = io.BytesIO()
    np.save(file, np.zeros(3))
    return file.getvalue()


def _without(field):
    return lambda header: {name: value for name, value in header.items() if name != field}


def _described(change):
    return _header(lambda header: header | {"arrays": change(header["arrays"])})


def _the_one_before(path):
    epoch = int(path.stem[-5:])
    before = path.with_name(f"{path.stem[:-5]}{epoch - 1:05d}.ckpt")
    shutil.copy(before, path)


def _folder(path):
    path.unlink()
    path.mkdir()
    (path / "inside").write_text("mine")


def _link(path):
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def _dangling(path):
    path.unlink()
    path.symlink_to(path.with_name("nowhere"))


def _fifo(path):
    path.unlink()
    os.mkfifo(path)


def _huge(path):
    with path.open("r+b") as file:
        file.truncate(MAX_BYTES + 1)


DAMAGES = {
    "empty": _length(lambda old: b""),
    "cut in its first line": _length(lambda old: old[:5]),
    "cut in its digest": _length(lambda old: old[: len(MAGIC) + 30]),
    "cut after its digest": _length(lambda old: old[:START]),
    "cut in the middle": _length(lambda old: old[: len(old) // 2]),
    "cut by one byte": _length(lambda old: old[:-1]),
    "one byte longer": _length(lambda old: old + b"\0"),
    "all zeros": _length(lambda old: bytes(len(old))),
    "zeros from the middle on": _length(
        lambda old: old[: len(old) // 2] + bytes(len(old) - len(old) // 2)
    ),
    "a bit of the format flipped": _flip(lambda n: 3),
    "a bit of the digest flipped": _flip(lambda n: len(MAGIC) + 7),
    "a bit of a weight flipped": _flip(lambda n: n // 2),
    "a bit of the last entry flipped": _flip(lambda n: n - 9),
    "another format": _length(lambda old: old.replace(b"checkpoint 2", b"checkpoint 1", 1)),
    "a text": _length(lambda old: b"prunelab checkpoint 2, they said\n" * 99),
    "a pickle": _length(lambda old: pickle.dumps(Bomb())),
    "a pickle under a right digest": _length(lambda old: seal(pickle.dumps(Bomb()))),
    "an array of pickles": _length(
        lambda old: seal(archive(header=np.array([Bomb()], dtype=object)))
    ),
    "one array, no archive": _length(lambda old: seal(_npy())),
    "no archive at all": _length(lambda old: seal(b"PK\3\4 and so on")),
    "no header": _header(lambda header: None),
    "a header that is no JSON": _header(lambda header: "{"),
    "a header that is no object": _header(lambda header: "3"),
    "a header with NaN": _header(lambda header: header | {"values": {"loss": [float("nan")]}}),
    "a header nested too deep": _header(lambda header: "[" * 100_000),
    "a header without values": _header(_without("values")),
    "a header without identity": _header(_without("identity")),
    "values that are none": _header(lambda header: header | {"values": [1]}),
    "arrays that are none": _header(lambda header: header | {"arrays": 3}),
    "an array too many": _described(lambda arrays: arrays | {"more": ["<f4", [2]]}),
    "an array too few": _described(lambda arrays: dict(list(arrays.items())[1:])),
    "an array of objects": _described(lambda arrays: arrays | {"more": ["|O", [0]]}),
    "an array of no kind": _described(lambda arrays: arrays | {"more": ["float33", [0]]}),
    "an array of a negative size": _described(lambda arrays: arrays | {"more": ["<f4", [-1]]}),
    "an array of a broken shape": _described(lambda arrays: arrays | {"more": ["<f4", [0.5]]}),
    "another epoch": _the_one_before,
    "huge": _huge,
}
# What bears the name of a checkpoint and is no file that a run of ours has written.
IN_THE_WAY = {
    "a folder": _folder,
    "a link to itself elsewhere": _link,
    "a link to nowhere": _dangling,
    "a pipe": _fifo,
}
