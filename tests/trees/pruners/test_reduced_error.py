"""Reduced-error pruning, against every pruned subtree there is."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_iris, load_linnerud
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab.trees import cost_complexity_path, fold, reduced_error
from tests.helpers.hand_grown import classifier, random_tree, same_tree, subtrees

IRIS, CANCER, LINNERUD = (
    load(return_X_y=True) for load in (load_iris, load_breast_cancer, load_linnerud)
)


def _loss(tree, x, y, weight):
    away = tree.predict(x) - y
    return (weight * (away**2 if isinstance(tree, DecisionTreeRegressor) else away != 0)).sum()


@pytest.mark.parametrize("regressor", [False, True], ids=["classes", "numbers"])
@pytest.mark.parametrize("seed", range(25))
def test_it_is_the_smallest_of_the_most_accurate_subtrees(seed, regressor):
    tree, _, _, x, y = random_tree(seed, regressor)
    n = len(y) if seed % 2 else 5  # five samples leave most branches empty
    x, y = x[:n], y[:n]
    weight = np.random.default_rng(seed).integers(1, 4, n) if seed % 3 == 0 else np.ones(n)
    every = subtrees(tree)
    losses = np.array([_loss(fold(tree, leaves), x, y, weight) for leaves in every])
    sizes = np.array([len(leaves) for leaves in every])
    best = np.flatnonzero(losses <= losses.min() * (1 + 1e-12) + 1e-12)
    smallest = best[sizes[best] == sizes[best].min()]
    assert len(smallest) == 1
    result = reduced_error(tree, x, y, sample_weight=weight)
    assert same_tree(result.tree, fold(tree, every[smallest[0]]))
    assert _loss(result.tree, x, y, weight) == pytest.approx(losses.min())


def test_the_numbers_that_decided_are_the_errors_on_the_validation_data():
    tree = DecisionTreeClassifier(random_state=0).fit(CANCER[0][::2], CANCER[1][::2])
    x, y = CANCER[0][1::2], CANCER[1][1::2]
    result = reduced_error(tree, x, y)
    assert len(result.folded) > 1
    paths = tree.decision_path(x)
    wrong = tree.predict(x) != y
    for decision in result.decisions:
        here = paths[:, decision.node].toarray().ravel().astype(bool)
        leaf = tree.classes_[tree.tree_.value[decision.node, 0].argmax()]
        assert decision.as_leaf == (y[here] != leaf).sum()
        assert decision.as_branch <= wrong[here].sum()
        assert decision.folds == (decision.as_leaf <= decision.as_branch)
    assert same_tree(fold(tree, [d.node for d in result.folded]), result.tree)
    lost = sum(d.n_leaves - 1 for d in result.folded)
    assert result.tree.get_n_leaves() == tree.get_n_leaves() - lost
    assert result.tree.score(x, y) >= tree.score(x, y)


def test_a_branch_no_sample_reaches_is_folded():
    # Elomaa and Kaariainen, An analysis of reduced error pruning, JAIR 15 (2001), fold these too.
    tree = classifier((0, 0.5, (1, 0.5, (5, 0), (0, 5)), (1, 0.5, (0, 5), (3, 0))))
    result = reduced_error(tree, [[0, 0], [0, 1]], [0, 1])
    assert [(d.node, d.as_leaf, d.as_branch) for d in result.decisions] == [
        (4, 0, 0),
        (1, 1, 0),
        (0, 1, 0),
    ]
    assert [d.node for d in result.folded] == [4]
    assert result.tree.get_n_leaves() == 3


def test_several_outputs_labels_and_gaps():
    x, y = LINNERUD
    tree = DecisionTreeRegressor(random_state=0).fit(x[::2], y[::2])
    result = reduced_error(tree, x[1::2], y[1::2])
    before, after = (((t.predict(x[1::2]) - y[1::2]) ** 2).mean() for t in (tree, result.tree))
    assert after < before
    x, y = np.array(IRIS[0]), IRIS[1]
    x[::7, 2] = np.nan
    labels = np.column_stack([y, y > 0]).astype(str)
    tree = DecisionTreeClassifier(random_state=0).fit(x[::2], labels[::2])
    result = reduced_error(tree, x[1::2], labels[1::2])
    right = [(t.predict(x[1::2]) == labels[1::2]).all(axis=1).sum() for t in (tree, result.tree)]
    assert right[1] >= right[0]
    assert result.tree.get_n_leaves() <= tree.get_n_leaves()


def test_huge_numbers_do_not_overflow():
    x = np.arange(8.0)[:, None]
    y = np.array([0, 0, 1, 1, 5, 5, 7, 9.0])
    plain = DecisionTreeRegressor(random_state=0).fit(x, y)
    huge = DecisionTreeRegressor(random_state=0).fit(x, y)
    np.multiply(plain.tree_.value, 2.0**500, out=huge.tree_.value)
    one = reduced_error(plain, x, y[::-1])
    other = reduced_error(huge, x, y[::-1] * 2.0**500)
    assert [d.node for d in one.folded] == [d.node for d in other.folded]


@pytest.mark.parametrize("scale", [1e154, 1e160, 1e300])
def test_squares_beyond_the_largest_float_are_refused_and_fold_nothing(scale):
    # Infinity is no more than infinity: every branch would be folded.
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 3)), rng.normal(size=100)
    tree = DecisionTreeRegressor(criterion="absolute_error", random_state=0)
    tree.fit(x[:60], y[:60] * scale)
    with pytest.raises(ValueError, match=r"refit and score on y / abs\(y\).max\(\)") as caught:
        reduced_error(tree, x[60:], y[60:] * scale)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ([0, np.nan, 2], "y_val holds 1 missing labels"),
        ([None, None, 1], "y_val holds 2 missing labels"),
        (np.array([0, "one", 2], dtype=object), "y_val mixes labels of several kinds"),
        ([[0], [1, 2], [0]], "y_val has rows of different lengths"),
    ],
)
def test_labels_that_are_none_get_one_sentence(labels, said):
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    with pytest.raises(ValueError, match=said) as caught:
        reduced_error(tree, IRIS[0][:3], labels)
    assert "\n" not in str(caught.value)


def test_weights_that_are_no_numbers_get_one_sentence():
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    with pytest.raises(TypeError, match="sample_weight must be an array of real numbers"):
        reduced_error(tree, *IRIS, sample_weight=["a"] * 150)


def test_mismatched_validation_data_is_named():
    tree = DecisionTreeClassifier(random_state=0).fit(*IRIS)
    with pytest.raises(ValueError, match=r"X_val has shape \(3, 2\)"):
        reduced_error(tree, np.zeros((3, 2)), [0, 0, 0])
    with pytest.raises(ValueError, match="y_val has shape"):
        reduced_error(tree, IRIS[0], [0])
    with pytest.raises(ValueError, match="y_val holds none of the classes"):
        reduced_error(tree, IRIS[0], ["setosa"] * 150)
    with pytest.raises(ValueError, match="sample_weight"):
        reduced_error(tree, *IRIS, sample_weight=[1])


def test_single_leaf_and_repr():
    tree = DecisionTreeClassifier().fit([[0], [1]], [1, 1])
    result = reduced_error(tree, [[0]], [1])
    assert (result.folded, result.decisions) == ((), ())
    assert same_tree(result.tree, tree)
    assert repr(result) == "Pruning(reduced_error: 1 leaves, 0 of 0 branches folded)"


@pytest.mark.parametrize("scale", [1e-7, 1e-8, 1e-12])
def test_a_tree_that_the_fit_has_stopped_early_is_refused_as_its_path_is(scale):
    # The oracle is scikit-learn's own fit: the tree of c · y has fewer leaves than that of y.
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 4))
    y = x[:, 0] * 3 + rng.normal(size=400) * 0.3
    whole = DecisionTreeRegressor(random_state=0).fit(x, y)
    tree = DecisionTreeRegressor(random_state=0).fit(x, y * scale)
    assert tree.get_n_leaves() < whole.get_n_leaves()
    said = set()
    for ask in (
        lambda: reduced_error(tree, x, y * scale),
        lambda: cost_complexity_path(tree),
    ):
        with pytest.raises(ValueError, match=r"use \(y - y.mean\(\)\) / y.std\(\)") as caught:
            ask()
        said.add(str(caught.value))
    assert len(said) == 1
    assert len(reduced_error(whole, x, y).decisions) == whole.get_n_leaves() - 1


def test_a_validation_set_of_little_spread_is_no_reason_to_refuse_a_tree():
    x = np.arange(8.0)[:, None]
    tree = DecisionTreeRegressor(random_state=0).fit(x, x[:, 0])
    assert reduced_error(tree, x[:2], [1e-9, 2e-9]).tree.get_n_leaves() >= 1
