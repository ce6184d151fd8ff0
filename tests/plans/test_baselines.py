"""Ridge and Lasso: fitted to training rows alone, scored as a network is, close to the truth."""

import dataclasses
import json

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from prunelab.experiments import data
from prunelab.plans import baselines
from prunelab.plans.baselines import MODELS, LinearResult


@pytest.fixture(scope="module")
def twin():
    return data.twin(0)


@pytest.fixture(scope="module")
def fits(twin):
    return {model: baselines.fit(model, twin) for model in MODELS}


def test_ridge_is_scikit_learns_at_the_penalty_it_states(twin, fits):
    found = fits["ridge"]
    ridge = Ridge(alpha=found.alpha).fit(twin.x_train, twin.y_train)
    for name, x, y in (
        ("train", twin.x_train, twin.y_train),
        ("val", twin.x_val, twin.y_val),
        ("test", *twin.open_test()),
    ):
        score = getattr(found, name)
        assert score.mse == pytest.approx(np.mean((ridge.predict(x) - y) ** 2), rel=1e-6)
        assert score.r2 == pytest.approx(ridge.score(x, y), rel=1e-9)


@pytest.mark.parametrize("model", MODELS)
def test_both_come_close_to_the_noise(model, twin, fits):
    found = fits[model]
    assert (found.model, found.seed, found.data_digest) == (model, 0, twin.digest)
    floor = twin.noise**2
    for name in ("val", "test"):
        assert 0.7 * floor < getattr(found, name).mse < 1.5 * floor
    exact = LinearRegression().fit(twin.x_train, twin.y_train)
    least = np.mean((exact.predict(twin.x_train) - twin.y_train) ** 2)
    assert found.train.mse >= least * (1 - 1e-9)  # nobody fits the training rows better
    assert found.inputs.auc > 0.99
    assert found.inputs.precision_at_k > 0.95
    assert found.seconds > 0


def test_the_lasso_drops_inputs_and_ridge_none(fits):
    assert fits["ridge"].inputs.surviving == 125
    assert 62 <= fits["lasso"].inputs.surviving < 125
    assert fits["lasso"].inputs.recall > 0.95


def test_validation_and_test_rows_are_not_fitted(twin, fits):
    other = dataclasses.replace(twin, x_val=-twin.x_val, y_val=twin.y_val + 1)
    again = baselines.fit("ridge", other)
    assert (again.alpha, again.train, again.test) == (
        fits["ridge"].alpha,
        fits["ridge"].train,
        fits["ridge"].test,
    )
    assert again.val != fits["ridge"].val


@pytest.mark.parametrize("model", MODELS)
def test_a_result_survives_json(model, fits):
    values = json.loads(json.dumps(fits[model].to_dict()))
    assert LinearResult.from_dict(values) == fits[model]


@pytest.mark.parametrize("model", ["Ridge", "", None, 3, ["ridge"]])
def test_another_model_is_refused(model, twin):
    with pytest.raises(ValueError, match="write one of 'ridge', 'lasso'") as caught:
        baselines.fit(model, twin)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"model": "ols"},
        {"data_digest": 3},
        {"seed": -1},
        {"alpha": "1"},
        {"alpha": -1},
        {"seconds": None},
        {"train": {"mse": -1, "r2": 0}},
        {"inputs": {}},
        {"more": 1},
    ],
)
def test_impossible_values_are_refused(change, fits):
    values = fits["ridge"].to_dict()
    assert LinearResult.from_dict(values)
    with pytest.raises((ValueError, TypeError)) as caught:
        LinearResult.from_dict(values | change)
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="linear"):
        LinearResult.from_dict({n: v for n, v in values.items() if n != "alpha"})
