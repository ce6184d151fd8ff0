"""The digits, as scikit-learn has them, split so that no picture is in two parts."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from prunelab.experiments.digits import digits


def test_all_pictures_are_there_once_and_their_pixels_are_fractions():
    rows = digits(3)
    parts = [(rows.x_train, rows.y_train), (rows.x_val, rows.y_val), rows.open_test()]
    assert [len(y) for _, y in parts] == [1078, 359, 360]
    x, y = load_digits(return_X_y=True)
    found = sorted((*map(float, 16 * row), int(at)) for xs, ys in parts
                   for row, at in zip(xs, ys, strict=True))  # fmt: skip
    assert found == sorted((*map(float, row), int(at)) for row, at in zip(x, y, strict=True))
    assert 0 <= rows.x_train.min() < rows.x_train.max() <= 1
    for _, labels in parts:  # each class has its tenth
        assert np.bincount(labels).min() > 0.09 * len(labels)


def test_a_seed_is_a_split_and_the_arrays_stay_as_they_are():
    assert np.array_equal(digits(3).x_val, digits(3).x_val)
    assert not np.array_equal(digits(3).x_val, digits(4).x_val)
    with pytest.raises(ValueError, match="read-only"):
        digits(3).x_train[0] = 0
    with pytest.raises(ValueError, match="seed=-1"):
        digits(-1)
    assert repr(digits(0)) == "Digits(seed 0: 1,078 + 359 + 360 pictures)"
