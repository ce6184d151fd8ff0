"""Answers as data: what goes in comes out, and nothing else gets in."""

import json
import math
import random
from contextlib import suppress
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier

from prunelab.experiments.named_configs import CONFIGS
from prunelab.progress import answers
from prunelab.progress.answers import NotDataError, decode, encode, plain
from prunelab.schedules import ConstantSparsity, PolynomialDecay


def through_json(value):
    return decode(json.loads(json.dumps(encode(value), allow_nan=False)))


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -7, 0.1, 1e-300, "c", " c\n", "nan", "", [], [1, "a", None], (1, (2.5,)), {},
        {"a": 1, 2: [3], None: "x"}, PolynomialDecay(0.0, 0.5, 0, 100), ConstantSparsity(0.5, 0),
        CONFIGS["article"], CONFIGS["article_completed"],
    ],
)  # fmt: skip
def test_a_value_survives(value):
    again = through_json(value)
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        np.float64(0.1), np.float32(0.1), np.int64(-3), np.bool_(True), np.zeros((2, 0, 3)),
        np.arange(6, dtype=np.int8).reshape(2, 3), np.array(3.5), np.array([True, False]),
        np.array([[math.nan, math.inf, -math.inf, 0.1]]), np.float64("nan"),
        np.array([0.1, 2], dtype=np.float16),
    ],
)  # fmt: skip
def test_an_array_survives_with_type_and_shape(value):
    again = through_json(value)
    assert type(again) is type(value)
    assert again.dtype == value.dtype
    assert again.shape == value.shape
    np.testing.assert_array_equal(again, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_survives(value):
    np.testing.assert_equal(float(through_json(value)), value)


def test_a_tree_keeps_what_a_check_looks_at():
    tree = DecisionTreeClassifier(max_leaf_nodes=7, random_state=0).fit(
        *make_moons(80, noise=0.3, random_state=1)
    )
    again = through_json(tree)
    assert again.get_n_leaves() == tree.get_n_leaves() == 7
    np.testing.assert_array_equal(again.tree_.value, tree.tree_.value)


@pytest.mark.parametrize("value", [Fraction(13, 20), Decimal("0.65"), np.longdouble(0.65)])
def test_other_kinds_of_numbers_are_written_as_floats(value):
    assert float(through_json(value)) == 0.65
    assert through_json([value]) == [0.65]


class Tensor:
    """Stands for what NumPy can read, such as pandas' Series."""

    def __init__(self, values):
        self._values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ({3, 1, 2}, {1, 2, 3}), (frozenset({"b", "a"}), {"a", "b"}), ({1: 0, 2: 0}.keys(), {1, 2}),
        (range(3), [0, 1, 2]), (Tensor(["a", "b"]), ["a", "b"]), ([Tensor("a")], ["a"]),
        (set(), set()),
    ],
)  # fmt: skip
def test_what_has_no_order_or_is_read_as_an_array_is_written(value, wanted):
    assert through_json(value) == wanted


def test_what_is_read_as_an_array_is_written_as_one():
    np.testing.assert_array_equal(through_json({"a": Tensor([1.5, 2])})["a"], [1.5, 2.0])


def test_plain_returns_what_needs_no_change():
    knot = []
    knot.append(knot)
    for value in (1, "a", [1, (2, {"b": 3})], np.ones(2), {1, 2}, knot):
        assert plain(value) is value


def test_a_list_in_itself_is_refused():
    knot = []
    knot.append(knot)
    with pytest.raises(NotDataError, match="nested"):
        encode(knot)


@pytest.mark.parametrize(
    "value",
    [
        object(), len, 10**30, 1j, b"x", {(1, 2)}, {b"x"}, np.array(["a"]), np.array([object()]),
        np.zeros(30_000), "x" * 3000, [0] * 30_000, np.datetime64("2026-01-01"), int,
        np.array([1j]), [[[[[[[[[[1]]]]]]]]]],
    ],
)  # fmt: skip
def test_what_has_no_such_form_is_refused(value):
    with pytest.raises(NotDataError) as raised:
        encode(value)
    assert len(str(raised.value)) < 200


ARRAY = {"is": "array", "dtype": "f8", "shape": [2], "items": [1.0, 2.0]}
SCHEDULE = encode(PolynomialDecay(0.0, 0.5, 0, 100))


@pytest.mark.parametrize(
    "data",
    [
        [], [1], {}, {"is": "code"}, {"is": ["list"], "items": []}, {"is": "list"}, 2**63,
        {"is": "list", "items": {}}, {"is": "list", "items": [], "more": 1}, "x" * 2001,
        {"is": "set"}, {"is": "set", "items": [ARRAY]}, {"is": "set", "items": [{"is": "set"}]},
        {"is": "dict", "items": [[1]]}, {"is": "dict", "items": [[ARRAY, 1]]},
        {"is": "dict", "items": [[{"is": "list", "items": []}, 1]]},
        ARRAY | {"dtype": "O"}, ARRAY | {"dtype": ["f8"]}, ARRAY | {"dtype": "U9"},
        ARRAY | {"dtype": "f16"}, ARRAY | {"shape": [3]}, ARRAY | {"shape": [-1, -2]},
        ARRAY | {"shape": [True, 2]}, ARRAY | {"shape": 2}, ARRAY | {"shape": [1.0, 2]},
        ARRAY | {"shape": [2**62, 2**62, 0], "items": []}, ARRAY | {"items": ["1", "2"]},
        ARRAY | {"items": [1, [2]]}, ARRAY | {"dtype": "i1", "items": [1, 300]},
        ARRAY | {"dtype": "u8", "items": [1, -1]}, ARRAY | {"dtype": "b1", "items": [1, 0]},
        ARRAY | {"items": [10**400, 1]}, ARRAY | {"is": "scalar"}, ARRAY | {"items": [True, 1.0]},
        SCHEDULE | {"fields": {"schedule": "os.system"}}, SCHEDULE | {"fields": None},
        {"is": "schedule", "fields": SCHEDULE["fields"] | {"power": -1}},
        {"is": "config", "fields": {"name": "../../x"}}, {"is": "tree", "value": 1, "left": 2},
        {"is": "tree", "value": ARRAY}, {"is": "__import__", "items": ["os"]},
        ARRAY | {"shape": [0], "items": [], "dtype": None},
    ],
)  # fmt: skip
def test_what_encode_never_writes_is_refused(data):
    with pytest.raises(NotDataError) as raised:
        decode(data)
    assert "\n" not in str(raised.value)


def test_deep_and_long_data_are_refused_soon():
    deep = 1
    for _ in range(200):
        deep = {"is": "list", "items": [deep]}
    with pytest.raises(NotDataError, match="nested"):
        decode(deep)
    with pytest.raises(NotDataError, match="more than"):
        decode({"is": "list", "items": [None] * 30_000})
    many = {"is": "list", "items": [ARRAY | {"shape": [900], "items": [0.5] * 900}] * 30}
    with pytest.raises(NotDataError, match="more than"):
        decode(many)


def test_random_changes_give_a_value_or_are_refused():
    rng = random.Random(3)
    start = encode(
        {"a": [1, 2.5, (np.arange(4), "x")], "s": PolynomialDecay(0.0, 0.5, 0, 100), "f": math.nan}
    )
    junk = [None, [], {}, "x", -1, 2**70, 1e308, True, ["is"], {"is": "tree"}, "\ud800"]
    for _ in range(3000):
        data = json.loads(json.dumps(start))
        for _ in range(rng.randint(1, 4)):
            change(rng, data, junk)
        with suppress(NotDataError):  # any other error fails the test
            decode(data)


def change(rng, data, junk):
    """Replace one part of nested JSON by junk, or take it away."""
    while isinstance(data, dict | list) and data:
        key = rng.choice(list(data)) if isinstance(data, dict) else rng.randrange(len(data))
        if rng.random() < 0.35:
            if rng.random() < 0.3:
                del data[key]
            else:
                data[key] = rng.choice(junk)
            return
        data = data[key]


def test_no_dtype_runs_code():
    """Objects and texts are what NumPy would have to be trusted with."""
    assert {np.dtype(kind).kind for kind in answers.DTYPES} == set("biuf")
