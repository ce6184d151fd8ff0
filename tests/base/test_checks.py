"""Each check returns the cleaned value or one sentence that names argument, value and way out."""

import decimal
from fractions import Fraction

import ml_dtypes
import numpy as np
import pytest

from prunelab.base.checks import is_one_line, number, real_array, sparsity_fraction, whole


class Grumpy:
    """An object whose repr fails, as half-built models' do."""

    def __repr__(self):
        raise RuntimeError("no repr today")


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3), np.array(3), Fraction(3)])
def test_whole_accepts_what_is_whole(value):
    cleaned = whole("epochs", value)
    assert cleaned == 3
    assert type(cleaned) is int


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (2.5, ValueError, "epochs=2.5: epochs must be a whole number; write 2 or 3"),
        (0, ValueError, "epochs=0: epochs must be a whole number from 1 to 2_147_483_647"),
        (float("nan"), ValueError, "epochs=nan: epochs must be a whole number"),
        (10**400, ValueError, "from 1 to 2_147_483_647"),
        (True, TypeError, "epochs=True: epochs must be a whole number, not a bool"),
        ("3", TypeError, "epochs='3': epochs must be a whole number, not a str"),
        (None, TypeError, "epochs=None: epochs must be a whole number, not None"),
        (3j, TypeError, "not a complex"),
        (decimal.Decimal(3), TypeError, "not a Decimal"),
        ([3], TypeError, "not a list"),
        (np.array([3]), TypeError, "not a ndarray"),
        (Grumpy(), TypeError, "epochs=<Grumpy>: epochs must be a whole number, not a Grumpy"),
    ],
)
def test_whole_refuses_the_rest_in_one_sentence(value, error, sentence):
    with pytest.raises(error) as raised:
        whole("epochs", value, at_least=1)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_number_keeps_within_its_limits():
    assert number("power", 3) == 3.0
    assert number("power", np.float32(0.5), above=0, at_most=1) == 0.5
    for value, limits in ((0, dict(above=0)), (2, dict(at_most=1)), (-1, dict(at_least=0))):
        with pytest.raises(ValueError, match=f"power={value}: power must be a finite number, "):
            number("power", value, **limits)
    for value in (float("inf"), float("nan"), 10**400):
        with pytest.raises(ValueError, match="must be a finite number"):
            number("power", value)


def test_a_long_value_is_cut_in_the_sentence():
    with pytest.raises(TypeError) as raised:
        number("power", "x" * 10_000)
    assert len(str(raised.value)) < 200


def test_sparsity_is_a_fraction():
    assert sparsity_fraction("s", 0) == 0.0
    assert sparsity_fraction("s", 0.75) == 0.75
    sentences = {75: "for 75 % write 0.75", -0.1: "write 0 or more", 1: "0.99", 100: "0.99"}
    for value, way_out in sentences.items():
        with pytest.raises(ValueError, match=f"s={value}: sparsity is a fraction") as raised:
            sparsity_fraction("s", value)
        assert way_out in str(raised.value)


def test_short_floats_of_other_libraries_are_real_numbers():
    numbers = [0.5, -1.25, 0.0, 3.0]
    for kind in (ml_dtypes.bfloat16, ml_dtypes.float8_e5m2, np.float16):
        array = real_array("x", np.array(numbers, dtype=kind))
        assert array.astype(float).tolist() == numbers
    with pytest.raises(TypeError, match="must be an array of real numbers"):
        real_array("x", np.zeros(3, dtype=[("a", float)]))


@pytest.mark.parametrize(
    "words",
    [
        "全\u3000角",
        "👩\u200d🔬",
        "❤\ufe0f",
        "12\u00a0%",
        "1\u202f000",
        "\u0645\u06cc\u200c\u062e",
        "e\u0301",
        "",
    ],
)
def test_words_of_any_script_are_one_line(words):
    assert is_one_line(words)


@pytest.mark.parametrize(
    "letter", "\n\t\x1b\x7f\u2028\u2029\ud800\u202a\u202e\u2066\u2069\u200b\ufeff"
)
def test_what_breaks_or_turns_a_line_is_not(letter):
    assert not is_one_line(f"a{letter}b")


def test_a_fraction_beyond_all_measure_is_one_sentence():
    for check in (whole, number):
        with pytest.raises(ValueError, match="it is too large") as raised:
            check("epochs", Fraction(10**400, 3))
        assert len(str(raised.value)) < 200
