"""Pessimistic pruning, against the formula on paper and a slow, independent reading of it."""

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab.trees import error_based, fold, minimum_error, pessimistic
from tests.helpers.hand_grown import classifier, random_tree, same_tree


def test_numbers_a_reader_can_check_on_paper():
    # Root (12, 8) of 20: its branch has 3 leaves and 1 + 0 + 1 = 2 errors, so 2 + 3/2 = 3.5 with
    # SE = √(3.5 · 16.5 / 20) = 1.699; the leaf's 8.5 is far above: keep. Left (10, 3): branch
    # 1 + 2/2 = 2 errors of 13, SE = √(2 · 11 / 13) = 1.301, limit 3.301; leaf 3.5: keep. With one
    # error fewer at the leaf, (10, 2): 2.5 is below, fold.
    keep = pessimistic(classifier((0, 0.5, (1, 0.5, (10, 1), (0, 2)), (2, 5))))
    assert [d.folds for d in keep.decisions] == [False, False]
    left = keep.decisions[1]
    assert (left.node, left.n_leaves, left.as_leaf, left.as_branch) == (1, 2, 3.5, 2.0)
    assert left.allowance == pytest.approx(np.sqrt(2 * 11 / 13))
    result = pessimistic(classifier((0, 0.5, (1, 0.5, (10, 1), (0, 1)), (2, 5))))
    assert [d.node for d in result.folded] == [1]
    assert result.tree.get_n_leaves() == 2


def _slow(tree, node=0):
    """The nodes to fold, by recursion from the root."""
    low = tree.tree_
    left, right = low.children_left, low.children_right
    if left[node] < 0:
        return []

    def leaves(at):
        return [at] if left[at] < 0 else leaves(left[at]) + leaves(right[at])

    def wrong(at):
        return low.weighted_n_node_samples[at] * (1 - low.value[at, 0].max())

    n = low.weighted_n_node_samples[node]
    branch = sum(wrong(leaf) + 0.5 for leaf in leaves(node))
    limit = branch + np.sqrt(max(0, branch * (n - branch) / n))
    if wrong(node) + 0.5 <= limit + 1e-9:
        return [node]
    return _slow(tree, left[node]) + _slow(tree, right[node])


@pytest.mark.parametrize("seed", range(30))
def test_an_independent_recursion_folds_the_same_nodes(seed):
    tree = random_tree(seed, max_leaf_nodes=30)[0]
    result = pessimistic(tree)
    expected = _slow(tree)
    assert [d.node for d in result.folded] == sorted(expected)
    assert same_tree(result.tree, fold(tree, expected))


def test_half_an_error_a_leaf_can_exceed_the_samples():
    tree = classifier((0, 0.5, (1, 0), (1, 0.5, (0, 1), (1, 0))))
    result = pessimistic(tree)  # 3 samples, 3 leaves: 1.5 ± 0.87 against 1.5 at the root
    assert [d.node for d in result.folded] == [0]


@pytest.mark.parametrize("prune", [pessimistic, error_based, minimum_error])
def test_counting_pruners_say_what_they_cannot_do(prune):
    x, y = load_iris(return_X_y=True)
    with pytest.raises(ValueError, match="is a regressor; use cost_complexity_path"):
        prune(DecisionTreeRegressor(max_depth=2).fit(*load_diabetes(return_X_y=True)))
    with pytest.raises(ValueError, match="has 2 outputs"):
        prune(DecisionTreeClassifier(max_depth=2).fit(x, np.column_stack([y, y])))
    with pytest.raises(ValueError, match="refit it with weights that average 1"):
        prune(DecisionTreeClassifier().fit(x, y, sample_weight=np.full(150, 1 / 150)))
    with pytest.raises(TypeError, match="not a str"):
        prune("tree")


@pytest.mark.parametrize("prune", [pessimistic, error_based, minimum_error])
def test_counting_pruners_take_weights_as_repeated_samples(prune):
    for seed in range(10):
        _, x, y, *_ = random_tree(seed)
        times = np.random.default_rng(seed).integers(1, 4, len(y))
        weighted = DecisionTreeClassifier(max_leaf_nodes=12, random_state=0)
        weighted.fit(x, y, sample_weight=times)
        repeated = DecisionTreeClassifier(max_leaf_nodes=12, random_state=0)
        repeated.fit(np.repeat(x, times, axis=0), np.repeat(y, times))
        if np.array_equal(weighted.tree_.threshold, repeated.tree_.threshold):
            one, other = prune(weighted), prune(repeated)
            assert [d.node for d in one.folded] == [d.node for d in other.folded]
            assert [d.as_leaf for d in one.decisions] == pytest.approx(
                [d.as_leaf for d in other.decisions]
            )


@pytest.mark.parametrize("prune", [pessimistic, error_based, minimum_error])
def test_many_classes_gaps_and_a_single_leaf(prune):
    x, y = load_iris(return_X_y=True)
    x[::5, 3] = np.nan
    tree = DecisionTreeClassifier(random_state=0).fit(x, y.astype(str))
    result = prune(tree)
    assert 1 <= result.tree.get_n_leaves() <= tree.get_n_leaves()
    assert set(result.tree.predict(x)) <= {"0", "1", "2"}
    assert same_tree(fold(tree, [d.node for d in result.folded]), result.tree)
    alone = DecisionTreeClassifier().fit([[0], [1]], [1, 1])
    assert same_tree(prune(alone).tree, alone)
