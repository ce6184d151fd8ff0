"""Figures of trees by what they hold; pictures are never compared."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from sklearn.datasets import make_moons
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from prunelab import figures
from prunelab.figures import canvas
from prunelab.figures import tree as figures_tree
from prunelab.trees import fold
from prunelab.trees.nodes import tree_nodes


@pytest.fixture(scope="module")
def moons():
    """A tree, its nodes and its data."""
    x, y = make_moons(150, noise=0.3, random_state=1)
    tree = DecisionTreeClassifier(random_state=0).fit(x, y)
    return tree, tree_nodes(tree), x, y


def _ax():
    return figures.new_figure().subplots()


def _places(ax, **wanted):
    """The offsets of the scatters whose property has a value."""
    found = [
        part.get_offsets()
        for part in ax.collections
        if isinstance(part, PathCollection)
        and all(getattr(part, f"get_{name}")() == value for name, value in wanted.items())
    ]
    return np.concatenate(found) if found else np.empty((0, 2))


def test_the_tree_draws_each_node_once_and_what_is_folded_in_grey(moons):
    tree, nodes, *_ = moons
    branch = int(nodes.right[0])
    ax = _ax()
    figures_tree.draw_tree(ax, nodes, [branch], title="one branch folded")
    kept = fold(tree, branch).tree_.node_count
    hidden, *drawn = [part for part in ax.collections if isinstance(part, PathCollection)]
    rings = [part for part in drawn if part.get_label() == "folded here"]
    (ring,) = rings
    np.testing.assert_allclose(ring.get_offsets(), [[nodes.x[branch], -nodes.depth[branch]]])
    assert sum(len(part.get_offsets()) for part in drawn) - 1 == kept
    assert len(hidden.get_offsets()) == len(nodes) - kept
    grey, ink = [part for part in ax.collections if isinstance(part, LineCollection)]
    assert len(ink.get_segments()) == kept - 1
    assert len(grey.get_segments()) == len(nodes) - kept
    assert ax.get_title(loc="left") == "one branch folded"


def test_questions_are_those_of_the_splits_that_are_left(moons):
    _, nodes, *_ = moons
    ax = _ax()
    figures_tree.draw_tree(ax, nodes, [int(nodes.left[0])], features=["east", "north"])
    texts = {text.get_text() for text in ax.texts}
    assert texts
    leaf = nodes.leaf_of([int(nodes.left[0])])
    wanted = {
        f"{['east', 'north'][nodes.feature[n]]} ≤ {nodes.threshold[n]:.3g}"
        for n in np.flatnonzero(leaf < 0)
    }
    assert texts <= wanted
    assert f"{['east', 'north'][nodes.feature[0]]} ≤ {nodes.threshold[0]:.3g}" in texts


@pytest.mark.parametrize("branches", [(), "both", (0,)])
def test_regions_have_the_colour_of_the_class_that_the_tree_predicts(moons, branches):
    tree, nodes, x, y = moons
    folded = (int(nodes.left[0]), int(nodes.right[0])) if branches == "both" else branches
    ax = _ax()
    limits = [[-2, 3], [-1.5, 2]]
    figures_tree.draw_regions(
        ax, nodes, folded, x, y, limits=limits, names=["east", "north"], wanted=["up", "down"]
    )
    (fills,) = [part for part in ax.collections if isinstance(part, PolyCollection)]
    pruned = fold(tree, folded) if folded else tree
    paths, colours = fills.get_paths(), fills.get_facecolors()
    assert len(paths) == pruned.get_n_leaves()
    rng = np.random.default_rng(0)
    for place in rng.uniform(*np.transpose(limits), (60, 2)):
        (hit,) = [k for k, path in enumerate(paths) if path.contains_point(place)]
        said = figures_tree.CLASS_COLOURS[int(pruned.predict([place])[0])]
        np.testing.assert_allclose(colours[hit], to_rgba(said, 0.22), atol=1e-6)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["up", "down"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("east", "north")


def test_wrong_samples_have_a_dark_edge(moons):
    tree, nodes, x, y = moons
    folded = [int(nodes.left[0])]
    ax = _ax()
    figures_tree.draw_regions(
        ax, nodes, folded, x, y, limits=[[-2, 3], [-1.5, 2]], names=["a", "b"]
    )
    dark = 0
    for part in ax.collections:
        if isinstance(part, PathCollection):
            dark += (np.abs(part.get_edgecolors() - to_rgba(canvas.INK)) < 1e-6).all(axis=1).sum()
    assert dark == (fold(tree, folded).predict(x) != y).sum() > 0


def test_the_fitted_curve_is_the_prediction():
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 6, (80, 1))
    y = np.sin(x[:, 0])
    tree = DecisionTreeRegressor(random_state=0, max_leaf_nodes=12).fit(x, y)
    nodes = tree_nodes(tree)
    branch = int(nodes.left[0])
    ax = _ax()
    figures_tree.draw_fit(ax, nodes, [branch], x[:, 0], y, limits=[-1, 7], name="hours")
    lines = {line.get_label(): line for line in ax.lines}
    for label, estimator in (("the full tree", tree), ("the folded tree", fold(tree, branch))):
        edges, values = lines[label].get_data()
        middles = (edges[:-1] + edges[1:]) / 2
        np.testing.assert_allclose(values[:-1], estimator.predict(middles[:, None]))
        assert (edges[0], edges[-1]) == (-1, 7)
    np.testing.assert_array_equal(lines["samples"].get_ydata(), y)
    assert ax.get_xlabel() == "hours"


def test_a_regressor_of_two_features_is_coloured_by_its_numbers():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 2))
    tree = DecisionTreeRegressor(random_state=0, max_leaf_nodes=6).fit(x, x[:, 0])
    ax = _ax()
    figures_tree.draw_regions(
        ax, tree_nodes(tree), (), x, x[:, 0], limits=[[-3, 3]] * 2, names=["a", "b"]
    )
    (fills,) = [part for part in ax.collections if isinstance(part, PolyCollection)]
    assert len({tuple(colour) for colour in fills.get_facecolors()}) == 6


def test_a_lone_leaf_can_be_drawn():
    tree = DecisionTreeClassifier().fit([[0.0, 1.0], [1.0, 0.0]], [1, 1])
    nodes = tree_nodes(tree)
    ax = _ax()
    figures_tree.draw_tree(ax, nodes, features=["a", "b"])
    assert figures.png_bytes(ax.figure).startswith(b"\x89PNG")
