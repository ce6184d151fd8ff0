"""The identity of data: what must change it, and what must not."""

import numpy as np
import pytest

from prunelab.experiments.identity import checked_identity, data_identity, differences, listed

X = np.arange(12.0).reshape(6, 2)
Y = np.arange(6)


@pytest.mark.parametrize(
    "other",
    [
        (X, Y + 1),
        (X, Y.astype("float32")),
        (X.reshape(4, 3), Y),
        (X, Y, np.ones(6)),
        ({"x": X}, Y),
        ({"z": X}, Y),
        (X, np.array([*"abcdef"])),
        (X, np.array([*"abcdef"], object)),
        (X, np.array([*"abcdeg"], object)),
        iter(()),
    ],
)
def test_any_other_data_have_another_identity(other):
    others = {data_identity((X, Y)), data_identity(({"x": X}, Y))} - {data_identity(other)}
    assert data_identity((X, Y)) != data_identity(other)
    assert others
    assert data_identity((X, Y)) == data_identity([X.copy(), Y.copy()])


def test_objects_are_known_by_what_they_say_and_not_by_their_place_in_memory():
    one, two, three = (data_identity(np.array(list(w), object)) for w in ("abc", "abc", "abd"))
    assert one == two != three
    assert data_identity(np.array([object()])) == data_identity(np.array([object()]))


def test_only_what_both_have_is_compared_and_said_as_a_list():
    one, two = {"network": "a", "optimizer": "a", "data": "a"}, {"network": "b", "data": "b"}
    assert differences(one, two) == "another network and other data"
    assert differences(one, two | {"optimizer": "b"}) == (
        "another network, another optimizer and other data"
    )
    assert differences(one, one) == differences(None, one) == differences({}, one) == ""
    assert listed([]) == ""


@pytest.mark.parametrize("values", [3, {"network": "x"}, {"other": "a" * 64}, {"data": None}])
def test_a_stored_identity_is_checked(values):
    with pytest.raises(ValueError, match="identity"):
        checked_identity(values)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1e-30, 1.0, 1e30])
def test_the_last_bits_of_another_processor_are_no_other_data(dtype, scale):
    same = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        values = (rng.normal(size=(500, 7)) * scale).astype(dtype)
        up = rng.random(values.shape) < 0.3
        near = np.where(up, np.nextafter(values, dtype(np.inf)), values)
        assert not np.array_equal(near, values)
        same += data_identity(near) == data_identity(values)
    assert same >= 39


@pytest.mark.parametrize("n", [10, 3_000, 300_000])
def test_one_value_the_scale_and_the_order_make_other_data(n):
    values = np.random.default_rng(n).normal(size=n)
    one, before = values.copy(), data_identity(values)
    one[n // 2] += 1
    for other in (
        one,
        values * 1.001,
        values + 0.001,
        values[::-1],
        np.roll(values, 1),
        values[1:],
    ):
        assert data_identity(other) != before
    assert data_identity(values.copy()) == before
    for odd in (np.zeros(n), np.where(values > 0, np.nan, values), values.astype(np.float32)):
        assert data_identity(odd) != before
