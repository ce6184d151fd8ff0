"""Estimators that prune in `fit`: scikit-learn's contract, and the pruners they stand for."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, export_text
from sklearn.utils.estimator_checks import check_estimator

from prunelab import trees
from prunelab.trees import PrunedTreeClassifier, PrunedTreeRegressor
from prunelab.trees.estimators import PRUNERS, REGRESSION

CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
EVERY = [PrunedTreeClassifier(pruner, random_state=0) for pruner in PRUNERS] + [
    PrunedTreeRegressor(pruner, random_state=0) for pruner in REGRESSION
]


def data_of(estimator):
    return DIABETES if isinstance(estimator, PrunedTreeRegressor) else CANCER


def same(a, b):
    """Whether two fitted trees ask and answer the same."""
    one, other = a.tree_, b.tree_
    return (
        one.node_count == other.node_count
        and (one.feature == other.feature).all()
        and np.allclose(one.threshold, other.threshold)
        and np.allclose(one.value, other.value)
    )


# What scikit-learn itself passes over: other packages, and a method that no tree has.
PASSED_OVER = {
    "check_array_api_input",
    "check_classifier_data_not_an_array",
    "check_classifiers_multilabel_output_format_decision_function",
    "check_regressor_data_not_an_array",
    "check_sample_weights_pandas_series",
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_scikit_learns_own_checks_pass(estimator):
    results = check_estimator(clone(estimator), on_skip=None)
    assert {each["check_name"] for each in results if each["status"] != "passed"} <= PASSED_OVER
    assert sum(each["status"] == "passed" for each in results) > 50


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_it_clones_pickles_and_reads_as_the_tree_it_is(estimator):
    x, y = data_of(estimator)
    fitted = clone(estimator).fit(x, y)
    grown = estimator._unpruned().fit(x, y)
    assert 1 < fitted.get_n_leaves() < grown.get_n_leaves()
    assert same(clone(fitted).fit(x, y), fitted)  # a clone prunes again
    assert same(pickle.loads(pickle.dumps(fitted)), fitted)
    assert (pickle.loads(pickle.dumps(fitted)).predict(x) == fitted.predict(x)).all()
    assert export_text(fitted).count("\n") >= fitted.tree_.node_count
    assert len(trees.cost_complexity_path(fitted)) > 1
    assert fitted._repr_html_()
    assert hasattr(fitted, "path_") == (estimator.pruner == "cost_complexity")


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_it_stands_in_a_pipeline_and_a_grid_search(estimator):
    x, y = data_of(estimator)
    pipe = make_pipeline(StandardScaler(), clone(estimator))
    scores = cross_val_score(pipe, x, y, cv=3)
    assert scores.shape == (3,)
    step = type(estimator).__name__.lower()
    search = GridSearchCV(pipe, {f"{step}__min_samples_leaf": [1, 20]}, cv=2).fit(x, y)
    best = search.best_estimator_[-1]
    assert best.min_samples_leaf in (1, 20)
    assert best.get_n_leaves() > 1


@pytest.mark.parametrize("name", ["pessimistic", "error_based", "minimum_error"])
def test_a_pruner_of_counts_is_the_function_on_the_grown_tree(name):
    x, y = CANCER
    options = {"error_based": {"confidence": 0.1}, "minimum_error": {"m": 5.0}}.get(name, {})
    made = PrunedTreeClassifier(name, random_state=3, **options).fit(x, y)
    grown = DecisionTreeClassifier(random_state=3).fit(x, y)
    wanted = getattr(trees, name)(grown, **options)
    assert same(made, wanted.tree)
    assert [d.node for d in made.pruning_.folded] == [d.node for d in wanted.folded]


@pytest.mark.parametrize("rule", ["best", "one_standard_error"])
@pytest.mark.parametrize("cost", ["impurity", "error"])
@pytest.mark.parametrize(("kind", "plain", "data"), [
    (PrunedTreeClassifier, DecisionTreeClassifier, CANCER),
    (PrunedTreeRegressor, DecisionTreeRegressor, DIABETES),
])  # fmt: skip
def test_cost_complexity_is_cross_validate_with_the_same_folds(kind, plain, data, rule, cost):
    x, y = data
    folds = list(KFold(5, shuffle=True, random_state=1).split(x))
    made = kind(rule=rule, cost=cost, cv=folds, min_samples_leaf=3, random_state=0).fit(x, y)
    crossed = trees.cross_validate(
        plain(random_state=0, min_samples_leaf=3), x, y, folds, cost=cost
    )
    assert same(made, getattr(crossed, rule).tree)
    assert (made.path_.n_leaves == crossed.path.n_leaves).all()
    assert made.pruning_.errors.tolist() == crossed.errors.tolist()
    assert same(kind(rule=rule, cost=cost, cv=KFold(5, shuffle=True, random_state=1),
                     min_samples_leaf=3, random_state=0).fit(x, y), made)  # fmt: skip


def test_reduced_error_prunes_on_samples_that_the_tree_has_not_seen():
    x, y = CANCER[0].astype(np.float32), CANCER[1]
    made = PrunedTreeClassifier("reduced_error", validation_fraction=0.4, random_state=1)
    turn, label = made.fit(x, y)._drawn(x, y)
    kept = np.zeros(len(y), bool)
    for each in (0, 1):
        turns = np.unique(turn[label == each])
        kept |= np.isin(turn, turns[: int(0.4 * len(turns))])
        assert 0.39 < kept[y == each].mean() <= 0.4
    grown = DecisionTreeClassifier(random_state=1).fit(x[~kept], y[~kept])
    assert same(made, trees.reduced_error(grown, x[kept], y[kept]).tree)


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_a_weight_is_so_many_rows_and_the_order_of_rows_does_not_count(estimator):
    x, y = data_of(estimator)
    x = x.astype(np.float32)
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 4, len(y)).astype(float)
    estimator = clone(estimator).set_params(min_samples_leaf=1)
    weighted = clone(estimator).fit(x, y, sample_weight=weight)
    at = np.repeat(np.arange(len(y)), weight.astype(int))
    repeated = clone(estimator).fit(x[at], y[at])
    if weighted.pruning_ is not None:
        assert weighted.get_n_leaves() == repeated.get_n_leaves()
        assert np.allclose(weighted.predict(x), repeated.predict(x))
    order = rng.permutation(len(y))
    assert clone(estimator).fit(x[order], y[order]).get_n_leaves() == (
        clone(estimator).fit(x, y).get_n_leaves()
    )


@pytest.mark.parametrize("estimator", EVERY, ids=repr)
def test_a_sparse_x_gives_the_same_tree(estimator):
    x, y = data_of(estimator)
    x = np.maximum(x - np.median(x, axis=0), 0).astype(np.float32)
    made = [clone(estimator).fit(kind(x), y) for kind in (np.array, sparse.csr_array)]
    assert same(*made) or estimator.pruner in REGRESSION  # whose draw is by the bytes of a row
    assert made[1].score(x, y) > 0.3


def test_class_weights_count_in_the_pruning():
    x, y = CANCER
    weight = np.where(y == 0, 10.0, 1.0)
    for pruner in ("cost_complexity", "reduced_error"):
        shared = dict(pruner=pruner, random_state=0)
        by_class = PrunedTreeClassifier(class_weight={0: 10, 1: 1}, **shared).fit(x, y)
        by_sample = PrunedTreeClassifier(**shared).fit(x, y, sample_weight=weight)
        assert same(by_class, by_sample)


def test_missing_values_words_and_several_outputs():
    x, y = load_iris(return_X_y=True)
    words = np.array(["setosa", "versicolor", "virginica"])[y]
    holes = x.copy()
    holes[::7, 2] = np.nan
    made = PrunedTreeClassifier(random_state=0).fit(holes, words)
    assert set(made.predict(holes)) <= set(words)
    assert made.score(holes, words) > 0.85
    both = PrunedTreeClassifier("reduced_error", random_state=0).fit(x, np.column_stack([y, y > 0]))
    assert both.predict(x).shape == (150, 2)


def test_data_that_cannot_be_cut_in_two_are_left_unpruned():
    for pruner in REGRESSION:
        made = PrunedTreeRegressor(pruner).fit([[1.0, 2.0]] * 3, [1.0] * 3)
        assert made.pruning_ is None
        assert made.predict([[0, 0]]).tolist() == [1.0]


@pytest.mark.parametrize(("options", "words"), [
    ({"pruner": "rep"}, "pruner='rep': it is one of cost_complexity, reduced_error, pessim"),
    ({"rule": "1se"}, "rule='1se': it is one of one_standard_error, best"),
    ({"validation_fraction": 1.0}, "validation_fraction=1.0: write a share below 1"),
    ({"validation_fraction": 0}, "validation_fraction=0: validation_fraction must be a finite num"),
    ({"cv": 1}, "cv=1: cv must be a whole number from 2 to"),
    ({"cv": "five"}, "cv='five'"),
    ({"cost": "gini"}, "cost='gini': cost must be 'impurity' or 'error'"),
    ({"pruner": "error_based", "confidence": 25}, "confidence=25: confidence is a fraction"),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_one_sentence(options, words):
    with pytest.raises((TypeError, ValueError)) as caught:
        PrunedTreeClassifier(**options).fit(*CANCER)
    assert str(caught.value).startswith(words)
    assert "\n" not in str(caught.value)


def test_pruners_of_counts_refuse_regressors_outputs_and_a_second_cross_validation():
    with pytest.raises(ValueError, match=r"it is one of cost_complexity, reduced_error$"):
        PrunedTreeRegressor("pessimistic").fit(*DIABETES)
    x, y = CANCER
    with pytest.raises(ValueError, match="y has 2 outputs; write pruner='cost_complexity'"):
        PrunedTreeClassifier("minimum_error").fit(x, np.column_stack([y, y]))
    with pytest.raises(TypeError, match="pruned in its own fit; for its error on unseen data use"):
        trees.cross_validate(PrunedTreeClassifier(), x, y)


@pytest.mark.parametrize("criterion", ["squared_error", "absolute_error"])
def test_a_y_that_the_fit_takes_for_constant_is_refused_by_every_pruner_alike(criterion):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    y = x[:, 0] * 3 + rng.normal(size=400) * 0.3
    tiny = y * (1e-8 if criterion == "squared_error" else 1e-15)
    said = set()
    for pruner in ("cost_complexity", "reduced_error"):
        made = PrunedTreeRegressor(pruner, criterion=criterion, random_state=0)
        assert made.fit(x, y).score(x, y) > 0.9
        with pytest.raises(ValueError, match="scikit-learn's") as caught:
            made.fit(x, tiny)
        said.add(str(caught.value))
    assert len(said) == 1
