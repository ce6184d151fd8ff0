"""The course's data sets: the article's, and the twin, a smaller version for live training.

Both come from scikit-learn's `make_regression`: a linear model with a little noise. The recipe is
the article's, with the seed that the article left out: draw, divide each column of x and y by its
largest magnitude, split 80 : 20. The scaling sees all rows, as in the article.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from prunelab.base.checks import shown, whole
from prunelab.base.host import give_back

VALIDATION_FRACTION = 0.2
SPLIT_SEED = 42  # the article's; callers choose only the seed of the data


@dataclass(frozen=True)
class Recipe:
    """Arguments of `make_regression`: rows, columns, informative columns, noise in unscaled y."""

    n_samples: int
    n_features: int
    n_informative: int
    noise: float

    @property
    def n_train(self):
        """Number of training rows, after the validation rows are split off."""
        return self.n_samples - round(self.n_samples * VALIDATION_FRACTION)

    @property
    def n_test(self):
        """Number of rows of `Dataset.open_test`, twice as many as validation rows."""
        return 2 * round(self.n_samples * VALIDATION_FRACTION)


# The twin is the article divided by eight: rows and columns here, batch and layers in `experiment`.
# Its epoch has the same eight steps, so every schedule means the same for both.
RECIPES = {
    "article": Recipe(n_samples=10_000, n_features=1000, n_informative=500, noise=3.0),
    "twin": Recipe(n_samples=1250, n_features=125, n_informative=62, noise=3.0),
}


# Digests of data that `load` has made, by recipe and seed, to avoid drawing 80 MB again.
_digests: dict[tuple, str] = {}


@dataclass(frozen=True, eq=False)
class Dataset:
    """Scaled data, split once, with the true weights; all arrays are read-only.

    x_train, x_val: float64 [rows, features], each column within [−1, 1]. y_train, y_val: float64
    [rows], within [−1, 1]. coef: float64 [features], the true weights in these units, so that
    `y ≈ x @ coef` up to the noise; most of the features may have weight 0.
    noise: standard deviation of the noise in units of the scaled y; no model's expected squared
    error is below `noise ** 2`. x_scale [features] and y_scale: the divisors of the scaling, so
    that `coef * y_scale / x_scale` are the unscaled weights. name, seed: the arguments of `load`.
    """

    name: str
    seed: int
    x_train: np.ndarray
    x_val: np.ndarray
    y_train: np.ndarray
    y_val: np.ndarray
    coef: np.ndarray
    noise: float
    x_scale: np.ndarray
    y_scale: float

    @cached_property
    def digest(self):
        """sha256 of the four arrays as float32, the bytes a network trains on.

        The float64 sums behind y may differ in their last bit from one processor to the next;
        rounded to float32, as Keras does, they are the same everywhere.
        """
        sha = hashlib.sha256()
        for array in (self.x_train, self.x_val, self.y_train, self.y_val):
            sha.update(f"{array.shape}".encode())
            for start in range(0, len(array), 1000):  # no copy of the whole
                part = array[start : start + 1000]
                sha.update(np.ascontiguousarray(part, dtype="<f4").tobytes())
        return sha.hexdigest()

    def open_test(self):
        """x_test [rows, features] and y_test [rows]: new rows, to be used once, at the end.

        The article kept no test rows. These are drawn with a separate generator from the same
        linear model with the same noise, and scaled by the same `x_scale` and `y_scale`. The
        article's rows do not change, and the test rows cannot have influenced any choice.
        """
        recipe = RECIPES[self.name]
        rng = np.random.default_rng([self.seed, recipe.n_test])
        x = rng.standard_normal((recipe.n_test, recipe.n_features))
        raw_coef = self.coef * self.y_scale / self.x_scale
        y = x @ raw_coef + recipe.noise * rng.standard_normal(recipe.n_test)
        return x / self.x_scale, y / self.y_scale

    def __repr__(self):
        rows, features = self.x_train.shape
        return (
            f"Dataset({self.name}, seed {self.seed}: {rows:,} + {len(self.x_val):,} rows, "
            f"{features:,} features, {np.count_nonzero(self.coef):,} informative)"
        )


def article(seed):
    """The article's data: 8,000 + 2,000 rows, 1,000 features of which 500 matter. ~0.5 s."""
    return load("article", seed)


def twin(seed):
    """The small twin: 1,000 + 250 rows, 125 features of which 62 matter."""
    return load("twin", seed)


def load(name, seed):
    """The data set called `name` ("article" or "twin") for this `seed`; same seed, same bytes.

    Returns a `Dataset`. Raises ValueError for another name, TypeError or ValueError for a seed
    that is not a whole number from 0 to 2**32 − 1.
    """
    recipe, seed = _checked(name, seed)
    made = _make(name, seed, recipe)
    _digests[recipe, seed] = made.digest
    give_back()  # scikit-learn makes several copies of the rows
    return made


def digest_of(name, seed):
    """`load(name, seed).digest`; computed once per process, name and seed."""
    known = _digests.get(_checked(name, seed))
    return load(name, seed).digest if known is None else known


def sample_order(seed, epoch, n_rows):
    """The rows of an epoch in their order of training: int32 numbers, a permutation.

    It depends on the seed and the epoch alone, so training can be continued at any epoch.
    """
    return np.random.default_rng([seed, epoch]).permutation(n_rows).astype(np.int32)


def _checked(name, seed):
    if not isinstance(name, str) or name not in RECIPES:
        raise ValueError(
            f"data={shown(name)}: the data sets are {' and '.join(map(repr, RECIPES))}"
        )
    return RECIPES[name], whole("seed", seed, at_most=2**32 - 1)


def _make(name, seed, recipe):
    # scikit-learn takes seconds to import, and a run's plan needs only the recipe above.
    from sklearn.datasets import make_regression
    from sklearn.model_selection import train_test_split

    x, y, coef = make_regression(
        n_samples=recipe.n_samples,
        n_features=recipe.n_features,
        n_informative=recipe.n_informative,
        noise=recipe.noise,
        coef=True,
        random_state=seed,
    )
    x_scale, y_scale = abs(x).max(axis=0), float(abs(y).max())
    x, y, coef = x / x_scale, y / y_scale, coef * x_scale / y_scale
    x_train, x_val, y_train, y_val = train_test_split(
        x, y, test_size=VALIDATION_FRACTION, random_state=SPLIT_SEED
    )
    for array in (x_train, x_val, y_train, y_val, coef, x_scale):
        array.setflags(write=False)
    noise = recipe.noise / y_scale
    return Dataset(name, seed, x_train, x_val, y_train, y_val, coef, noise, x_scale, y_scale)
