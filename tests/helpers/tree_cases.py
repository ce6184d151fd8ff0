"""Fitted trees and explorers that the tests of the TreeExplorer share."""

import numpy as np
from sklearn.datasets import make_classification, make_moons
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab.widgets import TreeExplorer


def _explored(tree, x, y, x_val=None, y_val=None, **options):
    """The explorer, which remembers its data for the tests to ask scikit-learn about."""
    explorer = TreeExplorer(tree, x, y, x_val, y_val, **options)
    explorer.given = {"train": (x, y)} | ({} if x_val is None else {"val": (x_val, y_val)})
    return explorer


def moons(n=240, **options):
    """A classifier of two features with validation data."""
    x, y = make_moons(n + 160, noise=0.35, random_state=0)
    tree = DecisionTreeClassifier(random_state=0).fit(x[:n], y[:n])
    return _explored(tree, x[:n], y[:n], x[n:], y[n:], **options)


def three_classes(**options):
    """Three classes that are words, two features, no validation data."""
    x, y = make_classification(
        180, 2, n_informative=2, n_redundant=0, n_classes=3, n_clusters_per_class=1, flip_y=0.2,
        random_state=3,
    )  # fmt: skip
    y = np.array(["ash", "birch", "cedar"])[y]
    return _explored(DecisionTreeClassifier(random_state=0).fit(x, y), x, y, **options)


def wave(**options):
    """A regressor of one feature with validation data."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 6, 200)[:, None]
    y = np.sin(x[:, 0]) + rng.normal(0, 0.35, 200)
    tree = DecisionTreeRegressor(random_state=0, min_samples_leaf=2).fit(x[:120], y[:120])
    return _explored(tree, x[:120], y[:120], x[120:], y[120:], **options)


def plane(**options):
    """A regressor of two features."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(90, 2))
    y = x[:, 0] * x[:, 1] + rng.normal(0, 0.2, 90)
    tree = DecisionTreeRegressor(random_state=0, min_samples_leaf=3).fit(x, y)
    return _explored(tree, x, y, **options)


def many_features(**options):
    """A classifier that asks about more features than a picture has room for."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(150, 5))
    y = x.sum(axis=1) + rng.normal(size=150) > 0
    return _explored(DecisionTreeClassifier(random_state=0).fit(x, y), x, y, **options)


EVERY = (moons, three_classes, wave, plane, many_features)
