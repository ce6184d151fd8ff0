"""Trees as plain arrays: what a fold leaves, what a click does, a drawing without collisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, make_moons
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab.trees import fold
from prunelab.trees.nodes import checked_fold, tidy_layout, tree_nodes

X, Y = make_moons(150, noise=0.35, random_state=2)
TREE = DecisionTreeClassifier(random_state=0).fit(X, Y)
NODES = tree_nodes(TREE)
NODE = st.integers(0, len(NODES) - 1)


def _structure(tree):
    """A tree as nested questions, without ids."""
    arrays = tree.tree_

    def at(node):
        if arrays.children_left[node] < 0:
            return arrays.value[node].tolist()
        sides = at(arrays.children_left[node]), at(arrays.children_right[node])
        return (arrays.feature[node], arrays.threshold[node], *sides)

    return at(0)


def test_it_holds_what_scikit_learn_holds():
    for tree in (TREE, DecisionTreeRegressor(random_state=0).fit(X, X[:, 0])):
        nodes = tree_nodes(tree)
        np.testing.assert_array_equal(nodes.threshold, tree.tree_.threshold)
        np.testing.assert_array_equal(nodes.samples, tree.tree_.n_node_samples)
        leaf = nodes.leaf_of(())[tree.apply(X)]
        said = nodes.value[leaf]
        wanted = tree.predict(X)
        np.testing.assert_array_equal(tree.classes_[said] if nodes.is_classifier else said, wanted)
    iris = load_iris()
    tree = DecisionTreeClassifier(random_state=0, max_depth=2).fit(iris.data, iris.target)
    nodes = tree_nodes(tree)
    np.testing.assert_allclose(nodes.share, tree.tree_.value[:, 0].max(axis=1))
    assert nodes.n_leaves == tree.get_n_leaves()


@given(st.lists(NODE, max_size=8))
def test_a_fold_leaves_what_fold_leaves(chosen):
    folded = NODES.topmost(chosen)
    pruned = fold(TREE, folded) if folded else TREE
    assert _structure(pruned) == _structure(fold(TREE, chosen) if chosen else TREE)
    leaves = NODES.leaves(folded)
    assert len(leaves) == pruned.get_n_leaves()
    leaf = NODES.leaf_of(folded)[TREE.apply(X)]
    np.testing.assert_array_equal(NODES.value[leaf], pruned.predict(X))
    assert set(leaf) <= set(leaves)


@given(st.lists(NODE, max_size=6), NODE)
def test_a_click_does_what_it_says(chosen, node):
    folded = NODES.topmost(chosen)
    before = NODES.leaf_of(folded)[node]
    after = NODES.toggled(folded, node)
    leaf = NODES.leaf_of(after)
    if before < 0:  # a split folds
        assert set(after) >= {node}
        assert leaf[node] == node
    elif before == node:  # a folded branch unfolds, whole; a true leaf stays
        assert after == tuple(n for n in folded if n != node)
    else:  # a hidden node comes back as a leaf, and only its siblings on the way with it
        assert leaf[node] == node
        way = [up for up in NODES.above(node) if up not in NODES.above(before)]
        assert len(NODES.leaves(after)) == len(NODES.leaves(folded)) + len(way)
    # Whatever is no part of that branch is left alone.
    elsewhere = [n for n in folded if n not in (node, before) and node not in NODES.above(n)]
    assert set(elsewhere) <= set(after)


@given(NODE)
def test_two_clicks_on_a_branch_of_the_whole_tree_change_nothing(node):
    assert NODES.toggled(NODES.toggled((), node), node) == ()


@pytest.mark.parametrize("rows", [3, 10, 60, 150])
def test_the_drawing_is_tidy(rows):
    tree = DecisionTreeClassifier(random_state=0).fit(X[:rows], Y[:rows])
    nodes = tree_nodes(tree)
    assert nodes.x.min() == 0
    for depth in range(nodes.depth.max() + 1):
        row = np.flatnonzero(nodes.depth == depth)
        gaps = np.diff(np.sort(nodes.x[row]))
        assert (gaps >= 1 - 1e-9).all()
    inner = nodes.left >= 0
    between = (nodes.x[nodes.left[inner]] + nodes.x[nodes.right[inner]]) / 2
    np.testing.assert_allclose(nodes.x[inner], between)
    assert (nodes.x[nodes.left[inner]] < nodes.x[nodes.right[inner]]).all()


def test_a_drawing_is_as_wide_as_it_must_be_and_no_wider():
    left, right = np.array([1, 2, -1, -1, 5, -1, -1]), np.array([4, 3, -1, -1, 6, -1, -1])
    x, depth = tidy_layout(left, right)
    assert x.tolist() == [1.5, 0.5, 0, 1, 2.5, 2, 3]
    assert depth.tolist() == [0, 1, 2, 2, 1, 2, 2]
    # A vine needs two columns' width only where its leaf hangs beside it.
    left, right = np.array([1, -1, 3, -1, -1]), np.array([2, -1, 4, -1, -1])
    assert tidy_layout(left, right)[0].max() == 1.5


def test_boxes_hold_what_falls_into_their_nodes():
    boxes = NODES.boxes((0, 1), [[-5, 5], [-5, 5]])
    path = TREE.decision_path(X.astype(np.float32)).toarray().astype(bool)
    points = X.astype(np.float32)[:, None]
    inside = ((points > boxes[:, :, 0]) & (points <= boxes[:, :, 1])).all(axis=2)
    np.testing.assert_array_equal(inside, path)


@pytest.mark.parametrize(
    ("folded", "error", "words"),
    [
        ([10_000], ValueError, "node=10000"),
        ([0.5], ValueError, "write 0 or 1"),
        ("root", TypeError, "node='root'"),
        (None, TypeError, "node=None"),
        ([True], TypeError, "node=True"),
    ],
)
def test_nodes_that_are_not_there_are_refused(folded, error, words):
    with pytest.raises(error, match=words):
        checked_fold(NODES, folded)


def test_a_fold_may_be_one_node_or_many():
    assert checked_fold(NODES, 0) == (0,)
    assert checked_fold(NODES, np.array([0.0, 3.0])) == (0,)
    assert checked_fold(NODES, ()) == ()


@pytest.mark.parametrize(
    "thing", [DecisionTreeClassifier(), RandomForestClassifier(2).fit(X, Y), "tree", None]
)
def test_what_is_no_fitted_tree_gets_one_sentence(thing):
    with pytest.raises(TypeError, match="tree must be a fitted scikit-learn decision tree") as said:
        tree_nodes(thing)
    assert "\n" not in str(said.value)


def test_several_outputs_and_a_lost_right_child_are_refused():
    with pytest.raises(ValueError, match="tree has 2 outputs; fit one tree an output"):
        tree_nodes(DecisionTreeClassifier().fit(X, np.column_stack([Y, 1 - Y])))
    edited = DecisionTreeClassifier(random_state=0).fit(X, Y)
    edited.tree_.children_right[0] = -1
    for read in (tree_nodes, lambda tree: fold(tree, 0)):
        with pytest.raises(ValueError, match="edited by hand"):
            read(edited)
