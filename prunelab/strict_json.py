"""JSON as a program wrote it: no NaN, no number beyond float64, no key twice."""

import json
import math

from prunelab.validate import shown


def parse(text):
    """The values in `text` (str, or bytes of UTF-8); ValueError for whatever is wrong with it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8")
    try:
        return json.loads(
            text, parse_constant=_refuse, parse_float=_finite, object_pairs_hook=_unique
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def parse_text(name, text):
    """The values in `text`; TypeError or ValueError, in words about `name`, where it is no JSON."""
    if not isinstance(text, str | bytes):
        raise TypeError(f"{name}={shown(text)}: it must be the text of a JSON object")
    try:
        return parse(text)
    except ValueError as error:
        raise ValueError(f"{name} is not JSON: {error}") from None


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
