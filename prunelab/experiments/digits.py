"""scikit-learn's handwritten digits, split by a seed: the course's second example.

1,797 pictures of 8 × 8 pixels in ten classes. The task is not linear, a network of a few thousand
weights classifies 97 % of them correctly, and a mask over its first kernel can be drawn as a
picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from prunelab.base.checks import whole

SHARES = (0.6, 0.2, 0.2)  # training, validation, test


@dataclass(frozen=True, eq=False)
class Digits:
    """Pictures and their digits; all arrays are read-only.

    x_train, x_val: float32 [rows, 64], pixels in [0, 1]. y_train, y_val: int64 [rows], 0 to 9.
    seed: of the split. The test rows are handed out by `open_test` alone.
    """

    seed: int
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    _test: tuple[np.ndarray, np.ndarray]

    def open_test(self) -> tuple[np.ndarray, np.ndarray]:
        """(x, y) of the test rows, on which no choice was based; to be used once."""
        return self._test

    def __repr__(self) -> str:
        sizes = (len(self.y_train), len(self.y_val), len(self._test[1]))
        return f"Digits(seed {self.seed}: {sizes[0]:,} + {sizes[1]} + {sizes[2]} pictures)"


def digits(seed: int) -> Digits:
    """The `Digits` of this seed, whose classes have the same shares in all three parts."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    seed = whole("seed", seed, at_most=2**32 - 1)
    x, y = load_digits(return_X_y=True)
    x, y = (x / 16).astype(np.float32), y.astype(np.int64)
    rest = SHARES[1] + SHARES[2]
    x_train, x_rest, y_train, y_rest = train_test_split(
        x, y, test_size=rest, random_state=seed, stratify=y
    )
    x_val, x_test, y_val, y_test = train_test_split(
        x_rest, y_rest, test_size=SHARES[2] / rest, random_state=seed, stratify=y_rest
    )
    arrays = (x_train, y_train, x_val, y_val, x_test, y_test)
    for array in arrays:
        array.flags.writeable = False
    return Digits(seed, *arrays[:4], arrays[4:])
