"""Cross-validation along the path, against the slow way: a refit for each fold and each alpha."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_linnerud, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.class_weight import compute_sample_weight

from prunelab.trees import (
    CostComplexityPath,
    cost_complexity_path,
    cross_validate,
    cross_validation,
)
from prunelab.trees.cross_validation import FoldByFold
from tests.helpers.hand_grown import same_tree

CANCER, DIABETES, LINNERUD = (
    load(return_X_y=True) for load in (load_breast_cancer, load_diabetes, load_linnerud)
)
NOISY = make_classification(300, 5, n_informative=3, n_redundant=0, flip_y=0.2, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, 600)
TREE = DecisionTreeClassifier(random_state=0)
REGRESSOR = DecisionTreeRegressor(random_state=0, min_samples_leaf=8)


@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize(
    ("estimator", "data", "cv"),
    [
        (TREE, NOISY, 5),
        (TREE, NOISY, StratifiedKFold(4, shuffle=True, random_state=1)),
        (clone(TREE).set_params(criterion="entropy", class_weight="balanced"), NOISY, 3),
        (REGRESSOR, DIABETES, KFold(4, shuffle=True, random_state=0)),
    ],
)
def test_it_equals_a_refit_for_each_fold_and_each_alpha(estimator, data, cv, weighted):
    x, y = data
    weight = WEIGHT[: len(y)] if weighted else None
    result = cross_validate(estimator, x, y, cv=cv, sample_weight=weight)
    scored = weight  # class weights count in the errors as sample weights do
    if getattr(estimator, "class_weight", None):
        scored = compute_sample_weight("balanced", y) * (1 if weight is None else weight)
    full = cost_complexity_path(clone(estimator).fit(x, y, sample_weight=weight)).ccp_alphas
    middles = np.append(np.sqrt(full[:-1] * full[1:]), 1e12)
    assert result.path.ccp_alphas == pytest.approx(full)
    assert result.ccp_alphas[:-1] == pytest.approx(middles[:-1])
    splitter = StratifiedKFold(cv) if isinstance(cv, int) else cv
    for row, (train, test) in zip(result.fold_errors, splitter.split(x, y), strict=True):
        for k in {0, 1, len(full) // 2, len(full) - 2, len(full) - 1}:
            refit = clone(estimator).set_params(ccp_alpha=middles[k])
            refit.fit(x[train], y[train], sample_weight=None if weight is None else weight[train])
            away = refit.predict(x[test]) - y[test]
            losses = away**2 if estimator is REGRESSOR else away != 0
            expected = np.average(losses, weights=None if scored is None else scored[test])
            assert row[k] == pytest.approx(expected)


def test_mean_standard_error_and_the_two_choices():
    result = cross_validate(TREE, *CANCER, cv=8)
    assert result.errors == pytest.approx(result.fold_errors.mean(axis=0))
    deviation = np.sqrt(((result.fold_errors - result.errors) ** 2).sum(axis=0) / 7)
    assert result.standard_errors == pytest.approx(deviation / np.sqrt(8))
    best, frugal = result.best, result.one_standard_error
    lowest = np.flatnonzero(np.isclose(result.errors, result.errors.min(), atol=1e-12, rtol=0))
    assert best.index == lowest[-1]
    limit = result.errors.min() + result.standard_errors[best.index]
    assert frugal.index == np.flatnonzero(result.errors <= limit + 1e-12)[-1]
    assert frugal.n_leaves < best.n_leaves
    for choice in (best, frugal):
        k = choice.index
        assert choice.ccp_alpha == result.path.ccp_alphas[k]
        assert choice.n_leaves == result.path.n_leaves[k] == choice.tree.get_n_leaves()
        assert (choice.error, choice.standard_error) == (
            result.errors[k],
            result.standard_errors[k],
        )
        assert same_tree(choice.tree, result.path.tree(k))
    assert result.tree is frugal.tree
    assert isinstance(result.path, CostComplexityPath)
    assert repr(result).startswith("CrossValidation(8 folds")
    with pytest.raises(ValueError, match="read-only"):
        result.errors[0] = 0


def test_one_tree_is_fitted_on_all_data_and_one_a_fold(monkeypatch):
    fits = []
    real = DecisionTreeClassifier.fit

    def counted(self, x, y, **options):
        fits.append((self.ccp_alpha, len(y)))
        return real(self, x, y, **options)

    monkeypatch.setattr(DecisionTreeClassifier, "fit", counted)
    cross_validate(TREE, *NOISY, cv=6)
    assert fits == [(0.0, 300)] + [(0.0, 250)] * 6


def test_the_estimator_and_the_data_are_untouched():
    x, y = NOISY[0].copy(), NOISY[1].copy()
    estimator = clone(TREE)
    cross_validate(estimator, x, y, cv=3)
    assert not hasattr(estimator, "tree_")
    assert np.array_equal(x, NOISY[0])
    assert np.array_equal(y, NOISY[1])


def test_splitters_groups_lists_sparse_gaps_and_several_outputs():
    x, y = NOISY
    groups = np.arange(300) % 7
    by_group = cross_validate(TREE, x, y, cv=GroupKFold(7), groups=groups)
    listed = cross_validate(TREE, x, y, cv=list(GroupKFold(7).split(x, y, groups)))
    assert np.array_equal(by_group.fold_errors, listed.fold_errors)
    dense = cross_validate(TREE, x.tolist(), y.astype(str).tolist(), cv=3)
    thin = cross_validate(TREE, sparse.coo_matrix(x), y, cv=3)
    assert np.array_equal(dense.fold_errors, thin.fold_errors)
    gaps = np.where(np.random.default_rng(0).random(x.shape) < 0.1, np.nan, x)
    assert cross_validate(TREE, gaps, y, cv=3).errors.min() < 0.5
    labels = cross_validate(TREE, x, np.column_stack([y, 1 - y]), cv=KFold(3))
    assert labels.errors[-1] > labels.errors.min()
    numbers = cross_validate(DecisionTreeRegressor(random_state=0), *LINNERUD, cv=4)
    assert (np.diff(numbers.path.n_leaves) < 0).all()


@pytest.mark.parametrize("options", [{}, {"criterion": "poisson"}, {"splitter": "random"}])
def test_folds_that_are_not_checked_again_give_the_same_errors(options, monkeypatch):
    x, y = DIABETES
    estimator = clone(REGRESSOR).set_params(**options)
    quick = cross_validate(estimator, x, y, cv=4, sample_weight=WEIGHT[: len(y)])
    monkeypatch.setattr(cross_validation, "_ready", lambda x: None)
    slow = cross_validate(estimator, x, y, cv=4, sample_weight=WEIGHT[: len(y)])
    assert np.array_equal(quick.fold_errors, slow.fold_errors)


@pytest.mark.parametrize("unfit", [np.inf, 1e300])
def test_what_float32_cannot_hold_is_refused_as_ever(unfit):
    x, y = DIABETES
    with pytest.raises(ValueError, match="infinity"):
        cross_validate(TREE, np.where(x > 0.1, unfit, x), y > 100, cv=3)


def test_cost_error_is_passed_on():
    result = cross_validate(TREE, *NOISY, cv=3, cost="error")
    assert result.path.cost == "error"
    assert np.array_equal(
        result.path.ccp_alphas, cost_complexity_path(clone(TREE).fit(*NOISY), "error").ccp_alphas
    )


def test_a_fold_without_a_class_counts_it_as_errors():
    x, y = np.arange(12.0)[:, None], np.repeat(["a", "b", "c"], 4)
    result = cross_validate(TREE, x, y, cv=KFold(3))  # each fold's test is a class of its own
    assert result.errors.tolist() == [1.0] * len(result.path)
    assert result.one_standard_error.n_leaves == 1


def test_constant_y_is_a_path_of_one():
    for estimator, y in ((TREE, [1] * 20), (DecisionTreeRegressor(), [5.0] * 20)):
        result = cross_validate(estimator, np.arange(20.0)[:, None], y, cv=KFold(4))
        assert result.errors.tolist() == [0]
        assert result.best.n_leaves == result.one_standard_error.n_leaves == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda y: y * 1e160, r"use y / abs\(y\).max\(\)"),
        (lambda y: y + 1e10, r"use \(y - y.mean\(\)\) / y.std\(\)"),
        (lambda y: y * 1e-100, r"use \(y - y.mean\(\)\) / y.std\(\)"),
        (lambda y: np.where(y > 300, np.nan, y), "NaN or infinity"),
        (lambda y: np.char.add(y.astype(str), "mg"), "must hold numbers"),
        (lambda y: y[1:], "X and y have shapes"),
    ],
)
def test_a_target_that_cannot_be_fitted_is_refused_before_any_fit(change, said, monkeypatch):
    monkeypatch.setattr(DecisionTreeRegressor, "fit", lambda *a, **k: pytest.fail("fitted"))
    with pytest.raises(ValueError, match=said) as caught:
        cross_validate(DecisionTreeRegressor(), DIABETES[0], change(DIABETES[1]), cv=3)
    assert "\n" not in str(caught.value)


def test_a_poisson_target_whose_deviance_drowns_is_refused():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = 1e12 + np.sin(x[:, 0])
    poisson = DecisionTreeRegressor(criterion="poisson", random_state=0)
    with pytest.raises(ValueError, match="use criterion='squared_error'"):
        cross_validate(poisson, x, y, 5)
    with pytest.raises(ValueError, match=r"single leaf at y = 1e\+12.*use criterion='squared"):
        cost_complexity_path(clone(poisson).fit(x, y))
    assert len(cross_validate(poisson, x, y - 1e12 + 2, 5).path) > 10
    assert len(cross_validate(poisson, x, np.full(60, 7.0), 5).path) == 1


@pytest.mark.parametrize(
    ("cv", "error", "said"),
    [
        (1, ValueError, "cv=1: cv must be a whole number from 2 to 300"),
        (301, ValueError, "cv=301: cv must be a whole number from 2 to 300"),
        (2.5, ValueError, "cv=2.5: cv must be a whole number; write 2 or 3"),
        (True, TypeError, "cv=True: cv must be a whole number, not a bool"),
        ("five", ValueError, "Expected `?cv`? as an integer"),
        ([1, 2], ValueError, r"cv gives the fold 1; each fold must be \(train, test\)"),
        ([([0, 1], []), ([0], [1])], ValueError, "cv gives the fold .* neither empty"),
        ([([0, 1], [300]), ([0], [1])], ValueError, "row numbers from 0 to 299"),
        ([([0.5], [1]), ([0], [1])], ValueError, "cv gives the fold"),
    ],
)
def test_folds_that_are_none_get_one_sentence(cv, error, said):
    with pytest.raises(error, match=said) as caught:
        cross_validate(TREE, *NOISY, cv=cv)
    assert "\n" not in str(caught.value)


def test_folds_may_be_masks():
    first = np.arange(300) < 150
    masks = cross_validate(TREE, *NOISY, cv=[(first, ~first), (~first, first)])
    rows = [np.arange(150), np.arange(150, 300)]
    numbers = cross_validate(TREE, *NOISY, cv=[(rows[0], rows[1]), (rows[1], rows[0])])
    assert np.array_equal(masks.fold_errors, numbers.fold_errors)


def test_wrong_arguments_get_one_sentence():
    with pytest.raises(TypeError, match="sample_weight must be an array of real numbers"):
        cross_validate(TREE, *NOISY, sample_weight=["heavy"] * 300)
    with pytest.raises(ValueError, match="sample_weight must be finite, not negative"):
        cross_validate(TREE, *NOISY, sample_weight=-np.ones(300))
    with pytest.raises(ValueError, match="y holds 1 missing labels"):
        cross_validate(TREE, NOISY[0], np.r_[np.nan, NOISY[1][1:]])
    with pytest.raises(TypeError, match="estimator must be a scikit-learn DecisionTree"):
        cross_validate(RandomForestClassifier(), *NOISY)
    with pytest.raises(ValueError, match="sample_weight has shape"):
        cross_validate(TREE, *NOISY, sample_weight=[1, 2])
    with pytest.raises(ValueError, match="at least 2 folds"):
        cross_validate(TREE, *NOISY, cv=[(np.arange(200), np.arange(200, 300))])
    with pytest.raises(ValueError, match="cost must be"):
        cross_validate(TREE, *NOISY, cv=3, cost="gini")


@pytest.mark.parametrize("c", [2.0**-200, 2.0**262, 2.0**480])
def test_the_standard_error_over_folds_has_the_scale_of_the_errors(c):
    x, y = DIABETES
    y = y - y.mean()
    folds = [FoldByFold(REGRESSOR, x, y, 4) for _ in range(2)]
    for run in folds:
        list(run.folds)
    folds[1]._sums = [row * c * c for row in folds[1]._sums]
    ours, scaled = (run.result() for run in folds)
    assert np.array_equal(scaled.standard_errors, ours.standard_errors * c * c)
    assert np.array_equal(scaled.errors, ours.errors * c * c)
    assert ours.standard_errors.min() > 0
    assert scaled.one_standard_error.index == ours.one_standard_error.index
