"""Folding: the branch below a node is replaced by one leaf."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import numpy as np

from prunelab.trees.structure import check_node, read_structure

if TYPE_CHECKING:
    from prunelab.trees.structure import Tree


def fold(tree: Tree, node: int | Iterable[int]) -> Tree:
    """A new fitted tree in which the branch below `node` has become one leaf.

    The leaf predicts the node's value: the majority class (the first in a tie, as in scikit-learn),
    or the mean for a regressor. The given tree is not changed.

    Parameters
    ----------
    tree : fitted DecisionTreeClassifier or DecisionTreeRegressor (ExtraTree too)
    node : node id as in `tree.tree_`, or several; folding a leaf changes nothing

    Nodes of the result are renumbered depth first, as in scikit-learn's pruned trees: to fold
    several nodes, pass them in one call, since old ids do not hold for the result.
    """
    structure = read_structure(tree)
    alone = isinstance(node, (str, bytes)) or not isinstance(node, Iterable) or _is_scalar(node)
    several = [node] if alone else cast("Iterable[int]", node)
    nodes = [check_node(structure, one) for one in several]
    return folded_estimator(tree, structure, nodes)


def _is_scalar(node):
    return isinstance(node, np.ndarray) and node.ndim == 0


def folded_estimator(estimator, structure, nodes):
    """An estimator of the same class as `estimator`, with the branches below `nodes` folded.

    Parameters stay as given, so a clone of the result grows the unpruned tree again.
    """
    marked = np.zeros(structure.n_nodes, dtype=bool)
    marked[nodes] = True
    marked &= structure.left >= 0
    state = estimator.tree_.__getstate__()
    if marked.any() or not structure.reached.all():
        state = _folded_state(state, structure, marked)
    result = copy.copy(estimator)
    result.__dict__ = {
        name: _rebuilt(estimator.tree_, state) if name == "tree_" else copy.deepcopy(value)
        for name, value in vars(estimator).items()
    }
    return result


def snapshot(estimator):
    """A copy that is not affected by a later fit or by changes to the arrays in `tree_`."""
    result = copy.copy(estimator)
    result.tree_ = _rebuilt(estimator.tree_, estimator.tree_.__getstate__())
    return result


def _folded_state(state, structure, marked):
    """The pickled state of the folded tree: the kept nodes, renumbered depth first."""
    kept, depth = _depth_first(structure, marked)
    new_id = np.full(structure.n_nodes, -1)
    new_id[kept] = np.arange(len(kept))
    nodes = state["nodes"].copy()
    stops = marked | (structure.left < 0)
    nodes["left_child"][stops] = nodes["right_child"][stops] = -1
    nodes["feature"][stops] = -2
    nodes["threshold"][stops] = -2.0
    nodes["missing_go_to_left"][stops] = 0
    nodes = nodes[kept]
    for side in ("left_child", "right_child"):
        splits = nodes[side] >= 0
        nodes[side][splits] = new_id[nodes[side][splits]]
    return {
        "max_depth": depth,
        "node_count": len(kept),
        "nodes": nodes,
        "values": np.ascontiguousarray(state["values"][kept]),
    }


def _depth_first(structure, marked):
    """Ids of the nodes that stay, in scikit-learn's order (left before right), and the depth."""
    left, right, stop = structure.left.tolist(), structure.right.tolist(), marked.tolist()
    kept, deepest, stack = [], 0, [(0, 0)]
    while stack:
        node, depth = stack.pop()
        kept.append(node)
        deepest = max(deepest, depth)
        if left[node] >= 0 and not stop[node]:
            stack.append((right[node], depth + 1))
            stack.append((left[node], depth + 1))
    return np.array(kept), deepest


def _rebuilt(tree, state):
    """A new low-level `Tree` with the same output shape and the given `state`."""
    new = type(tree)(tree.n_features, np.asarray(tree.n_classes, dtype=np.intp), tree.n_outputs)
    new.__setstate__(state)
    return new
