"""The constant tensors of a .tflite file, read from its bytes without an interpreter.

Source: `tensorflow/lite/schema/schema.fbs`, and FlatBuffers' binary format: a table begins with the
distance back to its vtable, which lists the position of each field; 0 means the field is missing.
"""

import math
import struct

import numpy as np

IDENTIFIER = b"TFL3"
# TensorType: its name, which NumPy knows too but for those of _SMALL, texts and references.
_TYPES = {
    **{0: "float32", 1: "float16", 2: "int32", 3: "uint8", 4: "int64", 6: "bool", 7: "int16"},
    **{8: "complex64", 9: "int8", 10: "float64", 12: "uint64", 15: "uint32", 16: "uint16"},
    **{5: "text", 11: "complex128", 13: "resource", 14: "variant"},
    **{17: "int4", 18: "bfloat16", 19: "int2", 20: "uint4"},
}
_SMALL = {"int4": 4, "uint4": 4, "int2": 2}  # bits of a value; several share a byte
_NO_NUMBERS = ("text", "resource", "variant", "other")
_SUBGRAPHS, _BUFFERS = 2, 4  # fields of a Model
_TENSORS = 0  # of a SubGraph
_SHAPE, _TYPE, _BUFFER, _NAME, _QUANTIZATION, _SPARSITY = 0, 1, 2, 3, 4, 6  # of a Tensor
_DATA, _OFFSET, _SIZE = 0, 1, 2  # of a Buffer
_ZERO_POINT = 3  # of QuantizationParameters
MOST = 1_000_000  # tensors; a larger number means a damaged file


def constants(content):
    """(name, shape, dtype, bytes in the file, fraction of zeros) of each tensor that has a value.

    The zero of a quantised tensor is its zero point. A sparse tensor stores only non-zeros; its
    zeros are counted from its full shape. The fraction is None for types that cannot be counted.
    Raises ValueError if the bytes are no .tflite file.
    """
    try:
        return list(_constants(content))
    except (struct.error, IndexError, OverflowError) as error:
        raise ValueError(f"its tables point outside of it: {error}") from None


def _constants(content):
    if content[4:8] != IDENTIFIER:
        raise ValueError("it does not begin as a TFLite file")
    model = _Table(content, _u32(content, 0))
    buffers = model.tables(_BUFFERS)
    for graph in model.tables(_SUBGRAPHS):
        for tensor in graph.tables(_TENSORS):
            number = tensor.scalar(_BUFFER, "<I")
            data = _bytes_of(content, buffers[number]) if number else np.zeros(0, "u1")
            if data.size:
                yield _row(tensor, data)


def _bytes_of(content, buffer):
    """The bytes of a buffer: inside its table, or, in files near 2 GB, behind all tables."""
    data, start = buffer.vector(_DATA, "u1"), buffer.scalar(_OFFSET, "<Q")
    if data.size or start < 2:  # 1 is a placeholder
        return data
    size = buffer.scalar(_SIZE, "<Q")
    if start + size > len(content):
        raise IndexError(start)
    return np.frombuffer(content, "u1", size, start)


def _values(kind, data, size):
    """The values in `data`, of which only whether they are zero, or the zero point, matters."""
    if bits := _SMALL.get(kind):
        parts = [data >> shift & 2**bits - 1 for shift in range(0, 8, bits)]
        values = np.stack(parts, axis=1).ravel()
        return values[:size] if size <= values.size < size + 8 // bits else values
    if kind == "bfloat16":  # its zeros are 0 and −0, which differ in the highest bit
        return data[: data.size // 2 * 2].view("<u2") & 0x7FFF
    return data[: data.size // np.dtype(kind).itemsize * np.dtype(kind).itemsize].view(kind)


def _row(tensor, data):
    shape = tuple(int(n) for n in tensor.vector(_SHAPE, "<i4"))
    kind = _TYPES.get(tensor.scalar(_TYPE, "<b"), "other")
    size = math.prod(shape)
    zeros = None
    if kind not in _NO_NUMBERS and size:
        values = _values(kind, data, size)
        nonzero = np.count_nonzero(values != _zero_point(tensor))
        if tensor.has(_SPARSITY) or values.size == size:
            zeros = 1 - nonzero / size
        else:
            raise ValueError("a tensor's shape and its bytes do not agree")
    name = bytes(tensor.vector(_NAME, "u1")).decode("utf-8", "replace")
    return name, shape, kind, int(data.size), zeros


def _zero_point(tensor):
    if not tensor.has(_QUANTIZATION):
        return 0
    points = tensor.table(_QUANTIZATION).vector(_ZERO_POINT, "<i8")
    return int(points[0]) if len(points) == 1 else 0  # weights quantised by channel are symmetric


FEWEST = 1024  # weights that a kernel needs to be stored as int8 without calibration


def int8_remark(kernels, content):
    """One sentence if not every one of `kernels` is int8 in a file that was quantised, else "".

    The converter leaves small kernels in float32. It folds normalisation into kernels and splits
    those of a loop by gate: if some kernel's size is not found, all constants of two axes count.
    """
    wide = [
        (math.prod(shape), kind) for _, shape, kind, _, _ in constants(content) if len(shape) > 1
    ]
    wide = [(size, kind) for size, kind in wide if kind in _OF_KERNELS]
    sizes = {kernel.size for kernel in kernels}
    if sizes <= {size for size, _ in wide}:
        wide = [(size, kind) for size, kind in wide if size in sizes]
    floats = [size for size, kind in wide if kind.startswith("float")]
    if not floats:
        return ""
    small = all(size < FEWEST for size in floats)
    why = f"kernels below {FEWEST:,} weights stay" if small else "the converter left the others in"
    return f"{len(wide) - len(floats)} of {len(wide)} kernels are int8: {why} float32"


_OF_KERNELS = ("float32", "float16", "int8", "int4", "int2")


class _Table:
    """A FlatBuffers table at a position in `content`."""

    def __init__(self, content, at):
        self.content, self.at = content, at
        self.fields = at - struct.unpack_from("<i", content, at)[0]
        if at < 4 or self.fields < 0:
            raise IndexError(at)
        self.length = struct.unpack_from("<H", content, self.fields)[0]

    def _place(self, field):
        where = 4 + 2 * field
        if where + 2 > self.length:
            return 0
        offset = struct.unpack_from("<H", self.content, self.fields + where)[0]
        return self.at + offset if offset else 0

    def has(self, field):
        return bool(self._place(field))

    def scalar(self, field, form):
        place = self._place(field)
        return struct.unpack_from(form, self.content, place)[0] if place else 0

    def table(self, field):
        place = self._place(field)
        return _Table(self.content, place + _u32(self.content, place))

    def vector(self, field, dtype):
        """The numbers of a vector, or the letters of a string; empty if it is missing."""
        place = self._place(field)
        if not place:
            return np.zeros(0, dtype)
        start = place + _u32(self.content, place)
        count = _u32(self.content, start)
        if start + 4 + count * np.dtype(dtype).itemsize > len(self.content):
            raise IndexError(start)
        return np.frombuffer(self.content, dtype, count, start + 4)

    def tables(self, field):
        places = self.vector(field, "<u4")
        if len(places) > MOST:
            raise IndexError(len(places))
        first = self._place(field)
        first = first + _u32(self.content, first) + 4 if first else 0
        return [
            _Table(self.content, first + 4 * at + int(offset)) for at, offset in enumerate(places)
        ]


def _u32(content, at):
    return struct.unpack_from("<I", content, at)[0]
