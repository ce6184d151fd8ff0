"""Argument checks: each returns the cleaned value, or raises one sentence that says what to do.

`TypeError`: the value is not a number. `ValueError`: the number cannot be used.
"""

from __future__ import annotations

import math
import numbers
import sys
import unicodedata
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import TypeVar

    from numpy.typing import ArrayLike

    Kind = TypeVar("Kind")


def shown(value: object) -> str:
    """A short, one-line text for any value; it works even if the value's own repr raises."""
    try:
        text = " ".join(repr(value).split())
    except Exception:
        text = f"<{type(value).__name__}>"
    return text if len(text) <= 60 else text[:57] + "..."


_TURNS = {*range(0x202A, 0x202F), *range(0x2066, 0x206A)}  # they reverse the direction of a text


def is_plain(letter: str) -> bool:
    """Whether a character may stand in a line of text: letters, spaces and joiners of any script.

    Refused are control characters, surrogates, line ends, characters that reverse the direction of
    a line, and zero-width spaces (behind one, a spreadsheet cell could start with a formula).
    """
    wrong = unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp")
    return not wrong and ord(letter) not in _TURNS and letter not in "\u200b\u2060\ufeff"


def is_one_line(words: str) -> bool:
    """Whether all characters of a text are plain; see `is_plain`."""
    return all(map(is_plain, words))


def _real(name, value, wanted):
    """`value` as a finite Python number; bools, strings and arrays are refused."""
    if type(value) is int or (type(value) is float and math.isfinite(value)):
        return value  # nearly every call, among them each report of each stored epoch
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        kind = "None" if value is None else f"a {type(value).__name__}"
        raise TypeError(f"{name}={shown(value)}: {name} must be {wanted}, not {kind}")
    try:
        is_finite = isinstance(value, numbers.Integral) or math.isfinite(value)
    except OverflowError:
        raise ValueError(
            f"{name}={shown(value)}: {name} must be {wanted}; it is too large"
        ) from None
    if not is_finite:
        raise ValueError(
            f"{name}={shown(value)}: {name} must be {wanted}; NaN and infinity are not"
        )
    return value


def real_array(name: str, value: ArrayLike) -> np.ndarray:
    """`value` as an array of real numbers or bools, of any shape and with any values."""
    refuse_hidden(name, value)
    try:
        array = np.asarray(value)
    except Exception:
        array = np.asarray(None)  # ragged lists, objects that cannot be converted
    if array.dtype.kind == "V" and array.dtype.name.startswith(("bfloat", "float")):
        array = array.astype(np.float32)  # as TensorFlow and JAX hold them; each fits exactly
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name}={shown(value)}: {name} must be an array of real numbers")
    return array


def refuse_hidden(name: str, value: object) -> None:
    """Raise ValueError if `value` is a NumPy masked array whose mask hides an entry.

    NumPy's functions would ignore the mask without a warning.
    """
    masked = sys.modules.get("numpy.ma")  # NumPy imports it on first use
    if masked is None or not isinstance(value, masked.MaskedArray):
        return
    hidden = masked.count_masked(value)
    if hidden:
        raise ValueError(
            f"{name} is a masked array that hides {hidden} of its {value.size} numbers: say what "
            "stands there, with .filled(0) for zeros, or hand over its .data to use them all"
        )


def whole(name: str, value: object, at_least: int = 0, at_most: int = 2**31 - 1) -> int:
    """`value` as an int in [`at_least`, `at_most`]; a float is accepted if it is a whole number."""
    value = _real(name, value, "a whole number")
    if value != int(value):
        raise ValueError(
            f"{name}={shown(value)}: {name} must be a whole number; "
            f"write {math.floor(value)} or {math.ceil(value)}"
        )
    if not at_least <= value <= at_most:
        raise ValueError(
            f"{name}={shown(value)}: {name} must be a whole number "
            f"from {at_least:,} to {at_most:,}".replace(",", "_")
        )
    return int(value)


def number(
    name: str,
    value: object,
    above: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
) -> float:
    """`value` as a finite float within the bounds given."""

    def is_within(value):
        return (
            (above is None or value > above)
            and (at_least is None or value >= at_least)
            and (at_most is None or value <= at_most)
        )

    if type(value) is float and math.isfinite(value) and is_within(value):
        return value  # no sentence is made for it
    bounds = {"above": above, "at least": at_least, "at most": at_most}
    words = [f"{word} {limit:g}" for word, limit in bounds.items() if limit is not None]
    wanted = ", ".join(["a finite number", *words])
    try:
        cleaned = float(_real(name, value, wanted))
    except OverflowError:
        cleaned = math.nan  # an int too large for float64
    if math.isnan(cleaned) or not is_within(cleaned):
        raise ValueError(f"{name}={shown(value)}: {name} must be {wanted}")
    return cleaned


def sparsity_fraction(name: str, value: object) -> float:
    """`value` as a sparsity: the fraction of zeros, a float in [0, 1)."""
    fraction = number(name, value)
    if 0 <= fraction < 1:
        return fraction
    if fraction < 0:
        remedy = "write 0 or more"
    elif 2 <= fraction < 100:
        remedy = f"for {fraction:g} % write {fraction / 100:g}"
    else:
        remedy = "keep at least some weights, for example 0.99"
    raise ValueError(f"{name}={shown(value)}: sparsity is a fraction in [0, 1); {remedy}")


def list_of(name: str, values: object, kind: type[Kind]) -> tuple[Kind, ...]:
    """`values` as a tuple; TypeError if one of them is not a `kind`."""
    wanted = f"it must be a list of {kind.__name__}s"
    if not isinstance(values, tuple | list) or not all(isinstance(v, kind) for v in values):
        raise TypeError(f"{name}={shown(values)}: {wanted}")
    return tuple(values)


def without_controls(words):
    """`words` without the characters that `is_plain` refuses; line ends and tabs stay."""
    return "".join(c for c in words if c in "\n\t" or is_plain(c))


LONGEST_NAME = 100  # characters of a name that becomes a file name


def file_name(what, value):
    """`value` if it can name a file on any system: letters, digits and underscores."""
    if not (isinstance(value, str) and value.isascii() and value.isidentifier()):
        raise ValueError(f"name={shown(value)}: {what}'s name is letters, digits and underscores")
    if len(value) > LONGEST_NAME:
        raise ValueError(f"name={shown(value)}: a name has at most {LONGEST_NAME} letters")
    return value


def check_texts(name, value):
    """Raise ValueError if a text or a key in plain values holds control characters."""
    if isinstance(value, dict):
        for key, inner in value.items():
            check_texts(name, str(key))
            check_texts(name, inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            check_texts(name, inner)
    elif isinstance(value, str) and without_controls(value).replace("\n", "") != value:
        raise ValueError(f"{name} holds {shown(value)}, with control characters: leave them out")
