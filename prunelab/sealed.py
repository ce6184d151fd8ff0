"""Plain values in a file, sealed by the digest of their content; what does not fit is refused."""

import json
import os

from prunelab import strict_json
from prunelab.digests import sha256
from prunelab.files import in_words, odd_kind, write_atomically

MAX_BYTES = 2**28  # of what may have any length, such as a live run of a million epochs


class RunError(ValueError):
    """A stored run cannot be used; the message says which file and why."""


def save_values(values, target, *, flush=True):
    """Store plain values, sealed by their digest, in the file `target`; flush as in `files`."""
    text = json.dumps({"values": values, "digest": sha256(values)}, allow_nan=False)
    write_and_read((text + "\n").encode(), target, MAX_BYTES, flush=flush)


def load_values(source):
    """The values `save_values` stored, None where there is no file, or RunError."""
    if not os.path.lexists(source):
        return None
    try:
        content = read_file(source, MAX_BYTES)
        sealed = strict_json.parse(content)
        if set(sealed) != {"values", "digest"} or sealed["digest"] != sha256(sealed["values"]):
            raise ValueError("its content does not fit its digest")
    except RunError:
        raise
    except (ValueError, TypeError, RecursionError) as error:
        way = way_out(content, b'{"values":')
        raise RunError(f"{source.name} is damaged ({error}): {way}") from None
    return sealed["values"]


def way_out(content, begins):
    """What to do about a file that cannot be used: it may be a reader's own, called like ours.

    begins: how every file of ours of this kind begins.
    """
    if content[: len(begins)] == begins[: len(content)]:
        return "remove it and run again"
    return "it is no file of prunelab's; choose another folder, or another name"


def write_and_read(content, target, limit, *, flush=True):
    """Write `content` to the file `target`, and read it back, as whoever loads it will.

    RunError where it has more bytes than the reader takes, before anything is written; and where
    other bytes are there.
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
    """The bytes of a plain file of at most `limit` bytes, or RunError in one sentence."""
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
