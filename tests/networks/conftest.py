"""What tests of several kinds of training share."""

from types import SimpleNamespace

import numpy as np
import pytest


@pytest.fixture(scope="session")
def rows():
    """44 training rows and 16 validation rows of ten features, with a linear target."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 10))
    y = x @ rng.normal(size=10)
    return SimpleNamespace(x_train=x[:44], x_val=x[44:], y_train=y[:44], y_val=y[44:])
