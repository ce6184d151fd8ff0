"""Folding, against the definition: samples below a folded node get that node's own prediction."""

import pickle
import re

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_linnerud
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeClassifier,
    export_text,
    plot_tree,
)

from prunelab.trees import fold
from tests.helpers.hand_grown import same_tree


def _with_gaps(x, share=0.1):
    x = np.array(x)
    x[np.random.default_rng(0).random(x.shape) < share] = np.nan
    return x


IRIS, CANCER, DIABETES, LINNERUD = (
    load(return_X_y=True) for load in (load_iris, load_breast_cancer, load_diabetes, load_linnerud)
)
LABELS = np.column_stack([IRIS[1], IRIS[1] > 0])
CASES = {
    "two classes": (DecisionTreeClassifier(random_state=0), *CANCER),
    "three classes, named": (DecisionTreeClassifier(random_state=1), IRIS[0], IRIS[1].astype(str)),
    "best first": (DecisionTreeClassifier(max_leaf_nodes=9, random_state=0), *CANCER),
    "extra tree": (ExtraTreeClassifier(random_state=0), *IRIS),
    "missing values": (DecisionTreeClassifier(random_state=0), _with_gaps(IRIS[0]), IRIS[1]),
    "two labels": (DecisionTreeClassifier(random_state=0), IRIS[0], LABELS),
    "regressor": (DecisionTreeRegressor(min_samples_leaf=5, random_state=0), *DIABETES),
    "median": (
        DecisionTreeRegressor(criterion="absolute_error", max_depth=4, random_state=0),
        *DIABETES,
    ),
    "three outputs": (DecisionTreeRegressor(random_state=0), *LINNERUD),
}


@pytest.fixture(params=CASES, ids=str)
def grown(request):
    estimator, x, y = CASES[request.param]
    return clone(estimator).fit(x, y), x, y


def _some_inner_nodes(tree, n=6):
    inner = np.flatnonzero(tree.tree_.children_left >= 0)
    return sorted({int(inner[i]) for i in np.linspace(0, len(inner) - 1, n).astype(int)})


def test_a_fold_predicts_what_the_node_holds_and_nothing_else_changes(grown):
    tree, x, _ = grown
    for node in _some_inner_nodes(tree):
        below = np.asarray(tree.decision_path(x)[:, node].todense()).ravel().astype(bool)
        folded = fold(tree, node)
        expected = tree.tree_.predict(x.astype(np.float32))
        expected[below] = tree.tree_.value[node].reshape(expected.shape[1:])
        assert np.array_equal(folded.tree_.predict(x.astype(np.float32)), expected)
        assert np.array_equal(folded.predict(x)[~below], tree.predict(x)[~below])
        assert len({str(row) for row in np.atleast_1d(folded.predict(x)[below])}) == 1
        if hasattr(tree, "predict_proba") and tree.n_outputs_ == 1:
            assert np.array_equal(folded.predict_proba(x), expected)


def test_every_public_face_is_true_to_the_folded_tree(grown):
    tree, x, y = grown
    for node in _some_inner_nodes(tree, 3):
        folded = fold(tree, node)
        low = folded.tree_
        leaves = np.flatnonzero(low.children_left < 0)
        gone = _branch(tree, node)
        assert low.node_count == tree.tree_.node_count - len(gone) + 1
        assert folded.get_n_leaves() == low.n_leaves == len(leaves)
        assert folded.get_depth() == low.max_depth == _depth(low)
        assert set(folded.apply(x)) <= set(leaves)
        paths = folded.decision_path(x)
        assert paths.shape == (len(x), low.node_count)
        assert np.array_equal(paths[np.arange(len(x)), folded.apply(x)].A1, np.ones(len(x)))
        assert low.n_node_samples[leaves].sum() == len(x)
        text = export_text(folded, max_depth=99)
        assert len(re.findall(r"\|--- (class|value):", text)) == len(leaves)
        assert folded.feature_importances_.sum() == pytest.approx(1 if low.node_count > 1 else 0)
        again = pickle.loads(pickle.dumps(folded))
        assert same_tree(again, folded)
        assert np.array_equal(again.predict(x), folded.predict(x))
        assert folded.get_params() == tree.get_params()
        assert same_tree(clone(folded).fit(x, y), tree)


def _branch(tree, node):
    found, stack = [], [node]
    while stack:
        found.append(stack.pop())
        children = tree.tree_.children_left[found[-1]], tree.tree_.children_right[found[-1]]
        stack += [child for child in children if child >= 0]
    return found


def _depth(low, node=0):
    if low.children_left[node] < 0:
        return 0
    return 1 + max(_depth(low, low.children_left[node]), _depth(low, low.children_right[node]))


def test_plot_tree_draws_each_node_once():
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    folded = fold(tree, 2)
    drawn = plot_tree(folded, ax=FigureCanvasAgg(Figure()).figure.subplots())
    boxes = [a for a in drawn if "gini" in a.get_text()]
    assert len(boxes) == folded.tree_.node_count < tree.tree_.node_count
    assert export_text(folded).count("class:") == folded.get_n_leaves()


def test_the_given_tree_is_untouched(grown):
    tree, _, _ = grown
    before, attributes = pickle.dumps(tree), dict(vars(tree))
    folded = fold(tree, 0)
    assert pickle.dumps(tree) == before
    assert all(vars(tree)[name] is value for name, value in attributes.items())
    assert folded.tree_.node_count == 1
    if hasattr(folded, "classes_") and folded.n_outputs_ == 1:
        assert folded.classes_ is not tree.classes_


def test_nodes_are_numbered_depth_first_as_scikit_learn_does(grown):
    folded = fold(grown[0], _some_inner_nodes(grown[0])[-1])
    order, stack = [], [0]
    while stack:
        order.append(stack.pop())
        left, right = (
            folded.tree_.children_left[order[-1]],
            folded.tree_.children_right[order[-1]],
        )
        stack += [right, left] if left >= 0 else []
    assert order == list(range(folded.tree_.node_count))


def test_folding_at_random_down_to_the_root_keeps_the_arrays_consistent(grown):
    tree, x, _ = grown
    rng = np.random.default_rng(0)
    while tree.tree_.node_count > 1:
        inner = np.flatnonzero(tree.tree_.children_left >= 0)
        tree = fold(tree, int(rng.choice(inner)))
        leaves, counts = np.unique(tree.apply(x), return_counts=True)
        assert np.array_equal(tree.tree_.n_node_samples[leaves], counts)


def test_several_nodes_at_once_and_leaves_change_nothing():
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    leaf = int(np.flatnonzero(tree.tree_.children_left < 0)[0])
    assert same_tree(fold(tree, leaf), tree)
    assert same_tree(fold(tree, []), tree)
    assert same_tree(fold(tree, np.array(2)), fold(tree, np.int32(2)))
    assert same_tree(fold(tree, [2, 3, leaf]), fold(tree, 2))
    alone = fold(tree, 0)
    assert same_tree(fold(alone, 0), alone)


def test_equal_classes_go_to_the_first_as_in_scikit_learn():
    tree = DecisionTreeClassifier(random_state=0).fit([[0], [1], [2], [3]], ["b", "a", "b", "a"])
    assert fold(tree, 0).predict([[0]]) == ["a"]


@pytest.mark.parametrize(
    ("node", "error", "said"),
    [
        (-1, ValueError, "node=-1"),
        (10**6, ValueError, "node=1000000"),
        (1.5, ValueError, "node=1.5"),
        (True, TypeError, "node=True"),
        ("root", TypeError, "node='root'"),
        (None, TypeError, "node=None"),
        ([0, -3], ValueError, "node=-3"),
    ],
)
def test_a_wrong_node_gets_one_sentence(node, error, said):
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    with pytest.raises(error, match=said) as caught:
        fold(tree, node)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "error", "said"),
    [
        (DecisionTreeClassifier, NotFittedError, r"not fitted yet; call tree.fit"),
        (lambda: DecisionTreeClassifier, TypeError, r"DecisionTreeClassifier\(\)"),
        (lambda: RandomForestClassifier(2).fit(*IRIS), TypeError, r"forest.estimators_\[0\]"),
        (RandomForestClassifier, TypeError, "not a RandomForestClassifier"),
        (lambda: make_pipeline(DecisionTreeClassifier()), TypeError, r"pipeline\[-1\]"),
        (
            lambda: GridSearchCV(DecisionTreeClassifier(), {}).fit(*IRIS),
            TypeError,
            "search.best_estimator_",
        ),
        (lambda: DecisionTreeClassifier().fit(*IRIS).tree_, TypeError, "not its tree_"),
        (lambda: None, TypeError, "not a NoneType"),
    ],
)
def test_a_wrong_tree_gets_one_sentence(make, error, said):
    with pytest.raises(error, match=said) as caught:
        fold(make(), 0)
    assert "\n" not in str(caught.value)


def test_a_tree_of_a_forest_folds():
    forest = RandomForestClassifier(2, random_state=0).fit(*IRIS)
    assert fold(forest.estimators_[1], 0).get_n_leaves() == 1
