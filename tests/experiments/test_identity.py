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
