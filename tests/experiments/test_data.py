"""The data sets: the article's recipe, the same bytes for a seed, and the truth they come from."""

import dataclasses
import os
import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import make_regression
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split

from prunelab.experiments import data

ARRAYS = ("x_train", "x_val", "y_train", "y_val", "coef", "x_scale")


@pytest.fixture(scope="module")
def article():
    return data.article(0)


@pytest.fixture(scope="module")
def twin():
    return data.twin(0)


def test_article_is_the_articles_recipe(article):
    x, y = make_regression(
        n_samples=10000, n_features=1000, n_informative=500, noise=3, random_state=0
    )
    x, y = x / abs(x).max(axis=0), y / abs(y).max()
    expected = train_test_split(x, y, test_size=0.2, random_state=42)
    found = (article.x_train, article.x_val, article.y_train, article.y_val)
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    assert article.x_train.shape == (8000, 1000)
    assert article.x_val.shape == (2000, 1000)


def test_the_variance_that_makes_every_error_look_small(article):
    assert round(article.y_val.var(), 3) == 0.076


@pytest.mark.parametrize("name", ["article", "twin"])
def test_recipe_counts_what_the_data_have(name, request):
    dataset, recipe = request.getfixturevalue(name), data.RECIPES[name]
    assert len(dataset.x_train) == recipe.n_train
    assert len(dataset.x_train) + len(dataset.x_val) == recipe.n_samples
    assert dataset.x_train.shape[1] == recipe.n_features == len(dataset.coef)
    assert np.count_nonzero(dataset.coef) == recipe.n_informative


@pytest.mark.parametrize("name", ["article", "twin"])
def test_coef_is_the_truth_in_the_units_of_the_data(name, request):
    dataset = request.getfixturevalue(name)
    left_over = dataset.y_val - dataset.x_val @ dataset.coef
    assert np.std(left_over) == pytest.approx(dataset.noise, rel=0.15)
    assert abs(left_over).max() < 5 * dataset.noise
    fitted = LinearRegression().fit(dataset.x_train, dataset.y_train)
    assert np.allclose(fitted.coef_, dataset.coef, atol=20 * dataset.noise)


def test_raw_coef_comes_back(twin):
    recipe = data.RECIPES["twin"]
    *_, raw = make_regression(
        n_samples=recipe.n_samples,
        n_features=recipe.n_features,
        n_informative=recipe.n_informative,
        noise=recipe.noise,
        coef=True,
        random_state=0,
    )
    assert np.allclose(twin.coef * twin.y_scale / twin.x_scale, raw, rtol=1e-12)


def test_scaled_to_one(article):
    x = np.vstack([article.x_train, article.x_val])
    assert np.all(abs(x).max(axis=0) == 1)
    assert abs(np.concatenate([article.y_train, article.y_val])).max() == 1


def test_same_seed_same_bytes_and_another_seed_others(twin):
    again, other = data.twin(0), data.twin(1)
    for name in ARRAYS:
        assert getattr(twin, name).tobytes() == getattr(again, name).tobytes()
        assert getattr(twin, name).tobytes() != getattr(other, name).tobytes()
    assert twin.digest == again.digest != other.digest


def test_digest_sees_one_changed_value(twin):
    changed = twin.y_val.copy()
    changed[3] += 1e-3
    assert dataclasses.replace(twin, y_val=changed).digest != twin.digest


def test_digest_is_the_same_on_other_processors(article):
    """OpenBLAS is asked for the kernels of an old processor: sums differ, float32 does not."""
    code = (
        "from prunelab.experiments import data\n"
        "d = data.article(0); print(d.digest, d.y_scale.hex())"
    )
    environment = os.environ | {"OPENBLAS_CORETYPE": "Prescott", "OPENBLAS_NUM_THREADS": "1"}
    out = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    ).stdout.split()
    assert out[0] == article.digest


def test_arrays_are_read_only_and_the_dataset_is_frozen(twin):
    for name in ARRAYS:
        with pytest.raises(ValueError, match="read-only"):
            getattr(twin, name)[0] = 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        twin.seed = 1


@pytest.mark.parametrize("name", ["article", "twin"])
def test_test_rows_follow_the_same_truth_in_the_same_units(name, request):
    dataset, recipe = request.getfixturevalue(name), data.RECIPES[name]
    x, y = dataset.open_test()
    assert x.shape == (recipe.n_test, recipe.n_features)
    assert y.shape == (recipe.n_test,) == (2 * len(dataset.x_val),)
    left_over = y - x @ dataset.coef
    assert left_over.std() == pytest.approx(dataset.noise, rel=0.1)
    assert abs(left_over.mean()) < 5 * dataset.noise / np.sqrt(len(y))
    # Raw columns are standard normal, as make_regression draws them.
    assert np.allclose((x * dataset.x_scale).std(axis=0), 1, atol=6 / np.sqrt(2 * len(x)))
    assert y.var() == pytest.approx(dataset.y_val.var(), rel=0.2)
    slope = LinearRegression().fit(dataset.x_train, dataset.y_train)
    assert np.std(y - slope.predict(x)) == pytest.approx(dataset.noise, rel=0.2)


def test_test_rows_are_new_rows_and_the_same_each_time(twin):
    x, y = twin.open_test()
    again = data.twin(0).open_test()
    assert x.tobytes() == again[0].tobytes()
    assert y.tobytes() == again[1].tobytes()
    known = {row.tobytes() for row in np.vstack([twin.x_train, twin.x_val])}
    assert not known & {row.tobytes() for row in x}
    other, _ = data.twin(1).open_test()
    assert abs(np.corrcoef(x.ravel(), other.ravel())[0, 1]) < 0.02


def test_opening_the_test_rows_leaves_the_others_alone(twin):
    before, digest = twin.x_train.tobytes(), data.twin(0).digest
    x, _ = twin.open_test()
    x[:] = 0
    assert twin.x_train.tobytes() == before
    assert data.twin(0).digest == digest


def test_repr_states_the_facts(twin):
    assert repr(twin) == ("Dataset(twin, seed 0: 1,000 + 250 rows, 125 features, 62 informative)")


@pytest.mark.parametrize(
    ("seed", "error"),
    [
        (None, TypeError),
        ("0", TypeError),
        (True, TypeError),
        (-1, ValueError),
        (0.5, ValueError),
        (float("nan"), ValueError),
        (2**32, ValueError),
    ],
)
def test_impossible_seeds_are_refused_in_one_sentence(seed, error):
    for make in (data.article, data.twin):
        with pytest.raises(error, match=r"^seed=") as caught:
            make(seed)
        assert "\n" not in str(caught.value)


def test_whole_float_seed_is_accepted():
    assert data.twin(1.0).digest == data.twin(1).digest


@pytest.mark.parametrize("name", ["mnist", None, 3, [], b"twin"])
def test_unknown_data_set(name):
    with pytest.raises(ValueError, match="the data sets are 'article' and 'twin'"):
        data.load(name, 0)


def test_a_digest_is_told_without_drawing_the_rows_again(twin, monkeypatch):
    assert data.digest_of("twin", 3) == data.twin(3).digest
    monkeypatch.setattr(data, "_make", None)
    assert data.digest_of("twin", 3) != data.digest_of("twin", 0) == twin.digest
    with pytest.raises(ValueError, match="the data sets are"):
        data.digest_of("other", 0)
