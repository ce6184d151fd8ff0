"""Answers as data: values written as JSON, and made again without running any code.

Nothing here evaluates, unpickles or imports anything.
"""

from prunelab.answer_data.decoder import Decoder, FoldedTree
from prunelab.answer_data.encoder import Encoder
from prunelab.answer_data.limits import (
    DEEPEST,
    DTYPES,
    MOST_CHARACTERS,
    MOST_VALUES,
    NotDataError,
)

__all__ = [
    "DEEPEST",
    "DTYPES",
    "MOST_CHARACTERS",
    "MOST_VALUES",
    "Decoder",
    "Encoder",
    "FoldedTree",
    "NotDataError",
    "decode",
    "encode",
]


def encode(value):
    """`value` as plain JSON values; NotDataError for what has no such form or is too long."""
    return Encoder().encode(value, 0)


def decode(data):
    """The value that `encode` wrote; NotDataError for anything else, however it was made."""
    return Decoder().decode(data, 0)
