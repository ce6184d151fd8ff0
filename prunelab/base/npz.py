"""Read NumPy's `.npz` files from any source safely: no pickles, and a limit on the memory.

An `.npz` is a zip of `.npy` members. The header of each member is checked before the member is
unpacked. Source of the formats: numpy.lib.format, and PKWARE's APPNOTE for the zip.
"""

import io
import math
import struct
import warnings
import zipfile

import numpy as np

_HEADER = 2**14  # bytes; the longest header that NumPy itself reads has 10,000
_KINDS = "iufb"  # whole numbers, floats, truth values
_ENDING = ".npy"
_OTHERS = 1000  # members allowed besides those whose shapes are known
_END_OF_ZIP = 22  # bytes, of a zip without a comment


class ArraysError(ValueError):
    """The bytes hold no usable arrays; the message says why in a few words."""


def read_arrays(content, most_bytes, shapes=None):
    """The arrays in the bytes of an `.npz`, a dict by name; ArraysError for anything else.

    most_bytes: limit for all arrays together. shapes: dict from an array's name to the shape it
    must have; arrays with other names are allowed.
    """
    shapes = shapes or {}
    try:
        _refuse_long_list(content, len(shapes) + _OTHERS)
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = _members(archive, most_bytes)
            return {
                name: _array(archive, name, member, shapes.get(name))
                for name, member in members.items()
            }
    except ArraysError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise ArraysError(f"it is no whole zip of arrays: {reason}") from None


def _refuse_long_list(content, most):
    """Refuse a zip with more than `most` members, by the count stored at its end."""
    end = bytes(content[-_END_OF_ZIP:])
    if bytes(content[:4]) != b"PK\3\4" or len(end) < _END_OF_ZIP or end[:4] != b"PK\5\6":
        raise ArraysError("it is no zip, or bytes stand before or behind it, or it is cut off")
    if len(content) > 2**32 - 1:  # a zip64 file; the list is no danger at this size
        return
    members, length = struct.unpack_from("<HI", end, 10)
    if members > most or length > 400 * most or bytes(content[-42:-38]) == b"PK\6\7":
        raise ArraysError(f"it claims {members:,} members, and at most {most:,} belong there")


def _members(archive, most_bytes):
    """The members of the zip by the arrays' names, checked as far as possible without unpacking."""
    infos = archive.infolist()
    members = {info.filename.removesuffix(_ENDING): info for info in infos}
    if len(members) < len(infos):
        raise ArraysError("a member occurs twice")
    for info in infos:
        name = ascii(info.filename[:40])
        if not info.filename.endswith(_ENDING) or info.is_dir():
            raise ArraysError(f"the member {name} is no array")
        if info.flag_bits & 0x1:
            raise ArraysError(f"the member {name} is encrypted")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ArraysError(f"the member {name} is packed in a way that NumPy does not write")
    total = sum(info.file_size for info in infos)
    if total > most_bytes + _HEADER:
        raise ArraysError(f"it unpacks to {total:,} bytes, and at most {most_bytes:,} belong there")
    return members


def _array(archive, name, info, wanted):
    name = ascii(name[:40])
    with archive.open(info) as member:
        start = io.BytesIO(member.read(_HEADER))
        dtype, shape, fortran = _header(start, name)
        if dtype.hasobject or dtype.kind not in _KINDS:
            raise ArraysError(f"the array {name} holds {dtype}, not numbers")
        if any(n < 0 for n in shape):
            raise ArraysError(f"the array {name} claims the shape {shape}")
        if wanted is not None and shape != tuple(wanted):
            raise ArraysError(f"the array {name} has the shape {shape}, not {tuple(wanted)}")
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - start.tell():
            raise ArraysError(f"the array {name} claims {size:,} bytes and does not have as many")
        values = np.empty(size, np.uint8)
        begun = start.readinto(values)
        while begun < size and (more := member.readinto(memoryview(values)[begun:])):
            begun += more
        if begun != size or member.read(1):  # read to the end, which checks the CRC
            raise ArraysError(f"the array {name} is cut off, or longer than it claims")
    return values.view(dtype).reshape(shape, order="F" if fortran else "C")


def _header(start, name):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            version = np.lib.format.read_magic(start)
            if version not in ((1, 0), (2, 0)):
                raise ValueError(version)
            form = np.lib.format
            first = version == (1, 0)
            read = form.read_array_header_1_0 if first else form.read_array_header_2_0
            shape, fortran, dtype = read(start)
    except Exception:  # ValueError, or whatever parsing a damaged header raises
        raise ArraysError(f"the member {name} does not begin as an array does") from None
    if not all(type(n) is int for n in shape):
        raise ArraysError(f"the array {name} claims the shape {shape}")
    return dtype, shape, fortran
