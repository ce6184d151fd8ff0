"""Plain values as JSON with the same text and digest on any machine, and files with a digest.

A file is refused if it holds NaN, a number too large for float64, a key twice or a wrong digest.
"""

import hashlib
import json
import math
import os

from prunelab.base.checks import shown
from prunelab.base.files import in_words, odd_kind, write_atomically


def canonical_json(values):
    """`values` as JSON text with sorted keys and no spaces: the same bytes for the same values."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(values):
    """sha256 of the canonical JSON of `values`, in hex."""
    return hashlib.sha256(canonical_json(values).encode()).hexdigest()


def only_fields(what, values, wanted):
    """Refuse `values` if it is not a dict with exactly the fields `wanted`."""
    if not isinstance(values, dict):
        raise ValueError(f"{what} is a {type(values).__name__}: it must be a JSON object")
    missing = sorted(set(wanted) - set(values))
    unknown = sorted(set(values) - set(wanted), key=str)
    if missing or unknown:
        lacks = f"it lacks {', '.join(missing)}; " if missing else ""
        has_too_much = f"nobody knows {shown(unknown)}; " if unknown else ""
        raise ValueError(
            f"{what}: missing or unknown fields: {lacks}{has_too_much}write what to_dict writes"
        )


def parse(text):
    """The values in the JSON `text` (str, or bytes in UTF-8); ValueError if it is not valid."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        return json.loads(
            text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_unique
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse(name):
    raise ValueError(f"{name} is not a number")


def _finite(text):
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{shown(text)} is too large for a number")
    return value


def _unique(pairs):
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a key occurs twice")
    return values


MAX_BYTES = 2**28  # limit for files of any length, such as a live run of a million epochs


class RunError(ValueError):
    """A stored run cannot be used; the message says which file and why."""


def save_record(record, target, limit=MAX_BYTES, *, flush=True):
    """Store a dict of plain values and its digest in the file `target`; `flush` as in `files`."""
    text = json.dumps(record | {"digest": _digest(record)}, allow_nan=False, separators=(",", ":"))
    _write_and_read((text + "\n").encode(), target, limit, flush)


def load_record(source, limit=MAX_BYTES, begins=b'{"format":'):
    """The dict that `save_record` stored; RunError if the file is missing, damaged or changed.

    begins: the bytes with which every file of this kind begins.
    """
    content = read_file(source, limit)
    try:
        record = parse(content)
        if not isinstance(record, dict) or record.pop("digest", None) != _digest(record):
            raise ValueError("its content does not fit its digest")
    except (ValueError, RecursionError) as error:
        remedy = remedy_of(content, begins)
        raise RunError(f"{source.name} is damaged ({error}): {remedy}") from None
    return record


def save_values(values, target, *, flush=True):
    """Store plain values of any kind with their digest; `load_values` reads them."""
    save_record({"values": values}, target, flush=flush)


def load_values(source):
    """The values that `save_values` stored; None if there is no file, RunError if it is bad."""
    if not os.path.lexists(source):
        return None
    record = load_record(source, begins=b'{"values":')
    if set(record) != {"values"}:
        raise RunError(f"{source.name} holds {shown(sorted(record))}, not values: remove it")
    return record["values"]


def _digest(record):
    return sha256(record["values"] if set(record) == {"values"} else record)


def remedy_of(content, begins):
    """What to do about an unusable file; it may be a reader's own file with the same name.

    begins: the bytes with which every prunelab file of this kind begins.
    """
    if content[: len(begins)] == begins[: len(content)]:
        return "remove it and run again"
    return "it is no file of prunelab's; choose another folder, or another name"


def _write_and_read(content, target, limit, flush):
    """Write `content` to the file `target`, and read it back as a later load would.

    RunError if `content` has more than `limit` bytes (nothing is then written), or if the bytes
    read back differ.
    """
    if len(content) > limit:
        raise RunError(
            f"{target.name} would have {len(content):,} bytes, and at most {limit:,} are read "
            "again: store fewer runs, or shorter ones, in one file"
        )
    write_atomically(target, lambda file: file.write(content), flush=flush)
    if read_file(target, limit) != content:
        raise RunError(f"{target.name} does not hold what was stored in it: store it again")


def read_file(source, limit):
    """The bytes of a plain file; RunError, in one sentence, if it has more than `limit` bytes."""
    try:
        if not os.path.lexists(source):
            raise RunError(f"{source.name} is missing: run it again")
        if odd_kind(source) is not None:
            raise RunError(f"{source.name} is not a plain file: remove it and run again")
        if source.stat().st_size > limit:
            raise RunError(f"{source.name} is larger than {limit:,} bytes, so it is no stored run")
        return source.read_bytes()
    except OSError as error:
        raise RunError(in_words(error, source)) from None
